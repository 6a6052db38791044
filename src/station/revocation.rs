//! Revocation: certificates that are not to be believed any more, and the list that says so.

use std::time::Duration;

use crate::ca::crl::{self, CrlFailed as NotMade, RevokedEntry};
use crate::ca::issuer::Issuer;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::person::Actor;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::authority::{Authority, Engineering};
use crate::station::enrollment;
use crate::station::folder::{Folder, FolderError};
use crate::store::Store;
use crate::store::certificates;
use crate::store::certificates::issue::{self, RevokeError};
use crate::store::crl::CrlRow;
use crate::store::error::StoreError;

/// How long a list is good for.
const NEXT_UPDATE: Duration = Duration::from_secs(30 * 86_400);

/// Why there is no new list.
#[derive(Debug, thiserror::Error)]
pub enum CrlFailed {
    /// It could not be made or signed.
    #[error(transparent)]
    Made(#[from] NotMade),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Coded for CrlFailed {
    fn code(&self) -> Code {
        match self {
            CrlFailed::Made(error) => error.code(),
            CrlFailed::Store(error) => error.code(),
            CrlFailed::Folder(error) => error.code(),
        }
    }
}

/// Makes the next list of all numbers that are revoked, superseded or void, records it and writes
/// `ca/crl.pem`. Returns its number and how many entries it has.
pub fn issue_crl(
    folder: &Folder,
    store: &Store,
    issuer: &Issuer,
    actor: &Actor,
    now: UtcTime,
) -> Result<(u64, u64), CrlFailed> {
    let next_update = now.plus(NEXT_UPDATE).min(issuer.not_after());
    let (number, count) = store.change(actor, now, |change| {
        let number = crate::store::crl::next_number(change)?;
        let entries: Vec<RevokedEntry> = certificates::not_live(change)?
            .into_iter()
            .map(|withdrawn| RevokedEntry {
                serial: withdrawn.serial,
                at: withdrawn.at,
                reason: withdrawn.reason,
            })
            .collect();
        let list = crl::make_crl(issuer, number, now, next_update, &entries)?;
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let row = CrlRow { number, der: list.der().to_vec(), this_update: now, next_update };
        crate::store::crl::add(change, &row, count)?;
        Ok::<_, CrlFailed>((number, count))
    })?;
    publish(folder, store)?;
    Ok((number, count))
}

/// Writes the newest list on record to `ca/crl.pem`. Two that issue at once take turns, and the later one to
/// write reads last, so it can never put the older list in the place of the newer.
fn publish(folder: &Folder, store: &Store) -> Result<(), CrlFailed> {
    let _turn = folder.lock_list()?;
    let Some(CrlRow { der, .. }) = store.read(crate::store::crl::latest)? else { return Ok(()) };
    let path = folder.ca("crl.pem");
    durable::replace(&path, crl::pem(&der).as_bytes(), durable::PUBLIC)
        .map_err(|cause| FolderError::Io { path, cause })?;
    Ok(())
}

/// Revokes one certificate for a reason; what it enrolled is disabled in the same transaction.
pub fn revoke(
    store: &Store,
    engineer: &Engineering,
    now: UtcTime,
    serial: &CertSerial,
    reason: RevocationReason,
) -> Result<(), RevokeError> {
    store.change(engineer.actor(), now, |change| {
        let revoked = issue::revoke(change, serial, reason)?;
        enrollment::disable_certificate(change, &revoked)?;
        Ok(())
    })
}

#[cfg(test)]
mod tests;
