//! Sessions of logged-in people: a random token in a cookie, its digest in memory, gone when idle too long
//! or when the station restarts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq;

use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;
use crate::station::people::Person;
use crate::web::told::Told;

/// A session ends after this much time without a request.
pub const IDLE: Duration = Duration::from_secs(30 * 60);
/// At most this many sessions; the one idle longest makes room.
const MOST: usize = 256;

/// The sessions there are. Only digests of the tokens are kept.
#[derive(Default)]
pub struct Sessions {
    open: Mutex<HashMap<Digest, Open>>,
}

struct Open {
    person: Person,
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
    /// The token that each of their forms carries.
    pub csrf: String,
}

impl SignedIn {
    /// Whether a form came from one of our own pages.
    pub fn sent(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }
}

impl Sessions {
    /// Begins a session and returns the cookie's value.
    pub fn begin(&self, person: Person, token: [u8; 32], csrf: [u8; 16], now: UtcTime) -> String {
        let text = hex::encode(token);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| now.since(session.last) < IDLE);
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, session)| session.last).map(|(key, _)| *key);
            oldest.and_then(|key| open.remove(&key));
        }
        open.insert(
            Digest::of(text.as_bytes()),
            Open { person, csrf: hex::encode(csrf), last: now, note: None },
        );
        text
    }

    /// Who holds this cookie; being asked counts as activity only for what a person does, not for a page
    /// that refreshes itself.
    pub fn holder(&self, cookie: &str, now: UtcTime, active: bool) -> Option<SignedIn> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&Digest::of(cookie.as_bytes()))?;
        if now.since(session.last) >= IDLE {
            return None;
        }
        if active {
            session.last = now;
        }
        Some(SignedIn { person: session.person.clone(), csrf: session.csrf.clone() })
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
        open.remove(&Digest::of(cookie.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::Role;

    fn ada() -> Person {
        Person { name: "ada".parse().unwrap(), role: Role::Engineer }
    }

    #[test]
    fn a_session_lasts_until_it_is_idle_or_ended() {
        let sessions = Sessions::default();
        let start = UtcTime::from_seconds(1_000_000);
        let cookie = sessions.begin(ada(), [1; 32], [2; 16], start);
        assert!(sessions.holder("guess", start, true).is_none());
        let later = start.plus(Duration::from_secs(29 * 60));
        assert_eq!(sessions.holder(&cookie, later, true).unwrap().person.name.as_str(), "ada");
        let idle = later.plus(IDLE);
        assert!(sessions.holder(&cookie, idle, true).is_none());
        let cookie = sessions.begin(ada(), [3; 32], [4; 16], idle);
        sessions.end(&cookie);
        assert!(sessions.holder(&cookie, idle, true).is_none());
    }

    #[test]
    fn a_page_that_refreshes_itself_keeps_nobody_logged_in() {
        let sessions = Sessions::default();
        let start = UtcTime::from_seconds(1_000_000);
        let cookie = sessions.begin(ada(), [1; 32], [2; 16], start);
        for minute in 1..30 {
            let now = start.plus(Duration::from_secs(minute * 60));
            assert!(sessions.holder(&cookie, now, false).is_some());
        }
        assert!(sessions.holder(&cookie, start.plus(IDLE), false).is_none());
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let sessions = Sessions::default();
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
        let sessions = Sessions::default();
        let now = UtcTime::from_seconds(1_000_000);
        let cookie = sessions.begin(ada(), [1; 32], [2; 16], now);
        let signed_in = sessions.holder(&cookie, now, true).unwrap();
        assert!(signed_in.sent(&hex::encode([2; 16])));
        assert!(!signed_in.sent(""));
    }
}
