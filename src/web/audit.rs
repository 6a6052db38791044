//! The audit log: its entries newest first, searched a bounded number at a time; its verification ([`verification`]),
//! one entry with its proof ([`entry`]), its signed head ([`head`]).

pub mod entry;
pub mod head;
pub mod verification;

use std::time::Duration;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::language::Language;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::Reading;
use crate::station::verification::Verification;
use crate::station::zone::Zone;
use crate::store::audit::search::{self, Filter};
use crate::store::audit::{checkpoint, log};
use crate::store::error::StoreError;
use crate::store::meta;
use crate::store::reader::Reader;
use crate::web::access::Visit;
use crate::web::audit::verification::VerificationView;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::trouble::Trouble;
use crate::web::words::audit::AuditWords;
use crate::web::words::{audit_events, fill};

/// Entries on one page.
const A_PAGE: usize = 50;
/// How long a search waits for a report that is being made.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most characters of a value that a list shows.
const LONGEST_VALUE: usize = 100;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    t: &'static AuditWords,
    origin: String,
    size: u64,
    signed: Option<String>,
    verification: VerificationView,
    kinds: Vec<Kind>,
    asked: Asked,
    searched: bool,
    entries: Vec<EntryView>,
    looked_at: String,
    none_found: Option<String>,
    further: Option<String>,
}

/// A kind of entry to look for.
struct Kind {
    kind: &'static str,
    name: &'static str,
    chosen: bool,
}

/// One entry as lists show it.
pub struct EntryView {
    /// Its number.
    pub seq: u64,
    /// When, in the station's zone.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What it is called.
    pub name: String,
    /// What it says beside that.
    pub pairs: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Entry {
    at: UtcTime,
    actor: Actor,
    event: String,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// An entry as lists show it. One that cannot be read is shown as it is: the verification says what is wrong.
pub fn entry_view(seq: u64, text: &str, zone: &Zone, language: Language) -> EntryView {
    let Ok(Entry { at, actor, event, others }) = serde_json::from_str(text) else {
        let text: String = text.chars().take(LONGEST_VALUE).collect();
        return EntryView { seq, at: String::new(), actor: String::new(), name: text, pairs: Vec::new() };
    };
    let short = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match text.char_indices().nth(LONGEST_VALUE) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    let shown = others.iter().filter(|(name, _)| name.as_str() != "rows");
    EntryView {
        seq,
        at: zone.date_and_time(at),
        actor: actor.to_string(),
        name: audit_events::name(&event, language).map_or(event, str::to_owned),
        pairs: shown.map(|(name, value)| (name.clone(), short(value))).collect(),
    }
}

/// What is asked of the list; each may be empty.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Asked {
    #[serde(default)]
    event: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
}

impl Asked {
    fn filter(&self, zone: &Zone) -> Filter {
        let event = self.event.trim();
        Filter {
            events: if event.is_empty() { Vec::new() } else { vec![event.to_owned()] },
            actor: self.actor.trim().to_owned(),
            text: self.text.trim().to_owned(),
            from: zone.moment(&self.from),
            until: zone.moment(&self.until),
        }
    }
}

/// `GET /audit`
pub async fn page(
    visit: Visit<Reading>,
    asked: web::Query<Asked>,
    verification: web::Data<Verification>,
) -> Result<HttpResponse, Trouble> {
    let (t, language) = (AuditWords::of(visit.language), visit.language);
    let asked = asked.into_inner();
    let filter = asked.filter(visit.zone());
    let searched = !filter.is_empty();
    let before = asked.before;
    let look = move |r: &Reader<'_>| {
        let found = search::search(r, &filter, before, A_PAGE)?;
        Ok::<_, StoreError>((meta::origin(r)?, log::size(r)?, checkpoint::latest(r)?, found))
    };
    // without anything to search for, it is one page of the newest entries
    let (origin, size, latest, found) = match searched {
        true => visit.read_long(PATIENCE, look).await?,
        false => visit.read(look).await?,
    };
    let zone = visit.zone();
    let further = found.further.map(|before| {
        let query = serde_urlencoded::to_string(Asked { before: Some(before), ..asked.clone() });
        format!("/audit?{}", query.unwrap_or_default())
    });
    let looked_at = found.looked_at.to_string();
    let kinds = audit_events::KINDS.iter().map(|kind| Kind {
        kind,
        name: audit_events::name(kind, language).unwrap_or(kind),
        chosen: asked.event == **kind,
    });
    let mut kinds: Vec<Kind> = kinds.collect();
    kinds.sort_by_key(|kind| kind.name);
    Ok(show(&AuditPage {
        origin,
        size,
        signed: latest.map(|(size, at, _)| {
            fill(t.signed_over, &[("size", &size.to_string()), ("time", &zone.date_and_time(at))])
        }),
        verification: VerificationView::of(&verification.standing(), &visit),
        kinds,
        searched,
        none_found: found.entries.is_empty().then(|| fill(t.none_found, &[("count", &looked_at)])),
        looked_at: fill(t.looked_at, &[("count", &looked_at)]),
        entries: found.entries.iter().map(|(seq, text)| entry_view(*seq, text, zone, language)).collect(),
        further,
        asked,
        frame: visit.frame(Place::Audit),
        t,
    }))
}
