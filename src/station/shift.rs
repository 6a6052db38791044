//! Who is on the line: the person with the right to run it who logged in last and is still there. Their name goes
//! on every run.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Authority, Operating};
use crate::station::people::LoggedIn;
use crate::store::error::StoreError;
use crate::store::people;
use crate::store::reader::Reader;

/// At most so many are on the line at once; the one who came first makes room.
const MOST: usize = 256;

/// Who is on the line.
pub struct Shift {
    idle: Duration,
    /// Who logged in last stands last.
    on: Mutex<Vec<OnTheLine>>,
}

struct OnTheLine {
    session: Digest,
    name: Name,
    stamp: Digest,
    last: UtcTime,
}

impl Shift {
    /// Nobody yet; somebody who does nothing for this long is no longer there.
    pub fn new(idle: Duration) -> Shift {
        Shift { idle, on: Mutex::default() }
    }

    /// How long somebody may do nothing.
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// Somebody logged in; `session` tells their sessions apart.
    pub fn begin(&self, session: Digest, who: &LoggedIn, now: UtcTime) {
        if Operating::of(&who.person).is_none() {
            return;
        }
        let mut on = self.on();
        if on.len() >= MOST {
            on.remove(0);
        }
        on.push(OnTheLine { session, name: who.person.name.clone(), stamp: who.stamp, last: now });
    }

    /// Whoever holds this session did something.
    pub fn seen(&self, session: &Digest, now: UtcTime) {
        if let Some(person) = self.on().iter_mut().find(|person| person.session == *session) {
            person.last = now;
        }
    }

    /// When whoever holds this session did something last; a run begun for them counts.
    pub fn last_seen(&self, session: &Digest) -> Option<UtcTime> {
        self.on().iter().find(|person| person.session == *session).map(|person| person.last)
    }

    /// This session is over.
    pub fn end(&self, session: &Digest) {
        self.on().retain(|person| person.session != *session);
    }

    /// Who is on the line now, if anybody.
    pub fn current(&self, now: UtcTime) -> Option<Name> {
        self.on().iter().rfind(|person| now.since(person.last) < self.idle).map(|person| person.name.clone())
    }

    /// Who is responsible for a run that begins now; it counts as something they did. Somebody who was disabled or
    /// has another password or badge meanwhile is no longer there.
    pub fn begin_run(&self, reader: &Reader<'_>, now: UtcTime) -> Result<Option<Name>, StoreError> {
        let mut on = self.on();
        while let Some(at) = on.iter().rposition(|person| now.since(person.last) < self.idle) {
            let known = people::find(reader, &on[at].name)?;
            if known.is_some_and(|known| !known.disabled && known.stamp == on[at].stamp) {
                on[at].last = now;
                return Ok(Some(on[at].name.clone()));
            }
            on.remove(at);
        }
        Ok(None)
    }

    fn on(&self) -> MutexGuard<'_, Vec<OnTheLine>> {
        // each entry is whole, whoever panicked meanwhile
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::{Actor, Role};
    use crate::station::people::Person;
    use crate::station::testing::{self, Bench};

    const IDLE: Duration = Duration::from_secs(600);

    fn who(name: &str, role: Role) -> LoggedIn {
        let stamp = Digest::of(name.as_bytes());
        LoggedIn { person: Person { name: name.parse().unwrap(), role }, stamp }
    }

    fn session(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    #[test]
    fn the_last_one_to_come_is_on_the_line_until_they_leave_or_do_nothing() {
        let shift = Shift::new(IDLE);
        let start = testing::now();
        let name = |now| shift.current(now).map(|name| name.to_string());
        assert_eq!(name(start), None);
        shift.begin(session("a"), &who("ada", Role::Operator), start);
        shift.begin(session("b"), &who("bob", Role::Engineer), start);
        shift.begin(session("c"), &who("cleo", Role::Auditor), start);
        assert_eq!(name(start).as_deref(), Some("bob"), "an auditor runs no line");
        shift.end(&session("b"));
        assert_eq!(name(start).as_deref(), Some("ada"));
        let later = start.plus(IDLE / 2);
        shift.seen(&session("a"), later);
        assert_eq!(name(start.plus(IDLE)).as_deref(), Some("ada"));
        assert_eq!(name(later.plus(IDLE)), None);
    }

    #[test]
    fn a_run_keeps_its_operator_there_and_a_disabled_one_has_none() {
        let bench = Bench::new();
        let shift = Shift::new(IDLE);
        let start = testing::now();
        let admin = bench.store.read(|r| people::find(r, &"admin".parse().unwrap())).unwrap().unwrap();
        let person = Person { name: admin.name, role: admin.role };
        shift.begin(session("a"), &LoggedIn { person, stamp: admin.stamp }, start);
        let begin = |now| bench.store.read(|r| shift.begin_run(r, now)).unwrap().map(|name| name.to_string());
        let later = start.plus(IDLE / 2);
        assert_eq!(begin(later).as_deref(), Some("admin"));
        assert_eq!(shift.last_seen(&session("a")), Some(later));
        assert!(shift.current(start.plus(IDLE)).is_some(), "a run counts as something they did");
        let hash = crate::domain::secret::Secret::from("another".to_owned());
        let changed = bench.store.change(&Actor::Station, start, |change| {
            people::set_password(change, &"admin".parse().unwrap(), &hash)
        });
        changed.unwrap();
        assert_eq!(begin(later), None, "a session of an old password is over");
        assert_eq!(shift.current(later), None);
    }
}
