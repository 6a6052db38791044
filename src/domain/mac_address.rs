//! EUI-48 addresses: read in the forms devices print, kept and printed as `aa:bb:cc:dd:ee:ff`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::code::{Code, Coded};

/// The MAC address of one network interface; never multicast, broadcast or all zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddress([u8; 6]);

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Why a text is no MAC address of a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMac {
    /// Not twelve hexadecimal digits.
    #[error("a MAC address has 12 hexadecimal digits, this one has {0}")]
    Length(usize),
    /// A character that is neither a digit nor a separator in its place.
    #[error("character {ch:?} at position {at} does not belong in a MAC address")]
    Char {
        /// Counted from 1.
        at: usize,
        /// What stands there.
        ch: char,
    },
    /// All zeros, all ones, or the group bit set: no single device has it.
    #[error("{0} is a placeholder or multicast address, not that of one device")]
    Placeholder(String),
}

impl Coded for BadMac {
    fn code(&self) -> Code {
        match self {
            BadMac::Length(_) | BadMac::Char { .. } => Code::MacInvalid,
            BadMac::Placeholder(_) => Code::Placeholder,
        }
    }
}

impl MacAddress {
    /// The six bytes in transmission order.
    pub fn bytes(&self) -> [u8; 6] {
        self.0
    }

    /// `aa-bb-cc-dd-ee-ff`, the form used inside registration IDs.
    pub fn dashed(&self) -> String {
        self.joined("-")
    }

    fn joined(&self, separator: &str) -> String {
        let mut text = String::with_capacity(17);
        for (at, byte) in self.0.iter().enumerate() {
            if at > 0 {
                text.push_str(separator);
            }
            text.extend([byte >> 4, byte & 0xf].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
        text
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined(":"))
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacAddress({self})")
    }
}

impl FromStr for MacAddress {
    type Err = BadMac;

    /// Takes `a1:b2:…`, `A1-B2-…`, `a1b2.c3d4.e5f6` and twelve bare digits, in any case.
    fn from_str(text: &str) -> Result<MacAddress, BadMac> {
        let mut digits = Vec::with_capacity(12);
        for (at, ch) in text.chars().enumerate() {
            let separates = matches!(ch, ':' | '-' | '.') && !digits.is_empty() && digits.len() % 2 == 0;
            match ch.to_digit(16) {
                Some(value) => digits.push(u8::try_from(value).unwrap_or(0)),
                None if separates => {}
                None => return Err(BadMac::Char { at: at + 1, ch }),
            }
            if digits.len() > 12 {
                return Err(BadMac::Length(text.chars().filter(char::is_ascii_hexdigit).count()));
            }
        }
        if digits.len() != 12 {
            return Err(BadMac::Length(digits.len()));
        }
        let mut bytes = [0; 6];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair.iter().fold(0, |high, low| high * 16 + low);
        }
        let mac = MacAddress(bytes);
        // IEEE 802: the lowest bit of the first byte marks a group address; ff:ff:ff:ff:ff:ff has it too
        if bytes == [0; 6] || bytes[0] & 1 == 1 {
            return Err(BadMac::Placeholder(mac.to_string()));
        }
        Ok(mac)
    }
}

impl TryFrom<String> for MacAddress {
    type Error = BadMac;
    fn try_from(text: String) -> Result<MacAddress, BadMac> {
        text.parse()
    }
}

impl From<MacAddress> for String {
    fn from(mac: MacAddress) -> String {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_after_print_is_identity(mut bytes in any::<[u8; 6]>()) {
            bytes[0] &= 0xfe;
            prop_assume!(bytes != [0; 6]);
            let mac = MacAddress(bytes);
            prop_assert_eq!(mac.to_string().parse::<MacAddress>().unwrap(), mac);
            prop_assert_eq!(mac.dashed().to_uppercase().parse::<MacAddress>().unwrap(), mac);
            prop_assert_eq!(hex::encode(bytes).parse::<MacAddress>().unwrap(), mac);
        }

        #[test]
        fn hostile_text_never_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<MacAddress>();
        }
    }

    #[test]
    fn errors_say_where_and_what() {
        let parse = |text: &str| text.parse::<MacAddress>().unwrap_err();
        assert_eq!(parse("a1:b2:c3:d4:e5"), BadMac::Length(10));
        assert_eq!(parse("a1:b2:c3:d4:e5:g6"), BadMac::Char { at: 16, ch: 'g' });
        assert_eq!(parse("a:1b2c3d4e5f6"), BadMac::Char { at: 2, ch: ':' });
        assert_eq!(parse(""), BadMac::Length(0));
        for placeholder in ["00:00:00:00:00:00", "FFFFFFFFFFFF", "01-00-5e-00-00-01"] {
            assert_eq!(parse(placeholder).code(), Code::Placeholder, "{placeholder}");
        }
    }
}
