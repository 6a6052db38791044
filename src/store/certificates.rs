//! The certificates: each begins as an intent and ends live on a device or withdrawn on record. `issue`
//! moves them; here they are read.

pub mod issue;
pub mod thumbprint;

use std::fmt;
use std::str::FromStr;

use super::bulk;
use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::pair::{Pair, Which};
use crate::domain::registration_id::RegistrationId;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::utc_time::UtcTime;

/// One certificate, or the intent to issue it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its serial number.
    pub serial: CertSerial,
    /// Which of its run's certificates it is.
    pub which: Which,
    /// The run it was made in.
    pub run: u64,
    /// The device it is for.
    pub device: u64,
    /// Its CN.
    pub registration_id: RegistrationId,
    /// Digest of the body that was to be signed.
    pub to_be_signed: Digest,
    /// Digest of the public key (SPKI).
    pub public_key: Digest,
    /// Digest of the profile's text.
    pub profile: Digest,
    /// First moment of its validity.
    pub not_before: UtcTime,
    /// Last moment of its validity.
    pub not_after: UtcTime,
    /// Where it stands.
    pub state: CertificateState,
    /// The certificate itself, once signed.
    pub der: Option<Vec<u8>>,
    /// Digest of it.
    pub sha256: Option<Digest>,
    /// When it was withdrawn.
    pub revoked_at: Option<UtcTime>,
    /// Why it was withdrawn.
    pub reason: Option<RevocationReason>,
    /// The certificate that took its place.
    pub successor: Option<CertSerial>,
}

/// Where a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateState {
    /// About to be signed; no certificate on record.
    Intended,
    /// Signed and valid.
    Issued,
    /// Intended and never put on record; its number is on the CRL.
    Void,
    /// Withdrawn.
    Revoked,
    /// Withdrawn because another takes its place.
    Superseded,
}

impl CertificateState {
    /// All states.
    pub const ALL: [CertificateState; 5] = [
        CertificateState::Intended,
        CertificateState::Issued,
        CertificateState::Void,
        CertificateState::Revoked,
        CertificateState::Superseded,
    ];

    /// The word in records and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            CertificateState::Intended => "intended",
            CertificateState::Issued => "issued",
            CertificateState::Void => "void",
            CertificateState::Revoked => "revoked",
            CertificateState::Superseded => "superseded",
        }
    }
}

impl fmt::Display for CertificateState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no state of a certificate.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a state of a certificate")]
pub struct BadCertificateState(String);

impl FromStr for CertificateState {
    type Err = BadCertificateState;
    fn from_str(text: &str) -> Result<CertificateState, BadCertificateState> {
        CertificateState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| BadCertificateState(text.to_owned()))
    }
}

/// A certificate that a CRL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// Its serial number.
    pub serial: CertSerial,
    /// Since when.
    pub at: UtcTime,
    /// Why.
    pub reason: RevocationReason,
}

const COLUMNS: &str = "serial, run, device, registration_id, to_be_signed, public_key, profile, not_before, \
     not_after, state, der, sha256, revoked_at, reason, successor, which";

fn parse(columns: &Columns<'_>) -> Result<Certificate, StoreError> {
    Ok(Certificate {
        serial: columns.parsed("serial")?,
        which: match columns.raw::<Option<String>>("which")? {
            None => Which::Primary,
            Some(_) => Which::Secondary,
        },
        run: columns.number("run")?,
        device: columns.number("device")?,
        registration_id: columns.parsed("registration_id")?,
        to_be_signed: columns.parsed("to_be_signed")?,
        public_key: columns.parsed("public_key")?,
        profile: columns.parsed("profile")?,
        not_before: columns.time("not_before")?,
        not_after: columns.time("not_after")?,
        state: columns.parsed("state")?,
        der: columns.raw("der")?,
        sha256: columns.optional("sha256")?,
        revoked_at: columns.optional_time("revoked_at")?,
        reason: columns.optional("reason")?,
        successor: columns.optional("successor")?,
    })
}

