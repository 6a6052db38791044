//! What can go wrong with the records as such. Refusals that belong to one table's rules have enums of
//! their own beside those rules; each carries a [`StoreError`] for the rest.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::domain::code::{Code, Coded};

/// Why the records could not be read or changed. Whatever it is: nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `create` found a file.
    #[error("there is a database at {} already", .0.display())]
    Exists(PathBuf),
    /// `open` found none.
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    /// A database of some other program.
    #[error("{} is not a station's database", .0.display())]
    NotOurs(PathBuf),
    /// Written by a newer program.
    #[error("the database has version {found}, this program knows up to {known}")]
    TooNew {
        /// Its version.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// The name of the log cannot stand in a checkpoint.
    #[error("“{0}” cannot be the name of a log; use 1 to 128 characters without white space or “+”")]
    OriginInvalid(String),
    /// A file beside the records could not be made.
    #[error("the database file at {} could not be made", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No room left.
    #[error("the disk is full")]
    DiskFull(#[source] rusqlite::Error),
    /// Another process holds the records.
    #[error("another program holds the database")]
    Busy(#[source] rusqlite::Error),
    /// All read connections stayed taken.
    #[error("the records are being read by too many at once")]
    ReadersBusy,
    /// Another long reading holds the connection for such.
    #[error("a report or a search is being made already")]
    LongReadUnderWay,
    /// A reading that was ended.
    #[error("reading the records took too long and was ended")]
    ReadTooLong(#[source] rusqlite::Error),
    /// SQLite refused; the file may be damaged.
    #[error("the database could not be read or written")]
    Sqlite(#[source] rusqlite::Error),
    /// A stored value is none of ours.
    #[error("column {column} of a row in table {table} does not hold what it should: {why}")]
    Row {
        /// Where.
        table: &'static str,
        /// Where.
        column: &'static str,
        /// Why it was not accepted.
        why: String,
    },
    /// The row is not (or no longer) in the state this change needs.
    #[error("{table} {key} {why}")]
    Conflict {
        /// Where.
        table: &'static str,
        /// Which row.
        key: String,
        /// What stands in the way.
        why: &'static str,
    },
    /// A text is not that of its digest.
    #[error("the text of {0} does not have the digest given for it")]
    DigestWrong(String),
    /// A value is larger than the records take.
    #[error("{what} has {bytes} bytes, at most {most} are kept")]
    TooLong {
        /// What.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// A change without an audit event.
    #[error("a change of the records that leaves no entry in the audit log was refused")]
    NothingRecorded,
    /// An audit event that cannot be written as JSON.
    #[error("an entry of the audit log could not be written as JSON")]
    Json(#[source] serde_json::Error),
    /// Entries and hashes of the log do not belong together; nothing is appended to such a log.
    #[error("the audit log holds {entries} entries but its tree is that of another number ({hashes} hashes)")]
    LogBroken {
        /// Entries found.
        entries: u64,
        /// Hashes found.
        hashes: u64,
    },
    /// A hash of the tree is not there.
    #[error("hash {0} of the audit log's tree is missing")]
    HashMissing(u64),
    /// A thread died in the middle of a change; it was rolled back, and nothing more is written.
    #[error("an earlier change of the records broke off; start the station again")]
    Poisoned,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::DiskFull(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(error),
            Some(ErrorCode::OperationInterrupted) => StoreError::ReadTooLong(error),
            _ => StoreError::Sqlite(error),
        }
    }
}

impl Coded for StoreError {
    fn code(&self) -> Code {
        match self {
            StoreError::Exists(_) => Code::StationExists,
            StoreError::Missing(_) => Code::NoStation,
            StoreError::TooNew { .. } => Code::RecordsTooNew,
            StoreError::OriginInvalid(_) => Code::NameInvalid,
            StoreError::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Code::DiskFull
            }
            StoreError::DiskFull(_) => Code::DiskFull,
            StoreError::Busy(_) => Code::StationBusy,
            StoreError::ReadersBusy | StoreError::LongReadUnderWay => Code::RecordsBusy,
            StoreError::ReadTooLong(_) => Code::ReadTooLong,
            StoreError::NotOurs(_)
            | StoreError::File { .. }
            | StoreError::Sqlite(_)
            | StoreError::Row { .. } => Code::RecordsUnreadable,
            StoreError::Conflict { .. } => Code::RecordsConflict,
            StoreError::LogBroken { .. } | StoreError::HashMissing(_) => Code::AuditBroken,
            StoreError::DigestWrong(_)
            | StoreError::TooLong { .. }
            | StoreError::NothingRecorded
            | StoreError::Json(_)
            | StoreError::Poisoned => Code::Internal,
        }
    }
}
