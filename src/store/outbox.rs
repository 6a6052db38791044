//! The outbox: what the cloud is still to be told. A row is queued in the transaction of what it tells, and
//! moved on by the sender (`settle`).

pub mod decide;
pub mod settle;

use std::fmt;
use std::str::FromStr;

use super::change::Change;
use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::Table;
use super::runs;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::registration_id::RegistrationId;
use crate::domain::utc_time::UtcTime;

/// The longest body in bytes.
pub const LONGEST_BODY: usize = 256 * 1024;

/// One operation for the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number; operations on one registration ID are sent in the order of these.
    pub id: u64,
    /// Whose enrollment.
    pub registration_id: RegistrationId,
    /// What is to be done.
    pub operation: Operation,
    /// The run that caused it.
    pub run: Option<u64>,
    /// JSON for the sender; holds no secret.
    pub body: String,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// Not before then.
    pub next_try: UtcTime,
    /// When it was queued.
    pub created: UtcTime,
    /// When the cloud had it.
    pub sent: Option<UtcTime>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Its code.
    pub last_code: Option<Code>,
}

/// What is to be done to an enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Made, or brought to what the body says.
    Create,
    /// Disabled, so that the device is let in by no enrollment.
    Disable,
}

impl Operation {
    /// The word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Create => "create",
            Operation::Disable => "disable",
        }
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxState {
    /// To be sent.
    Waiting,
    /// The cloud has it.
    Sent,
    /// The cloud holds something else under this ID; a person decides.
    Conflict,
    /// The cloud refuses it; a person decides.
    Parked,
    /// A later operation made it void before it was sent.
    Cancelled,
}

impl OutboxState {
    /// All states.
    pub const ALL: [OutboxState; 5] = [
        OutboxState::Waiting,
        OutboxState::Sent,
        OutboxState::Conflict,
        OutboxState::Parked,
        OutboxState::Cancelled,
    ];

    /// The word in records and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            OutboxState::Waiting => "waiting",
            OutboxState::Sent => "sent",
            OutboxState::Conflict => "conflict",
            OutboxState::Parked => "parked",
            OutboxState::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for OutboxState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no word of the outbox.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a word of the outbox")]
pub struct BadOutboxWord(String);

impl FromStr for OutboxState {
    type Err = BadOutboxWord;
    fn from_str(text: &str) -> Result<OutboxState, BadOutboxWord> {
        OutboxState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| BadOutboxWord(text.to_owned()))
    }
}

impl FromStr for Operation {
    type Err = BadOutboxWord;
    fn from_str(text: &str) -> Result<Operation, BadOutboxWord> {
        [Operation::Create, Operation::Disable]
            .into_iter()
            .find(|operation| operation.as_str() == text)
            .ok_or_else(|| BadOutboxWord(text.to_owned()))
    }
}

/// An operation to be queued.
#[derive(Debug, Clone, Copy)]
pub struct Queued<'a> {
    /// Whose enrollment.
    pub registration_id: &'a RegistrationId,
    /// What is to be done.
    pub operation: Operation,
    /// The run that causes it.
    pub run: Option<u64>,
    /// JSON for the sender, at most [`LONGEST_BODY`] bytes, without any secret.
    pub body: &'a str,
}

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Rows to be sent.
    pub waiting: u64,
    /// Rows in conflict.
    pub conflict: u64,
    /// Rows parked.
    pub parked: u64,
    /// When the oldest waiting row was queued.
    pub oldest: Option<UtcTime>,
}

const COLUMNS: &str = "id, registration_id, operation, run, body, state, attempts, next_try, created, sent, \
     last_error, last_code";

fn parse(columns: &Columns<'_>) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        id: columns.number("id")?,
        registration_id: columns.parsed("registration_id")?,
        operation: columns.parsed("operation")?,
        run: columns.optional_number("run")?,
        body: columns.raw("body")?,
        state: columns.parsed("state")?,
        attempts: columns.small("attempts")?,
        next_try: columns.time("next_try")?,
        created: columns.time("created")?,
        sent: columns.optional_time("sent")?,
        last_error: columns.raw("last_error")?,
        last_code: runs::code(columns, "last_code")?,
    })
}

