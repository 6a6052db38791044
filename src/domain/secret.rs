//! Bytes that must not be seen: no `Debug`, no `Display`, no `Serialize`, no `Clone`; wiped when dropped.

use zeroize::Zeroizing;

/// Secret bytes. The only way to read them is [`Secret::expose`], so that one search lists every use.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over; the caller's vector becomes the secret, no copy is made.
    pub fn new(bytes: Vec<u8>) -> Secret {
        Secret(Zeroizing::new(bytes))
    }

    /// The bytes themselves, for the moment of use.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A second holder of the same bytes, where two owners are needed (a file and its read-back).
    pub fn duplicate(&self) -> Secret {
        Secret(self.0.clone())
    }

    /// How many bytes there are: all that may be shown.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret::new(text.into_bytes())
    }
}
