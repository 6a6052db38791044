//! The root CA's private key in a file of its own, `root-key.age`, under a passphrase. Only the ceremony
//! opens it; the station works without it, and it should be carried off.

use std::path::Path;

use super::age_file;
use super::error::VaultError;
use crate::domain::secret::Secret;

/// The name of the file in the station folder.
pub const ROOT_KEY: &str = "root-key.age";

/// Seals the root's key (PKCS#8 DER) under a passphrase. An existing file is never overwritten.
pub fn seal_root_key(folder: &Path, passphrase: &Secret, pkcs8: &Secret) -> Result<(), VaultError> {
    age_file::create(folder, ROOT_KEY, &age_file::seal_with_passphrase(passphrase, pkcs8.expose())?)
}

/// Opens the root's key (PKCS#8 DER).
pub fn open_root_key(folder: &Path, passphrase: &Secret) -> Result<Secret, VaultError> {
    age_file::open_with_passphrase(ROOT_KEY, passphrase, &age_file::read(folder, ROOT_KEY)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_key_opens_with_its_passphrase_only_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let passphrase = Secret::from("correct horse".to_owned());
        let missing = open_root_key(folder.path(), &passphrase).err().unwrap();
        assert_eq!(missing.to_string(), "there is no root-key.age in the station folder");
        seal_root_key(folder.path(), &passphrase, &Secret::new(vec![7; 40])).unwrap();
        assert_eq!(open_root_key(folder.path(), &passphrase).ok().unwrap().expose(), [7; 40]);
        let again = seal_root_key(folder.path(), &passphrase, &Secret::new(vec![8; 40]));
        assert!(matches!(again, Err(VaultError::Exists { file: ROOT_KEY })));
        let wrong = open_root_key(folder.path(), &Secret::from("battery staple".to_owned()));
        assert!(matches!(wrong, Err(VaultError::PassphraseWrong { file: ROOT_KEY })));
    }
}
