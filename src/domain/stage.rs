//! Where a run stands. The stages of the spine in their order, and what may follow what.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The step of the spine a run is in or ended in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Asking the device who it is.
    Identify,
    /// Making its key, or receiving its request.
    Prepare,
    /// Reserved and intended; nothing signed on record.
    Intended,
    /// The certificate or derived key exists and is on record.
    Issued,
    /// Writing files to the device.
    Inject,
    /// Comparing what the device holds with what was sent.
    ReadBack,
    /// The device uses its credential.
    Prove,
    /// The verdict stands.
    Finished,
}

impl Stage {
    /// All stages in the order of the spine.
    pub const ALL: [Stage; 8] = [
        Stage::Identify,
        Stage::Prepare,
        Stage::Intended,
        Stage::Issued,
        Stage::Inject,
        Stage::ReadBack,
        Stage::Prove,
        Stage::Finished,
    ];

    /// The word in records and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Identify => "identify",
            Stage::Prepare => "prepare",
            Stage::Intended => "intended",
            Stage::Issued => "issued",
            Stage::Inject => "inject",
            Stage::ReadBack => "read-back",
            Stage::Prove => "prove",
            Stage::Finished => "finished",
        }
    }

    /// Whether a credential may exist at this stage, so that an ending must account for it.
    pub fn may_have_credential(self) -> bool {
        self >= Stage::Intended
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no stage.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a stage of a run")]
pub struct BadStage(String);

impl FromStr for Stage {
    type Err = BadStage;
    fn from_str(text: &str) -> Result<Stage, BadStage> {
        Stage::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| BadStage(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_in_the_order_of_the_spine() {
        assert!(Stage::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        for stage in Stage::ALL {
            assert_eq!(stage.as_str().parse(), Ok(stage));
        }
        assert!(!Stage::Prepare.may_have_credential());
        assert!(Stage::Intended.may_have_credential());
    }
}
