//! Batches: what left the station in bulk, as the audit log has it.

use actix_web::HttpResponse;
use askama::Template;

use crate::station::authority::Reading;
use crate::store::audit::search::{self, Filter};
use crate::web::access::Visit;
use crate::web::audit::{EntryView, entry_view};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::trouble::Trouble;
use crate::web::words::batches::BatchesWords;

/// The events of what leaves in bulk.
const EVENTS: [&str; 2] = ["log-exported", "group-key-derived"];
/// The most that are listed.
const LISTED: usize = 50;

#[derive(Template)]
#[template(path = "batches.html")]
struct BatchesPage {
    frame: Frame,
    t: &'static BatchesWords,
    entries: Vec<EntryView>,
    older: Option<String>,
}

/// `GET /batches`
pub async fn page(visit: Visit<Reading>) -> Result<HttpResponse, Trouble> {
    let filter = Filter { events: EVENTS.map(str::to_owned).to_vec(), ..Filter::default() };
    let found = visit.read(move |r| search::search(r, &filter, None, LISTED)).await?;
    let view = |(seq, text): &(u64, String)| entry_view(*seq, text, visit.zone(), visit.language);
    Ok(show(&BatchesPage {
        entries: found.entries.iter().map(view).collect(),
        older: found.further.map(|before| format!("/audit?event={}&before={before}", EVENTS[0])),
        frame: visit.frame(Place::Batches),
        t: BatchesWords::of(visit.language),
    }))
}
