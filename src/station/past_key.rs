//! The private keys of the issuing CAs before the present one: whether they are still kept, and their end. Such a key signs
//! lists only; once its CA has ended it serves nobody and is nothing but a risk.

use crate::ca::certificate::{BadCertificate, Certificate};
use crate::ca::inspect::CertificateFacts;
use crate::ca::issuer::Issuer;
use crate::ca::token::object::TokenObject;
use crate::domain::audit_event::ceremony::{Act, Held};
use crate::domain::code::{Code, Coded};
use crate::domain::name::{BadName, Name};
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Administering, Authority};
use crate::station::ceremony_record;
use crate::station::clock::{self, ClockBehind};
use crate::station::crash_point;
use crate::station::erasure::{self, Erased, Failed, Key};
use crate::station::folder::{Folder, FolderError};
use crate::station::installation::Place;
use crate::station::issuers::{self, NoIssuer};
use crate::station::revocation::{self, CrlFailed};
use crate::station::second_person::Confirmation;
use crate::station::vault_changes::{self, VaultChangeError};
use crate::store::audit::log;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::{certificates, crl, secret_checks};
use crate::vault::Vault;
use crate::vault::check::Entry;

/// So many certificates are looked at together.
const AT_ONCE: u32 = 4096;
/// What is left to do, as the sheet has it.
const IN_TOKEN: &str = "the key lies in a token, where it is destroyed with the token's own tool";
/// The same of a key that lay in the vault.
const COPIES: &str =
    "copies of vault.age made before hold the key still, and whoever opens one has it: destroy them";

/// Why a key was not erased.
#[derive(Debug, thiserror::Error)]
pub enum CannotForget {
    /// There is no such CA.
    #[error("no issuing CA before the present one is called “{0}”")]
    Unknown(String),
    /// It is the one that signs.
    #[error("“{0}” is the present issuing CA of this station, whose key signs for devices")]
    Present(String),
    /// It is gone already.
    #[error("the key of {0} is erased already")]
    Gone(String),
    /// The vault never knew it.
    #[error(
        "this station's vault knows no key of {0}; one that lies in a token is destroyed with the token's own tool"
    )]
    Elsewhere(String),
    /// It is of use still.
    #[error(
        "{name} ends at {until} only, and certificates it signed are in use: without its key none of them can be revoked on a list any more"
    )]
    InUse {
        /// The CA.
        name: String,
        /// Its last second, or its root's.
        until: UtcTime,
    },
    /// Something was withdrawn that the last list does not name.
    #[error("while the last list was made something was withdrawn that it does not name")]
    Overtaken,
    /// It is on record, and the vault could not be written.
    #[error("the erasure is on record and not yet carried through: {0}")]
    OnRecord(VaultChangeError),
    /// A certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// The number of its file is no name.
    #[error(transparent)]
    Name(#[from] BadName),
    /// A file cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// An issuing CA cannot be had.
    #[error(transparent)]
    Issuer(#[from] NoIssuer),
    /// There is no last list.
    #[error(transparent)]
    List(#[from] CrlFailed),
    /// The clock cannot be right.
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    /// The vault was not changed.
    #[error(transparent)]
    Vault(#[from] VaultChangeError),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for CannotForget {
    fn code(&self) -> Code {
        match self {
            CannotForget::Unknown(_) | CannotForget::Gone(_) | CannotForget::Elsewhere(_) => Code::NoPastKey,
            CannotForget::Present(_) => Code::PresentKey,
            CannotForget::InUse { .. } => Code::PastKeyInUse,
            CannotForget::Overtaken => Code::RecordsConflict,
            CannotForget::OnRecord(_) => Code::ErasureOnRecord,
            CannotForget::Certificate(error) => error.code(),
            CannotForget::Name(error) => error.code(),
            CannotForget::Folder(error) => error.code(),
            CannotForget::Issuer(error) => error.code(),
            CannotForget::List(error) => error.code(),
            CannotForget::Clock(error) => error.code(),
            CannotForget::Vault(error) => error.code(),
            CannotForget::Store(error) => error.code(),
        }
    }
}

/// Where the key of an issuing CA before the present one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// In the vault, or in a token that the vault names, to sign lists.
    Kept,
    /// Nowhere: it was erased.
    Nowhere,
    /// The vault never knew it.
    Elsewhere,
}

impl Whereabouts {
    /// A word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Whereabouts::Kept => "kept",
            Whereabouts::Nowhere => "erased",
            Whereabouts::Elsewhere => "unknown",
        }
    }
}

