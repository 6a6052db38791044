//! Failures on their way into the audit log: the first of its kind at once, what follows within a minute as one
//! number.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::utc_time::UtcTime;

/// Failures of one kind within this time are one entry.
const WINDOW: Duration = Duration::from_secs(60);
/// Kinds counted apart; what comes beyond is counted as one.
const KINDS: usize = 100;
/// What further kinds are counted under.
const OTHERS: &str = "(others)";

/// Counts failures that are to be written down.
#[derive(Default)]
pub struct Failures(Mutex<HashMap<String, Count>>);

struct Count {
    since: UtcTime,
    times: u64,
    told: u64,
}

/// What is to be written down: a kind, and how often.
pub type Told = (String, u64);

impl Failures {
    /// Counts one. What is to be written down now, if anything.
    pub fn count(&self, kind: &str, now: UtcTime) -> Option<Told> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.contains_key(kind) || counts.len() < KINDS;
        let kind = if known { kind } else { OTHERS };
        let count = counts.entry(kind.to_owned()).or_insert(Count { since: now, times: 0, told: 0 });
        if now.since(count.since) >= WINDOW {
            let untold = count.times - count.told;
            *count = Count { since: now, times: 1, told: 1 };
            return Some((kind.to_owned(), untold + 1));
        }
        count.times += 1;
        if count.told > 0 {
            return None;
        }
        count.told = 1;
        Some((kind.to_owned(), 1))
    }

    /// What nobody has written down yet of kinds whose minute is over; it is forgotten here.
    pub fn untold(&self, now: UtcTime) -> Vec<Told> {
        self.forget(|count| now.since(count.since) >= WINDOW)
    }

    /// All that nobody has written down yet, when the station ends.
    pub fn last_untold(&self) -> Vec<Told> {
        self.forget(|_| true)
    }

    fn forget(&self, over: impl Fn(&Count) -> bool) -> Vec<Told> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut untold = Vec::new();
        counts.retain(|kind, count| {
            if !over(count) {
                return true;
            }
            if count.times > count.told {
                untold.push((kind.clone(), count.times - count.told));
            }
            false
        });
        untold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_told_once() {
        let failures = Failures::default();
        let start = UtcTime::from_seconds(1_000_000);
        let told = |(kind, times): (&str, u64)| (kind.to_owned(), times);
        let at_once: Vec<Told> = (0..4).filter_map(|_| failures.count("ada", start)).collect();
        assert_eq!(at_once, [told(("ada", 1))]);
        assert!(failures.untold(start).is_empty());
        assert_eq!(failures.untold(start.plus(WINDOW)), [told(("ada", 3))]);
        assert!(failures.untold(start.plus(WINDOW)).is_empty());
        failures.count("bob", start);
        failures.count("bob", start);
        assert_eq!(failures.count("bob", start.plus(WINDOW)), Some(told(("bob", 2))));
        failures.count("bob", start.plus(WINDOW));
        assert_eq!(failures.last_untold(), [told(("bob", 1))]);
        assert!(failures.last_untold().is_empty());
    }

    #[test]
    fn a_flood_of_kinds_is_bounded() {
        let failures = Failures::default();
        let start = UtcTime::from_seconds(1_000_000);
        let told = (0..1000).filter_map(|n| failures.count(&format!("192.0.2.{n}"), start)).count();
        assert_eq!(told, KINDS + 1);
        let rest: u64 = failures.last_untold().into_iter().map(|(_, times)| times).sum();
        assert_eq!(told as u64 + rest, 1000);
    }
}
