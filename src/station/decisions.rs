//! What an engineer decides about a run: go on, give up, put aside, destroy. The consequences in the cloud
//! are queued in the same transaction.

use crate::domain::code::{Code, Coded};
use crate::domain::person::Actor;
use crate::domain::reason::{NoReason, Reason};
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::station::authority::{Authority, Engineering, Operating};
use crate::station::slots::Floor;
use crate::station::{clock, enrollment, refusals};
use crate::store::Store;
use crate::store::runs;
use crate::store::runs::decide::{self, DecideError, Decision};

/// Destroys the unit of a run that did not pass, as an operator may.
pub fn scrap_at_the_line(store: &Store, who: &Operating, now: UtcTime, run: u64) -> Result<(), DecideError> {
    carry_out(store, who.actor(), now, run, Decision::Scrap, "scrapped at the line")
}

/// Why a decision is not carried out at a serving station.
#[derive(Debug, thiserror::Error)]
pub enum NotDecided {
    /// A slot is at it.
    #[error("run {run} is under way in a slot")]
    UnderWay {
        /// Which.
        run: u64,
    },
    /// Nobody said why.
    #[error(transparent)]
    Reason(#[from] NoReason),
    /// It does not fit.
    #[error(transparent)]
    Decide(#[from] DecideError),
}

impl Coded for NotDecided {
    fn code(&self) -> Code {
        match self {
            NotDecided::UnderWay { run: _ } => Code::RunUnderWay,
            NotDecided::Reason(error) => error.code(),
            NotDecided::Decide(error) => error.code(),
        }
    }
}

/// Decides about a run, with the reason that stands in the records.
pub fn decide(
    store: &Store,
    engineer: &Engineering,
    now: UtcTime,
    run: u64,
    decision: Decision,
    reason: &str,
) -> Result<(), DecideError> {
    carry_out(store, engineer.actor(), now, run, decision, reason)
}

fn carry_out(
    store: &Store,
    actor: &Actor,
    now: UtcTime,
    run: u64,
    decision: Decision,
    reason: &str,
) -> Result<(), DecideError> {
    store.change(actor, now, |change| {
        let had_passed = runs::get(change, run)?
            .and_then(|run| run.ending)
            .is_some_and(|ending| ending.verdict == Verdict::Pass);
        let accounted = decide::decide(change, run, decision, reason)?;
        match decision {
            Decision::Resume => {}
            Decision::Supersede | Decision::Quarantine | Decision::Scrap => {
                enrollment::disable_what_is_live(change, &accounted, run, had_passed)?;
            }
        }
        Ok(())
    })
}

/// Decides about a run at a serving station, unless a slot is at it. A refusal goes on record.
pub fn decide_beside_the_line(
    floor: &Floor,
    engineer: &Engineering,
    run: u64,
    decision: Decision,
    reason: &str,
) -> Result<(), NotDecided> {
    let now = clock::now();
    let decided = reason.parse::<Reason>().map_err(NotDecided::from).and_then(|reason| {
        if floor.live.is_under_way(run) {
            return Err(NotDecided::UnderWay { run });
        }
        decide(&floor.store, engineer, now, run, decision, reason.as_str()).map_err(NotDecided::from)
    });
    decided.inspect_err(|error| {
        refusals::record(&floor.store, engineer.actor(), now, &format!("{decision:?} of run {run}"), error);
    })
}
