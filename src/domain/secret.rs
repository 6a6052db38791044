//! Bytes that must not be seen: no `Debug`, no `Display`, no `Serialize`, no `Clone`; wiped when dropped.

use std::io::{self, Write};

use serde::Serialize;
use zeroize::Zeroizing;

/// Secret bytes. The only way to read them is [`Secret::expose`], so that one search lists every use.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over; the caller's vector becomes the secret, no copy is made.
    pub fn new(bytes: Vec<u8>) -> Secret {
        Secret(Zeroizing::new(bytes))
    }

    /// This value as JSON. The buffer has its full size from the start, so that growing it leaves no copies.
    pub fn from_json(value: &impl Serialize) -> Result<Secret, serde_json::Error> {
        let mut size = Count(0);
        serde_json::to_writer(&mut size, value)?;
        let mut json = Zeroizing::new(Vec::with_capacity(size.0));
        serde_json::to_writer(&mut *json, value)?;
        Ok(Secret(json))
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

/// Counts what is written and keeps nothing.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret::new(text.into_bytes())
    }
}
