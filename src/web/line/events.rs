//! `/events`: the parts of the Line page as server-sent events (WHATWG HTML, "Server-sent events"). Everything is
//! sent at the beginning, then what changed; a beat tells the page that it is live. Tiles never wait for figures.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};

use crate::station::authority::Watching;
use crate::station::clock;
use crate::station::figures::Figure;
use crate::web::access::{Glance, Visit};
use crate::web::line::parts::{Sight, around, tiles};
use crate::web::line::sight;
use crate::web::trouble::Trouble;

/// So many pages watch at once.
const MOST: usize = 64;
/// How often a page that is watched looks for changes.
const LOOK: Duration = Duration::from_millis(200);
/// How often it is told that it is live.
const BEAT: Duration = Duration::from_secs(5);
/// It is live no more when the figures could not be read for so long.
const STALE: Duration = Duration::from_secs(10);
/// How many parts stand around the tiles.
const AROUND: usize = 3;

/// How many pages watch.
#[derive(Default)]
pub struct Watchers(AtomicUsize);

/// One that watches, counted as long as it lives.
struct Seat(web::Data<Watchers>);

impl Seat {
    fn take(watchers: web::Data<Watchers>) -> Option<Seat> {
        let free = |taken: usize| (taken < MOST).then_some(taken + 1);
        watchers.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, free).ok()?;
        Some(Seat(watchers))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// `GET /events`. Somebody who is not logged in any more is told where to go: a browser could not follow a redirect
/// here.
pub async fn events(
    visit: Result<Glance<Watching>, Trouble>,
    watchers: web::Data<Watchers>,
) -> Result<HttpResponse, Trouble> {
    let visit = match visit {
        Ok(Glance(visit)) => visit,
        Err(Trouble::NotSignedIn { place, .. }) => return Ok(stream().body(event("go", place))),
        Err(trouble) => return Err(trouble),
    };
    let seat = Seat::take(watchers).ok_or_else(|| Trouble::busy(visit.language))?;
    let watch = Watch {
        sight: sight(&visit),
        visit,
        version: None,
        figure: None,
        reading: None,
        sent: HashMap::new(),
        looked: None,
        over: false,
        _seat: seat,
    };
    Ok(stream().body(Feed { next: Box::pin(watch.next()) }))
}

fn stream() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "text/event-stream; charset=utf-8"));
    response
}

/// One event. Every line of its data has the field's name before it.
fn event(name: &str, data: &str) -> String {
    let mut text = format!("event: {name}\n");
    for line in data.lines() {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

/// What one page was sent.
struct Watch {
    visit: Visit<Watching>,
    sight: Sight,
    version: Option<u64>,
    figure: Option<Arc<Figure>>,
    /// The figures that are being read for it.
    reading: Option<Reading>,
    /// The parts as they were sent last, by their place on the page.
    sent: HashMap<usize, String>,
    /// When it was looked last whether this page may go on.
    looked: Option<Instant>,
    over: bool,
    _seat: Seat,
}

/// Ends when the figures were read, or could not be.
type Reading = Pin<Box<dyn Future<Output = ()>>>;
type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Watch)>>>>;

impl Watch {
    /// Waits until there is something to send; nothing more comes after `None`.
    async fn next(mut self) -> Option<(Bytes, Watch)> {
        loop {
            if self.over || self.visit.floor.stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut text = String::new();
            if self.looked.is_none_or(|looked| looked.elapsed() >= BEAT) {
                self.looked = Some(Instant::now());
                let lasts = self.visit.lasts();
                let place = match &lasts {
                    Ok(None) => Some("/login"),
                    // the page locks, or somebody logged in again beside it
                    Ok(Some(locked)) => (*locked != self.visit.locked).then_some("/"),
                    // nobody knows; the page is not told that it is live
                    Err(_) => None,
                };
                if let Some(place) = place {
                    self.over = true;
                    return Some((Bytes::from(event("go", place)), self));
                }
                if lasts.is_ok() && self.visit.floor.figures.unread_for() <= STALE {
                    text.push_str(&event("beat", &self.visit.zone().time_of_day(clock::now())));
                }
            }
            self.read_figures().await;
            self.changes(&mut text);
            if !text.is_empty() {
                return Some((Bytes::from(text), self));
            }
            actix_web::rt::time::sleep(LOOK).await;
        }
    }

    /// Has the figures read if they are due, and waits a moment for them: a page has something to show meanwhile.
    async fn read_figures(&mut self) {
        let floor = &self.visit.floor;
        if self.reading.is_none() && floor.figures.are_due() {
            let inside = floor.clone();
            let read = web::block(move || inside.figures.read(&inside, clock::now()));
            // that they cannot be read is told in the log by whoever needs them
            self.reading = Some(Box::pin(async move { drop(read.await) }));
        }
        if let Some(reading) = &mut self.reading
            && actix_web::rt::time::timeout(LOOK, reading).await.is_ok()
        {
            self.reading = None;
        }
    }

    /// Adds what changed since the last time.
    fn changes(&mut self, text: &mut String) {
        let floor = self.visit.floor.clone();
        let version = floor.board.version();
        let figure = floor.figures.newest();
        let same = self.figure.as_ref().map(Arc::as_ptr) == figure.as_ref().map(Arc::as_ptr);
        if self.version == Some(version) && same {
            return;
        }
        let around = figure.as_ref().map(|figure| around(&floor, figure, &self.sight));
        let above = (0..).zip(around.into_iter().flatten());
        for (at, part) in above.chain((AROUND..).zip(tiles(&floor, &self.sight))) {
            if !part.is_empty() && self.sent.get(&at) != Some(&part) {
                text.push_str(&event("part", &part));
                self.sent.insert(at, part);
            }
        }
        self.version = Some(version);
        self.figure = figure;
    }
}

/// The stream of one page.
struct Feed {
    next: Next,
}

impl MessageBody for Feed {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match self.next.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.next = Box::pin(std::future::ready(None));
                Poll::Ready(None)
            }
            Poll::Ready(Some((bytes, watch))) => {
                self.next = Box::pin(watch.next());
                Poll::Ready(Some(Ok(bytes)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_part_is_lost_or_taken_for_another_field() {
        assert_eq!(
            event("part", "<p>\nevent: go\n</p>"),
            "event: part\ndata: <p>\ndata: event: go\ndata: </p>\n\n"
        );
        assert_eq!(event("beat", "12:00:00"), "event: beat\ndata: 12:00:00\n\n");
    }

    #[test]
    fn seats_are_bounded_and_given_back() {
        let watchers = web::Data::new(Watchers::default());
        let seats: Vec<Seat> = (0..MOST).filter_map(|_| Seat::take(watchers.clone())).collect();
        assert_eq!(seats.len(), MOST);
        assert!(Seat::take(watchers.clone()).is_none());
        drop(seats);
        assert!(Seat::take(watchers).is_some());
    }
}
