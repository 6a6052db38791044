//! What a virtual device keeps: its files, its keys, and a journal of everything it received, flushed before
//! it is acknowledged, so that after a crash of the station the records can be held against it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use x509_cert::Certificate;

use crate::domain::digest::Digest;

/// One thing that was received or done; a line of the journal. Nothing in it depends on the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// What was asked.
    pub verb: String,
    /// The file's path, or the common name of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// SHA-256 of the file or of the proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// Bytes in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// Serial numbers of the certificates in the file in hexadecimal, as they come.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// SHA-256 of the public key (SubjectPublicKeyInfo) a request was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Digest>,
    /// The proof message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Reads a device's journal. A half-written last line, cut off by a crash of the device, is left out.
pub fn read_journal(state: &Path) -> io::Result<Vec<Entry>> {
    match fs::read_to_string(state.join("journal.jsonl")) {
        Ok(text) => Ok(text.lines().map_while(|line| serde_json::from_str(line).ok()).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A device's memory: a folder.
pub(super) struct Memory {
    folder: PathBuf,
    journal: File,
    /// Files written and not committed.
    pub(super) pending: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    pub(super) fn open(folder: &Path) -> io::Result<Memory> {
        fs::create_dir_all(folder.join("files"))?;
        let journal = OpenOptions::new().create(true).append(true).open(folder.join("journal.jsonl"))?;
        Ok(Memory { folder: folder.to_owned(), journal, pending: BTreeMap::new() })
    }

    pub(super) fn record(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry).map_err(io::Error::other)?;
        line.push(b'\n');
        self.journal.write_all(&line)?;
        self.journal.sync_data()
    }

    /// The entry of a received file.
    pub(super) fn received(path: &str, content: &[u8]) -> Entry {
        Entry {
            verb: "put".to_owned(),
            path: Some(path.to_owned()),
            sha256: Some(Digest::of(content)),
            length: Some(content.len()),
            certificates: certificates(content)
                .iter()
                .map(|certificate| hex::encode(certificate.tbs_certificate().serial_number().as_bytes()))
                .collect(),
            ..Entry::default()
        }
    }

    /// A pending file, or a committed one.
    pub(super) fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.pending.get(path).cloned().or_else(|| self.committed(path))
    }

    pub(super) fn committed(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.place(path)?).ok()
    }

    pub(super) fn commit(&mut self) -> io::Result<()> {
        for (path, content) in std::mem::take(&mut self.pending) {
            let place = self.place(&path).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder)?;
            }
            write(&place, &content)?;
        }
        Ok(())
    }

    fn place(&self, path: &str) -> Option<PathBuf> {
        is_path(path).then(|| self.folder.join("files").join(path.trim_start_matches('/')))
    }

    /// A value of the device itself, such as its key.
    pub(super) fn own(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(name)).ok()
    }

    pub(super) fn set_own(&self, name: &str, value: &[u8]) -> io::Result<()> {
        write(&self.folder.join(name), value)
    }

    pub(super) fn rename_own(&self, from: &str, to: &str) -> io::Result<()> {
        match fs::rename(self.folder.join(from), self.folder.join(to)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn forget_own(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The committed files in a device's state folder, by path without a leading slash.
pub fn read_files(state: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let root = state.join("files");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(&root) {
                found.insert(name.to_string_lossy().into_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

/// The PEM certificates in a file, if it holds any.
pub(super) fn certificates(content: &[u8]) -> Vec<Certificate> {
    if !content.windows(10).any(|window| window == b"BEGIN CERT") {
        return Vec::new();
    }
    Certificate::load_pem_chain(content).unwrap_or_default()
}

/// Whether a path is one this protocol allows.
pub(super) fn is_path(path: &str) -> bool {
    (1..=200).contains(&path.len())
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b))
        && !path.trim_start_matches('/').is_empty()
        && !path.split('/').any(|step| step == ".." || step == ".")
        && !path.ends_with('/')
}

/// Whole or not at all: beside its place, flushed, then renamed.
fn write(place: &Path, content: &[u8]) -> io::Result<()> {
    let beside = place.with_extension("~");
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.sync_data()?;
    fs::rename(&beside, place)
}
