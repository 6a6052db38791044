//! The founding of a station: root and issuing CA, vault, records, first administrator. Everything is made
//! in a folder inside its place, and moved up when it is whole; `station.toml`, without which there is no
//! station, comes last.

mod cas;

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use self::cas::Cas;
use crate::ca::ceremony::CeremonyFailed;
use crate::ca::company::Company;
use crate::ca::issuer::BadIssuer;
use crate::ca::key::KeyPair;
use crate::ca::public_key::KeyKind;
use crate::ca::token::fault::TokenFault;
use crate::ca::token::uri::TokenUri;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::person::{Actor, Role};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::ceremony_record;
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

/// What a new station is founded with.
pub struct Founding<'a> {
    /// The company that stands in the CA's names.
    pub company: &'a Company,
    /// The station's name.
    pub station: &'a Name,
    /// Whether the root is somebody else's: the issuing CA then waits for its certificate.
    pub external_root: bool,
    /// Opens the vault and the root's key from now on.
    pub passphrase: &'a Secret,
    /// The first administrator.
    pub administrator: &'a Name,
    /// Their password.
    pub password: &'a Secret,
}

/// Where the issuing CA's key is made, if not in the vault.
pub struct InToken<'a> {
    /// Token, key and module.
    pub place: &'a TokenUri,
    /// The token's PIN, which the vault keeps from now on.
    pub pin: &'a Secret,
}

