//! Revocation: certificates that are not to be believed any more, and the lists that say so.

pub mod draft;
pub mod on_file;

use crate::ca::certificate::Certificate;
use crate::ca::crl::CrlFailed as NotMade;
use crate::ca::inspect::CertificateFacts;
use crate::ca::issuer::Issuer;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Authority, Engineering};
use crate::station::clock::{self, ClockBehind};
use crate::station::crash_point;
use crate::station::enrollment;
use crate::station::folder::{Folder, FolderError};
use crate::station::issuers::{self, NoIssuer, PastIssuer};
use crate::store::Store;
use crate::store::audit::log;
use crate::store::certificates::issue::{self, RevokeError};
use crate::store::certificates::{self, CertificateState};
use crate::store::error::StoreError;
use draft::Draft;

/// Why there is no new list.
#[derive(Debug, thiserror::Error)]
pub enum CrlFailed {
    /// It could not be made or signed.
    #[error(transparent)]
    Made(#[from] NotMade),
    /// The clock cannot be right.
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    /// What it would have to say changed each time it was signed.
    #[error("each time the list was signed, something was withdrawn meanwhile that it did not name")]
    Overtaken,
    /// The CA is not the station's any more, or its key is gone.
    #[error(
        "another issuing CA was or is being installed meanwhile, or a key erased, so this list was thrown away"
    )]
    Replaced,
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The certificate of the present CA cannot be read.
    #[error(transparent)]
    Issuer(#[from] NoIssuer),
}

impl Coded for CrlFailed {
    fn code(&self) -> Code {
        match self {
            CrlFailed::Made(error) => error.code(),
            CrlFailed::Clock(error) => error.code(),
            CrlFailed::Overtaken | CrlFailed::Replaced => Code::RecordsConflict,
            CrlFailed::Store(error) => error.code(),
            CrlFailed::Folder(error) => error.code(),
            CrlFailed::Issuer(error) => error.code(),
        }
    }
}

/// An issuing CA that has ended, and gets no list any more: nothing it signed is believed anyway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the issuing CA “{subject}” ended at {until} and gets no list any more")]
pub struct Ended {
    /// Whose name.
    pub subject: String,
    /// Its last second, or its root's.
    pub until: UtcTime,
}

impl Coded for Ended {
    fn code(&self) -> Code {
        Code::IssuerExpired
    }
}

/// What lists there are now.
#[derive(Debug)]
pub struct Issued {
    /// Number and entries of the present CA's, unless that has ended.
    pub present: Result<(u64, u64), Ended>,
    /// The CAs that have ended, the present one last.
    pub ended: Vec<Ended>,
    /// Those that have not, and have no key any more: their names, and until when their last lists count.
    pub forgotten: Vec<Forgotten>,
}

/// An issuing CA whose key was erased before its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key of the issuing CA “{subject}” is erased, so it gets no list any more; its last one counts until {until}"
)]
pub struct Forgotten {
    /// Whose name.
    pub subject: String,
    /// Its last second.
    pub until: UtcTime,
}

/// A CA that signs lists, and the number it is kept under if it is not the present one.
#[derive(Clone, Copy)]
pub struct Lister<'a> {
    /// None for the present one.
    pub number: Option<&'a Name>,
    /// The CA.
    pub issuer: &'a Issuer,
    /// Whether it is to be its last list, which counts until the CA ends.
    pub last: bool,
}

impl Lister<'_> {
    /// If not even a list of this moment would count for anything.
    fn ended(&self, now: UtcTime) -> Option<Ended> {
        let until = self.issuer.not_after();
        let over = until.seconds() <= now.seconds();
        over.then(|| Ended { subject: self.issuer.subject().to_owned(), until })
    }
}

/// Those that have not ended, the present one last, so that the newest list on record is that one's.
fn alive<'a>(issuer: &'a Issuer, past: &'a [PastIssuer], now: UtcTime) -> (Vec<Lister<'a>>, Vec<Ended>) {
    let before =
        past.iter().map(|one| Lister { number: Some(&one.number), issuer: &one.issuer, last: false });
    let (mut alive, mut ended) = (Vec::new(), Vec::new());
    for one in before.chain([Lister { number: None, issuer, last: false }]) {
        match one.ended(now) {
            Some(over) => ended.push(over),
            None => alive.push(one),
        }
    }
    (alive, ended)
}