/// The certificate with this serial number.
pub fn get(reader: &Reader<'_>, serial: &CertSerial) -> Result<Option<Certificate>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM certificate WHERE serial = ?1");
    reader.row("certificate", &sql, [serial.to_string()], parse)
}

/// The certificates of a run: none, its primary one, or both.
pub fn by_run(reader: &Reader<'_>, run: u64) -> Result<Option<Pair<Certificate>>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM certificate WHERE run = ?1 ORDER BY which IS NULL DESC");
    let mut found = reader.rows("certificate", &sql, [sql_id(run)], parse)?.into_iter();
    let Some(primary) = found.next() else { return Ok(None) };
    if primary.which == Which::Secondary {
        let (table, key, why) = ("certificate", primary.serial.to_string(), "has no primary beside it");
        return Err(StoreError::Conflict { table, key, why });
    }
    Ok(Some(Pair { primary, secondary: found.next() }))
}

/// The certificate of a device that is issued and not withdrawn; there is at most one of either kind. Whether it has
/// expired is for the caller to say, who knows the time.
pub fn live(reader: &Reader<'_>, device: u64, which: Which) -> Result<Option<Certificate>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM certificate
         WHERE device = ?1 AND (which IS NULL) = ?2 AND state IN ('intended', 'issued') AND state = 'issued'"
    );
    reader.row("certificate", &sql, (sql_id(device), which == Which::Primary), parse)
}

/// Everything ever intended or issued for a device, oldest first.
pub fn by_device(reader: &Reader<'_>, device: u64) -> Result<Vec<Certificate>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM certificate WHERE device = ?1 ORDER BY serial");
    reader.rows("certificate", &sql, [sql_id(device)], parse)
}

/// Everything ever intended or issued under a registration ID, oldest first.
pub fn by_registration(reader: &Reader<'_>, id: &RegistrationId) -> Result<Vec<Certificate>, StoreError> {
    match super::devices::by_registration(reader, id)? {
        None => Ok(Vec::new()),
        Some(device) => by_device(reader, device.id),
    }
}

/// What a CRL lists, by serial number: revoked and superseded certificates, and the numbers of intents that
/// never became one.
pub fn not_live(reader: &Reader<'_>) -> Result<Vec<Withdrawn>, StoreError> {
    let mut withdrawn = reader.rows(
        "certificate",
        "SELECT serial, revoked_at, reason FROM certificate WHERE revoked_at IS NOT NULL ORDER BY serial",
        [],
        |columns| {
            Ok(Withdrawn {
                serial: columns.parsed("serial")?,
                at: columns.time("revoked_at")?,
                reason: columns.parsed("reason")?,
            })
        },
    )?;
    withdrawn.extend(bulk::void_numbers(reader)?);
    Ok(withdrawn)
}

/// Certificates that are issued, not withdrawn and good at this moment or later, after this serial number, in the order of
/// these: their DER, at most `limit`.
pub fn live_after(
    reader: &Reader<'_>,
    now: UtcTime,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let sql = "SELECT serial, der FROM certificate
         WHERE serial > ?1 AND state = 'issued' AND not_after >= ?2 ORDER BY serial LIMIT ?3";
    let columns = |columns: &Columns<'_>| Ok((columns.raw("serial")?, columns.raw("der")?));
    reader.rows("certificate", sql, (after, now.millis(), limit), columns)
}

/// The device that a public key belongs to, by the digest of the key.
pub fn owner_of_key(reader: &Reader<'_>, public_key: &Digest) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT device FROM public_key WHERE digest = ?1";
    reader.row("public_key", sql, [public_key.to_string()], |columns| columns.number("device"))
}

/// How many certificates and numbers a CRL made now would list.
pub fn count_withdrawn(reader: &Reader<'_>) -> Result<u64, StoreError> {
    let withdrawn = reader.count("SELECT count(*) FROM certificate WHERE revoked_at IS NOT NULL", [])?;
    Ok(withdrawn + bulk::count_void(reader)?)
}

#[cfg(test)]
mod tests;
