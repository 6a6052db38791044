//! Sessions of logged-in people: a random token in a cookie, its digest in memory, locked when idle too long, gone
//! when the station restarts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq;

use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;
use crate::station::people::{LoggedIn, Person};
use crate::station::shift::Shift;
use crate::web::told::Told;

/// For this long after somebody's last deed the Line page goes on being shown to an idle session.
pub const LOCKED_FOR: Duration = Duration::from_secs(12 * 3600);
/// At most this many sessions; the one idle longest makes room.
const MOST: usize = 256;

/// The sessions there are. Only digests of the tokens are kept.
pub struct Sessions {
    shift: Arc<Shift>,
    open: Mutex<HashMap<Digest, Open>>,
}

struct Open {
    who: LoggedIn,
    csrf: String,
    last: UtcTime,
    note: Option<Note>,
}

/// What the next page says about what was just done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It is done; one sentence.
    Done(String),
    /// It was refused.
    Refused(Told),
}

/// Somebody is logged in; holding one is the right to see the pages.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// What the records knew them by when they were let in.
    pub stamp: Digest,
    /// The token that each of their forms carries.
    pub csrf: String,
    /// Nobody did anything for too long: they may see the Line page and nothing else.
    pub locked: bool,
}

impl SignedIn {
    /// Whether a form came from one of our own pages.
    pub fn sent(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }
}

impl Sessions {
    /// None yet. Who may run the line is on this shift while their session lasts.
    pub fn new(shift: Arc<Shift>) -> Sessions {
        Sessions { shift, open: Mutex::default() }
    }

    /// Begins a session of somebody who logged in, and returns the cookie's value.
    pub fn begin(&self, who: LoggedIn, token: [u8; 32], csrf: [u8; 16], now: UtcTime) -> String {
        let (text, key) = self.open(who.clone(), token, csrf, now);
        self.shift.begin(key, &who, now);
        text
    }

    /// Begins a session in the place of another of the same person, with that one's place on the line, and returns
    /// the cookie's value.
    pub fn renew(
        &self,
        old: Option<&str>,
        who: LoggedIn,
        token: [u8; 32],
        csrf: [u8; 16],
        now: UtcTime,
    ) -> String {
        let on_the_line = old.is_some_and(|old| self.shift.is_held_by(&Digest::of(old.as_bytes()), now));
        if let Some(old) = old {
            self.end(old);
        }
        let (text, key) = self.open(who.clone(), token, csrf, now);
        if on_the_line {
            self.shift.take(key, &who, now);
        }
        text
    }

