//! Revocation: certificates that are not to be believed any more, and the list that says so.

use std::time::Duration;

use crate::ca::certificate::Certificate;
use crate::ca::crl::{self, Crl, CrlFailed as NotMade, RevokedEntry};
use crate::ca::issuer::Issuer;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::authority::{Authority, Engineering};
use crate::station::enrollment;
use crate::station::folder::{Folder, FolderError};
use crate::station::issuers::PastIssuer;
use crate::store::Store;
use crate::store::certificates::issue::{self, RevokeError};
use crate::store::certificates::{self, CertificateState};
use crate::store::change::Change;
use crate::store::crl::CrlRow;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

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
/// `ca/crl.pem`; and one for each issuing CA before the present one that is still valid, `ca/crl-1.pem` and so on. A list
/// names what its own CA signed. Returns number and entries of the present CA's.
pub fn issue_crl(
    folder: &Folder,
    store: &Store,
    issuer: &Issuer,
    past: &[PastIssuer],
    actor: &Actor,
    now: UtcTime,
) -> Result<(u64, u64), CrlFailed> {
    let alive: Vec<&PastIssuer> = past.iter().filter(|one| one.issuer.not_after() > now).collect();
    // whoever comes second numbers and writes after whoever came first
    let _turn = folder.lock_list()?;
    let (numbers, lists) = store.change(actor, now, |change| {
        let withdrawn = certificates::not_live(change)?;
        let mut signed_by = Vec::new();
        if !past.is_empty() {
            for one in &withdrawn {
                signed_by.push(signer(change, &one.serial, issuer, past)?);
            }
        }
        let entries = |of: Option<&Name>| -> Vec<RevokedEntry> {
            let named = withdrawn.iter().enumerate().filter(|(at, _)| {
                // a number that was never signed under stands in every list: nobody knows who might have
                signed_by.get(*at).is_none_or(|by: &Option<SignedBy<'_>>| {
                    by.as_ref().is_none_or(|SignedBy(number)| *number == of)
                })
            });
            named
                .map(|(_, one)| RevokedEntry { serial: one.serial, at: one.at, reason: one.reason })
                .collect()
        };
        let mut lists = Vec::new();
        for one in &alive {
            let (_, _, list) = make(change, &one.issuer, &entries(Some(&one.number)), now)?;
            lists.push((one.number.clone(), list));
        }
        // the newest on record is that of the present CA
        let (number, count, _) = make(change, issuer, &entries(None), now)?;
        Ok::<_, CrlFailed>(((number, count), lists))
    })?;
    for (number, list) in lists {
        let path = folder.ca(&format!("crl-{number}.pem"));
        durable::replace(&path, list.pem().as_bytes(), durable::PUBLIC)
            .map_err(|cause| FolderError::Io { path, cause })?;
    }
    publish(folder, store)?;
    Ok(numbers)
}

/// Who signed a certificate: the number of an issuing CA before the present one, or none for that one.
struct SignedBy<'a>(Option<&'a Name>);

fn signer<'a>(
    reader: &Reader<'_>,
    serial: &CertSerial,
    issuer: &Issuer,
    past: &'a [PastIssuer],
) -> Result<Option<SignedBy<'a>>, StoreError> {
    let Some(der) = certificates::get(reader, serial)?.and_then(|row| row.der) else { return Ok(None) };
    let Ok(certificate) = Certificate::from_der(der) else { return Ok(None) };
    if certificate.is_issued_by(issuer.certificate()) {
        return Ok(Some(SignedBy(None)));
    }
    let found = past.iter().find(|one| certificate.is_issued_by(one.issuer.certificate()));
    Ok(found.map(|one| SignedBy(Some(&one.number))))
}

/// Makes a list and puts it on record: its number, how many entries it has, itself.
fn make(
    change: &mut Change<'_>,
    issuer: &Issuer,
    entries: &[RevokedEntry],
    now: UtcTime,
) -> Result<(u64, u64, Crl), CrlFailed> {
    let next_update = now.plus(NEXT_UPDATE).min(issuer.not_after());
    let number = crate::store::crl::next_number(change)?;
    let list = crl::make_crl(issuer, number, now, next_update, entries)?;
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    let row = CrlRow { number, der: list.der().to_vec(), this_update: now, next_update };
    crate::store::crl::add(change, &row, count)?;
    Ok((number, count, list))
}

/// Writes the newest list on record to `ca/crl.pem`. Two that issue at once take turns, and the later one to
/// write reads last, so it can never put the older list in the place of the newer.
fn publish(folder: &Folder, store: &Store) -> Result<(), CrlFailed> {
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
        // what took the place of a superseded one stays as it is
        let was_live =
            certificates::get(change, serial)?.is_some_and(|row| row.state == CertificateState::Issued);
        let revoked = issue::revoke(change, serial, reason)?;
        if was_live {
            enrollment::disable_certificate(change, &revoked)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