/// What is shown once, at the end.
pub struct Founded {
    /// The recovery identity, to be written down and kept elsewhere.
    pub recovery: Secret,
    /// Verifies the checkpoints; to be kept elsewhere, too.
    pub vkey: String,
    /// SHA-256 of the root certificate, if there is one.
    pub root_sha256: Option<String>,
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
    #[error(transparent)]
    Token(#[from] TokenFault),
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
            FoundingError::Token(e) => e.code(),
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

/// Where a station is made, inside its place.
const BUILDING: &str = ".founding";
/// The part that makes it a station ([`Folder::must_exist`]).
const LAST: &str = "station.toml";
/// The other parts of a new station.
const PARTS: [&str; 13] = [
    ".crl.lock",
    "ca",
    "checkpoints",
    "exports",
    "products",
    "profiles",
    "root-key.age",
    "station.db",
    "station.db-shm",
    "station.db-wal",
    "templates",
    "vault-key.age",
    "vault.age",
];
/// What does not make a folder one in use: our own lock, and what a new file system has at its root.
const NOTHING: [&str; 2] = [".lock", "lost+found"];

/// Founds a station in a folder that does not exist yet, or is empty: a mount point, or the one we are in.
pub fn found(
    folder: &Folder,
    founding: &Founding<'_>,
    actor: &Actor,
    now: UtcTime,
) -> Result<Founded, FoundingError> {
    found_with(folder, founding, None, actor, now)
}

/// The same, with the issuing CA's key made in a token. Should the founding fail after that, the key stays there, and
/// nothing was ever signed with it.
pub fn found_in_token(
    folder: &Folder,
    founding: &Founding<'_>,
    token: &InToken<'_>,
    actor: &Actor,
    now: UtcTime,
) -> Result<Founded, FoundingError> {
    found_with(folder, founding, Some(token), actor, now)
}

fn found_with(
    folder: &Folder,
    founding: &Founding<'_>,
    token: Option<&InToken<'_>>,
    actor: &Actor,
    now: UtcTime,
) -> Result<Founded, FoundingError> {
    let place = folder.path();
    if place.is_file() {
        return Err(FolderError::Exists(place.to_owned()).into());
    }
    let ours = !place.exists();
    durable::private_folder(place).map_err(io(place))?;
    if ours {
        sync(&place.join("..")).map_err(io(place))?;
    }
    let founded = found_inside(folder, founding, token, actor, now);
    if ours && founded.is_err() {
        // why there is no station is what the caller must hear; a folder that is not empty stays
        let _ = std::fs::remove_dir(place);
    }
    founded
}

fn found_inside(
    folder: &Folder,
    founding: &Founding<'_>,
    token: Option<&InToken<'_>>,
    actor: &Actor,
    now: UtcTime,
) -> Result<Founded, FoundingError> {
    let place = folder.path();
    refuse_occupied(place)?;
    let _lock = folder.lock()?;
    // another founding may have come between the look and the lock
    refuse_occupied(place)?;
    let building = place.join(BUILDING);
    let made = clear(place, &building).and_then(|()| durable::private_folder(&building));
    let founded = made.map_err(io(&building)).and_then(|()| {
        let founded = build(&Folder::at(&building), founding, token, actor, now)?;
        move_up(place, &building).map_err(io(place))?;
        Ok(founded)
    });
    if founded.is_err() {
        // as above: keys nobody will use are not left lying
        let _ = clear(place, &building);
        let _ = std::fs::remove_file(place.join(".lock"));
    }
    founded
}
fn io(path: &Path) -> impl Fn(std::io::Error) -> FoundingError {
    let path = path.to_owned();
    move |cause| FolderError::Io { path: path.clone(), cause }.into()
}

/// Refuses a folder that holds anything but what a founding that was cut off has left.
fn refuse_occupied(place: &Path) -> Result<(), FoundingError> {
    let cut_off = !place.join(LAST).exists() && place.join(BUILDING).is_dir();
    let moved = cut_off && place.join(BUILDING).join(LAST).exists();
    for entry in std::fs::read_dir(place).map_err(io(place))? {
        let name = entry.map_err(io(place))?.file_name();
        let is = |known: &&str| name == OsStr::new(known);
        let left = cut_off && is(&BUILDING) || moved && PARTS.iter().any(is);
        if !left && !NOTHING.iter().any(is) {
            return Err(FolderError::Exists(place.to_owned()).into());
        }
    }
    Ok(())
}

/// Removes what a founding has made so far; nothing of it was ever used.
fn clear(place: &Path, building: &Path) -> std::io::Result<()> {
    // the last part is still below, so those above were moved there by a founding
    if building.join(LAST).exists() {
        for path in PARTS.iter().map(|part| place.join(part)) {
            if path.is_dir() {
                std::fs::remove_dir_all(path)?;
            } else if path.exists() {
                std::fs::remove_file(path)?;
            }
        }
    }
    if building.exists() { std::fs::remove_dir_all(building) } else { Ok(()) }
}

/// Gives the parts their place, the one that makes them a station last.
fn move_up(place: &Path, building: &Path) -> std::io::Result<()> {
    match std::fs::set_permissions(place, Permissions::from_mode(0o700)) {
        // a file system that knows no modes
        Err(error) if error.kind() != ErrorKind::PermissionDenied => return Err(error),
        _ => {}
    }
    for entry in std::fs::read_dir(building)? {
        let entry = entry?;
        if entry.file_name() != LAST {
            std::fs::rename(entry.path(), place.join(entry.file_name()))?;
        }
    }
    sync(place)?;
    std::fs::rename(building.join(LAST), place.join(LAST))?;
    if let Err(error) = sync(place) {
        // no station is left whose recovery identity nobody has seen
        std::fs::rename(place.join(LAST), building.join(LAST))?;
        return Err(error);
    }
    // an empty folder is in nobody's way
    let _ = std::fs::remove_dir(building);
    Ok(())
}

fn sync(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

fn build(
    folder: &Folder,
    founding: &Founding<'_>,
    token: Option<&InToken<'_>>,
    actor: &Actor,
    now: UtcTime,
) -> Result<Founded, FoundingError> {
    for part in
        [folder.products(), folder.profiles(), folder.templates(), folder.exports(), folder.checkpoints()]
    {
        let made = std::fs::create_dir_all(&part);
        made.map_err(|cause| FolderError::Io { path: part, cause })?;
    }
    let mut settings = generated(founding.station);
    if let Some(InToken { place, .. }) = token {
        settings.push_str(&format!("\n[issuing_key]\npkcs11 = \"{place}\"\n"));
    }
    write(&folder.settings(), settings.as_bytes())?;

    let Founding { company, station, external_root, passphrase, administrator, password } = founding;
    let (mut vault, recovery) = Vault::create(folder.path(), passphrase)?;
    let cas = match (external_root, token) {
        (true, _) => Cas::waiting(&mut vault)?,
        (false, None) => Cas::make(folder, &mut vault, founding, now)?,
        (false, Some(token)) => Cas::make_in_token(folder, &mut vault, founding, token, now)?,
    };
    let origin = format!("lineside.local/{station}-{}", hex::encode(clock::random::<4>()?));
    let (checkpoint_key, vkey) = CheckpointKey::generate(&origin, clock::random()?)?;
    vault.set_checkpoint_key(checkpoint_key)?;
    vault.set_manifest_key(KeyPair::generate(KeyKind::EcP256)?.pkcs8()?)?;

    for (file, content) in cas.files() {
        write(&folder.ca(&file), content.as_bytes())?;
    }
    write(&folder.ca("audit.vkey"), format!("{vkey}\n").as_bytes())?;

    let hash = Secret::from(password::hash(password, &clock::random()?)?);
    let store = Store::create(&folder.database(), &origin, company.as_str(), now, actor)?;
    let Cas { held, certificates, issuer } = cas;
    let entry = store.change(actor, now, |change| {
        let entry = ceremony_record::record(change, &held)?;
        for (role, one) in &certificates {
            change.record(AuditEvent::CaCreated {
                role: (*role).to_owned(),
                subject: one.subject_cn().unwrap_or_default().to_owned(),
                sha256: one.sha256(),
            });
        }
        people::add(change, administrator, Role::Administrator, &hash, None)?;
        Ok::<_, FoundingError>(entry)
    })?;
    ceremony_record::print(folder, station, entry, &held, actor, now)?;
    vault_changes::record_all(&store, &vault, actor, now)?;
    if let Some(issuer) = issuer {
        revocation::issue_crl(folder, &store, &issuer, &[], actor)?;
    }
    let root_sha256 = held.certificates.first().map(|root| root.sha256.to_string());
    Ok(Founded { recovery, vkey, root_sha256 })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let io = |cause| FolderError::Io { path: path.to_owned(), cause };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(io)?;
    }
    durable::create(path, bytes, durable::PUBLIC).map_err(io)
}

#[cfg(test)]
mod tests;
