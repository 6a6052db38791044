//! The labels: a row for each piece of paper, queued in the transaction of the PASS or the reprint it belongs
//! to, and moved on by its printer.

use std::fmt;
use std::str::FromStr;

use super::change::Change;
use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::Table;
use crate::domain::audit_event::AuditEvent;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::serial_number::SerialNumber;
use crate::domain::utc_time::UtcTime;
use crate::store::Store;

/// One label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its number; a printer prints in the order of these.
    pub id: u64,
    /// The run it belongs to.
    pub run: u64,
    /// The serial number of its device.
    pub serial: SerialNumber,
    /// Which of the run's labels it is, counted from 1.
    pub copy: u32,
    /// The printer's name.
    pub printer: Name,
    /// Who is responsible.
    pub person: String,
    /// Why it is printed again; none for a label of the PASS.
    pub reason: Option<String>,
    /// Where it stands.
    pub state: LabelState,
    /// Digest of its ZPL; none if that could not be made.
    pub digest: Option<Digest>,
    /// Its ZPL, until it is printed.
    pub zpl: Option<String>,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created: UtcTime,
    /// When its printer had it.
    pub printed: Option<UtcTime>,
    /// Why nothing more is done about it, if it is settled.
    pub settled: Option<String>,
}

/// Where a label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelState {
    /// To be printed.
    Waiting,
    /// The printer has it.
    Printed,
    /// Not printed, or perhaps printed; a person decides.
    Failed,
    /// It came out after all, or is not needed.
    Settled,
}

impl LabelState {
    const ALL: [LabelState; 4] =
        [LabelState::Waiting, LabelState::Printed, LabelState::Failed, LabelState::Settled];

    /// The word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            LabelState::Waiting => "waiting",
            LabelState::Printed => "printed",
            LabelState::Failed => "failed",
            LabelState::Settled => "settled",
        }
    }
}

impl fmt::Display for LabelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no state of a label.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a state of a label")]
pub struct BadLabelState(String);

impl FromStr for LabelState {
    type Err = BadLabelState;
    fn from_str(text: &str) -> Result<LabelState, BadLabelState> {
        LabelState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| BadLabelState(text.to_owned()))
    }
}

/// A label to be queued.
#[derive(Debug, Clone, Copy)]
pub struct NewLabel<'a> {
    /// The run.
    pub run: u64,
    /// Its device's number.
    pub device: u64,
    /// Which of the run's labels it is.
    pub copy: u32,
    /// The printer.
    pub printer: &'a Name,
    /// Who is responsible.
    pub person: &'a str,
    /// Why it is printed again.
    pub reason: Option<&'a str>,
    /// The ZPL, or why it could not be made.
    pub zpl: Result<&'a str, &'a str>,
}

const COLUMNS: &str = "label.id, label.run, device.serial AS serial, label.copy, label.printer, label.person, label.reason, \
                       label.state, label.digest, label.zpl, label.attempts, label.last_error, label.created, \
                       label.printed, label.settled";
/// What the partial indexes are over, word for word, or they are not used.
const OPEN: &str = "label.state IN ('waiting', 'failed')";
const FROM: &str = "label JOIN device ON device.id = label.device";

fn parse(columns: &Columns<'_>) -> Result<Label, StoreError> {
    Ok(Label {
        id: columns.number("id")?,
        run: columns.number("run")?,
        serial: columns.recorded("serial")?,
        copy: columns.small("copy")?,
        printer: columns.parsed("printer")?,
        person: columns.raw("person")?,
        reason: columns.raw("reason")?,
        state: columns.parsed("state")?,
        digest: columns.optional("digest")?,
        zpl: columns.raw("zpl")?,
        attempts: columns.small("attempts")?,
        last_error: columns.raw("last_error")?,
        created: columns.time("created")?,
        printed: columns.optional_time("printed")?,
        settled: columns.raw("settled")?,
    })
}