/// Where the key of the one with this number is, as the records have it.
pub fn whereabouts(reader: &Reader<'_>, number: u32) -> Result<Whereabouts, StoreError> {
    let Ok(number) = number.to_string().parse::<Name>() else { return Ok(Whereabouts::Elsewhere) };
    let check = secret_checks::get(reader, &Entry::PastIssuingKey(number).to_string())?;
    Ok(match check {
        None => Whereabouts::Elsewhere,
        Some(value) if vault_changes::is_gone(value) => Whereabouts::Nowhere,
        Some(_) => Whereabouts::Kept,
    })
}

/// What was erased.
#[derive(Debug)]
pub struct Forgotten {
    /// The CA as its file is named: `issuing-1`.
    pub name: String,
    /// What its certificate says.
    pub facts: CertificateFacts,
    /// Whether the key itself lay in the vault; one in a token is there still.
    pub in_vault: bool,
    /// Until when its last list counts, if that was made because it has not ended.
    pub last_list: Option<UtcTime>,
    /// The record.
    pub erased: Erased,
}

/// Erases the key of an issuing CA before the present one. It is named by its file (`issuing-1`), by its certificate's serial
/// number or its SHA-256. One that has not ended signs a last list before, and is refused while certificates of it are
/// in use, unless that is wanted (`before_its_end`).
pub fn forget(
    place: &Place<'_>,
    vault: &mut Vault,
    who: &Administering,
    confirmation: &Confirmation,
    (named, before_its_end): (&str, bool),
    now: UtcTime,
) -> Result<Forgotten, CannotForget> {
    let &Place { folder, store, .. } = place;
    clock::sound(store.read(log::last_entry_at)?)?;
    let (number, certificate) = find(folder, named)?;
    let (name, file) = (number.to_string().parse::<Name>()?, format!("issuing-{number}"));
    let past = issuers::past(folder, vault)?;
    let Some(one) = past.iter().find(|one| one.number == name) else {
        return Err(match store.read(|reader| whereabouts(reader, number))? {
            Whereabouts::Nowhere => CannotForget::Gone(file),
            Whereabouts::Kept | Whereabouts::Elsewhere => CannotForget::Elsewhere(file),
        });
    };
    let kept = vault.past_issuing_key(&name).map_err(VaultChangeError::from)?;
    // of a key in a token the vault knows no more than where it is
    let in_token = TokenObject::read(kept);
    let in_vault = in_token.is_none();
    let until = one.issuer.not_after();
    let ended = until.seconds() < now.seconds();
    let in_use = !ended && store.read(|reader| is_in_use(reader, one.issuer.key_id(), &certificate, now))?;
    if in_use && !before_its_end {
        return Err(CannotForget::InUse { name: file, until });
    }
    if !ended {
        let (issuer, _) = issuers::present(folder, vault)?;
        revocation::issue_last(folder, store, &issuer, &past, &name, who.actor())?;
    }
    crash_point::reached("erase-listed");
    let facts = one.issuer.facts().clone();
    let mut warnings = vec![if in_vault { COPIES } else { IN_TOKEN }.to_owned()];
    if !ended {
        warnings.push(format!(
            "it ends at {until} only; its last list counts until then, and nothing it signed can be revoked on a list any more"
        ));
    }
    let held = Held {
        act: Act::Erasure,
        second: confirmation.second().cloned(),
        issuing_key: one.issuer.public_key().digest(),
        token_object: in_token.map(|object| object.name().to_owned()),
        certificates: vec![ceremony_record::certified(&file, &certificate, &facts)],
        warnings,
    };
    let named_all = |reader: &Reader<'_>| match ended || is_last(reader, &one.issuer)? {
        true => Ok(()),
        false => Err(CannotForget::Overtaken),
    };
    let erased = erasure::erase(place, vault, Key::Past(&name), &held, who.actor(), now, named_all);
    let erased = erased.map_err(|failed| match failed {
        Failed::Refused(error) => error,
        Failed::OnRecord(error) => CannotForget::OnRecord(error),
    })?;
    Ok(Forgotten { name: file, facts, in_vault, last_list: (!ended).then_some(until), erased })
}

