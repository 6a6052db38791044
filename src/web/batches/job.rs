//! A batch begun on a page: what its file holds, how far it is, what it came to; and what is decided about it.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::batch::BatchState;
use crate::domain::code::Coded;
use crate::station::authority::{Authority, Engineering, Reading};
use crate::station::batch::desk::ask::Ask;
use crate::station::batch::desk::job::{Ended, Fault, Job, Pace, Stage};
use crate::station::batch::desk::look::Look;
use crate::station::batch::outcome::{Outcome, RowFault};
use crate::web::access::{Glance, Posted, Visit, go_to};
use crate::web::batches::asking::{self, ExportForm};
use crate::web::batches::standing_of;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::outbox::Bare;
use crate::web::standing::Standing;
use crate::web::told::{Told, told_of};
use crate::web::trouble::Trouble;
use crate::web::words::batches::BatchesWords;
use crate::web::words::fill;

#[derive(Template)]
#[template(path = "batch-job.html")]
struct JobPage {
    frame: Frame,
    kind: &'static str,
    name: String,
    part: JobView,
}

/// The part of the page that changes while something goes on.
#[derive(Template)]
#[template(path = "batch-progress.html")]
pub struct JobView {
    t: &'static BatchesWords,
    id: String,
    csrf: String,
    by: String,
    may: bool,
    state: Standing,
    pace: Option<PaceView>,
    look: Option<LookView>,
    fault: Option<Told>,
    faults: Vec<FaultView>,
    ended: Option<EndedView>,
    batch: Option<u64>,
}

struct PaceView {
    /// Thousandths, if it is known how much there is.
    done: Option<u64>,
    percent: String,
    so_far: String,
    rate: String,
    rest: Option<String>,
    cancelling: bool,
}

