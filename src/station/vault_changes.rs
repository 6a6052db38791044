//! Changes of the vault and their trace in the records. The record says first that a secret is being changed,
//! new ones included, then the vault is written, then the record takes the new check value. A change that
//! broke off in between is settled at the next unlock, so the vault always opens and holds nothing that the
//! records do not know.

use std::collections::BTreeMap;

use crate::domain::audit_event::AuditEvent;
use crate::domain::audit_event::ceremony::Held;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::ceremony_record;
use crate::station::clock::{self, ClockBehind};
use crate::station::crash_point;
use crate::store::Store;
use crate::store::audit::log;
use crate::store::error::StoreError;
use crate::store::{meta, secret_checks};
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
    /// The clock cannot be right.
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    /// The records refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for VaultChangeError {
    fn code(&self) -> Code {
        match self {
            VaultChangeError::Vault(error) => error.code(),
            VaultChangeError::Clock(error) => error.code(),
            VaultChangeError::Store(error) => error.code(),
        }
    }
}

/// The check value of a secret that is being changed right now: any value in the vault is then believed.
pub fn in_change() -> Digest {
    Digest::from_bytes([0; 32])
}

/// Stands for the check value of a secret that is not in the vault: setting it for the first time came to
/// nothing. (A row the log speaks of is never deleted.)
pub fn absent() -> Digest {
    Digest::from_bytes([0xff; 32])
}

/// The check value of a secret that is being erased right now: it is there still, or it is gone.
pub fn in_erasure() -> Digest {
    Digest::from_bytes([0x01; 32])
}

/// Whether this check value is that of a secret that is erased, or about to be.
pub fn is_gone(value: Digest) -> bool {
    [absent(), in_erasure()].contains(&value)
}

/// Checks that the vault holds what the records say, all of it and nothing else. A secret that is being
/// changed may have any value, or none.
pub fn verify(store: &Store, vault: &Vault) -> Result<(), VaultChangeError> {
    let recorded: BTreeMap<String, Digest> = store.read(secret_checks::list)?.into_iter().collect();
    let mut expected = recorded.clone();
    expected.retain(|_, value| *value != in_change() && !is_gone(*value));
    vault.verify_check_values(&expected)?;
    let mut unknown = vault.check_values()?;
    unknown.retain(|name, _| recorded.get(name).is_none_or(|value| *value == absent()));
    if unknown.is_empty() {
        return Ok(());
    }
    Err(VaultError::CheckValues { entries: unknown.into_keys().collect() }.into())
}

/// Puts on record what the vault holds of each secret whose change broke off. Only for the process that holds
/// the station's lock: any other one could mistake a change under way for one that broke off.
pub fn settle(store: &Store, vault: &Vault, actor: &Actor, now: UtcTime) -> Result<(), VaultChangeError> {
    let recorded = store.read(secret_checks::list)?;
    let broken_off: Vec<String> =
        recorded.into_iter().filter(|(_, value)| *value == in_change()).map(|(name, _)| name).collect();
    if broken_off.is_empty() {
        return Ok(());
    }
    let held = vault.check_values()?;
    store.change(actor, now, |change| {
        for name in broken_off {
            secret_checks::set(change, &name, &held.get(&name).copied().unwrap_or(absent()))?;
            change.record(AuditEvent::SecretSettled { name });
        }
        Ok(())
    })
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
    set(store, vault, &Entry::Secret(name.clone()), actor, now, |vault| {
        vault.set_secret(name.clone(), secret)
    })
}

