//! Reports as CSV files. Runs are read and sent a piece at a time, each in a reading of its own, so that a slow
//! reader of a large file holds neither memory nor the records.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::{HttpResponse, web};

use super::show::SpanQuery;
use crate::domain::code::Coded;
use crate::domain::name::Name;
use crate::station::authority::{Authority, Reading, Watching};
use crate::station::clock;
use crate::station::long_reading;
use crate::station::reports::csv_files;
use crate::station::reports::figures;
use crate::station::slots::Floor;
use crate::store::reports::{After, Scope, runs_after};
use crate::store::work_orders;
use crate::web::access::Visit;
use crate::web::download;
use crate::web::trouble::Trouble;

/// Runs in one piece.
const PIECE: u32 = 1000;
/// How long a piece waits for a report that is being made: longer than one may take.
const PATIENCE: Duration = long_reading::LONGEST.saturating_add(Duration::from_secs(5));

/// `GET /reports/shift/figures.csv`
pub async fn shift_figures(
    visit: Visit<Watching>,
    query: web::Query<SpanQuery>,
) -> Result<HttpResponse, Trouble> {
    let span = query.span(&visit).map_err(|(bad, _)| Trouble::of(&bad, visit.language))?;
    let name = format!("report-{}", visit.zone().date(span.from));
    send_figures(&visit, Scope::Span(span.from, span.to), &name).await
}

/// `GET /reports/shift/runs.csv`
pub async fn shift_runs(
    visit: Visit<Reading>,
    query: web::Query<SpanQuery>,
) -> Result<HttpResponse, Trouble> {
    let span = query.span(&visit).map_err(|(bad, _)| Trouble::of(&bad, visit.language))?;
    let name = format!("runs-{}", visit.zone().date(span.from));
    Ok(send_runs(&visit, Scope::Span(span.from, span.to), &name))
}

/// `GET /reports/work-order/{name}/figures.csv`
pub async fn order_figures(visit: Visit<Reading>, name: web::Path<Name>) -> Result<HttpResponse, Trouble> {
    let order = known(&visit, name.into_inner()).await?;
    let file = format!("report-{order}");
    send_figures(&visit, Scope::WorkOrder(order), &file).await
}

/// `GET /reports/work-order/{name}/runs.csv`
pub async fn order_runs(visit: Visit<Reading>, name: web::Path<Name>) -> Result<HttpResponse, Trouble> {
    let order = known(&visit, name.into_inner()).await?;
    let file = format!("runs-{order}");
    Ok(send_runs(&visit, Scope::WorkOrder(order), &file))
}

async fn known<A: Authority + Send + Sync>(visit: &Visit<A>, name: Name) -> Result<Name, Trouble> {
    let order = name.clone();
    match visit.read(move |r| work_orders::find(r, &order)).await? {
        Some(_) => Ok(name),
        None => Err(Trouble::not_found(visit.language)),
    }
}

async fn send_figures<A: Authority + Send + Sync>(
    visit: &Visit<A>,
    scope: Scope,
    name: &str,
) -> Result<HttpResponse, Trouble> {
    let (zone, now) = (visit.zone().clone(), clock::now());
    let gathered = visit.read_long(Duration::ZERO, move |r| figures(r, &zone, &scope, now)).await?;
    let table = csv_files::figures(&gathered, visit.zone());
    let table = table.map_err(|error| Trouble::of(&error, visit.language))?;
    Ok(download::file(&format!("{name}.csv"), download::CSV, table))
}

fn send_runs<A: Authority + Send + Sync>(visit: &Visit<A>, scope: Scope, name: &str) -> HttpResponse {
    let pieces = Pieces { floor: visit.floor.clone(), scope, next: Next::At(None), under_way: None };
    download::file(&format!("{name}.csv"), download::CSV, pieces)
}

/// Where the file goes on.
enum Next {
    At(Option<After>),
    Nowhere,
}

/// Why a file broke off; whoever receives it sees that it is not whole.
#[derive(Debug, thiserror::Error)]
#[error("the runs could not be read")]
struct BrokenOff;

type Piece = Result<(Vec<u8>, Next), BrokenOff>;

/// The runs of a scope as a body that is made while it is sent.
struct Pieces {
    floor: web::Data<Floor>,
    scope: Scope,
    next: Next,
    under_way: Option<Pin<Box<dyn Future<Output = Piece>>>>,
}

impl Pieces {
    fn begin(&self, after: Option<After>) -> Pin<Box<dyn Future<Output = Piece>>> {
        let (floor, scope) = (self.floor.clone(), self.scope.clone());
        let read = web::block(move || piece(&floor, &scope, after));
        Box::pin(async move { read.await.map_err(|_| BrokenOff)? })
    }
}

fn piece(floor: &Floor, scope: &Scope, after: Option<After>) -> Piece {
    let broken = |error: &dyn Coded| {
        tracing::error!(code = %error.code(), "a list of runs broke off: {error}");
        BrokenOff
    };
    let lines = long_reading::read(&floor.store, PATIENCE, |r| runs_after(r, scope, after, PIECE))
        .map_err(|error| broken(&error))?;
    let full = lines.len() == usize::try_from(PIECE).unwrap_or(usize::MAX);
    let next = match lines.last().filter(|_| full) {
        Some(last) => Next::At(Some((last.finished, last.id))),
        None => Next::Nowhere,
    };
    let table = csv_files::runs(&lines, &floor.settings.zone, after.is_none());
    Ok((table.map_err(|error| broken(&error))?, next))
}

impl MessageBody for Pieces {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        let mut under_way = match (self.under_way.take(), &self.next) {
            (Some(under_way), _) => under_way,
            (None, Next::At(after)) => self.begin(*after),
            (None, Next::Nowhere) => return Poll::Ready(None),
        };
        match under_way.as_mut().poll(context) {
            Poll::Pending => {
                self.under_way = Some(under_way);
                Poll::Pending
            }
            Poll::Ready(Ok((table, next))) => {
                self.next = next;
                // a last piece of no runs is the end, for an empty one would be sent as such
                if table.is_empty() { Poll::Ready(None) } else { Poll::Ready(Some(Ok(table.into()))) }
            }
            Poll::Ready(Err(broken)) => {
                self.next = Next::Nowhere;
                Poll::Ready(Some(Err(Box::new(broken))))
            }
        }
    }
}
