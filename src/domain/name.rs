//! Names that people give: of products, work orders, persons, group keys, secrets and slots.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::code::{Code, Coded};
use super::utc_time::UtcTime;

/// A name: 1 to 64 of `[A-Za-z0-9._-]`, beginning with a letter or digit, so that it is safe as a
/// file name and on a command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Empty, or over 64 characters.
    #[error("a name has 1 to 64 characters, this one has {0}")]
    Length(usize),
    /// A character that is not allowed there.
    #[error("character {ch:?} at position {at} is not allowed in a name")]
    Char {
        /// Counted from 1.
        at: usize,
        /// What stands there.
        ch: char,
    },
}

impl Coded for BadName {
    fn code(&self) -> Code {
        Code::NameInvalid
    }
}

impl Name {
    /// The name of a work order that is opened for one batch, at this moment.
    pub fn for_batch(now: UtcTime) -> Name {
        Name(format!("batch-{}", now.millis()))
    }

    /// The name of a work order that is opened for one request, at this moment.
    pub fn for_request(now: UtcTime) -> Name {
        Name(format!("request-{}", now.millis()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Name, BadName> {
        let length = text.chars().count();
        if length == 0 || length > 64 {
            return Err(BadName::Length(length));
        }
        for (at, ch) in text.chars().enumerate() {
            let allowed = ch.is_ascii_alphanumeric() || (at > 0 && matches!(ch, '.' | '_' | '-'));
            if !allowed {
                return Err(BadName::Char { at: at + 1, ch });
            }
        }
        Ok(Name(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = BadName;
    fn try_from(text: String) -> Result<Name, BadName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder() {
        assert_eq!("../x".parse::<Name>(), Err(BadName::Char { at: 1, ch: '.' }));
        assert_eq!("a/b".parse::<Name>(), Err(BadName::Char { at: 2, ch: '/' }));
        assert_eq!("".parse::<Name>(), Err(BadName::Length(0)));
        assert!("gateway-7_rev.B".parse::<Name>().is_ok());
    }
}
