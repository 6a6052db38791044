//! All devices in the order of their numbers, each with its newest run and the certificate it stands under, or all that
//! were announced, for files of a million rows: read on connections of their own, so that slots and pages never wait for
//! it, in ranges of numbers that several threads share, over one unmoving state of the records.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

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
}

/// A selection made into SQL.
pub struct Query {
    sql: String,
    values: Vec<Value>,
    selection: Selection,
}

impl Query {
    /// What is to be read of which devices.
    pub fn new(selection: &Selection, parts: Parts) -> Query {
        if selection.announced {
            return Query::of_announced(selection);
        }
        let of_run = selection.work_order.is_some()
            || selection.verdict.is_some()
            || selection.from.is_some()
            || selection.until.is_some();
        let run = match parts.run {
            true => {
                "r.id, r.work_order, r.product, r.product_digest, r.verdict, r.started, r.finished, r.person, \
                 r.slot, r.credential"
            }
            false => "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        };
        let certificate = match parts {
            Parts { der: true, .. } => "c.serial, c.not_before, c.not_after, c.sha256, c.der",
            Parts { certificate: true, .. } => "c.serial, c.not_before, c.not_after, c.sha256, NULL",
            _ => "NULL, NULL, NULL, NULL, NULL",
        };
        let mut sql = format!(
            "SELECT d.id, d.serial, d.mac, d.registration_id, d.device_id, d.state, {run}, {certificate}, \
             NULL, NULL, NULL FROM device d"
        );
        if parts.run || of_run {
            // the join's order stands: conditions on the run must not turn it round
            sql.push_str(" LEFT JOIN run r ON r.id = (SELECT max(id) FROM run WHERE device = d.id)");
        }
        if parts.certificate || parts.der {
            sql.push_str(
                " LEFT JOIN certificate c ON c.device = d.id AND c.state IN ('intended', 'issued')
                                         AND c.sha256 IS NOT NULL",
            );
        }
        sql.push_str(" WHERE d.id BETWEEN ?1 AND ?2");
        let mut values = Vec::new();
        let mut also = |condition: &str, value: Value| {
            values.push(value);
            sql.push_str(&format!(" AND +{condition} ?{}", values.len() + 2));
        };
        let Selection { announced: _, work_order, verdict, state, from, until } = selection;
        if let Some(name) = work_order {
            also("r.work_order =", Value::Text(name.to_string()));
        }
        if let Some(verdict) = verdict {
            also("r.verdict =", Value::Text(verdict.to_string()));
        }
        if let Some(state) = state {
            also("d.state =", Value::Text(state.to_string()));
        }
        if let Some(from) = from {
            also("r.finished >=", Value::Integer(from.millis()));
        }
        if let Some(until) = until {
            also("r.finished <", Value::Integer(until.millis()));
        }
        sql.push_str(" ORDER BY d.id");
        Query { sql, values, selection: selection.clone() }
    }

    /// The same columns of the rows of imported files that count.
    fn of_announced(selection: &Selection) -> Query {
        let mut sql = "SELECT a.id, coalesce(a.serial, ''), a.mac, coalesce(a.registration_id, ''),
                              coalesce(a.registration_id, ''), 'announced',
                              NULL, a.work_order, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                              NULL, NULL, NULL, NULL, NULL, a.batch, a.extra, a.endorsement_key
                       FROM announced a CROSS JOIN batch b ON b.id = a.batch AND b.state = 'done'
                       WHERE a.id BETWEEN ?1 AND ?2"
            .to_owned();
        let mut values = Vec::new();
        if let Some(name) = &selection.work_order {
            sql.push_str(" AND +a.work_order = ?3");
            values.push(Value::Text(name.to_string()));
        }
        sql.push_str(" ORDER BY a.id");
        Query { sql, values, selection: selection.clone() }
    }
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

/// One device as it is read. Whatever was not asked for is not there.
pub struct Found<'r> {
    row: &'r Row<'r>,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($place:literal, $table:literal);)*) => {
        impl<'r> Found<'r> {$(
            $(#[$doc])*
            pub fn $name(&self) -> Result<columns!(@$kind 'r), StoreError> {
                self.$kind($place, $table, stringify!($name))
            }
        )*}
    };
    (@text $life:lifetime) => { &$life str };
    (@optional $life:lifetime) => { Option<&$life str> };
    (@number $life:lifetime) => { Option<u64> };
    (@time $life:lifetime) => { Option<UtcTime> };
    (@bytes $life:lifetime) => { Option<&$life [u8]> };
}

columns! {
    /// Its number in the records.
    id: number(0, "device");
    /// Its serial number.
    serial: text(1, "device");
    /// Its MAC address.
    mac: optional(2, "device");
    /// Its registration ID.
    registration_id: text(3, "device");
    /// Its device ID.
    device_id: text(4, "device");
    /// Where it stands.
    state: text(5, "device");
    /// The number of its newest run.
    run: number(6, "run");
    /// The work order of that run.
    work_order: optional(7, "run");
    /// The recipe's name.
    product: optional(8, "run");
    /// The digest of the recipe's text.
    product_digest: optional(9, "run");
    /// How it ended.
    verdict: optional(10, "run");
    /// When it began.
    started: time(11, "run");
    /// When it ended.
    finished: time(12, "run");
    /// Who was responsible.
    person: optional(13, "run");
    /// In which slot.
    slot: optional(14, "run");
    /// What kind of credential it was to have.
    credential: optional(15, "run");
    /// The serial number of the certificate it stands under.
    cert_serial: optional(16, "certificate");
    /// The first second it is valid in.
    not_before: time(17, "certificate");
    /// The last second it is valid in.
    not_after: time(18, "certificate");
    /// SHA-256 of its DER.
    sha256: optional(19, "certificate");
    /// The certificate itself.
    der: bytes(20, "certificate");
    /// The batch that announced it; of announced devices only, as is what follows.
    batch: number(21, "announced");
    /// The cells of the columns that mean nothing to us, a JSON array.
    extra: optional(22, "announced");
    /// The public part of its TPM's endorsement key (TPM2B_PUBLIC).
    endorsement_key: bytes(23, "announced");
}

impl<'r> Found<'r> {
    fn optional(
        &self,
        place: usize,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<&'r str>, StoreError> {
        let value = self.row.get_ref(place)?;
        value.as_str_or_null().map_err(|error| bad(table, column, &error))
    }

    fn text(&self, place: usize, table: &'static str, column: &'static str) -> Result<&'r str, StoreError> {
        let value = self.row.get_ref(place)?;
        value.as_str().map_err(|error| bad(table, column, &error))
    }

    fn number(
        &self,
        place: usize,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<u64>, StoreError> {
        let value = self.row.get_ref(place)?.as_i64_or_null().map_err(|error| bad(table, column, &error))?;
        value.map(u64::try_from).transpose().map_err(|error| bad(table, column, &error))
    }

    fn time(
        &self,
        place: usize,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<UtcTime>, StoreError> {
        let value = self.row.get_ref(place)?.as_i64_or_null().map_err(|error| bad(table, column, &error))?;
        Ok(value.map(UtcTime::from_millis))
    }

    fn bytes(
        &self,
        place: usize,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<&'r [u8]>, StoreError> {
        self.row.get_ref(place)?.as_blob_or_null().map_err(|error| bad(table, column, &error))
    }
}

fn bad(table: &'static str, column: &'static str, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Row { table, column, why: why.to_string() }
}

#[cfg(test)]
mod tests;
