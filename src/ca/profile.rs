//! Certificate profiles: what a file asks for, and the check that makes it a [`Profile`]. Limits are hard and are
//! enforced when the profile is loaded, not at the first device.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::public_key::{KNOWN_KINDS, KeyKind};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;

/// The profiles that come with the product: name and text. A station may have more in `profiles/`.
pub const SHIPPED: [(&str, &str); 2] = [
    ("device-p256", include_str!("../../ca/profiles/device-p256.toml")),
    ("device-p384", include_str!("../../ca/profiles/device-p384.toml")),
];

/// The most bytes the text of a profile may have.
pub const LARGEST_PROFILE: usize = 64 * 1024;
/// The longest validity a profile may give, in days: 40 years.
pub const LONGEST_VALIDITY_DAYS: i64 = 14_610;
/// The most hours a certificate may begin before its issue.
pub const LONGEST_BACKDATE_HOURS: i64 = 72;
/// The most a profile may say about how many certificates of a batch are checked.
pub const LARGEST_SAMPLE: i64 = 1_000_000_000;

/// What the file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    name: Spanned<String>,
    validity_days: Spanned<i64>,
    #[serde(default = "no_hours")]
    backdate_hours: Spanned<i64>,
    keys: Spanned<Vec<Spanned<String>>>,
    key_usage: Spanned<Vec<Spanned<String>>>,
    extended_key_usage: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    bulk: BulkFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BulkFile {
    check_first: Spanned<i64>,
    check_one_in: Spanned<i64>,
}

impl Default for BulkFile {
    fn default() -> BulkFile {
        BulkFile { check_first: Spanned::new(0..0, 64), check_one_in: Spanned::new(0..0, 64) }
    }
}

fn no_hours() -> Spanned<i64> {
    Spanned::new(0..0, 0)
}

/// What a key may be used for (RFC 5280 §4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// digitalSignature, which TLS 1.2 and 1.3 demand of an ECDSA client.
    DigitalSignature,
}

/// What a certificate may be presented for (RFC 5280 §4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// id-kp-clientAuth, which DPS and IoT Hub demand.
    ClientAuth,
}

/// A checked profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: Name,
    digest: Digest,
    validity: Duration,
    backdate: Duration,
    keys: Vec<KeyKind>,
    key_usage: Vec<Usage>,
    extended_key_usage: Vec<Purpose>,
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
}

impl Coded for BadProfile {
    fn code(&self) -> Code {
        Code::ProfileInvalid
    }
}

impl Profile {
    /// Reads and checks the text of a profile; the first fault is named with its line and key.
    pub fn parse(text: &str) -> Result<Profile, BadProfile> {
        if text.len() > LARGEST_PROFILE {
            return Err(BadProfile::TooLarge(text.len()));
        }
        let file: ProfileFile = toml::from_str(text).map_err(|fault| BadProfile::Syntax {
            line: line(text, fault.span().unwrap_or(0..0)),
            reason: fault.message().replace('\n', ", "),
        })?;
        let ProfileFile { name, validity_days, backdate_hours, keys, key_usage, extended_key_usage, bulk } =
            file;
        let at = At { text };
        let days = at.number("validity_days", &validity_days, 1, LONGEST_VALIDITY_DAYS)?;
        let hours = at.number("backdate_hours", &backdate_hours, 0, LONGEST_BACKDATE_HOURS)?;
        let sampling = Sampling {
            first: at.number("check_first", &bulk.check_first, 0, LARGEST_SAMPLE)?,
            one_in: at.number("check_one_in", &bulk.check_one_in, 1, LARGEST_SAMPLE)?,
        };
        Ok(Profile {
            sampling,
            digest: Digest::of(text.as_bytes()),
            validity: Duration::from_secs(days * 86_400),
            backdate: Duration::from_secs(hours * 3600),
            keys: at.words("keys", &keys, KNOWN_KINDS, |word| word.parse().ok())?,
            key_usage: at.words("key_usage", &key_usage, "digital-signature", |word| match word {
                "digital-signature" => Some(Usage::DigitalSignature),
                _ => None,
            })?,
            extended_key_usage: at.words(
                "extended_key_usage",
                &extended_key_usage,
                "client-auth",
                |word| match word {
                    "client-auth" => Some(Purpose::ClientAuth),
                    _ => None,
                },
            )?,
            name: name
                .get_ref()
                .parse()
                .map_err(|fault| at.fault("name", name.span(), Fault::Name(fault)))?,
        })
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

    /// From the moment of issue: 1 day to 40 years.
    pub fn validity(&self) -> Duration {
        self.validity
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

    /// Extended key usages; at least one.
    pub fn extended_key_usage(&self) -> &[Purpose] {
        &self.extended_key_usage
    }
}

/// Checks values and says where a bad one stands.
struct At<'a> {
    text: &'a str,
}

impl At<'_> {
    fn fault(&self, key: &'static str, span: Range<usize>, fault: Fault) -> BadProfile {
        BadProfile::Value { line: line(self.text, span), key, fault }
    }

    fn number(
        &self,
        key: &'static str,
        value: &Spanned<i64>,
        least: i64,
        most: i64,
    ) -> Result<u64, BadProfile> {
        let found = *value.get_ref();
        match u64::try_from(found) {
            Ok(number) if (least..=most).contains(&found) => Ok(number),
            _ => Err(self.fault(key, value.span(), Fault::Range { found, least, most })),
        }
    }

    fn words<T: PartialEq>(
        &self,
        key: &'static str,
        list: &Spanned<Vec<Spanned<String>>>,
        known: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, BadProfile> {
        let mut parsed = Vec::new();
        for word in list.get_ref() {
            let found = word.get_ref().clone();
            let Some(value) = parse(&found) else {
                return Err(self.fault(key, word.span(), Fault::Word { found, known }));
            };
            if parsed.contains(&value) {
                return Err(self.fault(key, word.span(), Fault::Twice(found)));
            }
            parsed.push(value);
        }
        match parsed.is_empty() {
            true => Err(self.fault(key, list.span(), Fault::Empty)),
            false => Ok(parsed),
        }
    }
}

fn line(text: &str, span: Range<usize>) -> usize {
    1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests;
