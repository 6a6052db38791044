//! Other systems: who is given a token, who holds one, and what it allows, as values that use cases ask for.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use subtle::ConstantTimeEq;

use crate::domain::audit_event::AuditEvent;
use crate::domain::client::{Right, Rights};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Administering, Authority};
use crate::station::doorkeeper::Doorkeeper;
use crate::station::failures::Failures;
use crate::station::refusals;
use crate::store::Store;
use crate::store::clients::{self, ClientError};
use crate::store::error::StoreError;

/// What every token begins with, so that one that leaked is recognised.
const MARK: &str = "lst_";

/// Gives a new client its token, which is told this once; 256 `random` bits. What is refused goes on record.
///
/// # Errors
/// See [`ClientError`].
pub fn add(
    store: &Store,
    authority: &Administering,
    name: &Name,
    rights: &Rights,
    random: [u8; 32],
    now: UtcTime,
) -> Result<Secret, ClientError> {
    let token = Secret::from(format!("{MARK}{}", BASE64_URL_SAFE_NO_PAD.encode(random)));
    let digest = Digest::of(token.expose());
    let added = store.change(authority.actor(), now, |change| clients::add(change, name, &digest, rights));
    on_record(store, authority, now, &format!("new client {name}"), added)?;
    Ok(token)
}

/// Ends a client's rights for good: its next request is refused. What is refused here goes on record.
///
/// # Errors
/// See [`ClientError`].
pub fn disable(
    store: &Store,
    authority: &Administering,
    name: &Name,
    now: UtcTime,
) -> Result<(), ClientError> {
    let disabled = store.change(authority.actor(), now, |change| clients::disable(change, name));
    on_record(store, authority, now, &format!("disabling of client {name}"), disabled)
}

/// What came of it; what was refused is put on record.
fn on_record(
    store: &Store,
    authority: &Administering,
    now: UtcTime,
    what: &str,
    done: Result<(), ClientError>,
) -> Result<(), ClientError> {
    match &done {
        // records that cannot be used refuse nobody, and nothing can be put on record there
        Ok(()) | Err(ClientError::Store(_)) => {}
        Err(error) => refusals::record(store, authority.actor(), now, what, error),
    }
    done
}

/// A client that has shown its token.
#[derive(Debug, Clone)]
pub struct Caller {
    name: Name,
    rights: Rights,
}

impl Caller {
    /// Who it is, for the records.
    pub fn actor(&self) -> Actor {
        Actor::Client { name: self.name.clone() }
    }
}

/// Why a request of another system is not served.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No token, a wrong one, or one that was disabled: which of them is not said.
    #[error("this needs the token of a client")]
    Refused,
    /// Too many wrong ones from one address.
    #[error("there were too many wrong tokens; wrong ones are not looked at for a minute")]
    TooMany,
    /// The token does not allow it.
    #[error("client {client} has no right “{}”", .right.as_str())]
    NotAllowed {
        /// Whose token it is.
        client: Name,
        /// What it lacks.
        right: Right,
    },
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for TokenError {
    fn code(&self) -> Code {
        match self {
            TokenError::Refused | TokenError::TooMany => Code::ClientTokenRefused,
            TokenError::NotAllowed { .. } => Code::NotAllowed,
            TokenError::Store(error) => error.code(),
        }
    }
}

/// Counts wrong tokens by the address they came from. A right token is never shut out by somebody else's wrong
/// ones: 256 random bits are not guessed, and a plant's systems often share one address.
#[derive(Default)]
pub struct TokenDoor {
    keeper: Doorkeeper,
    failures: Failures,
}

/// There is one door for all tokens: a token names nobody before it is known.
const TOKENS: &str = "token";

impl TokenDoor {
    /// Who holds this token.
    ///
    /// # Errors
    /// [`TokenError::Refused`] or [`TokenError::TooMany`], which are counted and written down.
    pub fn caller(
        &self,
        store: &Store,
        token: &Secret,
        from: &str,
        now: UtcTime,
    ) -> Result<Caller, TokenError> {
        let digest = Digest::of(token.expose());
        // the digest finds the row; the comparison tells nothing by its time
        let known = store.read_quickly(|r| clients::by_token(r, &digest))?;
        let right = known.filter(|client| {
            let same: bool = client.token.as_bytes().ct_eq(digest.as_bytes()).into();
            same && !client.disabled
        });
        if let Some(client) = right {
            return Ok(Caller { name: client.name, rights: client.rights });
        }
        if let Some((from, times)) = self.failures.count(from, now) {
            record_refused(store, &from, times, now)?;
        }
        if !self.keeper.admits(TOKENS, from, now) {
            return Err(TokenError::TooMany);
        }
        self.keeper.failed(TOKENS, from, now);
        Err(TokenError::Refused)
    }

