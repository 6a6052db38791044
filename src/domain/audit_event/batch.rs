//! What is remembered of batches: one structure for each kind of entry.

use serde::{Deserialize, Serialize};

use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::digest::Digest;
use crate::domain::name::Name;

/// A file of many identities is about to be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct Started {
    pub batch: u64,
    pub kind: BatchKind,
    pub input: String,
    pub output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_digest: Option<Digest>,
    /// What was asked for.
    pub asked: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_order: Option<Name>,
}

/// So many certificates of a batch are about to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct ChunkIntended {
    pub batch: u64,
    pub chunk: u64,
    pub certificates: u64,
    /// Digest of their serial numbers, bodies and public keys, which the chunk's row holds until the certificates take
    /// their place.
    pub intents: Digest,
    pub work_order: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Digest>,
    pub profile: Digest,
}

/// What became of a chunk's certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct Chunk {
    pub batch: u64,
    pub chunk: u64,
    pub certificates: u64,
}

/// A batch is done, failed or was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct Ended {
    pub batch: u64,
    pub state: BatchState,
    pub good: u64,
    pub refused_rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_digest: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_digest: Option<Digest>,
}

/// A file of a batch that may hold keys is about to leave the station over the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct FileTaken {
    pub batch: u64,
    pub file: String,
}

/// The files of a batch are about to be taken off the station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct FilesCleared {
    pub batch: u64,
}

/// A device on the line differs from what an imported file announced of it or of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are the words of DESIGN and of the entry itself")]
pub struct AnnouncementAlarm {
    pub kind: String,
    pub value: String,
    pub announced_batch: u64,
    pub line: u64,
}
