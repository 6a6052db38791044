//! Requests for the certificate of the next issuing CA once they are made: open until their certificate is installed, or
//! withdrawn, which erases the key.

use super::{CannotInstall, Place, next_key, waiting};
use crate::ca::key::KeyPair;
use crate::domain::audit_event::ceremony::{Act, Held};
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Administering, Authority};
use crate::station::ceremony_record;
use crate::station::erasure::{self, Failed, Key};
use crate::vault::Vault;

/// A request that was given up.
pub struct Withdrawn {
    /// Digest of its key (SPKI).
    pub issuing_key: Digest,
    /// Whether the key itself lay in the vault; one in a token is there still.
    pub in_vault: bool,
    /// The number of the audit entry.
    pub entry: u64,
}

/// Gives up the certificate that is waited for: the key is erased.
pub fn withdraw(
    place: &Place<'_>,
    vault: &mut Vault,
    who: &Administering,
    now: UtcTime,
) -> Result<Withdrawn, CannotInstall> {
    let issuing_key = waiting(place.folder, vault)?.public_key().digest();
    let in_vault = vault.next_issuing_key().is_ok_and(|kept| KeyPair::from_pkcs8(kept).is_ok());
    let held = Held {
        act: Act::Withdrawal,
        second: None,
        issuing_key,
        token_object: next_key::object(vault),
        certificates: Vec::new(),
        warnings: Vec::new(),
    };
    let erased = erasure::erase(place, vault, Key::Next, &held, who.actor(), now, |_| Ok(()));
    let erased = erased.map_err(|failed| match failed {
        Failed::Refused(error) => error,
        Failed::OnRecord(error) => CannotInstall::WithdrawalOnRecord(error),
    })?;
    Ok(Withdrawn { issuing_key, in_vault, entry: erased.entry })
}

/// Refuses while a request was made for the key that waits: whoever has it may come back with a certificate, and one key is
/// not to have two. A key that was made and never asked for is free.
pub(super) fn none_is_open(place: &Place<'_>, vault: &Vault) -> Result<(), CannotInstall> {
    let Ok(key) = waiting(place.folder, vault) else { return Ok(()) };
    let issuing_key = key.public_key().digest();
    let asked =
        |held: &Held| held.issuing_key == issuing_key && matches!(held.act, Act::Request | Act::Founding);
    match place.store.read(|reader| ceremony_record::newest(reader, asked))? {
        Some(_) => Err(CannotInstall::RequestOpen(issuing_key)),
        None => Ok(()),
    }
}
