//! What becomes of an operation the cloud was told: sent, in conflict, parked, or to be tried again.
//! Attempts in vain and their times are books, not history, and leave no audit entry.

use super::get;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::Code;
use crate::domain::registration_id::RegistrationId;
use crate::domain::utc_time::UtcTime;
use crate::store::Store;
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::row_digest::Table;

/// The cloud has it; `outcome` says what was found or made there. Records it.
///
/// # Errors
/// A conflict unless the row waits.
pub fn sent(change: &mut Change<'_>, id: u64, outcome: &str) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET state = 'sent', sent = ?2, last_error = NULL, last_code = NULL
               WHERE id = ?1 AND state = 'waiting'";
    let registration_id = settle(change, id, sql, (sql_id(id), change.now().millis()))?;
    change.record(AuditEvent::EnrollmentSent { row: id, registration_id, outcome: outcome.to_owned() });
    Ok(())
}

/// The cloud holds something else under this ID. Records it.
///
/// # Errors
/// A conflict unless the row waits.
pub fn conflict(change: &mut Change<'_>, id: u64, why: &str, code: Option<Code>) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET state = 'conflict', last_error = ?2, last_code = ?3
               WHERE id = ?1 AND state = 'waiting'";
    let registration_id = settle(change, id, sql, (sql_id(id), why, code.map(Code::as_str)))?;
    change.record(AuditEvent::EnrollmentConflict { row: id, registration_id, why: why.to_owned() });
    Ok(())
}

/// The cloud refuses it for good. Records it.
///
/// # Errors
/// A conflict unless the row waits.
pub fn park(change: &mut Change<'_>, id: u64, why: &str, code: Option<Code>) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET state = 'parked', last_error = ?2, last_code = ?3
               WHERE id = ?1 AND state = 'waiting'";
    let registration_id = settle(change, id, sql, (sql_id(id), why, code.map(Code::as_str)))?;
    change.record(AuditEvent::EnrollmentParked { row: id, registration_id, why: why.to_owned() });
    Ok(())
}

/// The cloud had it before it was cancelled: the records say what is true. Records it.
///
/// # Errors
/// A conflict unless the row is cancelled.
pub fn sent_all_the_same(change: &mut Change<'_>, id: u64, outcome: &str) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET state = 'sent', sent = ?2, last_error = NULL, last_code = NULL
               WHERE id = ?1 AND state = 'cancelled'";
    let registration_id = settle(change, id, sql, (sql_id(id), change.now().millis()))?;
    change.record(AuditEvent::EnrollmentSent { row: id, registration_id, outcome: outcome.to_owned() });
    Ok(())
}

fn settle(
    change: &mut Change<'_>,
    id: u64,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<RegistrationId, StoreError> {
    let why = "is not waiting to be sent";
    change.update_one(Table::Outbox, &id.to_string(), why, sql, params)?;
    change.touch_number(Table::Outbox, id);
    let missing = StoreError::Conflict { table: "outbox", key: id.to_string(), why };
    get(change, id)?.map(|row| row.registration_id).ok_or(missing)
}

/// Notes an attempt in vain and when to try again. Only books are kept: no audit entry.
///
/// # Errors
/// A conflict unless the row waits.
pub fn failed(
    store: &Store,
    id: u64,
    next_try: UtcTime,
    code: Option<Code>,
    error: &str,
) -> Result<(), StoreError> {
    store.keep_books(|reader| {
        let changed = reader
            .connection()
            .prepare_cached(
                "UPDATE outbox SET attempts = attempts + 1, next_try = ?2, last_error = ?3, last_code = ?4
                 WHERE id = ?1 AND state = 'waiting'",
            )?
            .execute((sql_id(id), next_try.millis(), error, code.map(Code::as_str)))?;
        match changed {
            1 => Ok(()),
            _ => Err(StoreError::Conflict {
                table: "outbox",
                key: id.to_string(),
                why: "is not waiting to be sent",
            }),
        }
    })
}
