//! The checkpoints a log is held against: those on record and those that were kept elsewhere.

use super::{Options, Problems};
use crate::domain::digest::Digest;
use crate::store::audit::checkpoint;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// What a checkpoint says the tree is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) root: Digest,
    /// Whether it was kept elsewhere, out of reach of whoever holds this database.
    pub(super) outside: bool,
}

/// All heads whose notes are good, by size. Notes that are not good are problems.
pub(super) fn collect(
    reader: &Reader<'_>,
    origin: &str,
    options: &Options,
    problems: &mut Problems,
) -> Result<Vec<Head>, StoreError> {
    let vkey = options.vkey.as_deref();
    let mut heads = Vec::new();
    let mut take = |note: &str, size: Option<u64>, name: String| {
        let outside = size.is_none();
        match (checkpoint::read_note(note, vkey), checkpoint::origin_of(note)) {
            (Ok(_), Ok(found)) if found != origin => {
                problems.add(None, format!("{name} is of another log, “{found}”"));
            }
            (Ok(read), _) if size.is_some_and(|size| size != read.size) => {
                problems.add(None, format!("{name} says that it covers {} entries", read.size));
            }
            (Ok(read), Ok(_)) => heads.push(Head { size: read.size, root: read.root, outside }),
            (Err(error), _) | (_, Err(error)) => problems.add(None, format!("{name} is not good: {error}")),
        }
    };
    let mut statement = reader.connection().prepare("SELECT size, note FROM checkpoint ORDER BY size")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let size = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        let note: String = row.get(1)?;
        take(&note, Some(size), format!("the checkpoint over {size} entries on record"));
    }
    for (number, note) in (1..).zip(&options.checkpoints) {
        take(note, None, format!("checkpoint {number} of those kept elsewhere"));
    }
    heads.sort_by_key(|head| (head.size, !head.outside));
    Ok(heads)
}