/// Makes the next list of all numbers that are revoked, superseded or void, records it and writes
/// `ca/crl.pem`; and one for each issuing CA before the present one that is still valid, `ca/crl-1.pem` and so on. A list
/// names what its own CA signed. It is signed while nothing is held that a slot waits for; what is withdrawn meanwhile
/// makes it be signed anew.
pub fn issue_crl(
    folder: &Folder,
    store: &Store,
    issuer: &Issuer,
    past: &[PastIssuer],
    actor: &Actor,
) -> Result<Issued, CrlFailed> {
    issue(folder, store, issuer, past, None, actor)
}

/// The same, and the list of the issuing CA before the present one with the number `last` is its last one: it counts until
/// that CA ends.
pub fn issue_last(
    folder: &Folder,
    store: &Store,
    issuer: &Issuer,
    past: &[PastIssuer],
    last: &Name,
    actor: &Actor,
) -> Result<Issued, CrlFailed> {
    issue(folder, store, issuer, past, Some(last), actor)
}

fn issue(
    folder: &Folder,
    store: &Store,
    issuer: &Issuer,
    past: &[PastIssuer],
    last: Option<&Name>,
    actor: &Actor,
) -> Result<Issued, CrlFailed> {
    let (mut alive, ended) = alive(issuer, past, clock::now());
    for one in &mut alive {
        one.last = last.is_some() && one.number == last;
    }
    let forgotten = issuers::forgotten(folder, issuer, past)?;
    for one in &ended {
        tracing::warn!(code = %one.code(), "{one}");
    }
    if let (true, Some(last)) = (alive.is_empty(), ended.last()) {
        let forgotten = still_valid(folder, &forgotten)?;
        return Ok(Issued { present: Err(last.clone()), ended, forgotten });
    }
    for one in &alive {
        one.issuer.ready().map_err(NotMade::from)?;
    }
    // whoever comes second numbers and writes after whoever came first
    let _turn = folder.lock_list()?;
    let attempt = || {
        let draft = store.read(|reader| Draft::of(reader, &alive, issuer, past, &forgotten))?;
        let signed = draft.sign(&alive)?;
        crash_point::reached("crl-signed");
        store.change(actor, clock::now(), |change| {
            clock::sound(log::last_entry_at(change)?)?;
            on_file::must_be_present(folder, change, issuer)?;
            on_file::must_be_kept(change, &alive)?;
            draft.record(change, &signed)
        })
    };
    let present = match attempt() {
        Err(CrlFailed::Overtaken) => attempt()?,
        first => first?,
    };
    crash_point::reached("crl-on-record");
    on_file::put(folder, store, &alive)?;
    let present = match (present, ended.last()) {
        (Some(numbers), _) => Ok(numbers),
        (None, Some(last)) => Err(last.clone()),
        // it was alive and got no list: it ended in between
        (None, None) => return Err(CrlFailed::Overtaken),
    };
    Ok(Issued { present, ended, forgotten: still_valid(folder, &forgotten)? })
}

/// Those of them that have not ended, nor their roots.
fn still_valid(folder: &Folder, forgotten: &[Certificate]) -> Result<Vec<Forgotten>, NoIssuer> {
    let mut valid = Vec::new();
    for one in forgotten {
        let facts = CertificateFacts::read(one)?;
        let root = issuers::root_of(folder, one)?;
        let until = root.map_or(facts.not_after, |root| root.not_after().min(facts.not_after));
        if until >= clock::now() {
            valid.push(Forgotten { subject: facts.subject, until });
        }
    }
    Ok(valid)
}

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
pub enum CannotRevoke {
    /// The clock cannot be right.
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    /// The records refused.
    #[error(transparent)]
    Refused(#[from] RevokeError),
}

impl Coded for CannotRevoke {
    fn code(&self) -> Code {
        match self {
            CannotRevoke::Clock(error) => error.code(),
            CannotRevoke::Refused(error) => error.code(),
        }
    }
}

impl From<StoreError> for CannotRevoke {
    fn from(error: StoreError) -> CannotRevoke {
        CannotRevoke::Refused(error.into())
    }
}

/// Revokes one certificate for a reason; what it enrolled is disabled in the same transaction.
pub fn revoke(
    store: &Store,
    engineer: &Engineering,
    now: UtcTime,
    serial: &CertSerial,
    reason: RevocationReason,
) -> Result<(), CannotRevoke> {
    store.change(engineer.actor(), now, |change| {
        clock::sound(log::last_entry_at(change)?)?;
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
