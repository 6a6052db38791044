//! Certificate profiles, checked: what every certificate made under one holds. Limits are hard and are enforced when the
//! profile is loaded, not at the first device.

mod at;
mod file;
pub mod list_address;
pub mod made_for;
pub mod names;
pub mod proof;
pub mod template;

use std::time::Duration;

use self::list_address::ListAddress;
use self::made_for::MadeFor;
use self::names::{AlsoCalled, BadText, Names};
use self::proof::ProofProfile;
use self::template::BadTemplate;
use super::public_key::KeyKind;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;

/// The profiles for devices that come with the product: name and text. A station may have more in `profiles/`.
pub const SHIPPED: [(&str, &str); 5] = [
    ("device-p256", include_str!("../../ca/profiles/device-p256.toml")),
    ("device-p384", include_str!("../../ca/profiles/device-p384.toml")),
    ("device-rsa2048", include_str!("../../ca/profiles/device-rsa2048.toml")),
    ("idevid", include_str!("../../ca/profiles/idevid.toml")),
    ("iot-edge-1-1", include_str!("../../ca/profiles/iot-edge-1-1.toml")),
];

/// The most bytes the text of a profile may have.
pub const LARGEST_PROFILE: usize = 64 * 1024;
/// The longest validity a profile may give, in days: 40 years.
pub const LONGEST_VALIDITY_DAYS: i64 = 14_610;
/// The most hours a certificate may begin before its issue.
pub const LONGEST_BACKDATE_HOURS: i64 = 72;
/// The most a profile may say about how many certificates of a batch are checked.
pub const LARGEST_SAMPLE: i64 = 1_000_000_000;
/// The end of a certificate that has no well-defined one, 99991231235959Z (RFC 5280 §4.1.2.5), in seconds since 1970.
pub const NO_END: i64 = 253_402_300_799;

/// What a key may be used for (RFC 5280 §4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// digitalSignature, which TLS 1.2 and 1.3 demand of a client.
    DigitalSignature,
    /// keyAgreement, for elliptic curves.
    KeyAgreement,
    /// keyEncipherment, for RSA.
    KeyEncipherment,
}

/// What a certificate may be presented for (RFC 5280 §4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// id-kp-clientAuth, which DPS and IoT Hub demand.
    ClientAuth,
    /// id-kp-serverAuth, for devices that others connect to.
    ServerAuth,
}

/// When a certificate ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// So long after its issue, 1 day to 40 years, or with the issuing CA if that ends before.
    After(Duration),
    /// Never, as IEEE 802.1AR wants it of an IDevID: the issuing CA must not end either.
    Never,
}

/// A checked profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: Name,
    digest: Digest,
    end: End,
    ends_before: Option<UtcTime>,
    backdate: Duration,
    keys: Vec<KeyKind>,
    key_usage: Vec<Usage>,
    extended_key_usage: Vec<Purpose>,
    subject_key_id: bool,
    names: Names,
    also_called: Vec<AlsoCalled>,
    crl_distribution_point: Option<ListAddress>,
    sampling: Sampling,
}

/// Which certificates of a batch are verified and read back once they are signed. On the line all of them are; in bulk
/// that would triple the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// So many at the begin of each batch.
    pub first: u64,
    /// One of so many after them; at least 1, which is all.
    pub one_in: u64,
}

