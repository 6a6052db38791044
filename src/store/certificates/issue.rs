//! The moves of a certificate: intended, then issued or void; issued, then revoked or superseded. Each is a
//! conditional update, so that no certificate is signed twice or lost.

use super::{Certificate, CertificateState, by_run, get, thumbprint};
use crate::domain::audit_event::AuditEvent;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::store::announced::contradiction::{self, Contradiction};
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::recipes;
use crate::store::row_digest::Table;
use crate::store::runs::reserve::{Reserved, advance};

/// The longest certificate that is kept, in bytes of DER.
pub const LONGEST_CERTIFICATE: usize = 65_536;

/// What is about to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a> {
    /// The certificate's serial number.
    pub serial: CertSerial,
    /// Digest of the body that is to be signed.
    pub to_be_signed: Digest,
    /// Digest of the public key (SPKI).
    pub public_key: Digest,
    /// The profile's name.
    pub profile: &'a Name,
    /// Its text, kept once for ever under its digest.
    pub profile_text: &'a str,
    /// First moment of the validity.
    pub not_before: UtcTime,
    /// Last moment of the validity.
    pub not_after: UtcTime,
}

/// Why a certificate cannot be intended.
#[derive(Debug, thiserror::Error)]
pub enum IntendError {
    /// One public key belongs to one device.
    #[error("device {known_device} has the same public key")]
    DuplicateKey {
        /// Whose it is.
        known_device: u64,
        /// Digest of the key.
        public_key: Digest,
    },
    /// An imported file announced this key for another device.
    #[error(transparent)]
    Announced(#[from] Contradiction),
    /// The records refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntendError {
    /// The alarm a duplicate deserves, to be recorded in a change of its own.
    pub fn alarm(&self) -> Option<AuditEvent> {
        match self {
            IntendError::DuplicateKey { known_device, public_key } => Some(AuditEvent::DuplicateAlarm {
                kind: "public-key".to_owned(),
                value: public_key.to_string(),
                known_device: *known_device,
            }),
            IntendError::Announced(contradiction) => contradiction.alarm(),
            IntendError::Store(_) => None,
        }
    }
}

impl Coded for IntendError {
    fn code(&self) -> Code {
        match self {
            IntendError::DuplicateKey { known_device: _, public_key: _ } => Code::DuplicateKey,
            IntendError::Announced(contradiction) => contradiction.code(),
            IntendError::Store(error) => error.code(),
        }
    }
}

/// Writes down what will be signed, in the change that reserved the device. Records the intent.
///
/// # Errors
/// [`IntendError::DuplicateKey`]; a conflict if the run is not one that was just reserved, or the device
/// has a live certificate.
pub fn intend(change: &mut Change<'_>, reserved: &Reserved, intent: &Intent<'_>) -> Result<(), IntendError> {
    let Intent { serial, to_be_signed, public_key, profile, profile_text, not_before, not_after } = *intent;
    let Reserved { run, device, work_order, product, credential } = reserved;
    own_key(change, device.id, public_key)?;
    if let Some(contradiction) = contradiction::of_public_key(change, &public_key, &device.claim())? {
        return Err(contradiction.into());
    }
    let profile = recipes::keep_profile(change, profile, profile_text)?;
    advance(change, *run, Stage::Prepare, Stage::Intended)?;
    change.execute(
        "INSERT INTO certificate (serial, run, device, registration_id, to_be_signed, public_key, profile,
                                  not_before, not_after, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'intended')",
        (
            serial.to_string(),
            sql_id(*run),
            sql_id(device.id),
            device.identity.registration_id.as_str(),
            to_be_signed.to_string(),
            public_key.to_string(),
            profile.to_string(),
            not_before.millis(),
            not_after.millis(),
        ),
    )?;
    change.touch_text(Table::Certificate, &serial.to_string());
    change.record(AuditEvent::IssueIntended {
        run: *run,
        work_order: work_order.clone(),
        registration_id: device.identity.registration_id.clone(),
        serial: device.serial.clone(),
        credential: credential.as_str().to_owned(),
        cert_serial: Some(serial),
        to_be_signed: Some(to_be_signed),
        public_key: Some(public_key),
        product: *product,
        profile: Some(profile),
    });
    Ok(())
}

fn own_key(change: &Change<'_>, device: u64, public_key: Digest) -> Result<(), IntendError> {
    let digest = public_key.to_string();
    change.execute(
        "INSERT INTO public_key (digest, device) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING",
        (&digest, sql_id(device)),
    )?;
    let sql = "SELECT device FROM public_key WHERE digest = ?1";
    let owner = change.row("public_key", sql, [&digest], |columns| columns.number("device"))?;
    match owner {
        Some(known_device) if known_device != device => {
            Err(IntendError::DuplicateKey { known_device, public_key })
        }
        _ => Ok(()),
    }
}

