//! A file that comes in: whoever sends it and the form's token are looked at before a byte of it is taken up.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, LOCATION};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use futures_util::TryStreamExt;
use subtle::ConstantTimeEq;

use crate::domain::language::Language;
use crate::station::authority::Engineering;
use crate::station::batch::desk::BatchDesk;
use crate::station::batch::desk::ask::Ask;
use crate::station::batch::upload::{Incoming, LARGEST_MIB, UploadRefused, Uploaded};
use crate::web::access::{Visit, go_to, record_refused};
use crate::web::batches::asking;
use crate::web::told::{Told, told};
use crate::web::trouble::{Trouble, asks_for_a_part};
use crate::web::words::batches::BatchesWords;
use crate::web::words::common::FrameWords;

/// Where what is refused is told.
const PLACE: &str = "/batches";
/// The most fields before the file.
const FIELDS: usize = 16;
/// The longest of them, in bytes.
const LONGEST_FIELD: usize = 64 * 1024;
/// What a form may have beside the file, in bytes; more than all fields together.
const OTHER_FIELDS: u64 = 2 * 1024 * 1024;
/// How long a sender may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much is gathered before it is written, in bytes.
const PIECE: usize = 256 * 1024;
/// For how long a file that is refused is read on, so that its sender hears why.
const READ_OUT: Duration = Duration::from_secs(10);

/// Why a file was not taken.
enum NotTaken {
    /// The form is not of this session.
    TooOld,
    /// It was refused, which its sender is told on the page.
    Refused(Told),
    /// The station's threads are at their end.
    Busy,
    /// The connection broke off; nobody is told.
    Broken,
}

/// `POST /batches/upload`: the fields of the form, the token first and the file last.
pub async fn upload(
    visit: Result<Visit<Engineering>, Trouble>,
    request: HttpRequest,
    mut parts: Multipart,
) -> Result<HttpResponse, Trouble> {
    let visit = visit.inspect_err(|trouble| record_refused(&request, trouble))?;
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let taken = take_in(&visit, &mut parts, length.unwrap_or(0)).await;
    if !matches!(taken, Ok(_) | Err(NotTaken::Broken)) {
        read_out(&mut parts).await;
    }
    let answer = match taken {
        Ok(job) => go_to(&format!("/batches/jobs/{job}")),
        Err(NotTaken::Refused(told)) => visit.refused_with(PLACE, told),
        Err(NotTaken::TooOld) => return Err(Trouble::too_old(visit.language)),
        Err(NotTaken::Busy) => return Err(Trouble::busy(visit.language)),
        Err(NotTaken::Broken) => {
            let said = BatchesWords::of(visit.language).upload_failed;
            return Err(Trouble::plain(StatusCode::BAD_REQUEST, said, visit.language));
        }
    };
    Ok(for_a_script(&request, answer))
}

/// A script that sends a file follows no redirection, for it would take away what the next page is to say.
fn for_a_script(request: &HttpRequest, answer: HttpResponse) -> HttpResponse {
    match answer.headers().get(LOCATION) {
        Some(place) if asks_for_a_part(request) => {
            HttpResponse::Ok().insert_header(("HX-Redirect", place.clone())).finish()
        }
        _ => answer,
    }
}

/// Takes a file up that comes in a form of so many bytes, if its sender said how many.
async fn take_in(visit: &Visit<Engineering>, parts: &mut Multipart, length: u64) -> Result<String, NotTaken> {
    let refused = |told: Told| NotTaken::Refused(told);
    let first = next(parts).await?.ok_or(NotTaken::TooOld)?;
    if first.name() != Some("csrf") {
        return Err(NotTaken::TooOld);
    }
    let token = text(first).await?;
    if !bool::from(token.as_bytes().ct_eq(visit.csrf.as_bytes())) {
        return Err(NotTaken::TooOld);
    }
    if length > LARGEST_MIB * 1024 * 1024 + OTHER_FIELDS {
        return Err(refused(told(&UploadRefused::TooLarge, visit.language)));
    }
    let mut fields = BTreeMap::new();
    while let Some(field) = next(parts).await? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let given = field.content_disposition().and_then(|said| said.get_filename()).unwrap_or_default();
            let given = given.to_owned();
            if given.is_empty() {
                return Err(refused(plainly(BatchesWords::of(visit.language).no_file)));
            }
            let ask = asking::of_upload(&fields).map_err(|error| refused(told(&error, visit.language)))?;
            return keep(visit, ask, &given, field).await;
        }
        if fields.len() >= FIELDS {
            return Err(NotTaken::Broken);
        }
        fields.insert(name, text(field).await?);
    }
    Err(refused(plainly(FrameWords::of(visit.language).too_old)))
}

/// Writes the file down and has it looked through.
async fn keep(visit: &Visit<Engineering>, ask: Ask, given: &str, field: Field) -> Result<String, NotTaken> {
    let language = visit.language;
    let refused = |error| NotTaken::Refused(told(&error, language));
    let desk = &visit.floor.batches;
    let turn = desk.turn().map_err(refused)?;
    let (folder, given) = (visit.floor.folder.clone(), given.to_owned());
    let incoming = web::block(move || BatchDesk::incoming(&folder, &given)).await;
    let incoming = incoming.map_err(|_| NotTaken::Busy)?.map_err(refused)?;
    let uploaded = write(incoming, field, language).await?;
    let name = desk.look_through(&visit.floor, &visit.authority, ask, uploaded).map_err(refused)?;
    drop(turn);
    Ok(name)
}

async fn write(mut incoming: Incoming, mut field: Field, language: Language) -> Result<Uploaded, NotTaken> {
    let mut piece: Vec<u8> = Vec::with_capacity(PIECE);
    loop {
        let more = within(field.try_next()).await?.map_err(|_| NotTaken::Broken)?;
        if let Some(more) = &more {
            piece.extend_from_slice(more);
        }
        let is_over = more.is_none();
        if piece.len() < PIECE && !is_over {
            continue;
        }
        let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE));
        let written = web::block(move || incoming.take(&full).map(|()| incoming)).await;
        incoming = written
            .map_err(|_| NotTaken::Busy)?
            .map_err(|error| NotTaken::Refused(told(&error, language)))?;
        if is_over {
            let kept = web::block(move || incoming.finish()).await.map_err(|_| NotTaken::Busy)?;
            return kept.map_err(|error| NotTaken::Refused(told(&error, language)));
        }
    }
}

/// The next field, if there is one.
async fn next(parts: &mut Multipart) -> Result<Option<Field>, NotTaken> {
    within(parts.try_next()).await?.map_err(|_| NotTaken::Broken)
}

/// The text of a short field.
async fn text(mut field: Field) -> Result<String, NotTaken> {
    let bytes = within(field.bytes(LONGEST_FIELD)).await?;
    let bytes = bytes.map_err(|_| NotTaken::Broken)?.map_err(|_| NotTaken::Broken)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| NotTaken::Broken)
}

/// What comes in time.
async fn within<T>(coming: impl Future<Output = T>) -> Result<T, NotTaken> {
    rt::time::timeout(PATIENCE, coming).await.map_err(|_| NotTaken::Broken)
}

/// Reads on for a while, so that whoever still sends gets to hear the answer.
async fn read_out(parts: &mut Multipart) {
    let rest = async { while let Ok(Some(_)) = parts.try_next().await {} };
    // whoever sends for longer than that hears nothing
    let _ = rt::time::timeout(READ_OUT, rest).await;
}

fn plainly(sentence: &str) -> Told {
    Told { sentence: sentence.to_owned(), next: String::new(), code: String::new() }
}
