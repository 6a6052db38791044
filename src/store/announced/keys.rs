//! Keys of announced devices: the starts of SHA-256 over what a value is and the value itself, folded. They are
//! evenly spread whatever the IDs look like, so they can be sorted, merged and written in order.

use sha2::{Digest as _, Sha256};

use super::canonical::Row;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// A serial number, lower-cased.
    Serial,
    /// A MAC address, `aa:bb:cc:dd:ee:ff`.
    Mac,
    /// A registration ID.
    RegistrationId,
    /// An endorsement key (TPM2B_PUBLIC).
    EndorsementKey,
    /// The digest of a public key, in hexadecimal digits.
    PublicKey,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [KeyKind; 5] =
        [KeyKind::Serial, KeyKind::Mac, KeyKind::RegistrationId, KeyKind::EndorsementKey, KeyKind::PublicKey];

    /// Its number in sorted files, and the first byte that is hashed.
    pub fn number(self) -> u8 {
        match self {
            KeyKind::Serial => 1,
            KeyKind::Mac => 2,
            KeyKind::RegistrationId => 3,
            KeyKind::EndorsementKey => 4,
            KeyKind::PublicKey => 5,
        }
    }

    /// The kind with this number.
    pub fn of_number(number: u8) -> Option<KeyKind> {
        KeyKind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// What a person calls it.
    pub fn words(self) -> &'static str {
        match self {
            KeyKind::Serial => "serial number",
            KeyKind::Mac => "MAC address",
            KeyKind::RegistrationId => "registration ID",
            KeyKind::EndorsementKey => "endorsement key",
            KeyKind::PublicKey => "public key",
        }
    }
}

/// The first sixteen bytes of the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The first eight, as SQLite orders them: what `announced_key` holds.
    pub start: i64,
    /// The next eight: tells values apart within one file, where nothing else is at hand.
    pub check: u64,
}

impl Key {
    /// The key of a folded value.
    pub fn of(kind: KeyKind, value: &[u8]) -> Key {
        let mut hasher = Sha256::new();
        hasher.update([kind.number()]);
        hasher.update(value);
        let digest = hasher.finalize();
        let mut start = [0; 8];
        let mut check = [0; 8];
        start.copy_from_slice(&digest[..8]);
        check.copy_from_slice(&digest[8..16]);
        Key { start: i64::from_be_bytes(start), check: u64::from_be_bytes(check) }
    }

    /// The keys of everything by which a row is found.
    pub fn each(row: &Row<'_>, mut each: impl FnMut(KeyKind, Key)) {
        if let Some(serial) = row.serial {
            each(KeyKind::Serial, Key::of(KeyKind::Serial, serial.to_ascii_lowercase().as_bytes()));
        }
        if let Some(mac) = row.mac {
            each(KeyKind::Mac, Key::of(KeyKind::Mac, mac.as_bytes()));
        }
        if let Some(id) = row.registration_id {
            each(KeyKind::RegistrationId, Key::of(KeyKind::RegistrationId, id.as_bytes()));
        }
        if let Some(key) = row.endorsement_key {
            each(KeyKind::EndorsementKey, Key::of(KeyKind::EndorsementKey, key));
        }
        if let Some(key) = row.public_key {
            each(KeyKind::PublicKey, Key::of(KeyKind::PublicKey, key.as_bytes()));
        }
    }
}
