//! The rate limit of the service's side, counted by calendar minutes as Azure's quotas are.

use std::time::Duration;

use crate::domain::utc_time::UtcTime;

/// How many service calls a minute are answered before 429. Azure's own figure is 200 to 1000.
#[derive(Debug, Clone, Copy)]
pub struct Throttle {
    /// Calls allowed in each minute of the clock.
    pub per_minute: u32,
    /// What `Retry-After` says, in whole seconds.
    pub retry_after: Duration,
}

/// The count so far.
#[derive(Debug, Default)]
pub(super) struct Quota {
    minute: i64,
    used: u32,
}

impl Quota {
    /// Counts one call; the wait asked for if it is one too many.
    pub(super) fn take(&mut self, throttle: Throttle, now: UtcTime) -> Option<Duration> {
        let minute = now.seconds().div_euclid(60);
        if minute != self.minute {
            *self = Quota { minute, used: 0 };
        }
        self.used = self.used.saturating_add(1);
        (self.used > throttle.per_minute).then_some(throttle.retry_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_begins_anew_with_every_minute() {
        let mut quota = Quota::default();
        let throttle = Throttle { per_minute: 2, retry_after: Duration::from_secs(5) };
        let at = UtcTime::from_seconds;
        assert_eq!(quota.take(throttle, at(600)), None);
        assert_eq!(quota.take(throttle, at(659)), None);
        assert_eq!(quota.take(throttle, at(659)), Some(Duration::from_secs(5)));
        assert_eq!(quota.take(throttle, at(660)), None);
    }
}