/// Queues a label; its number. A label without ZPL has failed already, and that is recorded. Whether somebody
/// asked for it is for the caller to record.
pub fn queue(change: &mut Change<'_>, new: &NewLabel<'_>) -> Result<u64, StoreError> {
    let NewLabel { run, device, copy, printer, person, reason, zpl } = *new;
    let state = if zpl.is_ok() { LabelState::Waiting } else { LabelState::Failed };
    let digest = zpl.ok().map(|zpl| Digest::of(zpl.as_bytes()).to_string());
    let id = change.insert(
        "INSERT INTO label (run, device, copy, printer, person, reason, state, digest, zpl, last_error, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        (
            sql_id(run),
            sql_id(device),
            copy,
            printer.as_str(),
            person,
            reason,
            state.as_str(),
            digest,
            zpl.ok(),
            zpl.err(),
            change.now().millis(),
        ),
    )?;
    change.touch_number(Table::Label, id);
    if let Err(why) = zpl {
        change.record(AuditEvent::LabelFailed { label: id, run, why: why.to_owned() });
    }
    Ok(id)
}

/// The number that the next label of a run gets.
pub fn next_copy(reader: &Reader<'_>, run: u64) -> Result<u32, StoreError> {
    let last = reader.count("SELECT coalesce(max(copy), 0) FROM label WHERE run = ?1", [sql_id(run)])?;
    Ok(u32::try_from(last).unwrap_or(u32::MAX).saturating_add(1))
}

/// The label a printer is to print next.
pub fn next_for(reader: &Reader<'_>, printer: &Name) -> Result<Option<Label>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE {OPEN} AND label.state = 'waiting'
           AND label.printer = ?1 ORDER BY label.id LIMIT 1"
    );
    reader.row("label", &sql, [printer.as_str()], parse)
}

/// Up to `limit` labels that wait for a printer other than these.
pub fn waiting_elsewhere(
    reader: &Reader<'_>,
    printers: &[&Name],
    limit: u32,
) -> Result<Vec<Label>, StoreError> {
    let known = serde_json::to_string(printers).map_err(StoreError::Json)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE {OPEN} AND label.state = 'waiting'
           AND label.printer NOT IN (SELECT value FROM json_each(?1)) ORDER BY label.id LIMIT ?2"
    );
    reader.rows("label", &sql, (known, limit), parse)
}

/// How many labels of a printer are in this state, which is waiting or failed; others are not counted.
pub fn open(reader: &Reader<'_>, printer: &Name, state: LabelState) -> Result<u64, StoreError> {
    let sql = format!("SELECT count(*) FROM label WHERE {OPEN} AND state = ?1 AND printer = ?2");
    reader.count(&sql, (state.as_str(), printer.as_str()))
}

/// The label with this number.
pub fn get(reader: &Reader<'_>, id: u64) -> Result<Option<Label>, StoreError> {
    reader.row("label", &format!("SELECT {COLUMNS} FROM {FROM} WHERE label.id = ?1"), [sql_id(id)], parse)
}

/// How many labels a run has, those that are not printed yet included.
pub fn count_of_run(reader: &Reader<'_>, run: u64) -> Result<u64, StoreError> {
    reader.count("SELECT count(*) FROM label WHERE run = ?1", [sql_id(run)])
}

/// All labels of a run, at most `limit`, oldest first.
pub fn of_run(reader: &Reader<'_>, run: u64, limit: u32) -> Result<Vec<Label>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE label.run = ?1 ORDER BY label.copy LIMIT ?2");
    reader.rows("label", &sql, (sql_id(run), limit), parse)
}

/// Up to `limit` labels before this number (or the newest ones), newest first; only those that wait or have failed
/// if `open`.
pub fn list(
    reader: &Reader<'_>,
    open: bool,
    limit: u32,
    before: Option<u64>,
) -> Result<Vec<Label>, StoreError> {
    reader.rows("label", &list_sql(open), (before.map_or(i64::MAX, sql_id), limit), parse)
}

