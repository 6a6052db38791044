//! Signed checkpoints of the audit log: every 1000 entries or 60 seconds, once the entries are durable, kept
//! in the station's folder and copied off it. A log that does not continue the newest of them is neither
//! served nor signed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::code::{Code, Coded};
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::folder::{Folder, FolderError};
use crate::station::keys::Unlocked;
use crate::station::settings::Settings;
use crate::store::Store;
use crate::store::audit::checkpoint::{self, Checkpoint, CheckpointError};
use crate::store::audit::log;
use crate::store::error::StoreError;

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

/// Signs a checkpoint if one is due.
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
    if due { sign(folder, settings, store, keys, now).map(Some) } else { Ok(None) }
}

/// Signs a checkpoint now and copies it, unless the log is not the one that was signed before.
pub fn sign(
    folder: &Folder,
    settings: &Settings,
    store: &Store,
    keys: &Unlocked,
    now: UtcTime,
) -> Result<Checkpoint, CheckpointFailed> {
    check_newest(folder, settings, store)?;
    let signed = checkpoint::sign(store, &keys.checkpoint_key, now)?;
    copy(&folder.checkpoints(), &signed)?;
    if let Some(outside) = &settings.checkpoint_copies {
        copy(outside, &signed)?;
    }
    Ok(signed)
}

fn copy(folder: &Path, signed: &Checkpoint) -> Result<(), CheckpointFailed> {
    let failed = |cause| CheckpointFailed::Copy { folder: folder.display().to_string(), cause };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let path = folder.join(format!("{:012}.txt", signed.size));
    durable::replace(&path, signed.note.as_bytes(), durable::PUBLIC).map_err(failed)
}

/// Compares the log with the newest checkpoint in the station's folder and with the copies kept elsewhere.
pub fn check_newest(folder: &Folder, settings: &Settings, store: &Store) -> Result<(), CheckpointFailed> {
    let places = [Some(folder.checkpoints()), settings.checkpoint_copies.clone()];
    for path in places.into_iter().flatten().filter_map(newest) {
        let vkey = folder.read(&folder.ca("audit.vkey"))?;
        let note = folder.read(&path)?;
        store.read(|r| checkpoint::check(r, &note, vkey.trim()))?;
    }
    Ok(())
}

/// The checkpoint with the greatest size: file names are sizes with leading zeros.
fn newest(place: PathBuf) -> Option<PathBuf> {
    let entries = std::fs::read_dir(place).ok()?;
    let notes = entries.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.len() == 16 && name.ends_with(".txt") && name[..12].bytes().all(|b| b.is_ascii_digit())
    });
    notes.max()
}
