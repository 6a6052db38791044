//! The `Retry-After` header (RFC 9110 §10.2.3): seconds or a date, bounded before it is believed.

use std::time::Duration;

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::domain::utc_time::UtcTime;

/// The longest wait a server can impose.
pub const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the server asks to wait, at most [`LONGEST_WAIT`]; a date that is over means no wait. None if
/// the value is neither.
pub fn parse(value: &str, now: UtcTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    // the one form of date that is to be sent: Sun, 06 Nov 1994 08:49:37 GMT
    let shape = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let at: OffsetDateTime = PrimitiveDateTime::parse(value, shape).ok()?.assume_utc();
    Some(UtcTime::from_offset(at).since(now).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn seconds_and_dates_are_read() {
        let now: UtcTime = "1994-11-06T08:49:00Z".parse().unwrap();
        assert_eq!(parse("3", now), Some(Duration::from_secs(3)));
        assert_eq!(parse("0", now), Some(Duration::ZERO));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(37)));
        assert_eq!(parse("Sun, 06 Nov 1994 08:48:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse("Fri, 06 Nov 2099 08:49:37 GMT", now), Some(LONGEST_WAIT));
        assert_eq!(parse("99999999999999999999999", now), Some(LONGEST_WAIT));
        for nothing in ["", "soon", "-1", "1.5", "Sun, 06 Nov 1994 08:49:37 +0100"] {
            assert_eq!(parse(nothing, now), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics_and_is_bounded(text in "\\PC{0,40}") {
            prop_assert!(parse(&text, UtcTime::from_seconds(0)).is_none_or(|wait| wait <= LONGEST_WAIT));
        }
    }
}
