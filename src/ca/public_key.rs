//! Public keys that this product certifies: points on P-256 and P-384, checked to lie on their curve. One key has
//! one spelling here (uncompressed, named curve), so that its digest finds it again however a device writes it.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{self, Decode};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;

/// The kinds of key that a certificate may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    /// Elliptic curve P-256 (secp256r1; FIPS 186-5).
    #[serde(rename = "ec-p256")]
    EcP256,
    /// Elliptic curve P-384 (secp384r1; FIPS 186-5).
    #[serde(rename = "ec-p384")]
    EcP384,
}

/// Why a text is no kind of key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a kind of key; there are ec-p256 and ec-p384")]
pub struct BadKeyKind(String);

impl KeyKind {
    /// All kinds.
    pub const ALL: [KeyKind; 2] = [KeyKind::EcP256, KeyKind::EcP384];

    /// The word in profiles and records.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyKind::EcP256 => "ec-p256",
            KeyKind::EcP384 => "ec-p384",
        }
    }

    /// Everything of the DER SubjectPublicKeyInfo that stands before the uncompressed point (RFC 5480 §2).
    fn spki_head(self) -> &'static [u8] {
        match self {
            KeyKind::EcP256 => {
                b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"
            }
            KeyKind::EcP384 => {
                b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"
            }
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyKind {
    type Err = BadKeyKind;
    fn from_str(text: &str) -> Result<KeyKind, BadKeyKind> {
        KeyKind::ALL.into_iter().find(|k| k.as_str() == text).ok_or_else(|| BadKeyKind(text.to_owned()))
    }
}

/// The hash of an ECDSA signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Why bytes are no public key of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPublicKey {
    /// Not a DER SubjectPublicKeyInfo.
    #[error("the public key cannot be read: {0}")]
    Garbage(der::Error),
    /// A key of another kind.
    #[error("the public key is {0}; only P-256 and P-384 keys are accepted")]
    Unsupported(String),
    /// The coordinates are no point of the curve.
    #[error("the public key is not a point on its curve ({0})")]
    NotOnCurve(KeyKind),
}

impl Coded for BadPublicKey {
    fn code(&self) -> Code {
        match self {
            BadPublicKey::Garbage(_) | BadPublicKey::NotOnCurve(_) => Code::CsrGarbage,
            BadPublicKey::Unsupported(_) => Code::KeyTypeRefused,
        }
    }
}

/// A public key on P-256 or P-384. Two are equal when they are the same point on the same curve.
#[derive(Clone)]
pub struct PublicKey {
    kind: KeyKind,
    spki: Vec<u8>,
}

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const NAMED: [(ObjectIdentifier, &str); 6] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"), "an RSA key"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"), "an RSA-PSS key"),
    (ObjectIdentifier::new_unwrap("1.3.101.112"), "an Ed25519 key"),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), "an Ed448 key"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), "an EC key on P-521"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), "an EC key on secp256k1"),
];

impl PublicKey {
    /// From a DER SubjectPublicKeyInfo without trailing bytes (RFC 5280 §4.1.2.7, RFC 5480). A compressed point
    /// is taken and written uncompressed from then on.
    pub fn from_spki_der(spki: &[u8]) -> Result<PublicKey, BadPublicKey> {
        let spki = SubjectPublicKeyInfoRef::from_der(spki).map_err(BadPublicKey::Garbage)?;
        if spki.algorithm.oid != EC {
            return Err(BadPublicKey::Unsupported(named(spki.algorithm.oid, "a key of algorithm")));
        }
        let kind = match spki.algorithm.parameters_oid() {
            Ok(P256) => KeyKind::EcP256,
            Ok(P384) => KeyKind::EcP384,
            Ok(curve) => return Err(BadPublicKey::Unsupported(named(curve, "an EC key on curve"))),
            Err(_) => return Err(BadPublicKey::Unsupported("an EC key without a named curve".to_owned())),
        };
        let point = spki.subject_public_key.as_bytes().ok_or(BadPublicKey::NotOnCurve(kind))?;
        PublicKey::from_point(kind, point)
    }

