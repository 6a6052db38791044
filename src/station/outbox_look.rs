//! A look at what Azure holds under a registration ID, for somebody who decides about a conflict. Keys are never
//! asked for.

use serde_json::Value;

use crate::azure::dps_error::DpsError;
use crate::domain::code::{Code, Coded};
use crate::domain::registration_id::RegistrationId;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::Engineering;
use crate::station::outbox::{self as sender, CannotSend};
use crate::station::slots::Floor;
use crate::store::error::StoreError;
use crate::store::outbox;

/// Why nothing could be seen.
#[derive(Debug, thiserror::Error)]
pub enum CannotLook {
    /// The vault is closed.
    #[error("the station is locked")]
    Locked,
    /// Azure asked for patience.
    #[error("Azure asked to be left alone until {0}")]
    Patience(UtcTime),
    /// There is no client.
    #[error(transparent)]
    Client(#[from] CannotSend),
    /// Azure did not say.
    #[error(transparent)]
    Azure(#[from] DpsError),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for CannotLook {
    fn code(&self) -> Code {
        match self {
            CannotLook::Locked => Code::VaultLocked,
            CannotLook::Patience(_) => Code::CloudThrottled,
            CannotLook::Client(error) => error.code(),
            CannotLook::Azure(error) => error.code(),
            CannotLook::Store(error) => error.code(),
        }
    }
}

/// The individual enrollment under this ID as Azure shows it, without keys; none if there is none.
pub fn look(
    floor: &Floor,
    _who: &Engineering,
    id: &RegistrationId,
    now: UtcTime,
) -> Result<Option<Value>, CannotLook> {
    let keys = floor.keys.current().ok_or(CannotLook::Locked)?;
    if let Some(until) = floor.store.read(|r| outbox::patience(r, now))? {
        return Err(CannotLook::Patience(until));
    }
    let client = sender::client(&keys, &floor.settings)?;
    let Some(record) = client.get(id, now)? else { return Ok(None) };
    let mut value = serde_json::to_value(&record).map_err(StoreError::Json)?;
    // masked by Azure as it is; here it is not even there
    if let Some(attestation) = value.get_mut("attestation").and_then(Value::as_object_mut) {
        attestation.remove("symmetricKey");
    }
    Ok(Some(value))
}
