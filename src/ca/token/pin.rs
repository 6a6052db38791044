//! Logging in with a PIN that a token counts: one that was refused is never given again by this process, and the last
//! attempt before the lock is left to a person.

use std::sync::{Mutex, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::TokenInfo;
use cryptoki::types::RawAuthPin;
use subtle::ConstantTimeEq;

use super::fault::{TokenFault, described};
use super::uri::TokenUri;
use crate::domain::secret::Secret;

/// A PIN that a token refused.
struct Refused {
    uri: TokenUri,
    pin: Secret,
}

static REFUSED: Mutex<Vec<Refused>> = Mutex::new(Vec::new());

fn is(refused: &Refused, uri: &TokenUri, pin: &Secret) -> bool {
    let one_token = (refused.uri.token(), refused.uri.serial(), refused.uri.module())
        == (uri.token(), uri.serial(), uri.module());
    one_token && bool::from(refused.pin.expose().ct_eq(pin.expose()))
}

/// Logs the session in.
pub(super) fn log_in(
    session: &Session,
    uri: &TokenUri,
    info: &TokenInfo,
    pin: &Secret,
) -> Result<(), TokenFault> {
    let token = || uri.token().to_owned();
    if info.user_pin_locked() {
        return Err(TokenFault::PinLocked { token: token() });
    }
    // held until the token has answered: nobody else gives the same wrong PIN meanwhile
    let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    if refused.iter().any(|earlier| is(earlier, uri, pin)) {
        return Err(TokenFault::PinRefused { token: token() });
    }
    if info.user_pin_final_try() {
        return Err(TokenFault::LastTry { token: token() });
    }
    // the library's own secret, which is wiped too
    let given = RawAuthPin::new(Box::new(pin.expose().to_vec()));
    match session.login_with_raw(UserType::User, &given) {
        // the whole process is logged in once
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(TokenFault::PinLocked { token: token() }),
        Err(Error::Pkcs11(
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinExpired,
            _,
        )) => {
            refused.push(Refused { uri: uri.clone(), pin: pin.duplicate() });
            Err(TokenFault::PinRefused { token: token() })
        }
        // such a token may have counted the attempt, so this signature makes no other
        Err(error) => Err(TokenFault::NotLoggedIn { token: token(), cause: described(&error) }),
    }
}
