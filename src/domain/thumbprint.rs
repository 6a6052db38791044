//! Thumbprints of certificates: what Azure, Windows and people call a certificate by.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::digest::Digest;

/// A digest over a certificate's DER. SHA-1 only finds certificates here; nothing is judged by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thumbprint {
    /// 40 hexadecimal digits, as Azure and Windows show it.
    Sha1([u8; 20]),
    /// 64 hexadecimal digits.
    Sha256(Digest),
}

/// Why a text is no thumbprint.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a thumbprint has 40 or 64 hexadecimal digits")]
pub struct BadThumbprint;

impl Thumbprint {
    /// The SHA-1 thumbprint of a certificate.
    pub fn sha1(der: &[u8]) -> Thumbprint {
        let mut bytes = [0; 20];
        for (byte, computed) in bytes.iter_mut().zip(digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()) {
            *byte = *computed;
        }
        Thumbprint::Sha1(bytes)
    }

    /// The SHA-256 thumbprint of a certificate.
    pub fn sha256(der: &[u8]) -> Thumbprint {
        Thumbprint::Sha256(Digest::of(der))
    }

    /// Whether it is that of this certificate.
    pub fn is_of(&self, der: &[u8]) -> bool {
        match self {
            Thumbprint::Sha1(_) => *self == Thumbprint::sha1(der),
            Thumbprint::Sha256(_) => *self == Thumbprint::sha256(der),
        }
    }

    /// Its first eight bytes as one number, for an index that is small.
    pub fn start(&self) -> i64 {
        let bytes = self.bytes();
        let mut start = [0; 8];
        for (byte, first) in start.iter_mut().zip(bytes) {
            *byte = *first;
        }
        i64::from_be_bytes(start)
    }

    /// Its 20 or 32 bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Thumbprint::Sha1(bytes) => bytes,
            Thumbprint::Sha256(digest) => digest.as_bytes(),
        }
    }
}

impl fmt::Display for Thumbprint {
    /// Lower-case digits without separators.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.bytes()))
    }
}

impl FromStr for Thumbprint {
    type Err = BadThumbprint;
    /// Takes the digits in any case, alone or separated by colons, dashes or spaces.
    fn from_str(text: &str) -> Result<Thumbprint, BadThumbprint> {
        let digits: String = text.chars().filter(|ch| !matches!(ch, ':' | '-' | ' ')).take(65).collect();
        let (mut sha1, mut sha256) = ([0; 20], [0; 32]);
        if hex::decode_to_slice(&digits, &mut sha1).is_ok() {
            return Ok(Thumbprint::Sha1(sha1));
        }
        match hex::decode_to_slice(&digits, &mut sha256) {
            Ok(()) => Ok(Thumbprint::Sha256(Digest::from_bytes(sha256))),
            Err(_) => Err(BadThumbprint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_thumbprints_of_abc_are_the_published_digests() {
        let sha1 = Thumbprint::sha1(b"abc");
        assert_eq!(sha1.to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(sha1.start().to_be_bytes()[..4], [0xa9, 0x99, 0x3e, 0x36]);
        assert!(sha1.is_of(b"abc") && !sha1.is_of(b"abd"));
        assert!(Thumbprint::sha256(b"abc").is_of(b"abc"));
    }

    #[test]
    fn it_is_read_as_people_copy_it() {
        let plain = "a9993e364706816aba3e25717850c26c9cd0d89d";
        let pairs: Vec<&str> = (0..20).map(|at| &plain[at * 2..at * 2 + 2]).collect();
        for written in [plain.to_uppercase(), pairs.join(":"), pairs.join(" "), pairs.join("-")] {
            assert_eq!(written.parse(), Ok(Thumbprint::sha1(b"abc")), "{written}");
        }
        assert_eq!(Digest::of(b"abc").to_string().parse(), Ok(Thumbprint::sha256(b"abc")));
        for other in ["", "a9", "zz993e364706816aba3e25717850c26c9cd0d89d", &"a".repeat(63), &"a".repeat(66)]
        {
            assert_eq!(other.parse::<Thumbprint>(), Err(BadThumbprint), "{other}");
        }
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics(text in "\\PC{0,90}") {
            let _ = text.parse::<Thumbprint>();
        }
    }
}
