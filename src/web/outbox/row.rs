//! One operation of the outbox: what it will send, what stands in its way, and what somebody can decide about it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::{Bare, error_of, next_try, operation_word};
use crate::domain::reason::Reason;
use crate::station::amendment::Draft;
use crate::station::authority::{Administering, Authority, Engineering, Reading};
use crate::station::outbox_decisions::{self as decisions, Undecided, Which};
use crate::station::slots::Floor;
use crate::station::{clock, enrollment_record, outbox_look};
use crate::store::error::StoreError;
use crate::store::outbox::{self, Operation, OutboxRow, OutboxState};
use crate::store::reader::Reader;
use crate::web::access::{Posted, Visit};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::standing::Standing;
use crate::web::told::{Told, told};
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::outbox::OutboxWords;

#[derive(Template)]
#[template(path = "outbox-row.html")]
struct RowPage {
    frame: Frame,
    t: &'static OutboxWords,
    heading: String,
    id: u64,
    registration_id: String,
    operation: &'static str,
    state: Standing,
    run: Option<u64>,
    attempts: u32,
    queued: String,
    sent: String,
    next_try: String,
    held: Option<(u64, String)>,
    error: Option<Told>,
    body: String,
    may_release: bool,
    may_look: bool,
    draft: Option<DraftView>,
    /// Where a form that cancels it goes, and what that means.
    cancel: Option<(&'static str, &'static str)>,
    never_cancelled: bool,
    waits_first: bool,
    at_azure: Option<AtAzure>,
}

struct DraftView {
    fields: Draft,
    reason: String,
    fault: Option<Told>,
}

struct AtAzure {
    record: Option<String>,
}

/// What the page reads in one go.
struct Seen {
    row: OutboxRow,
    held_by: Option<OutboxRow>,
    draft: Option<Draft>,
    keeps_group_out: bool,
}

fn look(r: &Reader<'_>, id: u64) -> Result<Option<Seen>, StoreError> {
    let Some(row) = outbox::get(r, id)? else { return Ok(None) };
    let draft = match row.operation {
        // a row that cannot be read cannot be changed either; it says so itself when it is sent
        Operation::Create => enrollment_record::order(&row)
            .and_then(|order| enrollment_record::enroll_part(r, &order))
            .ok()
            .map(|enroll| Draft::of(&enroll)),
        Operation::Disable => None,
    };
    let keeps_group_out = row.operation == Operation::Disable && decisions::keeps_group_out(r, &row)?;
    Ok(Some(Seen { held_by: outbox::held_by(r, &row)?, draft, keeps_group_out, row }))
}

/// `GET /outbox/{id}`
pub async fn page(visit: Visit<Reading>, id: web::Path<u64>) -> Result<HttpResponse, Trouble> {
    render(&visit, *id, None, None).await
}

/// What was typed and what is wrong with it.
struct Refused {
    fields: Draft,
    reason: String,
    fault: Told,
}

