//! The station's keys while it is unlocked: the vault, the issuing CA, the key that signs checkpoints.

use std::sync::{Arc, PoisonError, RwLock};

use crate::ca::issuer::{BadIssuer, Issuer};
use crate::ca::key::{BadKeyPair, KeyPair};
use crate::ca::public_key::KeyKind;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::blocklist::{BadBlocklist, Blocklist};
use crate::station::folder::{Folder, FolderError};
use crate::station::settings::{BadSettings, Settings};
use crate::station::vault_changes::{self, VaultChangeError};
use crate::store::Store;
use crate::store::audit::checkpoint::{CheckpointError, CheckpointKey};
use crate::store::error::StoreError;
use crate::vault::Vault;
use crate::vault::error::VaultError;

/// An unlocked station's keys. Whoever holds it can issue, so it is handed on by reference only.
pub struct Unlocked {
    /// Group keys and secrets.
    pub vault: Vault,
    /// The issuing CA.
    pub issuer: Arc<Issuer>,
    /// Signs checkpoints.
    pub checkpoint_key: CheckpointKey,
    /// The root's certificate, PEM.
    pub root_pem: String,
    /// The issuing CA's certificate, PEM.
    pub issuing_pem: String,
    /// Keys that get no certificate.
    pub blocklist: Blocklist,
}

/// Why the station stays locked.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// Wrong passphrase, or a damaged vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Key and certificate of the CA do not belong together.
    #[error(transparent)]
    Issuer(#[from] BadIssuer),
    /// No key that signs lot manifests could be made.
    #[error(transparent)]
    Key(#[from] BadKeyPair),
    /// The checkpoint key cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file of the CA cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// `station.toml` does not say where the issuing key lies.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// The list of blocked keys is faulty.
    #[error(transparent)]
    Blocklist(#[from] BadBlocklist),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Vault and records do not belong together.
    #[error(transparent)]
    VaultChange(#[from] VaultChangeError),
}

impl Coded for UnlockError {
    fn code(&self) -> Code {
        match self {
            UnlockError::Vault(error) => error.code(),
            UnlockError::Issuer(error) => error.code(),
            UnlockError::Key(error) => error.code(),
            UnlockError::Checkpoint(error) => error.code(),
            UnlockError::Folder(error) => error.code(),
            UnlockError::Settings(error) => error.code(),
            UnlockError::Blocklist(error) => error.code(),
            UnlockError::Store(error) => error.code(),
            UnlockError::VaultChange(error) => error.code(),
        }
    }
}

/// Opens the vault and checks that it holds what is on record; a change of it that broke off is settled, and a
/// station that was founded before there were lot manifests gets the key that signs them. A refused passphrase is
/// recorded. Only for the process that holds the station's lock.
pub fn unlock(
    folder: &Folder,
    store: &Store,
    passphrase: &Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<Unlocked, UnlockError> {
    let mut unlocked = unlock_beside(folder, store, passphrase, actor, now)?;
    vault_changes::settle(store, &unlocked.vault, actor, now)?;
    if unlocked.vault.manifest_key().is_err() {
        let key = KeyPair::generate(KeyKind::EcP256)?.pkcs8()?;
        vault_changes::set_manifest_key(store, &mut unlocked.vault, key, actor, now)?;
    }
    Ok(unlocked)
}

/// Like [`unlock`], beside a process that may hold the lock and be changing the vault right now.
pub fn unlock_beside(
    folder: &Folder,
    store: &Store,
    passphrase: &Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<Unlocked, UnlockError> {
    match open(folder, store, passphrase) {
        Ok(unlocked) => {
            store.change(actor, now, |change| {
                change.record(AuditEvent::VaultUnlocked);
                Ok::<_, StoreError>(())
            })?;
            Ok(unlocked)
        }
        Err(error) => {
            let code = error.code().to_string();
            store.change(actor, now, |change| {
                change.record(AuditEvent::UnlockRefused { code });
                Ok::<_, StoreError>(())
            })?;
            Err(error)
        }
    }
}

fn open(folder: &Folder, store: &Store, passphrase: &Secret) -> Result<Unlocked, UnlockError> {
    let vault = Vault::unlock(folder.path(), passphrase)?;
    vault_changes::verify(store, &vault)?;
    let root_pem = folder.read(&folder.ca("root.pem"))?;
    let issuing_pem = folder.read(&folder.ca("issuing.pem"))?;
    let settings = Settings::parse(&folder.read(&folder.settings())?, folder.path())?;
    let issuer = Arc::new(match &settings.issuing_key {
        None => Issuer::load(&issuing_pem, vault.issuing_key()?)?,
        // without a PIN, or with a wrong one, the station opens all the same: it is set in an open station
        Some(place) => Issuer::load_in_token(&issuing_pem, place, vault.secret(&Name::of_token_pin()).ok())?,
    });
    let checkpoint_key = CheckpointKey::load(vault.checkpoint_key()?)?;
    let blocklist = Blocklist::load(folder)?;
    Ok(Unlocked { vault, issuer, checkpoint_key, root_pem, issuing_pem, blocklist })
}

/// The keys of a serving station: locked at first, perhaps, unlocked once.
#[derive(Default)]
pub struct Keys {
    unlocked: RwLock<Option<Arc<Unlocked>>>,
}

impl Keys {
    /// The keys, if the station is unlocked.
    pub fn current(&self) -> Option<Arc<Unlocked>> {
        self.unlocked.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on the station is unlocked.
    pub fn put(&self, unlocked: Unlocked) {
        *self.unlocked.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(unlocked));
    }
}
