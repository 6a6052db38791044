//! What people decide about operations in the outbox, each with a reason on record. An operation that blocks a
//! credential DPS would let in through a group is never cancelled: nothing else keeps that credential out.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

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
use crate::store::Store;
use crate::store::change::Change;
use crate::store::error::StoreError;
use crate::store::outbox::decide::{self, RELEASED_AT_ONCE};
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
    /// Some were released before the records refused.
    #[error("{released} operations of the outbox wait again, the others do not: {why}")]
    BrokenOff {
        /// How many.
        released: u64,
        /// Why not all.
        why: StoreError,
    },
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
            Undecided::BrokenOff { released: _, why } => why.code(),
            Undecided::Amendment(error) => error.code(),
            Undecided::Order(error) => error.code(),
            Undecided::Store(StoreError::Conflict { table: "outbox", .. }) => Code::EnrollmentSettled,
            Undecided::Store(error) => error.code(),
        }
    }
}

/// Where operations stand that can be released.
const STUCK: [OutboxState; 2] = [OutboxState::Conflict, OutboxState::Parked];
/// How long others have the records to themselves between two lots of a release.
const BREATH: Duration = Duration::from_millis(2);

/// Which operations are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(u64),
    /// All in this state, which is conflict or parked.
    In(OutboxState),
    /// All that are in conflict or parked.
    All,
}

/// Lets operations that are parked or in conflict be sent again, and the sender look for them. How many.
pub fn release(
    floor: &Floor,
    who: &Engineering,
    now: UtcTime,
    which: Which,
    reason: &Reason,
) -> Result<u64, Undecided> {
    let released = release_in(&floor.store, who, now, which, Some(reason));
    floor.send_now.store(true, Ordering::Relaxed);
    released
}

/// Lets operations that are parked or in conflict wait again. How many. Many are released a lot at a time, each a change
/// of its own, so that the line goes on meanwhile.
///
/// # Errors
/// [`Undecided::BrokenOff`] says how many were released before.
pub fn release_in(
    store: &Store,
    who: &Engineering,
    now: UtcTime,
    which: Which,
    reason: Option<&Reason>,
) -> Result<u64, Undecided> {
    match which {
        Which::One(row) => take(store, who.actor(), now, &format!("release of outbox row {row}"), |change| {
            open_row(change, row, &STUCK)?;
            decide::release(change, row, reason)?;
            Ok(1)
        }),
        Which::In(state) => release_all(store, who, now, &[state], reason),
        Which::All => release_all(store, who, now, &STUCK, reason),
    }
}

fn release_all(
    store: &Store,
    who: &Engineering,
    now: UtcTime,
    states: &[OutboxState],
    reason: Option<&Reason>,
) -> Result<u64, Undecided> {
    let depth = store.read(outbox::depth)?;
    let some_are = |state: &&OutboxState| match state {
        OutboxState::Conflict => depth.conflict > 0,
        OutboxState::Parked => depth.parked > 0,
        OutboxState::Waiting | OutboxState::Sent | OutboxState::Cancelled => false,
    };
    let mut there: Vec<&OutboxState> = states.iter().filter(some_are).collect();
    if there.is_empty() {
        // that there was nothing to release is on record, too
        there.extend(states.first());
    }
    let mut released = 0;
    for state in there {
        // numbers only rise: what is stuck again meanwhile is not released twice
        let mut after = 0;
        loop {
            let lot = store
                .change(who.actor(), now, |change| decide::release_some(change, *state, after, reason))
                .map_err(|why| broken_off(store, who, now, released, why))?;
            released += u64::try_from(lot.len()).unwrap_or(u64::MAX);
            match lot.last() {
                Some(last) if lot.len() == RELEASED_AT_ONCE => after = *last,
                Some(_) | None => break,
            }
            thread::sleep(BREATH);
        }
    }
    Ok(released)
}