/// Queues an operation, due at once; its number. One that disables cancels what waits, is parked or in
/// conflict for this ID. Records it.
///
/// # Errors
/// [`StoreError::TooLong`] over [`LONGEST_BODY`].
pub fn queue(change: &mut Change<'_>, queued: &Queued<'_>) -> Result<u64, StoreError> {
    let Queued { registration_id, operation, run, body } = *queued;
    if body.len() > LONGEST_BODY {
        let what = "an operation for the cloud";
        return Err(StoreError::TooLong { what, bytes: body.len(), most: LONGEST_BODY });
    }
    if operation == Operation::Disable {
        let cancelled: Vec<u64> = change.rows(
            "outbox",
            "UPDATE outbox SET state = 'cancelled'
             WHERE registration_id = ?1 AND state IN ('waiting', 'conflict', 'parked') RETURNING id",
            [registration_id.as_str()],
            |columns| columns.number("id"),
        )?;
        for id in cancelled {
            change.touch_number(Table::Outbox, id);
        }
    }
    let now = change.now().millis();
    let row = change.insert(
        "INSERT INTO outbox (registration_id, operation, run, body, state, next_try, created)
         VALUES (?1, ?2, ?3, ?4, 'waiting', ?5, ?5)",
        (registration_id.as_str(), operation.as_str(), run.map(sql_id), body, now),
    )?;
    change.touch_number(Table::Outbox, row);
    change.record(AuditEvent::EnrollmentQueued {
        row,
        registration_id: registration_id.clone(),
        operation: operation.as_str().to_owned(),
    });
    Ok(row)
}

/// Up to `limit` rows that are due, longest due first; for each registration ID only its oldest row that is
/// not settled. Operations on one enrollment never overtake each other, not even one that waits for a person:
/// sent later, it would undo what came after it.
pub fn due(reader: &Reader<'_>, now: UtcTime, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox AS due WHERE state = 'waiting' AND next_try <= ?1
           AND NOT EXISTS (SELECT 1 FROM outbox AS older
                           WHERE older.registration_id = due.registration_id AND older.id < due.id
                             AND older.state IN ('waiting', 'conflict', 'parked'))
         ORDER BY next_try, id LIMIT ?2"
    );
    reader.rows("outbox", &sql, (now.millis(), limit), parse)
}

/// The row that must be settled before this one is sent; none if none must.
pub fn held_by(reader: &Reader<'_>, row: &OutboxRow) -> Result<Option<OutboxRow>, StoreError> {
    match row.state {
        OutboxState::Waiting | OutboxState::Conflict | OutboxState::Parked => {
            let sql = format!(
                "SELECT {COLUMNS} FROM outbox WHERE registration_id = ?1 AND id < ?2
                   AND state IN ('waiting', 'conflict', 'parked') ORDER BY id LIMIT 1"
            );
            reader.row("outbox", &sql, (row.registration_id.as_str(), sql_id(row.id)), parse)
        }
        OutboxState::Sent | OutboxState::Cancelled => Ok(None),
    }
}

/// Until when the cloud asked for patience; none if it did not, or that is over. It counts the whole station's
/// requests, so nothing at all is to be sent before.
pub fn patience(reader: &Reader<'_>, now: UtcTime) -> Result<Option<UtcTime>, StoreError> {
    reader.row(
        "outbox",
        "SELECT next_try FROM outbox WHERE state = 'waiting' AND next_try > ?1 AND last_code = ?2
         ORDER BY next_try DESC LIMIT 1",
        (now.millis(), Code::CloudThrottled.as_str()),
        |columns| columns.time("next_try"),
    )
}

/// Whether a device was ever to be blocked under this registration ID.
pub fn was_blocked(reader: &Reader<'_>, registration_id: &RegistrationId) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM outbox
               WHERE registration_id = ?1 AND operation = 'disable' AND state <> 'cancelled'";
    Ok(reader.count(sql, [registration_id.as_str()])? > 0)
}

