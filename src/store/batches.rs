//! The batches: what came in as a file or left as one, by whom, and how it ended.

use rusqlite::types::Value;

use super::change::Change;
use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::Table;
use super::runs;
use crate::domain::audit_event::{self, AuditEvent};
use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::code::Code;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its number.
    pub id: u64,
    /// What it does.
    pub kind: BatchKind,
    /// Name of the file it reads; empty if none.
    pub input: String,
    /// Name of the file or folder it writes; empty if none.
    pub output: String,
    /// SHA-256 of the input, as far as it is known.
    pub input_digest: Option<Digest>,
    /// SHA-256 of the output, once it is whole.
    pub output_digest: Option<Digest>,
    /// What was asked for: one JSON object.
    pub asked: String,
    /// The work order it draws from.
    pub work_order: Option<Name>,
    /// Who began it.
    pub person: String,
    /// Where it stands.
    pub state: BatchState,
    /// Rows that were taken, once it has ended.
    pub good: u64,
    /// Rows that were refused, once it has ended.
    pub refused: u64,
    /// Why it failed.
    pub code: Option<Code>,
    /// When it began.
    pub started: UtcTime,
    /// When it ended.
    pub finished: Option<UtcTime>,
}

const COLUMNS: &str = "id, kind, input, output, input_digest, output_digest, asked, work_order, person, \
     state, good, refused, code, started, finished";

fn parse(columns: &Columns<'_>) -> Result<Batch, StoreError> {
    Ok(Batch {
        id: columns.number("id")?,
        kind: columns.parsed("kind")?,
        input: columns.raw("input")?,
        output: columns.raw("output")?,
        input_digest: columns.optional("input_digest")?,
        output_digest: columns.optional("output_digest")?,
        asked: columns.raw("asked")?,
        work_order: columns.optional("work_order")?,
        person: columns.raw("person")?,
        state: columns.parsed("state")?,
        good: columns.number("good")?,
        refused: columns.number("refused")?,
        code: runs::code(columns, "code")?,
        started: columns.time("started")?,
        finished: columns.optional_time("finished")?,
    })
}

/// The batch with this number.
pub fn get(reader: &Reader<'_>, id: u64) -> Result<Option<Batch>, StoreError> {
    one(reader, "id = ?1", Value::Integer(sql_id(id)))
}

/// The batch that has not ended and works on this input, if there is one.
pub fn unfinished(reader: &Reader<'_>, kind: BatchKind, input: &Digest) -> Result<Option<Batch>, StoreError> {
    let running = running(reader)?;
    Ok(running.into_iter().find(|batch| batch.kind == kind && batch.input_digest == Some(*input)))
}

/// The batches of this kind over this input, newest first.
pub fn over(reader: &Reader<'_>, kind: BatchKind, input: &Digest) -> Result<Vec<Batch>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM batch WHERE kind = ?1 AND input_digest = ?2 ORDER BY id DESC");
    reader.rows("batch", &sql, (kind.as_str(), input.to_string()), parse)
}

/// The batches that have not ended, oldest first.
pub fn running(reader: &Reader<'_>) -> Result<Vec<Batch>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM batch WHERE state = 'running' ORDER BY id");
    reader.rows("batch", &sql, [], parse)
}

/// Up to `limit` batches before this number (or the newest ones), newest first.
pub fn list(reader: &Reader<'_>, limit: u32, before: Option<u64>) -> Result<Vec<Batch>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM batch WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    reader.rows("batch", &sql, (before.map_or(i64::MAX, sql_id), limit), parse)
}

fn one(reader: &Reader<'_>, condition: &str, value: Value) -> Result<Option<Batch>, StoreError> {
    reader.row("batch", &format!("SELECT {COLUMNS} FROM batch WHERE {condition}"), [value], parse)
}

/// A batch that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewBatch<'a> {
    /// What it does.
    pub kind: BatchKind,
    /// Name of the file it reads, without folders; empty if none.
    pub input: &'a str,
    /// Name of the file or folder it writes, without folders; empty if none.
    pub output: &'a str,
    /// SHA-256 of the input, if it is known.
    pub input_digest: Option<&'a Digest>,
    /// What was asked for.
    pub asked: &'a serde_json::Value,
    /// The work order it draws from.
    pub work_order: Option<&'a Name>,
    /// Who is responsible.
    pub person: &'a str,
}

