//! All that the simulator invents (keys, etags, tracking IDs): drawn from one seed, so that a test can
//! repeat it. HMAC-SHA256 of a counter under the seed.

use std::fmt::Write;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::secret::Secret;

/// A stream of bytes fixed by its seed.
pub(super) struct Randomness {
    key: hmac::Key,
    drawn: u64,
}

impl Randomness {
    /// The stream of this seed, from its beginning.
    pub(super) fn new(seed: &[u8; 32]) -> Randomness {
        Randomness { key: hmac::Key::new(hmac::HMAC_SHA256, seed), drawn: 0 }
    }

    /// A stream of its own, different from what this one gives.
    pub(super) fn fork(&mut self) -> Randomness {
        let block = self.block();
        Randomness { key: hmac::Key::new(hmac::HMAC_SHA256, block.as_ref()), drawn: 0 }
    }

    fn block(&mut self) -> hmac::Tag {
        self.drawn += 1;
        hmac::sign(&self.key, &self.drawn.to_be_bytes())
    }

    /// A key as DPS generates it: 64 bytes.
    pub(super) fn key(&mut self) -> Secret {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(self.block().as_ref());
        bytes.extend_from_slice(self.block().as_ref());
        Secret::new(bytes)
    }

    /// The given number of lower-case hex digits, at most 64.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.block().as_ref() {
            // writing to a String cannot fail
            let _ = write!(text, "{byte:02x}");
        }
        text.truncate(digits);
        text
    }

    /// A GUID in its usual form.
    pub(super) fn guid(&mut self) -> String {
        let hex = self.hex(32);
        let part = |from, to| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }

    /// An etag as DPS makes them: base64 of a GUID in double quotes.
    pub(super) fn etag(&mut self) -> String {
        STANDARD.encode(format!("\"{}\"", self.guid()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_no_value_twice() {
        let mut a = Randomness::new(&[7; 32]);
        let mut b = Randomness::new(&[7; 32]);
        let first = a.guid();
        assert_eq!(first, b.guid());
        assert_ne!(first, a.guid());
        assert_eq!(first.len(), 36);
        assert_eq!(a.key().len(), 64);
        let etag = STANDARD.decode(a.etag()).unwrap();
        assert!(etag.starts_with(b"\"") && etag.ends_with(b"\"") && etag.len() == 38);
    }
}
