//! What an audit entry vouches for: the digest of a row, over all its columns in a fixed order as one
//! canonical JSON array. Columns that only keep the books of retries are left out, by name.

use std::borrow::Cow;
use std::fmt;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::audit::about::About;
use super::error::StoreError;
use super::reader::Reader;
use crate::domain::digest::Digest;
use crate::domain::hexadecimal;

/// A table whose rows the audit log vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Table {
    Announcement,
    Batch,
    BatchChunk,
    Certificate,
    Client,
    Crl,
    Device,
    Label,
    Outbox,
    Person,
    Run,
    SecretCheck,
    WorkOrder,
}

impl Table {
    pub(super) const ALL: [Table; 13] = [
        Table::Announcement,
        Table::Batch,
        Table::BatchChunk,
        Table::Certificate,
        Table::Client,
        Table::Crl,
        Table::Device,
        Table::Label,
        Table::Outbox,
        Table::Person,
        Table::Run,
        Table::SecretCheck,
        Table::WorkOrder,
    ];

    /// Its name in SQL and in an entry's `rows`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Table::Announcement => "announcement",
            Table::Batch => "batch",
            Table::BatchChunk => "batch_chunk",
            Table::Certificate => "certificate",
            Table::Client => "client",
            Table::Crl => "crl",
            Table::Device => "device",
            Table::Label => "label",
            Table::Outbox => "outbox",
            Table::Person => "person",
            Table::Run => "run",
            Table::SecretCheck => "secret_check",
            Table::WorkOrder => "work_order",
        }
    }

    /// The columns that are digested, in this order; the first is the key.
    pub(super) fn columns(self) -> &'static str {
        match self {
            Table::Announcement => "batch, names, rows, digest",
            Table::Batch => {
                "id, kind, input, output, input_digest, output_digest, asked, work_order, person, state, \
                 good, refused, code, started, finished"
            }
            Table::BatchChunk => {
                "id, batch, chunk, state, certificates, refused, intents, digest, input_end, output_end, \
                 refused_end, bundle_end, intended, ended"
            }
            Table::Certificate => {
                "serial, run, device, registration_id, to_be_signed, public_key, profile, not_before, \
                 not_after, state, der, sha256, revoked_at, reason, successor"
            }
            Table::Client => "name, token, rights, disabled, created",
            Table::Crl => "number, der, this_update, next_update",
            Table::Device => "id, serial, serial_folded, mac, registration_id, device_id, state, created",
            Table::Label => {
                "id, run, device, copy, printer, person, reason, state, digest, created, printed, settled"
            }
            Table::Outbox => "id, registration_id, operation, run, body, state, created, sent",
            Table::Person => "name, role, password, disabled, created",
            Table::Run => {
                "id, device, work_order, product, product_digest, slot, person, credential, key_origin, \
                 group_key, started, stage, verdict, code, message, proof, finished, resume"
            }
            Table::SecretCheck => "name, digest",
            Table::WorkOrder => {
                "name, product, quantity, spare, serials, state, released_by, issued, passed, created"
            }
        }
    }

    /// Columns that later versions of the records added, in this order: digested after the others, and only up to
    /// the last one that holds something, so that a row without them has the digest it always had.
    pub(super) fn later_columns(self) -> &'static str {
        match self {
            Table::Certificate => "which",
            Table::Person => "badge",
            Table::Run => "claimed, steps",
            Table::WorkOrder => {
                "activated, first_article, first_article_run, first_article_by, first_article_reason"
            }
            Table::Announcement
            | Table::Batch
            | Table::BatchChunk
            | Table::Client
            | Table::Crl
            | Table::Device
            | Table::Label
            | Table::Outbox
            | Table::SecretCheck => "",
        }
    }

    pub(super) fn all_columns(self) -> String {
        match self.later_columns() {
            "" => self.columns().to_owned(),
            later => format!("{}, {later}", self.columns()),
        }
    }

    /// Columns the log does not vouch for: they change with every attempt to send and decide nothing.
    #[cfg(test)]
    fn bookkeeping(self) -> &'static [&'static str] {
        match self {
            // the ZPL has its digest among the others
            Table::Label => &["zpl", "attempts", "last_error"],
            Table::Outbox => &["attempts", "next_try", "last_error", "last_code"],
            Table::Announcement
            | Table::Batch
            | Table::BatchChunk
            | Table::Certificate
            | Table::Client
            | Table::Crl
            | Table::Device
            | Table::Person
            | Table::Run
            | Table::SecretCheck
            | Table::WorkOrder => &[],
        }
    }

    fn key_column(self) -> &'static str {
        self.columns().split(',').next().unwrap_or_default()
    }
}

/// One row, as `table/key` in an audit entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RowKey {
    pub(super) table: Table,
    pub(super) key: Key,
}

