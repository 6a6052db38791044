//! Certificate revocation lists, version 2 (RFC 5280 §5), and the reasons for revoking.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use serde::{Deserialize, Serialize};

use super::body::NotEncodable;
use super::issuer::Issuer;
use super::pem;
use super::signer::SignFailed;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;

/// Why a certificate was revoked (CRLReason, RFC 5280 §5.3.1), printed in the RFC's spelling. `removeFromCRL` is
/// missing: it belongs to delta CRLs, and nothing is ever taken back here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[allow(missing_docs, reason = "the names are the RFC's")]
pub enum RevocationReason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    PrivilegeWithdrawn,
    AaCompromise,
}

/// Why a text is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is not a reason for revoking; there are unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn and aACompromise"
)]
pub struct BadReason(String);

impl Coded for BadReason {
    fn code(&self) -> Code {
        Code::Usage
    }
}

impl RevocationReason {
    /// All reasons.
    pub const ALL: [RevocationReason; 9] = [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::CaCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
        RevocationReason::CertificateHold,
        RevocationReason::PrivilegeWithdrawn,
        RevocationReason::AaCompromise,
    ];

    /// The RFC's name.
    pub fn as_str(self) -> &'static str {
        match self {
            RevocationReason::Unspecified => "unspecified",
            RevocationReason::KeyCompromise => "keyCompromise",
            RevocationReason::CaCompromise => "cACompromise",
            RevocationReason::AffiliationChanged => "affiliationChanged",
            RevocationReason::Superseded => "superseded",
            RevocationReason::CessationOfOperation => "cessationOfOperation",
            RevocationReason::CertificateHold => "certificateHold",
            RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
            RevocationReason::AaCompromise => "aACompromise",
        }
    }

    fn encoded(self) -> rcgen::RevocationReason {
        match self {
            RevocationReason::Unspecified => rcgen::RevocationReason::Unspecified,
            RevocationReason::KeyCompromise => rcgen::RevocationReason::KeyCompromise,
            RevocationReason::CaCompromise => rcgen::RevocationReason::CaCompromise,
            RevocationReason::AffiliationChanged => rcgen::RevocationReason::AffiliationChanged,
            RevocationReason::Superseded => rcgen::RevocationReason::Superseded,
            RevocationReason::CessationOfOperation => rcgen::RevocationReason::CessationOfOperation,
            RevocationReason::CertificateHold => rcgen::RevocationReason::CertificateHold,
            RevocationReason::PrivilegeWithdrawn => rcgen::RevocationReason::PrivilegeWithdrawn,
            RevocationReason::AaCompromise => rcgen::RevocationReason::AaCompromise,
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RevocationReason {
    type Err = BadReason;
    /// Takes the RFC's name in any case, with or without dashes (`key-compromise`).
    fn from_str(text: &str) -> Result<RevocationReason, BadReason> {
        let plain = text.replace('-', "");
        RevocationReason::ALL
            .into_iter()
            .find(|reason| reason.as_str().eq_ignore_ascii_case(&plain))
            .ok_or_else(|| BadReason(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for RevocationReason {
    type Error = BadReason;
    fn try_from(text: String) -> Result<RevocationReason, BadReason> {
        text.parse()
    }
}

impl From<RevocationReason> for String {
    fn from(reason: RevocationReason) -> String {
        reason.as_str().to_owned()
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
            CrlFailed::NotEncodable(_) | CrlFailed::NotSigned(_) => Code::SignFailed,
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
        pem::encode("X509 CRL", &self.der)
    }

    /// SHA-256 of the DER.
    pub fn sha256(&self) -> Digest {
        Digest::of(&self.der)
    }
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
                reason_code: Some(reason.encoded()),
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
