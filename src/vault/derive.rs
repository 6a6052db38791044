//! Keys derived from a group key, as DPS derives them: base64(HMAC-SHA256(group key, registration ID)),
//! over the ID in lower case (Azure: symmetric key attestation, group enrollments).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::base64_bytes;
use super::group_key::GroupKey;
use crate::domain::hmac_key::HmacKey;
use crate::domain::pair::Which;
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::domain::work_order::IssuePermit;

/// How many characters a derived key has as base64.
pub const BASE64_LENGTH: usize = 44;

/// One device's key: 32 bytes, wiped when dropped.
pub struct DerivedKey(Zeroizing<[u8; 32]>);

impl DerivedKey {
    /// The key as devices and Azure write it: 44 characters of base64.
    pub fn base64(&self) -> Secret {
        Secret::from(std::mem::take(&mut *base64_bytes::encode(&*self.0)))
    }

    /// The key itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Derives the key of one device.
pub fn derive(group: &GroupKey, which: Which, id: &RegistrationId) -> DerivedKey {
    Deriver::new(group, which).derive(id)
}

/// Derives the key that a run is to place: the permit is spent on it, whatever becomes of the run.
pub fn derive_under(permit: IssuePermit, group: &GroupKey, which: Which, id: &RegistrationId) -> DerivedKey {
    drop(permit);
    derive(group, which, id)
}

/// A group key expanded once, for many devices.
pub struct Deriver(HmacKey);

impl Deriver {
    /// Expands one of the two keys.
    pub fn new(group: &GroupKey, which: Which) -> Deriver {
        Deriver(HmacKey::new(group.bytes(which)))
    }

    /// The key of this device.
    pub fn derive(&self, id: &RegistrationId) -> DerivedKey {
        DerivedKey(self.0.tag_of(id.as_str().as_bytes()))
    }

    /// The key of this device as base64 into a buffer of the caller's, without an allocation.
    pub fn base64_into(&self, id: &RegistrationId, text: &mut [u8; BASE64_LENGTH]) {
        let key = self.derive(id);
        // 32 bytes are 44 characters, so the buffer always has room
        let written = STANDARD.encode_slice(key.bytes(), text);
        debug_assert_eq!(written, Ok(BASE64_LENGTH));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vector {
        primary: String,
        secondary: String,
        registration_id: RegistrationId,
        derived_from_primary: String,
        derived_from_secondary: String,
    }

    #[test]
    fn the_golden_vectors_hold() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../fixtures/derived-key.json")).unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let group =
                GroupKey::parse(&vector.primary.into(), &vector.secondary.into()).unwrap_or_else(|e| {
                    panic!("{e}");
                });
            for (which, expected) in [
                (Which::Primary, &vector.derived_from_primary),
                (Which::Secondary, &vector.derived_from_secondary),
            ] {
                let key = derive(&group, which, &vector.registration_id);
                assert_eq!(key.base64().expose(), expected.as_bytes(), "{which}");
                let mut text = [0; BASE64_LENGTH];
                Deriver::new(&group, which).base64_into(&vector.registration_id, &mut text);
                assert_eq!(text, expected.as_bytes());
            }
        }
    }

    #[test]
    fn upper_case_text_names_the_same_device_and_so_the_same_key() {
        let group = GroupKey::from_random(&Zeroizing::new([1; 64]), &Zeroizing::new([2; 64]));
        let lower = derive(&group, Which::Primary, &"sn-1a".parse().unwrap());
        let upper = derive(&group, Which::Primary, &"SN-1A".parse().unwrap());
        assert_eq!(lower.bytes(), upper.bytes());
        assert_ne!(lower.bytes(), derive(&group, Which::Secondary, &"sn-1a".parse().unwrap()).bytes());
        assert_ne!(lower.bytes(), derive(&group, Which::Primary, &"sn-1b".parse().unwrap()).bytes());
    }
}
