//! Certificate profiles: those that come with the product, and the station's own in `profiles/`, which win.

use std::path::PathBuf;

use crate::ca::profile::proof::{self, ProofProfile};
use crate::ca::profile::{self, BadProfile, Profile, SHIPPED};
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::station::folder::{Folder, FolderError};

/// Why a profile cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Neither in `profiles/` nor shipped.
    #[error("there is no certificate profile named {0}")]
    Missing(Name),
    /// The file cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file says what cannot be.
    #[error("{}: {fault}", path.display())]
    Bad {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        fault: BadProfile,
    },
    /// It is faulty, or for something else.
    #[error("certificate profile {name}: {fault}")]
    Unfit {
        /// The profile that was named.
        name: String,
        /// What is wrong with it.
        fault: BadProfile,
    },
    /// A file that bears another name than its profile would never be found.
    #[error("the profile in {} is named {name}; give file and profile one name", path.display())]
    OtherName {
        /// The file.
        path: PathBuf,
        /// What it says.
        name: Name,
    },
}

impl Coded for ProfileError {
    fn code(&self) -> Code {
        match self {
            ProfileError::Missing(_) | ProfileError::OtherName { .. } => Code::ProfileInvalid,
            ProfileError::Bad { fault, .. } | ProfileError::Unfit { fault, .. } => fault.code(),
            ProfileError::Folder(error) => error.code(),
        }
    }
}

/// The text of the profile of this name.
pub fn text(folder: &Folder, name: &Name) -> Result<String, ProfileError> {
    if let Some(text) = own(folder, name.as_str())? {
        return Ok(text);
    }
    let shipped = SHIPPED.iter().chain([&proof::SHIPPED]).find(|(known, _)| *known == name.as_str());
    shipped.map(|(_, text)| (*text).to_owned()).ok_or_else(|| ProfileError::Missing(name.clone()))
}

/// The station's own profile of this name, if it has one.
fn own(folder: &Folder, name: &str) -> Result<Option<String>, ProfileError> {
    let path = folder.profiles().join(format!("{name}.toml"));
    if path.is_file() { Ok(Some(folder.read(&path)?)) } else { Ok(None) }
}

/// The profile of this name, which must be one for devices.
pub fn for_devices(folder: &Folder, name: &Name) -> Result<Profile, ProfileError> {
    let unfit = |fault| ProfileError::Unfit { name: name.to_string(), fault };
    Profile::parse(&text(folder, name)?).map_err(unfit)
}

/// The profile of this name, or else the usual one, which must be one for proofs of possession.
pub fn for_proof(folder: &Folder, name: Option<&Name>) -> Result<ProofProfile, ProfileError> {
    let (usual, shipped) = proof::SHIPPED;
    let text = match name {
        Some(name) => text(folder, name)?,
        None => own(folder, usual)?.unwrap_or_else(|| shipped.to_owned()),
    };
    let unfit = |fault| ProfileError::Unfit { name: name.map_or(usual, Name::as_str).to_owned(), fault };
    ProofProfile::parse(&text).map_err(unfit)
}

/// The names of the station's own profiles for devices with what they say; what cannot be read is refused where it is used.
pub fn own_for_devices(folder: &Folder) -> Vec<(Name, Profile)> {
    let Ok(entries) = std::fs::read_dir(folder.profiles()) else { return Vec::new() };
    let mut names: Vec<Name> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".toml")?.parse().ok())
        .collect();
    names.sort();
    let read = |name: Name| Some((name.clone(), Profile::parse(&text(folder, &name).ok()?).ok()?));
    names.into_iter().filter_map(read).collect()
}

/// Those of them whose certificates would all point to one revocation list, whichever issuing CA signed them.
pub fn with_one_list(folder: &Folder) -> impl Iterator<Item = Name> {
    let all = own_for_devices(folder).into_iter();
    let one = all.filter(|(_, of)| of.crl_distribution_point().is_some_and(|list| !list.tells_apart()));
    one.map(|(name, _)| name)
}

/// Checks every profile of the station's own, so that a silly one is heard of before the first device.
pub fn check_all(folder: &Folder) -> Result<(), ProfileError> {
    let place = folder.profiles();
    if !place.is_dir() {
        return Ok(());
    }
    let io = |cause| FolderError::Io { path: place.clone(), cause };
    for entry in std::fs::read_dir(&place).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        match profile::name_of(&folder.read(&path)?) {
            Ok(name) if path.file_stem().is_some_and(|stem| stem == name.as_str()) => {}
            Ok(name) => return Err(ProfileError::OtherName { path, name }),
            Err(fault) => return Err(ProfileError::Bad { path, fault }),
        }
    }
    Ok(())
}
