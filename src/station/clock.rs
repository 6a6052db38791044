//! The clock and the operating system's random numbers: the only place of `station` that reads them.

use std::time::SystemTime;

use crate::domain::utc_time::UtcTime;

/// Now, by the station's clock.
pub fn now() -> UtcTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UtcTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// When this program was built, as far as it is known: the clock cannot be right before that.
pub const BUILT_NOT_BEFORE: i64 = 1_795_305_600; // 2026-11-22T00:00:00Z

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
