//! The moves of a certificate: intended, then issued or void; issued, then revoked or superseded. Each is a
//! conditional update, so that no certificate is signed twice or lost.

use super::{Certificate, CertificateState, by_run, get, thumbprint};
use crate::domain::audit_event::AuditEvent;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::pair::{Pair, Which};
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::store::announced::contradiction::{self, Contradiction};
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::meta;
use crate::store::reader::Reader;
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
    /// A certificate for this key was revoked because the key was compromised.
    #[error("the key {public_key} was compromised; a certificate for it was revoked")]
    Compromised {
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
            IntendError::Compromised { public_key: _ } | IntendError::Store(_) => None,
        }
    }
}

impl Coded for IntendError {
    fn code(&self) -> Code {
        match self {
            IntendError::DuplicateKey { known_device: _, public_key: _ } => Code::DuplicateKey,
            IntendError::Compromised { public_key: _ } => Code::KeyCompromised,
            IntendError::Announced(contradiction) => contradiction.code(),
            IntendError::Store(error) => error.code(),
        }
    }
}

/// Writes down what will be signed, one certificate or two, in the change that reserved the device. Records each intent.
///
/// # Errors
/// See [`IntendError`]; a conflict if the run is not one that was just reserved, or the device
/// has a live certificate.
pub fn intend(
    change: &mut Change<'_>,
    reserved: &Reserved,
    intents: &Pair<Intent<'_>>,
) -> Result<(), IntendError> {
    advance(change, reserved.run, Stage::Prepare, Stage::Intended)?;
    for (which, intent) in intents.each() {
        intend_one(change, reserved, which, intent)?;
    }
    Ok(())
}

fn intend_one(
    change: &mut Change<'_>,
    reserved: &Reserved,
    which: Which,
    intent: &Intent<'_>,
) -> Result<(), IntendError> {
    let Intent { serial, to_be_signed, public_key, profile, profile_text, not_before, not_after } = *intent;
    let Reserved { run, device, work_order, product, credential } = reserved;
    own_key(change, device.id, public_key)?;
    if let Some(contradiction) = contradiction::of_public_key(change, &public_key, &device.claim())? {
        return Err(contradiction.into());
    }
    let profile = recipes::keep_profile(change, profile, profile_text)?;
    change.execute(
        "INSERT INTO certificate (serial, run, device, registration_id, to_be_signed, public_key, profile,
                                  not_before, not_after, state, which)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'intended', ?10)",
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
            column(which),
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

/// Whether a certificate of the device was revoked because this key is no longer its secret.
pub fn is_compromised(reader: &Reader<'_>, device: u64, public_key: &Digest) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM certificate WHERE device = ?1 AND public_key = ?2 AND reason = ?3";
    let reason = RevocationReason::KeyCompromise.as_str();
    Ok(reader.count(sql, (sql_id(device), public_key.to_string(), reason))? > 0)
}

/// What stands in the column `which`.
pub(in crate::store) fn column(which: Which) -> Option<&'static str> {
    match which {
        Which::Primary => None,
        Which::Secondary => Some(which.as_str()),
    }
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
        _ if is_compromised(change, device, &public_key)? => Err(IntendError::Compromised { public_key }),
        _ => Ok(()),
    }
}

/// A certificate that was signed.
#[derive(Debug, Clone, Copy)]
pub struct SignedCertificate<'a> {
    /// Its serial number.
    pub serial: CertSerial,
    /// Itself.
    pub der: &'a [u8],
}

/// Puts the signed certificates of one run on record. They become the successors of what was superseded on their
/// device, each of its own kind; where there is no secondary any more, the primary succeeds both. Records each issue.
///
/// # Errors
/// A conflict unless all of them, and no others of the run, are intended; [`StoreError::TooLong`] over
/// [`LONGEST_CERTIFICATE`].
pub fn issued(change: &mut Change<'_>, signed: &Pair<SignedCertificate<'_>>) -> Result<(), StoreError> {
    let key = signed.primary.serial.to_string();
    let conflict = |why| StoreError::Conflict { table: "certificate", key: key.clone(), why };
    let row = get(change, &signed.primary.serial)?.ok_or_else(|| conflict("is not there"))?;
    let of_run = by_run(change, row.run)?.ok_or_else(|| conflict("is not there"))?;
    let secondary = |pair: Pair<CertSerial>| pair.secondary;
    if secondary(of_run.as_ref().map(|_, row| row.serial)) != secondary(signed.map(|_, one| one.serial)) {
        return Err(conflict("has not the secondary beside it that was intended"));
    }
    advance(change, row.run, Stage::Intended, Stage::Issued)?;
    for (which, one) in signed.each() {
        put_on_record(change, &row, one)?;
        succeed(change, row.device, which, signed.is_two(), &one.serial)?;
        change.record(AuditEvent::CertificateIssued {
            run: row.run,
            cert_serial: one.serial,
            registration_id: row.registration_id.clone(),
            sha256: Digest::of(one.der),
            batch: None,
        });
    }
    Ok(())
}

