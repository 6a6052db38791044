//! Whether a device may be provisioned now. The answer is the same before a key is made on the device
//! (a read) and when it is reserved (within the change).

use super::{Device, DeviceState};
use crate::domain::mac_address::MacAddress;
use crate::domain::product::DeviceIdentity;
use crate::domain::serial_number::SerialNumber;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::runs::reserve::{DuplicateKind, ReserveError};
use crate::store::runs::{self, Run};

/// Who a device says it is.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Its serial number.
    pub serial: &'a SerialNumber,
    /// Its MAC address, if the recipe asks for one.
    pub mac: Option<&'a MacAddress>,
    /// The identities formed from them.
    pub identity: &'a DeviceIdentity,
}

/// A device that may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Never seen before.
    New,
    /// Seen before, and without an identity now.
    Known(Device),
    /// Its run broke off, and an engineer decided that it goes on from where it stands.
    Resume {
        /// The device.
        device: Device,
        /// The run to go on with.
        run: Box<Run>,
    },
}

/// Looks for the device by serial number, MAC address, registration ID and device ID. A MAC address that is not
/// known on one side agrees with any on the other.
///
/// # Errors
/// [`ReserveError::Duplicate`] if a device agrees with some of them but not with all;
/// [`ReserveError::Unfinished`], [`ReserveError::AlreadyPassed`], [`ReserveError::Blocked`].
pub fn standing(reader: &Reader<'_>, claim: &Claim<'_>) -> Result<Standing, ReserveError> {
    if is_new(reader, claim)? {
        return Ok(Standing::New);
    }
    let Some(device) = claimed(reader, claim)? else { return Ok(Standing::New) };
    if let Some(run) = runs::unfinished_of(reader, device.id)? {
        return if run.resume {
            Ok(Standing::Resume { device, run: Box::new(run) })
        } else {
            Err(ReserveError::Unfinished { run: run.id })
        };
    }
    match device.state {
        DeviceState::New | DeviceState::Released => Ok(Standing::Known(device)),
        DeviceState::Provisioned => {
            let run = runs::newest_of(reader, device.id)?.map_or(0, |run| run.id);
            Err(ReserveError::AlreadyPassed { run })
        }
        DeviceState::Quarantined | DeviceState::Scrapped => {
            Err(ReserveError::Blocked { device: device.id, state: device.state })
        }
    }
}

/// Whether nothing of this device is on record: one question for the many that were never seen.
fn is_new(reader: &Reader<'_>, claim: &Claim<'_>) -> Result<bool, StoreError> {
    let Claim { serial, mac, identity } = *claim;
    let DeviceIdentity { registration_id, device_id } = identity;
    let sql = "SELECT EXISTS (SELECT 1 FROM device WHERE serial_folded = ?1)
                   OR EXISTS (SELECT 1 FROM device WHERE mac = ?2)
                   OR EXISTS (SELECT 1 FROM device WHERE registration_id = ?3)
                   OR EXISTS (SELECT 1 FROM device WHERE ?4 <> ?3 AND registration_id = ?4)
                   OR EXISTS (SELECT 1 FROM device WHERE device_id = ?4 AND device_id <> registration_id)";
    let mac = mac.map(MacAddress::to_string);
    let known = reader.count(sql, (serial.folded(), mac, registration_id.as_str(), device_id.as_str()))?;
    Ok(known == 0)
}

fn claimed(reader: &Reader<'_>, claim: &Claim<'_>) -> Result<Option<Device>, ReserveError> {
    let Claim { serial, mac, identity } = *claim;
    let by_mac = mac.map(|mac| super::by_mac(reader, mac)).transpose()?.flatten();
    let found = [
        (DuplicateKind::Serial, serial.to_string(), super::by_serial(reader, serial)?),
        (DuplicateKind::Mac, mac.map(MacAddress::to_string).unwrap_or_default(), by_mac),
        (
            DuplicateKind::RegistrationId,
            identity.registration_id.to_string(),
            super::by_registration(reader, &identity.registration_id)?,
        ),
    ];
    let mut device = None;
    for (kind, value, known) in found {
        let Some(known) = known else { continue };
        if !agrees(&known, claim) {
            return Err(ReserveError::Duplicate { kind, value, known_device: known.id });
        }
        device = Some(known);
    }
    match same_hub_identity(reader, identity)? {
        Some(other) if device.as_ref().is_none_or(|device| device.id != other) => {
            let value = identity.device_id.to_string();
            Err(ReserveError::Duplicate { kind: DuplicateKind::DeviceId, value, known_device: other })
        }
        _ => Ok(device),
    }
}

fn agrees(known: &Device, claim: &Claim<'_>) -> bool {
    let mac_differs = matches!((&known.mac, claim.mac), (Some(known), Some(claimed)) if known != claimed);
    known.serial.folded() == claim.serial.folded()
        && !mac_differs
        && known.identity.registration_id == claim.identity.registration_id
}

/// A device that would be the same to the hub. Usually device ID and registration ID are one, and the
/// registration ID's own index has the answer; only recipes that name another device ID need more.
fn same_hub_identity(reader: &Reader<'_>, identity: &DeviceIdentity) -> Result<Option<u64>, StoreError> {
    let DeviceIdentity { registration_id, device_id } = identity;
    reader.row(
        "device",
        "SELECT id FROM device WHERE device_id = ?1 AND device_id <> registration_id
         UNION ALL
         SELECT id FROM device WHERE registration_id = ?1 AND device_id = registration_id AND ?1 <> ?2
         LIMIT 1",
        [device_id.as_str(), registration_id.as_str()],
        |columns| columns.number("id"),
    )
}

/// Writes who the device is: a new row, or what became known of an old one.
pub(in crate::store) fn write(
    change: &mut crate::store::change::Change<'_>,
    claim: &Claim<'_>,
    known: Option<&Device>,
) -> Result<u64, StoreError> {
    let Claim { serial, mac, identity } = claim;
    let mac = mac.map(MacAddress::to_string);
    let id = match known {
        Some(device) => {
            change.execute(
                "UPDATE device SET mac = coalesce(mac, ?2), device_id = ?3 WHERE id = ?1",
                (sql_id(device.id), mac, identity.device_id.as_str()),
            )?;
            device.id
        }
        None => change.insert(
            "INSERT INTO device (serial, serial_folded, mac, registration_id, device_id, state, created)
             VALUES (?1, ?2, ?3, ?4, ?5, 'new', ?6)",
            (
                serial.as_str(),
                serial.folded(),
                mac,
                identity.registration_id.as_str(),
                identity.device_id.as_str(),
                change.now().millis(),
            ),
        )?,
    };
    change.touch_number(crate::store::row_digest::Table::Device, id);
    Ok(id)
}
