//! A file that a batch writes: for its owner only from the first byte, on the disk once it is finished, and taken away
//! again if it is not.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
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
    #[error("{} cannot be written: {cause}", path.display())]
    Write { path: PathBuf, cause: io::Error },
}

impl Coded for BadOutput {
    fn code(&self) -> Code {
        match self {
            BadOutput::Exists(_) | BadOutput::ResultFile(_) => Code::OutputExists,
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
        Ok(OutputFile { file, path: place.to_owned(), place: place.to_owned(), finished: false })
    }

    /// Begins a file that takes the place of an earlier one once it is finished.
    pub fn replacing(place: &Path) -> Result<OutputFile, BadOutput> {
        let mut name = std::ffi::OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(".new");
        let path = place.with_file_name(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(BadOutput::Write { path, cause });
            }
            _ => {}
        }
        let mut file = OutputFile::create(&path)?;
        file.place = place.to_owned();
        Ok(file)
    }

    /// Whether a path leads to this very file.
    pub fn is_at(&self, path: &Path) -> bool {
        let ours = self.file.metadata().map(|meta| (meta.dev(), meta.ino())).ok();
        ours.is_some() && fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok() == ours
    }

    /// Puts the file on the disk under its name.
    pub fn finish(mut self) -> Result<PathBuf, BadOutput> {
        let failed = |cause| BadOutput::Write { path: self.place.clone(), cause };
        self.file.sync_all().map_err(failed)?;
        if self.path != self.place {
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
        let nowhere = OutputFile::create(&folder.path().join("no/out.csv")).unwrap_err();
        assert_eq!(nowhere.code(), Code::OutputUnwritable);
    }
}
