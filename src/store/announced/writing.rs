//! Writing the rows of an import: in chunks, so that slots commit in between, under a batch that still runs, so that
//! nobody sees them; then their keys in order; then, in the change that ends the batch, what vouches for them. Rows
//! of an import that came to nothing are removed in chunks as well.

use rusqlite::Connection;

use super::canonical::Row;
use super::keys::Key;
use crate::domain::digest::Digest;
use crate::store::Store;
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::row_digest::Table;

/// How many rows, or keys, one transaction writes at most: well below half a second.
pub const CHUNK: usize = 32_768;

/// A row to be written, its values folded and printed as the records hold them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the columns of the table")]
pub struct NewRow {
    pub line: u64,
    pub serial: Option<String>,
    pub mac: Option<String>,
    pub registration_id: Option<String>,
    pub work_order: Option<String>,
    pub csr: Option<Vec<u8>>,
    pub public_key: Option<String>,
    pub endorsement_key: Option<Vec<u8>>,
    pub extra: String,
}

impl NewRow {
    /// As the digest and the keys take it.
    pub fn as_row(&self) -> Row<'_> {
        Row {
            line: self.line,
            serial: self.serial.as_deref(),
            mac: self.mac.as_deref(),
            registration_id: self.registration_id.as_deref(),
            work_order: self.work_order.as_deref(),
            csr: self.csr.as_deref(),
            public_key: self.public_key.as_deref(),
            endorsement_key: self.endorsement_key.as_deref(),
            extra: &self.extra,
        }
    }
}

impl From<&Row<'_>> for NewRow {
    fn from(row: &Row<'_>) -> NewRow {
        NewRow {
            line: row.line,
            serial: row.serial.map(str::to_owned),
            mac: row.mac.map(str::to_owned),
            registration_id: row.registration_id.map(str::to_owned),
            work_order: row.work_order.map(str::to_owned),
            csr: row.csr.map(<[u8]>::to_vec),
            public_key: row.public_key.map(str::to_owned),
            endorsement_key: row.endorsement_key.map(<[u8]>::to_vec),
            extra: row.extra.to_owned(),
        }
    }
}

/// The number that the next row gets. Only one import runs at a time, so nobody else takes it.
pub fn next_id(reader: &Reader<'_>) -> Result<u64, StoreError> {
    Ok(reader.count("SELECT coalesce(max(id), 0) FROM announced", [])? + 1)
}

/// Writes rows of a batch that runs; the first one gets the number `first`, the others follow.
pub fn write_rows(store: &Store, batch: u64, first: u64, rows: &[NewRow]) -> Result<(), StoreError> {
    store.keep_books(|reader| {
        must_run(reader, batch)?;
        let mut statement = reader.connection().prepare_cached(
            "INSERT INTO announced (id, batch, line, serial, mac, registration_id, work_order, csr, public_key,
                                    endorsement_key, extra)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        for (id, row) in (first..).zip(rows) {
            statement.execute((
                sql_id(id),
                sql_id(batch),
                sql_id(row.line),
                &row.serial,
                &row.mac,
                &row.registration_id,
                &row.work_order,
                &row.csr,
                &row.public_key,
                &row.endorsement_key,
                &row.extra,
            ))?;
        }
        Ok(())
    })
}

/// Writes keys, each with the number of its row. In order they cost least.
pub fn write_keys(store: &Store, keys: &[(i64, u64)]) -> Result<(), StoreError> {
    store.keep_books(|reader| {
        let mut statement = reader
            .connection()
            .prepare_cached("INSERT OR IGNORE INTO announced_key (start, id) VALUES (?1, ?2)")?;
        for (start, id) in keys {
            statement.execute((start, sql_id(*id)))?;
        }
        Ok(())
    })
}

/// Writes down what vouches for the rows of a batch; the same change ends it as done.
pub fn vouch(
    change: &mut Change<'_>,
    batch: u64,
    names: &[&str],
    rows: u64,
    digest: &Digest,
) -> Result<(), StoreError> {
    let names = serde_json::Value::from(names).to_string();
    change.execute(
        "INSERT INTO announcement (batch, names, rows, digest) VALUES (?1, ?2, ?3, ?4)",
        (sql_id(batch), names, sql_id(rows), digest.to_string()),
    )?;
    change.touch_number(Table::Announcement, batch);
    Ok(())
}

/// Removes up to [`CHUNK`] rows of a batch that is to come to nothing, with their keys; whether more are left. They
/// are the newest there are.
///
/// # Errors
/// A conflict if the batch has ended.
pub fn remove_some(store: &Store, batch: u64) -> Result<bool, StoreError> {
    store.keep_books(|reader| {
        must_run(reader, batch)?;
        let connection = reader.connection();
        let NewestRows { lowest, mut keys } = newest_rows(connection, batch)?;
        keys.sort_unstable();
        let mut statement =
            connection.prepare_cached("DELETE FROM announced_key WHERE start = ?1 AND id = ?2")?;
        for (start, id) in &keys {
            statement.execute((start, id))?;
        }
        let Some(lowest) = lowest else { return Ok(false) };
        connection
            .prepare_cached("DELETE FROM announced WHERE id >= ?1 AND batch = ?2")?
            .execute((lowest, sql_id(batch)))?;
        Ok(true)
    })
}

/// The newest rows of a batch.
#[derive(Default)]
struct NewestRows {
    /// The lowest of their numbers; none if there are no rows.
    lowest: Option<i64>,
    /// Their keys, each with the number of its row.
    keys: Vec<(i64, i64)>,
}

/// Up to [`CHUNK`] of the newest rows, as far as they are of this batch.
fn newest_rows(connection: &Connection, batch: u64) -> Result<NewestRows, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, batch, line, serial, mac, registration_id, work_order, csr, public_key, endorsement_key, extra
         FROM announced ORDER BY id DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([sql_id(u64::try_from(CHUNK).unwrap_or(u64::MAX))])?;
    let mut newest = NewestRows::default();
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? != sql_id(batch) {
            break;
        }
        let id: i64 = row.get(0)?;
        newest.lowest = Some(id);
        Key::each(&stored(row)?, |_, key| newest.keys.push((key.start, id)));
    }
    Ok(newest)
}

/// A row as it is stored: number, batch, then the other columns in the order of [`Row`].
pub(in crate::store) fn stored<'r>(row: &'r rusqlite::Row<'_>) -> Result<Row<'r>, StoreError> {
    let text = |at: usize| -> Result<Option<&'r str>, StoreError> {
        Ok(row.get_ref(at)?.as_str_or_null().map_err(rusqlite::Error::from)?)
    };
    let bytes = |at: usize| -> Result<Option<&'r [u8]>, StoreError> {
        Ok(row.get_ref(at)?.as_blob_or_null().map_err(rusqlite::Error::from)?)
    };
    Ok(Row {
        line: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
        serial: text(3)?,
        mac: text(4)?,
        registration_id: text(5)?,
        work_order: text(6)?,
        csr: bytes(7)?,
        public_key: text(8)?,
        endorsement_key: bytes(9)?,
        extra: text(10)?.unwrap_or_default(),
    })
}

fn must_run(reader: &Reader<'_>, batch: u64) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM batch WHERE id = ?1 AND state = 'running' AND kind = 'import'";
    match reader.count(sql, [sql_id(batch)])? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict { table: "batch", key: batch.to_string(), why: "does not run" }),
    }
}
