//! A certificate becomes that of the station's issuing CA. The certificate is laid down first (`ca/issuing-next.pem`),
//! then it goes on record that it is installed, then the vault makes its key the one that signs, in one write, then
//! the files, the sheet and the lists follow. What was cut off after the record is carried through at the next unlock;
//! what was cut off before never was.

pub mod carry_through;
mod next_key;
pub mod requests;

use self::next_key::{await_certificate, waiting};
use crate::ca::ceremony::{self, CeremonyFailed};
use crate::ca::certificate::{self, Certificate};
use crate::ca::company::{BadCompany, Company};
use crate::ca::inspect::CertificateFacts;
use crate::ca::installation::{self, Doubt, NotInstallable};
use crate::ca::issuer::Issuer;
use crate::ca::key::BadKeyPair;
use crate::ca::signer::SignFailed;
use crate::ca::token::fault::TokenFault;
use crate::domain::audit_event::ceremony::{Act, Held};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::authority::{Administering, Authority};
use crate::station::ceremony_record;
use crate::station::clock::{self, ClockBehind, NoEntropy};
use crate::station::crash_point;
use crate::station::folder::{Folder, FolderError};
use crate::station::issuers::{self, NoIssuer, STAGED, STAGED_ROOT};
use crate::station::profiles;
use crate::station::revocation::CrlFailed;
use crate::station::second_person::Confirmation;
use crate::station::vault_changes::{self, VaultChangeError};
use crate::store::Store;
use crate::store::audit::log;
use crate::store::error::StoreError;
use crate::store::meta;
use crate::store::secret_checks;
use crate::vault::Vault;
use crate::vault::check::Entry;

