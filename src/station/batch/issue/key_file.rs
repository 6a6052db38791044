//! The private keys of a batch: small CSV files of registration IDs and keys, sealed, one for each chunk, in the
//! folder `OUT.keys` beside the output.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::recipients::{NotSealed, Recipients};
use crate::domain::code::{Code, Coded};
use crate::domain::pair::Pair;
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::durable;

/// The first line of what is sealed.
const HEADER: &[u8] = b"registration_id,private_key_pem\n";
/// The same where each device has two keys.
const HEADER_OF_TWO: &[u8] = b"registration_id,private_key_pem,secondary_private_key_pem\n";

/// Seals keys in PKCS#8 PEM as a CSV with the columns `registration_id` and `private_key_pem`, and where devices have
/// `two` keys `secondary_private_key_pem`, in age's binary format.
pub fn seal<'a>(
    recipients: &Recipients,
    two: bool,
    keys: &mut dyn Iterator<Item = (&'a RegistrationId, Pair<&'a Secret>)>,
) -> Result<Vec<u8>, NotSealed> {
    recipients.seal_written(|sealed| {
        sealed.write_all(if two { HEADER_OF_TWO } else { HEADER })?;
        for (id, keys) in keys {
            row(sealed, id, keys)?;
        }
        Ok(())
    })
}

/// A registration ID holds nothing that CSV would quote; a PEM text holds line feeds.
fn row(sealed: &mut dyn Write, id: &RegistrationId, keys: Pair<&Secret>) -> io::Result<()> {
    sealed.write_all(id.as_str().as_bytes())?;
    for (_, key) in keys.each() {
        sealed.write_all(b",\"")?;
        for part in key.expose().split_inclusive(|&byte| byte == b'"') {
            sealed.write_all(part)?;
            if part.ends_with(b"\"") {
                sealed.write_all(b"\"")?;
            }
        }
        sealed.write_all(b"\"")?;
    }
    sealed.write_all(b"\n")
}

/// Why the folder of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFolderError {
    /// Something lies in it that another batch left.
    #[error("{0} holds files already")]
    Taken(PathBuf),
    /// It cannot be written.
    #[error("{path} cannot be written: {cause}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
}

impl Coded for KeyFolderError {
    fn code(&self) -> Code {
        match self {
            KeyFolderError::Taken(_) => Code::OutputExists,
            KeyFolderError::Io { .. } => Code::OutputUnwritable,
        }
    }
}

/// The folder of a batch's sealed keys.
#[derive(Debug)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// Makes the folder for this output: `OUT.keys`, which only its owner may enter. One that is there must be empty.
    pub fn create(output: &Path) -> Result<KeyFolder, KeyFolderError> {
        let folder = KeyFolder::made(output)?;
        match folder.files()?.is_empty() {
            true => Ok(folder),
            false => Err(KeyFolderError::Taken(folder.0)),
        }
    }

    /// Takes up the folder of a batch that goes on after its chunk `committed - 1`: what was written for later chunks
    /// is removed, for their certificates are void.
    pub fn resume(output: &Path, committed: u64) -> Result<KeyFolder, KeyFolderError> {
        let folder = KeyFolder::made(output)?;
        let mut changed = false;
        for path in folder.files()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let half_written = name.starts_with('.') && name.ends_with(".age.new");
            let number = name.strip_suffix(".age").and_then(|number| number.parse::<u64>().ok());
            if half_written || number.is_some_and(|number| number >= committed) {
                fs::remove_file(&path).map_err(|cause| KeyFolderError::Io { path: path.clone(), cause })?;
                changed = true;
            }
        }
        if changed {
            folder.settle()?;
        }
        Ok(folder)
    }

    /// Where the keys of this output lie.
    pub fn of(output: &Path) -> PathBuf {
        let mut name = OsString::from(output.as_os_str());
        name.push(".keys");
        PathBuf::from(name)
    }

    fn made(output: &Path) -> Result<KeyFolder, KeyFolderError> {
        let folder = KeyFolder(KeyFolder::of(output));
        durable::private_folder(&folder.0).map_err(|cause| folder.fault(cause))?;
        durable::settle_name(&folder.0).map_err(|cause| folder.fault(cause))?;
        Ok(folder)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the sealed keys of a chunk: `NNNN.age`, 0600, on the disk when this returns. One that is there was
    /// written for the same chunk before it was committed, and is replaced whole.
    pub fn write(&self, chunk: u64, sealed: &[u8]) -> Result<PathBuf, KeyFolderError> {
        let path = self.0.join(format!("{chunk:04}.age"));
        match durable::replace(&path, sealed, durable::PRIVATE) {
            Ok(()) => Ok(path),
            Err(cause) => Err(KeyFolderError::Io { path, cause }),
        }
    }

    fn files(&self) -> Result<Vec<PathBuf>, KeyFolderError> {
        let found = fs::read_dir(&self.0).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<PathBuf>>>()
        });
        found.map_err(|cause| self.fault(cause))
    }

    fn settle(&self) -> Result<(), KeyFolderError> {
        fs::File::open(&self.0).and_then(|folder| folder.sync_all()).map_err(|cause| self.fault(cause))
    }

    fn fault(&self, cause: io::Error) -> KeyFolderError {
        KeyFolderError::Io { path: self.0.clone(), cause }
    }
}

#[cfg(test)]
mod tests;
