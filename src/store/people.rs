//! The people of the station. Names are never used twice, nobody is ever deleted, and there is always an
//! administrator left.

use super::change::Change;
use super::columns::Columns;
use super::error::StoreError;
use super::meta;
use super::reader::Reader;
use super::row_digest::Table;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
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
    /// Whether they have a badge.
    pub badge: bool,
    /// Differs once their password or badge is another one: what they were let in by is over then.
    pub stamp: Digest,
}

/// Why a person cannot be added or changed.
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
    /// Badges are easily lent, so they open what an operator may do and no more.
    #[error("{name} is {role}, and badges are for operators only")]
    NoBadgeForRole {
        /// Who.
        name: Name,
        /// What they are trusted with.
        role: Role,
    },
    /// Somebody has this badge; whose it is, is not said.
    #[error("this badge belongs to somebody already")]
    BadgeTaken,
    /// There is nothing to take away.
    #[error("{0} has no badge")]
    NoBadge(Name),
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
            PersonError::NoBadgeForRole { .. } | PersonError::BadgeTaken | PersonError::NoBadge(_) => {
                Code::BadgeRefused
            }
            PersonError::Store(error) => error.code(),
        }
    }
}

const COLUMNS: &str = "name, role, password, badge, disabled, created";

fn parse(columns: &Columns<'_>) -> Result<Person, StoreError> {
    let badge = columns.raw::<Option<String>>("badge")?;
    let mut known_by = columns.raw::<String>("password")?;
    known_by.push('\n');
    known_by.push_str(badge.as_deref().unwrap_or_default());
    Ok(Person {
        name: columns.parsed("name")?,
        role: columns.parsed("role")?,
        disabled: columns.raw("disabled")?,
        created: columns.time("created")?,
        badge: badge.is_some(),
        stamp: Digest::of(known_by.as_bytes()),
    })
}

fn text_of(password: &Secret) -> Result<&str, StoreError> {
    std::str::from_utf8(password.expose()).map_err(|_| StoreError::Row {
        table: "person",
        column: "password",
        why: "it is no text".to_owned(),
    })
}

/// Adds a person with the argon2 string of their password, and records it.
///
/// # Errors
/// [`PersonError::Exists`], also for a name that differs in case only.
pub fn add(
    change: &mut Change<'_>,
    name: &Name,
    role: Role,
    password: &Secret,
    second: Option<&Name>,
) -> Result<(), PersonError> {
    let sql = "SELECT count(*) FROM person WHERE lower(name) = lower(?1)";
    if change.count(sql, [name.as_str()])? > 0 {
        return Err(PersonError::Exists(name.clone()));
    }
    change.execute(
        "INSERT INTO person (name, role, password, created) VALUES (?1, ?2, ?3, ?4)",
        (name.as_str(), role.as_str(), text_of(password)?, change.now().millis()),
    )?;
    change.touch_text(Table::Person, name.as_str());
    change.record(AuditEvent::PersonAdded { name: name.clone(), role, second: second.cloned() });
    Ok(())
}

/// Ends a person's rights for good, takes their badge away, and records it.
///
/// # Errors
/// See [`PersonError`].
pub fn disable(change: &mut Change<'_>, name: &Name) -> Result<(), PersonError> {
    let person = find(change, name)?.ok_or_else(|| PersonError::Unknown(name.clone()))?;
    let sql = "SELECT count(*) FROM person WHERE role = 'administrator' AND disabled = 0";
    if person.role == Role::Administrator && !person.disabled && change.count(sql, [])? < 2 {
        return Err(PersonError::LastAdministrator(person.name));
    }
    let sql = "UPDATE person SET disabled = 1, badge = NULL WHERE name = ?1 AND disabled = 0";
    if change.execute(sql, [person.name.as_str()])? == 0 {
        return Err(PersonError::Disabled(person.name));
    }
    change.touch_text(Table::Person, person.name.as_str());
    change.record(AuditEvent::PersonDisabled { name: person.name });
    Ok(())
}

/// Somebody who is not disabled.
fn able(change: &Change<'_>, name: &Name) -> Result<Person, PersonError> {
    let person = find(change, name)?.ok_or_else(|| PersonError::Unknown(name.clone()))?;
    if person.disabled { Err(PersonError::Disabled(person.name)) } else { Ok(person) }
}

