//! Signed checkpoints of the audit log: every 1000 entries or 60 seconds, once the entries are durable, kept
//! in the station's folder and copied off it. A log that does not continue the newest of them is neither
//! served nor signed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::code::{Code, Coded};
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::folder::{Folder, FolderError};
use crate::station::keys::Unlocked;
use crate::station::settings::Settings;
use crate::store::audit::checkpoint::{self, Checkpoint, CheckpointError};
use crate::store::audit::log;
use crate::store::error::StoreError;
use crate::store::{Store, meta};

/// A checkpoint is due after this many new entries.
const ENTRIES: u64 = 1000;
/// A checkpoint is due this long after the last one if there is any new entry.
const AGE: Duration = Duration::from_secs(60);

/// Why no checkpoint was made.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFailed {
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] CheckpointError),
    /// The records cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An earlier checkpoint or the verifier key cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It is signed and on record, but a copy could not be written.
    #[error("the checkpoint could not be copied to {folder}: {cause}")]
    Copy {
        /// Where to.
        folder: String,
        /// Why not.
        cause: std::io::Error,
    },
}

impl Coded for CheckpointFailed {
    fn code(&self) -> Code {
        match self {
            CheckpointFailed::Sign(error) => error.code(),
            CheckpointFailed::Store(error) => error.code(),
            CheckpointFailed::Folder(error) => error.code(),
            CheckpointFailed::Copy { .. } => Code::FileUnreadable,
        }
    }
}

/// Signs a checkpoint if one is due; [`copy`] brings it into its folders.
pub fn if_due(
    folder: &Folder,
    settings: &Settings,
    store: &Store,
    keys: &Unlocked,
    now: UtcTime,
) -> Result<Option<Checkpoint>, CheckpointFailed> {
    let (size, latest) = store.read(|r| Ok::<_, StoreError>((log::size(r)?, checkpoint::latest(r)?)))?;
    let due = match latest {
        None => size > 0,
        Some((signed, at, _)) => size >= signed + ENTRIES || (size > signed && now.since(at) >= AGE),
    };
    if due { sign_here(folder, settings, store, keys, now).map(Some) } else { Ok(None) }
}

/// Signs a checkpoint now and copies it, unless the log is not the one that was signed before.
pub fn sign(
    folder: &Folder,
    settings: &Settings,
    store: &Store,
    keys: &Unlocked,
    now: UtcTime,
) -> Result<Checkpoint, CheckpointFailed> {
    let signed = sign_here(folder, settings, store, keys, now)?;
    copy(folder, settings, store)?;
    Ok(signed)
}

fn sign_here(
    folder: &Folder,
    settings: &Settings,
    store: &Store,
    keys: &Unlocked,
    now: UtcTime,
) -> Result<Checkpoint, CheckpointFailed> {
    // a copy that cannot be read is told where the copy is made
    let _ = check_newest(folder, settings, store)?;
    Ok(checkpoint::sign(store, &keys.checkpoint_key, now)?)
}

/// Brings the newest checkpoint on record into the station's folder and the one outside, wherever it is not
/// yet: what failed once is made up for by calling again. The folder outside is never made, for it would hide
/// that a medium is not mounted.
pub fn copy(folder: &Folder, settings: &Settings, store: &Store) -> Result<(), CheckpointFailed> {
    let (origin, latest) = store.read(|r| Ok::<_, StoreError>((meta::origin(r)?, checkpoint::latest(r)?)))?;
    let Some((size, _, note)) = latest else { return Ok(()) };
    let here = folder.checkpoints();
    let made = std::fs::create_dir_all(&here);
    made.map_err(|cause| failed(&here, cause))?;
    put(&here, size, &note)?;
    if let Some(root) = &settings.checkpoint_copies {
        let outside = of_log(root, &origin);
        match std::fs::create_dir(&outside) {
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => return Err(failed(&outside, cause)),
            _ => put(&outside, size, &note)?,
        }
    }
    Ok(())
}

fn put(place: &Path, size: u64, note: &str) -> Result<(), CheckpointFailed> {
    let path = place.join(format!("{size:012}.txt"));
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => durable::replace(&path, note.as_bytes(), durable::PUBLIC),
        Err(cause) => Err(cause),
    }
    .map_err(|cause| failed(place, cause))
}

fn failed(place: &Path, cause: std::io::Error) -> CheckpointFailed {
    CheckpointFailed::Copy { folder: place.display().to_string(), cause }
}

/// Several stations may copy to one folder: each log has its own below it, named after its origin.
fn of_log(root: &Path, origin: &str) -> PathBuf {
    let plain = |ch: char| if ch.is_ascii_alphanumeric() || "-_.".contains(ch) { ch } else { '_' };
    let name: String = origin.chars().map(plain).collect();
    // a leading dot would hide it, or climb
    root.join(if name.starts_with('.') { format!("_{name}") } else { name })
}

/// Compares the log with the newest checkpoint in the station's folder and with the copies kept elsewhere.
/// Copies elsewhere that cannot be read do not stop the line; why not is returned, to be shown.
pub fn check_newest(
    folder: &Folder,
    settings: &Settings,
    store: &Store,
) -> Result<Option<CopiesUnread>, CheckpointFailed> {
    let vkey = || folder.read(&folder.ca("audit.vkey"));
    let here = folder.checkpoints();
    let newest = newest(&here).map_err(|cause| FolderError::Io { path: here, cause })?;
    if let Some(path) = newest {
        let (vkey, note) = (vkey()?, folder.read(&path)?);
        store.read(|r| checkpoint::check(r, &note, vkey.trim()))?;
    }
    let Some(root) = &settings.checkpoint_copies else { return Ok(None) };
    let outside = of_log(root, &store.read(meta::origin)?);
    match newest_outside(root, &outside) {
        Ok(None) => Ok(None),
        Ok(Some(note)) => {
            let vkey = vkey()?;
            store.read(|r| checkpoint::check(r, &note, vkey.trim()))?;
            Ok(None)
        }
        Err(cause) => Ok(Some(CopiesUnread { folder: root.clone(), cause })),
    }
}

/// The newest checkpoint of this log in the folder of copies, if there is such a folder and it can be read.
pub fn kept_elsewhere(settings: &Settings, store: &Store) -> Option<String> {
    let root = settings.checkpoint_copies.as_ref()?;
    let origin = store.read(meta::origin).ok()?;
    newest_outside(root, &of_log(root, &origin)).ok()?
}

/// The checkpoints kept off the station cannot be read, so the log was not compared with them.
#[derive(Debug, thiserror::Error)]
#[must_use = "somebody must see that the log was not compared with the outside"]
#[error("the checkpoints in {folder} cannot be read ({cause}): the log was not compared with them")]
pub struct CopiesUnread {
    folder: PathBuf,
    cause: std::io::Error,
}

impl Coded for CopiesUnread {
    fn code(&self) -> Code {
        Code::FileUnreadable
    }
}

fn newest_outside(root: &Path, outside: &Path) -> std::io::Result<Option<String>> {
    std::fs::read_dir(root)?;
    newest(outside)?.map(std::fs::read_to_string).transpose()
}

/// The checkpoint with the greatest size: file names are sizes with leading zeros. There may be no folder yet.
fn newest(place: &Path) -> std::io::Result<Option<PathBuf>> {
    let entries = match std::fs::read_dir(place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let mut newest = None;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.len() == 16 && name.ends_with(".txt") && name[..12].bytes().all(|b| b.is_ascii_digit()) {
            newest = newest.max(Some(path));
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests;
