//! Labels: what stands on a unit's printed label, and the pattern by which a recipe reads it. A pattern is literal
//! text with the places `{serial}` and `{mac}`.

use std::fmt;
use std::str::FromStr;

use super::code::{Code, Coded};
use super::mac_address::{BadMac, MacAddress};
use super::serial_number::{BadSerial, SerialNumber, SerialRule};

/// The longest pattern, in bytes.
const LONGEST: usize = 200;

/// What a label says; at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The serial number.
    pub serial: Option<SerialNumber>,
    /// The MAC address.
    pub mac: Option<MacAddress>,
}

impl Label {
    /// Whether a device that says this of itself may carry the label.
    pub fn agrees(&self, serial: &SerialNumber, mac: Option<&MacAddress>) -> bool {
        let serials = self.serial.as_ref().is_none_or(|label| label.folded() == serial.folded());
        let macs = self.mac.as_ref().is_none_or(|label| Some(label) == mac);
        serials && macs
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.serial, &self.mac) {
            (Some(serial), Some(mac)) => write!(f, "{serial} {mac}"),
            (Some(serial), None) => write!(f, "{serial}"),
            (None, Some(mac)) => write!(f, "{mac}"),
            (None, None) => Ok(()),
        }
    }
}

/// How a recipe's labels are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelPattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Serial,
    Mac,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// Longer than any label.
    #[error("a label has at most {LONGEST} characters")]
    Length,
    /// Nothing would be read.
    #[error("a label names {{serial}} or {{mac}}")]
    NoPlace,
    /// A place of another name, or one that is not closed.
    #[error("“{0}” is not one of {{serial}} and {{mac}}")]
    Place(String),
    /// The same place twice.
    #[error("{{{0}}} stands twice")]
    Twice(&'static str),
    /// Nobody could tell where the first ends.
    #[error("between {{serial}} and {{mac}} there must be some text")]
    Touching,
}

/// Why a scanned text is not such a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLabel {
    /// It does not have the form of the pattern.
    #[error("“{0}” does not look like this product's label")]
    Form(String),
    /// Its serial number cannot be one.
    #[error(transparent)]
    Serial(#[from] BadSerial),
    /// Its MAC address cannot be one.
    #[error(transparent)]
    Mac(#[from] BadMac),
}

impl Coded for BadLabel {
    fn code(&self) -> Code {
        match self {
            BadLabel::Form(_) => Code::LabelUnreadable,
            BadLabel::Serial(error) => error.code(),
            BadLabel::Mac(error) => error.code(),
        }
    }
}

impl FromStr for LabelPattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<LabelPattern, BadPattern> {
        if text.len() > LONGEST {
            return Err(BadPattern::Length);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (before, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            if after.is_empty() {
                break;
            }
            let (place, behind) = after.split_once('}').ok_or_else(|| BadPattern::Place(after.to_owned()))?;
            let (piece, name) = match place {
                "{serial" => (Piece::Serial, "serial"),
                "{mac" => (Piece::Mac, "mac"),
                _ => return Err(BadPattern::Place(format!("{place}}}"))),
            };
            if pieces.contains(&piece) {
                return Err(BadPattern::Twice(name));
            }
            if matches!(pieces.last(), Some(Piece::Serial | Piece::Mac)) {
                return Err(BadPattern::Touching);
            }
            pieces.push(piece);
            rest = behind;
        }
        if !pieces.iter().any(|piece| matches!(piece, Piece::Serial | Piece::Mac)) {
            return Err(BadPattern::NoPlace);
        }
        Ok(LabelPattern(pieces))
    }
}

impl fmt::Display for LabelPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Serial => f.write_str("{serial}"),
            Piece::Mac => f.write_str("{mac}"),
        })
    }
}

