//! Passwords of people: argon2id hashes in PHC form. A check of an unknown name takes as long as one of a
//! known name.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::domain::code::{Code, Coded};
use crate::domain::person::Role;
use crate::domain::secret::Secret;

/// Fewest characters of a password.
pub const SHORTEST: usize = 10;
/// Longest password that is hashed at all, in bytes.
pub const LONGEST: usize = 1024;

/// Fewest digits of an operator's PIN.
pub const SHORTEST_PIN: usize = 6;

/// Why a password is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadPassword {
    /// Too short, or so long that hashing it would be an attack.
    #[error("a password has {SHORTEST} to {LONGEST} characters")]
    Length,
    /// An operator's, too short or guessed in one of the first tries.
    #[error(
        "an operator's password has {SHORTEST} to {LONGEST} characters, or is a PIN of at least {SHORTEST_PIN} digits that are neither all the same nor in a row"
    )]
    Pin,
    /// Argon2 itself refused.
    #[error("the password cannot be hashed: {0}")]
    Hash(argon2::password_hash::Error),
}

impl Coded for BadPassword {
    fn code(&self) -> Code {
        Code::PasswordWeak
    }
}

/// The hash of a new password under this random salt.
pub fn hash(password: &Secret, salt: &[u8; 16]) -> Result<String, BadPassword> {
    let characters = String::from_utf8_lossy(password.expose()).chars().count();
    if characters < SHORTEST || password.len() > LONGEST {
        return Err(BadPassword::Length);
    }
    of(password, salt)
}

/// The hash of a new password of somebody with this role: an operator may have a PIN.
pub fn hash_for(role: Role, password: &Secret, salt: &[u8; 16]) -> Result<String, BadPassword> {
    match role {
        Role::Operator if is_pin(password.expose()) => of(password, salt),
        Role::Operator => hash(password, salt).map_err(|error| match error {
            BadPassword::Length | BadPassword::Pin => BadPassword::Pin,
            BadPassword::Hash(cause) => BadPassword::Hash(cause),
        }),
        Role::Engineer | Role::Administrator | Role::Auditor => hash(password, salt),
    }
}

fn of(password: &Secret, salt: &[u8; 16]) -> Result<String, BadPassword> {
    let hash: PasswordHash =
        Argon2::default().hash_password_with_salt(password.expose(), salt).map_err(BadPassword::Hash)?;
    Ok(hash.to_string())
}

/// Digits enough, and not those that everybody tries first: all the same, or counting up or down.
fn is_pin(text: &[u8]) -> bool {
    let digits = (SHORTEST_PIN..=LONGEST).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let steps = |by: i16| text.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == by);
    digits && ![0, 1, -1].into_iter().any(steps)
}

/// A hash of nothing anybody knows, so that an unknown name costs the same work.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bGluZXNpZGUtbm9ib2R5IQ$\
                      6Kf6nHnVLDbH8sVV5RkAd4Q3O6kVZ0b3o0nRk0cGmT0";

/// Whether this is the password. `hash` is `None` for an unknown or disabled person: the answer is then no,
/// after the same work.
pub fn verify(password: &Secret, hash: Option<&str>) -> bool {
    if password.len() > LONGEST {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    Argon2::default().verify_password(password.expose(), &parsed).is_ok() && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_opens() {
        let right = Secret::from("correct horse battery".to_owned());
        let stored = hash(&right, &[7; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify(&right, Some(&stored)));
        assert!(!verify(&Secret::from("correct horse batterz".to_owned()), Some(&stored)));
        assert!(!verify(&right, None));
    }

    #[test]
    fn an_unknown_name_costs_the_same_work() {
        assert!(PasswordHash::new(NOBODY).is_ok(), "the stand-in must be a well-formed hash");
        let stored = hash(&Secret::from("0123456789".to_owned()), &[1; 16]).unwrap();
        let cost = |phc: &str| phc.split('$').nth(3).map(str::to_owned);
        assert_eq!(cost(&stored), cost(NOBODY));
    }

    #[test]
    fn an_operator_may_have_a_pin_that_is_not_everybodys() {
        let taken =
            |role, text: &str| hash_for(role, &Secret::from(text.to_owned()), &[1; 16]).map(|_| ()).is_ok();
        assert!(taken(Role::Operator, "274951") && taken(Role::Operator, "a long password"));
        for bad in ["27495", "111111", "123456", "987654", "secret", "27495x"] {
            assert!(!taken(Role::Operator, bad), "{bad}");
        }
        for role in [Role::Engineer, Role::Administrator, Role::Auditor] {
            assert!(!taken(role, "274951") && taken(role, "a long password"));
        }
    }

    #[test]
    fn short_passwords_are_refused() {
        assert!(hash(&Secret::from("short".to_owned()), &[1; 16]).is_err());
    }
}