/// Puts a signed certificate on record; its SHA-256. It becomes the successor of what was superseded on
/// its device. Records the issue.
///
/// # Errors
/// A conflict unless the certificate is intended; [`StoreError::TooLong`] over [`LONGEST_CERTIFICATE`].
pub fn issued(change: &mut Change<'_>, serial: &CertSerial, der: &[u8]) -> Result<Digest, StoreError> {
    if der.len() > LONGEST_CERTIFICATE {
        let what = "the certificate";
        return Err(StoreError::TooLong { what, bytes: der.len(), most: LONGEST_CERTIFICATE });
    }
    let sha256 = Digest::of(der);
    let key = serial.to_string();
    change.update_one(
        Table::Certificate,
        &key,
        "is not intended",
        "UPDATE certificate SET state = 'issued', der = ?2, sha256 = ?3 WHERE serial = ?1 AND state = 'intended'",
        (&key, der, sha256.to_string()),
    )?;
    change.touch_text(Table::Certificate, &key);
    let missing = StoreError::Conflict { table: "certificate", key: key.clone(), why: "is not there" };
    let row = get(change, serial)?.ok_or(missing)?;
    advance(change, row.run, Stage::Intended, Stage::Issued)?;
    thumbprint::enter(change, row.run, der)?;
    let predecessors: Vec<String> = change.rows(
        "certificate",
        "UPDATE certificate SET successor = ?1 WHERE device = ?2 AND state = 'superseded' AND successor IS NULL
         RETURNING serial",
        (&key, sql_id(row.device)),
        |columns| columns.raw("serial"),
    )?;
    for predecessor in predecessors {
        change.touch_text(Table::Certificate, &predecessor);
    }
    change.record(AuditEvent::CertificateIssued {
        run: row.run,
        cert_serial: *serial,
        registration_id: row.registration_id,
        sha256,
        batch: None,
    });
    Ok(sha256)
}

/// Why a certificate cannot be revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// None of ours.
    #[error("there is no certificate with serial number {0}")]
    Unknown(CertSerial),
    /// Withdrawn before.
    #[error("certificate {serial} is {state} already")]
    Already {
        /// Which.
        serial: CertSerial,
        /// Where it stands.
        state: CertificateState,
    },
    /// The records refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for RevokeError {
    fn code(&self) -> Code {
        match self {
            RevokeError::Unknown(_) => Code::CertificateUnknown,
            RevokeError::Already { serial: _, state: _ } => Code::CertificateRevoked,
            RevokeError::Store(error) => error.code(),
        }
    }
}

/// Revokes an issued certificate, for the next CRL; the certificate as it stands then. Records it. An
/// intended one is withdrawn with its run, not here.
///
/// # Errors
/// See [`RevokeError`]; a conflict while it is only intended.
pub fn revoke(
    change: &mut Change<'_>,
    serial: &CertSerial,
    reason: RevocationReason,
) -> Result<Certificate, RevokeError> {
    let row = get(change, serial)?.ok_or(RevokeError::Unknown(*serial))?;
    match row.state {
        CertificateState::Issued => {}
        CertificateState::Intended => {
            let (table, key) = ("certificate", serial.to_string());
            return Err(StoreError::Conflict { table, key, why: "belongs to a run without a verdict" }.into());
        }
        state @ (CertificateState::Void | CertificateState::Revoked | CertificateState::Superseded) => {
            return Err(RevokeError::Already { serial: *serial, state });
        }
    }
    take_back(change, serial, reason, CertificateState::Issued, CertificateState::Revoked)?;
    get(change, serial)?.ok_or(RevokeError::Unknown(*serial))
}

/// Accounts for the certificate of a run that does not pass, or no longer stands: an intended one becomes
/// void, an issued one `issued_becomes`. The certificate and its new state; `None` if nothing was to be done.
pub(in crate::store) fn withdraw(
    change: &mut Change<'_>,
    run: u64,
    reason: RevocationReason,
    issued_becomes: CertificateState,
) -> Result<Option<(CertSerial, CertificateState)>, StoreError> {
    let Some(row) = by_run(change, run)? else { return Ok(None) };
    let becomes = match row.state {
        CertificateState::Intended => CertificateState::Void,
        CertificateState::Issued => issued_becomes,
        CertificateState::Void | CertificateState::Revoked | CertificateState::Superseded => return Ok(None),
    };
    take_back(change, &row.serial, reason, row.state, becomes)?;
    Ok(Some((row.serial, becomes)))
}

fn take_back(
    change: &mut Change<'_>,
    serial: &CertSerial,
    reason: RevocationReason,
    from: CertificateState,
    to: CertificateState,
) -> Result<(), StoreError> {
    let key = serial.to_string();
    change.update_one(
        Table::Certificate,
        &key,
        "was changed in between",
        "UPDATE certificate SET state = ?3, revoked_at = ?4, reason = ?5 WHERE serial = ?1 AND state = ?2",
        (&key, from.as_str(), to.as_str(), change.now().millis(), reason.as_str()),
    )?;
    change.touch_text(Table::Certificate, &key);
    change.record(AuditEvent::CertificateRevoked { cert_serial: *serial, reason: reason.to_string() });
    Ok(())
}
