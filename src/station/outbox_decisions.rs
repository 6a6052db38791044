//! What people decide about operations in the outbox, each with a reason on record. An operation that blocks a
//! credential DPS would let in through a group is never cancelled: nothing else keeps that credential out.

use std::sync::atomic::Ordering;

use crate::domain::code::{Code, Coded};
use crate::domain::person::Actor;
use crate::domain::product::{EnrollKind, Product};
use crate::domain::reason::Reason;
use crate::domain::utc_time::UtcTime;
use crate::station::amendment::{BadAmendment, Draft};
use crate::station::authority::{Administering, Authority, Engineering};
use crate::station::enrollment::{Attestation, BlockingOrder};
use crate::station::enrollment_record::{self, BadOrder};
use crate::station::refusals;
use crate::station::slots::Floor;
use crate::store::change::Change;
use crate::store::error::StoreError;
use crate::store::outbox::decide::{self, Which};
use crate::store::outbox::{self, Operation, OutboxRow, OutboxState};
use crate::store::reader::Reader;
use crate::store::{recipes, runs};

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Undecided {
    /// There is no such row.
    #[error("the outbox has no row {0}")]
    Unknown(u64),
    /// The row has moved on.
    #[error("outbox row {row} is {state}, so this cannot be done with it")]
    Settled {
        /// Which.
        row: u64,
        /// Where it stands.
        state: OutboxState,
    },
    /// It disables an enrollment.
    #[error("outbox row {0} keeps a withdrawn credential out; only an administrator may cancel it")]
    Blocks(u64),
    /// It keeps out what a group would let in.
    #[error(
        "outbox row {0} is all that keeps a credential out which its group lets in; it is never cancelled"
    )]
    KeepsGroupOut(u64),
    /// Only what makes an enrollment can be changed.
    #[error("outbox row {0} makes no enrollment, so there is nothing to change in it")]
    MakesNothing(u64),
    /// Azure asked for patience.
    #[error("Azure asked to be left alone until {0}")]
    Patience(UtcTime),
    /// The change is not usable.
    #[error(transparent)]
    Amendment(#[from] BadAmendment),
    /// What the row asks for cannot be read.
    #[error(transparent)]
    Order(#[from] BadOrder),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for Undecided {
    fn code(&self) -> Code {
        match self {
            Undecided::Unknown(_) | Undecided::Settled { .. } => Code::EnrollmentSettled,
            Undecided::Blocks(_) => Code::NotAllowed,
            Undecided::KeepsGroupOut(_) | Undecided::MakesNothing(_) => Code::CancelRefused,
            Undecided::Patience(_) => Code::CloudThrottled,
            Undecided::Amendment(error) => error.code(),
            Undecided::Order(error) => error.code(),
            Undecided::Store(StoreError::Conflict { table: "outbox", .. }) => Code::EnrollmentSettled,
            Undecided::Store(error) => error.code(),
        }
    }
}

/// Lets operations that are parked or in conflict be sent again. How many.
pub fn release(
    floor: &Floor,
    who: &Engineering,
    now: UtcTime,
    which: Which,
    reason: &Reason,
) -> Result<u64, Undecided> {
    let what = match which {
        Which::One(row) => format!("release of outbox row {row}"),
        Which::In(state) => format!("release of all outbox rows that are {state}"),
        Which::All => "release of all outbox rows".to_owned(),
    };
    let released = take(floor, who.actor(), now, &what, |change| {
        if let Which::One(row) = which {
            open_row(change, row, &[OutboxState::Conflict, OutboxState::Parked])?;
        }
        Ok(decide::release(change, which, Some(reason))?)
    })?;
    floor.send_now.store(true, Ordering::Relaxed);
    Ok(released)
}

/// Has everything that waits for its next try sent at once, unless Azure asked for patience. How many rows that
/// brings forward.
pub fn send_now(floor: &Floor, who: &Engineering, now: UtcTime) -> Result<u64, Undecided> {
    let hastened =
        take(floor, who.actor(), now, "sending at once", |change| match outbox::patience(change, now)? {
            Some(until) => Err(Undecided::Patience(until)),
            None => Ok(decide::hasten(change)?),
        })?;
    floor.send_now.store(true, Ordering::Relaxed);
    Ok(hastened)
}

/// Changes where a device is sent and what its twin begins with, of an operation that is parked or in conflict.
pub fn amend(
    floor: &Floor,
    who: &Engineering,
    now: UtcTime,
    row: u64,
    draft: &Draft,
    reason: &Reason,
) -> Result<(), Undecided> {
    take(floor, who.actor(), now, &format!("change of outbox row {row}"), |change| {
        let row = open_row(change, row, &[OutboxState::Conflict, OutboxState::Parked])?;
        if row.operation != Operation::Create {
            return Err(Undecided::MakesNothing(row.id));
        }
        let mut order = enrollment_record::order(&row)?;
        let amendment = draft.check()?;
        let text = serde_json::to_string(&amendment).map_err(StoreError::Json)?;
        order.amended = Some(amendment);
        let body = serde_json::to_string(&order).map_err(StoreError::Json)?;
        Ok(decide::amend(change, &row, &body, &text, reason)?)
    })
}

/// Gives up an operation that makes an enrollment: the device keeps its credential and is not let in with it.
pub fn cancel(
    floor: &Floor,
    who: &Engineering,
    now: UtcTime,
    row: u64,
    reason: &Reason,
) -> Result<(), Undecided> {
    take(floor, who.actor(), now, &format!("cancellation of outbox row {row}"), |change| {
        let row = open_row(change, row, &UNSETTLED)?;
        match row.operation {
            Operation::Create => Ok(decide::cancel(change, row.id, reason)?),
            Operation::Disable => Err(Undecided::Blocks(row.id)),
        }
    })
}

/// Gives up an operation that disables an enrollment: whatever stands at Azure goes on letting its credential in.
pub fn cancel_block(
    floor: &Floor,
    who: &Administering,
    now: UtcTime,
    row: u64,
    reason: &Reason,
) -> Result<(), Undecided> {
    take(floor, who.actor(), now, &format!("cancellation of outbox row {row}"), |change| {
        let row = open_row(change, row, &UNSETTLED)?;
        if row.operation == Operation::Disable && keeps_group_out(change, &row)? {
            return Err(Undecided::KeepsGroupOut(row.id));
        }
        Ok(decide::cancel(change, row.id, reason)?)
    })
}

/// Where an operation stands that somebody may still give up.
const UNSETTLED: [OutboxState; 3] = [OutboxState::Waiting, OutboxState::Conflict, OutboxState::Parked];

fn open_row(r: &Reader<'_>, row: u64, states: &[OutboxState]) -> Result<OutboxRow, Undecided> {
    let row = outbox::get(r, row)?.ok_or(Undecided::Unknown(row))?;
    if states.contains(&row.state) {
        return Ok(row);
    }
    Err(Undecided::Settled { row: row.id, state: row.state })
}

/// Whether an operation that disables keeps out a credential that a group at Azure lets in. What cannot be told is
/// taken to.
pub fn keeps_group_out(r: &Reader<'_>, row: &OutboxRow) -> Result<bool, StoreError> {
    match serde_json::from_str(&row.body) {
        Ok(BlockingOrder { attestation: Attestation::Certificate(_) }) => {}
        Ok(BlockingOrder { attestation: Attestation::GroupKey { .. } }) | Err(_) => return Ok(true),
    }
    let run = row.run.map(|run| runs::get(r, run)).transpose()?.flatten();
    let text = match run.and_then(|run| run.product_digest) {
        Some(digest) => recipes::product_text(r, &digest)?,
        None => None,
    };
    let product = text.and_then(|(_, text)| Product::parse(&text).ok());
    Ok(product.is_none_or(|product| product.enroll.kind == EnrollKind::Group))
}

/// Takes a decision in one transaction; a refusal is on record, too.
fn take<T>(
    floor: &Floor,
    actor: &Actor,
    now: UtcTime,
    what: &str,
    work: impl FnOnce(&mut Change<'_>) -> Result<T, Undecided>,
) -> Result<T, Undecided> {
    let taken = floor.store.change(actor, now, work);
    if let Err(error) = &taken {
        refusals::record(&floor.store, actor, now, what, error);
    }
    taken
}
