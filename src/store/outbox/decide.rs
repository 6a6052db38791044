//! What a person decides about operations: to be sent again, sent at once, sent otherwise, or never.

use super::{OutboxRow, OutboxState, get};
use crate::domain::audit_event::AuditEvent;
use crate::domain::digest::Digest;
use crate::domain::reason::Reason;
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::row_digest::Table;

/// How many rows of a release one audit entry names.
const RELEASED_AT_ONCE: usize = 400;

/// Which rows are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(u64),
    /// All in this state, which is conflict or parked.
    In(OutboxState),
    /// All that are in conflict or parked.
    All,
}

/// Lets rows that are parked or in conflict wait again, due at once. How many. Records it, also when there were
/// none.
pub fn release(change: &mut Change<'_>, which: Which, reason: Option<&Reason>) -> Result<u64, StoreError> {
    let (only, state) = match which {
        Which::One(id) => (Some(sql_id(id)), None),
        Which::In(state) => (None, Some(state.as_str())),
        Which::All => (None, None),
    };
    let rows: Vec<u64> = change.rows(
        "outbox",
        "UPDATE outbox SET state = 'waiting', next_try = ?1, attempts = 0
         WHERE state IN ('conflict', 'parked') AND (?2 IS NULL OR id = ?2) AND (?3 IS NULL OR state = ?3)
         RETURNING id",
        (change.now().millis(), only, state),
        |columns| columns.number("id"),
    )?;
    let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
    let event = |count| AuditEvent::EnrollmentRetried { count, reason: reason.map(Reason::to_string) };
    if rows.is_empty() {
        change.record(event(0));
    }
    for some in rows.chunks(RELEASED_AT_ONCE) {
        for id in some {
            change.touch_number(Table::Outbox, *id);
        }
        change.record(event(count(some.len())));
    }
    Ok(count(rows.len()))
}

/// Makes every row that waits for its next try due at once. How many. Only books are changed, but who did it is
/// on record.
pub fn hasten(change: &mut Change<'_>) -> Result<u64, StoreError> {
    let sql = "UPDATE outbox SET next_try = ?1 WHERE state = 'waiting' AND next_try > ?1";
    let count = u64::try_from(change.execute(sql, [change.now().millis()])?).unwrap_or(u64::MAX);
    change.record(AuditEvent::EnrollmentHastened { count });
    Ok(count)
}

/// Gives a row that makes an enrollment another body. Records it with the text of what was changed.
///
/// # Errors
/// A conflict unless the row makes an enrollment and is parked or in conflict: one that waits may be on its way.
pub fn amend(
    change: &mut Change<'_>,
    row: &OutboxRow,
    body: &str,
    amendment: &str,
    reason: &Reason,
) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET body = ?2
               WHERE id = ?1 AND body = ?3 AND operation = 'create' AND state IN ('conflict', 'parked')";
    let why = "is not parked or in conflict any more";
    change.update_one(Table::Outbox, &row.id.to_string(), why, sql, (sql_id(row.id), body, &row.body))?;
    change.touch_number(Table::Outbox, row.id);
    change.record(AuditEvent::EnrollmentAmended {
        row: row.id,
        registration_id: row.registration_id.clone(),
        amendment: amendment.to_owned(),
        before: Digest::of(row.body.as_bytes()),
        reason: reason.to_string(),
    });
    Ok(())
}

/// A row that is not settled will not be sent. Records it.
///
/// # Errors
/// A conflict if it is settled.
pub fn cancel(change: &mut Change<'_>, id: u64, reason: &Reason) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET state = 'cancelled'
               WHERE id = ?1 AND state IN ('waiting', 'conflict', 'parked')";
    let why = "is settled already";
    change.update_one(Table::Outbox, &id.to_string(), why, sql, [sql_id(id)])?;
    change.touch_number(Table::Outbox, id);
    if let Some(row) = get(change, id)? {
        change.record(AuditEvent::EnrollmentCancelled {
            row: id,
            registration_id: row.registration_id,
            operation: row.operation.as_str().to_owned(),
            reason: reason.to_string(),
        });
    }
    Ok(())
}
