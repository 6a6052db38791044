//! Certificate requests (PKCS#10, RFC 2986): all that is kept of one is its key, and only when the request proves
//! that whoever sent it can use the private key. Names and extensions are ours, never the request's.

use std::borrow::Cow;

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{self, Decode, Encode, Reader, SliceReader};
use x509_cert::request::CertReq;

use super::key::KeyPair;
use super::pem::{self, BadPem};
use super::public_key::{BadPublicKey, Hash, PublicKey};
use crate::domain::code::{Code, Coded};
use crate::domain::pair::Pair;

/// The most bytes a request may have, PEM or DER; requests with an EC key have a few hundred, those with RSA
/// about two thousand.
pub const LARGEST_CSR: usize = 16 * 1024;

/// Signature algorithms that a request may be signed with, and whether they are RSA's: whatever the curve of its key
/// (RFC 5758 §3.2), whatever the size of its modulus (RFC 4055 §5).
const SIGNATURES: [(ObjectIdentifier, Hash, bool); 6] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), Hash::Sha256, false),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), Hash::Sha384, false),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), Hash::Sha512, false),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), Hash::Sha256, true),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), Hash::Sha384, true),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), Hash::Sha512, true),
];

/// A public key whose private key is known to be in the right hands. There are two ways to one: a request signed
/// by the key itself, and a key the station made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenKey(PublicKey);

impl ProvenKey {
    /// A key that the station itself holds: having the pair is the proof.
    pub fn made_here(key: &KeyPair) -> ProvenKey {
        ProvenKey(key.public_key().clone())
    }

    /// The key.
    pub fn public_key(&self) -> &PublicKey {
        &self.0
    }

    /// The key, for keeps.
    pub fn into_public_key(self) -> PublicKey {
        self.0
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCsr {
    /// Too many bytes.
    #[error("the certificate request has {0} bytes, at most 16384 are read")]
    TooLarge(usize),
    /// Neither DER nor PEM of a request.
    #[error("the certificate request cannot be read: {0}")]
    Garbage(der::Error),
    /// The PEM around it is damaged or of another kind.
    #[error("the certificate request cannot be read: {0}")]
    Pem(BadPem),
    /// Something stands behind it.
    #[error("{0} bytes stand behind the end of the certificate request")]
    TrailingBytes(usize),
    /// Its key is no key of ours: unreadable, of another kind, or off its curve.
    #[error("{0}")]
    Key(#[from] BadPublicKey),
    /// Signed in a way we do not check.
    #[error(
        "the certificate request is signed with algorithm {0}, expected ECDSA or RSA (PKCS#1 v1.5) with SHA-256, \
         SHA-384 or SHA-512"
    )]
    UnsupportedSignature(ObjectIdentifier),
    /// Not signed by its own key.
    #[error("the certificate request is not signed by its own key, so nothing shows that the device has it")]
    NotPossessed,
}

impl Coded for BadCsr {
    fn code(&self) -> Code {
        match self {
            BadCsr::TooLarge(_) => Code::CsrTooLarge,
            BadCsr::Garbage(_) | BadCsr::Pem(_) => Code::CsrGarbage,
            BadCsr::TrailingBytes(_) => Code::CsrTrailing,
            BadCsr::Key(key) => key.code(),
            BadCsr::UnsupportedSignature(_) => Code::CsrSignature,
            BadCsr::NotPossessed => Code::CsrNotPossessed,
        }
    }
}

/// The DER of a request in PEM or DER, of at most [`LARGEST_CSR`] bytes; nothing else of it is looked at.
pub fn to_der(csr: &[u8]) -> Result<Cow<'_, [u8]>, BadCsr> {
    if csr.len() > LARGEST_CSR {
        return Err(BadCsr::TooLarge(csr.len()));
    }
    // a request with a key is longer than 127 bytes, so its second byte, a DER length, is no ASCII character
    match csr {
        [0x30, 0x80..=0xff, ..] => Ok(Cow::Borrowed(csr)),
        _ => pem::decode(csr, &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"])
            .map(Cow::Owned)
            .map_err(from_pem),
    }
}

/// Whether both requests of a device are for one and the same key.
pub fn are_alike(keys: &Pair<ProvenKey>) -> bool {
    let digest = |key: &ProvenKey| key.public_key().digest();
    keys.secondary.as_ref().is_some_and(|second| digest(second) == digest(&keys.primary))
}

/// The key of a request, in PEM or DER, of at most [`LARGEST_CSR`] bytes. The kind of key is read from the key
/// itself, never guessed from the signature, so a P-384 request signed with SHA-256 is what it says it is.
pub fn proven_key(csr: &[u8]) -> Result<ProvenKey, BadCsr> {
    let der = to_der(csr)?;
    let der = der.as_ref();
    let signed_part = signed_part(der)?;
    let request = CertReq::from_der(der).map_err(BadCsr::Garbage)?;
    let key = request.info.public_key.to_der().map_err(BadCsr::Garbage)?;
    let key = PublicKey::from_spki_der(&key)?;
    let algorithm = request.algorithm.oid;
    let (_, hash, is_rsa) = SIGNATURES
        .iter()
        .find(|(known, _, _)| *known == algorithm)
        .ok_or(BadCsr::UnsupportedSignature(algorithm))?;
    let signature = request.signature.as_bytes().ok_or(BadCsr::NotPossessed)?;
    if *is_rsa != key.kind().is_rsa() || !key.verifies(*hash, signed_part, signature) {
        return Err(BadCsr::NotPossessed);
    }
    Ok(ProvenKey(key))
}

/// The bytes that the signature covers, as they came: encoding them anew might mend what was signed.
fn signed_part(der: &[u8]) -> Result<&[u8], BadCsr> {
    let mut reader = SliceReader::new(der).map_err(BadCsr::Garbage)?;
    let whole: AnyRef<'_> = reader.decode().map_err(BadCsr::Garbage)?;
    let trailing = usize::try_from(reader.remaining_len()).map_err(BadCsr::Garbage)?;
    if trailing > 0 {
        return Err(BadCsr::TrailingBytes(trailing));
    }
    SliceReader::new(whole.value()).and_then(|mut inner| inner.tlv_bytes()).map_err(BadCsr::Garbage)
}

fn from_pem(fault: BadPem) -> BadCsr {
    match fault {
        BadPem::Trailing(count) => BadCsr::TrailingBytes(count),
        fault @ (BadPem::NoBlock(_) | BadPem::Label { .. } | BadPem::Garbled(_)) => BadCsr::Pem(fault),
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
