//! The files of the newest lists on record: `ca/crl.pem`, and `ca/crl-1.pem` and so on of the CAs before; and each of them as it
//! is published, under the key identifier of its CA.

use std::path::PathBuf;

use super::draft::NEXT_UPDATE;
use super::{CrlFailed, Lister, alive};
use crate::ca::crl;
use crate::ca::issuer::Issuer;
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::clock;
use crate::station::folder::{Folder, FolderError};
use crate::station::issuers::{self, PastIssuer};
use crate::station::vault_changes;
use crate::store::Store;
use crate::store::crl::CrlRow;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::secret_checks;
use crate::vault::check::Entry;

/// Writes the newest list of each CA on record to its file, if that holds anything else. Two that issue at once take
/// turns, and the later one to write reads last, so it can never put the older list in the place of the newer.
pub fn put(folder: &Folder, store: &Store, listers: &[Lister<'_>]) -> Result<(), CrlFailed> {
    let now = clock::now();
    for (lister, row) in store.read(|reader| newest(reader, listers, now))? {
        let file = lister.number.map_or_else(|| "crl.pem".to_owned(), |number| format!("crl-{number}.pem"));
        bring_up(folder.ca(&file), crl::pem(&row.der).as_bytes())?;
        bring_up(folder.ca(&published_name(lister.issuer)), &row.der)?;
    }
    Ok(())
}

/// The file of the list as it is published, in DER as RFC 5280 §4.2.1.13 wants it, under a name that is the CA's own for ever:
/// a profile's `{ca}` stands for what is before the dot.
pub fn published_name(issuer: &Issuer) -> String {
    format!("{}.crl", hex::encode(issuer.key_id()))
}

fn bring_up(path: PathBuf, content: &[u8]) -> Result<(), FolderError> {
    if std::fs::read(&path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    durable::replace(&path, content, durable::PUBLIC).map_err(|cause| FolderError::Io { path, cause })
}

/// The same at the start of a station, whose program may have ended between record and file.
pub fn put_back(
    folder: &Folder,
    store: &Store,
    issuer: &Issuer,
    past: &[PastIssuer],
) -> Result<(), CrlFailed> {
    let (alive, _) = alive(issuer, past, clock::now());
    let _turn = folder.lock_list()?;
    put(folder, store, &alive)
}

/// The newest list of each of these CAs that is not overdue.
fn newest<'a, 'b>(
    reader: &Reader<'_>,
    listers: &'a [Lister<'b>],
    now: UtcTime,
) -> Result<Vec<(&'a Lister<'b>, CrlRow)>, StoreError> {
    let mut wanted: Vec<&Lister<'_>> = listers.iter().collect();
    let (mut found, mut before) = (Vec::new(), None);
    while !wanted.is_empty()
        && let Some(row) = crate::store::crl::newest_before(reader, before)?
        && row.this_update.plus(NEXT_UPDATE) >= now
    {
        before = Some(row.number);
        // which CA's it is only the list itself says
        let key_id = crl::key_id(&row.der).ok();
        if let Some(at) = wanted.iter().position(|one| key_id.as_deref() == Some(one.issuer.key_id())) {
            found.push((wanted.swap_remove(at), row));
        }
    }
    Ok(found)
}

/// Refuses a list of a CA whose key was erased, or is being erased, since it was loaded: its last one is made.
pub fn must_be_kept(reader: &Reader<'_>, listers: &[Lister<'_>]) -> Result<(), CrlFailed> {
    for number in listers.iter().filter_map(|one| one.number) {
        let check = secret_checks::get(reader, &Entry::PastIssuingKey(number.clone()).to_string())?;
        if check.is_some_and(vault_changes::is_gone) {
            return Err(CrlFailed::Replaced);
        }
    }
    Ok(())
}

/// Refuses a CA in whose place another one was installed, or is being installed, since it was loaded.
pub fn must_be_present(folder: &Folder, reader: &Reader<'_>, issuer: &Issuer) -> Result<(), CrlFailed> {
    let check = secret_checks::get(reader, &Entry::IssuingKey.to_string())?;
    let on_file = issuers::certificate(folder, "issuing.pem")?;
    if check == Some(vault_changes::in_change()) || on_file.as_ref() != Some(issuer.certificate()) {
        return Err(CrlFailed::Replaced);
    }
    Ok(())
}
