//! Logging in with a PIN that a token counts: one that was refused is never given again, neither by this process nor, where
//! that is remembered, by one after it; the last attempt before the lock is left to a person.

use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::TokenInfo;
use cryptoki::types::RawAuthPin;
use subtle::ConstantTimeEq;

use super::fault::{TokenFault, described};
use super::uri::TokenUri;
use crate::domain::secret::Secret;

/// Tells whether this token refused the PIN since it was set, or why that is not known.
type WasRefused = dyn Fn(&str) -> Result<bool, String> + Send + Sync;
/// Is told the token that refused the PIN.
type Remember = dyn Fn(&str) + Send + Sync;

/// A token's PIN, if there is one, and what remembers beyond this process that it was refused.
#[derive(Clone)]
pub struct Pin {
    secret: Option<Arc<Secret>>,
    was_refused: Arc<WasRefused>,
    remember: Arc<Remember>,
}

impl Pin {
    /// A PIN that a person gives just now: only this process remembers its refusal.
    pub fn given(secret: &Secret) -> Pin {
        let secret = Some(Arc::new(secret.duplicate()));
        Pin { secret, was_refused: Arc::new(|_| Ok(false)), remember: Arc::new(|_| ()) }
    }

    /// A PIN that is kept. `was_refused` is asked before each log-in, `remember` is told of a refusal.
    pub fn kept(
        secret: Option<&Secret>,
        was_refused: impl Fn(&str) -> Result<bool, String> + Send + Sync + 'static,
        remember: impl Fn(&str) + Send + Sync + 'static,
    ) -> Pin {
        let secret = secret.map(|secret| Arc::new(secret.duplicate()));
        Pin { secret, was_refused: Arc::new(was_refused), remember: Arc::new(remember) }
    }

    pub(super) fn must_be_there(&self, token: &str) -> Result<&Secret, TokenFault> {
        self.secret.as_deref().ok_or_else(|| TokenFault::PinMissing { token: token.to_owned() })
    }
}

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

/// What a token tells of its PIN before it is asked, and whether the PIN is known to have been refused.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// CKF_USER_PIN_LOCKED.
    locked: bool,
    /// CKF_USER_PIN_FINAL_TRY.
    final_try: bool,
    /// This PIN was refused before.
    refused: bool,
}

/// Why a PIN is not even given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Withheld {
    Locked,
    Refused,
    LastTry,
}

/// Whether the PIN may be given. A lock comes first, since nothing else helps then; a PIN that is known to be wrong comes
/// before the last try, since another one is what is needed.
fn may_try(standing: Standing) -> Result<(), Withheld> {
    match standing {
        Standing { locked: true, .. } => Err(Withheld::Locked),
        Standing { refused: true, .. } => Err(Withheld::Refused),
        Standing { final_try: true, .. } => Err(Withheld::LastTry),
        Standing { .. } => Ok(()),
    }
}

/// What the token's answer to a PIN means; `None`: it was refused, and is never to be given again.
fn answered(answer: Result<(), Error>, token: &str) -> Option<Result<(), TokenFault>> {
    let token = token.to_owned();
    match answer {
        // the whole process is logged in once
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Some(Ok(())),
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Some(Err(TokenFault::PinLocked { token })),
        Err(Error::Pkcs11(
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinExpired,
            _,
        )) => None,
        // such a token may have counted the attempt, so this signature makes no other
        Err(error) => Some(Err(TokenFault::NotLoggedIn { token, cause: described(&error) })),
    }
}

