//! The company's name as it stands in the names of its CAs.

use std::fmt;
use std::str::FromStr;

use crate::domain::code::{Code, Coded};

/// The most characters of a company's name, so that "… Device Root CA" fits a CN (64, X.520 ub-common-name).
pub const LONGEST_COMPANY: usize = 40;

/// A company's name: 1 to [`LONGEST_COMPANY`] characters, none of them invisible, no white space at the ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company(String);

/// Why a text is no company's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCompany {
    /// Empty or too long.
    #[error("a company's name has 1 to 40 characters, this one has {0}")]
    Length(usize),
    /// A character nobody can see: control, line end, direction mark.
    #[error("character {ch:?} at position {at} is not allowed in a company's name")]
    Char {
        /// Counted from 1.
        at: usize,
        /// What stands there.
        ch: char,
    },
}

impl Coded for BadCompany {
    fn code(&self) -> Code {
        Code::NameInvalid
    }
}

impl Company {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that change how a name looks without being seen, beyond those of class Cc.
fn hidden(ch: char) -> bool {
    matches!(ch, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

impl FromStr for Company {
    type Err = BadCompany;
    fn from_str(text: &str) -> Result<Company, BadCompany> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 || length > LONGEST_COMPANY {
            return Err(BadCompany::Length(length));
        }
        match text.chars().enumerate().find(|(_, ch)| ch.is_control() || hidden(*ch)) {
            Some((at, ch)) => Err(BadCompany::Char { at: at + 1, ch }),
            None => Ok(Company(text.to_owned())),
        }
    }
}

impl fmt::Display for Company {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_countries_are_taken_and_hidden_characters_refused() {
        assert_eq!(" Müller & Söhne GmbH ".parse::<Company>().unwrap().as_str(), "Müller & Söhne GmbH");
        assert_eq!("".parse::<Company>(), Err(BadCompany::Length(0)));
        assert_eq!("x".repeat(41).parse::<Company>(), Err(BadCompany::Length(41)));
        assert_eq!("A\nB".parse::<Company>(), Err(BadCompany::Char { at: 2, ch: '\n' }));
        assert_eq!("AB\u{202e}C".parse::<Company>(), Err(BadCompany::Char { at: 3, ch: '\u{202e}' }));
    }
}
