//! Who is on the line: an operator who logged in, or anybody with the right to run it who acted there, whoever did so
//! last and is still there. Who only looks on from a desk is not. Their name goes on runs that nobody scanned for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::person::Role;
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
    /// Who took the shift last stands last.
    on: Mutex<Vec<OnTheLine>>,
}

struct OnTheLine {
    session: Digest,
    name: Name,
    role: Role,
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

    /// Somebody logged in; `session` tells their sessions apart. An operator takes the shift, by badge or by name:
    /// there is nothing else for them to do here. Others may be at a desk.
    pub fn begin(&self, session: Digest, who: &LoggedIn, now: UtcTime) {
        match who.person.role {
            Role::Operator => self.take(session, who, now),
            Role::Engineer | Role::Administrator | Role::Auditor => {}
        }
    }

    /// Somebody takes the shift, if they may run the line at all: they acted there.
    pub fn take(&self, session: Digest, who: &LoggedIn, now: UtcTime) {
        if Operating::of(&who.person).is_none() {
            return;
        }
        let mut on = self.on();
        on.retain(|person| person.session != session);
        if on.len() >= MOST {
            on.remove(0);
        }
        let (name, role) = (who.person.name.clone(), who.person.role);
        on.push(OnTheLine { session, name, role, stamp: who.stamp, last: now });
    }

    /// Whoever holds this session did something.
    pub fn seen(&self, session: &Digest, now: UtcTime) {
        if let Some(person) = self.on().iter_mut().find(|person| person.session == *session) {
            person.last = now;
        }
    }

    /// When whoever holds this session did something last, if they are on the line; a run begun for an operator
    /// counts.
    pub fn last_seen(&self, session: &Digest) -> Option<UtcTime> {
        self.on().iter().find(|person| person.session == *session).map(|person| person.last)
    }

    /// This session is over.
    pub fn end(&self, session: &Digest) {
        self.on().retain(|person| person.session != *session);
    }

    /// Who is on the line now, if anybody.
    pub fn current(&self, now: UtcTime) -> Option<Name> {
        self.on().iter().rfind(|person| self.is_there(person, now)).map(|person| person.name.clone())
    }

    /// Whether the shift is that of whoever holds this session.
    pub fn is_held_by(&self, session: &Digest, now: UtcTime) -> bool {
        self.on().iter().rfind(|person| self.is_there(person, now)).is_some_and(|p| p.session == *session)
    }

    /// Who is on the line now by the records, too: somebody who was disabled or has another password or badge
    /// meanwhile is no longer there.
    pub fn present(&self, reader: &Reader<'_>, now: UtcTime) -> Result<Option<Name>, StoreError> {
        let mut on = self.on();
        let at = self.find_present(&mut on, reader, now)?;
        Ok(at.map(|at| on[at].name.clone()))
    }

    /// Who is responsible for a run that begins now: the person who scanned for it, unless they were disabled since,
    /// else whoever is on the line. To an operator on the line it counts as something they did. Others run a line
    /// now and then; their sessions are worth more and end however busy the line is.
    pub fn begin_run(
        &self,
        reader: &Reader<'_>,
        now: UtcTime,
        scanned_by: Option<&Name>,
    ) -> Result<Option<Name>, StoreError> {
        let mut on = self.on();
        let at = self.find_present(&mut on, reader, now)?;
        let known = scanned_by.map(|name| people::find(reader, name)).transpose()?.flatten();
        let scanned_by = known.filter(|known| !known.disabled).map(|known| known.name);
        let Some(present) = at.and_then(|at| on.get_mut(at)) else {
            return Ok(scanned_by);
        };
        let responsible = scanned_by.unwrap_or_else(|| present.name.clone());
        if responsible == present.name && present.role == Role::Operator {
            present.last = now;
        }
        Ok(Some(responsible))
    }

    /// The place of whoever is on the line now; those found not to be there any more are struck off.
    fn find_present(
        &self,
        on: &mut Vec<OnTheLine>,
        reader: &Reader<'_>,
        now: UtcTime,
    ) -> Result<Option<usize>, StoreError> {
        while let Some(at) = on.iter().rposition(|person| self.is_there(person, now)) {
            let known = people::find(reader, &on[at].name)?;
            if known.is_some_and(|known| !known.disabled && known.stamp == on[at].stamp) {
                return Ok(Some(at));
            }
            on.remove(at);
        }
        Ok(None)
    }

    fn is_there(&self, person: &OnTheLine, now: UtcTime) -> bool {
        now.since(person.last) < self.idle
    }

    fn on(&self) -> MutexGuard<'_, Vec<OnTheLine>> {
        // each entry is whole, whoever panicked meanwhile
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::Actor;
    use crate::domain::secret::Secret;
    use crate::station::authority::Administering;
    use crate::station::people::Person;
    use crate::station::testing::{self, Bench};
    use crate::station::{second_person, staff};

    const IDLE: Duration = Duration::from_secs(600);

    fn who(name: &str, role: Role) -> LoggedIn {
        let stamp = Digest::of(name.as_bytes());
        LoggedIn { person: Person { name: name.parse().unwrap(), role }, stamp }
    }

