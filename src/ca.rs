//! The certificate authority: from a proven key and a permit to a signed certificate, and what belongs to it:
//! the ceremony that makes root and issuing CA, profiles, revocation lists, proofs and inspection.
//!
//! A certificate takes one way only: [`csr::proven_key`] keeps nothing of a request but its key,
//! [`issue::prepare`] spends a permit and fixes every byte that is to be signed, [`issue::Prepared::sign`] signs
//! exactly those bytes. rcgen builds, aws-lc signs, RustCrypto parses and judges: the issuer never grades itself.
//! Time comes in as an argument; so does randomness, except for the keys and signatures that aws-lc makes.

pub mod ca_key;
pub mod ceremony;
pub mod certificate;
pub mod company;
pub mod crl;
pub mod csr;
pub mod inspect;
pub mod installation;
pub mod issue;
pub mod issuer;
pub mod key;
pub mod pem;
pub mod pkcs12;
pub mod possession;
pub mod profile;
pub mod proof;
pub mod public_key;
pub mod rsa_key;
pub mod signer;
pub mod token;
pub mod web_certificate;

mod body;
mod signed_by;
#[cfg(test)]
pub mod throwaway;
