//! What is remembered of a ceremony of the CA: who is in the entry itself, here is what was done and to what.

use serde::{Deserialize, Serialize};

use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// The station was founded.
    Founding,
    /// A request was made for the certificate of an issuing CA; it is signed elsewhere.
    Request,
    /// The certificate of an issuing CA was taken into use.
    Installation,
    /// The root on the station signed another issuing CA, which was taken into use.
    Renewal,
    /// The private key of an issuing CA before the present one was erased.
    Erasure,
    /// A request for the certificate of an issuing CA was given up, and its private key erased.
    Withdrawal,
}

impl Act {
    /// As a heading.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Founding => "founding of the station",
            Act::Request => "request for a certificate of the issuing CA",
            Act::Installation => "installation of an issuing CA",
            Act::Renewal => "renewal of the issuing CA",
            Act::Erasure => "erasure of the key of a past issuing CA",
            Act::Withdrawal => "withdrawal of a request for a certificate of the issuing CA",
        }
    }
}

/// A ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct Held {
    pub act: Act,
    /// The second administrator, who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Name>,
    /// Digest of the public key (SPKI) that the issuing CA has from here on, asks a certificate for, or has no more.
    pub issuing_key: Digest,
    /// The key's object in the token, if it lies in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_object: Option<String>,
    pub certificates: Vec<Certified>,
    /// What was not as it should be, and no reason to refuse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One certificate of a ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct Certified {
    /// `root`, `issuing`, or `issuing-N` for one before.
    pub role: String,
    pub subject: String,
    pub issuer: String,
    pub cert_serial: String,
    pub not_before: UtcTime,
    pub not_after: UtcTime,
    pub sha1: String,
    pub sha256: Digest,
}

/// A CA's key signed a certificate that shows nothing but that it can sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PossessionProven {
    /// `root` or `issuing`.
    pub ca: String,
    /// The code that Azure gave.
    pub verification_code: String,
    /// The certificate's serial number.
    pub cert_serial: CertSerial,
    /// Its fingerprint.
    pub sha256: Digest,
    /// Its last second.
    pub not_after: UtcTime,
    /// Digest of the profile it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Digest>,
    /// The second administrator, who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Name>,
}

/// A CA's key is about to sign such a certificate; without [`PossessionProven`] after it, it is not known whether it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PossessionIntended {
    /// `root` or `issuing`.
    pub ca: String,
    /// The code that Azure gave.
    pub verification_code: String,
    /// The certificate's serial number.
    pub cert_serial: CertSerial,
    /// Digest of the body that is to be signed.
    pub to_be_signed: Digest,
    /// The second administrator, who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Name>,
}

/// An installation or renewal was cut off after it went on record; the rest of it is done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CarriedThrough {
    /// The number of the ceremony's entry, and of its sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
    /// Digest of the public key (SPKI) that the issuing CA has from here on.
    pub issuing_key: Digest,
}

/// A private key of an issuing CA is not in the vault any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeyErased {
    /// As the vault named it: `past-issuing-key/NUMBER` or `next-issuing-key`.
    pub name: String,
}
