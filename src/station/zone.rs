//! The station's time zone: records are in UTC, people read the time on their wall.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::ca::profile::NO_END;
use crate::domain::utc_time::UtcTime;

/// The zone of `station.toml`.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

/// Why a text is no time zone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a time zone such as Europe/Berlin or UTC")]
pub struct BadZone(String);

impl Zone {
    /// The zone of this name in the IANA database, which is built in.
    pub fn named(name: &str) -> Result<Zone, BadZone> {
        TimeZone::get(name).map(Zone).map_err(|_| BadZone(name.to_owned()))
    }

    /// Coordinated universal time.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// The zone's name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Date and time to the second: `2026-11-22 17:03:09`.
    pub fn date_and_time(&self, at: UtcTime) -> String {
        self.zoned(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The same of the end of a validity; none if that never comes (RFC 5280 §4.1.2.5).
    pub fn end(&self, until: UtcTime) -> Option<String> {
        (until.seconds() < NO_END).then(|| self.date_and_time(until))
    }

    /// Time of day to the second: `17:03:09`.
    pub fn time_of_day(&self, at: UtcTime) -> String {
        self.zoned(at).strftime("%H:%M:%S").to_string()
    }

    /// The date: `2026-11-22`.
    pub fn date(&self, at: UtcTime) -> String {
        self.zoned(at).strftime("%Y-%m-%d").to_string()
    }

    /// Date and time with the zone's offset, for files: `2026-11-22T17:03:09+01:00`.
    pub fn with_offset(&self, at: UtcTime) -> String {
        self.zoned(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// When the day of this moment began here, and when the next one begins. A day may have 23 to 25 hours.
    pub fn day_of(&self, at: UtcTime) -> (UtcTime, UtcTime) {
        let here = self.zoned(at);
        let begin = here.start_of_day().map_or(at, |begin| utc(begin.timestamp()));
        let next = here.checked_add(1.day()).and_then(|next| next.start_of_day());
        (begin, next.map_or(at, |next| utc(next.timestamp())))
    }

    /// The moment of a date and time as a person writes it here (`2026-11-22T06:00` or `2026-11-22`); a time that a
    /// clock change skips is moved on, one that it repeats is the first.
    pub fn moment(&self, text: &str) -> Option<UtcTime> {
        let text = text.trim();
        let local = text
            .parse::<jiff::civil::DateTime>()
            .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)))
            .ok()?;
        let zoned = local.to_zoned(self.0.clone()).ok()?;
        Some(utc(zoned.timestamp()))
    }

    fn zoned(&self, at: UtcTime) -> jiff::Zoned {
        // what lies outside is shown as the outermost moment the calendar knows, never as another one
        let outermost = if at.millis() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(at.millis()).unwrap_or(outermost).to_zoned(self.0.clone())
    }
}

fn utc(at: Timestamp) -> UtcTime {
    UtcTime::from_millis(at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_on_the_wall() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let at: UtcTime = "2026-11-22T16:03:09Z".parse().unwrap();
        assert_eq!(berlin.date_and_time(at), "2026-11-22 17:03:09");
        assert_eq!(berlin.with_offset(at), "2026-11-22T17:03:09+01:00");
        assert_eq!(berlin.moment("2026-11-22T17:03:09"), Some(at));
        assert_eq!(Zone::utc().date(at), "2026-11-22");
        assert!(Zone::named("Europe/Nowhere").is_err());
    }

    #[test]
    fn what_never_ends_is_no_moment_and_what_is_out_of_reach_is_not_1970() {
        for zone in [Zone::utc(), Zone::named("Asia/Tokyo").unwrap(), Zone::named("America/Lima").unwrap()] {
            let last = UtcTime::from_seconds(NO_END);
            assert_eq!(zone.end(last), None);
            assert!(zone.date_and_time(last).starts_with("9999-12-3"), "{}", zone.date_and_time(last));
            let before = zone.end("9999-11-01T00:00:00Z".parse().unwrap()).unwrap();
            assert!(before.starts_with("9999-1"), "{before}");
        }
    }

    #[test]
    fn a_day_on_which_the_clocks_change_has_its_own_length() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let (begin, end) = berlin.day_of("2026-10-25T12:00:00Z".parse().unwrap());
        assert_eq!(begin.to_string(), "2026-10-24T22:00:00.000Z");
        assert_eq!(end.since(begin).as_secs(), 25 * 3600);
    }
}
