//! Why somebody did something: the line that stands in the records with a decision.

use std::fmt;
use std::str::FromStr;

use super::code::{Code, Coded};

/// The longest reason, in characters.
pub const LONGEST: usize = 500;

/// One line of 1 to 500 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// Why a text is no reason.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is one line of 1 to 500 characters")]
pub struct NoReason;

impl Coded for NoReason {
    fn code(&self) -> Code {
        Code::ReasonMissing
    }
}

impl Reason {
    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = NoReason;
    fn from_str(text: &str) -> Result<Reason, NoReason> {
        let text = text.trim();
        let length = text.chars().take(LONGEST + 1).count();
        if length == 0 || length > LONGEST || text.chars().any(char::is_control) {
            return Err(NoReason);
        }
        Ok(Reason(text.to_owned()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        assert_eq!(" wrong antenna ".parse::<Reason>().unwrap().as_str(), "wrong antenna");
        for none in ["", "  ", "two\nlines", &"x".repeat(501)] {
            assert_eq!(none.parse::<Reason>(), Err(NoReason), "{none:?}");
        }
    }
}
