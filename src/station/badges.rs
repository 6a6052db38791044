//! Badges as digests: argon2id under the station's own salt, so that a badge can be looked up, and guessing from a
//! stolen database costs as much for each try as it does for a password.

use argon2::Argon2;

use crate::domain::badge::Badge;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;

/// Argon2 itself refused.
#[derive(Debug, thiserror::Error)]
#[error("the badge cannot be digested: {0}")]
pub struct NotDigested(argon2::Error);

impl Coded for NotDigested {
    fn code(&self) -> Code {
        Code::Internal
    }
}

/// What the records keep of a badge.
pub fn digest(badge: &Badge, salt: &[u8; 16]) -> Result<Digest, NotDigested> {
    let mut digest = [0; 32];
    let text = badge.text().expose();
    Argon2::default().hash_password_into(text, salt, &mut digest).map_err(NotDigested)?;
    Ok(Digest::from_bytes(digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    #[test]
    fn a_badge_is_found_again_only_under_its_salt() {
        let badge = |text: &str| Badge::read(&Secret::from(text.to_owned())).unwrap();
        let known = digest(&badge("0012345678"), &[1; 16]).unwrap();
        assert_eq!(digest(&badge(" 0012345678\r"), &[1; 16]).unwrap(), known);
        assert_ne!(digest(&badge("0012345679"), &[1; 16]).unwrap(), known);
        assert_ne!(digest(&badge("0012345678"), &[2; 16]).unwrap(), known);
    }
}
