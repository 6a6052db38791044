//! The people of the station. Names are never used twice, nobody is ever deleted, and there is always an
//! administrator left.

use super::change::Change;
use super::columns::Columns;
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::Table;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::Role;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name they log in with.
    pub name: Name,
    /// What they are trusted with.
    pub role: Role,
    /// Whether they may no longer log in.
    pub disabled: bool,
    /// Since when they are known.
    pub created: UtcTime,
}

/// Why a person cannot be added or disabled.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// The name is taken, perhaps in another case.
    #[error("there is somebody called {0} already")]
    Exists(Name),
    /// Nobody has this name.
    #[error("there is nobody called {0}")]
    Unknown(Name),
    /// Disabled before.
    #[error("{0} is disabled already")]
    Disabled(Name),
    /// Nobody could add people any more.
    #[error("{0} is the only administrator left")]
    LastAdministrator(Name),
    /// The records refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for PersonError {
    fn code(&self) -> Code {
        match self {
            PersonError::Exists(_) => Code::PersonExists,
            PersonError::Unknown(_) | PersonError::Disabled(_) => Code::PersonUnknown,
            PersonError::LastAdministrator(_) => Code::NotAllowed,
            PersonError::Store(error) => error.code(),
        }
    }
}

fn parse(columns: &Columns<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        name: columns.parsed("name")?,
        role: columns.parsed("role")?,
        disabled: columns.raw("disabled")?,
        created: columns.time("created")?,
    })
}

/// Adds a person with the argon2 string of their password, and records it.
///
/// # Errors
/// [`PersonError::Exists`], also for a name that differs in case only.
pub fn add(change: &mut Change<'_>, name: &Name, role: Role, password: &Secret) -> Result<(), PersonError> {
    let sql = "SELECT count(*) FROM person WHERE lower(name) = lower(?1)";
    if change.count(sql, [name.as_str()])? > 0 {
        return Err(PersonError::Exists(name.clone()));
    }
    let password = std::str::from_utf8(password.expose()).map_err(|_| StoreError::Row {
        table: "person",
        column: "password",
        why: "it is no text".to_owned(),
    })?;
    change.execute(
        "INSERT INTO person (name, role, password, created) VALUES (?1, ?2, ?3, ?4)",
        (name.as_str(), role.as_str(), password, change.now().millis()),
    )?;
    change.touch_text(Table::Person, name.as_str());
    change.record(AuditEvent::PersonAdded { name: name.clone(), role });
    Ok(())
}

/// Ends a person's rights for good, and records it.
///
/// # Errors
/// See [`PersonError`].
pub fn disable(change: &mut Change<'_>, name: &Name) -> Result<(), PersonError> {
    let person = find(change, name)?.ok_or_else(|| PersonError::Unknown(name.clone()))?;
    let sql = "SELECT count(*) FROM person WHERE role = 'administrator' AND disabled = 0";
    if person.role == Role::Administrator && !person.disabled && change.count(sql, [])? < 2 {
        return Err(PersonError::LastAdministrator(person.name));
    }
    let sql = "UPDATE person SET disabled = 1 WHERE name = ?1 AND disabled = 0";
    if change.execute(sql, [person.name.as_str()])? == 0 {
        return Err(PersonError::Disabled(person.name));
    }
    change.touch_text(Table::Person, person.name.as_str());
    change.record(AuditEvent::PersonDisabled { name: person.name });
    Ok(())
}

/// The person with this name, in any case.
pub fn find(reader: &Reader<'_>, name: &Name) -> Result<Option<Person>, StoreError> {
    let sql = "SELECT name, role, disabled, created FROM person WHERE lower(name) = lower(?1)";
    reader.row("person", sql, [name.as_str()], parse)
}

/// The person with this name and the argon2 string of their password; also of disabled persons, so that the
/// caller takes the same time over them.
pub fn login(reader: &Reader<'_>, name: &Name) -> Result<Option<(Person, Secret)>, StoreError> {
    let sql = "SELECT name, role, password, disabled, created FROM person WHERE lower(name) = lower(?1)";
    reader.row("person", sql, [name.as_str()], |columns| {
        Ok((parse(columns)?, Secret::from(columns.raw::<String>("password")?)))
    })
}

/// Everybody, by name.
pub fn list(reader: &Reader<'_>) -> Result<Vec<Person>, StoreError> {
    let sql = "SELECT name, role, disabled, created FROM person ORDER BY name";
    reader.rows("person", sql, [], parse)
}

/// How many people there are, disabled ones included.
pub fn count(reader: &Reader<'_>) -> Result<u64, StoreError> {
    reader.count("SELECT count(*) FROM person", [])
}