/// Logs the session in.
pub(super) fn log_in(
    session: &Session,
    uri: &TokenUri,
    info: &TokenInfo,
    kept: &Pin,
) -> Result<(), TokenFault> {
    let token = || uri.token().to_owned();
    let pin = kept.must_be_there(uri.token())?;
    // held until the token has answered: nobody else gives the same wrong PIN meanwhile
    let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut known = refused.iter().any(|earlier| is(earlier, uri, pin));
    if !known
        && (kept.was_refused)(uri.token())
            .map_err(|cause| TokenFault::NotLoggedIn { token: token(), cause })?
    {
        // an earlier process had it refused; the records need not be asked again
        refused.push(Refused { uri: uri.clone(), pin: pin.duplicate() });
        known = true;
    }
    let standing =
        Standing { locked: info.user_pin_locked(), final_try: info.user_pin_final_try(), refused: known };
    may_try(standing).map_err(|withheld| match withheld {
        Withheld::Locked => TokenFault::PinLocked { token: token() },
        Withheld::Refused => TokenFault::PinRefused { token: token() },
        Withheld::LastTry => TokenFault::LastTry { token: token() },
    })?;
    // the library's own secret, which is wiped too
    let given = RawAuthPin::new(Box::new(pin.expose().to_vec()));
    answered(session.login_with_raw(UserType::User, &given), uri.token()).unwrap_or_else(|| {
        refused.push(Refused { uri: uri.clone(), pin: pin.duplicate() });
        (kept.remember)(uri.token());
        Err(TokenFault::PinRefused { token: token() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::{Code, Coded};
    use cryptoki::context::Function;

    /// CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY and CKF_USER_PIN_LOCKED of PKCS#11 §5.4 (CK_TOKEN_INFO).
    const COUNT_LOW: u64 = 0x1_0000;
    const FINAL_TRY: u64 = 0x2_0000;
    const LOCKED: u64 = 0x4_0000;
    /// CKF_RNG, LOGIN_REQUIRED, USER_PIN_INITIALIZED and TOKEN_INITIALIZED: what every usable token has set.
    const USUAL: u64 = 0x40d;

    #[test]
    fn flags_of_a_token_decide_whether_its_pin_is_given() {
        let decided = |flags: u64, refused: bool| {
            let (locked, final_try) = (flags & LOCKED != 0, flags & FINAL_TRY != 0);
            may_try(Standing { locked, final_try, refused })
        };
        for (flags, first, again) in [
            (USUAL, Ok(()), Err(Withheld::Refused)),
            // one wrong PIN was given by somebody: others may still be tried
            (USUAL | COUNT_LOW, Ok(()), Err(Withheld::Refused)),
            (USUAL | COUNT_LOW | FINAL_TRY, Err(Withheld::LastTry), Err(Withheld::Refused)),
            (USUAL | FINAL_TRY, Err(Withheld::LastTry), Err(Withheld::Refused)),
            (USUAL | LOCKED, Err(Withheld::Locked), Err(Withheld::Locked)),
            // some leave the others set when they lock
            (USUAL | COUNT_LOW | FINAL_TRY | LOCKED, Err(Withheld::Locked), Err(Withheld::Locked)),
        ] {
            assert_eq!(decided(flags, false), first, "{flags:#x}");
            assert_eq!(decided(flags, true), again, "{flags:#x}");
        }
    }

    #[test]
    fn only_an_answer_about_the_pin_counts_as_its_refusal() {
        let answer = |value: RvError| answered(Err(Error::Pkcs11(value, Function::Login)), "t");
        for refusal in [RvError::PinIncorrect, RvError::PinInvalid, RvError::PinLenRange, RvError::PinExpired]
        {
            assert_eq!(answer(refusal), None, "{refusal:?}");
        }
        assert_eq!(answered(Ok(()), "t"), Some(Ok(())));
        assert_eq!(answer(RvError::UserAlreadyLoggedIn), Some(Ok(())));
        let code = |value| answer(value).unwrap().unwrap_err().code();
        assert_eq!(code(RvError::PinLocked), Code::TokenPinLocked);
        for other in [RvError::DeviceRemoved, RvError::SessionHandleInvalid, RvError::FunctionFailed] {
            let fault = answer(other).unwrap().unwrap_err();
            assert_eq!(fault.code(), Code::TokenLost);
            assert!(!fault.may_pass(), "tried once only: {fault}");
        }
    }
}
