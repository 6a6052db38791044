//! A key for HMAC-SHA256 (RFC 2104, FIPS 198-1), expanded once and used for many messages. Derived keys,
//! tokens, proofs and check values all come from here.

mod short;

use hmac::digest::common::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use self::short::Short;

/// The state of HMAC-SHA256 after its key; wiped when dropped, never printed.
pub struct HmacKey {
    long: Hmac<Sha256>,
    short: Short,
}

impl HmacKey {
    /// Expands a key of any length; one over 64 bytes is hashed first, as the standard says.
    pub fn new(key: &[u8]) -> HmacKey {
        let mut block = Zeroizing::new([0; 64]);
        match block.get_mut(..key.len()) {
            Some(start) => start.copy_from_slice(key),
            None => block[..32].copy_from_slice(&Sha256::digest(key)),
        }
        let key: &Key<Hmac<Sha256>> = (&*block).into();
        HmacKey { long: Hmac::new(key), short: Short::new(&block) }
    }

    /// The tag of a message given in parts, which count as one message.
    pub fn tag(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut hmac = self.long.clone();
        for part in parts {
            hmac.update(part);
        }
        Zeroizing::new(hmac.finalize().into_bytes().into())
    }

    /// The tag of a message in one part, which is faster if it is short.
    pub fn tag_of(&self, message: &[u8]) -> Zeroizing<[u8; 32]> {
        self.short.tag(message).unwrap_or_else(|| self.tag(&[message]))
    }

    /// Whether this is the message's tag, in a time that does not depend on where they differ.
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.tag(parts).ct_eq(tag).into()
    }

    /// A second holder of the same key, where two owners are needed.
    pub fn duplicate(&self) -> HmacKey {
        HmacKey { long: self.long.clone(), short: self.short.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn tag(key: &[u8], message: &[u8]) -> String {
        hex::encode(*HmacKey::new(key).tag(&[message]))
    }

    #[test]
    fn the_published_vectors_hold_for_a_short_and_a_long_key() {
        // RFC 4231, test cases 2 and 6
        assert_eq!(
            tag(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            tag(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    proptest! {
        #[test]
        fn a_short_way_gives_the_same_tag(key in vec(any::<u8>(), 0..130), message in vec(any::<u8>(), 0..70)) {
            let key = HmacKey::new(&key);
            prop_assert_eq!(key.tag_of(&message), key.tag(&[&message]));
        }
    }

    #[test]
    fn each_length_has_the_same_tag_both_ways() {
        let key = HmacKey::new(&[7; 64]);
        for length in 0..=64 {
            let message = vec![0x61; length];
            assert_eq!(key.short.tag(&message).is_some(), length <= short::LONGEST);
            assert_eq!(key.tag_of(&message), key.tag(&[&message]), "{length}");
        }
    }

    #[test]
    fn a_key_is_used_again_and_parts_count_as_one_message() {
        let key = HmacKey::new(&[7; 64]);
        let whole = key.tag(&[b"abc"]);
        assert_eq!(*key.tag(&[b"a", b"", b"bc"]), *whole);
        assert_eq!(*key.duplicate().tag(&[b"abc"]), *whole);
        assert!(key.verify(&[b"abc"], &*whole));
        assert!(!key.verify(&[b"abd"], &*whole));
        assert!(!key.verify(&[b"abc"], &whole[..31]));
    }
}
