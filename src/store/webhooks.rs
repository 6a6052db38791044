//! How far each webhook was told the log: a cursor that only moves on once the receiver has taken what is before
//! it. Books of deliveries: no audit entry, or each delivery would cause the next.

use super::Store;
use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use super::runs;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;

/// The longest fault that is kept, in characters.
const LONGEST_FAULT: usize = 300;

/// Where one webhook stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The last entry of the log it was told, or that it need not be told.
    pub seq: u64,
    /// The size of the last checkpoint it was told.
    pub checkpoint: u64,
    /// How often the next delivery was tried in vain.
    pub attempts: u32,
    /// Not before then.
    pub next_try: UtcTime,
    /// Since when it is down.
    pub since: Option<UtcTime>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Its stable code.
    pub last_code: Option<Code>,
}

fn parse(columns: &Columns<'_>) -> Result<Cursor, StoreError> {
    Ok(Cursor {
        seq: columns.number("seq")?,
        checkpoint: columns.number("checkpoint")?,
        attempts: columns.small("attempts")?,
        next_try: columns.time("next_try")?,
        since: columns.optional_time("since")?,
        last_error: columns.raw("last_error")?,
        last_code: runs::code(columns, "last_code")?,
    })
}

/// Where this webhook stands; none if it is new.
pub fn get(reader: &Reader<'_>, name: &Name) -> Result<Option<Cursor>, StoreError> {
    let sql = "SELECT seq, checkpoint, attempts, next_try, since, last_error, last_code FROM webhook
               WHERE name = ?1";
    reader.row("webhook", sql, [name.as_str()], parse)
}

/// A new webhook is told what comes from now on. One that is known stays where it is.
pub fn enter(store: &Store, name: &Name, now: UtcTime) -> Result<(), StoreError> {
    store.keep_books(|reader| {
        reader
            .connection()
            .prepare_cached(
                "INSERT INTO webhook (name, seq, checkpoint, next_try)
                 VALUES (?1, (SELECT coalesce(max(seq), 0) FROM audit),
                         (SELECT coalesce(max(size), 0) FROM checkpoint), ?2)
                 ON CONFLICT (name) DO NOTHING",
            )?
            .execute((name.as_str(), now.millis()))?;
        Ok(())
    })
}

/// The receiver has everything up to here.
pub fn advance(
    store: &Store,
    name: &Name,
    seq: u64,
    checkpoint: u64,
    now: UtcTime,
) -> Result<(), StoreError> {
    store.keep_books(|reader| {
        reader
            .connection()
            .prepare_cached(
                "UPDATE webhook SET seq = max(seq, ?2), checkpoint = max(checkpoint, ?3), attempts = 0,
                        next_try = ?4, since = NULL, last_error = NULL, last_code = NULL
                 WHERE name = ?1",
            )?
            .execute((name.as_str(), sql_id(seq), sql_id(checkpoint), now.millis()))?;
        Ok(())
    })
}

/// Notes an attempt in vain, with what went wrong and its code, and when to try again.
pub fn failed(
    store: &Store,
    name: &Name,
    next_try: UtcTime,
    (fault, code): (&str, Code),
    now: UtcTime,
) -> Result<(), StoreError> {
    let fault: String = fault.chars().take(LONGEST_FAULT).collect();
    store.keep_books(|reader| {
        reader
            .connection()
            .prepare_cached(
                "UPDATE webhook SET attempts = attempts + 1, next_try = ?2, since = coalesce(since, ?4),
                        last_error = ?3, last_code = ?5
                 WHERE name = ?1",
            )?
            .execute((name.as_str(), next_try.millis(), fault, now.millis(), code.as_str()))?;
        Ok(())
    })
}
