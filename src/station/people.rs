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
            LoginError::Refused | LoginError::BadgeUnknown | LoginError::Closed => Code::LoginRefused,
            LoginError::NotDigested(error) => error.code(),
            LoginError::Store(error) => error.code(),
        }
    }
}

/// The one door of all badges: a badge names nobody before it is known. No name holds a bracket.
const BADGES: &str = "(badge)";
/// The salt under which badges are digested while the station has none, so that it takes as long.
const NO_SALT: [u8; 16] = [0; 16];

/// Lets a person in. Takes as long for an unknown name as for a wrong password.
pub fn login(
    store: &Store,
    keeper: &Doorkeeper,
    name: &str,
    given: &Secret,
    now: UtcTime,
) -> Result<LoggedIn, LoginError> {
    // `Ada` and `ada` are one person, so they are one door
    let name = &name.to_ascii_lowercase();
    let _turn = keeper.turn();
    if !keeper.admits(name, now) {
        count_failure(store, keeper, name, now)?;
        return Err(LoginError::Closed);
    }
    let known = match name.parse::<Name>() {
        Ok(name) => store.read(|r| people::login(r, &name))?,
        Err(_) => None,
    };
    let able = known.filter(|(person, _)| !person.disabled);
    let hash = able.as_ref().and_then(|(_, hash)| std::str::from_utf8(hash.expose()).ok());
    let right = password::verify(given, hash);
    match able {
        Some((person, _)) if right => accept(store, person, LoginWay::Password, now),
        _ => {
            count_failure(store, keeper, name, now)?;
            Err(LoginError::Refused)
        }
    }
}

/// Lets the owner of a badge in. Every text that is nobody's badge counts as a failure.
pub fn login_by_badge(
    store: &Store,
    keeper: &Doorkeeper,
    text: &Secret,
    now: UtcTime,
) -> Result<LoggedIn, LoginError> {
    let _turn = keeper.turn();
    if !keeper.admits(BADGES, now) {
        count_failure(store, keeper, BADGES, now)?;
        return Err(LoginError::Closed);
    }
    match owner(store, text)? {
        Some(person) => accept(store, person, LoginWay::Badge, now),
        None => {
            count_failure(store, keeper, BADGES, now)?;
            Err(LoginError::BadgeUnknown)
        }
    }
}

/// Lets the owner of a badge in if the text is one, for a scan that may as well be something else: that it is none
/// is no failure. Only so many texts are looked up within a minute; beyond that none is a badge.
pub fn login_if_badge(
    store: &Store,
    keeper: &Doorkeeper,
    text: &Secret,
    now: UtcTime,
) -> Result<Option<LoggedIn>, LoginError> {
    // while no badge was ever given there is nothing to look up
    if store.read(meta::badge_salt)?.is_none() || !keeper.may_look(now) {
        return Ok(None);
    }
    let _turn = keeper.turn();
    match owner(store, text)? {
        Some(person) => accept(store, person, LoginWay::Badge, now).map(Some),
        None => Ok(None),
    }
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
    now: UtcTime,
) -> Result<LoggedIn, LoginError> {
    let name = person.name.clone();
    store.change(&Actor::Person { name: name.clone() }, now, |change| {
        change.record(AuditEvent::LoginAccepted { name, way });
        Ok::<_, StoreError>(())
    })?;
    Ok(LoggedIn::from(person))
}

fn count_failure(store: &Store, keeper: &Doorkeeper, name: &str, now: UtcTime) -> Result<(), StoreError> {
    match keeper.failed(name, now) {
        0 => Ok(()),
        times => record_refused(store, name, times, now),
    }
}

/// Writes down the failures whose minute is over. To be called now and then.
pub fn settle(store: &Store, keeper: &Doorkeeper, now: UtcTime) -> Result<(), StoreError> {
    keeper.untold(now).into_iter().try_for_each(|(name, times)| record_refused(store, &name, times, now))
}

/// Writes down all failures that are not written down yet. To be called when the station ends.
pub fn settle_at_end(store: &Store, keeper: &Doorkeeper, now: UtcTime) -> Result<(), StoreError> {
    keeper.last_untold().into_iter().try_for_each(|(name, times)| record_refused(store, &name, times, now))
}

fn record_refused(store: &Store, name: &str, times: u64, now: UtcTime) -> Result<(), StoreError> {
    // what was typed is hostile: bounded, and a password typed as the name stays out unless it looks like one
    let name = match name.parse::<Name>() {
        Ok(name) => name.to_string(),
        Err(_) if name == BADGES => BADGES.to_owned(),
        Err(_) => "(not a name)".to_owned(),
    };
    store.change(&Actor::Station, now, |change| {
        change.record(AuditEvent::LoginRefused { name, times });
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::authority::Administering;
    use crate::station::staff;
    use crate::station::testing::{Bench, now};

    #[test]
    fn a_name_in_other_letters_is_the_same_door() {
        let bench = Bench::new();
        let keeper = Doorkeeper::default();
        let now = now();
        let try_as = |name: &str| {
            login(&bench.store, &keeper, name, &Secret::new(b"guess".to_vec()), now).unwrap_err()
        };
        for name in ["admin", "Admin", "ADMIN", "aDmin", "adMin"] {
            assert!(matches!(try_as(name), LoginError::Refused), "{name}");
        }
        assert!(matches!(try_as("admiN"), LoginError::Closed));
    }

    #[test]
    fn a_scan_that_is_no_badge_is_no_failure_and_one_of_a_disabled_person_opens_nothing() {
        let bench = Bench::new();
        let (store, keeper, now) = (&bench.store, Doorkeeper::default(), now());
        let text = |text: &str| Secret::from(text.to_owned());
        let look = |scanned: &str| {
            let found = login_if_badge(store, &keeper, &text(scanned), now).unwrap();
            found.map(|who| who.person.name.to_string())
        };
        let authority = Administering::at_the_terminal(Actor::Station);
        let ada: Name = "ada".parse().unwrap();
        staff::add(store, &authority, &ada, Role::Operator, &text("a long password"), now).unwrap();
        assert_eq!(look("0012345678"), None, "no badge was ever given");
        staff::enrol_badge(store, &authority, &ada, &text("0012345678"), now).unwrap();
        for _ in 0..20 {
            assert_eq!(look("SN-0017"), None);
        }
        assert_eq!(look("0012345678").as_deref(), Some("ada"));
        assert!(keeper.last_untold().is_empty() && keeper.admits(BADGES, now));
        staff::disable(store, &authority, &ada, now).unwrap();
        assert_eq!(look("0012345678"), None);
        let refused = login_by_badge(store, &keeper, &text("0012345678"), now).unwrap_err();
        assert!(matches!(refused, LoginError::BadgeUnknown));
        // the card may be somebody else's now
        let bob: Name = "bob".parse().unwrap();
        staff::add(store, &authority, &bob, Role::Operator, &text("a long password"), now).unwrap();
        staff::enrol_badge(store, &authority, &bob, &text("0012345678"), now).unwrap();
        assert_eq!(look("0012345678").as_deref(), Some("bob"));
    }
}