/// Gives a person the argon2 string of another password, and records it.
///
/// # Errors
/// See [`PersonError`].
pub fn set_password(change: &mut Change<'_>, name: &Name, password: &Secret) -> Result<(), PersonError> {
    let person = able(change, name)?;
    let sql = "UPDATE person SET password = ?2 WHERE name = ?1";
    change.execute(sql, [person.name.as_str(), text_of(password)?])?;
    change.touch_text(Table::Person, person.name.as_str());
    change.record(AuditEvent::PasswordChanged { name: person.name });
    Ok(())
}

/// Gives an operator the badge with this digest under this salt, instead of the one they may have had, and
/// records it.
///
/// # Errors
/// See [`PersonError`].
pub fn give_badge(
    change: &mut Change<'_>,
    name: &Name,
    badge: &Digest,
    salt: &[u8; 16],
) -> Result<(), PersonError> {
    let person = able(change, name)?;
    if person.role != Role::Operator {
        return Err(PersonError::NoBadgeForRole { name: person.name, role: person.role });
    }
    let sql = "SELECT count(*) FROM person WHERE badge = ?1 AND name <> ?2";
    if change.count(sql, [badge.to_string().as_str(), person.name.as_str()])? > 0 {
        return Err(PersonError::BadgeTaken);
    }
    if meta::keep_badge_salt(change, salt)? != *salt {
        let why = "was made by somebody else in between";
        return Err(StoreError::Conflict { table: "meta", key: "badge-salt".to_owned(), why }.into());
    }
    let sql = "UPDATE person SET badge = ?2 WHERE name = ?1";
    change.execute(sql, [person.name.as_str(), badge.to_string().as_str()])?;
    change.touch_text(Table::Person, person.name.as_str());
    change.record(AuditEvent::BadgeGiven { name: person.name });
    Ok(())
}

/// Takes a person's badge away, and records it.
///
/// # Errors
/// See [`PersonError`].
pub fn remove_badge(change: &mut Change<'_>, name: &Name) -> Result<(), PersonError> {
    let person = able(change, name)?;
    if !person.badge {
        return Err(PersonError::NoBadge(person.name));
    }
    change.execute("UPDATE person SET badge = NULL WHERE name = ?1", [person.name.as_str()])?;
    change.touch_text(Table::Person, person.name.as_str());
    change.record(AuditEvent::BadgeRemoved { name: person.name });
    Ok(())
}

/// The person with this name, in any case.
pub fn find(reader: &Reader<'_>, name: &Name) -> Result<Option<Person>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM person WHERE lower(name) = lower(?1)");
    reader.row("person", &sql, [name.as_str()], parse)
}

/// The person with the badge of this digest.
pub fn by_badge(reader: &Reader<'_>, badge: &Digest) -> Result<Option<Person>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM person WHERE badge = ?1");
    reader.row("person", &sql, [badge.to_string()], parse)
}

/// The person with this name and the argon2 string of their password; also of disabled persons, so that the
/// caller takes the same time over them.
pub fn login(reader: &Reader<'_>, name: &Name) -> Result<Option<(Person, Secret)>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM person WHERE lower(name) = lower(?1)");
    reader.row("person", &sql, [name.as_str()], |columns| {
        Ok((parse(columns)?, Secret::from(columns.raw::<String>("password")?)))
    })
}

/// Everybody, by name.
pub fn list(reader: &Reader<'_>) -> Result<Vec<Person>, StoreError> {
    reader.rows("person", &format!("SELECT {COLUMNS} FROM person ORDER BY name"), [], parse)
}

/// At most so many people by name, those behind this name.
pub fn page(reader: &Reader<'_>, after: Option<&Name>, most: u32) -> Result<Vec<Person>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM person WHERE name > ?1 ORDER BY name LIMIT ?2");
    reader.rows("person", &sql, (after.map_or("", Name::as_str), most), parse)
}

/// How many people there are, disabled ones included.
pub fn count(reader: &Reader<'_>) -> Result<u64, StoreError> {
    reader.count("SELECT count(*) FROM person", [])
}
