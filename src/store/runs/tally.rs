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