    /// From an encoded point (SEC 1 §2.3.3), compressed or not.
    pub(super) fn from_point(kind: KeyKind, point: &[u8]) -> Result<PublicKey, BadPublicKey> {
        // SEC 1 also knows 00 (infinity) and 05 (compact), which no certificate may carry (RFC 5480 §2.2)
        if !matches!(point.first(), Some(2..=4)) {
            return Err(BadPublicKey::NotOnCurve(kind));
        }
        let off_curve = |_| BadPublicKey::NotOnCurve(kind);
        let mut spki = kind.spki_head().to_vec();
        match kind {
            KeyKind::EcP256 => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(off_curve)?;
                spki.extend_from_slice(key.to_sec1_point(false).as_bytes());
            }
            KeyKind::EcP384 => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(off_curve)?;
                spki.extend_from_slice(key.to_sec1_point(false).as_bytes());
            }
        }
        Ok(PublicKey { kind, spki })
    }

    /// From the uncompressed point of a pair that was made here, which lies on its curve.
    pub(super) fn of_pair_made_here(kind: KeyKind, point: &[u8]) -> PublicKey {
        PublicKey { kind, spki: [kind.spki_head(), point].concat() }
    }

    /// The key as DER SubjectPublicKeyInfo: named curve, uncompressed point.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// Its kind.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// SHA-256 of [`PublicKey::spki_der`]: the name of the key in the records.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.spki)
    }

    /// The uncompressed point alone.
    pub(super) fn point_bytes(&self) -> &[u8] {
        self.spki.get(self.kind().spki_head().len()..).unwrap_or_default()
    }

    /// Whether this is a DER ECDSA signature by this key over the message (FIPS 186-5 §6.4.2). The hash need not
    /// have the length of the curve.
    pub(super) fn verifies(&self, hash: Hash, message: &[u8], signed: &[u8]) -> bool {
        let algorithm = match (self.kind, hash) {
            (KeyKind::EcP256, Hash::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
            (KeyKind::EcP256, Hash::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
            (KeyKind::EcP256, Hash::Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
            (KeyKind::EcP384, Hash::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
            (KeyKind::EcP384, Hash::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
            (KeyKind::EcP384, Hash::Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
        };
        UnparsedPublicKey::new(algorithm, self.point_bytes()).verify(message, signed).is_ok()
    }
}

fn named(oid: ObjectIdentifier, otherwise: &str) -> String {
    match NAMED.iter().find(|(known, _)| *known == oid) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("{otherwise} {oid}"),
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &PublicKey) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.kind(), self.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::key::KeyPair;
    use proptest::prelude::*;

    #[test]
    fn a_key_has_one_spelling_whether_its_point_comes_compressed_or_not() {
        for kind in KeyKind::ALL {
            let key = KeyPair::generate(kind).unwrap().public_key().clone();
            let again = PublicKey::from_spki_der(key.spki_der()).unwrap();
            assert_eq!((again.kind(), again.digest()), (kind, key.digest()));
            let point = key.point_bytes();
            let mut compressed = vec![2 + (point[point.len() - 1] & 1)];
            compressed.extend_from_slice(&point[1..=(point.len() - 1) / 2]);
            assert_eq!(PublicKey::from_point(kind, &compressed).unwrap(), key);
        }
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        for kind in KeyKind::ALL {
            let mut spki = KeyPair::generate(kind).unwrap().public_key().spki_der().to_vec();
            *spki.last_mut().unwrap() ^= 1;
            assert_eq!(PublicKey::from_spki_der(&spki), Err(BadPublicKey::NotOnCurve(kind)));
            assert_eq!(PublicKey::from_point(kind, &[0]), Err(BadPublicKey::NotOnCurve(kind)));
        }
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let mut spki = KeyPair::generate(KeyKind::EcP256).unwrap().public_key().spki_der().to_vec();
        spki.push(0);
        assert!(matches!(PublicKey::from_spki_der(&spki), Err(BadPublicKey::Garbage(_))));
    }

    #[test]
    fn each_kind_is_read_back() {
        for kind in KeyKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert!("rsa-2048".parse::<KeyKind>().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(PublicKey::from_spki_der(&bytes).is_err());
        }
    }
}
