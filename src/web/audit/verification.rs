//! The verification of the log from the page: begun, watched, stopped. Who may read the log may also verify it.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::code::sentence as in_words;
use crate::station::authority::{Authority, Reading};
use crate::station::verification::{Brought, Ended, Outcome, Standing, Verification, problems};
use crate::web::access::{Glance, Posted, Visit};
use crate::web::gate::page as show;
use crate::web::outbox::Bare;
use crate::web::told::{Told, told_of};
use crate::web::trouble::Trouble;
use crate::web::words::audit::AuditWords;
use crate::web::words::fill;

/// The part of the page that shows where the verification stands.
#[derive(Template)]
#[template(path = "audit-verification.html")]
pub struct VerificationView {
    t: &'static AuditWords,
    csrf: String,
    running: Option<RunningView>,
    ended: Option<EndedView>,
}

struct RunningView {
    said: String,
    done: u64,
    total: u64,
}

struct EndedView {
    by_at: String,
    sound: bool,
    said: String,
    covered: String,
    failed: Option<Told>,
    problems: Vec<ProblemView>,
    more: Option<String>,
}

struct ProblemView {
    seq: Option<(u64, String)>,
    what: String,
}

impl VerificationView {
    /// How it stands now.
    pub fn of<A: Authority + Send + Sync>(standing: &Standing, visit: &Visit<A>) -> VerificationView {
        let t = AuditWords::of(visit.language);
        let (running, ended) = match standing {
            Standing::Never => (None, None),
            Standing::Running { done, total, by } => {
                let text = if *total > 0 && done == total { t.comparing } else { t.running };
                let (done_text, total_text) = (done.to_string(), total.to_string());
                let said = fill(text, &[("by", by), ("done", &done_text), ("total", &total_text)]);
                (Some(RunningView { said, done: *done, total: (*total).max(1) }), None)
            }
            Standing::Ended(ended) => (None, Some(ended_view(ended, visit, t))),
        };
        VerificationView { t, csrf: visit.csrf.clone(), running, ended }
    }
}

fn ended_view<A: Authority + Send + Sync>(
    ended: &Ended,
    visit: &Visit<A>,
    t: &'static AuditWords,
) -> EndedView {
    let time = visit.zone().date_and_time(ended.at);
    let mut view = EndedView {
        by_at: fill(t.by_at, &[("by", &ended.by), ("time", &time)]),
        sound: false,
        said: String::new(),
        covered: String::new(),
        failed: None,
        problems: Vec::new(),
        more: None,
    };
    match &ended.outcome {
        Outcome::Stopped => t.stopped.clone_into(&mut view.said),
        Outcome::Failed(sentence, code) => {
            view.failed = Some(told_of(*code, &in_words(sentence), visit.language))
        }
        Outcome::Found(report) => {
            view.sound = report.sound();
            let count = problems(report).to_string();
            view.said = if report.sound() {
                let (entries, rows) = (report.entries.to_string(), report.rows.to_string());
                fill(t.sound, &[("entries", &entries), ("rows", &rows)])
            } else {
                fill(t.not_sound, &[("count", &count)])
            };
            view.covered = match report.covered_until {
                Some(seq) => fill(t.covered, &[("seq", &seq.to_string())]),
                None => t.not_covered.to_owned(),
            };
            let problem_view = |seq: Option<u64>, what: &str| ProblemView {
                seq: seq.map(|seq| (seq, fill(t.in_entry, &[("seq", &seq.to_string())]))),
                what: what.to_owned(),
            };
            view.problems = report.problems.iter().map(|p| problem_view(p.seq, &p.what)).collect();
            view.more = (report.further_problems > 0)
                .then(|| fill(t.more, &[("count", &report.further_problems.to_string())]));
        }
    }
    view
}

/// `GET /audit/verification`: asked for by the page itself while one runs.
pub async fn part(
    Glance(visit): Glance<Reading>,
    verification: web::Data<Verification>,
) -> Result<HttpResponse, Trouble> {
    Ok(show(&VerificationView::of(&verification.standing(), &visit)))
}

/// What was kept elsewhere, if somebody brings it.
#[derive(Deserialize)]
pub struct Begin {
    #[serde(default)]
    checkpoint: String,
    #[serde(default)]
    vkey: String,
}

/// `POST /audit/verify`
pub async fn begin(
    posted: Posted<Reading, Begin>,
    verification: web::Data<Verification>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form: Begin { checkpoint, vkey } } = posted;
    // forms send CR LF; a signed note has LF alone, and must end with one
    let plain = |text: String| {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        (!text.is_empty()).then(|| format!("{text}\n"))
    };
    let brought = Brought { vkey: plain(vkey), checkpoint: plain(checkpoint) };
    let verification = verification.into_inner();
    let begun = visit.act(move |floor, who| verification.begin(floor, who, brought)).await?;
    Ok(match begun {
        Ok(()) => visit.done("/audit", AuditWords::of(visit.language).begun),
        Err(error) => visit.refused("/audit", &error),
    })
}

/// `POST /audit/stop`
pub async fn stop(
    posted: Posted<Reading, Bare>,
    verification: web::Data<Verification>,
) -> Result<HttpResponse, Trouble> {
    let visit = posted.visit;
    let verification = verification.into_inner();
    let stopped = visit.act(move |_, _| {
        verification.stop();
        Ok::<_, std::convert::Infallible>(())
    });
    // it cannot be refused
    let _ = stopped.await?;
    Ok(visit.done("/audit", AuditWords::of(visit.language).was_stopped))
}
