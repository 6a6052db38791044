//! How many units the slots finished in a span of time, and how many of them passed.

use crate::domain::utc_time::UtcTime;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// The units of a span of time. A unit that was run several times is one unit; one that never said who it is counts
/// by its runs. What was skipped is not ours and does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Units with a verdict.
    pub finished: u64,
    /// Units that passed.
    pub passed: u64,
    /// Units that passed in their first run of the span.
    pub passed_at_once: u64,
}

/// The units that the slots finished from `from` until before `until`.
pub fn tally(reader: &Reader<'_>, from: UtcTime, until: UtcTime) -> Result<Tally, StoreError> {
    // the lowest run of a unit decides about its first pass: even is PASS
    let known = "SELECT count(*) AS finished, coalesce(sum(passed), 0) AS passed, \
                 coalesce(sum(first % 2 = 0), 0) AS at_once FROM ( \
                     SELECT max(verdict = 'PASS') AS passed, min(id * 2 + (verdict <> 'PASS')) AS first FROM run \
                     WHERE finished >= ?1 AND finished < ?2 AND slot IS NOT NULL AND device IS NOT NULL \
                     AND verdict <> 'SKIPPED' GROUP BY device)";
    let span = [from.millis(), until.millis()];
    let tally = reader.row("run", known, span, |columns| {
        Ok(Tally {
            finished: columns.number("finished")?,
            passed: columns.number("passed")?,
            passed_at_once: columns.number("at_once")?,
        })
    })?;
    let unknown = "SELECT count(*) FROM run WHERE finished >= ?1 AND finished < ?2 AND slot IS NOT NULL \
                   AND device IS NULL AND verdict <> 'SKIPPED'";
    let unknown = reader.count(unknown, span)?;
    let tally = tally.unwrap_or_default();
    Ok(Tally { finished: tally.finished + unknown, ..tally })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::Name;
    use crate::domain::stage::Stage;
    use crate::domain::verdict::Verdict;
    use crate::store::runs::finish::{Failure, record_failure};
    use crate::store::testing::{Bench, actor, at};

    #[test]
    fn units_that_never_said_who_they_are_count_by_their_runs_and_skipped_ones_not_at_all() {
        let bench = Bench::with_order();
        let slot: Name = "slot-1".parse().unwrap();
        for (n, verdict) in
            [(5, Verdict::Fail), (6, Verdict::Fail), (7, Verdict::Skipped), (9, Verdict::Fail)]
        {
            let failure = Failure {
                steps: None,
                product: None,
                product_digest: None,
                work_order: None,
                slot: Some(&slot),
                serial: None,
                person: "ada",
                started: at(n),
                verdict,
                stage: Stage::Identify,
                code: None,
                message: "",
            };
            bench.store.change(&actor(), at(n), |change| record_failure(change, &failure)).unwrap();
        }
        let counted = |from, until| bench.store.read(|r| tally(r, at(from), at(until))).unwrap();
        assert_eq!(counted(0, 9), Tally { finished: 2, passed: 0, passed_at_once: 0 });
        assert_eq!(counted(9, 10).finished, 1, "the end of a span is not in it");
        assert_eq!(counted(10, 20), Tally::default());
    }
}
