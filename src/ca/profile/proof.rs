//! The profile of a proof of possession. Most of such a certificate is no choice (its CN is the code exactly, its key its
//! own and fresh, it is never a CA and good for nothing else), so a file cannot even say otherwise.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::at::At;
use super::made_for::{self, MadeFor};
use super::{BadProfile, Fault};
use crate::ca::public_key::KeyKind;
use crate::domain::digest::Digest;
use crate::domain::name::Name;

/// The one that comes with the product: name and text.
pub const SHIPPED: (&str, &str) =
    ("proof-of-possession", include_str!("../../../ca/profiles/proof-of-possession.toml"));

/// The longest validity of a proof in days, its backdating included.
pub const LONGEST_VALIDITY_DAYS: i64 = 7;
/// The most minutes a proof may begin before its signature.
pub const LONGEST_BACKDATE_MINUTES: i64 = 60;

/// A checked profile of proofs of possession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofProfile {
    name: Name,
    digest: Digest,
    validity: Duration,
    backdate: Duration,
    key: KeyKind,
}

/// What the file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofFile {
    /// Asked before all else, see [`made_for`].
    #[serde(rename = "use")]
    _made_for: String,
    name: Spanned<String>,
    validity_days: Spanned<i64>,
    backdate_minutes: Spanned<i64>,
    key: Spanned<String>,
}

impl ProofProfile {
    /// Reads and checks the text of a profile.
    pub fn parse(text: &str) -> Result<ProofProfile, BadProfile> {
        made_for::must_be(MadeFor::Proof, text)?;
        let at = At { text };
        let file: ProofFile = at.read()?;
        let days = at.number("validity_days", &file.validity_days, 1, LONGEST_VALIDITY_DAYS)?;
        let minutes = at.number("backdate_minutes", &file.backdate_minutes, 0, LONGEST_BACKDATE_MINUTES)?;
        let key = file.key.get_ref();
        let made_here = key.parse().ok().filter(|kind| KeyKind::MADE_HERE.contains(kind));
        let unknown = || Fault::Word { found: key.clone(), known: "ec-p256, ec-p384" };
        let name = file.name.get_ref().parse();
        Ok(ProofProfile {
            digest: Digest::of(text.as_bytes()),
            validity: Duration::from_secs(days * 86_400),
            backdate: Duration::from_secs(minutes * 60),
            key: made_here.ok_or_else(|| at.fault("key", file.key.span(), unknown()))?,
            name: name.map_err(|fault| at.fault("name", file.name.span(), Fault::Name(fault)))?,
        })
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// SHA-256 of the text it was read from, as the records name it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How long a proof is valid, from its first second on: 1 to 7 days.
    pub fn validity(&self) -> Duration {
        self.validity
    }

    /// How much before its signature a proof begins, for the clock of whoever checks it: up to an hour.
    pub fn backdate(&self) -> Duration {
        self.backdate
    }

    /// The kind of key that is made for each proof, and forgotten.
    pub fn key(&self) -> KeyKind {
        self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::profile::{self, Profile};
    use crate::domain::code::{Code, Coded};

    #[test]
    fn the_shipped_one_is_good_and_bears_its_name() {
        let (name, text) = SHIPPED;
        let profile = ProofProfile::parse(text).unwrap();
        assert_eq!((profile.name().as_str(), profile.digest()), (name, Digest::of(text.as_bytes())));
        assert_eq!(profile.validity().as_secs(), 7 * 86_400);
        assert_eq!((profile.backdate().as_secs(), profile.key()), (300, KeyKind::EcP256));
        assert_eq!(profile::name_of(text).unwrap().as_str(), name);
    }

    #[test]
    fn a_silly_one_is_refused_with_line_and_key() {
        let (_, text) = SHIPPED;
        for (from, to, message) in [
            ("validity_days = 7", "validity_days = 8", "validity_days: 8 is not between 1 and 7"),
            ("validity_days = 7", "validity_days = 0", "validity_days: 0 is not between 1 and 7"),
            ("validity_days = 7", "not_after = \"none\"", "unknown field `not_after`"),
            ("backdate_minutes = 5", "backdate_minutes = 61", "backdate_minutes: 61 is not between 0 and 60"),
            (
                "key = \"ec-p256\"",
                "key = \"rsa-2048\"",
                "key: “rsa-2048” is not known; there are: ec-p256, ec-p384",
            ),
            ("key = \"ec-p256\"", "ca = true", "unknown field `ca`"),
            ("key = \"ec-p256\"", "subject.common_name = \"sn-1\"", "unknown field `subject`"),
            ("key = \"ec-p256\"", "key_usage = [\"key-cert-sign\"]", "unknown field `key_usage`"),
            (
                "use = \"proof-of-possession\"",
                "use = \"roots\"",
                "use: “roots” is not known; there are: devices",
            ),
        ] {
            let at = text.find(from).unwrap();
            let line = 1 + text[..at].matches('\n').count();
            let told = ProofProfile::parse(&text.replace(from, to)).unwrap_err().to_string();
            assert_eq!(told.find(&format!("line {line}: {message}")), Some(27), "{told}");
            assert!(profile::name_of(&text.replace(from, to)).is_err());
        }
    }

    #[test]
    fn neither_kind_of_profile_is_taken_for_the_other() {
        for (_, device) in profile::SHIPPED {
            let refused = ProofProfile::parse(device).unwrap_err();
            assert_eq!(refused, BadProfile::Use { found: MadeFor::Devices, wanted: MadeFor::Proof });
            assert_eq!(refused.code(), Code::ProfileUse);
        }
        let refused = Profile::parse(SHIPPED.1).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "this profile is for proofs of possession of a CA, and one for devices is needed"
        );
        assert_eq!(refused.code(), Code::ProfileUse);
    }
}
