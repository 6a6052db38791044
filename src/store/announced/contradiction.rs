//! Whether a device on the line is the one that was announced: what imported files say of its serial number, MAC
//! address, registration ID, work order or key must agree with what it says itself. Nothing announced, nothing asked.

use std::fmt;

use super::keys::KeyKind;
use super::{Announced, by_key, of_device};
use crate::domain::audit_event::{self, AuditEvent};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::store::devices::standing::Claim;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// In what a device and its announcement differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respect {
    /// Something of this kind.
    Key(KeyKind),
    /// The work order.
    WorkOrder,
}

impl fmt::Display for Respect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Respect::Key(kind) => kind.words(),
            Respect::WorkOrder => "work order",
        })
    }
}

/// A device that differs from what was announced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum Contradiction {
    /// Another value was announced for it.
    #[error(
        "the {respect} of this device is announced as {announced}, not {found} (import {batch}, line {line})"
    )]
    Differs { respect: Respect, announced: String, found: String, batch: u64, line: u64 },
    /// The value was announced for another device.
    #[error("the {respect} {value} is announced for device {owner} (import {batch}, line {line})")]
    Others { respect: Respect, value: String, owner: String, batch: u64, line: u64 },
}

impl Contradiction {
    /// In what they differ.
    pub fn respect(&self) -> Respect {
        match self {
            Contradiction::Differs { respect, .. } | Contradiction::Others { respect, .. } => *respect,
        }
    }

    /// The alarm it deserves; a device of another work order is merely in the wrong place.
    pub fn alarm(&self) -> Option<AuditEvent> {
        let (respect, value, batch, line) = match self {
            Contradiction::Differs { respect, announced: _, found, batch, line } => {
                (respect, found, batch, line)
            }
            Contradiction::Others { respect, value, owner: _, batch, line } => (respect, value, batch, line),
        };
        match respect {
            Respect::WorkOrder => None,
            Respect::Key(_) => Some(AuditEvent::AnnouncementAlarm(audit_event::batch::AnnouncementAlarm {
                kind: respect.to_string(),
                value: value.clone(),
                announced_batch: *batch,
                line: *line,
            })),
        }
    }
}

impl Coded for Contradiction {
    fn code(&self) -> Code {
        match self.respect() {
            Respect::WorkOrder => Code::AnnouncedForOtherOrder,
            Respect::Key(_) => Code::NotAsAnnounced,
        }
    }
}

/// The first contradiction between a device and what was announced of it, or of others by its values.
pub fn of_claim(
    reader: &Reader<'_>,
    claim: &Claim<'_>,
    work_order: Option<&Name>,
) -> Result<Option<Contradiction>, StoreError> {
    let Claim { serial, mac, identity } = *claim;
    let id = &identity.registration_id;
    for row in of_device(reader, serial, id)? {
        let Announced { batch, line, .. } = row;
        let differs = |respect, announced: &dyn fmt::Display, found: &dyn fmt::Display| {
            let (announced, found) = (announced.to_string(), found.to_string());
            Ok(Some(Contradiction::Differs { respect, announced, found, batch, line }))
        };
        match (&row.mac, mac) {
            (Some(announced), Some(found)) if announced != found => {
                return differs(Respect::Key(KeyKind::Mac), announced, found);
            }
            (Some(_) | None, Some(_) | None) => {}
        }
        if let Some(announced) = row.registration_id.as_ref().filter(|announced| *announced != id) {
            return differs(Respect::Key(KeyKind::RegistrationId), announced, id);
        }
        match (&row.work_order, work_order) {
            (Some(announced), Some(found)) if announced != found => {
                return differs(Respect::WorkOrder, announced, found);
            }
            (Some(_) | None, Some(_) | None) => {}
        }
    }
    let by_mac = match mac {
        Some(mac) => by_key(reader, KeyKind::Mac, &mac.to_string())?
            .into_iter()
            .find(|row| row.mac.as_ref() == Some(mac) && is_of_another(row, claim)),
        None => None,
    };
    if let Some(row) = by_mac {
        return Ok(others(KeyKind::Mac, mac.map(ToString::to_string).unwrap_or_default(), &row));
    }
    let by_id = by_key(reader, KeyKind::RegistrationId, id.as_str())?
        .into_iter()
        .find(|row| row.registration_id.as_ref() == Some(id) && is_of_another(row, claim));
    Ok(by_id.and_then(|row| others(KeyKind::RegistrationId, id.to_string(), &row)))
}

/// Whether a public key was announced, in a request for a certificate, for another device than this one.
pub fn of_public_key(
    reader: &Reader<'_>,
    public_key: &Digest,
    claim: &Claim<'_>,
) -> Result<Option<Contradiction>, StoreError> {
    let rows = by_key(reader, KeyKind::PublicKey, &public_key.to_string())?;
    let other =
        rows.into_iter().find(|row| row.public_key.as_ref() == Some(public_key) && is_of_another(row, claim));
    Ok(other.and_then(|row| others(KeyKind::PublicKey, public_key.to_string(), &row)))
}

fn is_of_another(row: &Announced, claim: &Claim<'_>) -> bool {
    match &row.serial {
        Some(serial) => serial.folded() != claim.serial.folded(),
        None => row.registration_id.as_ref() != Some(&claim.identity.registration_id),
    }
}

fn others(kind: KeyKind, value: String, row: &Announced) -> Option<Contradiction> {
    let Announced { batch, line, serial, registration_id, .. } = row;
    let owner = match (serial, registration_id) {
        (Some(serial), _) => serial.to_string(),
        (None, Some(id)) => id.to_string(),
        (None, None) => return None,
    };
    let (batch, line) = (*batch, *line);
    Some(Contradiction::Others { respect: Respect::Key(kind), value, owner, batch, line })
}
