//! Why a certificate is withdrawn, in the words of X.509.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The reason of a CRL entry (RFC 5280 §5.3.1), without those that only delta CRLs and holds know:
/// what is revoked here stays revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationReason {
    /// None given.
    Unspecified,
    /// The device's private key is known to others.
    KeyCompromise,
    /// The issuing key is known to others.
    #[serde(rename = "cACompromise")]
    CaCompromise,
    /// The device's name or owner changed.
    AffiliationChanged,
    /// Another certificate takes its place.
    Superseded,
    /// The device is not used with this certificate.
    CessationOfOperation,
    /// The device may no longer do what the certificate allows.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// All reasons.
    pub const ALL: [RevocationReason; 7] = [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::CaCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn,
    ];

    /// RFC 5280's word.
    pub fn as_str(self) -> &'static str {
        match self {
            RevocationReason::Unspecified => "unspecified",
            RevocationReason::KeyCompromise => "keyCompromise",
            RevocationReason::CaCompromise => "cACompromise",
            RevocationReason::AffiliationChanged => "affiliationChanged",
            RevocationReason::Superseded => "superseded",
            RevocationReason::CessationOfOperation => "cessationOfOperation",
            RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// RFC 5280's number, as it stands in a CRL entry.
    pub fn number(self) -> u8 {
        match self {
            RevocationReason::Unspecified => 0,
            RevocationReason::KeyCompromise => 1,
            RevocationReason::CaCompromise => 2,
            RevocationReason::AffiliationChanged => 3,
            RevocationReason::Superseded => 4,
            RevocationReason::CessationOfOperation => 5,
            RevocationReason::PrivilegeWithdrawn => 9,
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no reason.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a reason for a revocation; try keyCompromise, superseded or cessationOfOperation")]
pub struct BadReason(String);

impl FromStr for RevocationReason {
    type Err = BadReason;
    /// Takes the word in any case, with or without dashes (`key-compromise`).
    fn from_str(text: &str) -> Result<RevocationReason, BadReason> {
        let plain = text.replace('-', "");
        RevocationReason::ALL
            .into_iter()
            .find(|reason| reason.as_str().eq_ignore_ascii_case(&plain))
            .ok_or_else(|| BadReason(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_read_back_and_written_alike_everywhere() {
        for reason in RevocationReason::ALL {
            assert_eq!(reason.as_str().to_uppercase().parse(), Ok(reason));
            assert_eq!(serde_json::to_string(&reason).unwrap(), format!("\"{reason}\""));
        }
        assert!("certificateHold".parse::<RevocationReason>().is_err());
    }
}
