//! Registration IDs and the template that forms them. Azure compares them without case but hashes
//! them as given, so ours are lower-cased before anything is derived from them or stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::code::{Code, Coded};
use super::mac_address::MacAddress;
use super::serial_number::SerialNumber;

/// A DPS registration ID in lower case: at most 128 of `[a-z0-9._:-]`, first and last alphanumeric.
/// Source: Azure, "IoT Hub Device Provisioning Service concepts" and its OpenAPI document; both are obeyed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistrationId(String);

/// The longest registration ID that fits a certificate's CN (X.520 ub-common-name).
pub const LONGEST_WITH_X509: usize = 64;
/// The longest registration ID otherwise.
pub const LONGEST: usize = 128;

/// Why a text is no registration ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRegistrationId {
    /// Empty or too long.
    #[error("a registration ID has 1 to {most} characters, “{text}” has {length}")]
    Length {
        /// How many it has.
        length: usize,
        /// How many are allowed here.
        most: usize,
        /// Its first characters.
        text: String,
    },
    /// A character Azure does not accept.
    #[error("character {ch:?} at position {at} is not allowed in a registration ID")]
    Char {
        /// Counted from 1.
        at: usize,
        /// What stands there.
        ch: char,
    },
    /// Begins or ends with a separator.
    #[error("registration ID “{0}” does not begin and end with a letter or digit")]
    Ends(String),
}

impl Coded for BadRegistrationId {
    fn code(&self) -> Code {
        Code::RegistrationIdInvalid
    }
}

impl RegistrationId {
    /// In lower case, as it is stored, derived from and injected.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Becomes the ID that this text is, in the memory it has: for many in a row. A text that is none leaves the old
    /// ID in place.
    pub fn assign(&mut self, text: &str) -> Result<(), BadRegistrationId> {
        if !is_plain(text.as_bytes()) {
            *self = text.parse()?;
            return Ok(());
        }
        self.0.clear();
        self.0.push_str(text);
        self.0.make_ascii_lowercase();
        Ok(())
    }

    /// Checks the length for a credential whose CN carries the ID.
    pub fn fits_cn(&self) -> Result<(), BadRegistrationId> {
        if self.0.len() > LONGEST_WITH_X509 {
            return Err(BadRegistrationId::Length {
                length: self.0.len(),
                most: LONGEST_WITH_X509,
                text: self.0.chars().take(24).collect(),
            });
        }
        Ok(())
    }
}

/// Whether a text is a registration ID, told without finding out why it is none.
fn is_plain(text: &[u8]) -> bool {
    let may_stand = |byte: &u8| byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'_' | b':' | b'-');
    let ends = [text.first(), text.last()];
    text.len() <= LONGEST
        && ends.into_iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
        && text.iter().fold(true, |all, byte| all & may_stand(byte))
}

impl FromStr for RegistrationId {
    type Err = BadRegistrationId;
    fn from_str(text: &str) -> Result<RegistrationId, BadRegistrationId> {
        let text = text.to_ascii_lowercase();
        let length = text.chars().count();
        if length == 0 || length > LONGEST {
            let text = text.chars().take(24).collect();
            return Err(BadRegistrationId::Length { length, most: LONGEST, text });
        }
        for (at, ch) in text.chars().enumerate() {
            if !ch.is_ascii_alphanumeric() && !matches!(ch, '.' | '_' | ':' | '-') {
                return Err(BadRegistrationId::Char { at: at + 1, ch });
            }
        }
        let ends = |ch: Option<char>| ch.is_some_and(|c| c.is_ascii_alphanumeric());
        if !ends(text.chars().next()) || !ends(text.chars().last()) {
            return Err(BadRegistrationId::Ends(text));
        }
        Ok(RegistrationId(text))
    }
}

impl fmt::Display for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RegistrationId {
    type Error = BadRegistrationId;
    fn try_from(text: String) -> Result<RegistrationId, BadRegistrationId> {
        text.parse()
    }
}

impl From<RegistrationId> for String {
    fn from(id: RegistrationId) -> String {
        id.0
    }
}

/// A recipe's template such as `sn-{serial}-mac-{mac}`; `{serial}` and `{mac}` are its only words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTemplate {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Serial,
    Mac,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// A word in braces that is not known.
    #[error("the ID template knows {{serial}} and {{mac}}, not {{{0}}}")]
    Unknown(String),
    /// A brace that is never closed, or closes nothing.
    #[error("the ID template has a brace without its partner at position {0}")]
    Brace(usize),
    /// Neither serial nor MAC: every device would get the same ID.
    #[error("the ID template names neither {{serial}} nor {{mac}}, so all devices would share one ID")]
    Constant,
}

impl Coded for BadTemplate {
    fn code(&self) -> Code {
        Code::RegistrationIdInvalid
    }
}

