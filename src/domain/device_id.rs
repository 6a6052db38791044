//! IoT Hub device IDs: case-sensitive, kept to the characters all of Azure's pages agree on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::code::{Code, Coded};
use super::registration_id::RegistrationId;

/// The identity a device has at its hub: 1 to 128 of `[A-Za-z0-9._:-]`, beginning with a letter or digit.
/// It is the registration ID unless the recipe names another (Azure: IoT Hub identity registry).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId(String);

/// Why a text is no device ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDeviceId {
    /// Empty or too long.
    #[error("a device ID has 1 to 128 characters, this one has {0}")]
    Length(usize),
    /// A character that is not allowed there.
    #[error("character {ch:?} at position {at} is not allowed in a device ID")]
    Char {
        /// Counted from 1.
        at: usize,
        /// What stands there.
        ch: char,
    },
}

impl Coded for BadDeviceId {
    fn code(&self) -> Code {
        Code::DeviceIdInvalid
    }
}

impl DeviceId {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&RegistrationId> for DeviceId {
    fn from(id: &RegistrationId) -> DeviceId {
        DeviceId(id.as_str().to_owned())
    }
}

impl FromStr for DeviceId {
    type Err = BadDeviceId;
    fn from_str(text: &str) -> Result<DeviceId, BadDeviceId> {
        let length = text.chars().count();
        if length == 0 || length > 128 {
            return Err(BadDeviceId::Length(length));
        }
        for (at, ch) in text.chars().enumerate() {
            let inner = at > 0 && matches!(ch, '.' | '_' | ':' | '-');
            if !ch.is_ascii_alphanumeric() && !inner {
                return Err(BadDeviceId::Char { at: at + 1, ch });
            }
        }
        Ok(DeviceId(text.to_owned()))
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DeviceId {
    type Error = BadDeviceId;
    fn try_from(text: String) -> Result<DeviceId, BadDeviceId> {
        text.parse()
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> String {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_after_print_is_identity(text in "[A-Za-z0-9][A-Za-z0-9._:-]{0,127}") {
            let id = text.parse::<DeviceId>().unwrap();
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn case_is_kept() {
        assert_eq!("Gateway-7".parse::<DeviceId>().unwrap().as_str(), "Gateway-7");
        assert_eq!("a b".parse::<DeviceId>(), Err(BadDeviceId::Char { at: 2, ch: ' ' }));
    }
}
