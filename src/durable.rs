//! Files that survive a power cut: written beside their place, flushed, renamed, and the folder flushed too.
//! After a crash there is either the old file or the new one, never a mixture.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// For secrets: only the owner reads and writes.
pub const PRIVATE: u32 = 0o600;
/// For what everybody may read.
pub const PUBLIC: u32 = 0o644;

/// Replaces the file at `path` by these bytes, with this mode from the first byte on. When it returns, the
/// file is on the disk under its name.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let beside = beside(path)?;
    let written = write_new(&beside, bytes, mode).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // the failure is what the caller must hear; a left-over temporary file is overwritten next time
        let _ = fs::remove_file(&beside);
    }
    written?;
    settle_name(path)
}

/// Like [`replace`], but refuses with `AlreadyExists` if there is a file at `path`.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    settle_name(path)
}

/// Makes a folder only its owner may enter, with those above it as needed.
pub fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write_new(beside: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(beside)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".new");
    Ok(path.with_file_name(hidden))
}

/// Flushes the folder that holds `path`, so that the name itself is on the disk.
pub fn settle_name(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_replaced_whole_and_private_from_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.age");
        replace(&path, b"one", PRIVATE).unwrap();
        replace(&path, b"two", PRIVATE).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(create(&path, b"three", PRIVATE).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
