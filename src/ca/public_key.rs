//! Public keys that this product certifies: points on P-256, P-384 and P-521, checked to lie on their curve, and RSA
//! keys without the known weaknesses. One key has one spelling here (uncompressed point under a named curve, RSA with
//! NULL parameters), so that its digest finds it again however a device writes it.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use serde::{Deserialize, Serialize};
use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use x509_cert::der::{self, Decode, Encode};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::rsa_key::{RsaNumbers, WeakRsa};
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
    /// Elliptic curve P-521 (secp521r1; FIPS 186-5).
    #[serde(rename = "ec-p521")]
    EcP521,
    /// RSA with a modulus of exactly 2048 bits (RFC 8017).
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    /// RSA with a modulus of exactly 3072 bits.
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    /// RSA with a modulus of exactly 4096 bits.
    #[serde(rename = "rsa-4096")]
    Rsa4096,
}

/// Why a text is no kind of key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a kind of key; there are {KNOWN_KINDS}")]
pub struct BadKeyKind(String);

/// The words of all kinds, for messages.
pub const KNOWN_KINDS: &str = "ec-p256, ec-p384, ec-p521, rsa-2048, rsa-3072, rsa-4096";

impl KeyKind {
    /// All kinds.
    pub const ALL: [KeyKind; 6] = [
        KeyKind::EcP256,
        KeyKind::EcP384,
        KeyKind::EcP521,
        KeyKind::Rsa2048,
        KeyKind::Rsa3072,
        KeyKind::Rsa4096,
    ];
    /// Those that the station makes itself and asks devices on the line for; the others come in requests.
    pub const MADE_HERE: [KeyKind; 2] = [KeyKind::EcP256, KeyKind::EcP384];

    /// The word in profiles and records.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyKind::EcP256 => "ec-p256",
            KeyKind::EcP384 => "ec-p384",
            KeyKind::EcP521 => "ec-p521",
            KeyKind::Rsa2048 => "rsa-2048",
            KeyKind::Rsa3072 => "rsa-3072",
            KeyKind::Rsa4096 => "rsa-4096",
        }
    }

    /// Whether the key is a pair of RSA numbers rather than a point.
    pub fn is_rsa(self) -> bool {
        match self {
            KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521 => false,
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => true,
        }
    }
}

/// The curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn of(kind: KeyKind) -> Option<Curve> {
        match kind {
            KeyKind::EcP256 => Some(Curve::P256),
            KeyKind::EcP384 => Some(Curve::P384),
            KeyKind::EcP521 => Some(Curve::P521),
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => None,
        }
    }

    fn kind(self) -> KeyKind {
        match self {
            Curve::P256 => KeyKind::EcP256,
            Curve::P384 => KeyKind::EcP384,
            Curve::P521 => KeyKind::EcP521,
        }
    }

    /// Everything of the DER SubjectPublicKeyInfo that stands before the uncompressed point (RFC 5480 §2).
    fn spki_head(self) -> &'static [u8] {
        match self {
            Curve::P256 => {
                b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"
            }
            Curve::P384 => {
                b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"
            }
            Curve::P521 => {
                b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00"
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

/// The hash of a signature.
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
    #[error(
        "the public key is {0}; keys on P-256, P-384 and P-521 and RSA keys of 2048, 3072 and 4096 bits are accepted"
    )]
    Unsupported(String),
    /// The coordinates are no point of the curve.
    #[error("the public key is not a point on its curve ({0})")]
    NotOnCurve(KeyKind),
    /// An RSA key that gives its secret away, or that nobody can use.
    #[error("{0}")]
    Rsa(#[from] WeakRsa),
}

impl Coded for BadPublicKey {
    fn code(&self) -> Code {
        match self {
            BadPublicKey::Garbage(_) => Code::CsrGarbage,
            BadPublicKey::NotOnCurve(_) => Code::KeyOffCurve,
            BadPublicKey::Unsupported(_) => Code::KeyTypeRefused,
            BadPublicKey::Rsa(weak) => weak.code(),
        }
    }
}

/// A public key. Two are equal when they are the same point on the same curve, or the same two RSA numbers.
#[derive(Clone)]
pub struct PublicKey {
    kind: KeyKind,
    spki: Vec<u8>,
    /// Where in it the content of the bit string begins.
    key_at: usize,
}

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const NAMED: [(ObjectIdentifier, &str); 4] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"), "an RSA-PSS key"),
    (ObjectIdentifier::new_unwrap("1.3.101.112"), "an Ed25519 key"),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), "an Ed448 key"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), "an EC key on secp256k1"),
];

impl PublicKey {
    /// From a DER SubjectPublicKeyInfo without trailing bytes (RFC 5280 §4.1.2.7, RFC 5480, RFC 3279 §2.3.1). A
    /// compressed point is taken and written uncompressed from then on; RSA parameters that were left out are written
    /// as NULL.
    pub fn from_spki_der(spki: &[u8]) -> Result<PublicKey, BadPublicKey> {
        let spki = SubjectPublicKeyInfoRef::from_der(spki).map_err(BadPublicKey::Garbage)?;
        let curve = match spki.algorithm.oid {
            EC => match spki.algorithm.parameters_oid() {
                Ok(P256) => Curve::P256,
                Ok(P384) => Curve::P384,
                Ok(P521) => Curve::P521,
                Ok(curve) => return Err(BadPublicKey::Unsupported(named(curve, "an EC key on curve"))),
                Err(_) => {
                    return Err(BadPublicKey::Unsupported("an EC key without a named curve".to_owned()));
                }
            },
            RSA => return PublicKey::from_rsa(&spki),
            other => return Err(BadPublicKey::Unsupported(named(other, "a key of algorithm"))),
        };
        let point = spki.subject_public_key.as_bytes().ok_or(BadPublicKey::NotOnCurve(curve.kind()))?;
        PublicKey::on_curve(curve, point)
    }