impl FromStr for IdTemplate {
    type Err = BadTemplate;
    fn from_str(text: &str) -> Result<IdTemplate, BadTemplate> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            match rest.find(['{', '}']) {
                None => {
                    parts.push(Part::Text(rest.to_owned()));
                    rest = "";
                }
                Some(0) => {
                    let (word, after) = rest
                        .strip_prefix('{')
                        .and_then(|inner| inner.split_once('}'))
                        .ok_or(BadTemplate::Brace(at + 1))?;
                    parts.push(match word {
                        "serial" => Part::Serial,
                        "mac" => Part::Mac,
                        other => return Err(BadTemplate::Unknown(other.to_owned())),
                    });
                    rest = after;
                }
                Some(brace) => {
                    let (plain, after) = rest.split_at(brace);
                    parts.push(Part::Text(plain.to_owned()));
                    rest = after;
                }
            }
        }
        if !parts.iter().any(|part| matches!(part, Part::Serial | Part::Mac)) {
            return Err(BadTemplate::Constant);
        }
        Ok(IdTemplate { parts })
    }
}

impl fmt::Display for IdTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Serial => f.write_str("{serial}"),
            Part::Mac => f.write_str("{mac}"),
        })
    }
}

impl IdTemplate {
    /// Whether the template needs the device's MAC address.
    pub fn names_mac(&self) -> bool {
        self.parts.contains(&Part::Mac)
    }

    /// The text for one device, the MAC as `a1-b2-c3-d4-e5-f6`; not yet lower-cased or checked.
    /// A missing MAC leaves its place empty, which the recipe check rules out.
    pub fn fill(&self, serial: &SerialNumber, mac: Option<&MacAddress>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Serial => text.push_str(serial.as_str()),
                Part::Mac => text.push_str(&mac.map(MacAddress::dashed).unwrap_or_default()),
            }
        }
        text
    }

    /// The registration ID of one device.
    pub fn registration_id(
        &self,
        serial: &SerialNumber,
        mac: Option<&MacAddress>,
    ) -> Result<RegistrationId, BadRegistrationId> {
        self.fill(serial, mac).parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_after_print_is_identity(text in "[A-Za-z0-9][A-Za-z0-9._:-]{0,126}[A-Za-z0-9]") {
            let id = text.parse::<RegistrationId>().unwrap();
            prop_assert_eq!(id.to_string().parse::<RegistrationId>().unwrap(), id.clone());
            prop_assert_eq!(text.to_uppercase().parse::<RegistrationId>().unwrap(), id);
        }

        #[test]
        fn an_id_that_becomes_another_is_what_parsing_makes(
            texts in prop::collection::vec(
                prop_oneof!["[A-Za-z0-9._:-]{0,140}", "\\PC{0,20}", "[a-z0-9]{120,130}"],
                1..6,
            ),
        ) {
            let mut id: RegistrationId = "first".parse().unwrap();
            for text in texts {
                let before = id.clone();
                let parsed = text.parse::<RegistrationId>();
                prop_assert_eq!(is_plain(text.as_bytes()), parsed.is_ok());
                prop_assert_eq!(id.assign(&text), parsed.clone().map(|_| ()));
                prop_assert_eq!(&id, parsed.as_ref().unwrap_or(&before));
            }
        }

        #[test]
        fn serials_that_differ_in_case_collide(serial in "[A-Z0-9]{4,20}") {
            let template: IdTemplate = "sn-{serial}".parse().unwrap();
            if let (Ok(a), Ok(b)) = (serial.parse(), serial.to_lowercase().parse()) {
                prop_assert_eq!(template.registration_id(&a, None), template.registration_id(&b, None));
            }
        }

        #[test]
        fn a_template_prints_as_it_was_written(text in "[a-z-]{0,8}(\\{serial\\}|\\{mac\\})[a-z-]{0,8}") {
            prop_assert_eq!(text.parse::<IdTemplate>().unwrap().to_string(), text);
        }

        #[test]
        fn hostile_templates_never_panic(text in "[{}a-z\\PC]{0,30}") {
            let _ = text.parse::<IdTemplate>();
        }
    }

    #[test]
    fn the_documented_form_is_made() {
        let template: IdTemplate = "sn-{serial}-mac-{mac}".parse().unwrap();
        let serial = "007-888-ABC".parse().unwrap();
        let mac = "A0:B2:C3:D4:E5:F6".parse().unwrap();
        let id = template.registration_id(&serial, Some(&mac)).unwrap();
        assert_eq!(id.as_str(), "sn-007-888-abc-mac-a0-b2-c3-d4-e5-f6");
    }

    #[test]
    fn errors_say_where_and_what() {
        let parse = |text: &str| text.parse::<RegistrationId>().unwrap_err();
        assert_eq!(parse("sn 1"), BadRegistrationId::Char { at: 3, ch: ' ' });
        assert_eq!(parse("sn@1"), BadRegistrationId::Char { at: 3, ch: '@' });
        assert_eq!(parse("sn-"), BadRegistrationId::Ends("sn-".into()));
        assert!(matches!(parse(&"a".repeat(129)), BadRegistrationId::Length { length: 129, .. }));
        let long: RegistrationId = "a".repeat(65).parse().unwrap();
        assert!(long.fits_cn().is_err());
        assert_eq!("x-{imei}".parse::<IdTemplate>(), Err(BadTemplate::Unknown("imei".into())));
        assert_eq!("x-{mac".parse::<IdTemplate>(), Err(BadTemplate::Brace(3)));
        assert_eq!("x-mac}".parse::<IdTemplate>(), Err(BadTemplate::Brace(6)));
        assert_eq!("gateway".parse::<IdTemplate>(), Err(BadTemplate::Constant));
    }
}
