//! Announced devices: what imported files say of devices before they come to the line. Rows are written in chunks
//! while their batch runs (`writing`) and count from the moment it is done; what vouches for them is one digest
//! (`canonical`). They are found by the starts of digests (`keys`), which are hints held against the rows.

pub mod canonical;
pub mod contradiction;
pub mod keys;
pub mod known;
pub mod writing;

use std::collections::BTreeMap;

use rusqlite::types::Value;

use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use crate::domain::digest::Digest;
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::registration_id::RegistrationId;
use crate::domain::serial_number::SerialNumber;

/// One announced device, of a batch that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Its number; those of a batch follow each other in the order of the file.
    pub id: u64,
    /// The batch it came with.
    pub batch: u64,
    /// The line of the file it began in.
    pub line: u64,
    /// Its serial number; a row without one has a registration ID.
    pub serial: Option<SerialNumber>,
    /// Its MAC address.
    pub mac: Option<MacAddress>,
    /// Its registration ID.
    pub registration_id: Option<RegistrationId>,
    /// The work order it belongs to.
    pub work_order: Option<Name>,
    /// Its request for a certificate, DER; possession of the key was proven when it was taken in.
    pub csr: Option<Vec<u8>>,
    /// SHA-256 of the public key of that request.
    pub public_key: Option<Digest>,
    /// The public part of its TPM's endorsement key (TPM2B_PUBLIC).
    pub endorsement_key: Option<Vec<u8>>,
    /// The cells of the columns that mean nothing to us, as they stood in the file, in the order of [`names`].
    pub extra: Vec<String>,
}

const COLUMNS: &str = "announced.id, announced.batch, announced.line, announced.serial, announced.mac, \
     announced.registration_id, announced.work_order, announced.csr, announced.public_key, \
     announced.endorsement_key, announced.extra";

fn parse(columns: &Columns<'_>) -> Result<Announced, StoreError> {
    let serial: Option<String> = columns.raw("serial")?;
    let extra: String = columns.raw("extra")?;
    Ok(Announced {
        id: columns.number("id")?,
        batch: columns.number("batch")?,
        line: columns.number("line")?,
        serial: serial.map(SerialNumber::try_from).transpose().map_err(|why| columns.bad("serial", &why))?,
        mac: columns.optional("mac")?,
        registration_id: columns.optional("registration_id")?,
        work_order: columns.optional("work_order")?,
        csr: columns.raw("csr")?,
        public_key: columns.optional("public_key")?,
        endorsement_key: columns.raw("endorsement_key")?,
        extra: serde_json::from_str(&extra).map_err(|why| columns.bad("extra", &why))?,
    })
}

/// Which announced devices are read; all that are left out count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Of this batch.
    pub batch: Option<u64>,
    /// Of this work order.
    pub work_order: Option<&'a Name>,
    /// With a greater number than this: to go on where an earlier reading ended.
    pub after: u64,
    /// At most so many.
    pub most: Option<u64>,
}

/// Calls `each` with every announced device that is meant, in the order of their numbers. Memory does not grow.
///
/// # Errors
/// Those of `each`, which ends the reading.
pub fn each<E: From<StoreError>>(
    reader: &Reader<'_>,
    filter: &Filter<'_>,
    mut each: impl FnMut(Announced) -> Result<(), E>,
) -> Result<(), E> {
    let Filter { batch, work_order, after, most } = *filter;
    let sql = format!(
        "SELECT {COLUMNS} FROM announced CROSS JOIN batch ON batch.id = announced.batch AND batch.state = 'done'
         WHERE announced.id > ?1 AND (?2 IS NULL OR announced.batch = ?2)
           AND (?3 IS NULL OR announced.work_order = ?3)
         ORDER BY announced.id LIMIT ?4"
    );
    let mut statement = reader.connection().prepare_cached(&sql).map_err(StoreError::from)?;
    let limit = most.map_or(-1, sql_id);
    let params = (sql_id(after), batch.map(sql_id), work_order.map(Name::as_str), limit);
    let mut rows = statement.query(params).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        each(parse(&Columns::of("announced", row))?)?;
    }
    Ok(())
}

