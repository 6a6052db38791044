//! How a token signs with ECDSA and SHA-384: most are given the digest, some hash for themselves or not at all.

use cryptoki::mechanism::{Mechanism, MechanismType};
use sha2::{Digest as _, Sha384};

/// What the token is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The digest: CKM_ECDSA. A few bytes, however long the message is.
    Digest,
    /// The message: CKM_ECDSA_SHA384, for tokens that sign nothing they did not hash.
    Message,
}

impl Way {
    /// The better one of those that the token has; none if it cannot sign for us.
    pub(super) fn of(mechanisms: &[MechanismType]) -> Option<Way> {
        let has = |wanted: MechanismType| mechanisms.contains(&wanted);
        match (has(MechanismType::ECDSA), has(MechanismType::ECDSA_SHA384)) {
            (true, _) => Some(Way::Digest),
            (false, true) => Some(Way::Message),
            (false, false) => None,
        }
    }

    /// What it is called in PKCS#11.
    pub(super) fn mechanism(self) -> Mechanism<'static> {
        match self {
            Way::Digest => Mechanism::Ecdsa,
            Way::Message => Mechanism::EcdsaSha384,
        }
    }

    /// What is handed over to have this message signed.
    pub(super) fn input(self, message: &[u8]) -> Vec<u8> {
        match self {
            Way::Digest => Sha384::digest(message).to_vec(),
            Way::Message => message.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_handed_over_wherever_a_token_takes_it() {
        let others = [MechanismType::RSA_PKCS, MechanismType::ECC_KEY_PAIR_GEN, MechanismType::ECDSA_SHA256];
        let with = |more: &[MechanismType]| Way::of(&[&others[..], more].concat());
        assert_eq!(with(&[]), None, "a token that signs SHA-256 only makes no signature of ours");
        assert_eq!(with(&[MechanismType::ECDSA]), Some(Way::Digest));
        assert_eq!(with(&[MechanismType::ECDSA_SHA384]), Some(Way::Message));
        assert_eq!(with(&[MechanismType::ECDSA_SHA384, MechanismType::ECDSA]), Some(Way::Digest));
        assert_eq!(Way::of(&[]), None);
    }

    #[test]
    fn mechanism_and_input_belong_together() {
        assert_eq!(Way::Digest.mechanism().mechanism_type(), MechanismType::ECDSA);
        assert_eq!(Way::Digest.input(b"abc"), Sha384::digest(b"abc").to_vec());
        assert_eq!(Way::Message.mechanism().mechanism_type(), MechanismType::ECDSA_SHA384);
        assert_eq!(Way::Message.input(b"abc"), b"abc");
    }
}
