//! The shifts of a day: each begins at its time on the wall and lasts until the next one begins.

use serde::Deserialize;

use crate::domain::utc_time::UtcTime;
use crate::station::zone::Zone;

/// The most shifts a day has.
const MOST: usize = 12;

/// One shift as `station.toml` names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftPart {
    /// Its name, 1 to 32 characters.
    name: String,
    /// When it begins: `06:00`.
    begins: String,
}

/// Why the shifts cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadShifts {
    #[error("a day has at most {MOST} shifts")]
    TooMany,
    #[error("a name has 1 to 32 characters, “{0}” has not")]
    Name(String),
    #[error("{name} begins: “{begins}” is not a time of day such as 06:00")]
    Begins { name: String, begins: String },
    #[error("{0} has the name or the beginning of another shift")]
    Twice(String),
}

/// The shifts of a day in the order of their beginnings; none stands for one of a whole day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shifts(Vec<Shift>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Shift {
    name: String,
    /// As `HH:MM`.
    begins: String,
}

/// One shift on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftSpan {
    /// Its name; empty for the whole day of a station without shifts.
    pub name: String,
    /// When it begins.
    pub from: UtcTime,
    /// When the next one begins.
    pub to: UtcTime,
}

impl Shifts {
    /// Checks the shifts of the settings.
    ///
    /// # Errors
    /// See [`BadShifts`].
    pub fn of(parts: Vec<ShiftPart>) -> Result<Shifts, BadShifts> {
        if parts.len() > MOST {
            return Err(BadShifts::TooMany);
        }
        let mut shifts: Vec<Shift> = Vec::new();
        for ShiftPart { name, begins } in parts {
            let name = name.trim().to_owned();
            if name.is_empty() || name.chars().count() > 32 || name.chars().any(char::is_control) {
                return Err(BadShifts::Name(name));
            }
            if !is_time_of_day(&begins) {
                return Err(BadShifts::Begins { name, begins });
            }
            if shifts.iter().any(|other| other.name == name || other.begins == begins) {
                return Err(BadShifts::Twice(name));
            }
            shifts.push(Shift { name, begins });
        }
        shifts.sort_by(|one, other| one.begins.cmp(&other.begins));
        Ok(Shifts(shifts))
    }

    /// The shifts that begin on the day of this moment, in their order; the last one lasts into the next day.
    pub fn of_day(&self, zone: &Zone, day: UtcTime) -> Vec<ShiftSpan> {
        let (begin, next) = zone.day_of(day);
        if self.0.is_empty() {
            return vec![ShiftSpan { name: String::new(), from: begin, to: next }];
        }
        let starts = |day: UtcTime| {
            let date = zone.date(day);
            let moment = move |shift: &Shift| zone.moment(&format!("{date}T{}", shift.begins));
            self.0.iter().filter_map(move |shift| Some((shift.name.clone(), moment(shift)?)))
        };
        let today: Vec<(String, UtcTime)> = starts(begin).collect();
        let ends = today.iter().skip(1).map(|(_, at)| *at).chain(starts(next).next().map(|(_, at)| at));
        let spans = today.iter().zip(ends).map(|((name, from), to)| ShiftSpan {
            name: name.clone(),
            from: *from,
            to,
        });
        spans.filter(|span| span.from < span.to).collect()
    }

    /// The shift of this moment.
    pub fn at(&self, zone: &Zone, now: UtcTime) -> ShiftSpan {
        let (begin, next) = zone.day_of(now);
        let before = begin.minus(std::time::Duration::from_secs(1));
        let mut spans = self.of_day(zone, before);
        spans.extend(self.of_day(zone, now));
        let found = spans.into_iter().rev().find(|span| span.from <= now && now < span.to);
        found.unwrap_or(ShiftSpan { name: String::new(), from: begin, to: next })
    }
}

fn is_time_of_day(text: &str) -> bool {
    let Some((hour, minute)) = text.split_once(':') else { return false };
    let below = |text: &str, limit: u8| {
        text.len() == 2
            && text.bytes().all(|b| b.is_ascii_digit())
            && text.parse::<u8>().is_ok_and(|n| n < limit)
    };
    below(hour, 24) && below(minute, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, begins: &str) -> ShiftPart {
        ShiftPart { name: name.to_owned(), begins: begins.to_owned() }
    }

    fn three() -> Shifts {
        Shifts::of(vec![part("night", "22:00"), part("early", "06:00"), part("late", "14:00")]).unwrap()
    }

    #[test]
    fn a_shift_lasts_until_the_next_one_begins_even_past_midnight() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let day: UtcTime = "2026-11-22T12:00:00Z".parse().unwrap();
        let spans = three().of_day(&berlin, day);
        let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["early", "late", "night"]);
        assert_eq!(berlin.date_and_time(spans[0].from), "2026-11-22 06:00:00");
        assert_eq!(berlin.date_and_time(spans[2].to), "2026-11-23 06:00:00");
        let night = three().at(&berlin, "2026-11-23T01:00:00Z".parse().unwrap());
        assert_eq!((night.name.as_str(), night.from), ("night", spans[2].from));
    }

    #[test]
    fn a_night_on_which_the_clocks_change_is_longer_or_shorter() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let night = three().at(&berlin, "2026-10-24T23:00:00Z".parse().unwrap());
        assert_eq!(night.to.since(night.from).as_secs(), 9 * 3600);
        let day = Shifts::default().at(&berlin, "2026-03-29T12:00:00Z".parse().unwrap());
        assert_eq!((day.name.as_str(), day.to.since(day.from).as_secs()), ("", 23 * 3600));
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(Shifts::of(vec![part("", "06:00")]), Err(BadShifts::Name(String::new())));
        for begins in ["6:00", "24:00", "06:60", "06-00", "+6:00"] {
            assert!(matches!(Shifts::of(vec![part("a", begins)]), Err(BadShifts::Begins { .. })), "{begins}");
        }
        let twice = Shifts::of(vec![part("a", "06:00"), part("b", "06:00")]);
        assert_eq!(twice, Err(BadShifts::Twice("b".to_owned())));
    }
}
