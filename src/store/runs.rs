//! The runs: one row for each attempt to provision a device, from its reservation to its verdict.

pub mod decide;
pub mod finish;
pub mod newest;
pub mod reserve;
pub mod standing;
pub mod tally;

use rusqlite::types::Value;

use super::columns::{Columns, sql_id};
use super::devices::{self, Device};
use super::error::StoreError;
use super::reader::Reader;
use crate::domain::code::Code;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::product::{Credential, KeyOrigin};
use crate::domain::stage::Stage;
use crate::domain::step::Steps;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;

/// One attempt to provision one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// The device; none if the run ended before the device was known.
    pub device: Option<u64>,
    /// The work order it ran under.
    pub work_order: Option<Name>,
    /// The recipe.
    pub product: Option<Name>,
    /// Digest of the recipe's text.
    pub product_digest: Option<Digest>,
    /// The slot; none for batches and the command line.
    pub slot: Option<Name>,
    /// Who is responsible.
    pub person: String,
    /// What credential it gives; none if it ended before that was settled.
    pub credential: Option<CredentialKind>,
    /// When it began.
    pub started: UtcTime,
    /// Where it stands or ended.
    pub stage: Stage,
    /// How it ended; none while it has no verdict.
    pub ending: Option<Ending>,
    /// Whether an engineer decided that it goes on from where it stands.
    pub resume: bool,
    /// Its steps and when they began, written with the verdict of a device that was asked anything.
    pub steps: Option<Steps>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The verdict.
    pub verdict: Verdict,
    /// The code of what went wrong.
    pub code: Option<Code>,
    /// One sentence for a person.
    pub message: String,
    /// Which proof was had.
    pub proof: Option<String>,
    /// When.
    pub at: UtcTime,
}

/// What kind of credential a run gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// A certificate; the key was made there.
    X509 {
        /// Where the key is made.
        key: KeyOrigin,
    },
    /// A key derived from this group key.
    GroupKey {
        /// Name of the group key.
        group: Name,
    },
}

impl CredentialKind {
    /// The word in records, as in recipes.
    pub fn as_str(&self) -> &'static str {
        match self {
            CredentialKind::X509 { .. } => "x509",
            CredentialKind::GroupKey { .. } => "group-key",
        }
    }

    /// For the columns `key_origin` and `group_key`.
    pub(super) fn details(&self) -> (Option<&'static str>, Option<&str>) {
        match self {
            CredentialKind::X509 { key: KeyOrigin::OnDevice } => (Some("on-device"), None),
            CredentialKind::X509 { key: KeyOrigin::Station } => (Some("station"), None),
            CredentialKind::GroupKey { group } => (None, Some(group.as_str())),
        }
    }
}

impl From<&Credential> for CredentialKind {
    fn from(credential: &Credential) -> CredentialKind {
        match credential {
            Credential::X509 { key, profile: _, key_paths: _ } => CredentialKind::X509 { key: *key },
            Credential::GroupKey { group } => CredentialKind::GroupKey { group: group.clone() },
        }
    }
}

/// Which runs to list; all that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Of this device.
    pub device: Option<u64>,
    /// Under this work order.
    pub work_order: Option<Name>,
    /// With this verdict.
    pub verdict: Option<Verdict>,
    /// In this slot.
    pub slot: Option<Name>,
    /// Without a verdict.
    pub unfinished: bool,
}

const COLUMNS: &str = "run.id, run.device, run.work_order, run.product, run.product_digest, run.slot, run.person, \
     run.credential, run.key_origin, run.group_key, run.started, run.stage, run.verdict, run.code, run.message, \
     run.proof, run.finished, run.resume, run.steps";

fn parse(columns: &Columns<'_>) -> Result<Run, StoreError> {
    let ending = match (columns.optional::<Verdict>("verdict")?, columns.optional_time("finished")?) {
        (Some(verdict), Some(at)) => Some(Ending {
            verdict,
            code: code(columns, "code")?,
            message: columns.raw("message")?,
            proof: columns.raw("proof")?,
            at,
        }),
        _ => None,
    };
    Ok(Run {
        id: columns.number("id")?,
        device: columns.optional_number("device")?,
        work_order: columns.optional("work_order")?,
        product: columns.optional("product")?,
        product_digest: columns.optional("product_digest")?,
        slot: columns.optional("slot")?,
        person: columns.raw("person")?,
        credential: credential(columns)?,
        started: columns.time("started")?,
        stage: columns.parsed("stage")?,
        ending,
        resume: columns.raw("resume")?,
        steps: columns.optional("steps")?,
    })
}

fn credential(columns: &Columns<'_>) -> Result<Option<CredentialKind>, StoreError> {
    let Some(kind) = columns.raw::<Option<String>>("credential")? else { return Ok(None) };
    let origin: Option<String> = columns.raw("key_origin")?;
    match (kind.as_str(), origin.as_deref(), columns.optional::<Name>("group_key")?) {
        ("x509", Some("on-device"), None) => Ok(Some(CredentialKind::X509 { key: KeyOrigin::OnDevice })),
        ("x509", Some("station"), None) => Ok(Some(CredentialKind::X509 { key: KeyOrigin::Station })),
        ("group-key", None, Some(group)) => Ok(Some(CredentialKind::GroupKey { group })),
        (other, _, _) => Err(columns.bad("credential", &format!("“{other}” is no credential"))),
    }
}

