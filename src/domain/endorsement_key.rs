//! The public part of a TPM's endorsement key, as makers list it and DPS enrolls it: base64 of a TPM2B_PUBLIC (TPM 2.0
//! Library, Part 2). It is only read as far as it takes to tell one from anything else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::code::{Code, Coded};

/// An endorsement key: TPM2B_PUBLIC of a restricted decryption key, RSA or ECC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndorsementKey(Vec<u8>);

/// Why a text is no endorsement key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEndorsementKey {
    /// Not base64.
    #[error("the endorsement key is not base64")]
    Base64,
    /// Its parts do not fit its length.
    #[error("the endorsement key is no whole TPM2B_PUBLIC: it ends too early or too late")]
    Length,
    /// Neither RSA nor ECC.
    #[error("the endorsement key is of type {0:#06x}, expected RSA or ECC")]
    Kind(u16),
    /// A key for something else, such as signing.
    #[error("the key is no endorsement key: it is not a restricted decryption key of its TPM")]
    Attributes,
}

impl Coded for BadEndorsementKey {
    fn code(&self) -> Code {
        Code::EndorsementKeyInvalid
    }
}

const RSA: u16 = 0x0001;
const ECC: u16 = 0x0023;
const NULL: u16 = 0x0010;
/// fixedTPM, fixedParent, sensitiveDataOrigin, restricted, decrypt: what the TCG's EK profiles set.
const DEMANDED: u32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 16 | 1 << 17;
const SIGN: u32 = 1 << 18;

/// What is left of the bytes.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], BadEndorsementKey> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BadEndorsementKey::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u16, BadEndorsementKey> {
        Ok(self.take(2)?.iter().fold(0, |number, byte| number << 8 | u16::from(*byte)))
    }

    fn long_number(&mut self) -> Result<u32, BadEndorsementKey> {
        Ok(self.take(4)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// Bytes that are preceded by their number.
    fn sized(&mut self) -> Result<&'a [u8], BadEndorsementKey> {
        let count = self.number()?;
        self.take(usize::from(count))
    }

    /// An algorithm with its parameters: none behind TPM_ALG_NULL.
    fn scheme(&mut self, parameters: usize) -> Result<(), BadEndorsementKey> {
        if self.number()? != NULL {
            self.take(2 * parameters)?;
        }
        Ok(())
    }
}

impl EndorsementKey {
    /// Reads the base64 of a TPM2B_PUBLIC.
    pub fn parse(text: &str) -> Result<EndorsementKey, BadEndorsementKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| BadEndorsementKey::Base64)?;
        EndorsementKey::from_bytes(bytes)
    }

    /// Reads a TPM2B_PUBLIC.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<EndorsementKey, BadEndorsementKey> {
        let mut whole = Rest(&bytes);
        let mut public = Rest(whole.sized()?);
        let kind = public.number()?;
        if kind != RSA && kind != ECC {
            return Err(BadEndorsementKey::Kind(kind));
        }
        let _name_algorithm = public.number()?;
        let attributes = public.long_number()?;
        if attributes & DEMANDED != DEMANDED || attributes & SIGN != 0 {
            return Err(BadEndorsementKey::Attributes);
        }
        public.sized()?; // the policy
        public.scheme(2)?; // the symmetric cipher: bits of its key, mode
        public.scheme(1)?;
        if kind == RSA {
            let bits = public.number()?;
            let _exponent = public.long_number()?;
            if public.sized()?.len() != usize::from(bits) / 8 || bits < 1024 {
                return Err(BadEndorsementKey::Length);
            }
        } else {
            let _curve = public.number()?;
            public.scheme(1)?;
            let (x, y) = (public.sized()?, public.sized()?);
            if x.is_empty() || y.is_empty() || x.len() > 66 || y.len() > 66 {
                return Err(BadEndorsementKey::Length);
            }
        }
        if !public.0.is_empty() || !whole.0.is_empty() {
            return Err(BadEndorsementKey::Length);
        }
        Ok(EndorsementKey(bytes))
    }

    /// The TPM2B_PUBLIC.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its base64, as DPS takes it.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sized(bytes: &[u8]) -> Vec<u8> {
        [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    /// By the TCG's EK profiles L-1 (RSA 2048) and L-2 (ECC P-256).
    fn key(kind: u16, attributes: u32) -> Vec<u8> {
        let mut public = [&kind.to_be_bytes()[..], &[0, 0x0b], &attributes.to_be_bytes()].concat();
        public.extend(sized(&[7; 32]));
        public.extend([0x00, 0x06, 0x00, 0x80, 0x00, 0x43, 0x00, 0x10]); // AES-128-CFB, no scheme
        if kind == RSA {
            public.extend([0x08, 0x00, 0, 0, 0, 0]);
            public.extend(sized(&[9; 256]));
        } else {
            public.extend([0x00, 0x03, 0x00, 0x10]);
            public.extend(sized(&[1; 32]));
            public.extend(sized(&[2; 32]));
        }
        sized(&public)
    }

    const USUAL: u32 = 0x0003_00b2;

    #[test]
    fn keys_of_both_kinds_are_read_and_written_back() {
        for kind in [RSA, ECC] {
            let bytes = key(kind, USUAL);
            let parsed = EndorsementKey::from_bytes(bytes.clone()).unwrap();
            assert_eq!(parsed.as_bytes(), bytes);
            assert_eq!(EndorsementKey::parse(&format!(" {}\n", parsed.base64())), Ok(parsed));
        }
    }

    #[test]
    fn what_is_none_is_refused_by_name() {
        let parse = |bytes: Vec<u8>| EndorsementKey::from_bytes(bytes).unwrap_err();
        assert_eq!(EndorsementKey::parse("not base64!"), Err(BadEndorsementKey::Base64));
        assert_eq!(parse(key(0x0008, USUAL)), BadEndorsementKey::Kind(8));
        assert_eq!(parse(key(RSA, 0x0005_0072)), BadEndorsementKey::Attributes, "a signing key");
        let whole = key(RSA, USUAL);
        assert_eq!(parse(whole[..whole.len() - 1].to_vec()), BadEndorsementKey::Length);
        assert_eq!(parse([whole, vec![0]].concat()), BadEndorsementKey::Length);
        assert_eq!(parse(Vec::new()), BadEndorsementKey::Length);
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..400usize) {
            let _ = EndorsementKey::from_bytes(bytes.clone());
            let mut real = key(RSA, USUAL);
            real.truncate(cut);
            real.append(&mut bytes);
            let _ = EndorsementKey::from_bytes(real);
        }
    }
}
