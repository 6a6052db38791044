//! Finding devices among a million: every question is a seek in an index, every answer one page.

use rusqlite::types::Value;

use super::{COLUMNS, Device, DeviceState, find, get, parse};
use crate::domain::cert_serial::CertSerial;
use crate::domain::name::Name;
use crate::domain::thumbprint::Thumbprint;
use crate::store::certificates::{self, thumbprint};
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::runs::newest::{self, Newest};

/// A text longer than this names no device: the longest is a SHA-256 thumbprint with its separators.
const LONGEST: usize = 128;
/// How many devices are looked at for one page when some of them may not fit.
const LOOKED_AT: u32 = 400;

/// Which devices to list; all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those that stand there.
    pub state: Option<DeviceState>,
    /// Only those that were run under this work order.
    pub work_order: Option<Name>,
}

/// One page of devices, each with its newest run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<K> {
    /// The devices.
    pub devices: Vec<(Device, Option<Newest>)>,
    /// What to ask with for the next page; none at the end.
    pub next: Option<K>,
}

/// The device a person means: by serial number, MAC address, registration ID, device ID, or by its certificate's
/// serial number or thumbprint (SHA-1 or SHA-256, with or without colons).
pub fn exact(reader: &Reader<'_>, text: &str) -> Result<Option<Device>, StoreError> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return Ok(None);
    }
    if let Some(device) = find(reader, text)? {
        return Ok(Some(device));
    }
    let certificate = match (text.parse::<CertSerial>(), text.parse::<Thumbprint>()) {
        (Ok(serial), _) => certificates::get(reader, &serial)?,
        (_, Ok(thumbprint)) => thumbprint::find(reader, &thumbprint)?,
        (Err(_), Err(_)) => None,
    };
    match certificate {
        Some(certificate) => get(reader, certificate.device),
        None => Ok(None),
    }
}

/// Up to `limit` devices, newest first. `before` is what the page before gave as `next`: a device's number, or
/// that of a run when one work order's devices are listed in the order of their runs. Where two things must hold, at
/// most some hundred devices are looked at for one page, which may then be shorter and still have a next one.
pub fn newest(
    reader: &Reader<'_>,
    wanted: &Wanted,
    limit: u32,
    before: Option<u64>,
) -> Result<Listed<u64>, StoreError> {
    let Question { sql, filters, sieved } = newest_sql(wanted);
    let look = if sieved { LOOKED_AT } else { limit.saturating_add(1) };
    let mut values = vec![Value::Integer(before.map_or(i64::MAX, sql_id)), Value::Integer(i64::from(look))];
    values.extend(filters);
    let rows = reader.rows("device", &sql, rusqlite::params_from_iter(values), |columns| {
        let fits: bool = columns.raw("fits")?;
        Ok((columns.number("place")?, if fits { Some(parse(columns)?) } else { None }))
    })?;
    page(reader, rows, limit, look)
}

/// A query that tells of each device its `place` and whether it `fits`.
struct Question {
    sql: String,
    /// The values of its places from `?3` on.
    filters: Vec<Value>,
    /// Whether it gives devices that do not fit, too.
    sieved: bool,
}

fn newest_sql(wanted: &Wanted) -> Question {
    let devices = |fits: &str, which: &str| {
        format!(
            "SELECT {COLUMNS}, device.id AS place, {fits} AS fits FROM device
             WHERE {which} AND device.id < ?1 ORDER BY device.id DESC LIMIT ?2"
        )
    };
    // said twice so that the index over all but the provisioned serves
    const STANDING: &str = "device.state = ?3 AND device.state <> 'provisioned'";
    let state = |state: DeviceState| Value::Text(state.as_str().to_owned());
    let order = |order: &Name| Value::Text(order.to_string());
    let whole = |sql, filters| Question { sql, filters, sieved: false };
    match (wanted.state, &wanted.work_order) {
        (None, None) => whole(devices("1", "1"), Vec::new()),
        // nearly all are
        (Some(DeviceState::Provisioned), None) => {
            whole(devices("1", "device.state = ?3"), vec![state(DeviceState::Provisioned)])
        }
        (None, Some(name)) => whole(under_order(""), vec![order(name)]),
        (Some(DeviceState::Provisioned), Some(name)) => {
            whole(under_order("AND device.state = ?4"), vec![order(name), state(DeviceState::Provisioned)])
        }
        (Some(other), None) => whole(devices("1", STANDING), vec![state(other)]),
        (Some(other), Some(name)) => Question {
            sql: devices(
                "EXISTS (SELECT 1 FROM run WHERE run.device = device.id AND run.work_order = ?4)",
                STANDING,
            ),
            filters: vec![state(other), order(name)],
            sieved: true,
        },
    }
}

