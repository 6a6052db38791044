//! Private keys: made by aws-lc with the operating system's random numbers, kept in memory, handed out as
//! `Secret` only. The CA's own key and the keys a station makes for devices are both of this type.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair as _,
};

use super::pem;
use super::public_key::{Hash, KeyKind, PublicKey};
use super::signer::SignFailed;
use crate::domain::code::{Code, Coded};
use crate::domain::secret::Secret;

/// A private key with its public one. It cannot be printed or cloned; the library frees it on drop.
pub struct KeyPair {
    pair: EcdsaKeyPair,
    public_key: PublicKey,
}

/// Why there is no key pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeyPair {
    /// The library could not make one.
    #[error("no {0} key could be made; the cryptographic library gave no reason")]
    NotMade(KeyKind),
    /// A kind that comes in requests only.
    #[error("a {0} key is never made by the station; it comes in a certificate request only")]
    NotMadeHere(KeyKind),
    /// The bytes are no PKCS#8 key on P-256 or P-384, or public and private part differ.
    #[error("the private key ({0} bytes) is not a PKCS#8 key on P-256 or P-384")]
    NotAccepted(usize),
    /// The library could not write it.
    #[error("the {0} private key could not be written as PKCS#8")]
    NotWritten(KeyKind),
}

impl Coded for BadKeyPair {
    fn code(&self) -> Code {
        match self {
            BadKeyPair::NotMade(_) | BadKeyPair::NotWritten(_) => Code::SignFailed,
            BadKeyPair::NotMadeHere(_) => Code::KeyTypeRefused,
            BadKeyPair::NotAccepted(_) => Code::IssuerInvalid,
        }
    }
}

fn algorithm(kind: KeyKind) -> Option<&'static EcdsaSigningAlgorithm> {
    match kind {
        KeyKind::EcP256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyKind::EcP384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyKind::EcP521 | KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => None,
    }
}

/// The kind of key that is made where several are allowed: the first of them that is made here.
///
/// # Errors
/// [`BadKeyPair::NotMadeHere`] if none is.
pub fn preferred(allowed: &[KeyKind]) -> Result<KeyKind, BadKeyPair> {
    let made_here = allowed.iter().find(|kind| KeyKind::MADE_HERE.contains(kind));
    let first = allowed.first().copied().unwrap_or(KeyKind::EcP256);
    made_here.copied().ok_or(BadKeyPair::NotMadeHere(first))
}

impl KeyPair {
    /// A new key of one of the kinds in [`KeyKind::MADE_HERE`].
    pub fn generate(kind: KeyKind) -> Result<KeyPair, BadKeyPair> {
        let algorithm = algorithm(kind).ok_or(BadKeyPair::NotMadeHere(kind))?;
        let pair = EcdsaKeyPair::generate(algorithm).map_err(|_| BadKeyPair::NotMade(kind))?;
        let public_key = PublicKey::of_pair_made_here(kind, pair.public_key().as_ref());
        Ok(KeyPair { pair, public_key })
    }

    /// From an unencrypted PKCS#8 key in DER (RFC 5958); its kind is found out.
    pub fn from_pkcs8(pkcs8: &Secret) -> Result<KeyPair, BadKeyPair> {
        KeyKind::MADE_HERE
            .into_iter()
            .find_map(|kind| {
                let pair = EcdsaKeyPair::from_pkcs8(algorithm(kind)?, pkcs8.expose()).ok()?;
                KeyPair::new(kind, pair)
            })
            .ok_or(BadKeyPair::NotAccepted(pkcs8.len()))
    }

    fn new(kind: KeyKind, pair: EcdsaKeyPair) -> Option<KeyPair> {
        let public_key = PublicKey::from_point(kind, pair.public_key().as_ref()).ok()?;
        Some(KeyPair { pair, public_key })
    }

    /// The private key as PKCS#8 DER (RFC 5958).
    pub fn pkcs8(&self) -> Result<Secret, BadKeyPair> {
        // the library's own document wipes itself
        let document = self.pair.to_pkcs8v1().map_err(|_| BadKeyPair::NotWritten(self.public_key.kind()))?;
        Ok(Secret::new(document.as_ref().to_vec()))
    }

    /// The private key as PKCS#8 PEM (`-----BEGIN PRIVATE KEY-----`), the form devices with files want.
    pub fn pkcs8_pem(&self) -> Result<Secret, BadKeyPair> {
        Ok(Secret::from(pem::encode("PRIVATE KEY", self.pkcs8()?.expose())))
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Signs the message: DER ECDSA (RFC 3279 §2.2.3), with SHA-256 on P-256 and SHA-384 on P-384.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        let signature =
            self.pair.sign(&SystemRandom::new(), message).map_err(|_| SignFailed::SignerRefused)?;
        Ok(signature.as_ref().to_vec())
    }

    /// Signs the message as JOSE has it (RFC 7518 §3.4): both numbers of the signature one after the other, each in the
    /// full length of the curve. With `check` it is verified before anybody sees it.
    pub fn sign_fixed(&self, message: &[u8], check: bool) -> Result<Vec<u8>, SignFailed> {
        let der = self.sign(message)?;
        let kind = self.public_key.kind();
        let (hash, fixed) = match kind {
            KeyKind::EcP256 => {
                let fixed = p256::ecdsa::Signature::from_der(&der).map(|both| both.to_bytes().to_vec());
                (Hash::Sha256, fixed)
            }
            KeyKind::EcP384 => {
                let fixed = p384::ecdsa::Signature::from_der(&der).map(|both| both.to_bytes().to_vec());
                (Hash::Sha384, fixed)
            }
            // no pair is of these kinds
            KeyKind::EcP521 | KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
                return Err(SignFailed::SignerRefused);
            }
        };
        if check && !self.public_key.verifies(hash, message, &der) {
            return Err(SignFailed::NotVerified);
        }
        fixed.map_err(|_| SignFailed::NotVerified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::proof::verify_signature;

    #[test]
    fn a_key_is_read_back_and_signs() {
        for kind in KeyKind::MADE_HERE {
            let key = KeyPair::generate(kind).unwrap();
            let again = KeyPair::from_pkcs8(&key.pkcs8().unwrap()).unwrap();
            assert_eq!(again.public_key(), key.public_key());
            assert_eq!(again.public_key().kind(), kind);
            let signature = again.sign(b"message").unwrap();
            verify_signature(key.public_key(), b"message", &signature).unwrap();
            let pem = key.pkcs8_pem().unwrap();
            let der = pem::decode(pem.expose(), &["PRIVATE KEY"]).unwrap();
            assert_eq!(der, key.pkcs8().unwrap().expose());
        }
    }

    #[test]
    fn a_kind_that_comes_in_requests_only_is_never_made() {
        let refused = KeyPair::generate(KeyKind::Rsa2048).err();
        assert_eq!(refused, Some(BadKeyPair::NotMadeHere(KeyKind::Rsa2048)));
        assert_eq!(preferred(&[KeyKind::Rsa2048, KeyKind::EcP384]), Ok(KeyKind::EcP384));
        assert_eq!(preferred(&[KeyKind::EcP521]), Err(BadKeyPair::NotMadeHere(KeyKind::EcP521)));
    }

    #[test]
    fn a_damaged_key_is_refused() {
        let mut der = KeyPair::generate(KeyKind::EcP384).unwrap().pkcs8().unwrap().expose().to_vec();
        let at = der.len() - 3;
        der[at] ^= 1;
        let refused = KeyPair::from_pkcs8(&Secret::new(der.clone())).err();
        assert_eq!(refused, Some(BadKeyPair::NotAccepted(der.len())));
    }
}
