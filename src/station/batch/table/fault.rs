//! Why a file is no table that a batch can read.

use crate::domain::code::{Code, Coded};

/// A fault of the file as a whole; faults of single rows are the batch's own.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadTable {
    #[error("the file is empty; its first line names the columns")]
    Empty,
    #[error("line {line} is not UTF-8 text")]
    NotUtf8 { line: u64 },
    #[error("the table has {found} columns, at most 500 are read")]
    TooManyColumns { found: usize },
    #[error("column {place} has no name in the first line")]
    NamelessColumn { place: usize },
    #[error("the columns “{name}” and “{other}” mean the same")]
    DuplicateColumn { name: String, other: String },
    #[error("the file cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

impl From<csv::Error> for BadTable {
    fn from(error: csv::Error) -> BadTable {
        let line = error.position().map_or(0, csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(cause) => BadTable::Read(cause),
            csv::ErrorKind::Utf8 { .. } => BadTable::NotUtf8 { line },
            // the other kinds are of serde, of unequal lengths, which are allowed, and of seeking
            _ => BadTable::Read(std::io::ErrorKind::InvalidData.into()),
        }
    }
}

impl Coded for BadTable {
    fn code(&self) -> Code {
        match self {
            BadTable::Empty
            | BadTable::NotUtf8 { .. }
            | BadTable::TooManyColumns { .. }
            | BadTable::NamelessColumn { .. }
            | BadTable::DuplicateColumn { .. } => Code::TableUnreadable,
            BadTable::Read(_) => Code::FileUnreadable,
        }
    }
}
