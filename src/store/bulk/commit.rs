//! Putting a chunk on record: devices, runs and certificates, one entry of the log for each certificate.

use super::writing::{self, Written};
use super::{Ends, issued};
use crate::domain::audit_event::{self, AuditEvent};
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::pair::Pair;
use crate::domain::product::DeviceIdentity;
use crate::domain::serial_number::SerialNumber;
use crate::domain::thumbprint::Thumbprint;
use crate::domain::utc_time::UtcTime;
use crate::store::audit::about::About;
use crate::store::certificates::issue;
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::devices::standing::{self, Claim};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::error::StoreError;
use crate::store::runs::CredentialKind;
use crate::store::work_orders;

/// What a run says that was no visit to a slot: the credential left in a file.
pub const HANDED_OVER: &str = "handed-over";

/// What the certificates of a chunk have in common.
#[derive(Debug, Clone, Copy)]
pub struct Common<'a> {
    /// The batch.
    pub batch: u64,
    /// The chunk's number in it.
    pub chunk: u64,
    /// The chunk's row.
    pub row: u64,
    /// Recipe and digest of its text, which is on record.
    pub product: Option<(&'a Name, &'a Digest)>,
    /// The work order its units were taken from.
    pub work_order: &'a Name,
    /// Digest of the profile's text, which is on record.
    pub profile: &'a Digest,
    /// Who is responsible.
    pub person: &'a str,
    /// What the devices get.
    pub credential: &'a CredentialKind,
    /// When the chunk was intended.
    pub started: UtcTime,
    /// How far the files are durable.
    pub ends: Ends,
}

/// A device with its certificate, or with both.
#[derive(Debug, Clone, Copy)]
pub struct IssuedRow<'a> {
    /// The device's serial number.
    pub serial: &'a SerialNumber,
    /// Its MAC address.
    pub mac: Option<&'a MacAddress>,
    /// Its identities.
    pub identity: &'a DeviceIdentity,
    /// The device on record, if it was seen before and may get an identity.
    pub known: Option<&'a Device>,
    /// What it gets; all rows of a chunk get as many.
    pub certificates: Pair<IssuedCertificate<'a>>,
}

/// One certificate.
#[derive(Debug, Clone, Copy)]
pub struct IssuedCertificate<'a> {
    /// Its serial number.
    pub cert_serial: &'a CertSerial,
    /// Digest of the body that was signed.
    pub to_be_signed: &'a Digest,
    /// Digest of its public key.
    pub public_key: &'a Digest,
    /// The certificate.
    pub der: &'a [u8],
    /// SHA-1 of it.
    pub sha1: &'a Thumbprint,
    /// SHA-256 of it.
    pub sha256: &'a Digest,
    /// First moment of its validity.
    pub not_before: UtcTime,
    /// Last moment of its validity.
    pub not_after: UtcTime,
}

/// Puts a chunk on record: the numbers of the runs, in the order of the rows.
///
/// # Errors
/// A conflict, or SQLite's own, if a device, an identity or a key is on record meanwhile: nothing is written then, and
/// the chunk must be given up.
pub fn commit(
    change: &mut Change<'_>,
    common: &Common<'_>,
    rows: &[IssuedRow<'_>],
) -> Result<Vec<u64>, StoreError> {
    issued(change, common.row, &common.ends)?;
    if !rows.is_empty() {
        let passed = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        work_orders::count_passed(change, common.work_order, passed)?;
    }
    let certificates = rows.iter().map(|row| row.certificates.count()).sum();
    let mut known = Vec::new();
    for row in rows {
        known.push(row.known.map(|device| take_up(change, row, device)).transpose()?);
    }
    change.record(AuditEvent::BatchChunkIssued(audit_event::batch::Chunk {
        batch: common.batch,
        chunk: common.chunk,
        certificates,
    }));
    let written = writing::write(change, common, rows, &known)?;
    for (row, written) in rows.iter().zip(&written).filter(|(row, _)| row.known.is_some()) {
        let device = u64::try_from(written.device).unwrap_or(0);
        for (which, one) in row.certificates.each() {
            issue::succeed(change, device, which, row.certificates.is_two(), one.cert_serial)?;
        }
    }
    let mut runs = Vec::with_capacity(rows.len());
    for Written { run, device, texts } in written {
        let Pair { primary, secondary } = texts;
        change.record_text(primary, About::Device(device));
        if let Some(text) = secondary {
            change.record_text(text, About::Device(device));
        }
        runs.push(u64::try_from(run).unwrap_or(0));
    }
    Ok(runs)
}

/// A device that was seen before: its row is brought up to date.
fn take_up(change: &mut Change<'_>, row: &IssuedRow<'_>, device: &Device) -> Result<i64, StoreError> {
    let claim = Claim { serial: row.serial, mac: row.mac, identity: row.identity };
    standing::write(change, &claim, Some(device))?;
    devices::set_state(change, device.id, DeviceState::Provisioned)?;
    Ok(sql_id(device.id))
}