fn list_sql(open: bool) -> String {
    // without the hint SQLite would walk all labels, nearly all of which are printed
    let (index, only) =
        if open { ("INDEXED BY label_unsettled", format!("{OPEN} AND")) } else { ("", String::new()) };
    format!(
        "SELECT {COLUMNS} FROM label {index} CROSS JOIN device ON device.id = label.device
         WHERE {only} label.id < ?1 ORDER BY label.id DESC LIMIT ?2"
    )
}

const NOT_WAITING: &str = "is not waiting to be printed";

/// The printer has it. Its ZPL is kept no longer. Records it.
///
/// # Errors
/// A conflict unless the label waits.
pub fn printed(change: &mut Change<'_>, label: &Label) -> Result<(), StoreError> {
    let sql = "UPDATE label SET state = 'printed', printed = ?2, zpl = NULL, last_error = NULL
               WHERE id = ?1 AND state = 'waiting'";
    let now = change.now().millis();
    change.update_one(Table::Label, &label.id.to_string(), NOT_WAITING, sql, (sql_id(label.id), now))?;
    change.touch_number(Table::Label, label.id);
    let Label { id, run, copy, printer, .. } = label;
    change.record(AuditEvent::LabelPrinted { label: *id, run: *run, copy: *copy, printer: printer.clone() });
    Ok(())
}

/// It is not tried again until somebody says so. Records it.
///
/// # Errors
/// A conflict unless the label waits.
pub fn failed(change: &mut Change<'_>, label: &Label, why: &str) -> Result<(), StoreError> {
    let sql = "UPDATE label SET state = 'failed', last_error = ?2 WHERE id = ?1 AND state = 'waiting'";
    change.update_one(Table::Label, &label.id.to_string(), NOT_WAITING, sql, (sql_id(label.id), why))?;
    change.touch_number(Table::Label, label.id);
    change.record(AuditEvent::LabelFailed { label: label.id, run: label.run, why: why.to_owned() });
    Ok(())
}

/// A label that failed waits again, with this ZPL. Records it.
///
/// # Errors
/// A conflict unless the label has failed.
pub fn retry(change: &mut Change<'_>, label: &Label, printer: &Name, zpl: &str) -> Result<(), StoreError> {
    let sql = "UPDATE label SET state = 'waiting', zpl = ?2, digest = ?3, printer = ?4, attempts = 0, last_error = NULL
               WHERE id = ?1 AND state = 'failed'";
    let digest = Digest::of(zpl.as_bytes()).to_string();
    let params = (sql_id(label.id), zpl, digest, printer.as_str());
    change.update_one(Table::Label, &label.id.to_string(), "has not failed", sql, params)?;
    change.touch_number(Table::Label, label.id);
    change.record(AuditEvent::LabelRetried { label: label.id, run: label.run });
    Ok(())
}

/// Nothing more is done about a label that waits or has failed. Its ZPL is kept no longer. Records it.
///
/// # Errors
/// A conflict if it is printed or settled.
pub fn settle(change: &mut Change<'_>, label: &Label, why: &str) -> Result<(), StoreError> {
    let sql = "UPDATE label SET state = 'settled', settled = ?2, zpl = NULL
               WHERE id = ?1 AND state IN ('waiting', 'failed')";
    let not_open = "is neither waiting nor to be checked";
    change.update_one(Table::Label, &label.id.to_string(), not_open, sql, (sql_id(label.id), why))?;
    change.touch_number(Table::Label, label.id);
    let Label { id, run, .. } = label;
    change.record(AuditEvent::LabelSettled { label: *id, run: *run, reason: why.to_owned() });
    Ok(())
}

/// Notes an attempt in vain. Only books are kept: no audit entry.
///
/// # Errors
/// A conflict unless the label waits.
pub fn tried(store: &Store, id: u64, error: &str) -> Result<(), StoreError> {
    store.keep_books(|reader| {
        let changed = reader
            .connection()
            .prepare_cached(
                "UPDATE label SET attempts = attempts + 1, last_error = ?2 WHERE id = ?1 AND state = 'waiting'",
            )?
            .execute((sql_id(id), error))?;
        match changed {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table: "label", key: id.to_string(), why: NOT_WAITING }),
        }
    })
}

#[cfg(test)]
mod tests;
