//! The devices: who was ever seen, unique by serial number, MAC address and registration ID. Rows are
//! written by a run's reservation and its ending only; here they are read.

pub mod search;
pub mod standing;

use std::fmt;
use std::str::FromStr;

use rusqlite::types::Value;

use self::standing::Claim;
use super::change::Change;
use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::Table;
use crate::domain::mac_address::MacAddress;
use crate::domain::product::DeviceIdentity;
use crate::domain::registration_id::RegistrationId;
use crate::domain::serial_number::SerialNumber;
use crate::domain::utc_time::UtcTime;

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its number in the records.
    pub id: u64,
    /// As it gave it first.
    pub serial: SerialNumber,
    /// Its MAC address, if its recipe asks for one.
    pub mac: Option<MacAddress>,
    /// Its identities at DPS and at the hub.
    pub identity: DeviceIdentity,
    /// Where it stands.
    pub state: DeviceState,
    /// When it was first reserved.
    pub created: UtcTime,
}

impl Device {
    /// Who it says it is.
    pub fn claim(&self) -> Claim<'_> {
        Claim { serial: &self.serial, mac: self.mac.as_ref(), identity: &self.identity }
    }
}

/// Where a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceState {
    /// Seen, without an identity; may be tried again.
    New,
    /// Has its identity.
    Provisioned,
    /// Somebody must look first.
    Quarantined,
    /// To be destroyed; never provisioned again.
    Scrapped,
    /// An engineer withdrew its identity; it may be provisioned again.
    Released,
}

impl DeviceState {
    /// All states.
    pub const ALL: [DeviceState; 5] = [
        DeviceState::New,
        DeviceState::Provisioned,
        DeviceState::Quarantined,
        DeviceState::Scrapped,
        DeviceState::Released,
    ];

    /// The word in records and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            DeviceState::New => "new",
            DeviceState::Provisioned => "provisioned",
            DeviceState::Quarantined => "quarantined",
            DeviceState::Scrapped => "scrapped",
            DeviceState::Released => "released",
        }
    }
}

impl fmt::Display for DeviceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no state of a device.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a state of a device")]
pub struct BadDeviceState(String);

impl FromStr for DeviceState {
    type Err = BadDeviceState;
    fn from_str(text: &str) -> Result<DeviceState, BadDeviceState> {
        DeviceState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| BadDeviceState(text.to_owned()))
    }
}

/// The columns of a device, named so that a join with another table cannot confuse them.
pub(super) const COLUMNS: &str = "device.id AS device_row, device.serial AS device_serial, device.mac AS device_mac, \
     device.registration_id AS device_registration, device.device_id AS device_hub_id, \
     device.state AS device_state, device.created AS device_created";

pub(super) fn parse(columns: &Columns<'_>) -> Result<Device, StoreError> {
    Ok(Device {
        id: columns.number("device_row")?,
        serial: columns.recorded("device_serial")?,
        mac: columns.optional("device_mac")?,
        identity: DeviceIdentity {
            registration_id: columns.parsed("device_registration")?,
            device_id: columns.parsed("device_hub_id")?,
        },
        state: columns.parsed("device_state")?,
        created: columns.time("device_created")?,
    })
}

/// The device with this number.
pub fn get(reader: &Reader<'_>, id: u64) -> Result<Option<Device>, StoreError> {
    one(reader, "id = ?1", Value::Integer(sql_id(id)))
}

/// The device with this serial number, whatever its case.
pub fn by_serial(reader: &Reader<'_>, serial: &SerialNumber) -> Result<Option<Device>, StoreError> {
    one(reader, "serial_folded = ?1", Value::Text(serial.folded()))
}

/// The device with this MAC address.
pub fn by_mac(reader: &Reader<'_>, mac: &MacAddress) -> Result<Option<Device>, StoreError> {
    one(reader, "mac = ?1", Value::Text(mac.to_string()))
}

/// The device with this registration ID.
pub fn by_registration(reader: &Reader<'_>, id: &RegistrationId) -> Result<Option<Device>, StoreError> {
    one(reader, "registration_id = ?1", Value::Text(id.to_string()))
}

/// The device a person means by a serial number, MAC address, registration ID or device ID, looked for in
/// this order.
pub fn find(reader: &Reader<'_>, text: &str) -> Result<Option<Device>, StoreError> {
    let text = text.trim();
    let folded = Value::Text(text.to_ascii_lowercase());
    if let Some(device) = one(reader, "serial_folded = ?1", folded.clone())? {
        return Ok(Some(device));
    }
    if let Ok(mac) = text.parse::<MacAddress>()
        && let Some(device) = by_mac(reader, &mac)?
    {
        return Ok(Some(device));
    }
    if let Some(device) = one(reader, "registration_id = ?1", folded)? {
        return Ok(Some(device));
    }
    one(reader, "device_id = ?1 AND device_id <> registration_id", Value::Text(text.to_owned()))
}

fn one(reader: &Reader<'_>, condition: &'static str, value: Value) -> Result<Option<Device>, StoreError> {
    reader.row("device", &format!("SELECT {COLUMNS} FROM device WHERE {condition}"), [value], parse)
}

/// Puts a device into a state.
pub(super) fn set_state(change: &mut Change<'_>, id: u64, state: DeviceState) -> Result<(), StoreError> {
    change.update_one(
        Table::Device,
        &id.to_string(),
        "is not there",
        "UPDATE device SET state = ?2 WHERE id = ?1",
        (sql_id(id), state.as_str()),
    )?;
    change.touch_number(Table::Device, id);
    Ok(())
}
