//! The vault: every secret of the station in one sealed file, and the keys derived from them.
//!
//! `vault.age` is sealed to two age recipients, the station's and a recovery one, so that it is rewritten
//! without asking anybody. The station's identity lies in `vault-key.age` under a passphrase; the root
//! CA's key lies in `root-key.age`, which only the ceremony opens. age draws all random numbers of this room.

mod age_file;
mod base64_bytes;
pub mod check;
mod contents;
pub mod derive;
pub mod error;
pub mod group_key;
pub mod hmac_proof;
mod issuing_keys;
pub mod root_key;
mod seal;

use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use age::x25519;

use self::contents::Contents;
use self::error::VaultError;
use self::group_key::GroupKey;
use crate::domain::name::Name;
use crate::domain::secret::Secret;

const VAULT: &str = "vault.age";
const VAULT_KEY: &str = "vault-key.age";

/// The longest single secret in bytes.
pub const LONGEST_SECRET: usize = 64 * 1024;

/// The opened vault of one station. Each change is on the disk before its method returns. If it is
/// refused, file and memory stay as they were; if writing fails ([`VaultError::Write`]), the file is either the
/// old one or the new one.
pub struct Vault {
    folder: PathBuf,
    contents: Contents,
}

impl Vault {
    /// Makes `vault.age` and `vault-key.age` in the folder, both 0600, and returns the recovery identity
    /// (`AGE-SECRET-KEY-1…`), which is kept nowhere else. An existing vault is never overwritten. The
    /// passphrase is taken as it is: strip the line end of a file first.
    pub fn create(folder: &Path, passphrase: &Secret) -> Result<(Vault, Secret), VaultError> {
        for file in [VAULT_KEY, VAULT] {
            if folder.join(file).exists() {
                return Err(VaultError::Exists { file });
            }
        }
        let station = x25519::Identity::generate();
        let recovery = x25519::Identity::generate();
        let station_text = secret_text(&station);
        let key_file = age_file::seal_with_passphrase(passphrase, station_text.expose())?;
        let contents = Contents::new(station_text, recovery.to_public().to_string());
        let vault = Vault { folder: folder.to_owned(), contents };
        let vault_file = vault.sealed(&vault.contents)?;
        age_file::create(folder, VAULT_KEY, &key_file)?;
        age_file::create(folder, VAULT, &vault_file).inspect_err(|_| {
            // a key to nothing; left behind it would only forbid the next attempt
            let _ = std::fs::remove_file(folder.join(VAULT_KEY));
        })?;
        Ok((vault, secret_text(&recovery)))
    }

    /// Opens the vault with its passphrase.
    pub fn unlock(folder: &Path, passphrase: &Secret) -> Result<Vault, VaultError> {
        let key_file = age_file::read(folder, VAULT_KEY)?;
        let station = age_file::open_with_passphrase(VAULT_KEY, passphrase, &key_file)?;
        let identity = identity(&station).ok_or(VaultError::Damaged { file: VAULT_KEY })?;
        Vault::open_with(folder, &identity)
    }

    /// Opens the vault with the recovery identity, whatever became of the passphrase and `vault-key.age`.
    /// Give it a new passphrase with [`Vault::set_passphrase`] then.
    pub fn recover(folder: &Path, recovery_identity: &Secret) -> Result<Vault, VaultError> {
        let identity = identity(recovery_identity).ok_or(VaultError::RecoveryIdentity)?;
        Vault::open_with(folder, &identity)
    }

    fn open_with(folder: &Path, identity: &x25519::Identity) -> Result<Vault, VaultError> {
        let sealed = age_file::read(folder, VAULT)?;
        let plain = age_file::open(VAULT, identity, &sealed)?;
        Ok(Vault { folder: folder.to_owned(), contents: Contents::parse(&plain, VAULT)? })
    }

    /// Seals the station's identity to another passphrase, replacing `vault-key.age`. Copies of the old
    /// file still open with the old passphrase.
    pub fn set_passphrase(&self, passphrase: &Secret) -> Result<(), VaultError> {
        let sealed = age_file::seal_with_passphrase(passphrase, self.contents.station_identity.expose())?;
        age_file::replace(&self.folder, VAULT_KEY, &sealed)
    }

    /// The key that signs checkpoints, in the text form of its own room.
    pub fn checkpoint_key(&self) -> Result<&Secret, VaultError> {
        self.contents.checkpoint_key.as_ref().ok_or(VaultError::NotSet { what: "checkpoint key" })
    }

