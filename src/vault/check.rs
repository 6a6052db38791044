//! Check values: what the database may keep of a secret, so that unlocking can tell whether vault and
//! database belong together. They are keyed by the vault, so a weak password cannot be guessed from them.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use super::Vault;
use super::error::VaultError;
use crate::domain::digest::Digest;
use crate::domain::hmac_key::HmacKey;
use crate::domain::name::Name;
use crate::domain::pair::Which;

/// One entry of the vault; as text `issuing-key`, `next-issuing-key`,
/// `past-issuing-key/NUMBER`, `checkpoint-key`, `manifest-key`, `group-key/NAME` or `secret/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The issuing CA's private key.
    IssuingKey,
    /// The private key of the issuing CA that has no certificate yet.
    NextIssuingKey,
    /// The private key of an issuing CA before this one.
    PastIssuingKey(Name),
    /// The key that signs checkpoints.
    CheckpointKey,
    /// The key that signs lot manifests.
    ManifestKey,
    /// The keys of an enrollment group.
    GroupKey(Name),
    /// Any other secret.
    Secret(Name),
}

impl Entry {
    fn kind(&self) -> &'static str {
        match self {
            Entry::IssuingKey => "issuing-key",
            Entry::NextIssuingKey => "next-issuing-key",
            Entry::PastIssuingKey(_) => "past-issuing-key",
            Entry::CheckpointKey => "checkpoint-key",
            Entry::ManifestKey => "manifest-key",
            Entry::GroupKey(_) => "group-key",
            Entry::Secret(_) => "secret",
        }
    }

    fn name(&self) -> Option<&Name> {
        match self {
            Entry::IssuingKey | Entry::NextIssuingKey | Entry::CheckpointKey | Entry::ManifestKey => None,
            Entry::PastIssuingKey(name) | Entry::GroupKey(name) | Entry::Secret(name) => Some(name),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            None => f.write_str(self.kind()),
            Some(name) => write!(f, "{}/{name}", self.kind()),
        }
    }
}

impl Vault {
    /// HMAC-SHA256 under the vault's own check key over kind ‖ 0 ‖ name ‖ 0 ‖ secret.
    pub fn check_value(&self, entry: &Entry) -> Result<Digest, VaultError> {
        match entry {
            Entry::IssuingKey => Ok(self.check(entry, &[self.issuing_key()?.expose()])),
            Entry::NextIssuingKey => Ok(self.check(entry, &[self.next_issuing_key()?.expose()])),
            Entry::PastIssuingKey(number) => {
                Ok(self.check(entry, &[self.past_issuing_key(number)?.expose()]))
            }
            Entry::CheckpointKey => Ok(self.check(entry, &[self.checkpoint_key()?.expose()])),
            Entry::ManifestKey => Ok(self.check(entry, &[self.manifest_key()?.expose()])),
            Entry::Secret(name) => Ok(self.check(entry, &[self.secret(name)?.expose()])),
            Entry::GroupKey(name) => {
                let key = self.group_key(name)?;
                let (primary, secondary) = (key.base64(Which::Primary), key.base64(Which::Secondary));
                // base64 holds no zero byte, so the two cannot run into each other
                Ok(self.check(entry, &[primary.expose(), &[0], secondary.expose()]))
            }
        }
    }

    /// The check values of everything in the vault, by the entry's text.
    pub fn check_values(&self) -> Result<BTreeMap<String, Digest>, VaultError> {
        let contents = &self.contents;
        let mut entries = Vec::new();
        entries.extend(contents.issuing_key.as_ref().map(|_| Entry::IssuingKey));
        entries.extend(contents.next_issuing_key.as_ref().map(|_| Entry::NextIssuingKey));
        entries.extend(self.past_issuing_numbers().cloned().map(Entry::PastIssuingKey));
        entries.extend(contents.checkpoint_key.as_ref().map(|_| Entry::CheckpointKey));
        entries.extend(contents.manifest_key.as_ref().map(|_| Entry::ManifestKey));
        entries.extend(self.group_key_names().cloned().map(Entry::GroupKey));
        entries.extend(self.secret_names().cloned().map(Entry::Secret));
        entries.iter().map(|entry| Ok((entry.to_string(), self.check_value(entry)?))).collect()
    }

    /// Compares with what the database recorded: each recorded entry must be here and unchanged. What the
    /// vault holds beyond the record is left to the caller.
    pub fn verify_check_values(&self, recorded: &BTreeMap<String, Digest>) -> Result<(), VaultError> {
        let ours = self.check_values()?;
        let differs = |(entry, digest): &(&String, &Digest)| ours.get(*entry) != Some(*digest);
        let entries: Vec<String> = recorded.iter().filter(differs).map(|(entry, _)| entry.clone()).collect();
        if entries.is_empty() { Ok(()) } else { Err(VaultError::CheckValues { entries }) }
    }

    fn check(&self, entry: &Entry, secret: &[&[u8]]) -> Digest {
        let name = entry.name().map_or("", Name::as_str);
        let mut parts: Vec<&[u8]> = vec![entry.kind().as_bytes(), &[0], name.as_bytes(), &[0]];
        parts.extend(secret);
        let tag: Zeroizing<[u8; 32]> = HmacKey::new(self.contents.check_key.expose()).tag(&parts);
        Digest::from_bytes(*tag)
    }
}
