//! `/events`: the parts of the Line page as server-sent events (WHATWG HTML, "Server-sent events"). Everything is
//! sent at the beginning, then what changed; a beat tells the page that it is live.

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
use crate::web::line::parts::{Sight, parts};
use crate::web::line::sight;
use crate::web::trouble::Trouble;

/// So many pages watch at once.
const MOST: usize = 64;
/// How often a page that is watched looks for changes.
const LOOK: Duration = Duration::from_millis(200);
/// How often it is told that it is live.
const BEAT: Duration = Duration::from_secs(5);

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
        sent: HashMap::new(),
        beat: None,
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
    /// The parts as they were sent last, by their place on the page.
    sent: HashMap<usize, String>,
    beat: Option<Instant>,
    over: bool,
    _seat: Seat,
}

type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Watch)>>>>;

impl Watch {
    /// Waits until there is something to send; nothing more comes after `None`.
    async fn next(mut self) -> Option<(Bytes, Watch)> {
        loop {
            if self.over || self.visit.floor.stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut text = String::new();
            if self.beat.is_none_or(|beat| beat.elapsed() >= BEAT) {
                let place = match self.visit.lasts() {
                    None => Some("/login"),
                    // the page locks, or somebody logged in again beside it
                    Some(locked) => (locked != self.visit.locked).then_some("/"),
                };
                if let Some(place) = place {
                    self.over = true;
                    return Some((Bytes::from(event("go", place)), self));
                }
                self.beat = Some(Instant::now());
                text.push_str(&event("beat", &self.visit.zone().time_of_day(clock::now())));
            }
            self.changes(&mut text).await;
            if !text.is_empty() {
                return Some((Bytes::from(text), self));
            }
            actix_web::rt::time::sleep(LOOK).await;
        }
    }

    /// Adds what changed since the last time.
    async fn changes(&mut self, text: &mut String) {
        let floor = self.visit.floor.clone();
        let version = floor.board.version();
        let figure = match floor.figures.fresh() {
            Some(figure) => figure,
            None => {
                let inside = floor.clone();
                match web::block(move || inside.figures.read(&inside, clock::now())).await {
                    Ok(Ok(figure)) => figure,
                    // the page keeps what it has; that it cannot be read is told in the log by whoever needs it
                    Ok(Err(_)) | Err(_) => return,
                }
            }
        };
        let same = self.figure.as_ref().is_some_and(|last| Arc::ptr_eq(last, &figure));
        if self.version == Some(version) && same {
            return;
        }
        for (at, part) in parts(&floor, &figure, &self.sight).all().enumerate() {
            if self.sent.get(&at) != Some(&part) {
                text.push_str(&event("part", &part));
                self.sent.insert(at, part);
            }
        }
        self.version = Some(version);
        self.figure = Some(figure);
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
