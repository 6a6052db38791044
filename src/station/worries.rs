//! What the station watches about itself: the disk, the clock, the end of its CA.

use std::time::Duration;

use crate::domain::utc_time::UtcTime;
use crate::station::board::Concern;
use crate::station::clock::{self, BUILT_NOT_BEFORE};
use crate::station::slots::Floor;
use crate::store::audit::log;

/// Less free space than this is a worry, in MiB.
const LEAST_FREE: u64 = 512;
/// So is less than this share of the disk, in percent.
const LEAST_SHARE: u64 = 5;
/// A CA that ends within this many days is a worry.
const CA_DAYS: u64 = 90;
/// Clocks that are set right go back by less than this.
const SLACK: Duration = Duration::from_secs(2);

/// Looks at everything.
pub fn look(floor: &Floor) -> Vec<Concern> {
    // records that cannot be read say so themselves at every turn
    let last = floor.store.read(log::last_entry_at).ok().flatten();
    let now = clock::now(); // later than the entry
    let issuer = floor.keys.current();
    let ca = issuer.and_then(|keys| ends_soon(keys.issuer.not_after(), now));
    let clock = is_behind(now, last).then_some(Concern::Clock);
    [disk(floor), clock, ca].into_iter().flatten().collect()
}

fn disk(floor: &Floor) -> Option<Concern> {
    let room = rustix::fs::statvfs(floor.folder.path()).ok()?;
    little(room.f_bavail.saturating_mul(room.f_frsize), room.f_blocks.saturating_mul(room.f_frsize))
}

/// Whether so many free bytes of so many are too little.
fn little(free: u64, all: u64) -> Option<Concern> {
    let free = free / (1024 * 1024);
    let all = all / (1024 * 1024);
    (free < LEAST_FREE || free.saturating_mul(100) < all.saturating_mul(LEAST_SHARE))
        .then_some(Concern::Disk { free })
}

fn is_behind(now: UtcTime, last: Option<UtcTime>) -> bool {
    now.seconds() < BUILT_NOT_BEFORE || last.is_some_and(|last| now.plus(SLACK) < last)
}

fn ends_soon(not_after: UtcTime, now: UtcTime) -> Option<Concern> {
    let days = whole_days(not_after, now);
    (days < CA_DAYS).then_some(Concern::Ca { days })
}

/// Whole days until a moment; none if it has passed.
pub fn whole_days(until: UtcTime, now: UtcTime) -> u64 {
    until.since(now).as_secs() / (24 * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn little_room_is_a_worry_by_size_and_by_share() {
        assert_eq!(little(600 * MIB, 8_000 * MIB), None);
        assert_eq!(little(511 * MIB, 2_000 * MIB), Some(Concern::Disk { free: 511 }));
        assert_eq!(little(900 * MIB, 20_000 * MIB), Some(Concern::Disk { free: 900 }));
    }

    #[test]
    fn a_clock_before_the_last_entry_or_before_the_program_is_a_worry() {
        let built = UtcTime::from_seconds(BUILT_NOT_BEFORE);
        let later = built.plus(Duration::from_secs(60));
        assert!(!is_behind(later, Some(later)) && !is_behind(later, None));
        assert!(is_behind(built, Some(later)));
        assert!(is_behind(built.minus(Duration::from_secs(1)), None));
    }

    #[test]
    fn a_ca_that_ends_within_ninety_days_is_a_worry() {
        let now = UtcTime::from_seconds(BUILT_NOT_BEFORE);
        let in_days = |days: u64| now.plus(Duration::from_secs(days * 24 * 3600));
        assert_eq!(ends_soon(in_days(90), now), None);
        assert_eq!(ends_soon(in_days(89), now), Some(Concern::Ca { days: 89 }));
        assert_eq!(ends_soon(now, in_days(1)), Some(Concern::Ca { days: 0 }));
    }
}
