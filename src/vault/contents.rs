//! What lies inside `vault.age`: the entries and their JSON form. Secrets are base64 inside it and are
//! decoded straight into secrets; an unknown member is refused, since rewriting would lose it.

use std::collections::BTreeMap;

use age::secrecy::ExposeSecret;
use age::x25519;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::base64_bytes::Base64Bytes;
use super::error::VaultError;
use super::group_key::GroupKey;
use crate::domain::name::Name;
use crate::domain::pair::Which;
use crate::domain::secret::Secret;

/// The format that is written.
const FORMAT: u64 = 1;

/// Everything the vault holds.
pub(super) struct Contents {
    /// Opens `vault.age` and what waits sealed in the database; here so that recovery restores it.
    pub(super) station_identity: Secret,
    /// The second recipient of `vault.age`: public.
    pub(super) recovery_recipient: String,
    /// Keys the check values, so that they tell nothing about a weak password.
    pub(super) check_key: Secret,
    pub(super) issuing_key: Option<Secret>,
    /// Of the issuing CA that has no certificate yet.
    pub(super) next_issuing_key: Option<Secret>,
    /// Of issuing CAs before this one, by their number.
    pub(super) past_issuing_keys: BTreeMap<Name, Secret>,
    pub(super) checkpoint_key: Option<Secret>,
    pub(super) manifest_key: Option<Secret>,
    pub(super) group_keys: BTreeMap<Name, GroupKey>,
    pub(super) secrets: BTreeMap<Name, Secret>,
}

impl Contents {
    pub(super) fn new(station_identity: Secret, recovery_recipient: String) -> Contents {
        // age's generator is this room's only source of randomness: 32 bytes out of a key that serves nothing else
        let seed = x25519::Identity::generate().to_string();
        let check_key = Secret::new(Sha256::digest(seed.expose_secret()).to_vec());
        Contents {
            station_identity,
            recovery_recipient,
            check_key,
            issuing_key: None,
            next_issuing_key: None,
            past_issuing_keys: BTreeMap::new(),
            checkpoint_key: None,
            manifest_key: None,
            group_keys: BTreeMap::new(),
            secrets: BTreeMap::new(),
        }
    }

    pub(super) fn duplicate(&self) -> Contents {
        let Contents {
            station_identity,
            recovery_recipient,
            check_key,
            issuing_key,
            next_issuing_key,
            past_issuing_keys,
            checkpoint_key,
            manifest_key,
            group_keys,
            secrets,
        } = self;
        Contents {
            station_identity: station_identity.duplicate(),
            recovery_recipient: recovery_recipient.clone(),
            check_key: check_key.duplicate(),
            issuing_key: issuing_key.as_ref().map(Secret::duplicate),
            next_issuing_key: next_issuing_key.as_ref().map(Secret::duplicate),
            past_issuing_keys: past_issuing_keys
                .iter()
                .map(|(n, key)| (n.clone(), key.duplicate()))
                .collect(),
            checkpoint_key: checkpoint_key.as_ref().map(Secret::duplicate),
            manifest_key: manifest_key.as_ref().map(Secret::duplicate),
            group_keys: group_keys.iter().map(|(name, key)| (name.clone(), key.duplicate())).collect(),
            secrets: secrets.iter().map(|(name, secret)| (name.clone(), secret.duplicate())).collect(),
        }
    }

    pub(super) fn to_json(&self) -> Result<Secret, VaultError> {
        let Contents {
            station_identity,
            recovery_recipient,
            check_key,
            issuing_key,
            next_issuing_key,
            past_issuing_keys,
            checkpoint_key,
            manifest_key,
            group_keys,
            secrets,
        } = self;
        let group_keys = group_keys.iter().map(|(name, key)| {
            let pair = KeyPair {
                primary: Base64Bytes::Lent(key.bytes(Which::Primary)),
                secondary: Base64Bytes::Lent(key.bytes(Which::Secondary)),
            };
            (name.clone(), pair)
        });
        Ok(Secret::from_json(&File {
            format: FORMAT,
            station_identity: station_identity.into(),
            recovery_recipient: recovery_recipient.clone(),
            check_key: check_key.into(),
            issuing_key: issuing_key.as_ref().map(Base64Bytes::from),
            next_issuing_key: next_issuing_key.as_ref().map(Base64Bytes::from),
            past_issuing_keys: past_issuing_keys.iter().map(|(n, key)| (n.clone(), key.into())).collect(),
            checkpoint_key: checkpoint_key.as_ref().map(Base64Bytes::from),
            manifest_key: manifest_key.as_ref().map(Base64Bytes::from),
            group_keys: group_keys.collect(),
            secrets: secrets.iter().map(|(name, secret)| (name.clone(), secret.into())).collect(),
        })?)
    }

    /// Reads the JSON form; `file` is named in errors.
    pub(super) fn parse(json: &Secret, file: &'static str) -> Result<Contents, VaultError> {
        let damaged = || VaultError::Damaged { file };
        let Format { format } = serde_json::from_slice(json.expose()).map_err(|_| damaged())?;
        if format != FORMAT {
            return Err(VaultError::TooNew { found: format, ours: FORMAT });
        }
        let parsed: File = serde_json::from_slice(json.expose()).map_err(|_| damaged())?;
        let mut group_keys = BTreeMap::new();
        for (name, pair) in parsed.group_keys {
            let key = GroupKey::from_bytes(pair.primary.into(), pair.secondary.into());
            group_keys.insert(name, key.map_err(|_| damaged())?);
        }
        Ok(Contents {
            station_identity: parsed.station_identity.into(),
            recovery_recipient: parsed.recovery_recipient,
            check_key: parsed.check_key.into(),
            issuing_key: parsed.issuing_key.map(Secret::from),
            next_issuing_key: parsed.next_issuing_key.map(Secret::from),
            past_issuing_keys: parsed.past_issuing_keys.into_iter().map(|(n, key)| (n, key.into())).collect(),
            checkpoint_key: parsed.checkpoint_key.map(Secret::from),
            manifest_key: parsed.manifest_key.map(Secret::from),
            group_keys,
            secrets: parsed.secrets.into_iter().map(|(name, secret)| (name, secret.into())).collect(),
        })
    }
}

#[derive(Deserialize)]
struct Format {
    format: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    format: u64,
    station_identity: Base64Bytes<'a>,
    recovery_recipient: String,
    check_key: Base64Bytes<'a>,
    issuing_key: Option<Base64Bytes<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_issuing_key: Option<Base64Bytes<'a>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    past_issuing_keys: BTreeMap<Name, Base64Bytes<'a>>,
    checkpoint_key: Option<Base64Bytes<'a>>,
    /// Older vaults have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest_key: Option<Base64Bytes<'a>>,
    group_keys: BTreeMap<Name, KeyPair<'a>>,
    secrets: BTreeMap<Name, Base64Bytes<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyPair<'a> {
    primary: Base64Bytes<'a>,
    secondary: Base64Bytes<'a>,
}
