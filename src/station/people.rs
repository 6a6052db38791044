//! Log-in: name and password, or a badge, against the records; slowed down and audited when refused.

use crate::domain::audit_event::AuditEvent;
use crate::domain::badge::Badge;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::person::LoginWay;
use crate::domain::person::{Actor, Role};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::badges::{self, NotDigested};
use crate::station::doorkeeper::Doorkeeper;
use crate::station::failures::Failures;
use crate::station::password;
use crate::store::error::StoreError;
use crate::store::{Store, meta, people};

/// Somebody who has shown who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub name: Name,
    /// What they may do.
    pub role: Role,
}

/// Somebody who was let in just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who.
    pub person: Person,
    /// What the records knew them by; once it is another one, they are to be let in anew.
    pub stamp: Digest,
}

impl From<people::Person> for LoggedIn {
    fn from(known: people::Person) -> LoggedIn {
        LoggedIn { person: Person { name: known.name, role: known.role }, stamp: known.stamp }
    }
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Name or password is wrong, or the person is disabled: which of them is not said.
    #[error("name or password is wrong")]
    Refused,
    /// Nobody has this badge, or they are disabled.
    #[error("this badge opens nothing")]
    BadgeUnknown,
    /// Too many failures.
    #[error("there were too many failed log-ins; the door is closed for a minute")]
    Closed,
    /// Too many texts were scanned that may be badges.
    #[error("too many texts were scanned that may be badges; wait a moment")]
    Wait,
    /// The badge could not be looked up.
    #[error(transparent)]
    NotDigested(#[from] NotDigested),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for LoginError {
    fn code(&self) -> Code {
        match self {
            LoginError::Refused | LoginError::BadgeUnknown | LoginError::Closed | LoginError::Wait => {
                Code::LoginRefused
            }
            LoginError::NotDigested(error) => error.code(),
            LoginError::Store(error) => error.code(),
        }
    }
}

/// The one door of all badges: a badge names nobody before it is known. No name holds a bracket.
const BADGES: &str = "(badge)";
/// What is written down of a name that nobody has: it may be a badge or a password, typed into the wrong field.
const NOT_A_NAME: &str = "(not a name)";
/// The salt under which badges are digested while the station has none, so that it takes as long.
const NO_SALT: [u8; 16] = [0; 16];

/// The door of the people: counts failed log-ins, by what was tried and by the address it was tried from.
#[derive(Default)]
pub struct LoginDoor {
    keeper: Doorkeeper,
    /// The same for texts scanned on pages that may be cards. It is apart, and counts by the person who scans, so
    /// that strangers at the log-in page keep no line from scanning its labels.
    scans: Doorkeeper,
    failures: Failures,
}

/// Somebody who knocks.
#[derive(Debug, Clone)]
pub struct Knock {
    /// The address they come from.
    pub from: String,
    /// Whose session in the same browser ends if they are let in.
    pub instead_of: Option<Name>,
    /// When.
    pub now: UtcTime,
}

impl LoginDoor {
    /// Writes down the failures whose minute is over. To be called now and then.
    pub fn settle(&self, store: &Store, now: UtcTime) -> Result<(), StoreError> {
        let untold = self.failures.untold(now);
        untold.into_iter().try_for_each(|(name, times)| record_refused(store, name, times, now))
    }

    /// Writes down all failures that are not written down yet. To be called when the station ends.
    pub fn settle_at_end(&self, store: &Store, now: UtcTime) -> Result<(), StoreError> {
        let untold = self.failures.last_untold();
        untold.into_iter().try_for_each(|(name, times)| record_refused(store, name, times, now))
    }

