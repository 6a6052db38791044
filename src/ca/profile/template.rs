//! Texts of a certificate that name the device: `{serial}`, `{mac}`, `{registration_id}` and `{device_id}` stand for what
//! it is called, everything else for itself.

use std::fmt::Write as _;

use crate::domain::mac_address::MacAddress;
use crate::domain::product::DeviceIdentity;
use crate::domain::serial_number::SerialNumber;

/// Whom a certificate is for.
#[derive(Debug, Clone, Copy)]
pub struct Whom<'a> {
    /// Its serial number.
    pub serial: &'a SerialNumber,
    /// Its MAC address, if it said one.
    pub mac: Option<&'a MacAddress>,
    /// Its identities.
    pub identity: &'a DeviceIdentity,
}

/// A text with places to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Serial,
    Mac,
    RegistrationId,
    DeviceId,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// Nothing in it.
    #[error("the text is empty")]
    Empty,
    /// A word between braces that stands for nothing.
    #[error("{{{0}}} is not known; there are {{serial}}, {{mac}}, {{registration_id}} and {{device_id}}")]
    Unknown(String),
    /// A brace without its other.
    #[error("a brace stands alone")]
    Brace,
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, BadTemplate> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, behind) = rest.split_at(at);
            let (word, after) = behind
                .strip_prefix('{')
                .and_then(|behind| behind.split_once('}'))
                .ok_or(BadTemplate::Brace)?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(match word {
                "serial" => Part::Serial,
                "mac" => Part::Mac,
                "registration_id" => Part::RegistrationId,
                "device_id" => Part::DeviceId,
                other => return Err(BadTemplate::Unknown(other.to_owned())),
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if parts.is_empty() { Err(BadTemplate::Empty) } else { Ok(Template(parts)) }
    }

    /// The text without any device; none if it names one.
    pub fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text for this device; none if it wants a MAC address and there is none.
    pub fn fill(&self, whom: &Whom<'_>) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Serial => text.push_str(whom.serial.as_str()),
                // writing to a string cannot fail
                Part::Mac => {
                    let _ = write!(text, "{}", whom.mac?);
                }
                Part::RegistrationId => text.push_str(whom.identity.registration_id.as_str()),
                Part::DeviceId => text.push_str(whom.identity.device_id.as_str()),
            }
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::throwaway::identity;

    #[test]
    fn a_template_names_the_device_and_refuses_what_it_does_not_know() {
        let (serial, mac) = ("SN-7".parse().unwrap(), "02:00:00:00:00:07".parse().unwrap());
        let whom = Whom { serial: &serial, mac: Some(&mac), identity: &identity("sn-7") };
        let filled = |text: &str| Template::parse(text).unwrap().fill(&whom);
        assert_eq!(filled("urn:dev:{serial}/{mac}"), Some("urn:dev:SN-7/02:00:00:00:00:07".to_owned()));
        assert_eq!(filled("{registration_id}.{device_id}"), Some("sn-7.sn-7".to_owned()));
        assert_eq!(filled("plain"), Some("plain".to_owned()));
        assert_eq!(Template::parse("plain").unwrap().fixed(), Some("plain"));
        assert_eq!(Template::parse("{serial}").unwrap().fixed(), None);
        let nameless = Whom { mac: None, ..whom };
        assert_eq!(Template::parse("{mac}").unwrap().fill(&nameless), None);
        for (text, fault) in [
            ("", BadTemplate::Empty),
            ("{model}", BadTemplate::Unknown("model".to_owned())),
            ("{serial", BadTemplate::Brace),
            ("serial}", BadTemplate::Brace),
        ] {
            assert_eq!(Template::parse(text), Err(fault), "{text}");
        }
    }
}
