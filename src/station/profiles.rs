//! Certificate profiles: those shipped with the product, and the station's own in `profiles/`, which win.

use std::path::PathBuf;

use crate::ca::profile::{BadProfile, Profile, SHIPPED};
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
            ProfileError::Missing(_) | ProfileError::Bad { .. } | ProfileError::OtherName { .. } => {
                Code::ProfileInvalid
            }
            ProfileError::Folder(error) => error.code(),
        }
    }
}

/// The text of the profile of this name.
pub fn text(folder: &Folder, name: &Name) -> Result<String, ProfileError> {
    let path = folder.profiles().join(format!("{name}.toml"));
    if path.is_file() {
        return Ok(folder.read(&path)?);
    }
    let shipped = SHIPPED.iter().find(|(known, _)| *known == name.as_str());
    shipped.map(|(_, text)| (*text).to_owned()).ok_or_else(|| ProfileError::Missing(name.clone()))
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
        match Profile::parse(&folder.read(&path)?) {
            Ok(profile) if path.file_stem().is_some_and(|stem| stem == profile.name().as_str()) => {}
            Ok(profile) => return Err(ProfileError::OtherName { path, name: profile.name().clone() }),
            Err(fault) => return Err(ProfileError::Bad { path, fault }),
        }
    }
    Ok(())
}