    /// Writes down the wrong tokens whose minute is over. To be called now and then.
    pub fn settle(&self, store: &Store, now: UtcTime) -> Result<(), StoreError> {
        let untold = self.failures.untold(now);
        untold.into_iter().try_for_each(|(from, times)| record_refused(store, &from, times, now))
    }

    /// Writes down all that are not written down yet. To be called when the station ends.
    pub fn settle_at_end(&self, store: &Store, now: UtcTime) -> Result<(), StoreError> {
        let untold = self.failures.last_untold();
        untold.into_iter().try_for_each(|(from, times)| record_refused(store, &from, times, now))
    }
}

fn record_refused(store: &Store, from: &str, times: u64, now: UtcTime) -> Result<(), StoreError> {
    let from = from.to_owned();
    store.change(&Actor::Station, now, |change| {
        change.record(AuditEvent::TokenRefused { from, times });
        Ok(())
    })
}

/// The right of a client to do one kind of thing; holding a value is having the right.
pub trait Allowed: Sized + 'static {
    /// The right of this client, if its token gives it.
    ///
    /// # Errors
    /// [`TokenError::NotAllowed`].
    fn of(caller: Caller) -> Result<Self, TokenError>;
    /// Who acts, for the records.
    fn actor(&self) -> &Actor;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident for $right:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Actor);

        impl Allowed for $name {
            fn of(caller: Caller) -> Result<$name, TokenError> {
                let Caller { name, rights } = caller;
                if rights.allow(Right::$right) {
                    Ok($name(Actor::Client { name }))
                } else {
                    Err(TokenError::NotAllowed { client: name, right: Right::$right })
                }
            }

            fn actor(&self) -> &Actor {
                &self.0
            }
        }
    )*};
}

rights! {
    /// Reads devices, results, orders, figures.
    Querying for Read;
    /// Writes work orders down, and closes complete ones.
    Ordering for Orders;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::testing::{Bench, now};

    fn administering() -> Administering {
        Administering::at_the_terminal(Actor::Station)
    }

    #[test]
    fn a_token_opens_until_it_is_disabled_and_stands_nowhere() {
        let bench = Bench::new();
        let (door, now) = (TokenDoor::default(), now());
        let rights: Rights = "read".parse().unwrap();
        let name: Name = "mes".parse().unwrap();
        let token = add(&bench.store, &administering(), &name, &rights, [7; 32], now).unwrap();
        let text = String::from_utf8(token.expose().to_vec()).unwrap();
        assert!(text.starts_with("lst_") && text.len() == 47, "{text}");
        let caller = door.caller(&bench.store, &token, "127.0.0.1", now).unwrap();
        assert!(Querying::of(caller.clone()).is_ok());
        assert!(matches!(Ordering::of(caller), Err(TokenError::NotAllowed { .. })));
        let folder = std::fs::read_dir(bench.folder.path()).unwrap();
        for file in folder.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(text.len()).any(|at| at == text.as_bytes()), "{}", file.display());
        }
        disable(&bench.store, &administering(), &name, now).unwrap();
        assert!(matches!(door.caller(&bench.store, &token, "127.0.0.1", now), Err(TokenError::Refused)));
        let again = add(&bench.store, &administering(), &"MES".parse().unwrap(), &rights, [8; 32], now);
        assert!(matches!(again, Err(ClientError::Exists(_))));
    }

    #[test]
    fn wrong_tokens_are_slowed_down_and_shut_nobody_else_out() {
        let bench = Bench::new();
        let (door, now) = (TokenDoor::default(), now());
        let rights: Rights = "read".parse().unwrap();
        let token =
            add(&bench.store, &administering(), &"mes".parse().unwrap(), &rights, [7; 32], now).unwrap();
        let wrong = |n: u8| {
            door.caller(&bench.store, &Secret::from(format!("lst_{n}")), "127.0.0.1", now).unwrap_err()
        };
        for n in 0..5 {
            assert!(matches!(wrong(n), TokenError::Refused), "{n}");
        }
        assert!(matches!(wrong(5), TokenError::TooMany));
        assert!(door.caller(&bench.store, &token, "127.0.0.1", now).is_ok());
    }
}
