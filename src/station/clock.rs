//! The clock and the operating system's random numbers: the only place of `station` that reads them.

use std::time::SystemTime;

use crate::domain::code::{Code, Coded};
use crate::domain::utc_time::UtcTime;

/// Now, by the station's clock.
pub fn now() -> UtcTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UtcTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// When this program was built, as far as it is known: the clock cannot be right before that.
pub const BUILT_NOT_BEFORE: i64 = 1_795_305_600; // 2026-11-22T00:00:00Z

/// The clock stands before a time that has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the station's clock says {now}, but it was {last} already")]
pub struct ClockBehind {
    /// What it says.
    pub now: UtcTime,
    /// What it was already.
    pub last: UtcTime,
}

impl Coded for ClockBehind {
    fn code(&self) -> Code {
        Code::ClockBehind
    }
}

/// Now, unless the clock stands before the last entry of the log or before this program was built: nothing is issued or
/// withdrawn then. Asked inside the change, where no other entry can come in between.
pub fn sound(last_entry: Option<UtcTime>) -> Result<UtcTime, ClockBehind> {
    not_behind(now(), last_entry)
}

fn not_behind(now: UtcTime, last_entry: Option<UtcTime>) -> Result<UtcTime, ClockBehind> {
    let built = UtcTime::from_seconds(BUILT_NOT_BEFORE);
    let last = last_entry.map_or(built, |last| last.max(built));
    if now < last { Err(ClockBehind { now, last }) } else { Ok(now) }
}

/// The operating system gave no random numbers; nothing may be issued without them.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random numbers: {0}")]
pub struct NoEntropy(#[from] getrandom::Error);

/// Fresh random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Fills a buffer with fresh random bytes.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), NoEntropy> {
    Ok(getrandom::fill(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_the_last_entry_or_before_the_program_is_behind() {
        let at = |seconds: i64| UtcTime::from_seconds(BUILT_NOT_BEFORE + seconds);
        assert_eq!(not_behind(at(5), Some(at(5))), Ok(at(5)));
        assert_eq!(not_behind(at(0), None), Ok(at(0)));
        assert_eq!(not_behind(at(5), Some(at(6))), Err(ClockBehind { now: at(5), last: at(6) }));
        // however old the last entry is
        for last in [None, Some(at(-10))] {
            assert_eq!(not_behind(at(-1), last), Err(ClockBehind { now: at(-1), last: at(0) }));
        }
    }
}