    fn session(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    /// A station whose records know somebody with each of these roles.
    fn bench(people: &[(&str, Role)]) -> Bench {
        let bench = Bench::new();
        let authority = Administering::at_the_terminal(Actor::Station);
        for (name, role) in people {
            let password = Secret::from("a long password".to_owned());
            let (store, now) = (&bench.store, testing::now());
            let alone = second_person::alone(store, false, &authority, *role, "a person", now).unwrap();
            let who = (&name.parse().unwrap(), *role);
            staff::add(store, &authority, &alone, who, &password, now).unwrap();
        }
        bench
    }

    fn known(bench: &Bench, name: &str) -> LoggedIn {
        let known = bench.store.read(|r| people::find(r, &name.parse().unwrap())).unwrap();
        LoggedIn::from(known.unwrap())
    }

    fn begin_run(bench: &Bench, shift: &Shift, now: UtcTime, scanned_by: Option<&str>) -> Option<String> {
        let by = scanned_by.map(|name| name.parse::<Name>().unwrap());
        let responsible = bench.store.read(|r| shift.begin_run(r, now, by.as_ref())).unwrap();
        responsible.map(|name| name.to_string())
    }

    #[test]
    fn the_last_operator_to_come_is_on_the_line_until_they_leave_or_do_nothing() {
        let shift = Shift::new(IDLE);
        let start = testing::now();
        let name = |now| shift.current(now).map(|name| name.to_string());
        assert_eq!(name(start), None);
        shift.begin(session("a"), &who("ada", Role::Operator), start);
        shift.begin(session("b"), &who("bob", Role::Operator), start);
        assert_eq!(name(start).as_deref(), Some("bob"));
        shift.end(&session("b"));
        assert_eq!(name(start).as_deref(), Some("ada"));
        let later = start.plus(IDLE / 2);
        shift.seen(&session("a"), later);
        assert_eq!(name(start.plus(IDLE)).as_deref(), Some("ada"));
        assert_eq!(name(later.plus(IDLE)), None);
    }

    #[test]
    fn who_logs_in_at_a_desk_takes_the_shift_only_by_acting_at_the_line() {
        let shift = Shift::new(IDLE);
        let start = testing::now();
        let name = || shift.current(start).map(|name| name.to_string());
        shift.begin(session("a"), &who("ada", Role::Operator), start);
        for (at, role) in [("e", Role::Engineer), ("d", Role::Administrator), ("o", Role::Auditor)] {
            shift.begin(session(at), &who(at, role), start);
            assert_eq!(name().as_deref(), Some("ada"), "{role}");
        }
        shift.take(session("o"), &who("o", Role::Auditor), start);
        assert_eq!(name().as_deref(), Some("ada"), "an auditor runs no line");
        shift.take(session("e"), &who("e", Role::Engineer), start);
        assert_eq!(name().as_deref(), Some("e"));
        assert!(shift.is_held_by(&session("e"), start) && !shift.is_held_by(&session("a"), start));
        shift.take(session("a"), &who("ada", Role::Operator), start);
        assert_eq!(name().as_deref(), Some("ada"), "whoever acts is there again");
    }

    #[test]
    fn a_run_keeps_an_operator_there_and_nobody_else() {
        let bench = bench(&[("ada", Role::Operator), ("cleo", Role::Engineer)]);
        let shift = Shift::new(IDLE);
        let start = testing::now();
        let half = start.plus(IDLE / 2);
        shift.begin(session("a"), &known(&bench, "ada"), start);
        assert_eq!(begin_run(&bench, &shift, half, None).as_deref(), Some("ada"));
        assert_eq!(shift.last_seen(&session("a")), Some(half));
        assert!(shift.current(start.plus(IDLE)).is_some(), "a run counts as something they did");

        shift.take(session("c"), &known(&bench, "cleo"), half);
        let later = half.plus(IDLE / 2);
        assert_eq!(begin_run(&bench, &shift, later, None).as_deref(), Some("cleo"));
        assert_eq!(shift.last_seen(&session("c")), Some(half), "an engineer's session ends all the same");
        assert_eq!(shift.last_seen(&session("a")), Some(half), "it was not ada's run");
        assert_eq!(begin_run(&bench, &shift, half.plus(IDLE), None), None);
    }

    #[test]
    fn a_run_is_that_of_whoever_scanned_for_it() {
        let bench = bench(&[("ada", Role::Operator), ("bob", Role::Operator)]);
        let shift = Shift::new(IDLE);
        let start = testing::now();
        assert_eq!(begin_run(&bench, &shift, start, Some("bob")).as_deref(), Some("bob"));
        shift.begin(session("a"), &known(&bench, "ada"), start);
        let later = start.plus(IDLE / 2);
        assert_eq!(begin_run(&bench, &shift, later, Some("bob")).as_deref(), Some("bob"));
        assert_eq!(shift.last_seen(&session("a")), Some(start), "ada did nothing");
        let authority = Administering::at_the_terminal(Actor::Station);
        staff::disable(&bench.store, &authority, &"bob".parse().unwrap(), start).unwrap();
        assert_eq!(begin_run(&bench, &shift, later, Some("bob")).as_deref(), Some("ada"));
    }

    #[test]
    fn a_session_of_an_old_password_is_on_no_line() {
        let bench = bench(&[("ada", Role::Operator)]);
        let shift = Shift::new(IDLE);
        let start = testing::now();
        shift.begin(session("a"), &known(&bench, "ada"), start);
        let present = || bench.store.read(|r| shift.present(r, start)).unwrap();
        assert!(present().is_some());
        let hash = Secret::from("another".to_owned());
        let changed = bench.store.change(&Actor::Station, start, |change| {
            people::set_password(change, &"ada".parse().unwrap(), &hash)
        });
        changed.unwrap();
        assert_eq!(present(), None);
        assert_eq!(shift.current(start), None);
    }
}
