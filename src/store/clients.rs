//! The other systems that may ask over the API. Names are never used twice, nobody is ever deleted, and of a
//! token only its digest is kept.

use super::change::Change;
use super::columns::Columns;
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::Table;
use crate::domain::audit_event::AuditEvent;
use crate::domain::client::Rights;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;

/// One client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name.
    pub name: Name,
    /// SHA-256 of its token.
    pub token: Digest,
    /// What it may do.
    pub rights: Rights,
    /// Whether it may no longer.
    pub disabled: bool,
    /// Since when it is known.
    pub created: UtcTime,
}

/// Why a client cannot be added or disabled.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The name is taken, perhaps in another case.
    #[error("there is a client called {0} already")]
    Exists(Name),
    /// No client has this name.
    #[error("there is no client called {0}")]
    Unknown(Name),
    /// Disabled before.
    #[error("{0} is disabled already")]
    Disabled(Name),
    /// The records refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for ClientError {
    fn code(&self) -> Code {
        match self {
            ClientError::Exists(_) => Code::ClientExists,
            ClientError::Unknown(_) | ClientError::Disabled(_) => Code::ClientUnknown,
            ClientError::Store(error) => error.code(),
        }
    }
}

const COLUMNS: &str = "name, token, rights, disabled, created";

fn parse(columns: &Columns<'_>) -> Result<Client, StoreError> {
    Ok(Client {
        name: columns.parsed("name")?,
        token: columns.parsed("token")?,
        rights: columns.parsed("rights")?,
        disabled: columns.raw("disabled")?,
        created: columns.time("created")?,
    })
}

/// Adds a client, and records it.
///
/// # Errors
/// [`ClientError::Exists`], also for a name that differs in case only.
pub fn add(change: &mut Change<'_>, name: &Name, token: &Digest, rights: &Rights) -> Result<(), ClientError> {
    if find(change, name)?.is_some() {
        return Err(ClientError::Exists(name.clone()));
    }
    change.execute(
        "INSERT INTO client (name, token, rights, created) VALUES (?1, ?2, ?3, ?4)",
        (name.as_str(), token.to_string(), rights.to_string(), change.now().millis()),
    )?;
    change.touch_text(Table::Client, name.as_str());
    change.record(AuditEvent::ClientAdded { name: name.clone(), rights: rights.clone() });
    Ok(())
}

/// Ends a client's rights for good, and records it.
///
/// # Errors
/// See [`ClientError`].
pub fn disable(change: &mut Change<'_>, name: &Name) -> Result<(), ClientError> {
    let client = find(change, name)?.ok_or_else(|| ClientError::Unknown(name.clone()))?;
    let sql = "UPDATE client SET disabled = 1 WHERE name = ?1 AND disabled = 0";
    if change.execute(sql, [client.name.as_str()])? == 0 {
        return Err(ClientError::Disabled(client.name));
    }
    change.touch_text(Table::Client, client.name.as_str());
    change.record(AuditEvent::ClientDisabled { name: client.name });
    Ok(())
}

fn find(reader: &Reader<'_>, name: &Name) -> Result<Option<Client>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM client WHERE lower(name) = lower(?1)");
    reader.row("client", &sql, [name.as_str()], parse)
}

/// The client whose token has this digest, disabled or not.
pub fn by_token(reader: &Reader<'_>, token: &Digest) -> Result<Option<Client>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM client WHERE token = ?1");
    reader.row("client", &sql, [token.to_string()], parse)
}

/// Up to `limit` clients after this name, by name.
pub fn list(reader: &Reader<'_>, limit: u32, after: Option<&Name>) -> Result<Vec<Client>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM client WHERE ?1 IS NULL OR name > ?1 ORDER BY name LIMIT ?2");
    reader.rows("client", &sql, (after.map(Name::as_str), limit), parse)
}
