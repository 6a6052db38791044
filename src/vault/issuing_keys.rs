//! The private keys of the issuing CA: the one that signs, the one that waits for its certificate, and those before. Of a key
//! in a token the name of its object lies here instead; whoever uses keys can tell them apart.

use super::error::VaultError;
use super::{Vault, bounded};
use crate::domain::name::Name;
use crate::domain::secret::Secret;

impl Vault {
    /// The issuing CA's private key, PKCS#8 DER.
    pub fn issuing_key(&self) -> Result<&Secret, VaultError> {
        self.contents.issuing_key.as_ref().ok_or(VaultError::NotSet { what: "issuing key" })
    }

    /// Stores the issuing CA's private key (PKCS#8 DER) in place of the one before.
    pub fn set_issuing_key(&mut self, pkcs8: Secret) -> Result<(), VaultError> {
        let pkcs8 = bounded(pkcs8)?;
        self.change(|contents| contents.issuing_key = Some(pkcs8))
    }

    /// The private key that waits for its certificate, PKCS#8 DER.
    pub fn next_issuing_key(&self) -> Result<&Secret, VaultError> {
        self.contents.next_issuing_key.as_ref().ok_or(VaultError::NotSet { what: "next issuing key" })
    }

    /// Stores a private key (PKCS#8 DER) that waits for its certificate in place of the one before.
    pub fn set_next_issuing_key(&mut self, pkcs8: Secret) -> Result<(), VaultError> {
        let pkcs8 = bounded(pkcs8)?;
        self.change(|contents| contents.next_issuing_key = Some(pkcs8))
    }

    /// The private key of an issuing CA before this one, PKCS#8 DER.
    pub fn past_issuing_key(&self, number: &Name) -> Result<&Secret, VaultError> {
        let key = self.contents.past_issuing_keys.get(number);
        key.ok_or(VaultError::NotSet { what: "past issuing key" })
    }

    /// The numbers of the issuing CAs before this one whose keys are here.
    pub fn past_issuing_numbers(&self) -> impl Iterator<Item = &Name> {
        self.contents.past_issuing_keys.keys()
    }

    /// Erases the private key of an issuing CA before this one.
    pub fn erase_past_issuing_key(&mut self, number: &Name) -> Result<(), VaultError> {
        self.past_issuing_key(number)?;
        self.change(|contents| {
            contents.past_issuing_keys.remove(number);
        })
    }

    /// Erases the private key that waits for its certificate.
    pub fn erase_next_issuing_key(&mut self) -> Result<(), VaultError> {
        self.next_issuing_key()?;
        self.change(|contents| contents.next_issuing_key = None)
    }

    /// From now on the key that waited signs; the one before is kept under this number. All of it in one write.
    pub fn promote_issuing_key(&mut self, number: Name) -> Result<(), VaultError> {
        self.next_issuing_key()?;
        self.change(|contents| {
            let before = contents.issuing_key.take();
            contents.issuing_key = contents.next_issuing_key.take();
            contents.past_issuing_keys.extend(before.map(|key| (number, key)));
        })
    }
}