/// Stores the key that signs lot manifests; each copy of a manifest is verified by its public part for ever.
pub fn set_manifest_key(
    store: &Store,
    vault: &mut Vault,
    pkcs8: Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), VaultChangeError> {
    set(store, vault, &Entry::ManifestKey, actor, now, |vault| vault.set_manifest_key(pkcs8))
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

/// Takes note of the object in a token that is the issuing CA's key, which no private key in the vault is then.
pub fn set_issuing_key(
    store: &Store,
    vault: &mut Vault,
    kept: Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), VaultChangeError> {
    set(store, vault, &Entry::IssuingKey, actor, now, |vault| vault.set_issuing_key(kept))
}

/// Stores a private key of the issuing CA, or the name of its object in a token, that waits for its certificate.
pub fn set_next_issuing_key(
    store: &Store,
    vault: &mut Vault,
    pkcs8: Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), VaultChangeError> {
    set(store, vault, &Entry::NextIssuingKey, actor, now, |vault| vault.set_next_issuing_key(pkcs8))
}

/// Puts the ceremony on record, then makes the key that waited the one that signs; the one before is kept under this
/// number. The number of the ceremony's entry. [`issuing_key_promoted`] ends it.
pub fn promote_issuing_key(
    store: &Store,
    vault: &mut Vault,
    number: &Name,
    held: &Held,
    actor: &Actor,
    now: UtcTime,
) -> Result<u64, VaultChangeError> {
    let mut moving = vec![Entry::IssuingKey, Entry::NextIssuingKey];
    if vault.issuing_key().is_ok() {
        moving.push(Entry::PastIssuingKey(number.clone()));
    }
    let entry = store.change(actor, now, |change| {
        clock::sound(log::last_entry_at(change)?)?;
        let entry = ceremony_record::record(change, held)?;
        for name in moving.iter().map(Entry::to_string) {
            secret_checks::set(change, &name, &in_change())?;
            change.record(AuditEvent::SecretChanging { name });
        }
        Ok::<_, VaultChangeError>(entry)
    })?;
    crash_point::reached("install-on-record");
    // whatever becomes of it, the next unlock carries it through
    vault.promote_issuing_key(number.clone())?;
    Ok(entry)
}

/// Puts on record what the vault holds after [`promote_issuing_key`].
pub fn issuing_key_promoted(
    store: &Store,
    vault: &Vault,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), VaultChangeError> {
    let recorded = store.read(secret_checks::list)?;
    let held = vault.check_values()?;
    store.change(actor, now, |change| {
        for (name, _) in recorded.into_iter().filter(|(_, value)| *value == in_change()) {
            secret_checks::set(change, &name, &held.get(&name).copied().unwrap_or(absent()))?;
            change.record(AuditEvent::SecretSet { name });
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

/// Whether a change of this secret is on record that has not ended.
pub fn is_in_change(store: &Store, entry: &Entry) -> Result<bool, StoreError> {
    Ok(store.read(|r| secret_checks::get(r, &entry.to_string()))? == Some(in_change()))
}

/// [`change`] of what is called a secret in the log.
fn set(
    store: &Store,
    vault: &mut Vault,
    entry: &Entry,
    actor: &Actor,
    now: UtcTime,
    write: impl FnOnce(&mut Vault) -> Result<(), VaultError>,
) -> Result<(), VaultChangeError> {
    change(store, vault, entry, actor, now, write, |_| AuditEvent::SecretSet { name: entry.to_string() })
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
    let before = store.read(|r| secret_checks::get(r, &key))?.unwrap_or(absent());
    announce(store, &key, actor, now)?;
    let written = write(vault);
    let (value, event) = match &written {
        Ok(()) => {
            let value = vault.check_value(entry)?;
            (value, event(value))
        }
        // the file may be the old one or the new one by now: the next unlock will tell
        Err(VaultError::Write { .. }) => return Ok(written?),
        Err(_) => (before, AuditEvent::SecretUnchanged { name: key.clone() }),
    };
    store.change(actor, now, |change| {
        secret_checks::set(change, &key, &value)?;
        if written.is_ok() && *entry == Entry::Secret(Name::of_token_pin()) {
            meta::forget_refused_pin(change)?;
        }
        change.record(event);
        Ok::<_, StoreError>(())
    })?;
    Ok(written?)
}

/// Puts on record that a secret is being changed.
fn announce(store: &Store, name: &str, actor: &Actor, now: UtcTime) -> Result<(), StoreError> {
    store.change(actor, now, |change| {
        secret_checks::set(change, name, &in_change())?;
        change.record(AuditEvent::SecretChanging { name: name.to_owned() });
        Ok(())
    })
}

#[cfg(test)]
mod tests;
