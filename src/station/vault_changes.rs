//! Changes of the vault and their trace in the records. The record says first that a secret is being changed,
//! then the vault is written, then the record takes the new check value: a crash in between leaves a vault
//! that still opens.

use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::secret_checks;
use crate::vault::Vault;
use crate::vault::check::Entry;
use crate::vault::error::VaultError;
use crate::vault::group_key::GroupKey;

/// Why the vault was not changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultChangeError {
    /// The vault refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The records refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for VaultChangeError {
    fn code(&self) -> Code {
        match self {
            VaultChangeError::Vault(error) => error.code(),
            VaultChangeError::Store(error) => error.code(),
        }
    }
}

/// The check value of a secret that is being changed right now: any value in the vault is then believed.
pub fn in_change() -> Digest {
    Digest::from_bytes([0; 32])
}

/// Records the check values of everything in a new vault.
pub fn record_all(store: &Store, vault: &Vault, actor: &Actor, now: UtcTime) -> Result<(), VaultChangeError> {
    let values = vault.check_values()?;
    store.change(actor, now, |change| {
        for (entry, value) in &values {
            secret_checks::set(change, entry, value)?;
            change.record(AuditEvent::SecretSet { name: entry.clone() });
        }
        Ok(())
    })
}

/// Sets a secret, new or not.
pub fn set_secret(
    store: &Store,
    vault: &mut Vault,
    name: &Name,
    secret: Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), VaultChangeError> {
    let entry = Entry::Secret(name.clone());
    change(
        store,
        vault,
        &entry,
        actor,
        now,
        |vault| vault.set_secret(name.clone(), secret),
        |_| AuditEvent::SecretSet { name: entry.to_string() },
    )
}

/// Adds a group key under a new name.
pub fn add_group_key(
    store: &Store,
    vault: &mut Vault,
    name: &Name,
    key: GroupKey,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), VaultChangeError> {
    let entry = Entry::GroupKey(name.clone());
    change(
        store,
        vault,
        &entry,
        actor,
        now,
        |vault| vault.add_group_key(name.clone(), key),
        |check| AuditEvent::GroupKeyAdded { name: name.clone(), check },
    )
}

/// Puts another key in the place of a group key.
pub fn rotate_group_key(
    store: &Store,
    vault: &mut Vault,
    name: &Name,
    key: GroupKey,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), VaultChangeError> {
    let entry = Entry::GroupKey(name.clone());
    change(
        store,
        vault,
        &entry,
        actor,
        now,
        |vault| vault.rotate_group_key(name, key),
        |check| AuditEvent::GroupKeyRotated { name: name.clone(), check },
    )
}

fn change(
    store: &Store,
    vault: &mut Vault,
    entry: &Entry,
    actor: &Actor,
    now: UtcTime,
    write: impl FnOnce(&mut Vault) -> Result<(), VaultError>,
    event: impl FnOnce(Digest) -> AuditEvent,
) -> Result<(), VaultChangeError> {
    let key = entry.to_string();
    let before = store.read(|r| secret_checks::get(r, &key))?;
    if before.is_some() {
        store.change(actor, now, |change| {
            secret_checks::set(change, &key, &in_change())?;
            change.record(AuditEvent::SecretChanging { name: key.clone() });
            Ok::<_, StoreError>(())
        })?;
    }
    let written = write(vault);
    let value = match (&written, before) {
        (Ok(()), _) => vault.check_value(entry)?,
        (Err(_), Some(before)) => before,
        (Err(_), None) => return Ok(written?),
    };
    store.change(actor, now, |change| {
        secret_checks::set(change, &key, &value)?;
        change.record(match written {
            Ok(()) => event(value),
            Err(_) => AuditEvent::SecretUnchanged { name: key.clone() },
        });
        Ok::<_, StoreError>(())
    })?;
    Ok(written?)
}
