//! The two keys of a DPS enrollment group, as a person copies them from Azure.

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine as _};
use zeroize::Zeroizing;

use super::base64_bytes;
use crate::domain::code::{Code, Coded};
use crate::domain::pair::Which;
use crate::domain::secret::Secret;

/// Primary and secondary key of an enrollment group: 16 to 64 bytes each (Azure: symmetric key
/// attestation). Devices' keys are derived from them; they never leave the station.
pub struct GroupKey {
    primary: Secret,
    secondary: Secret,
}

/// The shortest key Azure takes, in bytes.
pub const SHORTEST: usize = 16;
/// The longest key Azure takes, in bytes; its own keys have this length.
pub const LONGEST: usize = 64;

/// Why a text is no group key. The text itself is never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadGroupKey {
    /// A character that is not base64.
    #[error("the {which} key is not base64: character {at} does not belong there")]
    Char {
        /// Which key.
        which: Which,
        /// Counted from 1, without leading white space.
        at: usize,
    },
    /// The end is missing, or something is left over.
    #[error(
        "the {which} key is not base64: its {characters} characters do not end as base64 does; was it copied whole?"
    )]
    Cut {
        /// Which key.
        which: Which,
        /// How many characters there are.
        characters: usize,
    },
    /// Too short or too long once decoded.
    #[error("the {which} key has {found} bytes; a group key has {SHORTEST} to {LONGEST}")]
    Length {
        /// Which key.
        which: Which,
        /// How many bytes it has.
        found: usize,
    },
}

impl Coded for BadGroupKey {
    fn code(&self) -> Code {
        Code::GroupKeyInvalid
    }
}

impl GroupKey {
    /// Reads both keys from standard base64 with padding; white space around them is left out.
    pub fn parse(primary: &Secret, secondary: &Secret) -> Result<GroupKey, BadGroupKey> {
        GroupKey::from_bytes(decode(primary, Which::Primary)?, decode(secondary, Which::Secondary)?)
    }

    /// A new pair of keys from random bytes that the caller draws.
    pub fn from_random(primary: &Zeroizing<[u8; 64]>, secondary: &Zeroizing<[u8; 64]>) -> GroupKey {
        GroupKey { primary: Secret::new(primary.to_vec()), secondary: Secret::new(secondary.to_vec()) }
    }

    pub(super) fn from_bytes(primary: Secret, secondary: Secret) -> Result<GroupKey, BadGroupKey> {
        for (which, key) in [(Which::Primary, &primary), (Which::Secondary, &secondary)] {
            if !(SHORTEST..=LONGEST).contains(&key.len()) {
                return Err(BadGroupKey::Length { which, found: key.len() });
            }
        }
        Ok(GroupKey { primary, secondary })
    }

    /// The key as Azure shows it.
    pub fn base64(&self, which: Which) -> Secret {
        Secret::from(std::mem::take(&mut *base64_bytes::encode(self.bytes(which))))
    }

    /// The key's bytes.
    pub(super) fn bytes(&self, which: Which) -> &[u8] {
        match which {
            Which::Primary => self.primary.expose(),
            Which::Secondary => self.secondary.expose(),
        }
    }

    pub(super) fn duplicate(&self) -> GroupKey {
        GroupKey { primary: self.primary.duplicate(), secondary: self.secondary.duplicate() }
    }
}

fn decode(text: &Secret, which: Which) -> Result<Secret, BadGroupKey> {
    let text = text.expose().trim_ascii();
    STANDARD.decode(text).map(Secret::new).map_err(|error| match error {
        // padding before the end also shows as a wrong byte; so does the one past a cut
        DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol { offset: at, .. } => {
            BadGroupKey::Char { which, at: at + 1 }
        }
        DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => {
            BadGroupKey::Cut { which, characters: text.len() }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(primary: &str, secondary: &str) -> Result<GroupKey, BadGroupKey> {
        GroupKey::parse(&Secret::from(primary.to_owned()), &Secret::from(secondary.to_owned()))
    }

    const GOOD: &str = "AAECAwQFBgcICQoLDA0ODw==";

    proptest! {
        #[test]
        fn keys_of_every_allowed_length_come_back(primary in prop::collection::vec(any::<u8>(), 16..=64)) {
            let text = STANDARD.encode(&primary);
            let key = parse(&format!(" \t{text}\r\n"), GOOD).ok().unwrap();
            prop_assert_eq!(key.bytes(Which::Primary), &primary[..]);
            let again = key.base64(Which::Primary);
            prop_assert_eq!(again.expose(), text.as_bytes());
        }

        #[test]
        fn other_lengths_are_named(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assume!(!(16..=64).contains(&bytes.len()));
            let found = parse(GOOD, &STANDARD.encode(&bytes)).err();
            prop_assert_eq!(found, Some(BadGroupKey::Length { which: Which::Secondary, found: bytes.len() }));
        }

        #[test]
        fn hostile_text_never_panics(text in "\\PC{0,120}") {
            let _ = parse(&text, GOOD);
        }
    }

    #[test]
    fn the_fault_is_placed_but_never_shown() {
        let fault = parse("AAECAwQF*gcICQoLDA0ODw==", GOOD).err().unwrap();
        assert_eq!(fault, BadGroupKey::Char { which: Which::Primary, at: 9 });
        assert!(!fault.to_string().contains('*'), "{fault}");
        let cut = BadGroupKey::Cut { which: Which::Secondary, characters: 22 };
        assert_eq!(parse(GOOD, &GOOD[..22]).err(), Some(cut));
    }

    #[test]
    fn a_new_key_takes_the_random_bytes_as_they_are() {
        let key = GroupKey::from_random(&Zeroizing::new([1; 64]), &Zeroizing::new([2; 64]));
        assert_eq!(key.bytes(Which::Primary), [1; 64]);
        assert_eq!(key.bytes(Which::Secondary), [2; 64]);
    }
}
