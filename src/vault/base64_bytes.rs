//! Secret bytes as base64 inside JSON: encoded into and decoded from buffers that are wiped.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

/// Bytes on their way into a file, or out of it.
pub(super) enum Base64Bytes<'a> {
    Lent(&'a [u8]),
    Owned(Secret),
}

impl<'a> From<&'a Secret> for Base64Bytes<'a> {
    fn from(secret: &'a Secret) -> Base64Bytes<'a> {
        Base64Bytes::Lent(secret.expose())
    }
}

impl From<Base64Bytes<'_>> for Secret {
    fn from(bytes: Base64Bytes<'_>) -> Secret {
        match bytes {
            Base64Bytes::Lent(bytes) => Secret::new(bytes.to_vec()),
            Base64Bytes::Owned(secret) => secret,
        }
    }
}

impl Serialize for Base64Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = match self {
            Base64Bytes::Lent(bytes) => bytes,
            Base64Bytes::Owned(secret) => secret.expose(),
        };
        serializer.serialize_str(&encode(bytes))
    }
}

/// Standard base64 with padding, in a buffer that never grows.
pub(super) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(3) * 4));
    STANDARD.encode_string(bytes, &mut text);
    text
}

impl<'de> Deserialize<'de> for Base64Bytes<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
                // serde's own message would show the text
                STANDARD.decode(text).map(Secret::new).map_err(|_| E::custom("not base64"))
            }
        }

        deserializer.deserialize_str(Text).map(Base64Bytes::Owned)
    }
}