/// The issuing CA before the present one that is named so.
fn find(folder: &Folder, named: &str) -> Result<(u32, Certificate), CannotForget> {
    let digits = named.replace(':', "").to_lowercase();
    let serial = digits.trim_start_matches('0');
    let is = |file: &str, one: &Certificate| {
        named == file
            || digits == one.sha256().to_string()
            || hex::encode(one.serial_bytes()).trim_start_matches('0') == serial
    };
    if let Some(present) = issuers::certificate(folder, "issuing.pem")?
        && is("issuing", &present)
    {
        return Err(CannotForget::Present(named.to_owned()));
    }
    for number in issuers::past_numbers(folder)? {
        if let Some(one) = issuers::certificate(folder, &format!("issuing-{number}.pem"))?
            && is(&format!("issuing-{number}"), &one)
        {
            return Ok((number, one));
        }
    }
    Err(CannotForget::Unknown(named.to_owned()))
}

/// Whether the newest list of this CA counts to its end and names all that was withdrawn: another process may have made one
/// or withdrawn something meanwhile.
fn is_last(reader: &Reader<'_>, issuer: &Issuer) -> Result<bool, StoreError> {
    let mut before = None;
    while let Some(list) = crl::newest_before(reader, before)? {
        before = Some(list.number);
        if crate::ca::crl::key_id(&list.der).is_ok_and(|key_id| key_id == issuer.key_id()) {
            let to_its_end = list.next_update.seconds() == issuer.not_after().seconds();
            return Ok(to_its_end && crl::unlisted(reader)? == 0);
        }
    }
    Ok(false)
}

/// The issuing CA before the present one that signed this certificate and whose key is erased, as its file is named: no list
/// will name the certificate.
pub fn signer_without_key(
    folder: &Folder,
    reader: &Reader<'_>,
    leaf: &Certificate,
) -> Result<Option<String>, CannotForget> {
    for number in issuers::past_numbers(folder)? {
        if whereabouts(reader, number)? == Whereabouts::Nowhere
            && let Some(one) = issuers::certificate(folder, &format!("issuing-{number}.pem"))?
            && leaf.is_issued_by(&one)
        {
            return Ok(Some(format!("issuing-{number}")));
        }
    }
    Ok(None)
}

/// Whether there is a certificate of this CA that is neither withdrawn nor over.
fn is_in_use(reader: &Reader<'_>, key_id: &[u8], ca: &Certificate, now: UtcTime) -> Result<bool, StoreError> {
    let mut after = String::new();
    loop {
        let some = certificates::live_after(reader, now, &after, AT_ONCE)?;
        let Some((last, _)) = some.last() else { return Ok(false) };
        after.clone_from(last);
        for (_, der) in some {
            // most can be told apart without being read
            let may_be = der.windows(key_id.len().max(1)).any(|part| part == key_id);
            if may_be && Certificate::from_der(der).is_ok_and(|leaf| leaf.is_issued_by(ca)) {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests;
