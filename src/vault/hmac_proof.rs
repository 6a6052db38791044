//! Judging a device's proof that it holds a symmetric key: the HMAC-SHA256 of a message under its 32 raw bytes.

use super::derive::DerivedKey;
use crate::domain::code::{Code, Coded};
use crate::domain::hmac_key::HmacKey;

/// Why a proof is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHmacProof {
    /// Not as long as a tag is.
    #[error("the device's proof has {0} bytes, an HMAC-SHA256 has 32")]
    Length(usize),
    /// Another key, or another message.
    #[error("the device's proof was not made with the key it was given over the message it was asked for")]
    Wrong,
}

impl Coded for BadHmacProof {
    fn code(&self) -> Code {
        Code::PossessionNotProven
    }
}

/// Checks the tag of a message, in a time that does not depend on where it differs.
pub fn verify_hmac(key: &DerivedKey, message: &[u8], tag: &[u8]) -> Result<(), BadHmacProof> {
    if tag.len() != 32 {
        return Err(BadHmacProof::Length(tag.len()));
    }
    if !HmacKey::new(key.bytes()).verify(&[message], tag) {
        return Err(BadHmacProof::Wrong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::Which;
    use crate::vault::derive::derive;
    use crate::vault::group_key::GroupKey;
    use zeroize::Zeroizing;

    #[test]
    fn only_the_right_key_over_the_right_message_is_believed() {
        let group = GroupKey::from_random(&Zeroizing::new([1; 64]), &Zeroizing::new([2; 64]));
        let key = derive(&group, Which::Primary, &"sn-1".parse().unwrap());
        let other = derive(&group, Which::Secondary, &"sn-1".parse().unwrap());
        let tag = HmacKey::new(key.bytes()).tag(&[b"message"]);
        assert_eq!(verify_hmac(&key, b"message", &*tag), Ok(()));
        assert_eq!(verify_hmac(&key, b"massage", &*tag), Err(BadHmacProof::Wrong));
        assert_eq!(verify_hmac(&other, b"message", &*tag), Err(BadHmacProof::Wrong));
        assert_eq!(verify_hmac(&key, b"message", &tag[..31]), Err(BadHmacProof::Length(31)));
        let mut bent = *tag;
        bent[31] ^= 1;
        assert_eq!(verify_hmac(&key, b"message", &bent), Err(BadHmacProof::Wrong));
    }
}
