//! Log-in: name and password against the records, slowed down and audited when refused.

use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::{Actor, Role};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::doorkeeper::Doorkeeper;
use crate::station::password;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::people;

/// Somebody who has shown who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub name: Name,
    /// What they may do.
    pub role: Role,
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Name or password is wrong, or the person is disabled: which of them is not said.
    #[error("name or password is wrong")]
    Refused,
    /// Too many failures.
    #[error("there were too many failed log-ins; the door is closed for a minute")]
    Closed,
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for LoginError {
    fn code(&self) -> Code {
        match self {
            LoginError::Refused | LoginError::Closed => Code::LoginRefused,
            LoginError::Store(error) => error.code(),
        }
    }
}

/// Lets a person in. Takes as long for an unknown name as for a wrong password.
pub fn login(
    store: &Store,
    keeper: &Doorkeeper,
    name: &str,
    given: &Secret,
    now: UtcTime,
) -> Result<Person, LoginError> {
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
        Some((person, _)) if right => {
            let actor = Actor::Person { name: person.name.clone() };
            store.change(&actor, now, |change| {
                change.record(AuditEvent::LoginAccepted { name: person.name.clone() });
                Ok::<_, StoreError>(())
            })?;
            Ok(Person { name: person.name, role: person.role })
        }
        _ => {
            count_failure(store, keeper, name, now)?;
            Err(LoginError::Refused)
        }
    }
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
}
