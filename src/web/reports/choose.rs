//! `/reports`: the shifts of a day, any span, the newest work orders.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::station::authority::{Authority, Reading};
use crate::station::clock;
use crate::station::reports::BadSpan;
use crate::station::shifts::ShiftSpan;
use crate::station::zone::Zone;
use crate::store::work_orders;
use crate::web::access::Visit;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::told::{Told, told};
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::reports::ReportWords;

/// Work orders that are offered.
const ORDERS: u32 = 20;

#[derive(Template)]
#[template(path = "reports.html")]
struct ChoosePage {
    frame: Frame,
    t: &'static ReportWords,
    day: String,
    shifts: Vec<ShiftLink>,
    from: String,
    to: String,
    fault: Option<Told>,
    orders: Vec<String>,
}

struct ShiftLink {
    name: String,
    span: String,
    query: String,
    now: bool,
}

/// Which day's shifts.
#[derive(Deserialize)]
pub struct Day {
    day: Option<String>,
}

/// `GET /reports`
pub async fn page(visit: Visit<Reading>, query: web::Query<Day>) -> Result<HttpResponse, Trouble> {
    let zone = visit.zone();
    let now = clock::now();
    let typed = query.into_inner().day.filter(|day| !day.trim().is_empty());
    let (day, fault) = match typed.as_deref().map(|text| (text, zone.moment(text))) {
        None => (now, None),
        Some((_, Some(day))) => (day, None),
        Some((text, None)) => {
            let bad = BadSpan::Moment(text.chars().filter(|c| !c.is_control()).take(40).collect());
            (now, Some(told(&bad, visit.language)))
        }
    };
    let (from, to) = zone.day_of(day);
    let span = ShiftSpan { name: String::new(), from, to };
    choose(&visit, &span, None, fault).await
}

/// The page again for a span that makes no report, with what was typed. `day` is shown above it.
pub async fn again<A: Authority + Send + Sync>(
    visit: &Visit<A>,
    typed: (String, String),
    bad: &BadSpan,
) -> Result<HttpResponse, Trouble> {
    let (from, to) = visit.zone().day_of(clock::now());
    let fault = told(bad, visit.language);
    choose(visit, &ShiftSpan { name: String::new(), from, to }, Some(typed), Some(fault)).await
}

async fn choose<A: Authority + Send + Sync>(
    visit: &Visit<A>,
    day: &ShiftSpan,
    typed: Option<(String, String)>,
    fault: Option<Told>,
) -> Result<HttpResponse, Trouble> {
    let t = ReportWords::of(visit.language);
    let (zone, now) = (visit.zone(), clock::now());
    let mut spans = visit.floor.settings.shifts.of_day(zone, day.from);
    if spans.len() > 1 {
        spans.push(day.clone());
    }
    let link = |span: ShiftSpan| ShiftLink {
        span: fill(
            t.from_to,
            &[("from", &zone.date_and_time(span.from)), ("to", &zone.date_and_time(span.to))],
        ),
        query: query_of(zone, &span),
        now: span.from <= now && now < span.to,
        name: if span.name.is_empty() { t.whole_day.to_owned() } else { span.name },
    };
    // of people whose role shows them nothing but the shift's report
    let orders = match Reading::of(&visit.person) {
        Some(_) => visit.read(|r| work_orders::list(r, ORDERS, None)).await?,
        None => Vec::new(),
    };
    let (from, to) =
        typed.unwrap_or_else(|| (local(zone, day.from), local(zone, day.to.min(now.max(day.from)))));
    let refused = fault.is_some();
    let page = ChoosePage {
        day: zone.date(day.from),
        shifts: spans.into_iter().map(link).collect(),
        from,
        to,
        fault,
        orders: orders.into_iter().map(|progress| progress.order.name.to_string()).collect(),
        frame: visit.frame(Place::Reports),
        t,
    };
    let mut answer = show(&page);
    if refused {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

/// The query of a span's report.
pub fn query_of(zone: &Zone, span: &ShiftSpan) -> String {
    format!("from={}&to={}", local(zone, span.from), local(zone, span.to))
}

/// A moment as a form's field has it: time on the wall, to the second.
fn local(zone: &Zone, at: crate::domain::utc_time::UtcTime) -> String {
    zone.date_and_time(at).replace(' ', "T")
}
