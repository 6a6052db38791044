//! Slows down guessing: after five failures within a minute a name, or everybody together after sixty, must
//! wait. Failures are counted and handed over for the audit log in one entry a name and minute.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::utc_time::UtcTime;

/// Failures are counted over this time.
const WINDOW: Duration = Duration::from_secs(60);
/// Failures of one name within the window.
const A_NAME: u64 = 5;
/// Failures of all names together within the window.
const ALL: u64 = 60;
/// Texts that may be looked up as a badge within the window, though they may be something else.
const LOOKS: u64 = 60;
/// Names counted apart; what comes beyond is counted as one.
const NAMES: usize = 100;
/// What further names are counted under.
const OTHERS: &str = "(others)";

/// Counts failures.
#[derive(Default)]
pub struct Doorkeeper {
    counts: Mutex<HashMap<String, Count>>,
    turn: Mutex<()>,
    looks: Mutex<Option<(UtcTime, u64)>>,
}

struct Count {
    since: UtcTime,
    failures: u64,
    told: u64,
}

impl Doorkeeper {
    /// Waits for one's turn to try: asking, checking and counting are one step, and the memory-hungry hash is
    /// computed once at a time, however many knock together.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this name may try now.
    pub fn admits(&self, name: &str, now: UtcTime) -> bool {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |count: &Count| if now.since(count.since) < WINDOW { count.failures } else { 0 };
        let all: u64 = counts.values().map(recent).sum();
        counts.get(key(&counts, name)).map_or(0, recent) < A_NAME && all < ALL
    }

    /// Whether one more text may be looked up now that may be a badge or something else; counts it.
    pub fn may_look(&self, now: UtcTime) -> bool {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, times) = (*looks).filter(|(since, _)| now.since(*since) < WINDOW).unwrap_or((now, 0));
        *looks = Some((since, times + 1));
        times < LOOKS
    }

    /// Counts a failure. Returns how many are to be written to the audit log now: the first at once.
    pub fn failed(&self, name: &str, now: UtcTime) -> u64 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(&counts, name).to_owned();
        let count = counts.entry(key).or_insert(Count { since: now, failures: 0, told: 0 });
        if now.since(count.since) >= WINDOW {
            let untold = count.failures - count.told;
            *count = Count { since: now, failures: 1, told: 1 };
            return untold + 1;
        }
        count.failures += 1;
        if count.told == 0 {
            count.told = 1;
            return 1;
        }
        0
    }

    /// Names whose window is over with failures nobody has written down yet, and how many; they are
    /// forgotten here.
    pub fn untold(&self, now: UtcTime) -> Vec<(String, u64)> {
        self.forget(|count| now.since(count.since) >= WINDOW)
    }

    /// All names with failures nobody has written down yet, when the station ends.
    pub fn last_untold(&self) -> Vec<(String, u64)> {
        self.forget(|_| true)
    }

    fn forget(&self, over: impl Fn(&Count) -> bool) -> Vec<(String, u64)> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut untold = Vec::new();
        counts.retain(|name, count| {
            if !over(count) {
                return true;
            }
            if count.failures > count.told {
                untold.push((name.clone(), count.failures - count.told));
            }
            false
        });
        untold
    }
}

fn key<'a>(counts: &HashMap<String, Count>, name: &'a str) -> &'a str {
    if counts.contains_key(name) || counts.len() < NAMES { name } else { OTHERS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_close_the_door_for_a_minute() {
        let keeper = Doorkeeper::default();
        let start = UtcTime::from_seconds(1_000_000);
        for n in 0..5 {
            assert!(keeper.admits("ada", start), "{n}");
            keeper.failed("ada", start);
        }
        assert!(!keeper.admits("ada", start));
        assert!(keeper.admits("bob", start));
        assert!(keeper.admits("ada", start.plus(WINDOW)));
    }

    #[test]
    fn every_failure_is_told_once() {
        let keeper = Doorkeeper::default();
        let start = UtcTime::from_seconds(1_000_000);
        let told: u64 = (0..4).map(|_| keeper.failed("ada", start)).sum();
        assert_eq!(told, 1);
        assert!(keeper.untold(start).is_empty());
        assert_eq!(keeper.untold(start.plus(WINDOW)), [("ada".to_owned(), 3)]);
        assert!(keeper.untold(start.plus(WINDOW)).is_empty());
        keeper.failed("bob", start);
        keeper.failed("bob", start);
        assert_eq!(keeper.last_untold(), [("bob".to_owned(), 1)]);
        assert!(keeper.last_untold().is_empty());
    }

    #[test]
    fn only_so_many_texts_are_looked_up_in_a_minute() {
        let keeper = Doorkeeper::default();
        let start = UtcTime::from_seconds(1_000_000);
        let looked = (0..100).filter(|_| keeper.may_look(start)).count();
        assert_eq!(looked, 60);
        assert!(keeper.may_look(start.plus(WINDOW)));
    }

    #[test]
    fn a_flood_of_names_is_bounded() {
        let keeper = Doorkeeper::default();
        let start = UtcTime::from_seconds(1_000_000);
        for n in 0..1000 {
            keeper.failed(&format!("name-{n}"), start);
        }
        assert!(keeper.counts.lock().unwrap().len() <= NAMES + 1);
        assert!(!keeper.admits("ada", start));
    }
}
