//! A virtual device's own cryptography: P-256 keys from its random generator, its certificate request, its
//! proofs. None of it is shared with the station.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::elliptic_curve::Generate;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use sha2::Sha256;
use x509_cert::builder::{Builder, RequestBuilder};
use x509_cert::der::Encode;
use x509_cert::name::Name;

use crate::domain::digest::Digest;

/// A new key, as PKCS#8 PEM.
pub(super) fn make_key() -> Option<String> {
    let key = p256::SecretKey::generate();
    Some(key.to_pkcs8_pem(LineEnding::LF).ok()?.to_string())
}

/// The key of every device whose memory is a copy of another's, as PKCS#8 PEM.
pub(super) fn cloned_key() -> Option<String> {
    let key = p256::SecretKey::from_slice(&[0x42; 32]).ok()?;
    Some(key.to_pkcs8_pem(LineEnding::LF).ok()?.to_string())
}

fn signing_key(pem: &[u8]) -> Option<SigningKey> {
    let key = p256::SecretKey::from_pkcs8_pem(std::str::from_utf8(pem).ok()?).ok()?;
    Some(SigningKey::from(key))
}

/// The device's PKCS#10 request (DER) for this common name, and the digest of its public key.
pub(super) fn make_csr(pem: &[u8], cn: &str) -> Option<(Vec<u8>, Digest)> {
    let key = signing_key(pem)?;
    let subject = Name::from_str(&format!("CN={cn}")).ok()?;
    let request = RequestBuilder::new(subject).ok()?.build::<_, DerSignature>(&key).ok()?;
    let public = key.verifying_key().to_public_key_der().ok()?;
    Some((request.to_der().ok()?, Digest::of(public.as_bytes())))
}

/// ECDSA with SHA-256, DER.
pub(super) fn sign(pem: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let signature: DerSignature = signing_key(pem)?.sign(message);
    Some(signature.as_bytes().to_vec())
}

/// HMAC-SHA256 under a key that lies in a file as base64 text or raw.
pub(super) fn hmac(file: &[u8], is_base64: bool, message: &[u8]) -> Option<Vec<u8>> {
    let key = if is_base64 { BASE64.decode(file).ok()? } else { file.to_vec() };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().to_vec())
}
