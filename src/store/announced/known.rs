//! What the records hold of the values of a file: announced devices by their keys, devices that were seen on the line
//! by the values themselves. Whoever asks brings the values in order, so that the indexes are walked and not jumped in.

use super::keys::KeyKind;
use super::writing::{NewRow, stored};
use crate::store::columns::sql_id;
use crate::store::devices::{self, Device};
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// Whether no device is announced at all, so that nothing need be looked for.
pub fn nothing_announced(reader: &Reader<'_>) -> Result<bool, StoreError> {
    Ok(reader.count("SELECT EXISTS (SELECT 1 FROM announced_key)", [])? == 0)
}

/// Whether no device was ever seen on the line.
pub fn nothing_seen(reader: &Reader<'_>) -> Result<bool, StoreError> {
    Ok(reader.count("SELECT EXISTS (SELECT 1 FROM device)", [])? == 0)
}

/// Calls `found` with the place of each start that announced devices have, and their numbers. The devices may belong
/// to a batch that is not done, and the value may be another one.
pub fn announced(
    reader: &Reader<'_>,
    starts: &[i64],
    mut found: impl FnMut(usize, u64),
) -> Result<(), StoreError> {
    let mut statement =
        reader.connection().prepare_cached("SELECT id FROM announced_key WHERE start = ?1")?;
    for (place, start) in starts.iter().enumerate() {
        let mut rows = statement.query([start])?;
        while let Some(row) = rows.next()? {
            found(place, u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0));
        }
    }
    Ok(())
}

/// The device that was seen on the line with this value, folded; none for a kind that devices are not looked for by.
pub fn seen(reader: &Reader<'_>, kind: KeyKind, value: &str) -> Result<Option<u64>, StoreError> {
    let sql = match kind {
        KeyKind::Serial => "SELECT id FROM device WHERE serial_folded = ?1",
        KeyKind::Mac => "SELECT id FROM device WHERE mac = ?1",
        KeyKind::RegistrationId => "SELECT id FROM device WHERE registration_id = ?1",
        KeyKind::PublicKey => "SELECT device AS id FROM public_key WHERE digest = ?1",
        KeyKind::EndorsementKey => return Ok(None),
    };
    reader.row("device", sql, [value], |columns| columns.number("id"))
}

/// The highest number of a device.
pub fn newest_seen(reader: &Reader<'_>) -> Result<u64, StoreError> {
    reader.count("SELECT coalesce(max(id), 0) FROM device", [])
}

/// The devices above this number, at most so many.
pub fn seen_since(reader: &Reader<'_>, newest: u64, most: u32) -> Result<Vec<Device>, StoreError> {
    let sql = format!("SELECT {} FROM device WHERE id > ?1 ORDER BY id LIMIT ?2", devices::COLUMNS);
    reader.rows("device", &sql, (sql_id(newest), most), devices::parse)
}

/// A row of a batch that is done, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub id: u64,
    /// The batch it came with.
    pub batch: u64,
    /// What it says.
    pub row: NewRow,
}

/// The rows with these numbers that count.
pub fn kept(reader: &Reader<'_>, ids: &[u64]) -> Result<Vec<Kept>, StoreError> {
    let mut statement = reader.connection().prepare_cached(
        "SELECT announced.id, batch, line, serial, mac, registration_id, announced.work_order, csr, public_key,
                endorsement_key, extra
         FROM announced CROSS JOIN batch ON batch.id = announced.batch AND batch.state = 'done'
         WHERE announced.id = ?1",
    )?;
    let mut found = Vec::new();
    for id in ids {
        let mut rows = statement.query([sql_id(*id)])?;
        if let Some(row) = rows.next()? {
            let batch = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
            found.push(Kept { id: *id, batch, row: NewRow::from(&stored(row)?) });
        }
    }
    Ok(found)
}
