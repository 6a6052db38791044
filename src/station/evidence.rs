//! What the audit log holds about a device or a run, each entry with the proof that it is under a checkpoint.

use serde_json::{Value, json};

use crate::domain::audit_entry::AuditEntry;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::sentence;
use crate::domain::pair::Pair;
use crate::domain::utc_time::UtcTime;
use crate::station::folder::{Folder, FolderError};
use crate::store::audit::proof::{self, ProofError};
use crate::store::audit::{about, checkpoint};
use crate::store::certificates;
use crate::store::devices::Device;
use crate::store::error::StoreError;
use crate::store::outbox;
use crate::store::reader::Reader;
use crate::store::runs::Run;

/// A file holds at most this many entries of one device.
const MOST: u32 = 1000;

/// One entry of the log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// Its canonical text.
    pub text: String,
    /// What it says; none if a newer program wrote it.
    pub said: Option<AuditEntry>,
    /// Whether it was shown to be in the log.
    pub proven: Proven,
}

/// Whether an entry was shown to be under a checkpoint, with the verifier key of the station's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    /// It is, in the tree of this size.
    Under {
        /// How many entries the checkpoint covers.
        size: u64,
    },
    /// The next checkpoint will cover it.
    NotYet,
    /// It is not what was signed, one sentence.
    Broken(String),
    /// The station's folder holds no verifier key.
    NoKey,
}

/// The verifier key in the station's folder; none if it is not there.
pub fn vkey(folder: &Folder) -> Result<Option<String>, FolderError> {
    let path = folder.ca("audit.vkey");
    if path.is_file() { folder.read(&path).map(|text| Some(text.trim().to_owned())) } else { Ok(None) }
}

/// Up to `limit` entries about a device before this number (or the newest ones), newest first.
pub fn of_device(
    reader: &Reader<'_>,
    device: u64,
    vkey: Option<&str>,
    limit: u32,
    before: Option<u64>,
) -> Result<Vec<Entry>, StoreError> {
    let found = about::of_device(reader, device, limit, before)?;
    found.into_iter().map(|(seq, text)| judged(reader, seq, text, vkey)).collect()
}

/// The entries about one run, oldest first: about itself, its certificate and the enrollment it queued.
pub fn of_run(reader: &Reader<'_>, run: &Run, vkey: Option<&str>) -> Result<Vec<Entry>, StoreError> {
    let mut found = match run.device {
        Some(device) => about::of_device(reader, device, MOST, None)?,
        None => about::of_run(reader, run.id, MOST)?,
    };
    found.reverse();
    let of_run = certificates::by_run(reader, run.id)?;
    let certificates: Vec<String> =
        of_run.iter().flat_map(Pair::each).map(|(_, one)| format!("certificate/{}", one.serial)).collect();
    let mut entries = Vec::new();
    for (seq, text) in found {
        if concerns(reader, &text, run.id, &certificates)? {
            entries.push(judged(reader, seq, text, vkey)?);
        }
    }
    Ok(entries)
}

fn concerns(reader: &Reader<'_>, entry: &str, run: u64, certificates: &[String]) -> Result<bool, StoreError> {
    let Ok(entry) = serde_json::from_str::<Value>(entry) else { return Ok(false) };
    let own = format!("run/{run}");
    if entry["run"].as_u64() == Some(run) {
        return Ok(true);
    }
    for name in entry["rows"].as_object().into_iter().flat_map(|rows| rows.keys()) {
        if *name == own || certificates.contains(name) {
            return Ok(true);
        }
        if let Some(row) = name.strip_prefix("outbox/").and_then(|number| number.parse().ok())
            && outbox::get(reader, row)?.is_some_and(|row| row.run == Some(run))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A duplicate was found that concerns a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at: UtcTime,
    /// What there was twice: serial, mac, registration-id or public-key.
    pub kind: String,
    /// Its value.
    pub value: String,
}

/// Up to `limit` duplicates that were found, newest first.
pub fn alarms(reader: &Reader<'_>, device: u64, limit: u32) -> Result<Vec<Alarm>, StoreError> {
    let found = about::alarms_of_device(reader, device, limit)?;
    let alarm = |(_, text): (u64, String)| {
        let AuditEntry { at, event, .. } = serde_json::from_str(&text).ok()?;
        // an entry that is not what the index takes it for is for verification to complain of
        let AuditEvent::DuplicateAlarm { kind, value, known_device: _ } = event else { return None };
        Some(Alarm { at, kind, value })
    };
    Ok(found.into_iter().filter_map(alarm).collect())
}

fn judged(reader: &Reader<'_>, seq: u64, text: String, vkey: Option<&str>) -> Result<Entry, StoreError> {
    let said = serde_json::from_str(&text).ok();
    let proven = match (proof::inclusion(reader, seq), vkey) {
        (Ok(_), None) => Proven::NoKey,
        (Ok(proof), Some(vkey)) => match proof.check(vkey) {
            Ok(()) => Proven::Under { size: proof.size },
            Err(error) => Proven::Broken(sentence(&error)),
        },
        (Err(ProofError::NotSigned { .. }), _) => Proven::NotYet,
        (Err(ProofError::Store(error)), _) => return Err(error),
        (
            Err(error @ (ProofError::Unknown { .. } | ProofError::Wrong { .. } | ProofError::Checkpoint(_))),
            _,
        ) => Proven::Broken(sentence(&error)),
    };
    Ok(Entry { seq, text, said, proven })
}

/// Everything an outsider needs to see that the entries about a device are in the log: verifier key, checkpoint,
/// and each entry with its audit path, as `lineside audit prove` prints it. Entries that no checkpoint covers yet
/// are named only.
///
/// # Errors
/// [`ProofError`] if the records cannot give a proof that they should.
pub fn document(reader: &Reader<'_>, device: &Device, vkey: Option<&str>) -> Result<Value, ProofError> {
    let mut found = about::of_device(reader, device.id, MOST, None)?;
    found.reverse();
    let (mut entries, mut unsigned) = (Vec::new(), Vec::new());
    for (seq, _) in found {
        match proof::inclusion(reader, seq) {
            Ok(proof) => entries.push(json!({
                "seq": proof.seq,
                "index": proof.seq.saturating_sub(1),
                "size": proof.size,
                "entry": proof.entry,
                "path": proof.path,
                "proof": proof.to_text(),
            })),
            Err(ProofError::NotSigned { .. }) => unsigned.push(seq),
            Err(error) => return Err(error),
        }
    }
    Ok(json!({
        "device": {
            "serial": device.serial, "mac": device.mac,
            "registration_id": device.identity.registration_id, "device_id": device.identity.device_id,
        },
        "vkey": vkey,
        "checkpoint": checkpoint::latest(reader)?.map(|(_, _, note)| note),
        "entries": entries,
        "not_signed_yet": unsigned,
    }))
}
