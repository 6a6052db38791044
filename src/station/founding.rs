//! The founding of a station: root and issuing CA, vault, records, first administrator. Everything is made
//! in a folder beside its place, which gets its name last, so that there is a whole station or none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ca::ceremony::{self, CeremonyFailed, NewCa};
use crate::ca::certificate;
use crate::ca::company::Company;
use crate::ca::issuer::{BadIssuer, Issuer};
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::{Actor, Role};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::clock::{self, NoEntropy};
use crate::station::folder::{Folder, FolderError};
use crate::station::password::{self, BadPassword};
use crate::station::revocation::{self, CrlFailed};
use crate::station::settings::generated;
use crate::station::vault_changes::{self, VaultChangeError};
use crate::store::Store;
use crate::store::audit::checkpoint::{CheckpointError, CheckpointKey};
use crate::store::error::StoreError;
use crate::store::people::{self, PersonError};
use crate::vault::Vault;
use crate::vault::error::VaultError;
use crate::vault::root_key;

/// What a new station is founded with.
pub struct Founding<'a> {
    /// The company that stands in the CA's names.
    pub company: &'a Company,
    /// The station's name.
    pub station: &'a Name,
    /// Opens the vault and the root's key from now on.
    pub passphrase: &'a Secret,
    /// The first administrator.
    pub administrator: &'a Name,
    /// Their password.
    pub password: &'a Secret,
}

/// What is shown once, at the end.
pub struct Founded {
    /// The recovery identity, to be written down and kept elsewhere.
    pub recovery: Secret,
    /// Verifies the checkpoints; to be kept elsewhere, too.
    pub vkey: String,
    /// SHA-256 of the root certificate.
    pub root_sha256: String,
}

/// Why there is no new station.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is the room whose error it carries")]
pub enum FoundingError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyFailed),
    #[error(transparent)]
    Issuer(#[from] BadIssuer),
    #[error("{0}")]
    Key(#[from] crate::ca::key::BadKeyPair),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    VaultChange(#[from] VaultChangeError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Person(#[from] PersonError),
    #[error(transparent)]
    Password(#[from] BadPassword),
    #[error(transparent)]
    Crl(#[from] CrlFailed),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Coded for FoundingError {
    fn code(&self) -> Code {
        match self {
            FoundingError::Folder(e) => e.code(),
            FoundingError::Ceremony(e) => e.code(),
            FoundingError::Issuer(e) => e.code(),
            FoundingError::Key(_) => Code::SignFailed,
            FoundingError::Vault(e) => e.code(),
            FoundingError::VaultChange(e) => e.code(),
            FoundingError::Checkpoint(e) => e.code(),
            FoundingError::Store(e) => e.code(),
            FoundingError::Person(e) => e.code(),
            FoundingError::Password(e) => e.code(),
            FoundingError::Crl(e) => e.code(),
            FoundingError::Entropy(_) => Code::Internal,
        }
    }
}

/// Founds a station in a folder that does not exist yet, or is empty.
pub fn found(
    folder: &Folder,
    founding: &Founding<'_>,
    actor: &Actor,
    now: UtcTime,
) -> Result<Founded, FoundingError> {
    let place = folder.path();
    let occupied = std::fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || place.is_file() {
        return Err(FolderError::Exists(place.to_owned()).into());
    }
    let beside = beside(place);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |cause| FoundingError::Folder(FolderError::Io { path, cause })
    };
    if beside.exists() {
        // left by a founding that was cut off; nothing in it was ever used
        std::fs::remove_dir_all(&beside).map_err(io(&beside))?;
    }
    durable::private_folder(&beside).map_err(io(&beside))?;
    let founded = build(&Folder::at(&beside), founding, actor, now).and_then(|founded| {
        if place.exists() {
            std::fs::remove_dir(place).map_err(io(place))?;
        }
        std::fs::rename(&beside, place).map_err(io(place))?;
        Ok(founded)
    });
    let founded = match founded {
        Ok(founded) => founded,
        Err(error) => {
            // why there is no station is what the caller must hear; keys nobody will use are not left lying
            let _ = std::fs::remove_dir_all(&beside);
            return Err(error);
        }
    };
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(io(place))?;
    Ok(founded)
}

fn beside(place: &Path) -> PathBuf {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".founding");
    place.with_file_name(name)
}

fn build(
    folder: &Folder,
    founding: &Founding<'_>,
    actor: &Actor,
    now: UtcTime,
) -> Result<Founded, FoundingError> {
    for part in
        [folder.products(), folder.profiles(), folder.templates(), folder.exports(), folder.checkpoints()]
    {
        let made = std::fs::create_dir_all(&part);
        made.map_err(|cause| FolderError::Io { path: part, cause })?;
    }
    write(&folder.settings(), generated(founding.station).as_bytes())?;

    let Founding { company, station, passphrase, administrator, password } = founding;
    let (mut vault, recovery) = Vault::create(folder.path(), passphrase)?;
    let NewCa { key: root_private, certificate: root_certificate } =
        ceremony::make_root(company, now, clock::random()?)?;
    root_key::seal_root_key(folder.path(), passphrase, &root_private.pkcs8()?)?;
    let root = Issuer::new(root_certificate, root_private)?;
    let issuing = ceremony::make_issuing(&root, company, station, now, clock::random()?)?;
    vault.set_issuing_key(issuing.key.pkcs8()?)?;
    let origin = format!("lineside.local/{station}-{}", hex::encode(clock::random::<4>()?));
    let (checkpoint_key, vkey) = CheckpointKey::generate(&origin, clock::random()?)?;
    vault.set_checkpoint_key(checkpoint_key)?;

    let (root_pem, issuing_pem) = (root.certificate().pem(), issuing.certificate.pem());
    let chain = certificate::chain_pem(&[&issuing.certificate, root.certificate()]);
    for (file, content) in [
        ("root.pem", root_pem.as_str()),
        ("issuing.pem", issuing_pem.as_str()),
        ("chain.pem", chain.as_str()),
        ("audit.vkey", &format!("{vkey}\n")),
    ] {
        write(&folder.ca(file), content.as_bytes())?;
    }

    let hash = Secret::from(password::hash(password, &clock::random()?)?);
    let store = Store::create(&folder.database(), &origin, company.as_str(), now, actor)?;
    let certificates = [("root", root.certificate()), ("issuing", &issuing.certificate)];
    store.change(actor, now, |change| {
        for (role, certificate) in certificates {
            change.record(AuditEvent::CaCreated {
                role: role.to_owned(),
                subject: certificate.subject_cn().unwrap_or_default().to_owned(),
                sha256: certificate.sha256(),
            });
        }
        people::add(change, administrator, Role::Administrator, &hash)?;
        Ok::<_, FoundingError>(())
    })?;
    vault_changes::record_all(&store, &vault, actor, now)?;
    let root_sha256 = root.certificate().sha256().to_string();
    let issuer = Arc::new(Issuer::new(issuing.certificate, issuing.key)?);
    revocation::issue_crl(folder, &store, &issuer, actor, now)?;
    Ok(Founded { recovery, vkey, root_sha256 })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let io = |cause| FolderError::Io { path: path.to_owned(), cause };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(io)?;
    }
    durable::create(path, bytes, durable::PUBLIC).map_err(io)
}
