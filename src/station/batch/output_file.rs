//! A file that a batch writes: for its owner only from the first byte, on the disk once it is finished, and taken away
//! again if it is not.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::domain::code::{Code, Coded};
use crate::durable;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadOutput {
    #[error("{} is there already and is not overwritten", .0.display())]
    Exists(PathBuf),
    #[error("{} is where the rows go that are refused", .0.display())]
    ResultFile(PathBuf),
    #[error("{} is being written by another batch", .0.display())]
    Busy(PathBuf),
    #[error("{} cannot be written: {cause}", path.display())]
    Write { path: PathBuf, cause: io::Error },
}

impl Coded for BadOutput {
    fn code(&self) -> Code {
        match self {
            BadOutput::Exists(_) | BadOutput::ResultFile(_) | BadOutput::Busy(_) => Code::OutputExists,
            BadOutput::Write { .. } => Code::OutputUnwritable,
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    /// Where it is written.
    path: PathBuf,
    /// Where it belongs.
    place: PathBuf,
    /// Whether it may take the place of another file.
    replaces: bool,
    finished: bool,
}

impl OutputFile {
    /// Begins a file under a name that is free.
    pub fn create(place: &Path) -> Result<OutputFile, BadOutput> {
        let made = OpenOptions::new().write(true).create_new(true).mode(durable::PRIVATE).open(place);
        let file = made.map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => BadOutput::Exists(place.to_owned()),
            _ => BadOutput::Write { path: place.to_owned(), cause },
        })?;
        Ok(OutputFile {
            file,
            path: place.to_owned(),
            place: place.to_owned(),
            replaces: false,
            finished: false,
        })
    }

    /// Begins a file that takes the place of an earlier one once it is finished.
    pub fn replacing(place: &Path) -> Result<OutputFile, BadOutput> {
        let mut file = OutputFile::hidden(place)?;
        file.replaces = true;
        Ok(file)
    }

    /// Begins a file that is seen under its name, which must be free, only once it is finished. What a killed program left
    /// of it is taken away.
    pub fn unseen(place: &Path) -> Result<OutputFile, BadOutput> {
        match place.symlink_metadata() {
            Ok(_) => Err(BadOutput::Exists(place.to_owned())),
            Err(_) => OutputFile::hidden(place),
        }
    }

    /// Begins `.NAME.new` beside it.
    fn hidden(place: &Path) -> Result<OutputFile, BadOutput> {
        let mut name = std::ffi::OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(".new");
        let path = place.with_file_name(name);
        let failed = |cause| BadOutput::Write { path: place.to_owned(), cause };
        if let Ok(left) = File::open(&path) {
            match left.try_lock() {
                Ok(()) => fs::remove_file(&path).map_err(failed)?,
                Err(TryLockError::WouldBlock) => return Err(BadOutput::Busy(place.to_owned())),
                Err(TryLockError::Error(cause)) => return Err(failed(cause)),
            }
        }
        let mut file = OutputFile::create(&path)?;
        file.file.lock().map_err(failed)?;
        file.place = place.to_owned();
        Ok(file)
    }

    /// Whether it will stand at this path.
    pub fn is_at(&self, path: &Path) -> bool {
        let folder = |path: &Path| match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => fs::canonicalize(parent).ok(),
            _ => fs::canonicalize(".").ok(),
        };
        path.file_name() == self.place.file_name() && folder(path) == folder(&self.place)
    }

    /// Puts the file on the disk under its name.
    pub fn finish(mut self) -> Result<PathBuf, BadOutput> {
        let failed = |cause| BadOutput::Write { path: self.place.clone(), cause };
        self.file.sync_all().map_err(failed)?;
        if self.path != self.place {
            if !self.replaces && self.place.symlink_metadata().is_ok() {
                return Err(BadOutput::Exists(self.place.clone()));
            }
            fs::rename(&self.path, &self.place).map_err(failed)?;
        }
        durable::settle_name(&self.place).map_err(failed)?;
        self.finished = true;
        Ok(self.place.clone())
    }

    /// Says what went wrong with it.
    pub fn failed(&self, cause: io::Error) -> BadOutput {
        BadOutput::Write { path: self.place.clone(), cause }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if !self.finished {
            // what ended the batch is what the caller must hear
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_private_and_never_overwritten_and_gone_unless_it_was_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let mut begun = OutputFile::create(&path).unwrap();
        assert!(begun.is_at(&folder.path().join("./out.csv")) && !begun.is_at(folder.path()));
        begun.write_all(b"half").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(OutputFile::create(&path), Err(BadOutput::Exists(_))));
        drop(begun);
        assert!(!path.exists());
        let mut whole = OutputFile::create(&path).unwrap();
        whole.write_all(b"whole").unwrap();
        assert_eq!(whole.finish().unwrap(), path);
        let mut other = OutputFile::replacing(&path).unwrap();
        other.write_all(b"other").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        drop(other);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut other = OutputFile::replacing(&path).unwrap();
        other.write_all(b"other").unwrap();
        other.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"other");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(matches!(OutputFile::unseen(&path), Err(BadOutput::Exists(_))));
        fs::remove_file(&path).unwrap();
        fs::write(folder.path().join(".out.csv.new"), b"left by a program that was killed").unwrap();
        let mut unseen = OutputFile::unseen(&path).unwrap();
        unseen.write_all(b"unseen").unwrap();
        assert!(matches!(OutputFile::unseen(&path), Err(BadOutput::Busy(_))));
        assert!(!path.exists() && unseen.is_at(&path));
        fs::write(&path, b"somebody else's").unwrap();
        assert!(matches!(unseen.finish(), Err(BadOutput::Exists(_))));
        assert_eq!(fs::read(&path).unwrap(), b"somebody else's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = OutputFile::create(&folder.path().join("no/out.csv")).unwrap_err();
        assert_eq!(nowhere.code(), Code::OutputUnwritable);
    }
}
