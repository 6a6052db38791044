//! What reports are made of: the finished runs of a time span or of a work order, each once, and which of them were a
//! unit's first try. Nothing is gathered here, so that a million runs need no more memory than ten.

use rusqlite::types::Value;

use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use super::runs::standing::STANDS;
use crate::domain::name::Name;
use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;

/// Which runs a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those that ended from this moment on and before that one.
    Span(UtcTime, UtcTime),
    /// Those of a work order.
    WorkOrder(Name),
}

impl Scope {
    /// The condition over a row of `run`, with its parameters first.
    fn condition(&self) -> &'static str {
        match self {
            Scope::Span(..) => "run.finished >= ?1 AND run.finished < ?2",
            Scope::WorkOrder(_) => "run.work_order = ?1 AND ?2 IS NULL AND run.finished IS NOT NULL",
        }
    }

    /// The condition over an earlier run `e` of the same unit; the plus signs keep SQLite to the unit's few runs.
    fn earlier(&self) -> &'static str {
        match self {
            Scope::Span(..) => "+e.finished >= ?1",
            Scope::WorkOrder(_) => "+e.work_order = ?1",
        }
    }

    fn values(&self) -> Vec<Value> {
        match self {
            Scope::Span(from, to) => vec![Value::Integer(from.millis()), Value::Integer(to.millis())],
            Scope::WorkOrder(name) => vec![Value::Text(name.to_string()), Value::Null],
        }
    }
}

/// A run that has its verdict, as figures need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The slot.
    pub slot: Option<String>,
    /// Who was responsible.
    pub person: String,
    /// Where it ended.
    pub stage: Stage,
    /// How it ended.
    pub verdict: Verdict,
    /// The code of what went wrong.
    pub code: Option<String>,
    /// When it began.
    pub started: UtcTime,
    /// When it ended.
    pub finished: UtcTime,
    /// Whether it was its unit's first try within the scope; units that were skipped were not tried.
    pub first_try: bool,
    /// Whether its unit passed for the first time within the scope.
    pub first_pass: bool,
    /// Whether the identity it gave is still its unit's; of all runs of a unit, one at most.
    pub stands: bool,
}

/// Calls `each` with every finished run of the scope, in no order.
pub fn each(reader: &Reader<'_>, scope: &Scope, mut each: impl FnMut(Ended)) -> Result<(), StoreError> {
    let (condition, within) = (scope.condition(), scope.earlier());
    let before =
        "e.finished IS NOT NULL AND (e.finished, e.id) < (run.finished, run.id) AND e.verdict <> 'SKIPPED'";
    // a unit is a device, or what a unit said its serial number is where its run ended before it was reserved
    let sql = format!(
        "SELECT run.slot, run.person, run.stage, run.verdict, run.code, run.started, run.finished,
            run.verdict <> 'SKIPPED'
            AND NOT EXISTS (SELECT 1 FROM run e WHERE e.device = run.device AND {within} AND {before})
            AND NOT EXISTS (SELECT 1 FROM run e WHERE e.claimed IS NOT NULL
                AND lower(e.claimed) = coalesce(
                    (SELECT serial_folded FROM device WHERE id = run.device), lower(run.claimed))
                AND {within} AND {before})
            AND (run.claimed IS NULL OR NOT EXISTS (
                SELECT 1 FROM device CROSS JOIN run e ON e.device = device.id
                WHERE device.serial_folded = lower(run.claimed) AND {within} AND {before})) AS first_try,
            run.verdict = 'PASS' AND NOT EXISTS (SELECT 1 FROM run e WHERE e.device = run.device
                AND e.verdict = 'PASS' AND {within} AND {before}) AS first_pass,
            {STANDS} AS stands
         FROM run WHERE {condition}"
    );
    let values = rusqlite::params_from_iter(scope.values());
    // a list of nothings takes no memory
    reader.rows("run", &sql, values, |columns| {
        each(Ended {
            slot: columns.raw("slot")?,
            person: columns.raw("person")?,
            stage: columns.parsed("stage")?,
            verdict: columns.parsed("verdict")?,
            code: columns.raw("code")?,
            started: columns.time("started")?,
            finished: columns.time("finished")?,
            first_try: columns.raw("first_try")?,
            first_pass: columns.raw("first_pass")?,
            stands: columns.raw("stands")?,
        });
        Ok(())
    })?;
    Ok(())
}

/// When the first finished run of a work order began and the last one ended; none if there is none.
pub fn extent(reader: &Reader<'_>, order: &Name) -> Result<Option<(UtcTime, UtcTime)>, StoreError> {
    let sql = "SELECT min(started) AS first, max(finished) AS last FROM run
               WHERE work_order = ?1 AND finished IS NOT NULL";
    let found = reader.row("run", sql, [order.as_str()], |columns| {
        Ok(columns.optional_time("first")?.zip(columns.optional_time("last")?))
    })?;
    Ok(found.flatten())
}

