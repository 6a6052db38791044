//! When to send again: exponential with jitter, never before the server's own wish. Pure, so that the
//! outbox can keep the result in the row.

use std::time::Duration;

use super::retry_after::LONGEST_WAIT;
use crate::domain::utc_time::UtcTime;

/// The shortest wait.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// The longest wait of our own; a server may ask for more, up to [`LONGEST_WAIT`].
pub const LONGEST: Duration = Duration::from_secs(15 * 60);

/// When a row is tried next. `attempts` counts the tries that failed so far; `jitter` is a random number
/// over its whole range, which spreads rows that failed together. The wait lies between half and the whole
/// of 2^attempts seconds within 1 s to 15 min; what the server asked for (at most 24 h) is a lower bound.
pub fn next_try(attempts: u32, now: UtcTime, server_asked: Option<Duration>, jitter: u32) -> UtcTime {
    let whole = 2u64.checked_pow(attempts).map_or(LONGEST, Duration::from_secs).clamp(SHORTEST, LONGEST);
    let spread = portion(whole / 2, jitter);
    let ours = (whole / 2 + spread).max(SHORTEST);
    let asked = server_asked.map(|asked| {
        let asked = asked.min(LONGEST_WAIT);
        // everybody was told the same moment: do not all come back in it
        asked + portion(asked / 4, jitter).min(LONGEST)
    });
    now.plus(asked.map_or(ours, |asked| asked.max(ours)))
}

/// `jitter` / 2^32 of a duration.
fn portion(of: Duration, jitter: u32) -> Duration {
    let millis = (of.as_millis() * u128::from(jitter)) >> 32;
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wait(attempts: u32, asked: Option<Duration>, jitter: u32) -> Duration {
        let now = UtcTime::from_seconds(1_000_000);
        next_try(attempts, now, asked, jitter).since(now)
    }

    proptest! {
        #[test]
        fn the_wait_stays_within_its_bounds(attempts: u32, jitter: u32) {
            let wait = wait(attempts, None, jitter);
            prop_assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
        }

        #[test]
        fn it_is_never_earlier_than_the_server_asked(attempts: u32, jitter: u32, seconds in 0u64..=86_400) {
            let asked = Duration::from_secs(seconds);
            let wait = wait(attempts, Some(asked), jitter);
            prop_assert!(wait >= asked, "{wait:?}");
            prop_assert!(wait <= LONGEST_WAIT + LONGEST, "{wait:?}");
        }

        #[test]
        fn later_attempts_wait_no_less(attempts in 0u32..40, jitter: u32) {
            prop_assert!(wait(attempts + 1, None, jitter) >= wait(attempts, None, jitter));
        }

        #[test]
        fn a_senseless_wish_is_bounded(asked: u64, jitter: u32) {
            prop_assert!(wait(1, Some(Duration::from_secs(asked)), jitter) <= LONGEST_WAIT + LONGEST);
        }
    }

    #[test]
    fn it_doubles_until_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = (0..12).map(|attempts| wait(attempts, None, u32::MAX).as_secs()).collect();
        assert_eq!(seconds, [1, 1, 3, 7, 15, 31, 63, 127, 255, 511, 899, 899]);
        assert_eq!(wait(4, None, 0), Duration::from_secs(8));
    }
}