/// How many enrollments are still to be made with keys derived from this group key.
pub fn open_under_group(reader: &Reader<'_>, group: &Name) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM outbox JOIN run ON run.id = outbox.run
               WHERE outbox.state <> 'sent' AND outbox.state IN ('waiting', 'conflict', 'parked')
                 AND outbox.operation = 'create' AND run.group_key = ?1";
    reader.count(sql, [group.as_str()])
}

/// The newest row of this registration ID that was sent before the row with this number.
pub fn sent_before(
    reader: &Reader<'_>,
    registration_id: &RegistrationId,
    id: u64,
) -> Result<Option<OutboxRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox WHERE registration_id = ?1 AND id < ?2 AND state = 'sent'
         ORDER BY id DESC LIMIT 1"
    );
    reader.row("outbox", &sql, (registration_id.as_str(), sql_id(id)), parse)
}

/// The row with this number.
pub fn get(reader: &Reader<'_>, id: u64) -> Result<Option<OutboxRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1");
    reader.row("outbox", &sql, [sql_id(id)], parse)
}

/// Up to `limit` rows before this number (or the newest ones), newest first.
pub fn list(
    reader: &Reader<'_>,
    state: Option<OutboxState>,
    limit: u32,
    before: Option<u64>,
) -> Result<Vec<OutboxRow>, StoreError> {
    let before = before.map_or(i64::MAX, sql_id);
    match state {
        None => {
            let sql = format!("SELECT {COLUMNS} FROM outbox WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
            reader.rows("outbox", &sql, (before, limit), parse)
        }
        // in these words the indexes over the few that are not sent, and over those that are, are found
        Some(OutboxState::Sent) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM outbox WHERE id < ?1 AND state = 'sent' ORDER BY id DESC LIMIT ?2"
            );
            reader.rows("outbox", &sql, (before, limit), parse)
        }
        Some(state) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM outbox WHERE id < ?1 AND state <> 'sent' AND state = ?3
                 ORDER BY id DESC LIMIT ?2"
            );
            reader.rows("outbox", &sql, (before, limit, state.as_str()), parse)
        }
    }
}

/// Up to `limit` rows of this registration ID, newest first.
pub fn of_registration(
    reader: &Reader<'_>,
    registration_id: &RegistrationId,
    limit: u32,
) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE registration_id = ?1 ORDER BY id DESC LIMIT ?2");
    reader.rows("outbox", &sql, (registration_id.as_str(), limit), parse)
}

/// How much is still to be told.
pub fn depth(reader: &Reader<'_>) -> Result<Depth, StoreError> {
    let count = |state: OutboxState| {
        let sql = "SELECT count(*) FROM outbox WHERE state <> 'sent' AND state = ?1";
        reader.count(sql, [state.as_str()])
    };
    let sql = "SELECT created FROM outbox WHERE state <> 'sent' AND state = 'waiting' ORDER BY id LIMIT 1";
    Ok(Depth {
        waiting: count(OutboxState::Waiting)?,
        conflict: count(OutboxState::Conflict)?,
        parked: count(OutboxState::Parked)?,
        oldest: reader.row("outbox", sql, [], |columns| columns.time("created"))?,
    })
}

/// When the next waiting row is due; none if none waits.
pub fn next_due(reader: &Reader<'_>) -> Result<Option<UtcTime>, StoreError> {
    let sql = "SELECT next_try FROM outbox WHERE state = 'waiting' ORDER BY next_try, id LIMIT 1";
    reader.row("outbox", sql, [], |columns| columns.time("next_try"))
}

/// What went wrong with the waiting row that was put off furthest, if anything did.
pub fn last_trouble(reader: &Reader<'_>) -> Result<Option<OutboxRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox WHERE state = 'waiting' ORDER BY next_try DESC, id DESC LIMIT 1"
    );
    Ok(reader.row("outbox", &sql, [], parse)?.filter(|row| row.last_error.is_some()))
}

#[cfg(test)]
mod tests;
