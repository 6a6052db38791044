//! Appending to the log and reading it. `audit(seq, entry)` is what auditors were promised; the hashes of
//! the tree lie beside it and grow in the same transaction.

use tlog_tiles::tlog;

use super::tree;
use crate::domain::audit_entry::AuditEntry;
use crate::domain::utc_time::UtcTime;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::row_digest::readable;

/// The longest entry in bytes: an entry bundle of C2SP tlog-tiles gives the length in 16 bits.
pub const LONGEST_ENTRY: usize = 65_535;

/// How many entries there are.
pub fn size(reader: &Reader<'_>) -> Result<u64, StoreError> {
    reader.count("SELECT coalesce(max(seq), 0) FROM audit", [])
}

/// The time of the newest entry; `None` in an empty log. A clock that stands before it is wrong.
pub fn last_entry_at(reader: &Reader<'_>) -> Result<Option<UtcTime>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Time {
        at: UtcTime,
    }
    let Some((_, text)) = page(reader, 1, None)?.pop() else { return Ok(None) };
    serde_json::from_str::<Time>(&text).map(|time| Some(time.at)).map_err(|error| StoreError::Row {
        table: "audit",
        column: "entry",
        why: error.to_string(),
    })
}

/// Up to `limit` entries before this number (or the newest ones), newest first: number and canonical text.
pub fn page(reader: &Reader<'_>, limit: u32, before: Option<u64>) -> Result<Vec<(u64, String)>, StoreError> {
    reader.rows(
        "audit",
        "SELECT seq, entry FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
        (before.map_or(i64::MAX, sql_id), limit),
        |columns| Ok((columns.number("seq")?, columns.raw("entry")?)),
    )
}

/// Up to `limit` entries after this number, oldest first: number and canonical text.
pub fn after(reader: &Reader<'_>, seq: u64, limit: u32) -> Result<Vec<(u64, String)>, StoreError> {
    reader.rows(
        "audit",
        "SELECT seq, entry FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        (sql_id(seq), limit),
        |columns| Ok((columns.number("seq")?, columns.raw("entry")?)),
    )
}

/// Up to `limit` entries after this number that tell a verdict, oldest first: number and canonical text.
pub fn verdicts_after(reader: &Reader<'_>, seq: u64, limit: u32) -> Result<Vec<(u64, String)>, StoreError> {
    reader.rows(
        "audit",
        // word for word the condition of the index audit_verdict
        r#"SELECT seq, entry FROM audit
           WHERE seq > ?1 AND instr(entry, '"event":"run-finished"') > 0 ORDER BY seq LIMIT ?2"#,
        (sql_id(seq), limit),
        |columns| Ok((columns.number("seq")?, columns.raw("entry")?)),
    )
}

/// The canonical text of one entry.
pub fn entry(reader: &Reader<'_>, seq: u64) -> Result<Option<String>, StoreError> {
    reader
        .row("audit", "SELECT entry FROM audit WHERE seq = ?1", [sql_id(seq)], |columns| columns.raw("entry"))
}

/// Calls `each` with every entry in order, without holding more than one.
pub(super) fn each(
    reader: &Reader<'_>,
    mut each: impl FnMut(u64, &str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = reader.connection().prepare("SELECT seq, entry FROM audit ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        // text that is not UTF-8 cannot be what was written; it will not hash to its leaf
        let text = readable(row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?);
        each(seq, &text)?;
    }
    Ok(())
}

/// Appends entries within one transaction.
pub(in crate::store) struct Appender<'r, 'c> {
    reader: &'r Reader<'c>,
    size: u64,
    edge: tree::Edge,
}

impl<'r, 'c> Appender<'r, 'c> {
    /// # Errors
    /// [`StoreError::LogBroken`] if tree and entries do not belong together: nothing is added to evidence.
    pub(in crate::store) fn new(reader: &'r Reader<'c>) -> Result<Appender<'r, 'c>, StoreError> {
        let size = size(reader)?;
        let hashes = reader.count("SELECT coalesce(max(idx) + 1, 0) FROM audit_hash", [])?;
        if hashes != tlog::stored_hash_count(size) {
            return Err(StoreError::LogBroken { entries: size, hashes });
        }
        Ok(Appender { reader, size, edge: tree::Edge::of(reader, size)? })
    }

    /// Appends an entry; its number.
    pub(in crate::store) fn append(&mut self, entry: &AuditEntry) -> Result<u64, StoreError> {
        self.append_text(&entry.canonical().map_err(StoreError::Json)?)
    }

    /// Appends an entry that is canonical text already; its number.
    pub(in crate::store) fn append_text(&mut self, text: &str) -> Result<u64, StoreError> {
        if text.len() > LONGEST_ENTRY {
            let what = "an entry of the audit log";
            return Err(StoreError::TooLong { what, bytes: text.len(), most: LONGEST_ENTRY });
        }
        let leaf = self.size;
        let connection = self.reader.connection();
        connection
            .prepare_cached("INSERT INTO audit (seq, entry) VALUES (?1, ?2)")?
            .execute((sql_id(leaf + 1), text))?;
        let mut insert = connection.prepare_cached("INSERT INTO audit_hash (idx, hash) VALUES (?1, ?2)")?;
        let first = tlog::stored_hash_index(0, leaf);
        self.edge.append(leaf, text, |nth, hash| {
            insert.execute((sql_id(first + nth), hash.0.as_slice()))?;
            Ok(())
        })?;
        self.size += 1;
        Ok(self.size)
    }
}
