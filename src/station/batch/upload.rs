//! A file that somebody hands in over the pages: written as it comes into a folder of its own, readable for the station
//! alone, never larger than what is allowed and never so large that the line would have no room left.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::durable;

/// The largest file that is taken, in MiB.
pub const LARGEST_MIB: u64 = 512;
/// What an upload must leave free on the disk, in bytes: the line goes on writing its records.
const LEAST_FREE: u64 = 1024 * 1024 * 1024;
/// How much is written between two looks at the disk, in bytes.
const LOOK_EVERY: u64 = 8 * 1024 * 1024;
/// The longest name that is kept, in bytes.
const LONGEST_NAME: usize = 80;

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadRefused {
    /// Larger than [`LARGEST_MIB`].
    #[error("the file is larger than {LARGEST_MIB} MiB")]
    TooLarge,
    /// The disk would be full.
    #[error("the station's disk has no room for this file")]
    NoRoom,
    /// It cannot be written.
    #[error("the file cannot be kept: {0}")]
    Io(#[from] io::Error),
}

impl Coded for UploadRefused {
    fn code(&self) -> Code {
        match self {
            UploadRefused::TooLarge => Code::UploadTooLarge,
            UploadRefused::NoRoom => Code::DiskFull,
            UploadRefused::Io(error) if error.kind() == io::ErrorKind::StorageFull => Code::DiskFull,
            UploadRefused::Io(_) => Code::FileUnreadable,
        }
    }
}

/// A file that was handed in and is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// The folder it has for itself.
    pub folder: PathBuf,
    /// The file.
    pub path: PathBuf,
    /// Its name, made harmless.
    pub name: String,
    /// How long it is, in bytes.
    pub length: u64,
    /// SHA-256 over it.
    pub digest: Digest,
}

/// A file that is on its way. Dropped before its end, it leaves nothing.
pub struct Incoming {
    place: Uploaded,
    file: File,
    hash: Sha256,
    looked: u64,
    kept: bool,
}

impl Incoming {
    /// Begins a file in a new folder; `given` is the name that its sender gave it.
    pub fn begin(folder: PathBuf, given: &str) -> Result<Incoming, UploadRefused> {
        if let Some(above) = folder.parent() {
            durable::private_folder(above)?;
            room_for(above)?;
        }
        durable::private_folder(&folder)?;
        let name = harmless(given);
        let path = folder.join(&name);
        let file = OpenOptions::new().write(true).create_new(true).mode(durable::PRIVATE).open(&path)?;
        let place = Uploaded { folder, path, name, length: 0, digest: Digest::of(&[]) };
        Ok(Incoming { place, file, hash: Sha256::new(), looked: 0, kept: false })
    }

    /// Writes the next piece.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), UploadRefused> {
        self.place.length += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if self.place.length > LARGEST_MIB * 1024 * 1024 {
            return Err(UploadRefused::TooLarge);
        }
        if self.place.length - self.looked >= LOOK_EVERY {
            self.looked = self.place.length;
            room_for(&self.place.folder)?;
        }
        self.hash.update(piece);
        Ok(self.file.write_all(piece)?)
    }

    /// The file is whole and on the disk.
    pub fn finish(mut self) -> Result<Uploaded, UploadRefused> {
        self.file.sync_all()?;
        self.place.digest = Digest::from_bytes(self.hash.finalize_reset().into());
        self.kept = true;
        Ok(self.place.clone())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            // it is in nobody's way: the folder is taken away at the next start if that does not work now
            let _ = fs::remove_dir_all(&self.place.folder);
        }
    }
}

/// Refuses to fill the disk further than it may be.
fn room_for(folder: &Path) -> Result<(), UploadRefused> {
    let room = rustix::fs::statvfs(folder).map_err(io::Error::from)?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    if free < LEAST_FREE { Err(UploadRefused::NoRoom) } else { Ok(()) }
}

/// A name as it may stand on the disk and in headers, whatever its sender called the file: its last part, in letters,
/// digits, dots, dashes and underscores.
fn harmless(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |ch: char| if ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-' | '_') { ch } else { '_' };
    let name: String = last.chars().map(plain).collect();
    let name = name.trim_start_matches('.');
    // the end tells what kind of file it is
    let name = name.get(name.len().saturating_sub(LONGEST_NAME)..).unwrap_or_default();
    let name = name.trim_start_matches('.');
    if name.trim_matches(['_', '.']).is_empty() { "table.csv".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn hostile_names_become_harmless() {
        for (given, name) in [
            ("lot 7.csv", "lot_7.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\lots\\lot.csv", "lot.csv"),
            ("..", "table.csv"),
            ("", "table.csv"),
            ("/", "table.csv"),
            (".hidden.csv", "hidden.csv"),
            ("a\"b\r\nX: y.csv", "a_b__X__y.csv"),
            ("批次.csv", "__.csv"),
            ("…", "table.csv"),
        ] {
            assert_eq!(harmless(given), name, "{given:?}");
        }
        let long = format!("{}.csv", "x".repeat(300));
        assert_eq!(harmless(&long).len(), LONGEST_NAME);
        assert!(harmless(&long).ends_with(".csv"));
    }

    #[test]
    fn a_file_is_private_and_digested_and_a_broken_one_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("one");
        let mut incoming = Incoming::begin(folder.clone(), "in.csv").unwrap();
        incoming.take(b"a").unwrap();
        incoming.take(b"bc").unwrap();
        let uploaded = incoming.finish().unwrap();
        assert_eq!((uploaded.length, uploaded.digest), (3, Digest::of(b"abc")));
        assert_eq!(fs::read(&uploaded.path).unwrap(), b"abc");
        assert_eq!(fs::metadata(&uploaded.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);

        let folder = place.path().join("two");
        let mut incoming = Incoming::begin(folder.clone(), "in.csv").unwrap();
        incoming.take(b"a").unwrap();
        drop(incoming);
        assert!(!folder.exists());
    }
}
