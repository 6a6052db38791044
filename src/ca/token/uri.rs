//! Where a key lies in hardware: a PKCS#11 URI (RFC 7512), taken strictly. It names token, key and module; a PIN never
//! stands in it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::domain::code::{Code, Coded};

/// The longest text of a URI in bytes.
const LONGEST: usize = 2048;
/// The longest value of an attribute in bytes, decoded.
const LONGEST_VALUE: usize = 255;
/// CK_TOKEN_INFO holds a label of 32 bytes, padded with blanks.
const LONGEST_LABEL: usize = 32;
/// Attributes of RFC 7512 that say where something is plugged in or which library it is: what is plugged in again may
/// have another, so none of them finds a key for years.
const UNSTEADY: [&str; 6] = [
    "slot-id",
    "slot-description",
    "slot-manufacturer",
    "library-description",
    "library-manufacturer",
    "library-version",
];

/// Where a key lies: token, key and the library that speaks to it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenUri {
    text: String,
    token: String,
    serial: Option<String>,
    object: String,
    id: Option<Vec<u8>>,
    module: PathBuf,
}

/// Why a text names no key in a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadTokenUri {
    #[error("it does not begin with pkcs11:")]
    Scheme,
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("it holds a PIN ({0}), which belongs in the vault")]
    Pin(&'static str),
    #[error("{0} is not steady enough to find a key again; name token and object")]
    Unsteady(&'static str),
    #[error("there is no attribute {0} here; there are token, serial, object, id, type and module-path")]
    Unknown(String),
    #[error("{0} stands on the wrong side of the ?")]
    Side(&'static str),
    #[error("{0} stands twice")]
    Twice(&'static str),
    #[error("an attribute has no =")]
    NoValue,
    #[error("{attribute} holds a character that is to be written %XX")]
    Character { attribute: &'static str },
    #[error("{attribute} has a % that two hexadecimal digits do not follow")]
    Percent { attribute: &'static str },
    #[error("{attribute} is empty, too long, or no readable text")]
    Value { attribute: &'static str },
    #[error("type is to be private")]
    Type,
    #[error("module-path is to be an absolute path")]
    NotAbsolute,
    #[error("{0} is missing")]
    Missing(&'static str),
}

impl Coded for BadTokenUri {
    fn code(&self) -> Code {
        Code::TokenUriInvalid
    }
}

impl TokenUri {
    /// The token's label.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The token's serial number, if two tokens may have one label.
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// The key's label.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The key's CKA_ID, if two keys may have one label.
    pub fn id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }

    /// The place of another key in the same token.
    pub fn with_object(&self, object: &str, id: Option<&[u8]>) -> TokenUri {
        let (object, id) = (object.to_owned(), id.map(<[u8]>::to_vec));
        if (&object, &id) == (&self.object, &self.id) {
            return self.clone();
        }
        let mut text = format!("pkcs11:token={}", encoded(self.token.as_bytes(), false));
        if let Some(serial) = &self.serial {
            text.push_str(&format!(";serial={}", encoded(serial.as_bytes(), false)));
        }
        text.push_str(&format!(";object={}", encoded(object.as_bytes(), false)));
        if let Some(id) = &id {
            text.push_str(&format!(";id={}", encoded(id, false)));
        }
        let module = self.module.to_string_lossy();
        text.push_str(&format!("?module-path={}", encoded(module.as_bytes(), true)));
        TokenUri { text, object, id, ..self.clone() }
    }

    /// The library that speaks to the token.
    pub fn module(&self) -> &Path {
        &self.module
    }
}

/// The attributes, as far as they were met.
#[derive(Default)]
struct Met {
    token: Option<Vec<u8>>,
    serial: Option<Vec<u8>>,
    object: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
    kind: Option<Vec<u8>>,
    module: Option<Vec<u8>>,
}

impl FromStr for TokenUri {
    type Err = BadTokenUri;

    fn from_str(text: &str) -> Result<TokenUri, BadTokenUri> {
        if text.len() > LONGEST {
            return Err(BadTokenUri::TooLong);
        }
        let (scheme, rest) = text.split_once(':').ok_or(BadTokenUri::Scheme)?;
        if !scheme.eq_ignore_ascii_case("pkcs11") {
            return Err(BadTokenUri::Scheme);
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let mut met = Met::default();
        for attribute in path.split(';') {
            take(&mut met, attribute, false)?;
        }
        for attribute in query.into_iter().flat_map(|query| query.split('&')) {
            take(&mut met, attribute, true)?;
        }
        if met.kind.is_some_and(|kind| kind != b"private") {
            return Err(BadTokenUri::Type);
        }
        let token = words("token", met.token, LONGEST_LABEL)?.ok_or(BadTokenUri::Missing("token"))?;
        let object = words("object", met.object, LONGEST_VALUE)?.ok_or(BadTokenUri::Missing("object"))?;
        let serial = words("serial", met.serial, LONGEST_VALUE)?;
        let module = words("module-path", met.module, LONGEST)?.ok_or(BadTokenUri::Missing("module-path"))?;
        let module = PathBuf::from(module);
        if !module.is_absolute() {
            return Err(BadTokenUri::NotAbsolute);
        }
        if met.id.as_ref().is_some_and(|id| id.is_empty() || id.len() > LONGEST_VALUE) {
            return Err(BadTokenUri::Value { attribute: "id" });
        }
        Ok(TokenUri { text: text.to_owned(), token, serial, object, id: met.id, module })
    }
}

fn take(met: &mut Met, attribute: &str, in_query: bool) -> Result<(), BadTokenUri> {
    let (name, value) = attribute.split_once('=').ok_or(BadTokenUri::NoValue)?;
    let (name, place, belongs_in_query) = match name {
        "token" => ("token", &mut met.token, false),
        "serial" => ("serial", &mut met.serial, false),
        "object" => ("object", &mut met.object, false),
        "id" => ("id", &mut met.id, false),
        "type" => ("type", &mut met.kind, false),
        "module-path" => ("module-path", &mut met.module, true),
        "pin-value" => return Err(BadTokenUri::Pin("pin-value")),
        "pin-source" => return Err(BadTokenUri::Pin("pin-source")),
        other => {
            return Err(match UNSTEADY.into_iter().find(|unsteady| *unsteady == other) {
                Some(unsteady) => BadTokenUri::Unsteady(unsteady),
                None => BadTokenUri::Unknown(other.chars().filter(|c| !c.is_control()).take(40).collect()),
            });
        }
    };
    if in_query != belongs_in_query {
        return Err(BadTokenUri::Side(name));
    }
    if place.is_some() {
        return Err(BadTokenUri::Twice(name));
    }
    *place = Some(decoded(name, value, in_query)?);
    Ok(())
}

/// The bytes behind a value. What RFC 7512 §2.3 lets stand for itself does, everything else is `%XX`.
fn decoded(attribute: &'static str, value: &str, in_query: bool) -> Result<Vec<u8>, BadTokenUri> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let mut digits = [0; 2];
                for digit in &mut digits {
                    *digit = rest.next().ok_or(BadTokenUri::Percent { attribute })?;
                }
                let mut decoded = [0];
                hex::decode_to_slice(digits, &mut decoded).map_err(|_| BadTokenUri::Percent { attribute })?;
                bytes.extend(decoded);
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => bytes.push(byte),
            b'-' | b'.' | b'_' | b'~' | b':' | b'[' | b']' | b'@' | b'!' | b'$' | b'\'' | b'(' | b')' => {
                bytes.push(byte);
            }
            b'*' | b'+' | b',' | b'=' => bytes.push(byte),
            b'&' if !in_query => bytes.push(byte),
            b'/' | b'?' | b'|' if in_query => bytes.push(byte),
            _ => return Err(BadTokenUri::Character { attribute }),
        }
    }
    Ok(bytes)
}

/// The value as it stands in a URI; slashes stay as they are in the part after the `?`.
fn encoded(value: &[u8], in_query: bool) -> String {
    let mut text = String::new();
    for byte in value {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte))
            }
            b'/' if in_query => text.push('/'),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The value as text: not empty, at most this many bytes, no control characters.
fn words(
    attribute: &'static str,
    value: Option<Vec<u8>>,
    most: usize,
) -> Result<Option<String>, BadTokenUri> {
    let Some(bytes) = value else { return Ok(None) };
    let bad = BadTokenUri::Value { attribute };
    let Ok(text) = String::from_utf8(bytes) else { return Err(bad) };
    match text.is_empty() || text.len() > most || text.chars().any(char::is_control) {
        true => Err(bad),
        false => Ok(Some(text)),
    }
}

impl fmt::Display for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
