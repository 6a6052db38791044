//! Showing one entry to somebody who holds nothing but the verifier key: the entry, its audit path and the
//! checkpoint over it, as a C2SP `tlog-proof`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use tlog_tiles::tlog::{self, Hash};

use super::checkpoint::{self, CheckpointError};
use super::{log, tree};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::{certificates, devices, runs};

/// Why an entry cannot be proven.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum ProofError {
    #[error("the log has no entry {seq}")]
    Unknown { seq: u64 },
    #[error("entry {seq} is not under a checkpoint yet; the newest covers {signed} entries")]
    NotSigned { seq: u64, signed: u64 },
    #[error("entry {seq} is not what the checkpoint vouches for")]
    Wrong { seq: u64 },
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for ProofError {
    fn code(&self) -> Code {
        match self {
            ProofError::Unknown { .. } => Code::AuditEntryUnknown,
            ProofError::NotSigned { .. } => Code::AuditNotSigned,
            ProofError::Wrong { .. } => Code::AuditBroken,
            ProofError::Checkpoint(error) => error.code(),
            ProofError::Store(error) => error.code(),
        }
    }
}

/// The proof that an entry is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Its number; it is leaf `seq - 1`.
    pub seq: u64,
    /// Its canonical text.
    pub entry: String,
    /// The size of the tree it is proven in.
    pub size: u64,
    /// The audit path (RFC 6962 §2.1.1).
    pub path: Vec<Digest>,
    /// The checkpoint of that tree.
    pub note: String,
}

impl InclusionProof {
    /// The proof as `c2sp.org/tlog-proof@v1`; the entry itself travels beside it.
    pub fn to_text(&self) -> String {
        let mut text = format!("c2sp.org/tlog-proof@v1\nindex {}\n", self.seq.saturating_sub(1));
        for hash in &self.path {
            text.push_str(&BASE64_STANDARD.encode(hash.as_bytes()));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.note);
        text
    }

    /// Whether the proof holds, judged from its own parts and the verifier key alone.
    ///
    /// # Errors
    /// [`ProofError::Wrong`], or what is wrong with the checkpoint.
    pub fn check(&self, vkey: &str) -> Result<(), ProofError> {
        let head = checkpoint::read_note(&self.note, Some(vkey))?;
        let wrong = ProofError::Wrong { seq: self.seq };
        let Some(leaf) = self.seq.checked_sub(1).filter(|leaf| *leaf < head.size) else { return Err(wrong) };
        let path = self.path.iter().map(|hash| Hash(*hash.as_bytes())).collect();
        let entry = tlog::record_hash(self.entry.as_bytes());
        tlog::check_record(&path, head.size, Hash(*head.root.as_bytes()), leaf, entry).map_err(|_| wrong)
    }
}

/// The leaf of an entry: SHA-256(0x00 ‖ entry).
pub fn leaf_hash(entry: &str) -> Digest {
    Digest::from_bytes(tlog::record_hash(entry.as_bytes()).0)
}

/// Proves an entry under the newest checkpoint.
///
/// # Errors
/// [`ProofError::Unknown`]; [`ProofError::NotSigned`] until a checkpoint covers it.
pub fn inclusion(reader: &Reader<'_>, seq: u64) -> Result<InclusionProof, ProofError> {
    let entry = log::entry(reader, seq)?.ok_or(ProofError::Unknown { seq })?;
    let leaf = seq.checked_sub(1).ok_or(ProofError::Unknown { seq })?;
    match checkpoint::latest(reader)? {
        Some((size, _, note)) if seq <= size => {
            Ok(InclusionProof { seq, entry, size, path: tree::path(reader, leaf, size)?, note })
        }
        found => {
            let signed = found.map_or(0, |(size, _, _)| size);
            Err(ProofError::NotSigned { seq, signed })
        }
    }
}

/// The numbers of the entries that speak of a device: of itself, its runs, its certificates or its
/// enrollment. Reads the whole log.
pub fn entries_of_device(reader: &Reader<'_>, device: u64) -> Result<Vec<u64>, StoreError> {
    let Some(known) = devices::get(reader, device)? else { return Ok(Vec::new()) };
    let mut words = vec![
        format!("\"device/{device}\""),
        format!("\"{}\"", known.identity.registration_id),
        format!("\"known-device\":{device},"),
    ];
    for certificate in certificates::by_device(reader, device)? {
        words.push(format!("\"certificate/{}\"", certificate.serial));
    }
    for run in runs::of_device(reader, device)? {
        words.push(format!("\"run/{run}\""));
    }
    let mut found = Vec::new();
    log::each(reader, |seq, entry| {
        if words.iter().any(|word| entry.contains(word.as_str())) {
            found.push(seq);
        }
        Ok(())
    })?;
    Ok(found)
}
