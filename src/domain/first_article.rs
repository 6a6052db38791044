//! First articles: the first device that passes after a changeover, which a person looks at before the next one
//! starts.

use std::fmt;
use std::str::FromStr;

use super::name::Name;

/// The first article of a work order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstArticle {
    /// Where it stands.
    pub state: FirstArticleState,
    /// The run that made it; none until a device has passed.
    pub run: Option<u64>,
    /// Who confirmed or rejected it.
    pub by: Option<String>,
    /// Why it was rejected.
    pub reason: Option<String>,
}

impl FirstArticle {
    /// The run that waits for somebody to look at its device: no other may start.
    pub fn waiting(&self) -> Option<u64> {
        self.run.filter(|_| self.state == FirstArticleState::Asked)
    }
}

/// Where a first article stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstArticleState {
    /// To be made, or made and to be looked at.
    Asked,
    /// Somebody looked at it and it is good.
    Confirmed,
    /// Somebody looked at it and it is not good.
    Rejected,
}

impl FirstArticleState {
    /// All states.
    pub const ALL: [FirstArticleState; 3] =
        [FirstArticleState::Asked, FirstArticleState::Confirmed, FirstArticleState::Rejected];

    /// The word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            FirstArticleState::Asked => "asked",
            FirstArticleState::Confirmed => "confirmed",
            FirstArticleState::Rejected => "rejected",
        }
    }
}

impl fmt::Display for FirstArticleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no state.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a state of a first article")]
pub struct BadFirstArticleState(String);

impl FromStr for FirstArticleState {
    type Err = BadFirstArticleState;
    fn from_str(text: &str) -> Result<FirstArticleState, BadFirstArticleState> {
        FirstArticleState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| BadFirstArticleState(text.to_owned()))
    }
}

/// A first article that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingArticle {
    /// The work order.
    pub work_order: Name,
    /// The run that made it.
    pub run: u64,
    /// The device's serial number.
    pub serial: String,
}
