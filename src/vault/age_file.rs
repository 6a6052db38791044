//! Sealing and opening with age, and the sealed files on the disk: bounded when read, 0600 from the first
//! byte, replaced whole. The only file that knows how age is called.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt, x25519};

use super::error::VaultError;
use crate::domain::secret::Secret;
use crate::durable;

/// The largest sealed file that is read or written, in bytes.
pub(super) const LARGEST: u64 = 16 * 1024 * 1024;
/// Logarithm of the scrypt work factor of new files: 64 MiB of memory and a fraction of a second.
const WORK: u8 = 16;
/// The largest one that is opened: 256 MiB.
const MOST_WORK: u8 = 18;

/// Seals to these recipients: age's binary format.
pub(super) fn seal(recipients: &[&x25519::Recipient], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let recipients = recipients.iter().map(|&recipient| recipient as &dyn age::Recipient);
    write(Encryptor::with_recipients(recipients)?, plain)
}

/// Seals under a passphrase with the fixed work factor.
pub(super) fn seal_with_passphrase(passphrase: &Secret, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut recipient = scrypt::Recipient::new(passphrase_text(passphrase)?);
    recipient.set_work_factor(WORK);
    write(Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))?, plain)
}

fn write(encryptor: Encryptor, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(age::EncryptError::from)?;
    writer.write_all(plain).and_then(|()| writer.finish()).map_err(age::EncryptError::from)?;
    Ok(sealed)
}

/// Opens with an identity; `file` is named in errors.
pub(super) fn open(
    file: &'static str,
    identity: &x25519::Identity,
    sealed: &[u8],
) -> Result<Secret, VaultError> {
    let damaged = || VaultError::Damaged { file };
    let decryptor = Decryptor::new_buffered(sealed).map_err(|_| damaged())?;
    match decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)) {
        Ok(reader) => read_plain(reader, sealed.len()).map_err(|_| damaged()),
        Err(DecryptError::NoMatchingKeys) => Err(VaultError::OtherKey { file }),
        Err(_) => Err(damaged()),
    }
}

/// Opens with a passphrase; `file` is named in errors.
pub(super) fn open_with_passphrase(
    file: &'static str,
    passphrase: &Secret,
    sealed: &[u8],
) -> Result<Secret, VaultError> {
    let mut identity = scrypt::Identity::new(passphrase_text(passphrase)?);
    identity.set_max_work_factor(MOST_WORK);
    let damaged = || VaultError::Damaged { file };
    let decryptor = Decryptor::new_buffered(sealed).map_err(|_| damaged())?;
    match decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)) {
        Ok(reader) => read_plain(reader, sealed.len()).map_err(|_| damaged()),
        Err(DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed) => {
            Err(VaultError::PassphraseWrong { file })
        }
        Err(DecryptError::ExcessiveWork { required, .. }) => {
            Err(VaultError::WorkFactor { file, found: required, most: MOST_WORK })
        }
        Err(_) => Err(damaged()),
    }
}

/// The plain text is shorter than the sealed one, so a buffer of that size never grows and leaves copies.
pub(super) fn read_plain(mut reader: impl Read, sealed: usize) -> io::Result<Secret> {
    let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(sealed));
    reader.read_to_end(&mut plain)?;
    Ok(Secret::new(std::mem::take(&mut *plain)))
}

fn passphrase_text(passphrase: &Secret) -> Result<SecretString, VaultError> {
    match std::str::from_utf8(passphrase.expose()) {
        Ok(text) if !text.is_empty() => Ok(SecretString::from(text)),
        _ => Err(VaultError::PassphraseForm),
    }
}

/// The bytes of a sealed file.
pub(super) fn read(folder: &Path, file: &'static str) -> Result<Vec<u8>, VaultError> {
    let fault = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => VaultError::Missing { file },
        _ => VaultError::Read { file, source },
    };
    let mut bytes = Vec::new();
    let opened = File::open(folder.join(file)).map_err(fault)?;
    opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(fault)?;
    bounded(file, bytes.len())?;
    Ok(bytes)
}

/// Writes a sealed file that must not exist yet.
pub(super) fn create(folder: &Path, file: &'static str, sealed: &[u8]) -> Result<(), VaultError> {
    bounded(file, sealed.len())?;
    durable::create(&folder.join(file), sealed, durable::PRIVATE).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => VaultError::Exists { file },
        _ => VaultError::Write { file, source },
    })
}

/// Writes a sealed file in place of the one before.
pub(super) fn replace(folder: &Path, file: &'static str, sealed: &[u8]) -> Result<(), VaultError> {
    bounded(file, sealed.len())?;
    durable::replace(&folder.join(file), sealed, durable::PRIVATE)
        .map_err(|source| VaultError::Write { file, source })
}

fn bounded(file: &'static str, length: usize) -> Result<(), VaultError> {
    match u64::try_from(length) {
        Ok(length) if length <= LARGEST => Ok(()),
        _ => Err(VaultError::TooLarge { file, most: LARGEST }),
    }
}
