//! How a run ends.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The verdict of a run. Only [`Verdict::Pass`] leaves a live identity on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// The device has its identity and has proven it.
    Pass,
    /// The device is at fault.
    Fail,
    /// The station is at fault.
    Error,
    /// A person pulled the device.
    Aborted,
    /// Not ours to provision: a wrong product, or a device that has its identity already.
    Skipped,
    /// Somebody must look before the device may go on.
    Quarantine,
    /// The device is to be destroyed.
    Scrap,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Verdict; 7] = [
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Error,
        Verdict::Aborted,
        Verdict::Skipped,
        Verdict::Quarantine,
        Verdict::Scrap,
    ];

    /// The word on the tile.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "PASS",
            Verdict::Fail => "FAIL",
            Verdict::Error => "ERROR",
            Verdict::Aborted => "ABORTED",
            Verdict::Skipped => "SKIPPED",
            Verdict::Quarantine => "QUARANTINE",
            Verdict::Scrap => "SCRAP",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no verdict.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a verdict")]
pub struct BadVerdict(String);

impl FromStr for Verdict {
    type Err = BadVerdict;
    fn from_str(text: &str) -> Result<Verdict, BadVerdict> {
        Verdict::ALL.into_iter().find(|v| v.as_str() == text).ok_or_else(|| BadVerdict(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_is_read_back() {
        for verdict in Verdict::ALL {
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
        }
        assert!("pass".parse::<Verdict>().is_err());
    }
}