/// A column that holds the text of one of our codes, or nothing.
pub(super) fn code(columns: &Columns<'_>, column: &'static str) -> Result<Option<Code>, StoreError> {
    match columns.raw::<Option<String>>(column)? {
        None => Ok(None),
        Some(text) => match Code::find(&text) {
            Some(code) => Ok(Some(code)),
            None => Err(columns.bad(column, &format!("“{text}” is no code"))),
        },
    }
}

/// The run with this number.
pub fn get(reader: &Reader<'_>, id: u64) -> Result<Option<Run>, StoreError> {
    reader.row("run", &format!("SELECT {COLUMNS} FROM run WHERE id = ?1"), [sql_id(id)], parse)
}

/// The few runs without a verdict are found by their own index, which SQLite would not choose by itself.
fn list_begins(unfinished: bool) -> String {
    let (index, condition) = match unfinished {
        true => (" INDEXED BY run_unfinished", " AND run.verdict IS NULL"),
        false => ("", ""),
    };
    format!(
        "SELECT {COLUMNS}, {} FROM run{index} LEFT JOIN device ON device.id = run.device
         WHERE run.id < ?{condition}",
        devices::COLUMNS
    )
}

/// Up to `limit` runs before this number (or the newest ones) with their devices, newest first.
pub fn list(
    reader: &Reader<'_>,
    filter: &RunFilter,
    limit: u32,
    before: Option<u64>,
) -> Result<Vec<(Run, Option<Device>)>, StoreError> {
    let RunFilter { device, work_order, verdict, slot, unfinished } = filter;
    let mut sql = list_begins(*unfinished);
    let mut values = vec![Value::Integer(before.map_or(i64::MAX, sql_id))];
    if let Some(device) = device {
        sql.push_str(" AND run.device = ?");
        values.push(Value::Integer(sql_id(*device)));
    }
    if let Some(name) = work_order {
        sql.push_str(" AND run.work_order = ?");
        values.push(Value::Text(name.to_string()));
    }
    if let Some(verdict) = verdict {
        // said twice so that the index over all but PASS may serve
        sql.push_str(if *verdict == Verdict::Pass {
            " AND run.verdict = ?"
        } else {
            " AND run.verdict <> 'PASS' AND run.verdict = ?"
        });
        values.push(Value::Text(verdict.as_str().to_owned()));
    }
    if let Some(slot) = slot {
        sql.push_str(" AND run.slot = ?");
        values.push(Value::Text(slot.to_string()));
    }
    sql.push_str(" ORDER BY run.id DESC LIMIT ?");
    values.push(Value::Integer(i64::from(limit)));
    reader.rows("run", &sql, rusqlite::params_from_iter(values), |columns| {
        let run = parse(columns)?;
        let device = match run.device {
            None => None,
            Some(_) => Some(devices::parse(&super::columns::joined("device", columns))?),
        };
        Ok((run, device))
    })
}

/// Up to `limit` runs without a verdict, newest first: what somebody must decide after a start.
pub fn unfinished(reader: &Reader<'_>, limit: u32) -> Result<Vec<(Run, Option<Device>)>, StoreError> {
    list(reader, &RunFilter { unfinished: true, ..RunFilter::default() }, limit, None)
}

/// How many runs have each verdict. Reads the whole index over finished runs.
pub fn count_by_verdict(reader: &Reader<'_>) -> Result<Vec<(Verdict, u64)>, StoreError> {
    let sql = "SELECT verdict, count(*) AS runs FROM run WHERE finished IS NOT NULL GROUP BY verdict";
    reader.rows("run", sql, [], |columns| Ok((columns.parsed("verdict")?, columns.number("runs")?)))
}

/// How many runs have no verdict.
pub fn count_unfinished(reader: &Reader<'_>) -> Result<u64, StoreError> {
    reader.count("SELECT count(*) FROM run WHERE verdict IS NULL", [])
}

/// How many runs that give keys derived from this group key have no verdict.
pub fn count_unfinished_under(reader: &Reader<'_>, group: &Name) -> Result<u64, StoreError> {
    reader.count("SELECT count(*) FROM run WHERE verdict IS NULL AND group_key = ?1", [group.as_str()])
}

/// The run of a device that has no verdict; there is at most one.
pub fn unfinished_of(reader: &Reader<'_>, device: u64) -> Result<Option<Run>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM run WHERE device = ?1 AND verdict IS NULL");
    reader.row("run", &sql, [sql_id(device)], parse)
}

/// The newest run of a device.
pub fn newest_of(reader: &Reader<'_>, device: u64) -> Result<Option<Run>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM run WHERE device = ?1 ORDER BY id DESC LIMIT 1");
    reader.row("run", &sql, [sql_id(device)], parse)
}

/// The numbers of all runs of a device, oldest first.
pub fn of_device(reader: &Reader<'_>, device: u64) -> Result<Vec<u64>, StoreError> {
    let sql = "SELECT id FROM run WHERE device = ?1 ORDER BY id";
    reader.rows("run", sql, [sql_id(device)], |columns| columns.number("id"))
}

#[cfg(test)]
mod tests;
