//! A private key of an issuing CA leaves the vault for good. That goes on record first, then the vault is written, then the
//! sheet, then the record says that the key is gone. What was cut off after the record is done at the next unlock.

use crate::domain::audit_event::AuditEvent;
use crate::domain::audit_event::ceremony::{Act, Held, KeyErased};
use crate::domain::code::Coded;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::station::ceremony_record;
use crate::station::clock;
use crate::station::crash_point;
use crate::station::folder::{Folder, FolderError};
use crate::station::installation::Place;
use crate::station::settings::Settings;
use crate::station::vault_changes::{self, VaultChangeError};
use crate::store::Store;
use crate::store::audit::log;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::secret_checks;
use crate::vault::Vault;
use crate::vault::check::Entry;
use crate::vault::error::VaultError;

/// A key that is gone.
#[derive(Debug)]
pub struct Erased {
    /// The number of the audit entry, and of the sheet if there is one.
    pub entry: u64,
    /// Why there is no sheet, if it could not be written.
    pub unprinted: Option<FolderError>,
}

/// How far an erasure came that failed.
#[derive(Debug)]
pub enum Failed<E> {
    /// Nothing was done.
    Refused(E),
    /// It is on record, and the next unlock does it.
    OnRecord(VaultChangeError),
}

/// Which key the vault is to lose.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// That of the issuing CA before the present one with this number.
    Past(&'a Name),
    /// The one that waits for its certificate.
    Next,
}

impl Key<'_> {
    fn entry(self) -> Entry {
        match self {
            Key::Past(number) => Entry::PastIssuingKey(number.clone()),
            Key::Next => Entry::NextIssuingKey,
        }
    }

    fn erase(self, vault: &mut Vault) -> Result<(), VaultError> {
        match self {
            Key::Past(number) => vault.erase_past_issuing_key(number),
            Key::Next => vault.erase_next_issuing_key(),
        }
    }
}

/// Erases this key; `held` is the ceremony it is done in, and `sound` has the last word in the change that records it.
pub fn erase<E: From<VaultChangeError> + From<StoreError>>(
    place: &Place<'_>,
    vault: &mut Vault,
    key: Key<'_>,
    held: &Held,
    actor: &Actor,
    now: UtcTime,
    sound: impl FnOnce(&Reader<'_>) -> Result<(), E>,
) -> Result<Erased, Failed<E>> {
    let name = key.entry().to_string();
    let recorded = place.store.change(actor, now, |change| {
        clock::sound(log::last_entry_at(change)?).map_err(VaultChangeError::from)?;
        sound(change)?;
        let entry = ceremony_record::record(change, held)?;
        secret_checks::set(change, &name, &vault_changes::in_erasure())?;
        change.record(AuditEvent::SecretChanging { name: name.clone() });
        Ok::<_, E>(entry)
    });
    let entry = recorded.map_err(Failed::Refused)?;
    crash_point::reached("erase-on-record");
    // whatever becomes of it, the next unlock erases it
    key.erase(vault).map_err(|error| Failed::OnRecord(error.into()))?;
    crash_point::reached("erase-vault-written");
    let printed = match held.act {
        Act::Erasure => ceremony_record::print(place.folder, place.station, entry, held, actor, now),
        Act::Founding | Act::Request | Act::Installation | Act::Renewal | Act::Withdrawal => Ok(()),
    };
    crash_point::reached("erase-told");
    settle(place.store, &[name], actor, now).map_err(|error| Failed::OnRecord(error.into()))?;
    crash_point::reached("erase-settled");
    Ok(Erased { entry, unprinted: printed.err() })
}

/// Does what was cut off after its record. Only for the process that holds the station's lock.
pub fn finish(
    folder: &Folder,
    store: &Store,
    vault: &mut Vault,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), VaultChangeError> {
    let mut names: Vec<String> = Vec::new();
    for (name, value) in store.read(secret_checks::list)? {
        if value == vault_changes::in_erasure() {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let is_named = |key: Key<'_>| names.contains(&key.entry().to_string());
    let numbers: Vec<Name> = vault.past_issuing_numbers().cloned().collect();
    for number in numbers.iter().filter(|number| is_named(Key::Past(number))) {
        Key::Past(number).erase(vault)?;
    }
    if is_named(Key::Next) && vault.next_issuing_key().is_ok() {
        Key::Next.erase(vault)?;
    }
    if let Some((entry, of)) = store.read(|r| ceremony_record::newest(r, |held| held.act == Act::Erasure))?
        && let Err(error) = station_name(folder)
            .and_then(|station| ceremony_record::print_missing(folder, &station, entry, &of))
    {
        tracing::error!(code = %error.code(), "the sheet of the ceremony in entry {entry} could not be written: {error}");
    }
    Ok(settle(store, &names, actor, now)?)
}

fn station_name(folder: &Folder) -> Result<Name, FolderError> {
    let text = folder.read(&folder.settings())?;
    let unread = |error| FolderError::Io { path: folder.settings(), cause: std::io::Error::other(error) };
    Ok(Settings::parse(&text, folder.path()).map_err(unread)?.name)
}

/// The records know that these are gone.
fn settle(store: &Store, names: &[String], actor: &Actor, now: UtcTime) -> Result<(), StoreError> {
    store.change(actor, now, |change| {
        for name in names {
            secret_checks::set(change, name, &vault_changes::absent())?;
            change.record(AuditEvent::KeyErased(KeyErased { name: name.clone() }));
        }
        Ok(())
    })
}
