//! Putting a chunk on record: devices, runs and certificates, one entry of the log for each certificate.

use super::cells::{Cell, Insertion};
use super::entry::{Entries, Issued};
use super::{Ends, issued};
use crate::domain::audit_event::{self, AuditEvent};
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::product::DeviceIdentity;
use crate::domain::serial_number::SerialNumber;
use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::store::audit::about::About;
use crate::store::certificates::{CertificateState, thumbprint};
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::devices::standing::{self, Claim};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::error::StoreError;
use crate::store::row_digest::Table;
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

/// One certificate with its device.
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
    /// The certificate's serial number.
    pub cert_serial: &'a CertSerial,
    /// Digest of the body that was signed.
    pub to_be_signed: &'a Digest,
    /// Digest of its public key.
    pub public_key: &'a Digest,
    /// The certificate.
    pub der: &'a [u8],
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
    let certificates = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    issued(change, common.row, &common.ends)?;
    if certificates > 0 {
        let passed = i64::try_from(certificates).unwrap_or(i64::MAX);
        work_orders::count_passed(change, common.work_order, passed)?;
    }
    let mut known = Vec::new();
    for row in rows {
        known.push(row.known.map(|device| take_up(change, row, device)).transpose()?);
    }
    change.record(AuditEvent::BatchChunkIssued(audit_event::batch::Chunk {
        batch: common.batch,
        chunk: common.chunk,
        certificates,
    }));
    let entries = Entries::of(change.actor(), change.now(), common.batch)?;
    let mut written = Vec::with_capacity(rows.len());
    let mut runs = Vec::with_capacity(rows.len());
    {
        let mut writing = Writing::begin(change, common)?;
        for (row, known) in rows.iter().zip(known) {
            let (run, device, text) = writing.row(row, known, &entries)?;
            written.push((text, About::Device(device)));
            runs.push(u64::try_from(run).unwrap_or(0));
        }
    }
    for (text, about) in written {
        change.record_text(text, about);
    }
    Ok(runs)
}

/// A device that was seen before: its row is brought up to date, and what it had is linked to what it gets.
fn take_up(change: &mut Change<'_>, row: &IssuedRow<'_>, device: &Device) -> Result<i64, StoreError> {
    let claim = Claim { serial: row.serial, mac: row.mac, identity: row.identity };
    standing::write(change, &claim, Some(device))?;
    devices::set_state(change, device.id, DeviceState::Provisioned)?;
    Ok(sql_id(device.id))
}

/// The statements of a chunk, prepared once.
struct Writing<'c, 't, 'a> {
    change: &'c Change<'t>,
    common: &'c Common<'a>,
    devices: Insertion<'c>,
    runs: Insertion<'c>,
    certificates: Insertion<'c>,
    next_device: i64,
    next_run: i64,
    texts: Texts,
}

/// What every row says, as text.
struct Texts {
    product: Option<String>,
    profile: String,
}

impl<'c, 't, 'a> Writing<'c, 't, 'a> {
    fn begin(change: &'c Change<'t>, common: &'c Common<'a>) -> Result<Writing<'c, 't, 'a>, StoreError> {
        let next = |sql: &str| change.count(sql, []).map(sql_id);
        Ok(Writing {
            next_device: next("SELECT coalesce(max(id), 0) + 1 FROM device")?,
            next_run: next("SELECT coalesce(max(id), 0) + 1 FROM run")?,
            devices: Insertion::into(change, Table::Device)?,
            runs: Insertion::into(change, Table::Run)?,
            certificates: Insertion::into(change, Table::Certificate)?,
            texts: Texts {
                product: common.product.map(|(_, digest)| digest.to_string()),
                profile: common.profile.to_string(),
            },
            change,
            common,
        })
    }

    /// Writes one certificate with its run, and its device if it is new: numbers of run and device, and the entry.
    fn row(
        &mut self,
        row: &IssuedRow<'_>,
        known: Option<i64>,
        entries: &Entries,
    ) -> Result<(i64, i64, String), StoreError> {
        let now = self.change.now().millis();
        let registration_id = row.identity.registration_id.as_str();
        let (device, device_row) = match known {
            Some(device) => (device, None),
            None => {
                let device = self.next_device;
                self.next_device += 1;
                let digest = self.devices.row(&[
                    Cell::Number(device),
                    Cell::Text(row.serial.as_str()),
                    Cell::Text(&row.serial.folded()),
                    Cell::optional(row.mac.map(MacAddress::to_string).as_deref()),
                    Cell::Text(registration_id),
                    Cell::Text(row.identity.device_id.as_str()),
                    Cell::Text(DeviceState::Provisioned.as_str()),
                    Cell::Number(now),
                ])?;
                (device, Some((device, digest)))
            }
        };
        let run = self.next_run;
        self.next_run += 1;
        let (key_origin, _) = self.common.credential.details();
        let run_row = self.runs.row(&[
            Cell::Number(run),
            Cell::Number(device),
            Cell::Text(self.common.work_order.as_str()),
            Cell::optional(self.common.product.map(|(name, _)| name.as_str())),
            Cell::optional(self.texts.product.as_deref()),
            Cell::Null,
            Cell::Text(self.common.person),
            Cell::Text(self.common.credential.as_str()),
            Cell::optional(key_origin),
            Cell::Null,
            Cell::Number(self.common.started.millis()),
            Cell::Text(Stage::Finished.as_str()),
            Cell::Text(Verdict::Pass.as_str()),
            Cell::Null,
            Cell::Text(""),
            Cell::Text(HANDED_OVER),
            Cell::Number(now),
            Cell::Number(0),
        ])?;
        let serial = row.cert_serial.to_string();
        let public_key = row.public_key.to_string();
        let sha256 = row.sha256;
        self.own_key(&public_key, device)?;
        let certificate = self.certificates.row(&[
            Cell::Text(&serial),
            Cell::Number(run),
            Cell::Number(device),
            Cell::Text(registration_id),
            Cell::Text(&row.to_be_signed.to_string()),
            Cell::Text(&public_key),
            Cell::Text(&self.texts.profile),
            Cell::Number(row.not_before.millis()),
            Cell::Number(row.not_after.millis()),
            Cell::Text(CertificateState::Issued.as_str()),
            Cell::Blob(row.der),
            Cell::Text(&sha256.to_string()),
            Cell::Null,
            Cell::Null,
            Cell::Null,
        ])?;
        thumbprint::enter_in_bulk(self.change, run, row.der, sha256)?;
        let text = entries.text(&Issued {
            cert_serial: row.cert_serial,
            registration_id: &row.identity.registration_id,
            run,
            sha256,
            certificate,
            device: device_row,
            run_row,
        });
        Ok((run, device, text))
    }

    /// One public key belongs to one device; that the same device has it already is no fault.
    fn own_key(&self, public_key: &str, device: i64) -> Result<(), StoreError> {
        let written = self.change.execute(
            "INSERT INTO public_key (digest, device) VALUES (?1, ?2)
             ON CONFLICT (digest) DO UPDATE SET device = device WHERE device = excluded.device",
            (public_key, device),
        )?;
        if written == 1 {
            return Ok(());
        }
        let why = "belongs to another device";
        Err(StoreError::Conflict { table: "public_key", key: public_key.to_owned(), why })
    }
}
