//! What a batch writes for each device beside its row: a folder of its own, or the same files in one tar archive.
//! Whatever was added after the last commit is written again, or cut off, when a batch goes on.

pub mod contents;
mod folders;
mod tar_file;

use std::io;
use std::path::{Path, PathBuf};

use self::contents::DeviceFiles;
use self::folders::Folders;
use self::tar_file::TarFile;
use crate::device::render::RenderError;
use crate::domain::code::{Code, Coded};
use crate::station::batch::issue::recipients::NotSealed;

/// Why the files of devices cannot be made or written.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file of the recipe has no name of its own in a device's folder.
    #[error("“{path}” of the recipe cannot lie in a device's folder: {why}")]
    Names {
        /// The recipe's path.
        path: String,
        /// Why not.
        why: &'static str,
    },
    /// A file of the recipe cannot be made.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The recipe names the ID scope, and the station knows none.
    #[error("the recipe writes the ID scope to the device, and [azure] id_scope of station.toml is empty")]
    NoIdScope,
    /// A key could not be sealed.
    #[error(transparent)]
    NotSealed(#[from] NotSealed),
    /// Something is there already.
    #[error("{0} is there already")]
    Taken(PathBuf),
    /// The archive does not have what was committed.
    #[error("{path} has {found} bytes, but {expected} were written and committed")]
    Shorter {
        /// The archive.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// What is on record.
        expected: u64,
    },
    /// A file or folder cannot be written.
    #[error("{path} cannot be written: {cause}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
}

impl BundleError {
    fn io(path: &Path, cause: io::Error) -> BundleError {
        match cause.kind() {
            io::ErrorKind::AlreadyExists => BundleError::Taken(path.to_owned()),
            _ => BundleError::Io { path: path.to_owned(), cause },
        }
    }
}

impl Coded for BundleError {
    fn code(&self) -> Code {
        match self {
            BundleError::Names { .. } => Code::BundleNames,
            BundleError::Render(fault) => fault.code(),
            BundleError::NoIdScope => Code::SettingsInvalid,
            BundleError::NotSealed(fault) => fault.code(),
            BundleError::Taken(_) => Code::OutputExists,
            BundleError::Shorter { .. } => Code::OutputShorter,
            BundleError::Io { .. } => Code::OutputUnwritable,
        }
    }
}

/// How an output is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// By a batch that begins: nothing may be there, but an empty folder.
    New,
    /// By a batch that goes on, with the [`Bundles::offset`] that was committed last.
    Resume {
        /// That offset.
        offset: u64,
    },
}

/// Where the files of devices go: nowhere, into folders, into an archive, or both.
#[derive(Debug, Default)]
pub struct Bundles {
    folders: Option<Folders>,
    tar: Option<TarFile>,
}

impl Bundles {
    /// Nowhere.
    pub fn none() -> Bundles {
        Bundles::default()
    }

    /// Also into this folder: one for each device, named by its registration ID.
    pub fn to_folders(self, folder: &Path, start: Start) -> Result<Bundles, BundleError> {
        Ok(Bundles { folders: Some(Folders::open(folder, start)?), ..self })
    }

    /// Also into this archive.
    pub fn to_tar(self, file: &Path, start: Start) -> Result<Bundles, BundleError> {
        Ok(Bundles { tar: Some(TarFile::open(file, start)?), ..self })
    }

    /// Whether anything is written, so that files need to be made.
    pub fn are_wanted(&self) -> bool {
        self.folders.is_some() || self.tar.is_some()
    }

    /// Adds a device. A folder of an earlier attempt is replaced at once and whole; an archive grows, so a batch that
    /// goes on cuts it first.
    pub fn add(&mut self, device: &DeviceFiles) -> Result<(), BundleError> {
        if let Some(folders) = &self.folders {
            folders.add(device)?;
        }
        if let Some(tar) = &mut self.tar {
            tar.add(device)?;
        }
        Ok(())
    }

    /// Puts everything that was added on the disk; before that nothing of it is committed.
    pub fn settle(&self) -> Result<(), BundleError> {
        self.folders.as_ref().map_or(Ok(()), Folders::settle)?;
        self.tar.as_ref().map_or(Ok(()), TarFile::settle)
    }

    /// The length of the archive so far, to be committed with the rows; 0 without one.
    pub fn offset(&self) -> u64 {
        self.tar.as_ref().map_or(0, TarFile::offset)
    }

    /// Takes back what was added to the archive beyond this offset.
    pub fn cut(&mut self, offset: u64) -> Result<(), BundleError> {
        self.tar.as_mut().map_or(Ok(()), |tar| tar.cut(offset))
    }

    /// Ends the archive and puts all of it on the disk. A batch that is taken up after this cuts the end off again.
    pub fn finish(self) -> Result<(), BundleError> {
        self.folders.as_ref().map_or(Ok(()), Folders::settle)?;
        self.tar.map_or(Ok(()), TarFile::finish)
    }
}

#[cfg(test)]
mod tests;
