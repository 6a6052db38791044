//! The ceremonies of the CA that are on record, and the key that waits for its certificate.

use std::collections::BTreeSet;

use crate::domain::audit_event::ceremony::{Act, Held};
use crate::domain::digest::Digest;
use crate::station::folder::Folder;
use crate::store::audit::{log, search};
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// More than this are not looked for among the newest entries.
const MOST: usize = 256;
/// How the log names them.
const EVENT: &str = "ceremony-held";

/// One of them.
pub struct OnRecord {
    /// Number of its entry.
    pub seq: u64,
    /// The entry.
    pub text: String,
    /// What was done.
    pub held: Held,
}

/// All of them, oldest first: those with a sheet in the folder `ca`, and those among the newest entries of the log, for a
/// request has no sheet.
pub fn all(folder: &Folder, reader: &Reader<'_>) -> Result<Vec<OnRecord>, StoreError> {
    let filter = search::Filter { events: vec![EVENT.to_owned()], ..search::Filter::default() };
    let mut numbers: BTreeSet<u64> =
        search::search(reader, &filter, None, MOST)?.entries.into_iter().map(|(seq, _)| seq).collect();
    numbers.extend(sheets(folder));
    let mut all = Vec::new();
    for seq in numbers {
        let Some(text) = log::entry(reader, seq)? else { continue };
        // a sheet somebody else put there, or an entry that was tampered with: verification tells
        let Ok(held) = serde_json::from_str::<Held>(&text) else { continue };
        all.push(OnRecord { seq, text, held });
    }
    Ok(all)
}

/// Digest of the key (SPKI) that waits for its certificate: the last ceremony about the CA to come brought none.
pub fn awaited(all: &[OnRecord]) -> Option<Digest> {
    let last = all.iter().rev().map(|one| &one.held).find(|held| held.act != Act::Erasure)?;
    let waits = last.certificates.is_empty() && last.act != Act::Withdrawal;
    waits.then_some(last.issuing_key)
}

/// Whether this certificate (SHA-256) is that of a root made when the station was founded, as the record has it.
pub fn founded_with(all: &[OnRecord], root: Digest) -> bool {
    let founding = all.iter().filter(|one| one.held.act == Act::Founding);
    founding.flat_map(|one| &one.held.certificates).any(|one| one.role == "root" && one.sha256 == root)
}

/// The numbers of the entries that have a sheet.
fn sheets(folder: &Folder) -> Vec<u64> {
    let Ok(files) = std::fs::read_dir(folder.ca("")) else { return Vec::new() };
    let number = |name: &str| name.strip_prefix("ceremony-")?.strip_suffix(".txt")?.parse().ok();
    files.filter_map(|file| number(file.ok()?.file_name().to_str()?)).collect()
}
