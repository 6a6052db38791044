//! Points in time: milliseconds since 1970 in UTC. The clock is never read here; time is an argument.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// Milliseconds since 1970-01-01T00:00:00Z; printed and parsed as RFC 3339 with three decimals and `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UtcTime(i64);

/// Why a text is no point in time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a UTC time such as 2026-11-22T08:00:00Z")]
pub struct BadTime(String);

/// 9999-12-31T23:59:59Z, the last second X.509 can name (RFC 5280 §4.1.2.5).
const LAST_MILLIS: i64 = 253_402_300_799_000;

impl UtcTime {
    /// From milliseconds since 1970; values outside the years 1970 to 9999 are moved to the nearer end.
    pub fn from_millis(millis: i64) -> UtcTime {
        UtcTime(millis.clamp(0, LAST_MILLIS))
    }

    /// From whole seconds since 1970.
    pub fn from_seconds(seconds: i64) -> UtcTime {
        UtcTime::from_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The same moment for libraries that speak `time`.
    pub fn to_offset(self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(self.0)
    }

    /// The moment of a `time` value.
    pub fn from_offset(at: OffsetDateTime) -> UtcTime {
        let millis = at.unix_timestamp_nanos().div_euclid(1_000_000);
        UtcTime::from_millis(i64::try_from(millis).unwrap_or(LAST_MILLIS))
    }

    /// Later by this much.
    pub fn plus(self, by: Duration) -> UtcTime {
        UtcTime::from_millis(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Earlier by this much.
    pub fn minus(self, by: Duration) -> UtcTime {
        UtcTime::from_millis(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long it is from `earlier` to this moment; zero if it lies after.
    pub fn since(self, earlier: UtcTime) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        f.write_str(&self.to_offset().format(shape).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for UtcTime {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<UtcTime, BadTime> {
        let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| BadTime(text.to_owned()))?;
        if at.offset() != UtcOffset::UTC || at.year() < 1970 {
            return Err(BadTime(text.to_owned()));
        }
        Ok(UtcTime::from_offset(at))
    }
}

impl TryFrom<String> for UtcTime {
    type Error = BadTime;
    fn try_from(text: String) -> Result<UtcTime, BadTime> {
        text.parse()
    }
}

impl From<UtcTime> for String {
    fn from(at: UtcTime) -> String {
        at.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_after_print_is_identity(millis in 0..=LAST_MILLIS) {
            let at = UtcTime::from_millis(millis);
            prop_assert_eq!(at.to_string().parse::<UtcTime>().unwrap(), at);
            prop_assert_eq!(UtcTime::from_offset(at.to_offset()), at);
        }
    }

    #[test]
    fn a_local_time_is_refused() {
        assert!("2026-11-22T08:00:00+02:00".parse::<UtcTime>().is_err());
        assert!("yesterday".parse::<UtcTime>().is_err());
    }

    #[test]
    fn arithmetic_stays_within_the_calendar() {
        let end = UtcTime::from_millis(i64::MAX);
        assert_eq!(end.to_string(), "9999-12-31T23:59:59.000Z");
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(UtcTime::from_millis(5).minus(Duration::from_secs(9)).millis(), 0);
    }
}