/// The devices of a work order in the order of their newest runs under it.
fn under_order(state: &str) -> String {
    format!(
        "SELECT {COLUMNS}, run.id AS place, 1 AS fits FROM run INDEXED BY run_work_order
         CROSS JOIN device ON device.id = run.device
         WHERE run.work_order = ?3 AND run.id < ?1 {state}
           AND NOT EXISTS (SELECT 1 FROM run AS newer INDEXED BY run_device
                           WHERE newer.device = run.device AND newer.id > run.id
                             AND newer.work_order = run.work_order)
         ORDER BY run.id DESC LIMIT ?2"
    )
}

/// Up to `limit` devices whose serial number begins so, in any case, in the order of their serial numbers. `after`
/// is what the page before gave as `next`. With more to fit than the serial number, at most some hundred devices are
/// looked at for one page, which may then be shorter than `limit` and still have a next one.
pub fn by_prefix(
    reader: &Reader<'_>,
    prefix: &str,
    wanted: &Wanted,
    limit: u32,
    after: Option<&str>,
) -> Result<Listed<String>, StoreError> {
    let prefix = prefix.trim().to_ascii_lowercase();
    if prefix.is_empty() || prefix.len() > LONGEST {
        return Ok(Listed { devices: Vec::new(), next: None });
    }
    let all_fit = *wanted == Wanted::default();
    let look = if all_fit { limit.saturating_add(1) } else { LOOKED_AT };
    let state = wanted.state.map(DeviceState::as_str);
    let order = wanted.work_order.as_ref().map(Name::as_str);
    // a range instead of LIKE, so that the unique index serves and no character is a wildcard
    let end = format!("{prefix}\u{10ffff}");
    let from = after.filter(|after| *after >= prefix.as_str()).unwrap_or_default();
    let rows = reader.rows(
        "device",
        &prefix_sql(),
        (prefix.as_str(), end, from, look, state, order),
        |columns| {
            let folded: String = columns.raw("serial_folded")?;
            let fits: bool = columns.raw("fits")?;
            Ok((folded, if fits { Some(parse(columns)?) } else { None }))
        },
    )?;
    page(reader, rows, limit, look)
}

/// The devices that fit among those that were looked at, and where to go on.
fn page<K>(
    reader: &Reader<'_>,
    rows: Vec<(K, Option<Device>)>,
    limit: u32,
    look: u32,
) -> Result<Listed<K>, StoreError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut more = rows.len() == usize::try_from(look).unwrap_or(usize::MAX);
    let (mut devices, mut next) = (Vec::new(), None);
    for (place, device) in rows {
        if devices.len() == most {
            more = true;
            break;
        }
        devices.extend(device);
        next = Some(place);
    }
    Ok(Listed { devices: with_runs(reader, devices)?, next: next.filter(|_| more) })
}

fn prefix_sql() -> String {
    format!(
        "SELECT {COLUMNS}, serial_folded,
                (?5 IS NULL OR state = ?5) AND (?6 IS NULL OR EXISTS
                    (SELECT 1 FROM run WHERE run.device = device.id AND run.work_order = ?6)) AS fits
         FROM device WHERE serial_folded >= ?1 AND serial_folded < ?2 AND serial_folded > ?3
         ORDER BY serial_folded LIMIT ?4"
    )
}

fn with_runs(reader: &Reader<'_>, devices: Vec<Device>) -> Result<Vec<(Device, Option<Newest>)>, StoreError> {
    devices
        .into_iter()
        .map(|device| {
            let run = newest::of_device(reader, device.id)?;
            Ok((device, run))
        })
        .collect()
}

#[cfg(test)]
mod tests;