/// Writes down that a batch begins; its number. Nothing leaves the station before this is durable.
pub fn begin(change: &mut Change<'_>, new: &NewBatch<'_>) -> Result<u64, StoreError> {
    let NewBatch { kind, input, output, input_digest, asked, work_order, person } = *new;
    let batch = change.insert(
        "INSERT INTO batch (kind, input, output, input_digest, asked, work_order, person, state, started)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'running', ?8)",
        (
            kind.as_str(),
            input,
            output,
            input_digest.map(Digest::to_string),
            asked.to_string(),
            work_order.map(Name::as_str),
            person,
            change.now().millis(),
        ),
    )?;
    change.touch_number(Table::Batch, batch);
    change.record(AuditEvent::BatchStarted(audit_event::batch::Started {
        batch,
        kind,
        input: input.to_owned(),
        output: output.to_owned(),
        input_digest: input_digest.copied(),
        asked: asked.clone(),
        work_order: work_order.cloned(),
    }));
    Ok(batch)
}

/// How a batch ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// Done, failed or cancelled.
    pub state: BatchState,
    /// Rows that were taken.
    pub good: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Why it failed; with [`BatchState::Failed`] only.
    pub code: Option<Code>,
    /// SHA-256 of the input, as far as it was read to its end.
    pub input_digest: Option<&'a Digest>,
    /// SHA-256 of the output, if it is whole.
    pub output_digest: Option<&'a Digest>,
}

/// Ends a batch.
///
/// # Errors
/// A conflict if it has ended.
pub fn end(change: &mut Change<'_>, batch: u64, ended: &Ended<'_>) -> Result<(), StoreError> {
    let Ended { state, good, refused, code, input_digest, output_digest } = *ended;
    change.update_one(
        Table::Batch,
        &batch.to_string(),
        "has ended",
        "UPDATE batch SET state = ?2, good = ?3, refused = ?4, code = ?5, finished = ?6,
                          input_digest = coalesce(?7, input_digest), output_digest = ?8
         WHERE id = ?1 AND state = 'running'",
        (
            sql_id(batch),
            state.as_str(),
            sql_id(good),
            sql_id(refused),
            code.map(Code::as_str),
            change.now().millis(),
            input_digest.map(Digest::to_string),
            output_digest.map(Digest::to_string),
        ),
    )?;
    change.touch_number(Table::Batch, batch);
    change.record(AuditEvent::BatchEnded(audit_event::batch::Ended {
        batch,
        state,
        good,
        refused_rows: refused,
        code: code.map(|code| code.to_string()),
        input_digest: input_digest.copied(),
        output_digest: output_digest.copied(),
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{Bench, actor, at};

    #[test]
    fn a_batch_begins_and_ends_once() {
        let bench = Bench::with_order();
        let digest = Digest::of(b"in");
        let asked = serde_json::json!({ "product": "gateway-7" });
        let new = NewBatch {
            kind: BatchKind::Issue,
            input: "in.csv",
            output: "out.csv",
            input_digest: Some(&digest),
            asked: &asked,
            work_order: None,
            person: "ada",
        };
        let batch = bench.store.change(&actor(), at(5), |change| begin(change, &new)).unwrap();
        let found = bench.store.read(|r| unfinished(r, BatchKind::Issue, &digest)).unwrap().unwrap();
        assert_eq!((found.id, found.asked.as_str()), (batch, r#"{"product":"gateway-7"}"#));
        assert_eq!(bench.store.read(|r| unfinished(r, BatchKind::Import, &digest)).unwrap(), None);
        let ended = Ended {
            state: BatchState::Done,
            good: 3,
            refused: 1,
            code: None,
            input_digest: None,
            output_digest: Some(&digest),
        };
        bench.store.change(&actor(), at(6), |change| end(change, batch, &ended)).unwrap();
        let again = bench.store.change(&actor(), at(7), |change| end(change, batch, &ended));
        assert!(matches!(again, Err(StoreError::Conflict { .. })));
        let listed = bench.store.read(|r| list(r, 9, None)).unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].state, listed[0].good, listed[0].refused), (BatchState::Done, 3, 1));
        assert_eq!(listed[0].input_digest, Some(digest));
        assert!(bench.store.read(running).unwrap().is_empty());
    }
}