    /// Whoever holds this cookie acts at the line: the shift is theirs.
    pub fn act_at_the_line(&self, cookie: &str, now: UtcTime) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Digest::of(cookie.as_bytes());
        if let Some(session) = open.get(&key) {
            self.shift.take(key, &session.who, now);
        }
    }

    fn open(&self, who: LoggedIn, token: [u8; 32], csrf: [u8; 16], now: UtcTime) -> (String, Digest) {
        let text = hex::encode(token);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let over =
            |(key, session): (&Digest, &Open)| (self.age(key, session, now) >= LOCKED_FOR).then_some(*key);
        let mut ended: Vec<Digest> = open.iter().filter_map(over).collect();
        if open.len() - ended.len() >= MOST {
            ended.extend(open.iter().min_by_key(|(_, session)| session.last).map(|(key, _)| *key));
        }
        for key in ended {
            open.remove(&key);
            self.shift.end(&key);
        }
        let key = Digest::of(text.as_bytes());
        open.insert(key, Open { who, csrf: hex::encode(csrf), last: now, note: None });
        (text, key)
    }

    /// Who holds this cookie; being asked counts as activity only for what a person does, not for a page
    /// that refreshes itself.
    pub fn holder(&self, cookie: &str, now: UtcTime, active: bool) -> Option<SignedIn> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Digest::of(cookie.as_bytes());
        let session = open.get_mut(&key)?;
        let age = self.age(&key, session, now);
        if age >= LOCKED_FOR {
            open.remove(&key);
            self.shift.end(&key);
            return None;
        }
        let locked = age >= self.shift.idle();
        if active && !locked {
            session.last = now;
            self.shift.seen(&key, now);
        }
        let LoggedIn { person, stamp } = session.who.clone();
        Some(SignedIn { person, stamp, csrf: session.csrf.clone(), locked })
    }

    /// How long ago its holder did something; a run begun for an operator on the line counts.
    fn age(&self, key: &Digest, session: &Open, now: UtcTime) -> Duration {
        let on_the_line = self.shift.last_seen(key).unwrap_or(session.last);
        now.since(session.last.max(on_the_line))
    }

    /// Leaves a note for the next page of this session; a newer one takes its place.
    pub fn leave_note(&self, cookie: &str, note: Note) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = open.get_mut(&Digest::of(cookie.as_bytes())) {
            session.note = Some(note);
        }
    }

    /// The note that was left, once.
    pub fn take_note(&self, cookie: &str) -> Option<Note> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get_mut(&Digest::of(cookie.as_bytes()))?.note.take()
    }

    /// Ends a session.
    pub fn end(&self, cookie: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Digest::of(cookie.as_bytes());
        open.remove(&key);
        self.shift.end(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::Role;

    const IDLE: Duration = Duration::from_secs(30 * 60);

    fn sessions() -> Sessions {
        Sessions::new(Arc::new(Shift::new(IDLE)))
    }

    fn ada() -> LoggedIn {
        let person = Person { name: "ada".parse().unwrap(), role: Role::Operator };
        LoggedIn { person, stamp: Digest::of(b"ada") }
    }

    #[test]
    fn an_idle_session_is_locked_and_at_last_gone() {
        let sessions = sessions();
        let start = UtcTime::from_seconds(1_000_000);
        let cookie = sessions.begin(ada(), [1; 32], [2; 16], start);
        assert!(sessions.holder("guess", start, true).is_none());
        let later = start.plus(Duration::from_secs(29 * 60));
        let holder = sessions.holder(&cookie, later, true).unwrap();
        assert_eq!((holder.person.name.as_str(), holder.locked), ("ada", false));
        let idle = later.plus(IDLE);
        assert!(sessions.holder(&cookie, idle, true).unwrap().locked);
        assert!(sessions.holder(&cookie, idle, true).unwrap().locked, "knocking does not open it");
        assert_eq!(sessions.shift.current(idle), None);
        assert!(sessions.holder(&cookie, later.plus(LOCKED_FOR), false).is_none());
        let cookie = sessions.begin(ada(), [3; 32], [4; 16], idle);
        assert_eq!(sessions.shift.current(idle).unwrap().as_str(), "ada");
        sessions.end(&cookie);
        assert!(sessions.holder(&cookie, idle, true).is_none());
        assert_eq!(sessions.shift.current(idle), None);
    }

    #[test]
    fn a_page_that_refreshes_itself_keeps_nobody_logged_in() {
        let sessions = sessions();
        let start = UtcTime::from_seconds(1_000_000);
        let cookie = sessions.begin(ada(), [1; 32], [2; 16], start);
        for minute in 1..30 {
            let now = start.plus(Duration::from_secs(minute * 60));
            assert!(!sessions.holder(&cookie, now, false).unwrap().locked);
        }
        assert!(sessions.holder(&cookie, start.plus(IDLE), false).unwrap().locked);
    }

    #[test]
    fn a_run_on_the_line_keeps_its_operator_logged_in() {
        let sessions = sessions();
        let start = UtcTime::from_seconds(1_000_000);
        let cookie = sessions.begin(ada(), [1; 32], [2; 16], start);
        let run = start.plus(IDLE / 2);
        sessions.shift.seen(&Digest::of(cookie.as_bytes()), run);
        assert!(!sessions.holder(&cookie, start.plus(IDLE), false).unwrap().locked);
        assert!(sessions.holder(&cookie, run.plus(IDLE), false).unwrap().locked);
    }

    #[test]
    fn a_desk_becomes_the_line_by_acting_there_and_a_new_session_keeps_its_place() {
        let sessions = sessions();
        let now = UtcTime::from_seconds(1_000_000);
        let present = || sessions.shift.current(now).map(|name| name.to_string());
        let old = sessions.begin(ada(), [1; 32], [1; 16], now);
        let person = Person { name: "cleo".parse().unwrap(), role: Role::Engineer };
        let cleo = LoggedIn { person, stamp: Digest::of(b"cleo") };
        let desk = sessions.begin(cleo, [2; 32], [2; 16], now);
        assert_eq!(present().as_deref(), Some("ada"));
        sessions.act_at_the_line(&desk, now);
        assert_eq!(present().as_deref(), Some("cleo"));
        // another password of ada's brings her no nearer to the line, and takes her no further
        let new = sessions.renew(Some(&old), ada(), [3; 32], [3; 16], now);
        assert!(sessions.holder(&old, now, true).is_none());
        assert_eq!(present().as_deref(), Some("cleo"));
        sessions.act_at_the_line(&new, now);
        sessions.renew(Some(&new), ada(), [4; 32], [4; 16], now);
        assert_eq!(present().as_deref(), Some("ada"));
        sessions.act_at_the_line("no session", now);
        assert_eq!(present().as_deref(), Some("ada"));
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let sessions = sessions();
        let now = UtcTime::from_seconds(1_000_000);
        for n in 0..(MOST + 10) {
            let mut token = [0; 32];
            token[..8].copy_from_slice(&(n as u64).to_be_bytes());
            sessions.begin(ada(), token, [0; 16], now);
        }
        assert_eq!(sessions.open.lock().unwrap().len(), MOST);
    }

    #[test]
    fn a_form_needs_its_token() {
        let sessions = sessions();
        let now = UtcTime::from_seconds(1_000_000);
        let cookie = sessions.begin(ada(), [1; 32], [2; 16], now);
        let signed_in = sessions.holder(&cookie, now, true).unwrap();
        assert!(signed_in.sent(&hex::encode([2; 16])));
        assert!(!signed_in.sent(""));
    }
}
