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
use crate::store::runs::{self, Run};

/// A text longer than this names no device: the longest is a SHA-256 thumbprint with its separators.
const LONGEST: usize = 128;
/// How many devices are looked at for one page when some that begin right may not fit.
const LOOKED_AT: u32 = 1000;

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
    pub devices: Vec<(Device, Option<Run>)>,
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
/// that of a run when one work order's devices are listed in the order of their runs.
pub fn newest(
    reader: &Reader<'_>,
    wanted: &Wanted,
    limit: u32,
    before: Option<u64>,
) -> Result<Listed<u64>, StoreError> {
    let (sql, filters) = newest_sql(wanted);
    let mut values = vec![
        Value::Integer(before.map_or(i64::MAX, sql_id)),
        Value::Integer(i64::from(limit.saturating_add(1))),
    ];
    values.extend(filters);
    let mut rows = reader.rows("device", &sql, rusqlite::params_from_iter(values), |columns| {
        Ok((parse(columns)?, columns.number("place")?))
    })?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|(_, place)| *place);
    let devices = rows.into_iter().map(|(device, _)| device).collect();
    Ok(Listed { devices: with_runs(reader, devices)?, next })
}

/// The query, and the values of its places from `?3` on.
fn newest_sql(wanted: &Wanted) -> (String, Vec<Value>) {
    let devices = |rest: &str| {
        format!("SELECT {COLUMNS}, device.id AS place FROM device {rest} ORDER BY device.id DESC LIMIT ?2")
    };
    let state = |state: DeviceState| Value::Text(state.as_str().to_owned());
    let order = |order: &Name| Value::Text(order.to_string());
    match (wanted.state, &wanted.work_order) {
        (None, None) => (devices("WHERE device.id < ?1"), Vec::new()),
        // nearly all are
        (Some(DeviceState::Provisioned), None) => {
            (devices("WHERE device.id < ?1 AND device.state = ?3"), vec![state(DeviceState::Provisioned)])
        }
        (None, Some(name)) => (under_order(""), vec![order(name)]),
        (Some(DeviceState::Provisioned), Some(name)) => {
            (under_order("AND device.state = ?4"), vec![order(name), state(DeviceState::Provisioned)])
        }
        // said twice so that the index over all others serves
        (Some(other), None) => (
            devices("WHERE device.state = ?3 AND device.state <> 'provisioned' AND device.id < ?1"),
            vec![state(other)],
        ),
        (Some(other), Some(name)) => (
            devices(
                "WHERE device.state = ?3 AND device.state <> 'provisioned' AND device.id < ?1
                   AND EXISTS (SELECT 1 FROM run WHERE run.device = device.id AND run.work_order = ?4)",
            ),
            vec![state(other), order(name)],
        ),
    }
}

/// The devices of a work order in the order of their newest runs under it.
fn under_order(state: &str) -> String {
    format!(
        "SELECT {COLUMNS}, run.id AS place FROM run INDEXED BY run_work_order
         CROSS JOIN device ON device.id = run.device
         WHERE run.work_order = ?3 AND run.id < ?1 {state}
           AND NOT EXISTS (SELECT 1 FROM run AS newer INDEXED BY run_device
                           WHERE newer.device = run.device AND newer.id > run.id
                             AND newer.work_order = run.work_order)
         ORDER BY run.id DESC LIMIT ?2"
    )
}

/// Up to `limit` devices whose serial number begins so, in any case, in the order of their serial numbers. `after`
/// is what the page before gave as `next`. At most a thousand devices are looked at for one page; the page may then
/// be shorter than `limit` and still have a next one.
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
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut more = rows.len() == usize::try_from(look).unwrap_or(usize::MAX);
    let (mut devices, mut next) = (Vec::new(), None);
    for (folded, device) in rows {
        if devices.len() == most {
            more = true;
            break;
        }
        devices.extend(device);
        next = Some(folded);
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

fn with_runs(reader: &Reader<'_>, devices: Vec<Device>) -> Result<Vec<(Device, Option<Run>)>, StoreError> {
    devices
        .into_iter()
        .map(|device| {
            let run = runs::newest_of(reader, device.id)?;
            Ok((device, run))
        })
        .collect()
}

#[cfg(test)]
mod tests;