impl LabelPattern {
    /// Reads a scanned text. A value goes up to the first occurrence of the text behind it; the last one up to the
    /// end.
    pub fn read(&self, rule: &SerialRule, scanned: &str) -> Result<Label, BadLabel> {
        let form = || BadLabel::Form(scanned.chars().filter(|ch| !ch.is_control()).take(LONGEST).collect());
        let mut label = Label { serial: None, mac: None };
        let mut rest = scanned.trim();
        let mut pieces = self.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            if let Piece::Text(text) = piece {
                rest = rest.strip_prefix(text.as_str()).ok_or_else(form)?;
                continue;
            }
            let end = match pieces.peek() {
                Some(Piece::Text(text)) => rest.find(text.as_str()).ok_or_else(form)?,
                Some(Piece::Serial | Piece::Mac) | None => rest.len(),
            };
            let (value, behind) = rest.split_at(end);
            match piece {
                Piece::Serial => label.serial = Some(rule.parse(value)?),
                Piece::Mac => label.mac = Some(value.trim().parse()?),
                Piece::Text(_) => {}
            }
            rest = behind;
        }
        if rest.is_empty() { Ok(label) } else { Err(form()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pattern: &str, scanned: &str) -> Result<Label, BadLabel> {
        pattern.parse::<LabelPattern>().unwrap().read(&SerialRule::default(), scanned)
    }

    #[test]
    fn a_label_is_read_by_its_pattern() {
        let label = read("SN:{serial};MAC:{mac}", "SN:GW00001;MAC:02:00:5e:00:53:01\r").unwrap();
        assert_eq!(label.to_string(), "GW00001 02:00:5e:00:53:01");
        assert_eq!(read("{serial}", " GW00001 ").unwrap().serial.unwrap().as_str(), "GW00001");
        assert_eq!(read("({mac})", "(02005e005301)").unwrap().serial, None);
        assert!(matches!(read("SN:{serial}", "GW00001"), Err(BadLabel::Form(_))));
        assert!(matches!(read("SN:{serial}.", "SN:GW00001"), Err(BadLabel::Form(_))));
        assert!(matches!(read("SN:{serial}.", "SN:GW00001.x"), Err(BadLabel::Form(_))));
        assert!(matches!(read("{serial}", "0000"), Err(BadLabel::Serial(_))));
        assert!(matches!(read("{mac}", "x"), Err(BadLabel::Mac(_))));
    }

    #[test]
    fn a_label_agrees_with_the_device_that_carries_it() {
        let serial = |text: &str| SerialRule::default().parse(text).unwrap();
        let mac: MacAddress = "02:00:5e:00:53:01".parse().unwrap();
        let both = read("{serial} {mac}", "gw00001 02-00-5E-00-53-01").unwrap();
        assert!(both.agrees(&serial("GW00001"), Some(&mac)));
        assert!(!both.agrees(&serial("GW00002"), Some(&mac)));
        assert!(!both.agrees(&serial("GW00001"), None));
        let only_serial = read("{serial}", "GW00001").unwrap();
        assert!(only_serial.agrees(&serial("gw00001"), None));
    }

    #[test]
    fn a_pattern_says_what_is_wrong_with_it() {
        for (text, fault) in [
            ("", BadPattern::NoPlace),
            ("SN", BadPattern::NoPlace),
            ("{serial}{mac}", BadPattern::Touching),
            ("{serial}/{serial}", BadPattern::Twice("serial")),
            ("{sn}", BadPattern::Place("{sn}".to_owned())),
            ("{serial", BadPattern::Place("{serial".to_owned())),
        ] {
            assert_eq!(text.parse::<LabelPattern>(), Err(fault), "{text}");
        }
        assert_eq!("x".repeat(201).parse::<LabelPattern>(), Err(BadPattern::Length));
    }

    proptest! {
        #[test]
        fn what_was_printed_is_read_back(serial in "[A-Za-z][A-Za-z0-9]{3,20}", bytes in any::<[u8; 5]>()) {
            let mac = format!("02:{}", bytes.map(|b| format!("{b:02x}")).join(":"));
            let label = read("SN={serial}|{mac}", &format!("SN={serial}|{mac}")).unwrap();
            prop_assert_eq!(label.to_string(), format!("{serial} {mac}"));
        }

        #[test]
        fn nothing_that_is_scanned_breaks_a_pattern(scanned in "\\PC{0,80}", pattern in "[a-z{}:]{0,12}") {
            if let Ok(pattern) = pattern.parse::<LabelPattern>() {
                prop_assert_eq!(pattern.to_string().parse::<LabelPattern>(), Ok(pattern.clone()));
                let _ = pattern.read(&SerialRule::default(), &scanned);
            }
            let _ = read("SN:{serial};MAC:{mac}", &scanned);
        }
    }
}
