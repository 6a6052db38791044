//! The files of a batch: taken along by whoever may, and taken off the station.

use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::{HttpResponse, web};

use crate::domain::language::Language;
use crate::station::authority::Engineering;
use crate::station::batch::hand_out::{self, CannotTake};
use crate::station::batch::shelf::Taken;
use crate::web::access::{Posted, Visit};
use crate::web::download;
use crate::web::outbox::Bare;
use crate::web::trouble::Trouble;
use crate::web::words::batches::BatchesWords;
use crate::web::words::fill;

/// Bytes in one piece.
const PIECE: usize = 256 * 1024;

/// `GET /batches/{batch}/files/{name}`: only what this batch wrote, and on record if it holds keys.
pub async fn file(
    visit: Visit<Engineering>,
    path: web::Path<(u64, String)>,
) -> Result<HttpResponse, Trouble> {
    let (batch, name) = path.into_inner();
    let wanted = name.clone();
    let taken = visit.act(move |floor, right| hand_out::file(floor, right, batch, &wanted)).await?;
    match taken {
        Ok(Some(taken)) => Ok(download::file(&name, media(&name), Pieces::of(taken))),
        Ok(None) => Err(Trouble::not_found(visit.language)),
        Err(error) => Err(Trouble::of(&error, visit.language)),
    }
}

/// `POST /batches/{batch}/clear`
pub async fn clear(
    batch: web::Path<u64>,
    posted: Posted<Engineering, Bare>,
) -> Result<HttpResponse, Trouble> {
    let (visit, batch) = (posted.visit, batch.into_inner());
    let place = format!("/batches/{batch}");
    let t = BatchesWords::of(visit.language);
    Ok(match visit.act(move |floor, right| hand_out::clear(floor, right, batch)).await? {
        Ok(()) => visit.done(&place, fill(t.taken_away, &[("number", &batch.to_string())])),
        Err(error) => visit.refused(&place, &error),
    })
}

/// The shelf cannot be read.
pub fn unreadable(error: &io::Error, language: Language) -> Trouble {
    let error = CannotTake::Io(io::Error::from(error.kind()));
    Trouble::of(&error, language)
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("csv") => download::CSV,
        Some("json" | "jsonl") => download::JSON,
        _ => "application/octet-stream",
    }
}

/// A file as a body, read beside the server's threads while it is sent.
struct Pieces {
    length: u64,
    next: Next,
}

type Read1 = io::Result<(Box<dyn Read + Send>, Vec<u8>)>;

enum Next {
    Content(Box<dyn Read + Send>),
    Reading(Pin<Box<dyn Future<Output = Read1>>>),
    Over,
}

impl Pieces {
    fn of(taken: Taken) -> Pieces {
        Pieces { length: taken.length, next: Next::Content(taken.content) }
    }
}

fn piece(mut content: Box<dyn Read + Send>) -> Read1 {
    let mut bytes = Vec::with_capacity(PIECE);
    let most = u64::try_from(PIECE).unwrap_or(u64::MAX);
    content.by_ref().take(most).read_to_end(&mut bytes)?;
    Ok((content, bytes))
}

impl MessageBody for Pieces {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        let mut reading: Pin<Box<dyn Future<Output = Read1>>> =
            match std::mem::replace(&mut self.next, Next::Over) {
                Next::Over => return Poll::Ready(None),
                Next::Reading(reading) => reading,
                Next::Content(content) => {
                    Box::pin(
                        async move { web::block(move || piece(content)).await.map_err(io::Error::other)? },
                    )
                }
            };
        match reading.as_mut().poll(context) {
            Poll::Pending => {
                self.next = Next::Reading(reading);
                Poll::Pending
            }
            Poll::Ready(Ok((_, bytes))) if bytes.is_empty() => Poll::Ready(None),
            Poll::Ready(Ok((content, bytes))) => {
                self.next = Next::Content(content);
                Poll::Ready(Some(Ok(bytes.into())))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
        }
    }
}
