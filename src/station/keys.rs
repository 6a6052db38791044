//! The station's keys while it is unlocked: the vault, the issuing CA, the key that signs checkpoints.

use std::sync::{Arc, PoisonError, RwLock};

use crate::ca::certificate::Certificate;
use crate::ca::issuer::Issuer;
use crate::ca::key::{BadKeyPair, KeyPair};
use crate::ca::public_key::KeyKind;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::blocklist::{BadBlocklist, LiveBlocklist};
use crate::station::erasure;
use crate::station::folder::{Folder, FolderError};
use crate::station::installation::{CannotInstall, carry_through};
use crate::station::issuers::{self, NoIssuer, PastIssuer};
use crate::station::revocation::on_file;
use crate::station::sign_request::settle;
use crate::station::vault_changes::{self, VaultChangeError};
use crate::store::Store;
use crate::store::audit::checkpoint::{CheckpointError, CheckpointKey};
use crate::store::error::StoreError;
use crate::store::work_orders::WorkOrderError;
use crate::vault::Vault;
use crate::vault::error::VaultError;

/// An unlocked station's keys. Whoever holds it can issue, so it is handed on by reference only.
pub struct Unlocked {
    /// Group keys and secrets.
    pub vault: Vault,
    /// The issuing CA.
    pub issuer: Arc<Issuer>,
    /// Those before it, which sign lists only.
    pub past: Vec<PastIssuer>,
    /// Those before it whose keys are erased.
    pub forgotten: Vec<Certificate>,
    /// Signs checkpoints.
    pub checkpoint_key: CheckpointKey,
    /// The root's certificate, PEM.
    pub root_pem: String,
    /// The issuing CA's certificate, PEM.
    pub issuing_pem: String,
    /// Keys that get no certificate.
    pub blocklist: LiveBlocklist,
}

impl Unlocked {
    /// The certificate, PEM, of the issuing CA that issued this one: the present one or one before it.
    pub fn issuing_pem_of(&self, leaf: &Certificate) -> Result<String, NoIssuer> {
        if leaf.is_issued_by(self.issuer.certificate()) {
            return Ok(self.issuing_pem.clone());
        }
        let past = self.past.iter().map(|one| one.issuer.certificate()).chain(&self.forgotten);
        past.into_iter()
            .find(|one| leaf.is_issued_by(one))
            .map(Certificate::pem)
            .ok_or_else(|| NoIssuer::Unknown(hex::encode(leaf.serial_bytes())))
    }
}

