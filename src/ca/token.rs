//! A CA's key that lies in a PKCS#11 token and never leaves it. What is hashed here is signed there; a token that was
//! pulled and put back is found again, with a new session and a new handle of the key.

mod connection;
pub mod fault;
mod module;
mod pin;
mod seat;
pub mod uri;

use std::thread;
use std::time::Duration;

use p384::ecdsa::Signature;
use sha2::{Digest as _, Sha384};

use self::connection::Connection;
use self::fault::TokenFault;
use self::seat::Seat;
use self::uri::TokenUri;
use super::body::Body;
use super::public_key::PublicKey;
use super::signer::{SignFailed, SigningKey};
use crate::domain::secret::Secret;

/// How long a signature waits for those before it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pauses before each attempt at a signature; after the last one the token is given up for this time.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(100), Duration::from_millis(400)];
/// So many signatures are intended at once: a token may take a second for each, and what was intended and not signed
/// when it is pulled is void.
const AT_ONCE: usize = 64;

/// A private key on P-384 in a token. Nothing is opened before it first signs, so that a station whose token is away
/// can be unlocked, and a wrong PIN be changed.
pub struct TokenKey {
    uri: TokenUri,
    pin: Option<Secret>,
    public_key: PublicKey,
    seat: Seat<Connection>,
}

/// Makes a key on P-384 in the token, where the URI says; a key of that name must not be there yet. It signs and
/// cannot be taken out of the token.
pub fn generate(uri: &TokenUri, pin: &Secret) -> Result<TokenKey, TokenFault> {
    let public_key = Connection::generate(uri, pin)?;
    Ok(TokenKey::new(uri.clone(), Some(pin.duplicate()), public_key))
}

impl TokenKey {
    /// The key at this place, which must turn out to be the private part of `public_key`.
    pub(super) fn new(uri: TokenUri, pin: Option<Secret>, public_key: PublicKey) -> TokenKey {
        TokenKey { uri, pin, public_key, seat: Seat::new() }
    }

    fn attempt(&self, kept: &mut Option<Connection>, digest: &[u8]) -> Result<Vec<u8>, TokenFault> {
        let connection = match kept {
            Some(connection) => connection,
            None => kept.insert(Connection::open(&self.uri, self.pin.as_ref(), &self.public_key)?),
        };
        connection.sign(&self.uri, digest)
    }

    fn signed(&self, digest: &[u8]) -> Result<Vec<u8>, TokenFault> {
        let busy = || TokenFault::Busy { token: self.uri.token().to_owned() };
        let mut seated = self.seat.take(PATIENCE).ok_or_else(busy)?;
        let mut outcome = Err(busy());
        for pause in PAUSES {
            thread::sleep(pause);
            outcome = self.attempt(&mut seated.kept, digest);
            match &outcome {
                Ok(_) => break,
                Err(fault) => {
                    // its handles are good for nothing now, whatever comes back
                    seated.kept = None;
                    if !fault.may_pass() {
                        break;
                    }
                }
            }
        }
        outcome
    }
}

impl SigningKey for TokenKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign_body(&self, body: &Body) -> Result<Vec<u8>, SignFailed> {
        let signed = self.signed(&Sha384::digest(&body[..]))?;
        let signature = Signature::from_slice(&signed).map_err(|_| SignFailed::NotVerified)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn sample_is_enough(&self) -> bool {
        false
    }

    fn at_once(&self) -> Option<usize> {
        Some(AT_ONCE)
    }
}
