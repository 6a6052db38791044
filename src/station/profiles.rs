//! Certificate profiles: those shipped with the product, and the station's own in `profiles/`, which win.

use crate::ca::profile::SHIPPED;
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
}

impl Coded for ProfileError {
    fn code(&self) -> Code {
        match self {
            ProfileError::Missing(_) => Code::ProfileInvalid,
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
