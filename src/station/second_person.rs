//! The rule of two people: what only counts if another administrator confirms it with their own password.

use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::{Actor, Role};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Administering, Authority};
use crate::station::{password, refusals};
use crate::store::error::StoreError;
use crate::store::{Store, people};

/// That the rule is kept: nobody needs to confirm, or somebody did.
#[derive(Debug, Clone)]
pub struct Confirmation(Option<Name>);

impl Confirmation {
    /// Who confirmed, for the records.
    pub fn second(&self) -> Option<&Name> {
        self.0.as_ref()
    }
}

/// Whoever is to confirm, as they say.
pub struct Second<'a> {
    /// Who they say they are.
    pub name: &'a Name,
    /// The password they gave.
    pub password: &'a Secret,
}

/// Why it is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum NotConfirmed {
    /// Nobody did.
    #[error("this station asks a second administrator to confirm this, and nobody did")]
    Missing,
    /// Nobody knows who the first one is.
    #[error("this station asks two administrators for this, and the first one has no name")]
    FirstUnnamed,
    /// One person twice.
    #[error("{0} cannot be the second person to their own deed")]
    Same(Name),
    /// Not an administrator, disabled, unknown, or the password is wrong; which of them is not said.
    #[error("{0} did not confirm: the password is wrong, or they are no administrator who may log in")]
    Refused(Name),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for NotConfirmed {
    fn code(&self) -> Code {
        match self {
            NotConfirmed::Missing | NotConfirmed::FirstUnnamed => Code::SecondNeeded,
            NotConfirmed::Same(_) | NotConfirmed::Refused(_) => Code::SecondRefused,
            NotConfirmed::Store(error) => error.code(),
        }
    }
}

/// Has `what` confirmed. Where the rule is off (`needed`), nobody needs to, and whoever does all the same is put on record.
/// A refusal is on record, too.
pub fn confirm(
    store: &Store,
    needed: bool,
    who: &Administering,
    second: Option<&Second<'_>>,
    what: &str,
    now: UtcTime,
) -> Result<Confirmation, NotConfirmed> {
    let confirmed = checked(store, needed, who.actor(), second);
    if let Err(error) = &confirmed {
        refusals::record(store, who.actor(), now, what, error);
    }
    confirmed
}

fn checked(
    store: &Store,
    needed: bool,
    first: &Actor,
    second: Option<&Second<'_>>,
) -> Result<Confirmation, NotConfirmed> {
    let Some(Second { name, password }) = second else {
        return if needed { Err(NotConfirmed::Missing) } else { Ok(Confirmation(None)) };
    };
    let Some(first) = first.person() else { return Err(NotConfirmed::FirstUnnamed) };
    if first.as_str().eq_ignore_ascii_case(name.as_str()) {
        return Err(NotConfirmed::Same((*name).clone()));
    }
    let able = store
        .read(|r| people::login(r, name))?
        .filter(|(person, _)| !person.disabled && person.role == Role::Administrator);
    let hash = able.as_ref().and_then(|(_, hash)| std::str::from_utf8(hash.expose()).ok());
    match (password::verify(password, hash), able) {
        (true, Some((person, _))) => Ok(Confirmation(Some(person.name))),
        _ => Err(NotConfirmed::Refused((*name).clone())),
    }
}