/// A finished run as a line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLine {
    /// Its number.
    pub id: u64,
    /// When it began.
    pub started: UtcTime,
    /// When it ended.
    pub finished: UtcTime,
    /// The slot.
    pub slot: Option<String>,
    /// Who was responsible.
    pub person: String,
    /// The work order.
    pub work_order: Option<String>,
    /// The recipe.
    pub product: Option<String>,
    /// The device's serial number, or what it said it is.
    pub serial: Option<String>,
    /// The device's registration ID.
    pub registration_id: Option<String>,
    /// How it ended.
    pub verdict: Verdict,
    /// Where it ended.
    pub stage: Stage,
    /// The code of what went wrong.
    pub code: Option<String>,
    /// One sentence for a person.
    pub message: String,
    /// Which proof was had.
    pub proof: Option<String>,
}

const LINE: &str = "run.id, run.started, run.finished, run.slot, run.person, run.work_order, run.product,
     coalesce(device.serial, run.claimed) AS serial, device.registration_id, run.verdict, run.stage, run.code,
     run.message, run.proof";

fn line(columns: &Columns<'_>) -> Result<RunLine, StoreError> {
    Ok(RunLine {
        id: columns.number("id")?,
        started: columns.time("started")?,
        finished: columns.time("finished")?,
        slot: columns.raw("slot")?,
        person: columns.raw("person")?,
        work_order: columns.raw("work_order")?,
        product: columns.raw("product")?,
        serial: columns.raw("serial")?,
        registration_id: columns.raw("registration_id")?,
        verdict: columns.parsed("verdict")?,
        stage: columns.parsed("stage")?,
        code: columns.raw("code")?,
        message: columns.raw("message")?,
        proof: columns.raw("proof")?,
    })
}

/// Up to `limit` runs of the scope that did not pass, newest first.
pub fn not_passed(reader: &Reader<'_>, scope: &Scope, limit: u32) -> Result<Vec<RunLine>, StoreError> {
    let index = match scope {
        Scope::Span(..) => "run_finished",
        Scope::WorkOrder(_) => "run_of_order_not_passed",
    };
    let sql = format!(
        "SELECT {LINE} FROM run INDEXED BY {index} LEFT JOIN device ON device.id = run.device
         WHERE {} AND run.finished IS NOT NULL AND run.verdict <> 'PASS'
         ORDER BY run.finished DESC, run.id DESC LIMIT ?3",
        scope.condition()
    );
    let mut values = scope.values();
    values.push(Value::Integer(i64::from(limit)));
    reader.rows("run", &sql, rusqlite::params_from_iter(values), line)
}

/// Where a list of runs is to go on: after the run that ended then and has this number.
pub type After = (UtcTime, u64);

/// Up to `limit` finished runs of the scope after this one: a span's in the order in which they ended, a work order's
/// in the order of their numbers.
pub fn runs_after(
    reader: &Reader<'_>,
    scope: &Scope,
    after: Option<After>,
    limit: u32,
) -> Result<Vec<RunLine>, StoreError> {
    let order = match scope {
        Scope::Span(..) => "(run.finished, run.id) > (?3, ?4) ORDER BY run.finished, run.id",
        Scope::WorkOrder(_) => "run.id > ?4 AND ?3 IS NOT NULL ORDER BY run.id",
    };
    let sql = format!(
        "SELECT {LINE} FROM run LEFT JOIN device ON device.id = run.device
         WHERE {} AND {order} LIMIT ?5",
        scope.condition()
    );
    let (finished, id) = after.map_or((-1, -1), |(finished, id)| (finished.millis(), sql_id(id)));
    let mut values = scope.values();
    values.extend([Value::Integer(finished), Value::Integer(id), Value::Integer(i64::from(limit))]);
    reader.rows("run", &sql, rusqlite::params_from_iter(values), line)
}

/// How often a work order's runs ended like this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPassed {
    /// The verdict; never PASS.
    pub verdict: Verdict,
    /// Where they ended.
    pub stage: Stage,
    /// The code of what went wrong.
    pub code: Option<String>,
    /// How many.
    pub count: u64,
}

/// The runs of a work order that did not pass, counted by verdict, step and code; the most frequent first.
pub fn not_passed_counts(reader: &Reader<'_>, order: &Name) -> Result<Vec<NotPassed>, StoreError> {
    let sql = "SELECT verdict, stage, code, count(*) AS count FROM run INDEXED BY run_of_order_not_passed
               WHERE work_order = ?1 AND verdict <> 'PASS'
               GROUP BY verdict, stage, code ORDER BY count(*) DESC, verdict, stage, code";
    reader.rows("run", sql, [order.as_str()], |columns| {
        Ok(NotPassed {
            verdict: columns.parsed("verdict")?,
            stage: columns.parsed("stage")?,
            code: columns.raw("code")?,
            count: columns.number("count")?,
        })
    })
}

#[cfg(test)]
mod tests;
