//! Why somebody did something: one line that stands in the records.

use std::fmt;
use std::str::FromStr;

use crate::domain::code::{Code, Coded};

/// The most characters a reason may have.
pub const LONGEST: usize = 500;

/// A reason: one line of 1 to [`LONGEST`] characters, without white space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// Why a text is no reason.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is one line of 1 to {LONGEST} characters")]
pub struct BadReason;

impl Coded for BadReason {
    fn code(&self) -> Code {
        Code::ReasonMissing
    }
}

impl Reason {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Reason {
    type Err = BadReason;
    fn from_str(text: &str) -> Result<Reason, BadReason> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err(BadReason);
        }
        Ok(Reason(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        assert_eq!("  wrong hub ".parse::<Reason>().unwrap().as_str(), "wrong hub");
        for bad in ["", "   ", "two\nlines", &"x".repeat(501)] {
            assert_eq!(bad.parse::<Reason>(), Err(BadReason), "{bad:?}");
        }
    }
}