fn broken_off(store: &Store, who: &Engineering, now: UtcTime, released: u64, why: StoreError) -> Undecided {
    let error = Undecided::BrokenOff { released, why };
    refusals::record(store, who.actor(), now, "release of all outbox rows", &error);
    error
}

/// Has everything that waits for its next try sent at once, unless Azure asked for patience. How many rows that
/// brings forward.
pub fn send_now(floor: &Floor, who: &Engineering, now: UtcTime) -> Result<u64, Undecided> {
    let hastened =
        take(&floor.store, who.actor(), now, "sending at once", |change| {
            match outbox::patience(change, now)? {
                Some(until) => Err(Undecided::Patience(until)),
                None => Ok(decide::hasten(change)?),
            }
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
    take(&floor.store, who.actor(), now, &format!("change of outbox row {row}"), |change| {
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
    take(&floor.store, who.actor(), now, &format!("cancellation of outbox row {row}"), |change| {
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
    take(&floor.store, who.actor(), now, &format!("cancellation of outbox row {row}"), |change| {
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
        Ok(BlockingOrder { attestation: Attestation::Certificate(_) | Attestation::Certificates { .. } }) => {
        }
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
    store: &Store,
    actor: &Actor,
    now: UtcTime,
    what: &str,
    work: impl FnOnce(&mut Change<'_>) -> Result<T, Undecided>,
) -> Result<T, Undecided> {
    let taken = store.change(actor, now, work);
    if let Err(error) = &taken {
        refusals::record(store, actor, now, what, error);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit_event::AuditEvent;
    use crate::station::testing::Bench;
    use crate::store::audit::log;
    use crate::store::outbox::{Queued, settle};

    fn stuck(bench: &Bench, count: u32, conflict: bool) {
        let queue = |change: &mut Change<'_>| {
            for n in 0..count {
                let registration_id = format!("unit-{conflict}-{n}").parse().unwrap();
                let operation = Operation::Create;
                let row = Queued { registration_id: &registration_id, operation, run: None, body: "{}" };
                let row = outbox::queue(change, &row)?;
                if conflict {
                    settle::conflict(change, row, "other", None)?;
                } else {
                    settle::park(change, row, "400", None)?;
                }
            }
            Ok::<_, StoreError>(())
        };
        bench.store.change(&Actor::Station, crate::station::testing::now(), queue).unwrap();
    }

    /// The counts of the releases on record since this entry.
    fn counts(bench: &Bench, since: u64) -> Vec<u64> {
        let entries = bench.store.read(|r| log::after(r, since, 100_000)).unwrap();
        let events = entries.iter().map(|(_, text)| {
            let entry: crate::domain::audit_entry::AuditEntry = serde_json::from_str(text).unwrap();
            entry.event
        });
        events
            .filter_map(|event| {
                let AuditEvent::EnrollmentRetried { count, reason: _ } = event else { return None };
                Some(count)
            })
            .collect()
    }

    #[test]
    fn a_release_of_all_is_many_small_changes_each_on_record() {
        let bench = Bench::new();
        let who = Engineering::at_the_terminal(Actor::Station);
        let now = crate::station::testing::now();
        let all = |which| release_in(&bench.store, &who, now, which, None).unwrap();
        stuck(&bench, 450, false);
        stuck(&bench, 3, true);
        let since = bench.store.read(log::size).unwrap();
        assert_eq!(all(Which::In(OutboxState::Conflict)), 3);
        assert_eq!(all(Which::All), 450);
        assert_eq!(counts(&bench, since), [3, 200, 200, 50]);
        assert_eq!(bench.store.read(outbox::depth).unwrap().waiting, 453);
        assert_eq!(all(Which::All), 0);
        assert_eq!(counts(&bench, since), [3, 200, 200, 50, 0], "that there was nothing, too");
        let none = release_in(&bench.store, &who, now, Which::One(9999), None);
        assert!(matches!(none, Err(Undecided::Unknown(9999))));
    }
}
