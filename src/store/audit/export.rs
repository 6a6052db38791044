//! The log as a C2SP `tlog-tiles` folder, for other people's verifiers: `checkpoint`, hash tiles of height 8
//! under `tile/<level>/`, entry bundles under `tile/entries/`, and the verifier key in `vkey`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{checkpoint, tree};
use crate::domain::code::{Code, Coded};
use crate::durable;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// How many hashes or entries a full tile holds (tlog-tiles: height 8).
const WIDTH: u64 = 256;

/// Why the log could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no signed head to export the log under.
    #[error("the log has no checkpoint yet")]
    NoCheckpoint,
    /// The newest checkpoint on record does not fit the tree.
    #[error("the log does not fit its newest checkpoint")]
    CheckpointWrong,
    /// An entry is not there.
    #[error("entry {0} of the log is missing")]
    EntryMissing(u64),
    /// A file could not be written.
    #[error("{} could not be written", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The records could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for ExportError {
    fn code(&self) -> Code {
        match self {
            ExportError::NoCheckpoint => Code::AuditNotSigned,
            ExportError::CheckpointWrong | ExportError::EntryMissing(_) => Code::AuditBroken,
            ExportError::File { source, .. } if source.kind() == io::ErrorKind::StorageFull => Code::DiskFull,
            ExportError::File { .. } => Code::FileUnreadable,
            ExportError::Store(error) => error.code(),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// How many entries: those the newest checkpoint covers.
    pub entries: u64,
    /// How many files.
    pub files: u64,
}

/// Writes the log up to its newest checkpoint into `folder`, which is made if needed; files of an earlier
/// export of the same log are overwritten by what they hold already. The checkpoint is written last.
/// `tick` is told how many of how many entries are done.
///
/// # Errors
/// See [`ExportError`].
pub fn export(
    reader: &Reader<'_>,
    folder: &Path,
    vkey: &str,
    tick: &mut dyn FnMut(u64, u64),
) -> Result<Exported, ExportError> {
    let (size, _, note) = checkpoint::latest(reader)?.ok_or(ExportError::NoCheckpoint)?;
    let head = checkpoint::read_note(&note, None).map_err(|_| ExportError::CheckpointWrong)?;
    if head.size != size || tree::root(reader, size)? != head.root {
        return Err(ExportError::CheckpointWrong);
    }
    let mut files = 0;
    for (tile, width) in tiles(size) {
        let bytes = bundle(reader, tile * WIDTH, width)?;
        write(&folder.join(path("entries", tile, width)), &bytes)?;
        files += 1;
        tick((tile * WIDTH + width).min(size), size);
    }
    let mut level: u8 = 0;
    while u32::from(level) * 8 < u64::BITS && size >> (level * 8) > 0 {
        for (tile, width) in tiles(size >> (level * 8)) {
            let mut bytes = Vec::with_capacity(8192);
            for n in tile * WIDTH..tile * WIDTH + width {
                bytes.extend_from_slice(tree::node(reader, level * 8, n)?.as_bytes());
            }
            write(&folder.join(path(&level.to_string(), tile, width)), &bytes)?;
            files += 1;
        }
        level += 1;
    }
    for (name, text) in [("vkey", format!("{}\n", vkey.trim())), ("checkpoint", note)] {
        let path = folder.join(name);
        durable::replace(&path, text.as_bytes(), durable::PUBLIC)
            .map_err(|source| ExportError::File { path, source })?;
        files += 1;
    }
    Ok(Exported { entries: size, files })
}

/// The tiles over this many hashes: the number of each and how many it holds.
fn tiles(count: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..count.div_ceil(WIDTH)).map(move |tile| (tile, (count - tile * WIDTH).min(WIDTH)))
}

/// `tile/<level>/x001/x234/067`, with `.p/<width>` if it is not full.
fn path(level: &str, tile: u64, width: u64) -> String {
    let mut number = format!("{:03}", tile % 1000);
    let mut rest = tile / 1000;
    while rest > 0 {
        number = format!("x{:03}/{number}", rest % 1000);
        rest /= 1000;
    }
    match width {
        WIDTH => format!("tile/{level}/{number}"),
        _ => format!("tile/{level}/{number}.p/{width}"),
    }
}

/// Entries one after the other, each behind its length as a big-endian 16-bit number.
fn bundle(reader: &Reader<'_>, first: u64, width: u64) -> Result<Vec<u8>, ExportError> {
    let entries: Vec<(u64, String)> = reader.rows(
        "audit",
        "SELECT seq, entry FROM audit WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
        (sql_id(first), sql_id(first + width)),
        |columns| Ok((columns.number("seq")?, columns.raw("entry")?)),
    )?;
    let mut bytes = Vec::new();
    for (index, wanted) in (0..).zip(first + 1..=first + width) {
        let Some((seq, entry)) = entries.get::<usize>(index) else {
            return Err(ExportError::EntryMissing(wanted));
        };
        if *seq != wanted {
            return Err(ExportError::EntryMissing(wanted));
        }
        let length = u16::try_from(entry.len()).map_err(|_| StoreError::TooLong {
            what: "an entry of the audit log",
            bytes: entry.len(),
            most: super::log::LONGEST_ENTRY,
        })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry.as_bytes());
    }
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let failed = |source| ExportError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)
}

#[cfg(test)]
mod tests;
