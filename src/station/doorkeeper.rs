//! Slows down guessing. What is guessed at (a name, the badges, the passphrase) has a door at each address: five
//! failures within a minute close it for the rest of that minute, and it alone. Ceilings far above that stand against
//! guessing from many addresses at once. Behind a reverse proxy everybody comes from one address, so that there
//! somebody's guesses close a door for the others, too.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;

/// Failures are counted over this time.
const WINDOW: Duration = Duration::from_secs(60);
/// Failures at one door from one address within the window.
const AT_A_DOOR: u64 = 5;
/// Failures at one door from all addresses together.
const AT_A_DOOR_FROM_ALL: u64 = 30;
/// Failures at all doors from one address.
const FROM_AN_ADDRESS: u64 = 30;
/// Failures at all doors from all addresses.
const ALL: u64 = 300;
/// Texts that may be looked up as a badge for one address within the window, though they may be something else.
const LOOKS: u64 = 60;
/// Counts at most; those of one window are fewer, for each failure adds three and [`ALL`] bounds the failures.
const MOST: usize = 2000;

/// What is counted. What was typed is hostile, so only its digest is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    Here(Digest),
    Door(Digest),
    Address(Digest),
    Looks(Digest),
    All,
}

#[derive(Clone, Copy)]
struct Count {
    since: UtcTime,
    times: u64,
}

/// Counts failures.
#[derive(Default)]
pub struct Doorkeeper {
    counts: Mutex<HashMap<Counted, Count>>,
    turn: Mutex<()>,
}

impl Doorkeeper {
    /// Waits for one's turn to try: asking, checking and counting are one step, and the memory-hungry hash is
    /// computed once at a time, however many knock together.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody at this address may try this door now.
    pub fn admits(&self, door: &str, from: &str, now: UtcTime) -> bool {
        let counts = self.counts();
        places(door, from).into_iter().all(|(counted, most)| times(&counts, counted, now) < most)
    }

    /// Counts a failure of somebody who was admitted. One that was not is not counted: whoever goes on knocking at a
    /// closed door closes no other.
    pub fn failed(&self, door: &str, from: &str, now: UtcTime) {
        let mut counts = self.counts();
        for (counted, _) in places(door, from) {
            add(&mut counts, counted, now);
        }
    }

    /// Whether one more text from this address may be looked up now that may be a badge or something else; counts it.
    pub fn may_look(&self, from: &str, now: UtcTime) -> bool {
        let mut counts = self.counts();
        let looks = Counted::Looks(Digest::of(from.as_bytes()));
        let may = times(&counts, looks, now) < LOOKS;
        may && add(&mut counts, looks, now)
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Counted, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that a failure counts for, and how often it may.
fn places(door: &str, from: &str) -> [(Counted, u64); 4] {
    // no address holds a line feed
    let here = Digest::of(format!("{from}\n{door}").as_bytes());
    [
        (Counted::Here(here), AT_A_DOOR),
        (Counted::Door(Digest::of(door.as_bytes())), AT_A_DOOR_FROM_ALL),
        (Counted::Address(Digest::of(from.as_bytes())), FROM_AN_ADDRESS),
        (Counted::All, ALL),
    ]
}

fn times(counts: &HashMap<Counted, Count>, counted: Counted, now: UtcTime) -> u64 {
    counts.get(&counted).filter(|count| now.since(count.since) < WINDOW).map_or(0, |count| count.times)
}

/// Counts one more; `false` if there is no room left for it.
fn add(counts: &mut HashMap<Counted, Count>, counted: Counted, now: UtcTime) -> bool {
    if counts.len() >= MOST && !counts.contains_key(&counted) {
        counts.retain(|_, count| now.since(count.since) < WINDOW);
        if counts.len() >= MOST {
            return false;
        }
    }
    let count = counts.entry(counted).or_insert(Count { since: now, times: 0 });
    if now.since(count.since) >= WINDOW {
        *count = Count { since: now, times: 0 };
    }
    count.times += 1;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> UtcTime {
        UtcTime::from_seconds(1_000_000)
    }

    /// Tries so often; how often it was let try.
    fn tries(keeper: &Doorkeeper, door: &str, from: &str, times: u64) -> u64 {
        let mut admitted = 0;
        for _ in 0..times {
            if keeper.admits(door, from, start()) {
                admitted += 1;
                keeper.failed(door, from, start());
            }
        }
        admitted
    }

    #[test]
    fn five_failures_close_the_door_at_that_address_for_a_minute() {
        let keeper = Doorkeeper::default();
        assert_eq!(tries(&keeper, "ada", "192.0.2.7", 100), 5);
        assert!(keeper.admits("bob", "192.0.2.7", start()));
        assert!(keeper.admits("ada", "192.0.2.8", start()), "one address shuts nobody else out");
        assert!(keeper.admits("ada", "192.0.2.7", start().plus(WINDOW)));
    }

    #[test]
    fn guessing_from_many_addresses_meets_a_ceiling() {
        let keeper = Doorkeeper::default();
        let all: u64 = (0..50).map(|n| tries(&keeper, "ada", &format!("192.0.2.{n}"), 100)).sum();
        assert_eq!(all, 30);
        assert!(keeper.admits("bob", "192.0.2.99", start()));
        assert!(keeper.admits("ada", "192.0.2.99", start().plus(WINDOW)));
    }

    #[test]
    fn trying_one_name_after_the_other_does_not_help() {
        let keeper = Doorkeeper::default();
        let one: u64 = (0..100).map(|n| tries(&keeper, &format!("name-{n}"), "192.0.2.7", 1)).sum();
        assert_eq!(one, 30);
        assert!(keeper.admits("ada", "192.0.2.8", start()));
        let all: u64 = (0..10_000)
            .map(|n| tries(&keeper, &format!("name-{n}"), &format!("2001:db8:0:{:x}", n / 10), 1))
            .sum();
        assert_eq!(one + all, 300);
        assert!(keeper.counts.lock().unwrap().len() < MOST);
    }

    #[test]
    fn only_so_many_texts_are_looked_up_in_a_minute() {
        let keeper = Doorkeeper::default();
        let looked = (0..100).filter(|_| keeper.may_look("192.0.2.7", start())).count();
        assert_eq!(looked, 60);
        assert!(keeper.may_look("192.0.2.8", start()), "each desk has looks of its own");
        assert!(keeper.may_look("192.0.2.7", start().plus(WINDOW)));
    }
}