/// Why nothing was installed, renewed or asked for.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "most variants are the room whose error they carry")]
pub enum CannotInstall {
    /// No key waits for a certificate.
    #[error("this station waits for no certificate")]
    NotWanted,
    /// There is no root yet, and none was given.
    #[error("this station knows no root yet")]
    NoRoot,
    /// A request was made for the key that waits, and its certificate may be on its way.
    #[error(
        "a request for the certificate of the next issuing CA is open, made for the key with SHA-256 {0}"
    )]
    RequestOpen(Digest),
    /// Certificates of this profile would point to the list of another CA.
    #[error(
        "certificates of profile {0} would point to the revocation list of the issuing CA before, for its crl_distribution_point names one list for all"
    )]
    OneList(Name),
    /// A withdrawal is on record, and the vault could not be written.
    #[error("the withdrawal is on record and not yet carried through: {0}")]
    WithdrawalOnRecord(VaultChangeError),
    /// No key was made in the token.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// The key that waits cannot sign now.
    #[error(transparent)]
    NotReady(#[from] SignFailed),
    /// It has the key identifier of another issuing CA.
    #[error("the certificate of “{0}” has the key identifier of an issuing CA this station had before")]
    KeyIdTaken(String),
    /// It is named as another issuing CA.
    #[error(
        "an issuing CA of this station is named “{0}” already, so nobody could tell whose certificates are whose"
    )]
    NameTaken(String),
    /// It is on record, and something failed after that: no refusal.
    #[error("the installation is on record and not yet carried through: {0}")]
    OnRecord(Box<CannotInstall>),
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    #[error(transparent)]
    Unfit(#[from] NotInstallable),
    #[error(transparent)]
    Ceremony(#[from] CeremonyFailed),
    #[error(transparent)]
    Company(#[from] BadCompany),
    #[error(transparent)]
    Issuer(#[from] NoIssuer),
    #[error(transparent)]
    Key(#[from] BadKeyPair),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Vault(#[from] VaultChangeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Coded for CannotInstall {
    fn code(&self) -> Code {
        match self {
            CannotInstall::NotWanted => Code::InstallNotWanted,
            CannotInstall::OneList(_) => Code::OneList,
            CannotInstall::RequestOpen(_) => Code::RequestOpen,
            CannotInstall::WithdrawalOnRecord(_) => Code::ErasureOnRecord,
            CannotInstall::Token(error) => error.code(),
            CannotInstall::NotReady(error) => error.code(),
            CannotInstall::NoRoot => Code::RootUnfit,
            CannotInstall::KeyIdTaken(_) | CannotInstall::NameTaken(_) => Code::InstallName,
            CannotInstall::OnRecord(_) => Code::InstallOnRecord,
            CannotInstall::Clock(error) => error.code(),
            CannotInstall::Unfit(error) => error.code(),
            CannotInstall::Ceremony(error) => error.code(),
            CannotInstall::Company(error) => error.code(),
            CannotInstall::Issuer(error) => error.code(),
            CannotInstall::Key(error) => error.code(),
            CannotInstall::Folder(error) => error.code(),
            CannotInstall::Vault(error) => error.code(),
            CannotInstall::Store(error) => error.code(),
            CannotInstall::Entropy(_) => Code::Internal,
        }
    }
}

/// The station a ceremony is held at.
pub struct Place<'a> {
    /// Its folder, whose lock is held.
    pub folder: &'a Folder,
    /// Its records.
    pub store: &'a Store,
    /// Its name.
    pub station: &'a Name,
}

/// Where there is an issuing CA already, each profile must tell its list from that of the next one.
fn lists_are_told_apart(folder: &Folder) -> Result<(), CannotInstall> {
    if !folder.ca("issuing.pem").exists() {
        return Ok(());
    }
    profiles::with_one_list(folder).next().map_or(Ok(()), |name| Err(CannotInstall::OneList(name)))
}

/// What was installed.
pub struct Installed {
    /// What its certificate says.
    pub facts: CertificateFacts,
    /// What is not as it should be in it.
    pub doubts: Vec<Doubt>,
    /// The number of the audit entry, and of the sheet.
    pub entry: u64,
    /// Why there is no sheet, if it could not be written.
    pub unprinted: Option<FolderError>,
    /// Why there are no lists of its CA and those before it, if they could not be made.
    pub unlisted: Option<CrlFailed>,
}

/// How many issuing CAs there were, the present one among them. Keys that were erased count: the records name them for ever.
fn generations(store: &Store, vault: &Vault) -> Result<u32, StoreError> {
    let kept = vault.past_issuing_numbers().map(|number| Entry::PastIssuingKey(number.clone()).to_string());
    let known = store.read(secret_checks::list)?;
    // what is being changed and is not in the vault is about to become one
    let known = known.into_iter().filter(|(_, value)| *value != vault_changes::in_change());
    let past = known.map(|(name, _)| name).chain(kept).filter_map(|name| {
        let number = name.strip_prefix("past-issuing-key/")?;
        number.parse::<u32>().ok()
    });
    Ok(past.max().unwrap_or(0).saturating_add(u32::from(vault.issuing_key().is_ok())))
}

/// The number under which the present one is kept once there is another.
fn number_of_present(store: &Store, vault: &Vault) -> Result<Name, CannotInstall> {
    let number = generations(store, vault)?.max(1).to_string();
    // a number is a name
    number.parse().map_err(|_| CannotInstall::NotWanted)
}

/// The request (PKCS#10, PEM) for the certificate of the next issuing CA. With `begin` its key is made if none waits.
pub fn request(
    place: &Place<'_>,
    vault: &mut Vault,
    who: &Administering,
    begin: bool,
    now: UtcTime,
) -> Result<String, CannotInstall> {
    if begin {
        lists_are_told_apart(place.folder)?;
    }
    let key = if begin {
        await_certificate(place, vault, who.actor(), now)?
    } else {
        waiting(place.folder, vault)?
    };
    let company = company(place.store)?;
    let name = ceremony::issuing_name(&company, place.station, generations(place.store, vault)? + 1)?;
    let issuing_key = key.public_key().digest();
    let pem = ceremony::request_issuing(&company, name, &key)?;
    let held = Held {
        act: Act::Request,
        second: None,
        issuing_key,
        token_object: next_key::object(vault),
        certificates: Vec::new(),
        warnings: Vec::new(),
    };
    place.store.change(who.actor(), now, |change| {
        clock::sound(log::last_entry_at(change)?)?;
        Ok::<_, CannotInstall>(ceremony_record::record(change, &held)?)
    })?;
    Ok(pem)
}

/// Has the root on the station sign the next issuing CA, and takes it into use.
pub fn renew(
    place: &Place<'_>,
    vault: &mut Vault,
    who: &Administering,
    confirmation: &Confirmation,
    root: &Issuer,
    now: UtcTime,
) -> Result<Installed, CannotInstall> {
    clock::sound(place.store.read(log::last_entry_at)?)?;
    requests::none_is_open(place, vault)?;
    lists_are_told_apart(place.folder)?;
    let key = await_certificate(place, vault, who.actor(), now)?;
    crash_point::reached("renew-key-made");
    let company = company(place.store)?;
    let name = ceremony::issuing_name(&company, place.station, generations(place.store, vault)? + 1)?;
    // the root signs for no key that does not sign itself
    ceremony::request_issuing(&company, name.clone(), &key)?;
    let random = clock::random()?;
    let made = ceremony::certify_issuing(root, &company, name, key.public_key(), now, random)?;
    take(place, vault, who, confirmation, Act::Renewal, (made, root.certificate().clone()), now)
}

/// Takes the certificate that a root elsewhere signed into use; under the root that is known if none is given.
pub fn install(
    place: &Place<'_>,
    vault: &mut Vault,
    who: &Administering,
    confirmation: &Confirmation,
    certificate: Certificate,
    root: Option<Certificate>,
    now: UtcTime,
) -> Result<Installed, CannotInstall> {
    waiting(place.folder, vault)?;
    lists_are_told_apart(place.folder)?;
    let known = || issuers::certificate(place.folder, "root.pem");
    let root = root.map_or_else(known, |root| Ok(Some(root)))?.ok_or(CannotInstall::NoRoot)?;
    take(place, vault, who, confirmation, Act::Installation, (certificate, root), now)
}

fn take(
    place: &Place<'_>,
    vault: &mut Vault,
    who: &Administering,
    confirmation: &Confirmation,
    act: Act,
    (certificate, root): (Certificate, Certificate),
    now: UtcTime,
) -> Result<Installed, CannotInstall> {
    let &Place { folder, store, station } = place;
    let (issuer, doubts) = installation::check(certificate, &root, waiting(folder, vault)?, now)?;
    issuer.ready()?;
    let facts = issuer.facts().clone();
    for known in issuers::certificates(folder)? {
        let known = CertificateFacts::read(&known).map_err(NoIssuer::from)?;
        if known.subject_key_id == facts.subject_key_id {
            return Err(CannotInstall::KeyIdTaken(facts.subject));
        }
        if known.subject == facts.subject {
            return Err(CannotInstall::NameTaken(facts.subject));
        }
    }
    let above = CertificateFacts::read(&root).map_err(NoIssuer::from)?;
    let held = Held {
        act,
        second: confirmation.second().cloned(),
        issuing_key: issuer.public_key().digest(),
        token_object: next_key::object(vault),
        certificates: vec![
            ceremony_record::certified("root", &root, &above),
            ceremony_record::certified("issuing", issuer.certificate(), &facts),
        ],
        warnings: doubts.iter().map(ToString::to_string).collect(),
    };
    let number = number_of_present(store, vault)?;
    keep(folder, "issuing", &number, None)?;
    keep(folder, "root", &number, Some(&root))?;
    write(folder, STAGED_ROOT, &root.pem())?;
    write(folder, STAGED, &issuer.certificate().pem())?;
    crash_point::reached("install-laid-down");
    let promoted = vault_changes::promote_issuing_key(store, vault, &number, &held, who.actor(), now);
    let entry = promoted.map_err(|error| match vault_changes::is_in_change(store, &Entry::IssuingKey) {
        Ok(true) => CannotInstall::OnRecord(Box::new(error.into())),
        Ok(false) | Err(_) => error.into(),
    })?;
    crash_point::reached("install-vault-written");
    // from here on nothing is refused any more: it is on record
    let on_record = |error: CannotInstall| CannotInstall::OnRecord(Box::new(error));
    publish(folder, issuer.certificate(), &root).map_err(on_record)?;
    crash_point::reached("install-published");
    let settled = vault_changes::issuing_key_promoted(store, vault, who.actor(), now);
    settled.map_err(|error| on_record(error.into()))?;
    crash_point::reached("install-settled");
    let unprinted = ceremony_record::print(folder, station, entry, &held, who.actor(), now).err();
    crash_point::reached("install-told");
    let unlisted = carry_through::make_lists(folder, store, vault, who.actor()).err();
    crash_point::reached("install-listed");
    unstage(folder).map_err(on_record)?;
    crash_point::reached("install-unstaged");
    Ok(Installed { facts, doubts, entry, unprinted, unlisted })
}

/// Keeps a certificate under a number before another one takes its place.
fn keep(folder: &Folder, role: &str, number: &Name, next: Option<&Certificate>) -> Result<(), CannotInstall> {
    match issuers::certificate(folder, &format!("{role}.pem"))? {
        Some(before) if next != Some(&before) => {
            write(folder, &format!("{role}-{number}.pem"), &before.pem())
        }
        Some(_) | None => Ok(()),
    }
}

fn publish(folder: &Folder, issuing: &Certificate, root: &Certificate) -> Result<(), CannotInstall> {
    write(folder, "root.pem", &root.pem())?;
    crash_point::reached("install-root-written");
    write(folder, "chain.pem", &certificate::chain_pem(&[issuing, root]))?;
    write(folder, "issuing.pem", &issuing.pem())
}

fn write(folder: &Folder, file: &str, text: &str) -> Result<(), CannotInstall> {
    let path = folder.ca(file);
    let written = durable::replace(&path, text.as_bytes(), durable::PUBLIC);
    Ok(written.map_err(|cause| FolderError::Io { path, cause })?)
}

fn unstage(folder: &Folder) -> Result<(), CannotInstall> {
    for path in [STAGED, STAGED_ROOT].map(|file| folder.ca(file)) {
        match std::fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(FolderError::Io { path, cause }.into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn company(store: &Store) -> Result<Company, CannotInstall> {
    Ok(store.read(meta::company)?.parse()?)
}

#[cfg(test)]
mod tests;
