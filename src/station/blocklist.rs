//! Keys that get no certificate whoever asks: `ca/blocklist.txt` in the station's folder, one SHA-256 of a DER
//! SubjectPublicKeyInfo a line. It is read when the station is unlocked, and again at the next use after it changed.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::ca::public_key::PublicKey;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::station::folder::{Folder, FolderError};

/// The file's name in `ca/`.
pub const FILE: &str = "blocklist.txt";
/// The most bytes the file may have: about a million keys.
pub const LARGEST: u64 = 64 * 1024 * 1024;

/// The blocked keys, as they were at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocklist(HashSet<Digest>);

/// Why the list cannot be used. Then nothing is issued: nobody could say which keys were meant.
#[derive(Debug, thiserror::Error)]
pub enum BadBlocklist {
    /// Too many bytes.
    #[error("{} has {bytes} bytes, at most {LARGEST} are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How many it has.
        bytes: u64,
    },
    /// A line that names no key.
    #[error("{}, line {line}: not the SHA-256 of a public key, which has 64 hexadecimal digits", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Coded for BadBlocklist {
    fn code(&self) -> Code {
        match self {
            BadBlocklist::TooLarge { .. } | BadBlocklist::Line { .. } => Code::BlocklistInvalid,
            BadBlocklist::Folder(error) => error.code(),
        }
    }
}

/// What tells one state of the file from another: when it was written, its bytes, and which file it is. None if there is
/// no file.
type Stamp = Option<(i64, i64, u64, u64)>;

/// The list of a station that is unlocked: it follows the file.
#[derive(Debug)]
pub struct LiveBlocklist {
    folder: Folder,
    read: Mutex<(Stamp, Blocklist)>,
}

/// Why a key is not admitted.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// It is blocked.
    #[error(transparent)]
    Blocked(#[from] Blocklisted),
    /// The list was changed into something that cannot be used.
    #[error(transparent)]
    List(#[from] BadBlocklist),
}

impl Coded for NotAdmitted {
    fn code(&self) -> Code {
        match self {
            NotAdmitted::Blocked(error) => error.code(),
            NotAdmitted::List(error) => error.code(),
        }
    }
}

impl LiveBlocklist {
    /// The station's list, read for the first time.
    pub fn open(folder: &Folder) -> Result<LiveBlocklist, BadBlocklist> {
        // looked at before it is read: what is written in between is read again at the first use
        let stamp = stamp(folder)?;
        let list = Blocklist::load(folder)?;
        Ok(LiveBlocklist { folder: folder.clone(), read: Mutex::new((stamp, list)) })
    }

    /// Refuses a key that is on the list as it is now; and every key while the list is faulty.
    pub fn admit(&self, key: &PublicKey) -> Result<(), NotAdmitted> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.folder)?;
        if stamp != read.0 {
            *read = (stamp, Blocklist::load(&self.folder)?);
        }
        Ok(read.1.admit(key)?)
    }
}

fn stamp(folder: &Folder) -> Result<Stamp, BadBlocklist> {
    let path = folder.ca(FILE);
    match fs::metadata(&path) {
        Ok(meta) => Ok(Some((meta.mtime(), meta.mtime_nsec(), meta.len(), meta.ino()))),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FolderError::Io { path, cause }.into()),
    }
}

/// A key is on the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the public key {0} is on the station's list of blocked keys")]
pub struct Blocklisted(Digest);

impl Coded for Blocklisted {
    fn code(&self) -> Code {
        Code::KeyBlocklisted
    }
}

