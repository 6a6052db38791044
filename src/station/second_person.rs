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
    /// Whoever acts does not show that they are an administrator: which part of it fails is not said.
    #[error(
        "{0} did not show who they are: the password is wrong, or they are no administrator who may log in"
    )]
    FirstRefused(Name),
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
            NotConfirmed::Same(_) | NotConfirmed::Refused(_) | NotConfirmed::FirstRefused(_) => {
                Code::SecondRefused
            }
            NotConfirmed::Store(error) => error.code(),
        }
    }
}

/// Has `what` confirmed. Where the rule is off (`needed`), nobody needs to, and whoever does all the same is put on record.
/// Where it is on, the one who acts shows by their own password that they are an administrator, too: a name that
/// anybody may give would make one person two. A refusal is on record.
pub fn confirm(
    store: &Store,
    needed: bool,
    (who, password): (&Administering, Option<&Secret>),
    second: Option<&Second<'_>>,
    what: &str,
    now: UtcTime,
) -> Result<Confirmation, NotConfirmed> {
    let confirmed = if needed {
        by_two(store, who.actor(), password, second)
    } else {
        by_choice(store, who.actor(), second)
    };
    if let Err(error) = &confirmed {
        refusals::record(store, who.actor(), now, what, error);
    }
    confirmed
}

/// Refuses what one administrator may not do alone where that is the rule: letting another administrator in, or giving one
/// another password, for that would make one person two. It is done at the command line, where two confirm.
pub fn alone(
    store: &Store,
    rule: bool,
    who: &Administering,
    role: Role,
    what: &str,
    now: UtcTime,
) -> Result<Confirmation, NotConfirmed> {
    confirm(store, rule && role == Role::Administrator, (who, None), None, what, now)
}

/// Two administrators of the records, who each gave their own password.
fn by_two(
    store: &Store,
    first: &Actor,
    given: Option<&Secret>,
    second: Option<&Second<'_>>,
) -> Result<Confirmation, NotConfirmed> {
    let Some(second) = second else { return Err(NotConfirmed::Missing) };
    let Some(first) = first.person() else { return Err(NotConfirmed::FirstUnnamed) };
    let refused = || NotConfirmed::FirstRefused(first.clone());
    let acts = administrator(store, first, given.ok_or_else(refused)?)?.ok_or_else(refused)?;
    if acts.as_str().eq_ignore_ascii_case(second.name.as_str()) {
        return Err(NotConfirmed::Same(acts));
    }
    let refused = || NotConfirmed::Refused(second.name.clone());
    let confirms = administrator(store, second.name, second.password)?.ok_or_else(refused)?;
    if acts == confirms {
        return Err(NotConfirmed::Same(acts));
    }
    Ok(Confirmation(Some(confirms)))
}

/// Whoever confirms though nobody needs to.
fn by_choice(
    store: &Store,
    first: &Actor,
    second: Option<&Second<'_>>,
) -> Result<Confirmation, NotConfirmed> {
    let Some(Second { name, password }) = second else { return Ok(Confirmation(None)) };
    let Some(first) = first.person() else { return Err(NotConfirmed::FirstUnnamed) };
    if first.as_str().eq_ignore_ascii_case(name.as_str()) {
        return Err(NotConfirmed::Same((*name).clone()));
    }
    let confirms = administrator(store, name, password)?;
    Ok(Confirmation(Some(confirms.ok_or_else(|| NotConfirmed::Refused((*name).clone()))?)))
}

/// The name on record of the administrator who may log in as this with this password. Takes as long if there is none.
fn administrator(store: &Store, name: &Name, given: &Secret) -> Result<Option<Name>, StoreError> {
    let able = store
        .read(|r| people::login(r, name))?
        .filter(|(person, _)| !person.disabled && person.role == Role::Administrator);
    let hash = able.as_ref().and_then(|(_, hash)| std::str::from_utf8(hash.expose()).ok());
    let right = password::verify(given, hash);
    Ok(able.filter(|_| right).map(|(person, _)| person.name))
}