    /// From an encoded point (SEC 1 §2.3.3), compressed or not.
    pub(super) fn from_point(kind: KeyKind, point: &[u8]) -> Result<PublicKey, BadPublicKey> {
        match Curve::of(kind) {
            Some(curve) => PublicKey::on_curve(curve, point),
            None => Err(BadPublicKey::NotOnCurve(kind)),
        }
    }

    fn on_curve(curve: Curve, point: &[u8]) -> Result<PublicKey, BadPublicKey> {
        let kind = curve.kind();
        // SEC 1 also knows 00 (infinity) and 05 (compact), which no certificate may carry (RFC 5480 §2.2)
        if !matches!(point.first(), Some(2..=4)) {
            return Err(BadPublicKey::NotOnCurve(kind));
        }
        let off_curve = |_| BadPublicKey::NotOnCurve(kind);
        let mut spki = curve.spki_head().to_vec();
        let key_at = spki.len();
        match curve {
            Curve::P256 => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(off_curve)?;
                spki.extend_from_slice(key.to_sec1_point(false).as_bytes());
            }
            Curve::P384 => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(off_curve)?;
                spki.extend_from_slice(key.to_sec1_point(false).as_bytes());
            }
            Curve::P521 => {
                let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(off_curve)?;
                spki.extend_from_slice(key.to_sec1_point(false).as_bytes());
            }
        }
        Ok(PublicKey { kind, spki, key_at })
    }

    fn from_rsa(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<PublicKey, BadPublicKey> {
        if spki.algorithm.parameters.is_some_and(|parameters| parameters != AnyRef::NULL) {
            return Err(BadPublicKey::Unsupported("an RSA key with parameters".to_owned()));
        }
        // a bit string that does not end with a byte is no structure either
        let key = spki.subject_public_key.as_bytes().unwrap_or_default();
        let numbers = RsaNumbers::read(key).map_err(BadPublicKey::Garbage)?;
        let bits = numbers.bits();
        let kind = match bits {
            2048 => KeyKind::Rsa2048,
            3072 => KeyKind::Rsa3072,
            4096 => KeyKind::Rsa4096,
            _ => {
                numbers.check_size()?;
                return Err(BadPublicKey::Unsupported(format!("an RSA key of {bits} bits")));
            }
        };
        numbers.check()?;
        let canonical = BitStringRef::from_bytes(key).and_then(|subject_public_key| {
            let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) };
            SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der()
        });
        let spki = canonical.map_err(BadPublicKey::Garbage)?;
        // the bit string is the last thing in it
        let key_at = spki.len().saturating_sub(key.len());
        Ok(PublicKey { kind, spki, key_at })
    }

    /// From the uncompressed point of a pair that was made here, which lies on its curve.
    pub(super) fn of_pair_made_here(kind: KeyKind, point: &[u8]) -> PublicKey {
        let head = Curve::of(kind).map(Curve::spki_head).unwrap_or_default();
        PublicKey { kind, spki: [head, point].concat(), key_at: head.len() }
    }

    /// The key as DER SubjectPublicKeyInfo: named curve and uncompressed point, or RSA with NULL parameters.
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

    /// The content of the bit string alone: the uncompressed point, or the DER RSAPublicKey (RFC 8017 §A.1.1).
    pub(super) fn key_bytes(&self) -> &[u8] {
        self.spki.get(self.key_at..).unwrap_or_default()
    }

    /// What the key consists of, in big-endian bytes.
    pub fn numbers(&self) -> KeyNumbers<'_> {
        let key = self.key_bytes();
        match RsaNumbers::read(key) {
            Ok(RsaNumbers { modulus, exponent }) if self.kind.is_rsa() => {
                KeyNumbers::Rsa { modulus, exponent }
            }
            _ => {
                let (x, y) = key.get(1..).unwrap_or_default().split_at(key.len() / 2);
                KeyNumbers::Point { x, y }
            }
        }
    }

    /// Whether this is a signature by this key over the message: DER ECDSA (FIPS 186-5 §6.4.2), where the hash need
    /// not have the length of the curve, or RSA with PKCS#1 v1.5 padding (RFC 8017 §8.2.2).
    pub(super) fn verifies(&self, hash: Hash, message: &[u8], signed: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match (Curve::of(self.kind), hash) {
            (Some(Curve::P256), Hash::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Some(Curve::P256), Hash::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
            (Some(Curve::P256), Hash::Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
            (Some(Curve::P384), Hash::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
            (Some(Curve::P384), Hash::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
            (Some(Curve::P384), Hash::Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
            (Some(Curve::P521), Hash::Sha256) => &signature::ECDSA_P521_SHA256_ASN1,
            (Some(Curve::P521), Hash::Sha384) => &signature::ECDSA_P521_SHA384_ASN1,
            (Some(Curve::P521), Hash::Sha512) => &signature::ECDSA_P521_SHA512_ASN1,
            (None, Hash::Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (None, Hash::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (None, Hash::Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        };
        UnparsedPublicKey::new(algorithm, self.key_bytes()).verify(message, signed).is_ok()
    }
}

/// The numbers a public key consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyNumbers<'a> {
    /// The coordinates, each in the full length of the curve's field.
    Point {
        /// The first.
        x: &'a [u8],
        /// The second.
        y: &'a [u8],
    },
    /// RSA's numbers, without leading zeros.
    Rsa {
        /// The modulus.
        modulus: &'a [u8],
        /// The public exponent.
        exponent: &'a [u8],
    },
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
mod tests;
