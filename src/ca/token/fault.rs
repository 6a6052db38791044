//! What can go wrong between the program and a token, and what of it may pass by itself.

use std::path::PathBuf;

use cryptoki::error::{Error, RvError};

use crate::domain::code::{Code, Coded};

/// Why a token did not do its part. No message holds a PIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum TokenFault {
    #[error("the PKCS#11 module {} cannot be used: {cause}", .module.display())]
    Module { module: PathBuf, cause: String },
    #[error("the token “{token}” is not there")]
    Gone { token: String },
    #[error("there are {count} tokens named “{token}”; add serial to the URI")]
    Ambiguous { token: String, count: usize },
    #[error("the session with the token “{token}” was lost and could not be had again: {cause}")]
    SessionLost { token: String, cause: String },
    #[error("nobody could be logged in to the token “{token}”: {cause}")]
    NotLoggedIn { token: String, cause: String },
    #[error("another signature keeps the token “{token}” busy for too long")]
    Busy { token: String },
    #[error("the vault holds no PIN for the token “{token}”")]
    PinMissing { token: String },
    #[error("the token “{token}” refused its PIN, which is not tried again")]
    PinRefused { token: String },
    #[error("the PIN of the token “{token}” is locked")]
    PinLocked { token: String },
    #[error("the token “{token}” has one attempt at its PIN left, which is not used up")]
    LastTry { token: String },
    #[error("the token “{token}” holds no private EC key named “{object}”")]
    KeyNotFound { token: String, object: String },
    #[error("the token “{token}” holds {count} private EC keys named “{object}”; add id to the URI")]
    KeyAmbiguous { token: String, object: String, count: usize },
    #[error("the key “{object}” of the token “{token}” is not that of the issuing CA's certificate")]
    OtherKey { token: String, object: String },
    #[error("the token “{token}” holds a key named “{object}” already")]
    KeyTaken { token: String, object: String },
    #[error("the token “{token}” has no mechanism {mechanism}")]
    Mechanism { token: String, mechanism: &'static str },
    #[error("the token “{token}” made a key that can be taken out of it, so it was deleted")]
    NotSensitive { token: String },
    #[error("the token “{token}” gave a public key that is no point on P-384")]
    NotP384 { token: String },
    #[error("the token “{token}” failed: {cause}")]
    Failed { token: String, cause: String },
}

impl TokenFault {
    /// A call of the library that did not do what it was for.
    pub(super) fn of(token: &str, error: &Error) -> TokenFault {
        let (token, cause) = (token.to_owned(), described(error));
        match error {
            Error::Pkcs11(value, _) if is_loss(*value) => TokenFault::SessionLost { token, cause },
            _ => TokenFault::Failed { token, cause },
        }
    }

    /// Whether another session may bring what this one could not: the token was pulled, or is being put back.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            TokenFault::Gone { .. } | TokenFault::SessionLost { .. } | TokenFault::KeyNotFound { .. } => true,
            TokenFault::Module { .. }
            | TokenFault::Ambiguous { .. }
            | TokenFault::NotLoggedIn { .. }
            | TokenFault::Busy { .. }
            | TokenFault::PinMissing { .. }
            | TokenFault::PinRefused { .. }
            | TokenFault::PinLocked { .. }
            | TokenFault::LastTry { .. }
            | TokenFault::KeyAmbiguous { .. }
            | TokenFault::OtherKey { .. }
            | TokenFault::KeyTaken { .. }
            | TokenFault::Mechanism { .. }
            | TokenFault::NotSensitive { .. }
            | TokenFault::NotP384 { .. }
            | TokenFault::Failed { .. } => false,
        }
    }
}

/// Values by which libraries say that a session, a key's handle or the token behind them is no more. General ones are
/// among them, for some libraries have no better word when their token is pulled.
fn is_loss(value: RvError) -> bool {
    matches!(
        value,
        RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::DeviceRemoved
            | RvError::DeviceError
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::SlotIdInvalid
            | RvError::ObjectHandleInvalid
            | RvError::KeyHandleInvalid
            | RvError::UserNotLoggedIn
            | RvError::OperationNotInitialized
            | RvError::OperationActive
            | RvError::FunctionFailed
            | RvError::GeneralError
    )
}

/// The name of the value and of the call, without the paragraphs of the library's own display.
pub(super) fn described(error: &Error) -> String {
    match error {
        Error::Pkcs11(value, function) => format!("{value:?} in {function:?}"),
        Error::LibraryLoading(_) => "it is not there, or no library for this machine".to_owned(),
        Error::NotSupported
        | Error::TryFromInt(_)
        | Error::TryFromSlice(_)
        | Error::ParseInt(_)
        | Error::Utf8(_)
        | Error::NulError(_)
        | Error::NullFunctionPointer
        | Error::MissingSymbol(_)
        | Error::InvalidValue
        | Error::PinNotSet => error.to_string(),
    }
}

impl Coded for TokenFault {
    fn code(&self) -> Code {
        match self {
            TokenFault::Module { .. } => Code::TokenModule,
            TokenFault::Gone { .. } | TokenFault::Ambiguous { .. } => Code::TokenGone,
            TokenFault::SessionLost { .. } | TokenFault::NotLoggedIn { .. } => Code::TokenLost,
            TokenFault::Busy { .. } => Code::TokenBusy,
            TokenFault::PinMissing { .. } => Code::TokenPinMissing,
            TokenFault::PinRefused { .. } => Code::TokenPinRefused,
            TokenFault::PinLocked { .. } | TokenFault::LastTry { .. } => Code::TokenPinLocked,
            TokenFault::KeyNotFound { .. }
            | TokenFault::KeyAmbiguous { .. }
            | TokenFault::OtherKey { .. } => Code::TokenKey,
            TokenFault::KeyTaken { .. } => Code::TokenKeyTaken,
            TokenFault::Mechanism { .. } | TokenFault::NotSensitive { .. } | TokenFault::NotP384 { .. } => {
                Code::TokenUnfit
            }
            TokenFault::Failed { .. } => Code::SignFailed,
        }
    }
}
