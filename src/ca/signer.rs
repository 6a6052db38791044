//! The one place where the CA's private key is used. What it signs, it verifies before anybody sees it: a faulty
//! signature can give away an ECDSA key. In bulk, samples are verified.

use x509_cert::der::asn1::{BitStringRef, ObjectIdentifier};
use x509_cert::der::{self, Encode, Header, Tag};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::certificate::BadCertificate;
use super::key::KeyPair;
use super::public_key::{Hash, KeyKind, PublicKey};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;

/// ecdsa-with-SHA384 (RFC 5758 §3.2).
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignFailed {
    /// The key did not sign; the library gives no reason.
    #[error("the signer did not sign")]
    SignerRefused,
    /// The signature that came back is not the key's over these bytes.
    #[error("the signature did not verify against the signer's own key, so it was thrown away")]
    NotVerified,
    /// A signer on another curve than the CA's.
    #[error("the signer's key is {0}, a CA signs with ec-p384")]
    WrongKey(KeyKind),
    /// What was prepared is not what lies here now.
    #[error("what is to be signed changed after it was prepared ({prepared} became {found})")]
    BodyChanged {
        /// Digest on record.
        prepared: Digest,
        /// Digest of the bytes now.
        found: Digest,
    },
    /// The signed whole cannot be encoded.
    #[error("the signed structure cannot be encoded: {0}")]
    NotEncoded(#[from] der::Error),
    /// The certificate that came out cannot be read back.
    #[error("the certificate that was signed cannot be read back: {0}")]
    NotReadable(#[from] BadCertificate),
}

impl Coded for SignFailed {
    fn code(&self) -> Code {
        Code::SignFailed
    }
}

/// A CA's key on P-384, in software.
pub(super) struct Signer {
    key: KeyPair,
}

impl Signer {
    /// Takes the key over.
    pub(super) fn new(key: KeyPair) -> Result<Signer, SignFailed> {
        match key.public_key().kind() {
            KeyKind::EcP384 => Ok(Signer { key }),
            other @ (KeyKind::EcP256
            | KeyKind::EcP521
            | KeyKind::Rsa2048
            | KeyKind::Rsa3072
            | KeyKind::Rsa4096) => Err(SignFailed::WrongKey(other)),
        }
    }

    /// Gives the key back.
    pub(super) fn into_key(self) -> KeyPair {
        self.key
    }

    /// Its public key.
    pub(super) fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// Signs a to-be-signed body with ECDSA and SHA-384 and returns `SEQUENCE { body, algorithm, signature }` in
    /// DER: a certificate or a CRL (RFC 5280 §4.1, §5.1). The signature was verified.
    pub(super) fn seal(&self, body: &[u8]) -> Result<Vec<u8>, SignFailed> {
        let signature = self.key.sign(body)?;
        if !self.public_key().verifies(Hash::Sha384, body, &signature) {
            return Err(SignFailed::NotVerified);
        }
        whole(body, &signature)
    }

    /// The same, and the signature was not verified: for certificates of a batch that are not in its sample.
    pub(super) fn seal_unverified(&self, body: &[u8]) -> Result<Vec<u8>, SignFailed> {
        whole(body, &self.key.sign(body)?)
    }
}

fn whole(body: &[u8], signature: &[u8]) -> Result<Vec<u8>, SignFailed> {
    let algorithm = AlgorithmIdentifierRef { oid: ECDSA_WITH_SHA384, parameters: None }.to_der()?;
    let signature = BitStringRef::from_bytes(signature)?.to_der()?;
    let content = body.len() + algorithm.len() + signature.len();
    let mut whole = Header::new(Tag::Sequence, der::Length::try_from(content)?).to_der()?;
    whole.reserve_exact(content);
    whole.extend_from_slice(body);
    whole.extend_from_slice(&algorithm);
    whole.extend_from_slice(&signature);
    Ok(whole)
}
