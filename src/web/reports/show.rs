//! A report as a page that can be printed.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::choose;
use super::view::{self, FiguresView, RunView};
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Authority, Reading, Watching};
use crate::station::clock;
use crate::station::reports::{self, BadSpan, Figures};
use crate::station::shifts::ShiftSpan;
use crate::store::audit::checkpoint;
use crate::store::error::StoreError;
use crate::store::paging;
use crate::store::reader::Reader;
use crate::store::reports::{RunLine, Scope, not_passed};
use crate::store::work_orders;
use crate::web::access::Visit;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::reports::ReportWords;

/// The most runs that are listed.
const MOST_RUNS: u32 = 200;

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    frame: Frame,
    t: &'static ReportWords,
    title: String,
    span: String,
    still_running: bool,
    /// What is said of units that were withdrawn since.
    what_counts: &'static str,
    /// Where the same is to be had as CSV.
    csv_figures: String,
    csv_runs: Option<String>,
    may_read: bool,
    none: bool,
    figures: FiguresView,
    runs: Vec<RunView>,
    cut: Option<String>,
    head: Option<HeadView>,
    made_at: String,
}

/// The newest checkpoint of the log.
struct HeadView {
    signed_at: String,
    origin: String,
    size: u64,
    root: String,
    signatures: Vec<String>,
}

/// What the page reads in one go.
struct Seen {
    figures: Figures,
    runs: Vec<RunLine>,
    head: Option<(u64, UtcTime, String)>,
}

/// The span of a report, as times on the wall; the shift of now if nothing is given.
#[derive(Deserialize)]
pub struct SpanQuery {
    from: Option<String>,
    to: Option<String>,
}

impl SpanQuery {
    /// The span that is asked for, and what was typed.
    ///
    /// # Errors
    /// See [`BadSpan`].
    pub fn span<A: Authority + Send + Sync>(
        &self,
        visit: &Visit<A>,
    ) -> Result<ShiftSpan, (BadSpan, (String, String))> {
        let (zone, shifts) = (visit.zone(), &visit.floor.settings.shifts);
        let (Some(from), Some(to)) = (&self.from, &self.to) else {
            return Ok(shifts.at(zone, clock::now()));
        };
        match reports::span(zone, from, to) {
            Ok((from, to)) => {
                let known = shifts.at(zone, from);
                let name = if (known.from, known.to) == (from, to) { known.name } else { String::new() };
                Ok(ShiftSpan { name, from, to })
            }
            Err(bad) => Err((bad, (from.clone(), to.clone()))),
        }
    }
}

/// `GET /reports/shift`
pub async fn shift(visit: Visit<Watching>, query: web::Query<SpanQuery>) -> Result<HttpResponse, Trouble> {
    let span = match query.span(&visit) {
        Ok(span) => span,
        Err((bad, typed)) => return choose::again(&visit, typed, &bad).await,
    };
    let t = ReportWords::of(visit.language);
    let (zone, now) = (visit.zone(), clock::now());
    let (from, to) = (zone.date_and_time(span.from), zone.date_and_time(span.to));
    let title = if span.name.is_empty() {
        fill(t.report_of_span, &[("from", &from), ("to", &to)])
    } else {
        fill(t.report_of_shift, &[("shift", &span.name)])
    };
    let query = choose::query_of(zone, &span);
    let header = Header {
        title,
        still_running: span.from <= now && now < span.to,
        csv: format!("/reports/shift/{{}}.csv?{query}"),
    };
    report(&visit, Scope::Span(span.from, span.to), header).await
}

/// `GET /reports/work-order/{name}`
pub async fn work_order(visit: Visit<Reading>, name: web::Path<Name>) -> Result<HttpResponse, Trouble> {
    let name = name.into_inner();
    let order = name.clone();
    let known = visit.read(move |r| work_orders::find(r, &order)).await?;
    if known.is_none() {
        return Err(Trouble::not_found(visit.language));
    }
    let t = ReportWords::of(visit.language);
    let header = Header {
        title: fill(t.report_of_order, &[("order", name.as_str())]),
        still_running: false,
        csv: format!("/reports/work-order/{name}/{{}}.csv"),
    };
    report(&visit, Scope::WorkOrder(name), header).await
}

struct Header {
    title: String,
    still_running: bool,
    /// The address of the CSV files, with `{}` for which.
    csv: String,
}

async fn report<A: Authority + Send + Sync>(
    visit: &Visit<A>,
    scope: Scope,
    header: Header,
) -> Result<HttpResponse, Trouble> {
    let t = ReportWords::of(visit.language);
    let (zone, now) = (visit.zone(), clock::now());
    let there = zone.clone();
    let what_counts = match &scope {
        Scope::Span(..) => t.happened_counts,
        Scope::WorkOrder(_) => t.standing_counts,
    };
    let seen = visit.read_long(Duration::ZERO, move |r| look(r, &there, &scope, now)).await?;
    let Seen { figures, mut runs, head } = seen;
    let cut = paging::cut(&mut runs, MOST_RUNS);
    let may_read = Reading::of(&visit.person).is_some();
    let Header { title, still_running, csv } = header;
    let head = head.map(|(size, at, note)| {
        let lines: Vec<&str> = note.lines().collect();
        let line = |at: usize| lines.get(at).copied().unwrap_or_default().to_owned();
        let signatures = lines.iter().filter(|line| line.starts_with("— ")).map(|line| (*line).to_owned());
        HeadView {
            signed_at: zone.date_and_time(at),
            origin: line(0),
            size,
            root: line(2),
            signatures: signatures.collect(),
        }
    });
    Ok(show(&ReportPage {
        span: fill(
            t.from_to,
            &[("from", &zone.date_and_time(figures.from)), ("to", &zone.date_and_time(figures.to))],
        ),
        title,
        still_running,
        what_counts,
        csv_figures: csv.replace("{}", "figures"),
        csv_runs: may_read.then(|| csv.replace("{}", "runs")),
        may_read,
        none: figures.runs() == 0,
        figures: view::figures_view(visit.language, zone, &figures),
        runs: runs.into_iter().map(|line| view::run_view(visit.language, zone, line)).collect(),
        cut: cut.then(|| fill(t.not_passed_most, &[("most", &MOST_RUNS.to_string())])),
        head,
        made_at: fill(
            t.made_at,
            &[
                ("at", &zone.date_and_time(now)),
                ("zone", zone.name()),
                ("person", visit.person.name.as_str()),
            ],
        ),
        frame: visit.frame(Place::Reports),
        t,
    }))
}

fn look(
    r: &Reader<'_>,
    zone: &crate::station::zone::Zone,
    scope: &Scope,
    now: UtcTime,
) -> Result<Seen, StoreError> {
    Ok(Seen {
        figures: reports::figures(r, zone, scope, now)?,
        runs: not_passed(r, scope, MOST_RUNS + 1)?,
        head: checkpoint::latest(r)?,
    })
}