async fn render<A: Authority + Send + Sync>(
    visit: &Visit<A>,
    id: u64,
    refused: Option<Refused>,
    at_azure: Option<AtAzure>,
) -> Result<HttpResponse, Trouble> {
    let t = OutboxWords::of(visit.language);
    let seen = visit.read(move |r| look(r, id)).await?;
    let Some(Seen { row, held_by, draft, keeps_group_out }) = seen else {
        return Err(Trouble::not_found(visit.language));
    };
    let zone = visit.zone();
    let engineer = Engineering::of(&visit.person).is_some();
    let administrator = Administering::of(&visit.person).is_some();
    let stuck = matches!(row.state, OutboxState::Conflict | OutboxState::Parked);
    let open = stuck || row.state == OutboxState::Waiting;
    let was_refused = refused.is_some();
    let draft = draft.filter(|_| engineer && stuck).map(|fields| match refused {
        Some(Refused { fields, reason, fault }) => DraftView { fields, reason, fault: Some(fault) },
        None => DraftView { fields, reason: String::new(), fault: None },
    });
    let cancel = match row.operation {
        Operation::Create => (open && engineer).then_some(("cancel", t.cancel_create_means)),
        Operation::Disable if keeps_group_out => None,
        Operation::Disable => (open && administrator).then_some(("cancel-block", t.cancel_block_means)),
    };
    let time = |at| zone.date_and_time(at);
    let mut response = show(&RowPage {
        heading: fill(t.one, &[("row", &row.id.to_string())]),
        id: row.id,
        registration_id: row.registration_id.to_string(),
        operation: operation_word(row.operation, t),
        state: Standing::of_operation(row.state, t),
        run: row.run,
        attempts: row.attempts,
        queued: time(row.created),
        sent: row.sent.map(time).unwrap_or_default(),
        next_try: next_try(&row, zone, t),
        held: held_by.map(|older| (older.id, fill(t.held, &[("row", &older.id.to_string())]))),
        error: error_of(&row, visit.language),
        body: pretty(&row.body),
        may_release: engineer && stuck,
        may_look: engineer,
        draft,
        cancel,
        never_cancelled: open && keeps_group_out,
        waits_first: engineer && row.state == OutboxState::Waiting && row.operation == Operation::Create,
        at_azure,
        frame: visit.frame(Place::Outbox),
        t,
    });
    if was_refused {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn pretty(body: &str) -> String {
    serde_json::from_str::<Value>(body).map_or_else(|_| body.to_owned(), |value| format!("{value:#}"))
}

/// A decision with its reason.
#[derive(Deserialize)]
pub struct Decided {
    reason: String,
}

/// Takes a decision about a row, and says on its page what came of it.
async fn decide<A: Authority + Send + Sync>(
    visit: Visit<A>,
    id: u64,
    reason: &str,
    done: &'static str,
    work: impl FnOnce(&Floor, &A, &Reason) -> Result<(), Undecided> + Send + 'static,
) -> Result<HttpResponse, Trouble> {
    let place = format!("/outbox/{id}");
    let reason: Reason = match reason.parse() {
        Ok(reason) => reason,
        Err(error) => return Ok(visit.refused(&place, &error)),
    };
    let row = id.to_string();
    Ok(match visit.act(move |floor, who| work(floor, who, &reason)).await? {
        Ok(()) => visit.done(&place, fill(done, &[("row", &row), ("count", "1")])),
        Err(error) => visit.refused(&place, &error),
    })
}

/// `POST /outbox/{id}/release`
pub async fn release(
    posted: Posted<Engineering, Decided>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let (id, t) = (*id, OutboxWords::of(visit.language));
    decide(visit, id, &form.reason, t.released, move |floor, who, reason| {
        decisions::release(floor, who, clock::now(), Which::One(id), reason).map(|_| ())
    })
    .await
}

/// `POST /outbox/{id}/cancel`
pub async fn cancel(
    posted: Posted<Engineering, Decided>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let (id, t) = (*id, OutboxWords::of(visit.language));
    decide(visit, id, &form.reason, t.was_cancelled, move |floor, who, reason| {
        decisions::cancel(floor, who, clock::now(), id, reason)
    })
    .await
}

/// `POST /outbox/{id}/cancel-block`
pub async fn cancel_block(
    posted: Posted<Administering, Decided>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let (id, t) = (*id, OutboxWords::of(visit.language));
    decide(visit, id, &form.reason, t.was_cancelled, move |floor, who, reason| {
        decisions::cancel_block(floor, who, clock::now(), id, reason)
    })
    .await
}

/// What is to be sent instead.
#[derive(Deserialize)]
pub struct Amended {
    allocation: String,
    hubs: String,
    tags: String,
    desired: String,
    reason: String,
}

/// `POST /outbox/{id}/amend`
pub async fn amend(
    posted: Posted<Engineering, Amended>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form: Amended { allocation, hubs, tags, desired, reason } } = posted;
    let (id, t) = (*id, OutboxWords::of(visit.language));
    let fields = Draft { allocation, hubs, tags, desired };
    let done = match reason.parse::<Reason>() {
        Err(error) => Err(told(&error, visit.language)),
        Ok(reason) => {
            let draft = fields.clone();
            let done = visit
                .act(move |floor, who| decisions::amend(floor, who, clock::now(), id, &draft, &reason))
                .await?;
            done.map_err(|error| told(&error, visit.language))
        }
    };
    match done {
        Ok(()) => {
            let said = fill(t.amended, &[("row", &id.to_string())]);
            Ok(visit.done(&format!("/outbox/{id}"), said))
        }
        Err(fault) => render(&visit, id, Some(Refused { fields, reason, fault }), None).await,
    }
}

/// `POST /outbox/{id}/look`
pub async fn look_at_azure(
    posted: Posted<Engineering, Bare>,
    id: web::Path<u64>,
) -> Result<HttpResponse, Trouble> {
    let (visit, id) = (posted.visit, *id);
    let row = visit.read(move |r| outbox::get(r, id)).await?;
    let Some(row) = row else { return Err(Trouble::not_found(visit.language)) };
    let seen = visit
        .act(move |floor, who| outbox_look::look(floor, who, &row.registration_id, clock::now()))
        .await?;
    match seen {
        Ok(record) => {
            let at_azure = AtAzure { record: record.map(|value| format!("{value:#}")) };
            render(&visit, id, None, Some(at_azure)).await
        }
        Err(error) => Ok(visit.refused(&format!("/outbox/{id}"), &error)),
    }
}
