//! One folder for each device, 0700, its files 0600.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with, syncfs};

use super::contents::DeviceFiles;
use super::{BundleError, Start};
use crate::durable;

/// The folder that holds them.
#[derive(Debug)]
pub(super) struct Folders {
    path: PathBuf,
    opened: File,
}

impl Folders {
    pub(super) fn open(path: &Path, start: Start) -> Result<Folders, BundleError> {
        let fault = |cause| BundleError::io(path, cause);
        durable::private_folder(path).map_err(fault)?;
        let taken = fs::read_dir(path).map_err(fault)?.next().is_some();
        if start == Start::New && taken {
            return Err(BundleError::Taken(path.to_owned()));
        }
        let opened = File::open(path).map_err(fault)?;
        Ok(Folders { path: path.to_owned(), opened })
    }

    /// A device's folder is made beside its place, under a name that no registration ID can have, and then put there.
    pub(super) fn add(&self, device: &DeviceFiles) -> Result<(), BundleError> {
        let id = device.registration_id.as_str();
        let (place, beside) = (self.path.join(id), self.path.join(format!(".{id}.new")));
        let fault = |cause| BundleError::io(&place, cause);
        remove(&beside).map_err(fault)?;
        DirBuilder::new().mode(0o700).create(&beside).map_err(fault)?;
        for file in &device.files {
            let mut written = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(durable::PRIVATE)
                .open(beside.join(&file.name))
                .map_err(fault)?;
            written.write_all(file.content.expose()).map_err(fault)?;
        }
        put(&beside, &place).map_err(fault)
    }

    /// One flush of the file system for all devices of a chunk, instead of some for each device.
    pub(super) fn settle(&self) -> Result<(), BundleError> {
        durable::settle_name(&self.path).map_err(|cause| BundleError::io(&self.path, cause))?;
        syncfs(&self.opened).map_err(|cause| BundleError::io(&self.path, cause.into()))
    }
}

/// Moves a folder to its place. One that is there, from an attempt that was not committed, changes places with it.
fn put(beside: &Path, place: &Path) -> io::Result<()> {
    match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return fs::rename(beside, place),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    renameat_with(CWD, beside, CWD, place, RenameFlags::EXCHANGE)?;
    remove(beside)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