fn put_on_record(
    change: &mut Change<'_>,
    row: &Certificate,
    signed: &SignedCertificate<'_>,
) -> Result<(), StoreError> {
    let SignedCertificate { serial, der } = signed;
    if der.len() > LONGEST_CERTIFICATE {
        let what = "the certificate";
        return Err(StoreError::TooLong { what, bytes: der.len(), most: LONGEST_CERTIFICATE });
    }
    let key = serial.to_string();
    change.update_one(
        Table::Certificate,
        &key,
        "is not intended",
        "UPDATE certificate SET state = 'issued', der = ?2, sha256 = ?3 WHERE serial = ?1 AND state = 'intended'",
        (&key, der, Digest::of(der).to_string()),
    )?;
    change.touch_text(Table::Certificate, &key);
    thumbprint::enter(change, row.run, der)
}

/// Links what was superseded on the device to its successor, of its own kind or, if that is not one of two, of both. One
/// whose run did not pass succeeded nothing.
pub(in crate::store) fn succeed(
    change: &mut Change<'_>,
    device: u64,
    which: Which,
    two: bool,
    successor: &CertSerial,
) -> Result<(), StoreError> {
    let alone = which == Which::Primary && !two;
    let predecessors: Vec<String> = change.rows(
        "certificate",
        "UPDATE certificate SET successor = ?1
         WHERE device = ?2 AND state = 'superseded' AND (?4 OR which IS ?3)
           AND (successor IS NULL OR EXISTS (SELECT 1 FROM certificate AS next JOIN run ON run.id = next.run
                WHERE next.serial = certificate.successor AND run.verdict IS NOT 'PASS'))
         RETURNING serial",
        (successor.to_string(), sql_id(device), column(which), alone),
        |columns| columns.raw("serial"),
    )?;
    for predecessor in predecessors {
        change.touch_text(Table::Certificate, &predecessor);
    }
    Ok(())
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
/// intended one is withdrawn with its run, not here. Of a superseded one it may become known later that its key was
/// compromised: the next CRL says so, with the day it was withdrawn first.
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
        CertificateState::Superseded if reason == RevocationReason::KeyCompromise => {
            worsen(change, serial)?;
            return get(change, serial)?.ok_or(RevokeError::Unknown(*serial));
        }
        state @ (CertificateState::Void | CertificateState::Revoked | CertificateState::Superseded) => {
            return Err(RevokeError::Already { serial: *serial, state });
        }
    }
    take_back(change, serial, reason, CertificateState::Issued, CertificateState::Revoked)?;
    get(change, serial)?.ok_or(RevokeError::Unknown(*serial))
}

/// Accounts for the certificates of a run that does not pass, or no longer stands: an intended one becomes
/// void, an issued one `issued_becomes`. Those to which something was to be done and their new states, the primary first.
pub(in crate::store) fn withdraw(
    change: &mut Change<'_>,
    run: u64,
    reason: RevocationReason,
    issued_becomes: CertificateState,
) -> Result<Vec<(CertSerial, CertificateState)>, StoreError> {
    let mut withdrawn = Vec::new();
    for (_, row) in by_run(change, run)?.iter().flat_map(Pair::each) {
        let becomes = match row.state {
            CertificateState::Intended => CertificateState::Void,
            CertificateState::Issued => issued_becomes,
            CertificateState::Void | CertificateState::Revoked | CertificateState::Superseded => continue,
        };
        take_back(change, &row.serial, reason, row.state, becomes)?;
        withdrawn.push((row.serial, becomes));
    }
    Ok(withdrawn)
}

fn worsen(change: &mut Change<'_>, serial: &CertSerial) -> Result<(), StoreError> {
    let (key, reason) = (serial.to_string(), RevocationReason::KeyCompromise);
    change.update_one(
        Table::Certificate,
        &key,
        "was changed in between",
        "UPDATE certificate SET state = 'revoked', reason = ?2 WHERE serial = ?1 AND state = 'superseded'",
        (&key, reason.as_str()),
    )?;
    meta::note_worsened_reason(change)?;
    change.touch_text(Table::Certificate, &key);
    change.record(AuditEvent::CertificateRevoked { cert_serial: *serial, reason: reason.to_string() });
    Ok(())
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
