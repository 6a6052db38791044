//! An installation that was cut off after it went on record, carried through at the next unlock: vault, files, the sheet to
//! print, the lists of the new CA. Until all of that is done its certificate stays laid down (`ca/issuing-next.pem`).

use super::{CannotInstall, number_of_present, publish, unstage};
use crate::ca::certificate::Certificate;
use crate::ca::issuer::BadIssuer;
use crate::domain::audit_entry::AuditEntry;
use crate::domain::audit_event::AuditEvent;
use crate::domain::audit_event::ceremony::{CarriedThrough, Held};
use crate::domain::code::Coded;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::ceremony_record;
use crate::station::folder::Folder;
use crate::station::issuers::{self, NoIssuer, STAGED, STAGED_ROOT};
use crate::station::issuing_keys;
use crate::station::revocation::{self, CrlFailed};
use crate::station::settings::Settings;
use crate::station::vault_changes::{self, VaultChangeError};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::vault::Vault;
use crate::vault::check::Entry;

/// Puts vault and files of what went on record right; what was only laid down is taken away. The new CA's certificate if
/// there is something to [`conclude`]. Only for the process that holds the station's lock.
pub fn finish(
    folder: &Folder,
    store: &Store,
    vault: &mut Vault,
) -> Result<Option<Certificate>, CannotInstall> {
    let (Some(staged), Some(root)) =
        (issuers::certificate(folder, STAGED)?, issuers::certificate(folder, STAGED_ROOT)?)
    else {
        unstage(folder)?;
        return Ok(None);
    };
    let is_of = |key: &Secret| issuing_keys::belong_together(&staged, key);
    let on_record = vault_changes::is_in_change(store, &Entry::IssuingKey)?;
    let waits = vault.next_issuing_key().ok().map(is_of).transpose()? == Some(true);
    if on_record && waits {
        let number = number_of_present(store, vault)?;
        vault.promote_issuing_key(number).map_err(VaultChangeError::from)?;
    }
    if vault.issuing_key().ok().map(is_of).transpose()? == Some(true) {
        publish(folder, &staged, &root)?;
        return Ok(Some(staged));
    }
    unstage(folder)?;
    Ok(None)
}

/// What is left to do once the records know what the vault holds: the sheet if it was not written, the lists, and a word
/// about it in the log. A sheet or list that cannot be made keeps no station closed.
pub fn conclude(
    folder: &Folder,
    store: &Store,
    vault: &Vault,
    issuing: &Certificate,
    actor: &Actor,
    now: UtcTime,
) -> Result<(), CannotInstall> {
    let issuing_key = issuing.public_key().map_err(BadIssuer::from).map_err(NoIssuer::from)?.digest();
    let ceremony = store.read(|reader| {
        let took = |held: &Held| held.issuing_key == issuing_key && !held.certificates.is_empty();
        ceremony_record::newest(reader, took)
    })?;
    if let Some((entry, held)) = &ceremony {
        print(folder, *entry, held)?;
    }
    if let Err(error) = make_lists(folder, store, vault, actor) {
        tracing::error!(code = %error.code(), "the new issuing CA has no revocation list yet: {error}");
    }
    let entry = ceremony.map(|(entry, _)| entry);
    store.change(actor, now, |change| {
        let done = CarriedThrough { ceremony: entry, issuing_key };
        change.record(AuditEvent::InstallationCarriedThrough(done));
        Ok::<_, StoreError>(())
    })?;
    unstage(folder)
}

fn print(folder: &Folder, entry: u64, of: &AuditEntry) -> Result<(), CannotInstall> {
    let settings =
        Settings::parse(&folder.read(&folder.settings())?, folder.path()).map_err(NoIssuer::from)?;
    if let Err(error) = ceremony_record::print_missing(folder, &settings.name, entry, of) {
        tracing::error!(code = %error.code(), "the sheet of the ceremony in entry {entry} could not be written: {error}");
    }
    Ok(())
}

/// The lists of the new issuing CA and of those before it.
pub(super) fn make_lists(
    folder: &Folder,
    store: &Store,
    vault: &Vault,
    actor: &Actor,
) -> Result<(), CrlFailed> {
    let (issuer, _) = issuers::present(folder, vault)?;
    let past = issuers::past(folder, vault)?;
    revocation::issue_crl(folder, store, &issuer, &past, actor)?;
    Ok(())
}
