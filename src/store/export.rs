//! All devices in the order of their numbers, each with its newest run and the certificate it stands under, or all that
//! were announced, for files of a million rows: read on connections of their own, so that slots and pages never wait for
//! it, in ranges of numbers that several threads share, over one unmoving state of the records.

pub mod found;
pub mod query;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use self::found::{Found, bad};
use self::query::Query;
use super::announced;
use super::audit::log;
use super::columns::sql_id;
use super::devices::DeviceState;
use super::error::StoreError;
use super::read_pool::connect;
use super::reader::Reader;
use super::recipes;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::registration_id::RegistrationId;
use crate::domain::serial_number::SerialNumber;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;

/// How often it is tried to begin on all connections between two changes.
const TRIES: u32 = 50;

/// Which devices are wanted; what is not said fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Those that imported files announced, made or not, instead of those that came to the line. Only a work order may
    /// be named beside it.
    pub announced: bool,
    /// Those whose newest run is of this work order.
    pub work_order: Option<Name>,
    /// Those whose newest run has this verdict.
    pub verdict: Option<Verdict>,
    /// Those in this state.
    pub state: Option<DeviceState>,
    /// Those whose newest run ended at this time or after it.
    pub from: Option<UtcTime>,
    /// Those whose newest run ended before this time.
    pub until: Option<UtcTime>,
}

/// Which parts of a row are read: each costs its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// The newest run.
    pub run: bool,
    /// The certificate it stands under, without its DER.
    pub certificate: bool,
    /// Its DER, too.
    pub der: bool,
    /// The secondary certificate, whole.
    pub secondary: bool,
}

/// One connection that reads, inside the unmoving state it shares with its siblings until it is dropped.
pub struct Lane {
    connection: Connection,
}

/// Opens up to so many connections that see the same state of the records: every change lengthens the audit log in
/// the transaction it is made in, so connections that see a log of one length see one state. Where changes come too
/// fast for that, there is one connection.
pub fn lanes(path: &Path, count: usize) -> Result<Vec<Lane>, StoreError> {
    let mut lanes = (0..count.max(1))
        .map(|_| Ok(Lane { connection: connect(path)? }))
        .collect::<Result<Vec<Lane>, StoreError>>()?;
    for _ in 0..TRIES {
        let sizes = lanes.iter().map(Lane::begin).collect::<Result<Vec<u64>, StoreError>>()?;
        if sizes.iter().all(|size| Some(size) == sizes.first()) {
            return Ok(lanes);
        }
        for lane in &lanes {
            lane.connection.execute_batch("ROLLBACK")?;
        }
    }
    lanes.truncate(1);
    for lane in &lanes {
        lane.begin()?;
    }
    Ok(lanes)
}

impl Lane {
    /// Begins to read; how many entries the log has.
    fn begin(&self) -> Result<u64, StoreError> {
        self.connection.execute_batch("BEGIN")?;
        log::size(&self.reader())
    }

    fn reader(&self) -> Reader<'_> {
        Reader::new(&self.connection)
    }

    /// The lowest and the highest number a device of this query may have; none if there is none.
    pub fn bounds(&self, query: &Query) -> Result<Option<RangeInclusive<u64>>, StoreError> {
        let numbers = |row: &Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
        let (low, high) = match &query.selection {
            Selection { announced: true, .. } => self.connection.query_row(
                "SELECT (SELECT min(id) FROM announced), (SELECT max(id) FROM announced)",
                [],
                numbers,
            )?,
            Selection { work_order: Some(name), .. } => self.connection.query_row(
                "SELECT min(device), max(device) FROM run WHERE work_order = ?1",
                [name.as_str()],
                numbers,
            )?,
            Selection { work_order: None, .. } => self.connection.query_row(
                "SELECT (SELECT min(id) FROM device), (SELECT max(id) FROM device)",
                [],
                numbers,
            )?,
        };
        let number = |found: i64| u64::try_from(found).unwrap_or(0);
        Ok(low.zip(high).map(|(low, high)| number(low)..=number(high)))
    }

    /// Calls `each` for every device of the query in this range of numbers, in their order.
    ///
    /// # Errors
    /// Those of `each`; [`StoreError`] if the records cannot be read.
    pub fn read<E: From<StoreError>>(
        &self,
        query: &Query,
        range: RangeInclusive<u64>,
        mut each: impl FnMut(&Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self.connection.prepare_cached(&query.sql).map_err(StoreError::from)?;
        let ends = [Value::Integer(sql_id(*range.start())), Value::Integer(sql_id(*range.end()))];
        let values = ends.iter().chain(&query.values);
        let mut rows = statement.query(params_from_iter(values)).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            each(&Found { row })?;
        }
        Ok(())
    }

    /// The text of a recipe as it was used.
    pub fn recipe(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        Ok(recipes::product_text(&self.reader(), digest)?.map(|(_, text)| text))
    }

    /// The names of all columns that imported files brought and that mean nothing to us, in the order they came; none
    /// twice, whatever its case.
    pub fn kept_columns(&self) -> Result<Vec<String>, StoreError> {
        let batches = self.reader().rows(
            "announcement",
            "SELECT announcement.batch FROM announcement JOIN batch ON batch.id = announcement.batch
             WHERE batch.state = 'done' ORDER BY announcement.batch",
            [],
            |columns| columns.number("batch"),
        )?;
        let mut all: Vec<String> = Vec::new();
        for batch in batches {
            for name in self.columns_of(batch)? {
                if !all.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
                    all.push(name);
                }
            }
        }
        Ok(all)
    }

    /// The names of those columns in one batch, in the order of the cells of its rows.
    pub fn columns_of(&self, batch: u64) -> Result<Vec<String>, StoreError> {
        announced::names(&self.reader(), batch)
    }

    /// What files announced for a device in columns of these names.
    pub fn kept_cells(
        &self,
        found: &Found<'_>,
        wanted: &[&str],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let serial = SerialNumber::try_from(found.serial()?.to_owned())
            .map_err(|error| bad("device", "serial", &error))?;
        let id: RegistrationId =
            found.registration_id()?.parse().map_err(|error| bad("device", "registration_id", &error))?;
        announced::cells_of(&self.reader(), &serial, &id, wanted)
    }

    /// The company the station was founded with, as the first entry of its log says.
    pub fn company(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT entry ->> '$.company' FROM audit WHERE seq = 1";
        let found = self.connection.query_row(sql, [], |row| row.get::<_, Option<String>>(0)).optional()?;
        Ok(found.flatten())
    }
}

#[cfg(test)]
mod tests;
