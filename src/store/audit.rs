//! The audit log: an append-only list of canonical JSON entries under an RFC 6962 Merkle tree, with signed
//! tree heads that leave the station. `log` appends and reads, `tree` finds hashes, `checkpoint` signs,
//! `verify` looks for tampering, `export` and `proof` hand the log to other people's verifiers.
//!
//! The first entry has `seq` 1 and is leaf 0 of the tree. An entry names, in `rows`, the rows its change
//! left behind and their digests (`table/key`), so that a row altered beside the log is found out too.

pub mod about;
pub mod checkpoint;
pub mod export;
pub mod log;
pub mod proof;
pub mod search;
mod tree;
pub mod verify;
