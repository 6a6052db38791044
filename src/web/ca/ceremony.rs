//! The record of the founding and of every ceremony since, to be printed and signed: who made which CA when, and whether
//! the certificates in use and those before are still those.

use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;

use crate::domain::audit_event::ceremony::Certified;
use crate::station::authority::Reading;
use crate::station::ca_material::{self, CaShown, CannotShow};
use crate::station::ceremonies::{self, OnRecord};
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
    /// The file's name, of one before.
    before: String,
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

/// The certificates there are now, those in use first.
fn certificates(floor: &Floor) -> Result<Vec<(String, CaShown)>, CannotShow> {
    let mut names = Vec::new();
    if !ca_material::waits(&floor.folder) {
        names.extend(["root", "issuing"].map(str::to_owned));
    }
    names.extend(ca_material::names_before(&floor.folder));
    let shown = |name: String| Ok((name.clone(), ca_material::ca(&floor.folder, &name, clock::now())?));
    names.into_iter().map(shown).collect()
}

/// Each certificate of a ceremony on its own: people compare them with those in their hands.
fn tell_certificates(entry: &mut EntryView, of: &OnRecord) {
    entry.pairs.retain(|(name, _)| name != "certificates");
    entry.pairs.extend(of.held.certificates.iter().map(|one| {
        let Certified { role, subject, cert_serial, sha256, .. } = one;
        (role.clone(), format!("{subject}, {cert_serial}, SHA-256 {sha256}"))
    }));
}

/// `GET /ca/ceremony`
pub async fn page(visit: Visit<Reading>) -> Result<HttpResponse, Trouble> {
    let t = CaWords::of(visit.language);
    let seen = visit.act(|floor, _| {
        let held = floor.store.read(|r| ceremonies::all(&floor.folder, r))?;
        Ok::<_, CannotShow>((founding(floor)?, held, certificates(floor)?))
    });
    let (recorded, held, certificates) = seen.await?.map_err(|error| Trouble::of(&error, visit.language))?;
    let on_record = |role: &str, sha256: &str| {
        let made = |kind: &Kind| kind.event == "ca-created" && kind.role == role && kind.sha256 == sha256;
        let taken = |one: &OnRecord| {
            let certificates = &one.held.certificates;
            certificates.iter().any(|of| of.role == role && of.sha256.to_string() == sha256)
        };
        recorded.iter().any(|(_, _, kind)| made(kind)) || held.iter().any(taken)
    };
    let now = certificates.into_iter().map(|(file, ca)| {
        let role = file.split('-').next().unwrap_or_default();
        let sha256 = ca.facts.sha256.to_string();
        NowView {
            agrees: on_record(role, &sha256),
            name: if role == "root" { t.root } else { t.issuing },
            before: if file.contains('-') { file.clone() } else { String::new() },
            subject: ca.facts.subject,
            sha1: ca.sha1,
            sha256,
        }
    });
    // the entries of the founding, and those of every ceremony since, once each
    let founding_ends = recorded.last().map_or(0, |(seq, _, _)| *seq);
    let since = held.iter().filter(|one| one.seq > founding_ends).map(|one| (one.seq, &one.text));
    let entries = recorded.iter().map(|(seq, text, _)| (*seq, text)).chain(since);
    let view = |(seq, text): (u64, &String)| {
        let mut entry = entry_view(seq, text, visit.zone(), visit.language);
        if let Some(one) = held.iter().find(|one| one.seq == seq) {
            tell_certificates(&mut entry, one);
        }
        entry
    };
    Ok(show(&CeremonyPage {
        entries: entries.map(view).collect(),
        now: now.collect(),
        signatures: 0..SIGNATURES,
        frame: visit.frame(Place::Ca),
        t,
    }))
}
