//! The files of all devices in one archive (POSIX ustar). The same batch gives the same headers: the time is that of
//! the certificate, owner and group are 0.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tar::{EntryType, Header};
use zeroize::Zeroizing;

use super::contents::DeviceFiles;
use super::{BundleError, Start};
use crate::domain::utc_time::UtcTime;
use crate::durable;

/// The unit of an archive, in bytes.
const BLOCK: usize = 512;

/// An archive that grows.
#[derive(Debug)]
pub(super) struct TarFile {
    path: PathBuf,
    file: File,
    offset: u64,
    /// One device at a time; it may hold a key in clear.
    buffer: Zeroizing<Vec<u8>>,
}

impl TarFile {
    pub(super) fn open(path: &Path, start: Start) -> Result<TarFile, BundleError> {
        let mut options = OpenOptions::new();
        options.write(true).mode(durable::PRIVATE);
        let offset = match start {
            Start::New => {
                options.create_new(true);
                0
            }
            // one that is missing after a crash held nothing that was committed
            Start::Resume { offset } => {
                options.create(offset == 0);
                offset
            }
        };
        let file = options.open(path).map_err(|cause| BundleError::io(path, cause))?;
        durable::settle_name(path).map_err(|cause| BundleError::io(path, cause))?;
        let mut opened = TarFile { path: path.to_owned(), file, offset, buffer: Zeroizing::default() };
        opened.cut(offset)?;
        Ok(opened)
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn cut(&mut self, offset: u64) -> Result<(), BundleError> {
        let found = self.file.metadata().map_err(|cause| self.fault(cause))?.len();
        if found < offset {
            return Err(BundleError::Shorter { path: self.path.clone(), found, expected: offset });
        }
        let cut = self.file.set_len(offset).and_then(|()| self.file.seek(SeekFrom::Start(offset)));
        cut.map_err(|cause| self.fault(cause))?;
        self.offset = offset;
        Ok(())
    }

    pub(super) fn add(&mut self, device: &DeviceFiles) -> Result<(), BundleError> {
        self.buffer.clear();
        // a buffer that grows would leave copies behind
        let room = device.files.iter().map(|file| file.content.len() + 2 * BLOCK).sum::<usize>() + BLOCK;
        if room > self.buffer.capacity() {
            self.buffer = Zeroizing::new(Vec::with_capacity(room));
        }
        append(device, &mut self.buffer).map_err(|cause| BundleError::io(&self.path, cause))?;
        self.file.write_all(&self.buffer).map_err(|cause| self.fault(cause))?;
        self.offset += u64::try_from(self.buffer.len()).unwrap_or_default();
        Ok(())
    }

    pub(super) fn settle(&self) -> Result<(), BundleError> {
        self.file.sync_data().map_err(|cause| self.fault(cause))
    }

    /// Two empty blocks end an archive.
    pub(super) fn finish(mut self) -> Result<(), BundleError> {
        let ended = self.file.write_all(&[0; 2 * BLOCK]).and_then(|()| self.file.sync_all());
        ended.map_err(|cause| self.fault(cause))
    }

    fn fault(&self, cause: io::Error) -> BundleError {
        BundleError::io(&self.path, cause)
    }
}

fn append(device: &DeviceFiles, out: &mut Vec<u8>) -> io::Result<()> {
    let id = device.registration_id.as_str();
    let folder = entry(&format!("{id}/"), EntryType::Directory, 0o700, 0, device.not_before)?;
    out.extend_from_slice(folder.as_bytes());
    for file in &device.files {
        let (name, content) = (format!("{id}/{}", file.name), file.content.expose());
        let header = entry(&name, EntryType::Regular, durable::PRIVATE, content.len(), device.not_before)?;
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    Ok(())
}

fn entry(name: &str, kind: EntryType, mode: u32, size: usize, at: UtcTime) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(at.seconds()).unwrap_or_default());
    header.set_size(u64::try_from(size).unwrap_or(u64::MAX));
    header.set_cksum();
    Ok(header)
}