    /// Stores the key that signs checkpoints in place of the one before.
    pub fn set_checkpoint_key(&mut self, text: Secret) -> Result<(), VaultError> {
        let text = bounded(text)?;
        self.change(|contents| contents.checkpoint_key = Some(text))
    }

    /// The key that signs lot manifests, PKCS#8 DER.
    pub fn manifest_key(&self) -> Result<&Secret, VaultError> {
        self.contents.manifest_key.as_ref().ok_or(VaultError::NotSet { what: "manifest key" })
    }

    /// Stores the key that signs lot manifests (PKCS#8 DER) in place of the one before.
    pub fn set_manifest_key(&mut self, pkcs8: Secret) -> Result<(), VaultError> {
        let pkcs8 = bounded(pkcs8)?;
        self.change(|contents| contents.manifest_key = Some(pkcs8))
    }

    /// Makes it a vault from before there was such a key.
    #[cfg(test)]
    pub fn forget_manifest_key(&mut self) {
        self.change(|contents| contents.manifest_key = None).unwrap();
    }

    /// A secret by its name, such as the DPS connection string or a recipe's password.
    pub fn secret(&self, name: &Name) -> Result<&Secret, VaultError> {
        self.contents.secrets.get(name).ok_or_else(|| VaultError::SecretUnknown(name.clone()))
    }

    /// Stores a secret of 1 byte to 64 KiB under this name in place of the one before.
    pub fn set_secret(&mut self, name: Name, secret: Secret) -> Result<(), VaultError> {
        let secret = bounded(secret)?;
        self.change(|contents| {
            contents.secrets.insert(name, secret);
        })
    }

    /// The names of all secrets, in their order.
    pub fn secret_names(&self) -> impl Iterator<Item = &Name> {
        self.contents.secrets.keys()
    }

    /// The keys of an enrollment group.
    pub fn group_key(&self, name: &Name) -> Result<&GroupKey, VaultError> {
        self.contents.group_keys.get(name).ok_or_else(|| VaultError::GroupKeyUnknown(name.clone()))
    }

    /// Stores the keys of another enrollment group; a name that is taken is refused.
    pub fn add_group_key(&mut self, name: Name, key: GroupKey) -> Result<(), VaultError> {
        if self.contents.group_keys.contains_key(&name) {
            return Err(VaultError::GroupKeyExists(name));
        }
        self.change(|contents| {
            contents.group_keys.insert(name, key);
        })
    }

    /// Puts new keys in place of those of a known group. The old ones are gone when this returns.
    pub fn rotate_group_key(&mut self, name: &Name, key: GroupKey) -> Result<(), VaultError> {
        self.group_key(name)?;
        self.change(|contents| {
            contents.group_keys.insert(name.clone(), key);
        })
    }

    /// The names of all group keys, in their order.
    pub fn group_key_names(&self) -> impl Iterator<Item = &Name> {
        self.contents.group_keys.keys()
    }

    fn change(&mut self, apply: impl FnOnce(&mut Contents)) -> Result<(), VaultError> {
        let mut next = self.contents.duplicate();
        apply(&mut next);
        age_file::replace(&self.folder, VAULT, &self.sealed(&next)?)?;
        self.contents = next;
        Ok(())
    }

    fn sealed(&self, contents: &Contents) -> Result<Vec<u8>, VaultError> {
        let recovery: x25519::Recipient =
            contents.recovery_recipient.parse().map_err(|_| VaultError::Damaged { file: VAULT })?;
        let plain = contents.to_json()?;
        age_file::seal(&[&self.station_recipient()?, &recovery], plain.expose())
    }

    fn station_identity(&self) -> Result<x25519::Identity, VaultError> {
        identity(&self.contents.station_identity).ok_or(VaultError::Damaged { file: VAULT })
    }

    fn station_recipient(&self) -> Result<x25519::Recipient, VaultError> {
        Ok(self.station_identity()?.to_public())
    }
}

fn identity(text: &Secret) -> Option<x25519::Identity> {
    std::str::from_utf8(text.expose()).ok()?.trim().parse().ok()
}

fn secret_text(identity: &x25519::Identity) -> Secret {
    Secret::new(identity.to_string().expose_secret().as_bytes().to_vec())
}

fn bounded(secret: Secret) -> Result<Secret, VaultError> {
    match secret.len() {
        1..=LONGEST_SECRET => Ok(secret),
        found => Err(VaultError::SecretLength { found, most: LONGEST_SECRET }),
    }
}

#[cfg(test)]
mod tests;
