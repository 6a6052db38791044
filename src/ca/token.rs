//! A CA's key that lies in a PKCS#11 token and never leaves it. It signs bodies only; a token that was pulled and
//! put back is found again, with a new session and a new handle of the key.

mod connection;
pub mod fault;
mod module;
pub mod object;
pub mod pin;
mod seat;
pub mod uri;
mod way;

use std::thread;
use std::time::Duration;

use p384::ecdsa::Signature;

use self::connection::Connection;
use self::fault::TokenFault;
use self::pin::Pin;
use self::seat::Seat;
use self::uri::TokenUri;
use super::body::Body;
use super::public_key::PublicKey;
use super::signer::{SignFailed, SigningKey};

/// How long a signature waits for those before it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The attempts at a signature: the pause before each, and whether the library begins anew for it. After the last one the
/// token is given up for this time.
const ATTEMPTS: [(Duration, bool); 3] =
    [(Duration::ZERO, false), (Duration::from_millis(100), false), (Duration::from_millis(400), true)];
/// So many signatures are intended at once: a token may take a second for each, and what was intended and not signed
/// when it is pulled is void.
const AT_ONCE: usize = 64;

/// A private key on P-384 in a token. Nothing is opened before it first signs, so that a station whose token is away
/// can be unlocked, and a wrong PIN be changed.
pub struct TokenKey {
    uri: TokenUri,
    pin: Pin,
    public_key: PublicKey,
    seat: Seat<Connection>,
}

/// Makes a key on P-384 in the token, where the URI says; a key of that name must not be there yet. It signs and
/// cannot be taken out of the token.
pub fn generate(uri: &TokenUri, pin: Pin) -> Result<TokenKey, TokenFault> {
    let _in_use = module::in_use();
    let public_key = Connection::generate(uri, &pin, false)?;
    Ok(TokenKey::new(uri.clone(), pin, public_key))
}

/// The same at a place whose name was chosen at random for this key alone: the key that lies there was made by a try that
/// was cut off, and is taken up. What is only half of one is refused as taken.
pub fn generate_or_take_up(uri: &TokenUri, pin: Pin) -> Result<TokenKey, TokenFault> {
    let _in_use = module::in_use();
    let public_key = Connection::generate(uri, &pin, true)?;
    Ok(TokenKey::new(uri.clone(), pin, public_key))
}

impl TokenKey {
    /// The key at this place, which must turn out to be the private part of `public_key`.
    pub fn new(uri: TokenUri, pin: Pin, public_key: PublicKey) -> TokenKey {
        TokenKey { uri, pin, public_key, seat: Seat::new() }
    }

    /// Does this over the session that is open, or over a new one if that one turns out to be dead.
    fn over_a_session<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T, TokenFault>,
    ) -> Result<T, TokenFault> {
        let busy = || TokenFault::Busy { token: self.uri.token().to_owned() };
        let mut seated = self.seat.take(PATIENCE).ok_or_else(busy)?;
        let mut outcome = Err(busy());
        for (pause, anew) in ATTEMPTS {
            thread::sleep(pause);
            if anew {
                module::begin_anew(self.uri.module());
            }
            let _in_use = module::in_use();
            let attempt = self.connection(&mut seated.kept).and_then(&work);
            if attempt.is_err() {
                // its handles are good for nothing now, whatever comes back
                seated.kept = None;
            }
            outcome = match (outcome, attempt) {
                // a library that cannot begin without its token says less than it said before
                (Err(before), Err(TokenFault::Module { .. })) if before.may_pass() => Err(before),
                (_, attempt) => attempt,
            };
            if outcome.as_ref().err().is_none_or(|fault| !fault.may_pass()) {
                break;
            }
        }
        outcome
    }

    fn connection<'k>(&self, kept: &'k mut Option<Connection>) -> Result<&'k Connection, TokenFault> {
        match kept {
            Some(connection) => Ok(connection),
            None => Ok(kept.insert(Connection::open(&self.uri, &self.pin, &self.public_key)?)),
        }
    }
}

impl SigningKey for TokenKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign_body(&self, body: &Body) -> Result<Vec<u8>, SignFailed> {
        let signed = self.over_a_session(|connection| connection.sign(&self.uri, body))?;
        let signature = Signature::from_slice(&signed).map_err(|_| SignFailed::NotVerified)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn ready(&self) -> Result<(), SignFailed> {
        Ok(self.over_a_session(|connection| connection.is_alive(&self.uri))?)
    }

    fn sample_is_enough(&self) -> bool {
        false
    }

    fn at_once(&self) -> Option<usize> {
        Some(AT_ONCE)
    }
}
