//! The outbox: what waits for the cloud, what needs somebody, what was sent. One row is in [`row`].

pub mod row;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::code::sentence;
use crate::domain::language::Language;
use crate::domain::reason::Reason;
use crate::station::authority::{Authority, Engineering, Reading};
use crate::station::outbox_decisions::{self as decisions, Which};
use crate::station::{clock, zone::Zone};
use crate::store::error::StoreError;
use crate::store::outbox::{self, Depth, Operation, OutboxRow, OutboxState};
use crate::store::paging;
use crate::store::reader::Reader;
use crate::web::access::{Posted, Visit};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::standing::Standing;
use crate::web::told::{Told, told_of};
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::outbox::OutboxWords;

/// Rows on one page.
const A_PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    frame: Frame,
    t: &'static OutboxWords,
    tabs: Vec<Tab>,
    waiting: u64,
    conflict: u64,
    parked: u64,
    oldest: String,
    next_try: String,
    last_error: Option<Told>,
    may_act: bool,
    /// The state whose rows can all be sent again.
    releasable: Option<&'static str>,
    rows: Vec<RowView>,
    older: Option<String>,
    newest: Option<String>,
}

/// One of the states to look at.
struct Tab {
    address: String,
    word: &'static str,
    count: Option<u64>,
    here: bool,
}

/// One row of the list.
struct RowView {
    id: u64,
    registration_id: String,
    operation: &'static str,
    state: Standing,
    run: Option<u64>,
    attempts: u32,
    next_try: String,
    error: Option<Told>,
}

/// What an operation is called.
pub fn operation_word(operation: Operation, t: &OutboxWords) -> &'static str {
    match operation {
        Operation::Create => t.create,
        Operation::Disable => t.disable,
    }
}

/// The last error of a row, in the page's language.
pub fn error_of(row: &OutboxRow, language: Language) -> Option<Told> {
    let said = sentence(row.last_error.as_ref()?);
    let plain = || Told { sentence: said.clone(), next: String::new(), code: String::new() };
    Some(row.last_code.map_or_else(plain, |code| told_of(code, &said, language)))
}

/// When a row is tried next, if it waits.
pub fn next_try(row: &OutboxRow, zone: &Zone, t: &OutboxWords) -> String {
    match row.state {
        OutboxState::Waiting if row.next_try <= clock::now() => t.at_once.to_owned(),
        OutboxState::Waiting => zone.date_and_time(row.next_try),
        OutboxState::Conflict | OutboxState::Parked | OutboxState::Sent | OutboxState::Cancelled => {
            String::new()
        }
    }
}

/// What is asked of the list.
#[derive(Deserialize)]
pub struct Asked {
    state: Option<String>,
    before: Option<u64>,
}

struct Seen {
    rows: Vec<OutboxRow>,
    depth: Depth,
    next: Option<crate::domain::utc_time::UtcTime>,
    trouble: Option<OutboxRow>,
}

fn look(r: &Reader<'_>, state: Option<OutboxState>, before: Option<u64>) -> Result<Seen, StoreError> {
    Ok(Seen {
        rows: outbox::list(r, state, A_PAGE + 1, before)?,
        depth: outbox::depth(r)?,
        next: outbox::next_due(r)?,
        trouble: outbox::last_trouble(r)?,
    })
}

/// `GET /outbox`
pub async fn page(visit: Visit<Reading>, asked: web::Query<Asked>) -> Result<HttpResponse, Trouble> {
    let t = OutboxWords::of(visit.language);
    let state = asked.state.as_deref().and_then(|word| word.parse::<OutboxState>().ok());
    let before = asked.before;
    let Seen { mut rows, depth, next, trouble } = visit.read(move |r| look(r, state, before)).await?;
    let more = paging::cut(&mut rows, A_PAGE);
    let address = |state: Option<OutboxState>| match state {
        Some(state) => format!("/outbox?state={state}"),
        None => "/outbox".to_owned(),
    };
    let here = address(state);
    let joint = if state.is_some() { '&' } else { '?' };
    let older = rows.last().filter(|_| more).map(|row| format!("{here}{joint}before={}", row.id));
    let count = |state| match state {
        OutboxState::Waiting => Some(depth.waiting),
        OutboxState::Conflict => Some(depth.conflict),
        OutboxState::Parked => Some(depth.parked),
        OutboxState::Sent | OutboxState::Cancelled => None,
    };
    let mut tabs = vec![Tab { address: address(None), word: t.all, count: None, here: state.is_none() }];
    tabs.extend(OutboxState::ALL.map(|each| Tab {
        address: address(Some(each)),
        word: Standing::of_operation(each, t).word,
        count: count(each),
        here: state == Some(each),
    }));
    let zone = visit.zone();
    let may_act = Engineering::of(&visit.person).is_some();
    let stuck = matches!(state, Some(OutboxState::Conflict | OutboxState::Parked));
    Ok(show(&OutboxPage {
        tabs,
        waiting: depth.waiting,
        conflict: depth.conflict,
        parked: depth.parked,
        oldest: depth.oldest.map_or_else(|| t.nothing.to_owned(), |at| zone.date_and_time(at)),
        next_try: match next {
            Some(at) if at > clock::now() => zone.date_and_time(at),
            Some(_) => t.at_once.to_owned(),
            None => t.nothing.to_owned(),
        },
        last_error: trouble.and_then(|row| error_of(&row, visit.language)),
        may_act,
        releasable: state.filter(|_| may_act && stuck && !rows.is_empty()).map(OutboxState::as_str),
        rows: rows
            .iter()
            .map(|row| RowView {
                id: row.id,
                registration_id: row.registration_id.to_string(),
                operation: operation_word(row.operation, t),
                state: Standing::of_operation(row.state, t),
                run: row.run,
                attempts: row.attempts,
                next_try: next_try(row, zone, t),
                error: error_of(row, visit.language),
            })
            .collect(),
        older,
        newest: before.map(|_| here),
        frame: visit.frame(Place::Outbox),
        t,
    }))
}

/// A form that carries nothing but its token.
#[derive(Deserialize)]
pub struct Bare {}

/// `POST /outbox/send-now`
pub async fn send_now(posted: Posted<Engineering, Bare>) -> Result<HttpResponse, Trouble> {
    let visit = posted.visit;
    let sent = visit.act(|floor, who| decisions::send_now(floor, who, clock::now())).await?;
    Ok(match sent {
        Ok(count) => {
            let t = OutboxWords::of(visit.language);
            visit.done("/outbox", fill(t.hastened, &[("count", &count.to_string())]))
        }
        Err(error) => visit.refused("/outbox", &error),
    })
}

/// All rows of a state are to be sent again.
#[derive(Deserialize)]
pub struct ReleaseAll {
    state: String,
    reason: String,
}

/// `POST /outbox/release`
pub async fn release_all(posted: Posted<Engineering, ReleaseAll>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let Ok(state) = form.state.parse::<OutboxState>() else {
        return Err(Trouble::not_found(visit.language));
    };
    let place = format!("/outbox?state={state}");
    let reason: Reason = match form.reason.parse() {
        Ok(reason) => reason,
        Err(error) => return Ok(visit.refused(&place, &error)),
    };
    let released = visit
        .act(move |floor, who| decisions::release(floor, who, clock::now(), Which::In(state), &reason))
        .await?;
    Ok(match released {
        Ok(count) => {
            let t = OutboxWords::of(visit.language);
            visit.done(&place, fill(t.released, &[("count", &count.to_string())]))
        }
        Err(error) => visit.refused(&place, &error),
    })
}
