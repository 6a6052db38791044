//! The station folder: where everything of a station lies.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::batch::BatchKind;
use crate::domain::code::{Code, Coded};

/// A station's folder. Nothing is read or made by naming it.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// The folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no station there.
    #[error("there is no station in {0}")]
    NoStation(PathBuf),
    /// There is one already.
    #[error("{0} holds a station already")]
    Exists(PathBuf),
    /// Another process serves it.
    #[error("the station in {0} is served by another process")]
    Busy(PathBuf),
    /// A file cannot be read or written.
    #[error("{path} cannot be used: {cause}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
}

impl Coded for FolderError {
    fn code(&self) -> Code {
        match self {
            FolderError::NoStation(_) => Code::NoStation,
            FolderError::Exists(_) => Code::StationExists,
            FolderError::Busy(_) => Code::StationBusy,
            FolderError::Io { .. } => Code::FileUnreadable,
        }
    }
}

/// Holding it means that no other process serves this station; the operating system takes it back when
/// the process ends, however it ends.
pub struct Lock(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

impl Folder {
    /// Names a folder.
    pub fn at(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `station.toml`.
    pub fn settings(&self) -> PathBuf {
        self.0.join("station.toml")
    }

    /// `station.db`.
    pub fn database(&self) -> PathBuf {
        self.0.join("station.db")
    }

    /// `products/`.
    pub fn products(&self) -> PathBuf {
        self.0.join("products")
    }

    /// `profiles/`.
    pub fn profiles(&self) -> PathBuf {
        self.0.join("profiles")
    }

    /// `templates/`.
    pub fn templates(&self) -> PathBuf {
        self.0.join("templates")
    }

    /// A public file of the CA, such as `chain.pem`.
    pub fn ca(&self, file: &str) -> PathBuf {
        self.0.join("ca").join(file)
    }

    /// `tls.pem`, the certificate the station made for its pages.
    pub fn tls_certificate(&self) -> PathBuf {
        self.0.join("tls.pem")
    }

    /// `tls-key.pem`, its private key.
    pub fn tls_key(&self) -> PathBuf {
        self.0.join("tls-key.pem")
    }

    /// `checkpoints/`.
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("checkpoints")
    }

    /// `exports/`.
    pub fn exports(&self) -> PathBuf {
        self.0.join("exports")
    }

    /// Reads a text file of the station.
    pub fn read(&self, path: &Path) -> Result<String, FolderError> {
        std::fs::read_to_string(path).map_err(|cause| FolderError::Io { path: path.to_owned(), cause })
    }

    /// Refuses a folder without a station.
    pub fn must_exist(&self) -> Result<(), FolderError> {
        if self.database().is_file() && self.settings().is_file() {
            Ok(())
        } else {
            Err(FolderError::NoStation(self.0.clone()))
        }
    }

    /// Takes the station for this process.
    pub fn lock(&self) -> Result<Lock, FolderError> {
        self.try_lock(&self.0.join(".lock"))?.ok_or_else(|| FolderError::Busy(self.0.clone()))
    }

    /// Waits its turn, for ten seconds at most, to write `ca/crl.pem`. It works beside the process that holds
    /// the station.
    pub fn lock_list(&self) -> Result<Lock, FolderError> {
        let path = self.0.join(".crl.lock");
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Some(lock) = self.try_lock(&path)? {
                return Ok(lock);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(FolderError::Io { path, cause: io::ErrorKind::TimedOut.into() })
    }

    /// Takes the right to import, unless somebody has it. It works beside the process that holds the station.
    pub fn lock_import(&self) -> Result<Option<Lock>, FolderError> {
        self.try_lock(&self.0.join(".import.lock"))
    }

    /// Says that a batch of this kind runs, as several may. `alone` is called first if no other one does.
    pub fn join_batches<E: From<FolderError>>(
        &self,
        kind: BatchKind,
        alone: impl FnOnce() -> Result<(), E>,
    ) -> Result<Lock, E> {
        let path = self.0.join(format!(".{}.lock", kind.as_str()));
        let io = |cause| FolderError::Io { path: path.clone(), cause };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => alone()?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) => return Err(io(cause).into()),
        }
        // what was held alone is shared from here on
        file.lock_shared().map_err(io)?;
        Ok(Lock(file))
    }

    fn try_lock(&self, path: &Path) -> Result<Option<Lock>, FolderError> {
        let io = |cause| FolderError::Io { path: path.to_owned(), cause };
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(io(cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_process_serves_a_station() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        assert!(matches!(folder.must_exist(), Err(FolderError::NoStation(_))));
        let held = folder.lock().unwrap();
        assert_eq!(folder.lock().map(|_| ()).unwrap_err().code(), Code::StationBusy);
        drop(held);
        folder.lock().unwrap();
    }
}
