//! Proof of possession by a device: its signature over the proof message of this run.

use super::public_key::{Hash, KeyKind, PublicKey};
use crate::domain::code::{Code, Coded};

/// The longest signature there is: that of an RSA key of 4096 bits. DER ECDSA on P-521 has 139 bytes at most.
const LONGEST_SIGNATURE: usize = 512;

/// Why a signature proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// More or fewer bytes than a signature can have.
    #[error("the device's signature has {0} bytes, a signature has 8 to {LONGEST_SIGNATURE}")]
    Size(usize),
    /// It is not a signature of this key over this message.
    #[error("the device's signature was not made by its {0} key over this run's message")]
    WrongSignature(KeyKind),
}

impl Coded for NotProven {
    fn code(&self) -> Code {
        Code::PossessionNotProven
    }
}

/// Whether the signature (DER ECDSA, or RSA with PKCS#1 v1.5 padding) was made by this key over this message: SHA-256 on
/// P-256, SHA-384 on P-384, SHA-512 on P-521, where shorter hashes are taken as well because small crypto libraries know
/// no other; any of the three with RSA.
pub fn verify_signature(
    public_key: &PublicKey,
    message: &[u8],
    signature_der: &[u8],
) -> Result<(), NotProven> {
    if !(8..=LONGEST_SIGNATURE).contains(&signature_der.len()) {
        return Err(NotProven::Size(signature_der.len()));
    }
    let kind = public_key.kind();
    let hashes: &[Hash] = match kind {
        KeyKind::EcP256 => &[Hash::Sha256],
        KeyKind::EcP384 => &[Hash::Sha384, Hash::Sha256],
        KeyKind::EcP521 => &[Hash::Sha512, Hash::Sha384, Hash::Sha256],
        KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => &[Hash::Sha256, Hash::Sha384, Hash::Sha512],
    };
    match hashes.iter().any(|hash| public_key.verifies(*hash, message, signature_der)) {
        true => Ok(()),
        false => Err(NotProven::WrongSignature(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::key::KeyPair;
    use crate::ca::throwaway::OpenSsl;
    use proptest::prelude::*;

    #[test]
    fn a_signature_by_the_openssl_command_is_accepted_with_the_hashes_of_its_curve() {
        for (kind, hash, accepted) in [
            (KeyKind::EcP256, "-sha256", true),
            (KeyKind::EcP256, "-sha512", false),
            (KeyKind::EcP384, "-sha384", true),
            (KeyKind::EcP384, "-sha256", true),
            (KeyKind::EcP384, "-sha1", false),
        ] {
            let key = KeyPair::generate(kind).unwrap();
            let openssl = OpenSsl::in_new_folder();
            openssl.write("key.pem", key.pkcs8_pem().unwrap().expose());
            openssl.write("message", b"lineside-prove-v1");
            openssl.run(&["dgst", hash, "-sign", "key.pem", "-out", "signature", "message"]);
            let signature = openssl.read("signature");
            let proven = verify_signature(key.public_key(), b"lineside-prove-v1", &signature);
            assert_eq!(proven.is_ok(), accepted, "{kind} {hash}");
        }
    }

    #[test]
    fn another_key_or_another_message_proves_nothing() {
        for kind in KeyKind::MADE_HERE {
            let (key, other) = (KeyPair::generate(kind).unwrap(), KeyPair::generate(kind).unwrap());
            let signature = key.sign(b"message").unwrap();
            let refused = Err(NotProven::WrongSignature(kind));
            assert_eq!(verify_signature(key.public_key(), b"message", &signature), Ok(()));
            assert_eq!(verify_signature(other.public_key(), b"message", &signature), refused);
            assert_eq!(verify_signature(key.public_key(), b"massage", &signature), refused);
        }
        let key = KeyPair::generate(KeyKind::EcP256).unwrap();
        assert_eq!(verify_signature(key.public_key(), b"", &[0; 4096]), Err(NotProven::Size(4096)));
    }

    proptest! {
        #[test]
        fn a_changed_signature_is_refused_without_a_panic(at in 0usize..72, bit in 0u8..8, cut in 0usize..20) {
            let key = KeyPair::generate(KeyKind::EcP256).unwrap();
            let mut signature = key.sign(b"message").unwrap();
            let at = at % signature.len();
            signature[at] ^= 1 << bit;
            signature.truncate(signature.len() - cut);
            prop_assert!(verify_signature(key.public_key(), b"message", &signature).is_err());
        }
    }
}
