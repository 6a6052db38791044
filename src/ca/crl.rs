//! Certificate revocation lists, version 2 (RFC 5280 §5).

use std::collections::HashSet;

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};

use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

use super::body::NotEncodable;
use super::issuer::Issuer;
use super::pem;
use super::signer::SignFailed;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::utc_time::UtcTime;

fn encoded(reason: RevocationReason) -> rcgen::RevocationReason {
    match reason {
        RevocationReason::Unspecified => rcgen::RevocationReason::Unspecified,
        RevocationReason::KeyCompromise => rcgen::RevocationReason::KeyCompromise,
        RevocationReason::CaCompromise => rcgen::RevocationReason::CaCompromise,
        RevocationReason::AffiliationChanged => rcgen::RevocationReason::AffiliationChanged,
        RevocationReason::Superseded => rcgen::RevocationReason::Superseded,
        RevocationReason::CessationOfOperation => rcgen::RevocationReason::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn => rcgen::RevocationReason::PrivilegeWithdrawn,
    }
}

/// One revoked certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedEntry {
    /// Its serial number.
    pub serial: CertSerial,
    /// When it was revoked.
    pub at: UtcTime,
    /// Why.
    pub reason: RevocationReason,
}

/// Why no list was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrlFailed {
    /// The next list would be due before this one.
    #[error("the next list would be due at {next_update}, which is not after this one ({this_update})")]
    Period {
        /// Time of this list.
        this_update: UtcTime,
        /// Time of the next.
        next_update: UtcTime,
    },
    /// One certificate twice.
    #[error("certificate {0} stands in the list twice")]
    Twice(CertSerial),
    /// The body cannot be encoded.
    #[error("{0}")]
    NotEncodable(#[from] NotEncodable),
    /// No signature.
    #[error("{0}")]
    NotSigned(#[from] SignFailed),
}

impl Coded for CrlFailed {
    fn code(&self) -> Code {
        match self {
            CrlFailed::Period { .. } => Code::SettingsInvalid,
            CrlFailed::Twice(_) => Code::RecordsConflict,
            CrlFailed::NotEncodable(_) => Code::SignFailed,
            CrlFailed::NotSigned(failed) => failed.code(),
        }
    }
}

/// A signed revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    der: Vec<u8>,
}

impl Crl {
    /// The list itself.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// As PEM (`-----BEGIN X509 CRL-----`).
    pub fn pem(&self) -> String {
        pem(&self.der)
    }

    /// SHA-256 of the DER.
    pub fn sha256(&self) -> Digest {
        Digest::of(&self.der)
    }
}

/// A list's DER as PEM (`-----BEGIN X509 CRL-----`).
pub fn pem(der: &[u8]) -> String {
    pem::encode("X509 CRL", der)
}

/// A list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the revocation list cannot be read: {0}")]
pub struct BadCrl(#[from] x509_cert::der::Error);

impl Coded for BadCrl {
    fn code(&self) -> Code {
        Code::RecordsUnreadable
    }
}

/// How many certificates a list in DER revokes.
pub fn entries(der: &[u8]) -> Result<usize, BadCrl> {
    let list: CertificateList = CertificateList::from_der(der)?;
    Ok(list.tbs_cert_list.revoked_certificates.map_or(0, |revoked| revoked.len()))
}

/// The key identifier of the CA whose list in DER this is; empty if it names none.
pub fn key_id(der: &[u8]) -> Result<Vec<u8>, BadCrl> {
    let list: CertificateList = CertificateList::from_der(der)?;
    let extensions = list.tbs_cert_list.crl_extensions.unwrap_or_default();
    let Some(found) = extensions.iter().find(|one| one.extn_id == AuthorityKeyIdentifier::OID) else {
        return Ok(Vec::new());
    };
    let names = AuthorityKeyIdentifier::from_der(found.extn_value.as_bytes())?;
    Ok(names.key_identifier.map(|id| id.as_bytes().to_vec()).unwrap_or_default())
}

/// Makes and signs the list of everything revoked so far, with CRL number, authority key identifier and the time of
/// the next list. The caller gives each list a greater number than the last (RFC 5280 §5.2.3).
pub fn make_crl(
    issuer: &Issuer,
    number: u64,
    this_update: UtcTime,
    next_update: UtcTime,
    revoked: &[RevokedEntry],
) -> Result<Crl, CrlFailed> {
    if this_update.seconds() >= next_update.seconds() {
        return Err(CrlFailed::Period { this_update, next_update });
    }
    let mut seen = HashSet::with_capacity(revoked.len());
    if let Some(twice) = revoked.iter().find(|entry| !seen.insert(entry.serial)) {
        return Err(CrlFailed::Twice(twice.serial));
    }
    let params = CertificateRevocationListParams {
        this_update: this_update.to_offset(),
        next_update: next_update.to_offset(),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|RevokedEntry { serial, at, reason }| RevokedCertParams {
                serial_number: SerialNumber::from_slice(serial.as_bytes()),
                revocation_time: at.to_offset(),
                reason_code: Some(encoded(*reason)),
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::PreSpecified(issuer.key_id().to_vec()),
    };
    let body = issuer.crl_body(&params)?;
    Ok(Crl { der: issuer.seal(&body)? })
}

#[cfg(test)]
mod tests;
