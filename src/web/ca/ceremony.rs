//! The record of the founding, to be printed and signed: who made which CA when, and whether the certificates in use
//! are still those.

use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;

use crate::station::authority::Reading;
use crate::station::ca_material::{self, CannotShow};
use crate::station::clock;
use crate::station::slots::Floor;
use crate::store::audit::log;
use crate::web::access::Visit;
use crate::web::audit::{EntryView, entry_view};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::trouble::Trouble;
use crate::web::words::ca::CaWords;

/// The founding is among the first entries of the log.
const FIRST: u64 = 32;
/// What belongs to it.
const EVENTS: [&str; 5] = ["station-created", "ceremony-held", "ca-created", "person-added", "crl-issued"];
/// Rows for those present to sign in.
const SIGNATURES: usize = 3;

#[derive(Template)]
#[template(path = "ceremony.html")]
struct CeremonyPage {
    frame: Frame,
    t: &'static CaWords,
    entries: Vec<EntryView>,
    now: Vec<NowView>,
    signatures: std::ops::Range<usize>,
}

struct NowView {
    name: &'static str,
    subject: String,
    sha1: String,
    sha256: String,
    agrees: bool,
}

#[derive(Deserialize)]
struct Kind {
    event: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    sha256: String,
}

/// Number, text and kind of an entry.
type Recorded = (u64, String, Kind);

fn founding(floor: &Floor) -> Result<Vec<Recorded>, CannotShow> {
    let entries =
        floor.store.read(|r| log::page(r, u32::try_from(FIRST).unwrap_or(u32::MAX), Some(FIRST + 1)))?;
    let known = |(seq, text): (u64, String)| {
        let kind: Kind = serde_json::from_str(&text).ok()?;
        EVENTS.contains(&kind.event.as_str()).then_some((seq, text, kind))
    };
    let mut found: Vec<Recorded> = entries.into_iter().filter_map(known).collect();
    found.reverse();
    // what came after the first list is not the founding any more
    if let Some(end) = found.iter().position(|(_, _, kind)| kind.event == "crl-issued") {
        found.truncate(end + 1);
    }
    Ok(found)
}

/// `GET /ca/ceremony`
pub async fn page(visit: Visit<Reading>) -> Result<HttpResponse, Trouble> {
    let t = CaWords::of(visit.language);
    let seen = visit.act(|floor, _| {
        // what a renewal took out of use is kept under a number; the first one is that of the founding
        let ca = |name: &str| {
            let first = format!("{name}-1");
            let renewed = floor.folder.ca(&format!("{first}.pem")).exists();
            ca_material::ca(&floor.folder, if renewed { &first } else { name }, clock::now())
        };
        Ok::<_, CannotShow>((founding(floor)?, ca("root")?, ca("issuing")?))
    });
    let (recorded, root, issuing) = seen.await?.map_err(|error| Trouble::of(&error, visit.language))?;
    let now = [("root", t.root, root), ("issuing", t.issuing, issuing)].map(|(role, name, ca)| {
        let sha256 = ca.facts.sha256.to_string();
        let made = |kind: &Kind| kind.event == "ca-created" && kind.role == role && kind.sha256 == sha256;
        let agrees = recorded.iter().any(|(_, _, kind)| made(kind));
        NowView { name, subject: ca.facts.subject, sha1: ca.sha1, sha256, agrees }
    });
    let view = |(seq, text, _): &Recorded| entry_view(*seq, text, visit.zone(), visit.language);
    Ok(show(&CeremonyPage {
        entries: recorded.iter().map(view).collect(),
        now: now.into(),
        signatures: 0..SIGNATURES,
        frame: visit.frame(Place::Ca),
        t,
    }))
}