/// Whether anything was ever announced.
pub fn any(reader: &Reader<'_>) -> Result<bool, StoreError> {
    Ok(reader.count("SELECT EXISTS (SELECT 1 FROM announced)", [])? > 0)
}

/// The announced device with this number, if its batch is done.
pub fn get(reader: &Reader<'_>, id: u64) -> Result<Option<Announced>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM announced CROSS JOIN batch ON batch.id = announced.batch AND batch.state = 'done'
         WHERE announced.id = ?1"
    );
    reader.row("announced", &sql, [sql_id(id)], parse)
}

/// The names of the columns that a batch kept, in the order of the cells of its rows.
pub fn names(reader: &Reader<'_>, batch: u64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT names FROM announcement WHERE batch = ?1";
    let found = reader.row("announcement", sql, [sql_id(batch)], |columns| {
        let text: String = columns.raw("names")?;
        serde_json::from_str(&text).map_err(|why| columns.bad("names", &why))
    })?;
    Ok(found.unwrap_or_default())
}

/// What is announced of the device with this serial number or registration ID, oldest first.
pub fn of_device(
    reader: &Reader<'_>,
    serial: &SerialNumber,
    registration_id: &RegistrationId,
) -> Result<Vec<Announced>, StoreError> {
    let mut found = by_key(reader, keys::KeyKind::Serial, &serial.folded())?;
    found.extend(by_key(reader, keys::KeyKind::RegistrationId, registration_id.as_str())?);
    found.retain(|row| match &row.serial {
        Some(announced) => announced.folded() == serial.folded(),
        None => row.registration_id.as_ref() == Some(registration_id),
    });
    found.sort_by_key(|row| row.id);
    found.dedup_by_key(|row| row.id);
    Ok(found)
}

/// The serial number that files announced for this registration ID: the newest, if there is one.
pub fn serial_of(
    reader: &Reader<'_>,
    registration_id: &RegistrationId,
) -> Result<Option<SerialNumber>, StoreError> {
    let found = by_key(reader, keys::KeyKind::RegistrationId, registration_id.as_str())?;
    let meant = found.into_iter().filter(|row| row.registration_id.as_ref() == Some(registration_id));
    Ok(meant.filter_map(|row| row.serial).next_back())
}

/// The cells that files announced for a device under these names of columns, whatever their case: the newest that
/// is not empty. Names that nobody announced anything for are left out.
pub fn cells_of(
    reader: &Reader<'_>,
    serial: &SerialNumber,
    registration_id: &RegistrationId,
    wanted: &[&str],
) -> Result<BTreeMap<String, String>, StoreError> {
    let mut cells = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(cells);
    }
    for row in of_device(reader, serial, registration_id)? {
        let names = names(reader, row.batch)?;
        for (name, cell) in names.iter().zip(&row.extra) {
            let folded = name.to_lowercase();
            let meant = wanted.iter().filter(|wanted| !cell.is_empty() && wanted.to_lowercase() == folded);
            cells.extend(meant.map(|meant| ((*meant).to_owned(), cell.clone())));
        }
    }
    Ok(cells)
}

/// The announced devices that a key leads to; whoever asks compares the value.
fn by_key(reader: &Reader<'_>, kind: keys::KeyKind, value: &str) -> Result<Vec<Announced>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM announced_key
         CROSS JOIN announced ON announced.id = announced_key.id
         CROSS JOIN batch ON batch.id = announced.batch AND batch.state = 'done'
         WHERE announced_key.start = ?1 ORDER BY announced.id"
    );
    let start = keys::Key::of(kind, value.as_bytes()).start;
    reader.rows("announced", &sql, [Value::Integer(start)], parse)
}

#[cfg(test)]
mod tests;
