//! Batches: what can be begun, what is under way, and what is on record.

pub mod asking;
pub mod files;
pub mod job;
pub mod one;
pub mod upload;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::batch::BatchState;
use crate::domain::verdict::Verdict;
use crate::station::authority::{Authority, Engineering, Reading};
use crate::station::batch::desk::job::{Job, Stage};
use crate::station::batch::upload::LARGEST_MIB;
use crate::station::products;
use crate::station::slots::Floor;
use crate::station::zone::Zone;
use crate::store::batches::{self, Batch};
use crate::store::error::StoreError;
use crate::store::{paging, work_orders};
use crate::web::access::Visit;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::standing::Standing;
use crate::web::trouble::Trouble;
use crate::web::words::batches::BatchesWords;
use crate::web::words::{audit_events, fill};

/// Batches on one page.
const A_PAGE: u32 = 50;
/// Work orders that are offered.
const ORDERS: u32 = 50;

/// The routes of the batches.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/batches", web::get().to(page))
        .route("/batches/upload", web::post().to(upload::upload))
        .route("/batches/export", web::post().to(job::export))
        .route("/batches/jobs/{job}", web::get().to(job::page))
        .route("/batches/jobs/{job}/progress", web::get().to(job::progress))
        .route("/batches/jobs/{job}/go", web::post().to(job::go_on))
        .route("/batches/jobs/{job}/cancel", web::post().to(job::cancel))
        .route("/batches/{batch}", web::get().to(one::page))
        .route("/batches/{batch}/files/{name}", web::get().to(files::file))
        .route("/batches/{batch}/go-on", web::post().to(one::go_on))
        .route("/batches/{batch}/clear", web::post().to(files::clear));
}

#[derive(Template)]
#[template(path = "batches.html")]
struct BatchesPage {
    frame: Frame,
    t: &'static BatchesWords,
    /// What can be begun, for whoever may.
    forms: Option<Forms>,
    jobs: Vec<JobRow>,
    rows: Vec<Row>,
    older: Option<u64>,
    newest: bool,
    /// What leaves in other ways: the event and its name.
    otherwise: Vec<(&'static str, &'static str)>,
}

/// Events of what leaves in other ways than by batches.
const OTHERWISE: [&str; 2] = ["group-key-derived", "log-exported"];

/// What the forms offer.
struct Forms {
    file_hint: String,
    too_large: String,
    largest: u64,
    products: Vec<String>,
    groups: Vec<String>,
    no_groups: String,
    orders: Vec<String>,
    formats: Vec<&'static str>,
    verdicts: Vec<&'static str>,
}

/// A job as the list shows it.
struct JobRow {
    id: String,
    kind: &'static str,
    name: String,
    by: String,
    state: Standing,
}

/// A batch as the list shows it.
struct Row {
    id: u64,
    kind: &'static str,
    input: String,
    output: String,
    state: Standing,
    good: u64,
    refused: u64,
    person: String,
    started: String,
    finished: String,
}

/// Which page of the list.
#[derive(Deserialize)]
pub struct Before {
    before: Option<u64>,
}

/// `GET /batches`
pub async fn page(visit: Visit<Reading>, query: web::Query<Before>) -> Result<HttpResponse, Trouble> {
    let t = BatchesWords::of(visit.language);
    let before = query.before;
    let (mut rows, orders) = visit
        .read(move |r| {
            let orders = work_orders::list(r, ORDERS, None)?;
            Ok::<_, StoreError>((batches::list(r, A_PAGE + 1, before)?, orders))
        })
        .await?;
    let more = paging::cut(&mut rows, A_PAGE);
    let may = Engineering::of(&visit.person).is_some() && before.is_none();
    let orders = orders.into_iter().map(|found| found.order.name.to_string()).collect();
    let jobs = visit.floor.batches.all();
    Ok(show(&BatchesPage {
        forms: may.then(|| forms(&visit.floor, t, orders)),
        jobs: jobs.iter().rev().map(|job| job_row(job, t)).collect(),
        older: rows.last().filter(|_| more).map(|batch| batch.id),
        rows: rows.iter().map(|batch| row(batch, visit.zone(), t)).collect(),
        newest: before.is_some(),
        otherwise: OTHERWISE
            .iter()
            .filter_map(|event| Some((*event, audit_events::name(event, visit.language)?)))
            .collect(),
        frame: visit.frame(Place::Batches),
        t,
    }))
}

fn forms(floor: &Floor, t: &'static BatchesWords, orders: Vec<String>) -> Forms {
    let mib = LARGEST_MIB.to_string();
    let keys = floor.keys.current();
    let names = keys.iter().flat_map(|keys| keys.vault.group_key_names());
    Forms {
        file_hint: fill(t.file_hint, &[("mib", &mib)]),
        too_large: fill(t.too_large, &[("mib", &mib)]),
        largest: LARGEST_MIB * 1024 * 1024,
        products: products::names(&floor.folder).iter().map(ToString::to_string).collect(),
        groups: names.map(ToString::to_string).collect(),
        no_groups: fill(t.no_groups, &[("command", "lineside key add NAME")]),
        orders,
        formats: asking::formats(),
        verdicts: Verdict::ALL.iter().map(|verdict| verdict.as_str()).collect(),
    }
}

fn job_row(job: &Job, t: &'static BatchesWords) -> JobRow {
    JobRow {
        id: job.id.clone(),
        kind: t.kind_of(job.ask.kind()),
        name: job.input.as_ref().map(|input| input.name.clone()).unwrap_or_default(),
        by: job.by.clone(),
        state: standing_of(&job.stage(), t),
    }
}

/// How the stage of a job looks.
fn standing_of(stage: &Stage, t: &'static BatchesWords) -> Standing {
    let (class, icon, word) = match stage {
        Stage::Looking(_) => ("busy", "…", t.looking),
        Stage::Looked(_) => ("look", "?", t.looked),
        Stage::Refused(_) => ("bad", "✖", t.unusable),
        Stage::Running(_) => ("busy", "▶", t.running),
        Stage::Ended(ended) => match &ended.outcome {
            Ok(outcome) => return standing(outcome.state, t),
            Err(_) => ("bad", "✖", t.failed),
        },
    };
    Standing { class, icon, word }
}

/// How the state of a batch on record looks.
fn standing(state: BatchState, t: &'static BatchesWords) -> Standing {
    let (class, icon) = match state {
        BatchState::Running => ("busy", "▶"),
        BatchState::Done => ("good", "✔"),
        BatchState::Failed => ("bad", "✖"),
        BatchState::Cancelled => ("over", "⏏"),
    };
    Standing { class, icon, word: t.state_of(state) }
}

fn row(batch: &Batch, zone: &Zone, t: &'static BatchesWords) -> Row {
    Row {
        id: batch.id,
        kind: t.kind_of(batch.kind),
        input: batch.input.clone(),
        output: batch.output.clone(),
        state: standing(batch.state, t),
        good: batch.good,
        refused: batch.refused,
        person: batch.person.clone(),
        started: zone.date_and_time(batch.started),
        finished: batch.finished.map(|at| zone.date_and_time(at)).unwrap_or_default(),
    }
}