/// The primary key of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    Number(i64),
    Text(String),
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Key::Number(number) => write!(f, "{}/{number}", self.table.name()),
            Key::Text(text) => write!(f, "{}/{text}", self.table.name()),
        }
    }
}

/// The digest of a row as it stands now, and whom it is about; `None` if there is no such row.
pub(super) fn of_row(reader: &Reader<'_>, row: &RowKey) -> Result<Option<(Digest, About)>, StoreError> {
    let table = row.table;
    let sql =
        format!("SELECT {} FROM {} WHERE {} = ?1", table.all_columns(), table.name(), table.key_column());
    let mut statement = reader.connection().prepare_cached(&sql)?;
    let mut rows = match &row.key {
        Key::Number(number) => statement.query([number])?,
        Key::Text(text) => statement.query([text])?,
    };
    match rows.next()? {
        None => Ok(None),
        Some(row) => Ok(Some((digest(table, row)?, About::of(table, row)?))),
    }
}

/// Calls `each` with the key and digest of every row of a table.
pub(super) fn of_all(
    reader: &Reader<'_>,
    table: Table,
    mut each: impl FnMut(RowKey, Digest),
) -> Result<(), StoreError> {
    let mut statement =
        reader.connection().prepare(&format!("SELECT {} FROM {}", table.all_columns(), table.name()))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key = match row.get_ref(0)? {
            ValueRef::Integer(number) => Key::Number(number),
            ValueRef::Text(text) => Key::Text(readable(text).into_owned()),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => {
                return Err(StoreError::Row {
                    table: table.name(),
                    column: table.key_column(),
                    why: "it is no key".to_owned(),
                });
            }
        };
        each(RowKey { table, key }, digest(table, row)?);
    }
    Ok(())
}

/// Null, integers, strings as JSON has them; bytes as a string of hexadecimal digits (the column's type,
/// fixed by a STRICT table, tells the two kinds of string apart).
fn digest(table: Table, row: &Row<'_>) -> Result<Digest, StoreError> {
    let always = table.columns().split(',').count();
    let mut columns = row.as_ref().column_count();
    while columns > always && row.get_ref(columns - 1)? == ValueRef::Null {
        columns -= 1;
    }
    digest_columns(row, columns)
}

fn digest_columns(row: &Row<'_>, columns: usize) -> Result<Digest, StoreError> {
    let mut values = Vec::with_capacity(columns);
    for column in 0..columns {
        values.push(row.get_ref(column)?);
    }
    of_values(values, &mut Vec::with_capacity(512))
}

/// The digest of a row from its values, in the order of [`Table::columns`]. `json` is a buffer to be used again.
pub(super) fn of_values<'v>(
    values: impl IntoIterator<Item = ValueRef<'v>>,
    json: &mut Vec<u8>,
) -> Result<Digest, StoreError> {
    json.clear();
    json.push(b'[');
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        match value {
            ValueRef::Null => json.extend_from_slice(b"null"),
            ValueRef::Integer(number) => json.extend_from_slice(number.to_string().as_bytes()),
            ValueRef::Real(number) => json.extend_from_slice(number.to_string().as_bytes()),
            ValueRef::Text(text) => {
                serde_json::to_writer(&mut *json, &readable(text)).map_err(StoreError::Json)?;
            }
            ValueRef::Blob(bytes) => {
                json.push(b'"');
                hexadecimal::append(bytes, json);
                json.push(b'"');
            }
        }
    }
    json.push(b']');
    Ok(Digest::of(json))
}

/// Stored text. What is not UTF-8 was not written by us and cannot match any digest; it need only not break
/// the search for what else was changed.
pub(super) fn readable(text: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;
    use rusqlite::Connection;
    use std::collections::BTreeSet;

    #[test]
    fn every_column_is_digested_or_named_as_bookkeeping() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, 0).unwrap();
        for table in Table::ALL {
            let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
            let there: BTreeSet<String> =
                statement.query_map([table.name()], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            let known: BTreeSet<String> = table
                .all_columns()
                .split(',')
                .map(|name| name.trim().to_owned())
                .chain(table.bookkeeping().iter().map(|name| (*name).to_owned()))
                .collect();
            assert_eq!(there, known, "{}", table.name());
        }
    }

    #[test]
    fn a_digest_is_that_of_the_canonical_array() {
        let connection = Connection::open_in_memory().unwrap();
        let mut statement = connection.prepare("SELECT 7, NULL, 'a\"b', x'00ff'").unwrap();
        let mut rows = statement.query([]).unwrap();
        let row = rows.next().unwrap().unwrap();
        assert_eq!(digest_columns(row, 4).unwrap(), Digest::of(br#"[7,null,"a\"b","00ff"]"#));
    }
}
