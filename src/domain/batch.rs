//! Batches: many identities in and out of files at once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchKind {
    /// Derives a key a row.
    Derive,
    /// Writes records out.
    Export,
    /// Takes devices or work orders in.
    Import,
    /// Issues a certificate a row.
    Issue,
}

impl BatchKind {
    /// All kinds.
    pub const ALL: [BatchKind; 4] =
        [BatchKind::Derive, BatchKind::Export, BatchKind::Import, BatchKind::Issue];

    /// The word in records and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            BatchKind::Derive => "derive",
            BatchKind::Export => "export",
            BatchKind::Import => "import",
            BatchKind::Issue => "issue",
        }
    }
}

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchState {
    /// Begun and not ended: it works, or its process was ended and it can be taken up again.
    Running,
    /// Ended; single rows may have been refused.
    Done,
    /// Ended by a fault of the whole file or of the station.
    Failed,
    /// Ended by a person.
    Cancelled,
}

impl BatchState {
    /// All states.
    pub const ALL: [BatchState; 4] =
        [BatchState::Running, BatchState::Done, BatchState::Failed, BatchState::Cancelled];

    /// The word in records and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            BatchState::Running => "running",
            BatchState::Done => "done",
            BatchState::Failed => "failed",
            BatchState::Cancelled => "cancelled",
        }
    }
}

/// Why a text is no word of a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a word of batches")]
pub struct BadBatchWord(String);

impl FromStr for BatchKind {
    type Err = BadBatchWord;
    fn from_str(text: &str) -> Result<BatchKind, BadBatchWord> {
        let found = BatchKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| BadBatchWord(text.to_owned()))
    }
}

impl FromStr for BatchState {
    type Err = BadBatchWord;
    fn from_str(text: &str) -> Result<BatchState, BadBatchWord> {
        let found = BatchState::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| BadBatchWord(text.to_owned()))
    }
}

impl fmt::Display for BatchKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for BatchState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_read_back() {
        for kind in BatchKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for state in BatchState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("issued".parse::<BatchKind>().is_err() && "open".parse::<BatchState>().is_err());
    }
}
