//! The revocation lists that were issued, each with its number.

use super::change::Change;
use super::columns::sql_id;
use super::error::StoreError;
use super::meta;
use super::reader::Reader;
use super::row_digest::Table;
use crate::domain::audit_event::AuditEvent;
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;

/// One revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlRow {
    /// Its CRL number (RFC 5280 §5.2.3), counted from 1.
    pub number: u64,
    /// The list itself.
    pub der: Vec<u8>,
    /// When it was issued.
    pub this_update: UtcTime,
    /// When the next one is due.
    pub next_update: UtcTime,
}

/// The number the next list must have.
pub fn next_number(reader: &Reader<'_>) -> Result<u64, StoreError> {
    reader.count("SELECT coalesce(max(number), 0) + 1 FROM crl", [])
}

/// The newest list.
pub fn latest(reader: &Reader<'_>) -> Result<Option<CrlRow>, StoreError> {
    newest_before(reader, None)
}

/// The newest list before this number, or of all.
pub fn newest_before(reader: &Reader<'_>, before: Option<u64>) -> Result<Option<CrlRow>, StoreError> {
    let sql = "SELECT number, der, this_update, next_update FROM crl WHERE number < ?1 ORDER BY number DESC LIMIT 1";
    reader.row("crl", sql, [before.map_or(i64::MAX, sql_id)], |columns| {
        Ok(CrlRow {
            number: columns.number("number")?,
            der: columns.raw("der")?,
            this_update: columns.time("this_update")?,
            next_update: columns.time("next_update")?,
        })
    })
}

/// How many certificates and numbers were withdrawn at or after the time of the newest list: a new one is due for them.
/// Those whose reason alone was made worse since count as one.
pub fn unlisted(reader: &Reader<'_>) -> Result<u64, StoreError> {
    const SINCE: &str = "coalesce((SELECT this_update FROM crl ORDER BY number DESC LIMIT 1), 0)";
    let certificates = format!("SELECT count(*) FROM certificate WHERE revoked_at >= {SINCE}");
    let void = format!(
        "SELECT coalesce(sum(certificates), 0) FROM batch_chunk WHERE state = 'void' AND ended >= {SINCE}"
    );
    let newest = reader.count(&format!("SELECT {SINCE}"), [])?;
    let worsened = meta::reason_worsened(reader)?.is_some_and(|at| at >= newest);
    Ok(reader.count(&certificates, [])? + reader.count(&void, [])? + u64::from(worsened))
}

/// Puts a list with that many entries on record, and records it.
///
/// # Errors
/// A conflict unless its number is the next one.
pub fn add(change: &mut Change<'_>, row: &CrlRow, entries: u64) -> Result<(), StoreError> {
    let CrlRow { number, der, this_update, next_update } = row;
    if *number != next_number(change)? {
        let why = "is not the next number of a revocation list";
        return Err(StoreError::Conflict { table: "crl", key: number.to_string(), why });
    }
    change.execute(
        "INSERT INTO crl (number, der, this_update, next_update) VALUES (?1, ?2, ?3, ?4)",
        (sql_id(*number), der, this_update.millis(), next_update.millis()),
    )?;
    change.touch_number(Table::Crl, *number);
    change.record(AuditEvent::CrlIssued { number: *number, entries, sha256: Digest::of(der) });
    Ok(())
}