struct LookView {
    facts: Vec<(&'static str, u64)>,
    understood: String,
    kept: String,
    warns: bool,
    may_all: bool,
    may_good: bool,
    says: Option<&'static str>,
}

struct EndedView {
    facts: Vec<(&'static str, u64)>,
    says: Option<&'static str>,
}

struct FaultView {
    line: u64,
    told: Told,
}

impl JobView {
    fn of<A: Authority + Send + Sync>(job: &Job, visit: &Visit<A>) -> JobView {
        let t = BatchesWords::of(visit.language);
        let stage = job.stage();
        let mut view = JobView {
            t,
            id: job.id.clone(),
            csrf: visit.csrf.clone(),
            by: job.by.clone(),
            may: Engineering::of(&visit.person).is_some(),
            state: standing_of(&stage, t),
            pace: None,
            look: None,
            fault: None,
            faults: Vec::new(),
            ended: None,
            batch: None,
        };
        let told = |fault: &Fault| told_of(fault.code, &fault.sentence, visit.language);
        let rows = |faults: &[RowFault]| {
            let view = |fault: &RowFault| FaultView {
                line: fault.line,
                told: told_of(fault.code, &fault.message, visit.language),
            };
            faults.iter().map(view).collect()
        };
        match &stage {
            Stage::Looking(under_way) | Stage::Running(under_way) => {
                view.pace = Some(pace_view(under_way.pace(), under_way.progress.is_cancelled(), t));
            }
            Stage::Looked(look) => {
                view.look = Some(look_view(look, &job.ask, t));
                view.faults = rows(&look.faults);
            }
            Stage::Refused(fault) => view.fault = Some(told(fault)),
            Stage::Ended(Ended { batch, outcome }) => {
                view.batch = *batch;
                match outcome {
                    Ok(outcome) => {
                        view.ended = Some(ended_view(outcome, t));
                        view.faults = rows(&outcome.faults);
                    }
                    Err(fault) => view.fault = Some(told(fault)),
                }
            }
        }
        view
    }
}

fn pace_view(pace: Pace, cancelling: bool, t: &'static BatchesWords) -> PaceView {
    let (good, refused) = (pace.good.to_string(), pace.refused.to_string());
    PaceView {
        done: pace.thousandths,
        percent: pace.thousandths.map(|share| format!("{} %", share / 10)).unwrap_or_default(),
        so_far: fill(t.so_far, &[("good", &good), ("refused", &refused)]),
        rate: fill(t.rate, &[("rate", &pace.rate.to_string())]),
        rest: pace.rest.map(|rest| {
            let seconds = rest.as_secs();
            let clock = format!("{}:{:02}", seconds / 60, seconds % 60);
            fill(t.rest, &[("time", &clock)])
        }),
        cancelling,
    }
}

fn look_view(look: &Look, ask: &Ask, t: &'static BatchesWords) -> LookView {
    let mut facts = vec![(t.rows, look.rows), (t.good, look.good)];
    facts.extend((look.unchanged > 0).then_some((t.unchanged, look.unchanged)));
    facts.push((t.refused, look.refused));
    facts.extend(look.duplicates.map(|count| (t.duplicates, count)));
    facts.extend((look.placeholders > 0).then_some((t.placeholders, look.placeholders)));
    let listed = |names: &[String]| {
        if names.is_empty() { t.no_columns.to_owned() } else { names.join(", ") }
    };
    let (sound, some) = (look.refused == 0, look.good > 0);
    let atomic = ask.is_atomic();
    LookView {
        facts,
        understood: listed(&look.understood),
        kept: listed(&look.kept),
        warns: ask.leaves_keys_in_clear(),
        may_all: sound && some,
        may_good: !sound && some,
        says: match (some, sound) {
            (false, _) => Some(t.nothing_good),
            (true, false) if atomic => Some(t.all_or_nothing),
            (true, _) => None,
        },
    }
}

fn ended_view(outcome: &Outcome, t: &'static BatchesWords) -> EndedView {
    let mut facts = vec![(t.good, outcome.good)];
    facts.extend((outcome.unchanged > 0).then_some((t.unchanged, outcome.unchanged)));
    facts.push((t.refused, outcome.refused));
    let says = match (outcome.state, outcome.refused > 0) {
        (BatchState::Failed, true) => Some(t.not_taken),
        (_, true) => Some(t.mend),
        (_, false) => None,
    };
    EndedView { facts, says }
}

/// `GET /batches/jobs/{job}`
pub async fn page(visit: Visit<Reading>, id: web::Path<String>) -> Result<HttpResponse, Trouble> {
    let job = visit.floor.batches.find(&id).ok_or_else(|| Trouble::not_found(visit.language))?;
    let t = BatchesWords::of(visit.language);
    Ok(show(&JobPage {
        kind: t.kind_of(job.ask.kind()),
        name: job.input.as_ref().map(|input| input.name.clone()).unwrap_or_default(),
        part: JobView::of(&job, &visit),
        frame: visit.frame(Place::Batches),
    }))
}

/// `GET /batches/jobs/{job}/progress`: asked for by the page itself while something goes on.
pub async fn progress(
    Glance(visit): Glance<Reading>,
    id: web::Path<String>,
) -> Result<HttpResponse, Trouble> {
    match visit.floor.batches.find(&id) {
        Some(job) => Ok(show(&JobView::of(&job, &visit))),
        // it was given up
        None => Ok(HttpResponse::Ok().insert_header(("HX-Redirect", "/batches")).finish()),
    }
}

/// What is to be done with a file that was looked through.
#[derive(Deserialize)]
pub struct GoOn {
    #[serde(default)]
    partial: String,
}

/// `POST /batches/jobs/{job}/go`
pub async fn go_on(
    id: web::Path<String>,
    posted: Posted<Engineering, GoOn>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let (place, id) = (format!("/batches/jobs/{id}"), id.into_inner());
    let right = visit.authority.clone();
    let begun =
        visit.act(move |floor, _| floor.batches.go_on(floor, &right, &id, !form.partial.is_empty())).await?;
    Ok(match begun {
        Ok(()) => go_to(&place),
        Err(error) => visit.refused(&place, &error),
    })
}

/// `POST /batches/jobs/{job}/cancel`
pub async fn cancel(
    id: web::Path<String>,
    posted: Posted<Engineering, Bare>,
) -> Result<HttpResponse, Trouble> {
    let (visit, id) = (posted.visit, id.into_inner());
    let t = BatchesWords::of(visit.language);
    let running = visit.floor.batches.find(&id).is_some_and(|job| job.is_running());
    let name = id.clone();
    Ok(match visit.act(move |floor, _| floor.batches.cancel(&name)).await? {
        Ok(()) if running => visit.done(&format!("/batches/jobs/{id}"), t.was_cancelled),
        Ok(()) => visit.done("/batches", t.given_up),
        Err(error) => visit.refused("/batches", &error),
    })
}

/// `POST /batches/export`
pub async fn export(posted: Posted<Engineering, ExportForm>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let ask = match asking::of_export(&form, visit.zone()) {
        Ok(ask) => ask,
        Err(error) => return Ok(visit.refused("/batches", &error)),
    };
    let right = visit.authority.clone();
    Ok(match visit.act(move |floor, _| floor.batches.begin(floor, &right, ask)).await? {
        Ok(id) => go_to(&format!("/batches/jobs/{id}")),
        Err(error) => refused(&visit, &error),
    })
}

fn refused(visit: &Visit<Engineering>, error: &impl Coded) -> HttpResponse {
    visit.refused("/batches", error)
}
