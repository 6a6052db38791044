//! One entry: as it was written, its leaf, and the proof that it is in the log that was signed.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::Value;

use super::{EntryView, entry_view};
use crate::domain::code::{Code, Coded};
use crate::station::authority::Reading;
use crate::station::slots::Floor;
use crate::store::audit::log;
use crate::store::audit::proof::{self, InclusionProof, ProofError};
use crate::store::error::StoreError;
use crate::web::access::Visit;
use crate::web::download;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::told::{Told, told};
use crate::web::trouble::Trouble;
use crate::web::words::audit::AuditWords;
use crate::web::words::fill;

#[derive(Template)]
#[template(path = "audit-entry.html")]
struct EntryPage {
    frame: Frame,
    t: &'static AuditWords,
    heading: String,
    entry: EntryView,
    canonical: String,
    readable: String,
    leaf: String,
    included: Option<String>,
    path: Vec<String>,
    not_included: Option<Told>,
    fault: bool,
    newer: Option<u64>,
    earlier: Option<u64>,
}

/// The proof of an entry, checked with the station's own verifier key.
fn checked(floor: &Floor, seq: u64) -> Result<InclusionProof, ProofError> {
    let found = floor.store.read(|r| proof::inclusion(r, seq))?;
    let vkey = floor.folder.read(&floor.folder.ca("audit.vkey")).unwrap_or_default();
    found.check(vkey.trim())?;
    Ok(found)
}

/// `GET /audit/{seq}`
pub async fn page(visit: Visit<Reading>, seq: web::Path<u64>) -> Result<HttpResponse, Trouble> {
    let (t, language, seq) = (AuditWords::of(visit.language), visit.language, *seq);
    let (text, size) = visit.read(move |r| Ok::<_, StoreError>((log::entry(r, seq)?, log::size(r)?))).await?;
    let Some(canonical) = text else { return Err(Trouble::not_found(language)) };
    // not yet under a checkpoint is how every entry begins, and no fault
    let (included, path, not_included, fault) = match visit.act(move |floor, _| checked(floor, seq)).await? {
        Ok(proof) => {
            let said = fill(t.included, &[("size", &proof.size.to_string())]);
            (Some(said), proof.path.iter().map(ToString::to_string).collect(), None, false)
        }
        Err(error) => {
            let fault = error.code() != Code::AuditNotSigned;
            (None, Vec::new(), Some(told(&error, language)), fault)
        }
    };
    let readable = serde_json::from_str::<Value>(&canonical);
    Ok(show(&EntryPage {
        heading: fill(t.one, &[("seq", &seq.to_string())]),
        entry: entry_view(seq, &canonical, visit.zone(), language),
        readable: readable.map_or_else(|_| canonical.clone(), |value| format!("{value:#}")),
        leaf: proof::leaf_hash(&canonical).to_string(),
        canonical,
        included,
        path,
        not_included,
        fault,
        newer: (seq < size).then(|| seq + 1),
        earlier: seq.checked_sub(1).filter(|earlier| *earlier > 0),
        frame: visit.frame(Place::Audit),
        t,
    }))
}

/// `GET /audit/{seq}/proof`: a C2SP tlog-proof; the entry travels beside it.
pub async fn proof(visit: Visit<Reading>, seq: web::Path<u64>) -> Result<HttpResponse, Trouble> {
    let seq = *seq;
    match visit.act(move |floor, _| checked(floor, seq)).await? {
        Ok(proof) => Ok(download::file(&format!("entry-{seq}.tlog-proof"), download::TEXT, proof.to_text())),
        Err(ProofError::Unknown { .. }) => Err(Trouble::not_found(visit.language)),
        Err(error) => Err(Trouble::of(&error, visit.language)),
    }
}
