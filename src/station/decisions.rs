//! What an engineer decides about a run: go on, give up, put aside, destroy. The consequences in the cloud
//! are queued in the same transaction.

use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::station::authority::{Authority, Operating};
use crate::station::enrollment;
use crate::store::Store;
use crate::store::runs;
use crate::store::runs::decide::{self, DecideError, Decision};

/// Destroys the unit of a run that did not pass, as an operator may.
pub fn scrap_at_the_line(store: &Store, who: &Operating, now: UtcTime, run: u64) -> Result<(), DecideError> {
    decide(store, who.actor(), now, run, Decision::Scrap, "scrapped at the line")
}

/// Decides about a run, with the reason that stands in the records.
pub fn decide(
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