impl Blocklist {
    /// The station's list; empty if it has none.
    pub fn load(folder: &Folder) -> Result<Blocklist, BadBlocklist> {
        let path = folder.ca(FILE);
        let bytes = match fs::metadata(&path) {
            Ok(meta) => meta.len(),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Blocklist::default()),
            Err(cause) => return Err(FolderError::Io { path, cause }.into()),
        };
        if bytes > LARGEST {
            return Err(BadBlocklist::TooLarge { path, bytes });
        }
        let text = folder.read(&path)?;
        Blocklist::parse(&text).map_err(|line| BadBlocklist::Line { path, line })
    }

    /// From the file's text; else the number of the first faulty line. What follows a `#` is a comment.
    fn parse(text: &str) -> Result<Blocklist, usize> {
        let mut keys = HashSet::new();
        for (at, line) in text.lines().enumerate() {
            let entry = line.split('#').next().unwrap_or_default().trim();
            if !entry.is_empty() {
                keys.insert(entry.to_ascii_lowercase().parse::<Digest>().map_err(|_| at + 1)?);
            }
        }
        Ok(Blocklist(keys))
    }

    /// Refuses a key that is on the list.
    pub fn admit(&self, key: &PublicKey) -> Result<(), Blocklisted> {
        let digest = key.digest();
        match self.0.contains(&digest) {
            true => Err(Blocklisted(digest)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::key::KeyPair;
    use crate::ca::public_key::KeyKind;

    #[test]
    fn a_key_on_the_list_is_refused_and_another_is_not() {
        let blocked = KeyPair::generate(KeyKind::EcP256).unwrap();
        let other = KeyPair::generate(KeyKind::EcP256).unwrap();
        let digest = blocked.public_key().digest().to_string();
        let text = format!("# of a returned lot\r\n\n  {}  # one key\n", digest.to_uppercase());
        let list = Blocklist::parse(&text).unwrap();
        let refused = list.admit(blocked.public_key()).unwrap_err();
        assert_eq!(refused.code(), Code::KeyBlocklisted);
        assert_eq!(list.admit(other.public_key()), Ok(()));
        assert_eq!(Blocklist::default().admit(blocked.public_key()), Ok(()));
    }

    #[test]
    fn a_list_that_changed_counts_from_its_next_use_on() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        fs::create_dir(place.path().join("ca")).unwrap();
        let key = KeyPair::generate(KeyKind::EcP256).unwrap();
        let digest = key.public_key().digest().to_string();
        let live = LiveBlocklist::open(&folder).unwrap();
        let code = || live.admit(key.public_key()).map_err(|refused| refused.code());
        assert_eq!(code(), Ok(()), "there is no list");
        fs::write(folder.ca(FILE), format!("{digest}\n")).unwrap();
        assert_eq!(code(), Err(Code::KeyBlocklisted));
        fs::write(folder.ca(FILE), "not a digest\n").unwrap();
        assert_eq!(code(), Err(Code::BlocklistInvalid));
        assert_eq!(code(), Err(Code::BlocklistInvalid), "until it is mended");
        // another file in its place, of the same length and with an old time
        let other = place.path().join("other");
        fs::write(&other, format!("{}\n", "0".repeat(64))).unwrap();
        fs::rename(&other, folder.ca(FILE)).unwrap();
        assert_eq!(code(), Ok(()));
        fs::remove_file(folder.ca(FILE)).unwrap();
        assert_eq!(code(), Ok(()));
    }

    #[test]
    fn a_faulty_line_is_named_by_its_number() {
        let digest = "a".repeat(64);
        assert_eq!(Blocklist::parse(&format!("{digest}\n# ok\n{}\n", &digest[1..])), Err(3));
        assert_eq!(Blocklist::parse(&format!("{digest} {digest}\n")), Err(1));
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        assert_eq!(Blocklist::load(&folder).unwrap(), Blocklist::default());
        fs::create_dir(place.path().join("ca")).unwrap();
        fs::write(folder.ca(FILE), "\nxyz\n").unwrap();
        let refused = Blocklist::load(&folder).unwrap_err();
        assert_eq!(refused.code(), Code::BlocklistInvalid);
        assert!(refused.to_string().contains("line 2"), "{refused}");
    }
}
