//! What a person decides about operations: to be sent again, sent at once, sent otherwise, or never.

use super::{OutboxRow, OutboxState, get};
use crate::domain::audit_event::AuditEvent;
use crate::domain::digest::Digest;
use crate::domain::reason::Reason;
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::row_digest::Table;

/// How many rows one change releases at most: what else the line has to record need not wait long for it, and its
/// entry stays short.
pub const RELEASED_AT_ONCE: usize = 200;

/// Lets a row that is parked or in conflict wait again, due at once. Records it.
///
/// # Errors
/// A conflict unless it is parked or in conflict.
pub fn release(change: &mut Change<'_>, id: u64, reason: Option<&Reason>) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET state = 'waiting', next_try = ?2, attempts = 0
               WHERE id = ?1 AND state IN ('conflict', 'parked')";
    let why = "is not parked or in conflict any more";
    let params = (sql_id(id), change.now().millis());
    change.update_one(Table::Outbox, &id.to_string(), why, sql, params)?;
    change.touch_number(Table::Outbox, id);
    change.record(AuditEvent::EnrollmentRetried { count: 1, reason: reason.map(Reason::to_string) });
    Ok(())
}

/// Does so with the first [`RELEASED_AT_ONCE`] rows in this state behind the row with this number; their numbers,
/// rising. Of other states than parked and conflict there are none. Records it, also when there were none.
pub fn release_some(
    change: &mut Change<'_>,
    state: OutboxState,
    after: u64,
    reason: Option<&Reason>,
) -> Result<Vec<u64>, StoreError> {
    let most = u32::try_from(RELEASED_AT_ONCE).unwrap_or(u32::MAX);
    let params = (change.now().millis(), state.as_str(), sql_id(after), most);
    let mut rows: Vec<u64> = change.rows("outbox", RELEASE, params, |columns| columns.number("id"))?;
    rows.sort_unstable();
    for id in &rows {
        change.touch_number(Table::Outbox, *id);
    }
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    change.record(AuditEvent::EnrollmentRetried { count, reason: reason.map(Reason::to_string) });
    Ok(rows)
}

/// In these words the index over what is not sent is found.
const RELEASE: &str = "UPDATE outbox SET state = 'waiting', next_try = ?1, attempts = 0
     WHERE id IN (SELECT id FROM outbox
                  WHERE state <> 'sent' AND state = ?2 AND state IN ('conflict', 'parked') AND id > ?3
                  ORDER BY id LIMIT ?4)
     RETURNING id";

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::plan;

    #[test]
    fn the_next_rows_to_release_are_a_seek_away() {
        let steps = plan(RELEASE);
        assert!(steps.iter().any(|step| step.contains("outbox_state (state=? AND id>?)")), "{steps:?}");
        assert!(
            steps.iter().all(|step| !step.contains("TEMP B-TREE") && !step.contains("SCAN")),
            "{steps:?}"
        );
    }
}
