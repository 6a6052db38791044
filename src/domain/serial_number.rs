//! Serial numbers as devices and labels give them. Case and leading zeros are kept; comparison for
//! duplicates folds the case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::code::{Code, Coded};

/// A device's serial number: 1 to 64 of `[A-Za-z0-9._-]`, plus what the recipe's [`SerialRule`] adds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SerialNumber(String);

/// Which further characters a recipe allows in its serial numbers, out of `/ + : # space`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SerialRule {
    extra: String,
}

/// Characters a recipe may add; none of them can start a spreadsheet formula or end a shell word unseen.
const WIDENABLE: &str = "/+:# ";

/// Why a text is no serial number of a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSerial {
    /// Empty, or over 64 characters.
    #[error("a serial number has 1 to 64 characters, this one has {0}")]
    Length(usize),
    /// A character the rule does not allow.
    #[error("character {ch:?} at position {at} is not allowed in a serial number")]
    Char {
        /// Counted from 1.
        at: usize,
        /// What stands there.
        ch: char,
    },
    /// A value that makers leave when nothing was programmed.
    #[error("“{0}” is a maker's placeholder, not a serial number")]
    Placeholder(String),
}

impl Coded for BadSerial {
    fn code(&self) -> Code {
        match self {
            BadSerial::Placeholder(_) => Code::Placeholder,
            BadSerial::Length(_) | BadSerial::Char { .. } => Code::SerialInvalid,
        }
    }
}

impl SerialRule {
    /// A rule that also allows these characters, each out of `/ + : # space`.
    pub fn widened(extra: &str) -> Result<SerialRule, BadSerial> {
        match extra.chars().enumerate().find(|(_, ch)| !WIDENABLE.contains(*ch)) {
            Some((at, ch)) => Err(BadSerial::Char { at: at + 1, ch }),
            None => Ok(SerialRule { extra: extra.to_owned() }),
        }
    }

    /// Parses what a device said under this rule; white space around it is dropped first.
    pub fn parse(&self, text: &str) -> Result<SerialNumber, BadSerial> {
        let text = text.trim();
        if is_placeholder(text) {
            let shown = text.chars().filter(|ch| !ch.is_control()).take(64).collect();
            return Err(BadSerial::Placeholder(shown));
        }
        let length = text.chars().count();
        if length == 0 || length > 64 {
            return Err(BadSerial::Length(length));
        }
        for (at, ch) in text.chars().enumerate() {
            let usual = ch.is_ascii_alphanumeric() || matches!(ch, '.' | '_' | '-');
            if !usual && !self.extra.contains(ch) {
                return Err(BadSerial::Char { at: at + 1, ch });
            }
        }
        Ok(SerialNumber(text.to_owned()))
    }
}

/// Phrases firmware and BIOS makers ship when nobody programmed a serial, compared without case and spaces.
const PHRASES: [&str; 14] = [
    "tobefilledbyo.e.m.",
    "tobefilledbyoem",
    "defaultstring",
    "systemserialnumber",
    "serialnumber",
    "notspecified",
    "notapplicable",
    "notavailable",
    "none",
    "unknown",
    "null",
    "n/a",
    "invalid",
    "0123456789",
];

fn is_placeholder(text: &str) -> bool {
    let folded: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    if PHRASES.contains(&folded.as_str()) {
        return true;
    }
    let bare: Vec<char> = folded.chars().filter(|c| !matches!(c, '.' | '_' | '-')).collect();
    let all_same = |wanted: char| !bare.is_empty() && bare.iter().all(|c| *c == wanted);
    // erased flash reads as all ones or zeros; blank USB bridges all say 0001; nines fill a form
    let digits: String = bare.iter().collect();
    all_same('0') || all_same('f') || (bare.len() > 3 && all_same('9')) || digits == "0001"
}

impl SerialNumber {
    /// As the device gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Lower-cased, for finding duplicates.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SerialNumber {
    type Err = BadSerial;
    /// Under the usual rule.
    fn from_str(text: &str) -> Result<SerialNumber, BadSerial> {
        SerialRule::default().parse(text)
    }
}

impl TryFrom<String> for SerialNumber {
    type Error = BadSerial;
    /// From our own records, where a recipe may have widened the rule.
    fn try_from(text: String) -> Result<SerialNumber, BadSerial> {
        SerialRule { extra: WIDENABLE.to_owned() }.parse(&text)
    }
}

impl From<SerialNumber> for String {
    fn from(serial: SerialNumber) -> String {
        serial.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_after_print_is_identity(text in "[A-Za-z0-9._-]{1,64}") {
            if let Ok(serial) = text.parse::<SerialNumber>() {
                prop_assert_eq!(serial.to_string().parse::<SerialNumber>().unwrap(), serial);
            } else {
                prop_assert!(is_placeholder(&text));
            }
        }

        #[test]
        fn hostile_text_never_panics(text in "\\PC{0,80}") {
            let _ = text.parse::<SerialNumber>();
        }

        #[test]
        fn case_makes_no_second_device(text in "[A-Z][a-z0-9]{1,20}") {
            prop_assume!(!is_placeholder(&text));
            let upper = text.to_uppercase().parse::<SerialNumber>().unwrap();
            let lower = text.to_lowercase().parse::<SerialNumber>().unwrap();
            prop_assert_eq!(upper.folded(), lower.folded());
        }
    }

    #[test]
    fn leading_zeros_survive() {
        assert_eq!("000123".parse::<SerialNumber>().unwrap().as_str(), "000123");
    }

    #[test]
    fn placeholders_are_refused() {
        for text in [
            "0000",
            "0001",
            "FFFFFFFFFFFF",
            "9999999",
            "To be filled by O.E.M.",
            "None",
            "0-0-0",
            "Default string",
        ] {
            assert_eq!(text.parse::<SerialNumber>().unwrap_err().code(), Code::Placeholder, "{text}");
        }
        for text in ["00012", "SN-0001", "F1", "9", "999", "10000"] {
            assert!(text.parse::<SerialNumber>().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_recipe_may_widen_the_rule_but_not_to_anything() {
        let rule = SerialRule::widened("/").unwrap();
        assert_eq!(rule.parse("A/12").unwrap().as_str(), "A/12");
        assert_eq!("A/12".parse::<SerialNumber>(), Err(BadSerial::Char { at: 2, ch: '/' }));
        assert_eq!(SerialRule::widened("/="), Err(BadSerial::Char { at: 2, ch: '=' }));
    }
}