/// Why the station stays locked.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// Wrong passphrase, or a damaged vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// There is no issuing CA, or its key and certificate do not belong together.
    #[error(transparent)]
    Issuer(#[from] NoIssuer),
    /// An installation that was cut off cannot be carried through.
    #[error(transparent)]
    Installation(#[from] CannotInstall),
    /// No key that signs lot manifests could be made.
    #[error(transparent)]
    Key(#[from] BadKeyPair),
    /// The checkpoint key cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file of the CA cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The list of blocked keys is faulty.
    #[error(transparent)]
    Blocklist(#[from] BadBlocklist),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A request that was cut off cannot be settled.
    #[error(transparent)]
    Request(#[from] WorkOrderError),
    /// Vault and records do not belong together.
    #[error(transparent)]
    VaultChange(#[from] VaultChangeError),
}

impl Coded for UnlockError {
    fn code(&self) -> Code {
        match self {
            UnlockError::Vault(error) => error.code(),
            UnlockError::Issuer(error) => error.code(),
            UnlockError::Installation(error) => error.code(),
            UnlockError::Key(error) => error.code(),
            UnlockError::Checkpoint(error) => error.code(),
            UnlockError::Folder(error) => error.code(),
            UnlockError::Blocklist(error) => error.code(),
            UnlockError::Store(error) => error.code(),
            UnlockError::Request(error) => error.code(),
            UnlockError::VaultChange(error) => error.code(),
        }
    }
}

/// Opens the vault and checks that it holds what is on record; a change of it or a request that broke off is settled, and a
/// station that was founded before there were lot manifests gets the key that signs them. A refused passphrase is
/// recorded. Only for the process that holds the station's lock.
pub fn unlock(
    folder: &Folder,
    store: &Store,
    passphrase: &Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<Unlocked, UnlockError> {
    on_record(store, actor, now, || {
        let mut unlocked = load(folder, settled(folder, store, passphrase, actor, now)?)?;
        settle::settle(store, actor, now)?;
        if let Err(error) = on_file::put_back(folder, store, &unlocked.issuer, &unlocked.past) {
            tracing::error!(code = %error.code(), "the newest revocation lists could not be put into their files: {error}");
        }
        if unlocked.vault.manifest_key().is_err() {
            let key = KeyPair::generate(KeyKind::EcP256)?.pkcs8()?;
            vault_changes::set_manifest_key(store, &mut unlocked.vault, key, actor, now)?;
        }
        Ok(unlocked)
    })
}

/// Opens the vault alone, of a station whose issuing CA may have no certificate yet. As [`unlock`], only for the process
/// that holds the station's lock.
pub fn unlock_vault(
    folder: &Folder,
    store: &Store,
    passphrase: &Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<Vault, UnlockError> {
    on_record(store, actor, now, || settled(folder, store, passphrase, actor, now))
}

/// Like [`unlock_vault`], beside a process that may hold the lock.
pub fn unlock_vault_beside(
    folder: &Folder,
    store: &Store,
    passphrase: &Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<Vault, UnlockError> {
    on_record(store, actor, now, || open(folder, store, passphrase))
}

/// Like [`unlock`], beside a process that may hold the lock and be changing the vault right now.
pub fn unlock_beside(
    folder: &Folder,
    store: &Store,
    passphrase: &Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<Unlocked, UnlockError> {
    on_record(store, actor, now, || load(folder, open(folder, store, passphrase)?))
}

/// Records that the vault was opened, or was not.
fn on_record<T>(
    store: &Store,
    actor: &Actor,
    now: UtcTime,
    open: impl FnOnce() -> Result<T, UnlockError>,
) -> Result<T, UnlockError> {
    match open() {
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

fn open(folder: &Folder, store: &Store, passphrase: &Secret) -> Result<Vault, UnlockError> {
    let vault = Vault::unlock(folder.path(), passphrase)?;
    vault_changes::verify(store, &vault)?;
    Ok(vault)
}

/// The vault once everything that broke off is settled.
fn settled(
    folder: &Folder,
    store: &Store,
    passphrase: &Secret,
    actor: &Actor,
    now: UtcTime,
) -> Result<Vault, UnlockError> {
    let mut vault = open(folder, store, passphrase)?;
    let carried = carry_through::finish(folder, store, &mut vault)?;
    erasure::finish(folder, store, &mut vault, actor, now)?;
    vault_changes::settle(store, &vault, actor, now)?;
    if let Some(issuing) = carried {
        carry_through::conclude(folder, store, &vault, &issuing, actor, now)?;
    }
    Ok(vault)
}

fn load(folder: &Folder, vault: Vault) -> Result<Unlocked, UnlockError> {
    let (issuer, issuing_pem) = issuers::present(folder, &vault)?;
    let root_pem = folder.read(&folder.ca("root.pem"))?;
    let past = issuers::past(folder, &vault)?;
    let forgotten = issuers::forgotten(folder, &issuer, &past)?;
    let checkpoint_key = CheckpointKey::load(vault.checkpoint_key()?)?;
    let blocklist = LiveBlocklist::open(folder)?;
    let issuer = Arc::new(issuer);
    Ok(Unlocked { vault, issuer, past, forgotten, checkpoint_key, root_pem, issuing_pem, blocklist })
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