impl Sampling {
    /// Whether the certificate with this number is checked, counted from 0 over the batch.
    pub fn has(&self, number: u64) -> bool {
        number < self.first || number.is_multiple_of(self.one_in.max(1))
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not what a certificate can hold there.
    #[error("{0}")]
    Text(#[from] BadText),
    /// No template.
    #[error("{0}")]
    Template(#[from] BadTemplate),
    /// Something that another value forbids or demands.
    #[error("{0}")]
    Together(&'static str),
    /// No date.
    #[error("“{0}” is not a date such as 2038-01-01")]
    Date(String),
    /// A number out of bounds.
    #[error("{found} is not between {least} and {most}")]
    Range {
        /// What stands there.
        found: i64,
        /// The least allowed.
        least: i64,
        /// The most allowed.
        most: i64,
    },
    /// A word that is not known there.
    #[error("“{found}” is not known; there are: {known}")]
    Word {
        /// What stands there.
        found: String,
        /// What might.
        known: &'static str,
    },
    /// An empty list.
    #[error("the list is empty")]
    Empty,
    /// The same word again.
    #[error("“{0}” stands there twice")]
    Twice(String),
    /// Not a name.
    #[error("{0}")]
    Name(crate::domain::name::BadName),
}

/// Why a text is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProfile {
    /// Too many bytes.
    #[error("the profile has {0} bytes, at most 65536 are read")]
    TooLarge(usize),
    /// Not TOML, a key missing or unknown, or a value of the wrong type.
    #[error("the profile is not usable: line {line}: {reason}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// In the parser's words.
        reason: String,
    },
    /// A value that is not allowed.
    #[error("the profile is not usable: line {line}: {key}: {fault}")]
    Value {
        /// Counted from 1.
        line: usize,
        /// Whose value.
        key: &'static str,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A good one, for something else.
    #[error("this profile is for {found}, and one for {wanted} is needed")]
    Use {
        /// What it is for.
        found: MadeFor,
        /// What is needed.
        wanted: MadeFor,
    },
}

impl Coded for BadProfile {
    fn code(&self) -> Code {
        match self {
            BadProfile::TooLarge(_) | BadProfile::Syntax { .. } | BadProfile::Value { .. } => {
                Code::ProfileInvalid
            }
            BadProfile::Use { .. } => Code::ProfileUse,
        }
    }
}

/// Reads and checks the text of a profile, whatever it is for: its name.
pub fn name_of(text: &str) -> Result<Name, BadProfile> {
    Ok(match made_for::of(text)? {
        MadeFor::Devices => Profile::parse(text)?.name,
        MadeFor::Proof => ProofProfile::parse(text)?.name().clone(),
    })
}

impl Profile {
    /// Reads and checks the text of a profile for devices.
    pub fn parse(text: &str) -> Result<Profile, BadProfile> {
        file::parse(text)
    }

    /// The profile of this name that comes with the product, if there is one.
    pub fn shipped(name: &Name) -> Option<Result<Profile, BadProfile>> {
        SHIPPED.iter().find(|(known, _)| *known == name.as_str()).map(|(_, text)| Profile::parse(text))
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Which certificates of a batch are checked after they are signed.
    pub fn sampling(&self) -> Sampling {
        self.sampling
    }

    /// SHA-256 of the text it was read from, as the records name it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// When its certificates end.
    pub fn end(&self) -> End {
        self.end
    }

    /// A moment that no certificate may reach: one that would is refused, not cut.
    pub fn ends_before(&self) -> Option<UtcTime> {
        self.ends_before
    }

    /// How much before the moment of issue a certificate begins: 0 to 72 hours.
    pub fn backdate(&self) -> Duration {
        self.backdate
    }

    /// The kinds of key it allows; at least one.
    pub fn keys(&self) -> &[KeyKind] {
        &self.keys
    }

    /// Key usages; at least one.
    pub fn key_usage(&self) -> &[Usage] {
        &self.key_usage
    }

    /// Extended key usages; none in a certificate that never ends.
    pub fn extended_key_usage(&self) -> &[Purpose] {
        &self.extended_key_usage
    }

    /// Whether its certificates hold the identifier of their key (RFC 5280 §4.2.1.2: should, not must, in those of devices).
    pub fn subject_key_id(&self) -> bool {
        self.subject_key_id
    }

    /// What the subject holds beside the CN.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Subject alternative names.
    pub fn also_called(&self) -> &[AlsoCalled] {
        &self.also_called
    }

    /// Where the revocation list is to be found, if the certificate says so.
    pub fn crl_distribution_point(&self) -> Option<&ListAddress> {
        self.crl_distribution_point.as_ref()
    }
}

#[cfg(test)]
mod tests;