    fn write_down(&self, store: &Store, name: &str, now: UtcTime) -> Result<(), StoreError> {
        match self.failures.count(name, now) {
            Some((name, times)) => record_refused(store, name, times, now),
            None => Ok(()),
        }
    }
}

/// Lets a person in. Takes as long for an unknown name as for a wrong password.
pub fn login(
    store: &Store,
    door: &LoginDoor,
    knock: &Knock,
    name: &str,
    given: &Secret,
) -> Result<LoggedIn, LoginError> {
    let Knock { from, now, .. } = knock;
    // `Ada` and `ada` are one person, so they are one door
    let name = &name.to_ascii_lowercase();
    let _turn = door.keeper.turn();
    let known = match name.parse::<Name>() {
        Ok(name) => store.read(|r| people::login(r, &name))?,
        Err(_) => None,
    };
    let shown = known.as_ref().map_or(NOT_A_NAME.to_owned(), |(person, _)| person.name.to_string());
    if !door.keeper.admits(name, from, *now) {
        door.write_down(store, &shown, *now)?;
        return Err(LoginError::Closed);
    }
    let able = known.filter(|(person, _)| !person.disabled);
    let hash = able.as_ref().and_then(|(_, hash)| std::str::from_utf8(hash.expose()).ok());
    let right = password::verify(given, hash);
    match able {
        Some((person, _)) if right => accept(store, person, LoginWay::Password, knock),
        _ => {
            door.keeper.failed(name, from, *now);
            door.write_down(store, &shown, *now)?;
            Err(LoginError::Refused)
        }
    }
}

/// Lets the owner of a badge in. Every text that is nobody's badge goes on record as a failure; one that has the
/// form of the station's own badges is never kept waiting and keeps nobody waiting, since nobody guesses those.
pub fn login_by_badge(
    store: &Store,
    door: &LoginDoor,
    knock: &Knock,
    text: &Secret,
) -> Result<LoggedIn, LoginError> {
    let Knock { from, now, .. } = knock;
    let guessable = !Badge::read(text).is_ok_and(|badge| badge.is_made());
    let _turn = door.keeper.turn();
    if guessable && !door.keeper.admits(BADGES, from, *now) {
        door.write_down(store, BADGES, *now)?;
        return Err(LoginError::Closed);
    }
    match owner(store, text)? {
        Some(person) => accept(store, person, LoginWay::Badge, knock),
        None => {
            if guessable {
                door.keeper.failed(BADGES, from, *now);
            }
            door.write_down(store, BADGES, *now)?;
            Err(LoginError::BadgeUnknown)
        }
    }
}

/// Lets the owner of a card in if a scanned text is one, though it may as well be something else: that it is none is
/// a failure of whoever scanned it unless it was `understood` as what it is. Each look is counted; when they are
/// spent, or there were too many failures, the text is not to be taken for anything.
///
/// # Errors
/// [`LoginError::Wait`]; the records.
pub fn login_if_badge(
    store: &Store,
    door: &LoginDoor,
    knock: &Knock,
    text: &Secret,
    understood: impl FnOnce() -> bool,
) -> Result<Option<LoggedIn>, LoginError> {
    // there is nothing to look up while no badge was ever given, or if this can be none
    if Badge::read(text).is_err() || store.read(meta::badge_salt)?.is_none() {
        return Ok(None);
    }
    let Knock { from, instead_of, now } = knock;
    let who = instead_of.as_ref().map_or(from.as_str(), Name::as_str);
    let _turn = door.keeper.turn();
    let may_look = door.scans.admits(BADGES, who, *now) && door.scans.may_look(who, *now);
    if may_look && let Some(person) = owner(store, text)? {
        return accept(store, person, LoginWay::Badge, knock).map(Some);
    }
    if !understood() {
        if may_look {
            door.scans.failed(BADGES, who, *now);
        }
        door.write_down(store, BADGES, *now)?;
    }
    if may_look { Ok(None) } else { Err(LoginError::Wait) }
}

/// Whose badge it is: that of an operator who is not disabled.
fn owner(store: &Store, text: &Secret) -> Result<Option<people::Person>, LoginError> {
    let Ok(badge) = Badge::read(text) else {
        return Ok(None);
    };
    let salt = store.read(meta::badge_salt)?;
    let digest = badges::digest(&badge, &salt.unwrap_or(NO_SALT))?;
    let known = store.read(|r| people::by_badge(r, &digest))?;
    Ok(known.filter(|person| salt.is_some() && !person.disabled && person.role == Role::Operator))
}

fn accept(
    store: &Store,
    person: people::Person,
    way: LoginWay,
    knock: &Knock,
) -> Result<LoggedIn, LoginError> {
    let name = person.name.clone();
    let previous = knock.instead_of.clone().filter(|previous| *previous != name);
    store.change(&Actor::Person { name: name.clone() }, knock.now, |change| {
        change.record(AuditEvent::LoginAccepted { name, way, previous });
        Ok::<_, StoreError>(())
    })?;
    Ok(LoggedIn::from(person))
}

fn record_refused(store: &Store, name: String, times: u64, now: UtcTime) -> Result<(), StoreError> {
    store.change(&Actor::Station, now, |change| {
        change.record(AuditEvent::LoginRefused { name, times });
        Ok(())
    })
}

#[cfg(test)]
mod tests;
