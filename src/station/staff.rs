//! Changes among the people: who is let in, by which password or badge, and who no longer. What is refused goes on
//! record, too.

use crate::domain::badge::{BadBadge, Badge};
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::{Actor, Role};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Administering, Authority, Watching};
use crate::station::badges::{self, NotDigested};
use crate::station::clock::{self, NoEntropy};
use crate::station::password::{self, BadPassword};
use crate::station::people::{self as gate, Knock, LoggedIn, LoginDoor, LoginError, Person};
use crate::station::refusals;
use crate::station::second_person::{Confirmation, NotConfirmed};
use crate::store::error::StoreError;
use crate::store::people::{self, PersonError};
use crate::store::{Store, meta};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is the room whose error it carries")]
pub enum StaffError {
    #[error(transparent)]
    Person(#[from] PersonError),
    #[error(transparent)]
    Password(#[from] BadPassword),
    #[error(transparent)]
    Badge(#[from] BadBadge),
    #[error(transparent)]
    NotDigested(#[from] NotDigested),
    /// The password that was to be replaced is not theirs.
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// Where that is the rule, two administrators make a third.
    #[error(transparent)]
    NotConfirmed(#[from] NotConfirmed),
}

impl From<StoreError> for StaffError {
    fn from(error: StoreError) -> StaffError {
        StaffError::Person(error.into())
    }
}

impl Coded for StaffError {
    fn code(&self) -> Code {
        match self {
            StaffError::Person(error) => error.code(),
            StaffError::Password(error) => error.code(),
            StaffError::Badge(error) => error.code(),
            StaffError::NotDigested(error) => error.code(),
            StaffError::Login(error) => error.code(),
            StaffError::Entropy(_) => Code::Internal,
            StaffError::NotConfirmed(error) => error.code(),
        }
    }
}

/// Lets somebody in from now on.
pub fn add(
    store: &Store,
    authority: &Administering,
    confirmed: &Confirmation,
    (name, role): (&Name, Role),
    password: &Secret,
    now: UtcTime,
) -> Result<(), StaffError> {
    on_record(store, authority.actor(), now, &format!("new person {name}"), || {
        let hash = hash(role, password)?;
        store.change(authority.actor(), now, |change| {
            people::add(change, name, role, &hash, confirmed.second())
        })?;
        Ok(())
    })
}

/// Lets somebody in no longer.
pub fn disable(
    store: &Store,
    authority: &Administering,
    name: &Name,
    now: UtcTime,
) -> Result<(), StaffError> {
    on_record(store, authority.actor(), now, &format!("disabling of {name}"), || {
        store.change(authority.actor(), now, |change| people::disable(change, name))?;
        Ok(())
    })
}

/// Gives somebody another password, or an operator a PIN; their sessions are over. An administrator's is not given by
/// another one alone where that is the `rule`.
pub fn set_password(
    store: &Store,
    rule: bool,
    authority: &Administering,
    name: &Name,
    password: &Secret,
    now: UtcTime,
) -> Result<(), StaffError> {
    on_record(store, authority.actor(), now, &format!("new password of {name}"), || {
        let known = store.read(|r| people::find(r, name))?;
        let known = known.ok_or_else(|| PersonError::Unknown(name.clone()))?;
        let others = authority.actor().person() != Some(&known.name);
        if rule && others && known.role == Role::Administrator {
            return Err(NotConfirmed::Missing.into());
        }
        let hash = hash(known.role, password)?;
        store.change(authority.actor(), now, |change| people::set_password(change, name, &hash))?;
        Ok(())
    })
}

/// Gives somebody who knows their password another one. Their sessions are over; they are let in anew.
pub fn set_own_password(
    store: &Store,
    door: &LoginDoor,
    knock: &Knock,
    watching: &Watching,
    person: &Person,
    (old, new): (&Secret, &Secret),
) -> Result<LoggedIn, StaffError> {
    let (Person { name, role }, now) = (person, knock.now);
    on_record(store, watching.actor(), now, &format!("new password of {name}"), || {
        let hash = hash(*role, new)?;
        gate::login(store, door, knock, name.as_str(), old)?;
        let known = store.change(watching.actor(), now, |change| {
            people::set_password(change, name, &hash)?;
            people::find(change, name)?.ok_or_else(|| PersonError::Unknown(name.clone()))
        })?;
        Ok(LoggedIn::from(known))
    })
}

/// Makes an operator a badge and gives it to them, instead of the one they may have had. Its text is shown once
/// and kept nowhere.
pub fn make_badge(
    store: &Store,
    authority: &Administering,
    name: &Name,
    now: UtcTime,
) -> Result<Badge, StaffError> {
    on_record(store, authority.actor(), now, &format!("new badge of {name}"), || {
        let badge = Badge::make(&clock::random()?);
        give(store, authority, name, &badge, now)?;
        Ok(badge)
    })
}

/// Gives an operator the card with this text as their badge, instead of the one they may have had.
pub fn enrol_badge(
    store: &Store,
    authority: &Administering,
    name: &Name,
    text: &Secret,
    now: UtcTime,
) -> Result<(), StaffError> {
    on_record(store, authority.actor(), now, &format!("new badge of {name}"), || {
        give(store, authority, name, &Badge::read(text)?, now)
    })
}

fn give(
    store: &Store,
    authority: &Administering,
    name: &Name,
    badge: &Badge,
    now: UtcTime,
) -> Result<(), StaffError> {
    let fresh = clock::random()?;
    let salt = store.read(meta::badge_salt)?.unwrap_or(fresh);
    let digest = badges::digest(badge, &salt)?;
    store.change(authority.actor(), now, |change| people::give_badge(change, name, &digest, &salt))?;
    Ok(())
}

/// Takes somebody's badge away; the sessions it began are over.
pub fn remove_badge(
    store: &Store,
    authority: &Administering,
    name: &Name,
    now: UtcTime,
) -> Result<(), StaffError> {
    on_record(store, authority.actor(), now, &format!("removal of the badge of {name}"), || {
        store.change(authority.actor(), now, |change| people::remove_badge(change, name))?;
        Ok(())
    })
}

fn hash(role: Role, password: &Secret) -> Result<Secret, StaffError> {
    Ok(Secret::from(password::hash_for(role, password, &clock::random()?)?))
}

/// Does it; what is refused goes on record.
fn on_record<T>(
    store: &Store,
    actor: &Actor,
    now: UtcTime,
    what: &str,
    work: impl FnOnce() -> Result<T, StaffError>,
) -> Result<T, StaffError> {
    work().inspect_err(|error| refusals::record(store, actor, now, what, error))
}
