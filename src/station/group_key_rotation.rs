//! Rotating a group key: other keys take the place of those that devices' keys are derived from. Keys are derived
//! when an enrollment is sent, so nothing that was derived from the old ones may still be under way.

use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::station::vault_changes::{self, VaultChangeError};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::outbox;
use crate::store::runs;
use crate::vault::Vault;
use crate::vault::group_key::GroupKey;

/// Why a group key stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum NotRotated {
    /// Devices have keys derived from it, and Azure does not know of them yet.
    #[error(
        "group key {group} is in use: {enrollments} enrollments of devices with its keys are not at Azure yet, \
         {runs} runs with its keys have no verdict"
    )]
    InUse {
        /// The group key.
        group: Name,
        /// Enrollments that wait, are in conflict or parked.
        enrollments: u64,
        /// Runs that go on or broke off.
        runs: u64,
    },
    /// The vault was not changed.
    #[error(transparent)]
    Change(#[from] VaultChangeError),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for NotRotated {
    fn code(&self) -> Code {
        match self {
            NotRotated::InUse { .. } => Code::GroupKeyInUse,
            NotRotated::Change(error) => error.code(),
            NotRotated::Store(error) => error.code(),
        }
    }
}

/// Puts another key in the place of a group key. The caller holds the station alone, so that no run can begin
/// in between.
///
/// # Errors
/// [`NotRotated::InUse`]; nothing is changed then.
pub fn rotate(
    store: &Store,
    vault: &mut Vault,
    group: &Name,
    key: GroupKey,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), NotRotated> {
    let (enrollments, runs) = store.read(|r| {
        Ok::<_, StoreError>((outbox::open_under_group(r, group)?, runs::count_unfinished_under(r, group)?))
    })?;
    if enrollments > 0 || runs > 0 {
        return Err(NotRotated::InUse { group: group.clone(), enrollments, runs });
    }
    Ok(vault_changes::rotate_group_key(store, vault, group, key, actor, now)?)
}
