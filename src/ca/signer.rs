//! The one place where the CA's private key is used. What it signs, it verifies before anybody sees it: a faulty
//! signature can give away an ECDSA key. In bulk, samples are verified.

use x509_cert::der::asn1::{BitStringRef, ObjectIdentifier};
use x509_cert::der::{self, Encode, Header, Tag};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::body::Body;
use super::certificate::BadCertificate;
use super::key::KeyPair;
use super::public_key::{Hash, KeyKind, PublicKey};
use super::token::fault::TokenFault;
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
    /// The token that holds the key did not do its part.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// The certificate that came out cannot be read back.
    #[error("the certificate that was signed cannot be read back: {0}")]
    NotReadable(#[from] BadCertificate),
}

impl Coded for SignFailed {
    fn code(&self) -> Code {
        match self {
            SignFailed::Token(fault) => fault.code(),
            SignFailed::SignerRefused
            | SignFailed::NotVerified
            | SignFailed::WrongKey(_)
            | SignFailed::BodyChanged { .. }
            | SignFailed::NotEncoded(_)
            | SignFailed::NotReadable(_) => Code::SignFailed,
        }
    }
}

/// A CA's private key on P-384, in this process or in a token. It signs bodies and nothing else: only
/// [`super::body`] forms them, after every rule was checked. Nobody above this room knows which kind it is.
pub(super) trait SigningKey: Send + Sync {
    /// Its public key.
    fn public_key(&self) -> &PublicKey;

    /// Signs a body with ECDSA and SHA-384: DER (RFC 3279 §2.2.3), not verified yet.
    fn sign_body(&self, body: &Body) -> Result<Vec<u8>, SignFailed>;

    /// Whether it could sign now, as far as can be known before it does.
    fn ready(&self) -> Result<(), SignFailed>;

    /// Whether it is enough to verify a sample of many signatures: each was made by the library that would verify it.
    fn sample_is_enough(&self) -> bool;

    /// How many signatures are to be intended at once at most, if it may fail between them.
    fn at_once(&self) -> Option<usize>;
}

impl SigningKey for KeyPair {
    fn public_key(&self) -> &PublicKey {
        KeyPair::public_key(self)
    }

    fn sign_body(&self, body: &Body) -> Result<Vec<u8>, SignFailed> {
        self.sign(body)
    }

    fn ready(&self) -> Result<(), SignFailed> {
        Ok(())
    }

    fn sample_is_enough(&self) -> bool {
        true
    }

    fn at_once(&self) -> Option<usize> {
        None
    }
}

/// Refuses a key on another curve than a CA's.
pub(super) fn must_be_p384(key: &PublicKey) -> Result<(), SignFailed> {
    match key.kind() {
        KeyKind::EcP384 => Ok(()),
        other @ (KeyKind::EcP256
        | KeyKind::EcP521
        | KeyKind::Rsa2048
        | KeyKind::Rsa3072
        | KeyKind::Rsa4096) => Err(SignFailed::WrongKey(other)),
    }
}

/// Signs a to-be-signed body with ECDSA and SHA-384 and returns `SEQUENCE { body, algorithm, signature }` in
/// DER: a certificate or a CRL (RFC 5280 §4.1, §5.1). The signature was verified.
pub(super) fn seal(key: &dyn SigningKey, body: &Body) -> Result<Vec<u8>, SignFailed> {
    must_be_p384(key.public_key())?;
    let signature = key.sign_body(body)?;
    if !key.public_key().verifies(Hash::Sha384, body, &signature) {
        return Err(SignFailed::NotVerified);
    }
    whole(body, &signature)
}

/// The same for certificates of a batch that are not in its sample: the signature is verified only if it was not made
/// in this process.
pub(super) fn seal_unsampled(key: &dyn SigningKey, body: &Body) -> Result<Vec<u8>, SignFailed> {
    match key.sample_is_enough() {
        true => whole(body, &key.sign_body(body)?),
        false => seal(key, body),
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
