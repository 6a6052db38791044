//! A symmetric key as Azure's documents carry it: base64 text that is a secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

/// Base64 text of a key, not decoded and not checked: the service is the judge of it.
pub struct KeyText(Secret);

impl KeyText {
    /// Takes the text over.
    pub fn new(text: Secret) -> KeyText {
        KeyText(text)
    }

    /// The text.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Whether nothing stands there: the service masks keys so.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both texts stand for the same key, in a time that does not depend on where they differ.
    pub fn same_key(&self, other: &KeyText) -> bool {
        match (self.bytes(), other.bytes()) {
            (Some(ours), Some(theirs)) => ours.ct_eq(&theirs).into(),
            _ => false,
        }
    }

    fn bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        STANDARD.decode(self.0.expose().trim_ascii()).ok().map(Zeroizing::new)
    }
}

impl Serialize for KeyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(self.0.expose())
            .map_err(|_| serde::ser::Error::custom("a key's text is not UTF-8"))?;
        serializer.serialize_str(text)
    }
}

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<KeyText, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = KeyText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key as base64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<KeyText, E> {
                Ok(KeyText(Secret::from(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}
