//! The private key of a CA, wherever it lies: nobody above this room needs to know.

use super::key::KeyPair;
use super::public_key::PublicKey;
use super::signer::SigningKey;
use super::token::TokenKey;

/// A CA's private key, in this process or in a token.
pub struct CaKey(Box<dyn SigningKey>);

impl CaKey {
    /// Its public key.
    pub fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    pub(super) fn signing(&self) -> &dyn SigningKey {
        self.0.as_ref()
    }

    pub(super) fn into_signing(self) -> Box<dyn SigningKey> {
        self.0
    }
}

impl From<KeyPair> for CaKey {
    fn from(key: KeyPair) -> CaKey {
        CaKey(Box::new(key))
    }
}

impl From<TokenKey> for CaKey {
    fn from(key: TokenKey) -> CaKey {
        CaKey(Box::new(key))
    }
}
