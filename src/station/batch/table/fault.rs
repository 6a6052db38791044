//! Why a file is no table that a batch can read, and why a single row of it is not taken.

use super::{LONGEST_CELL, LONGEST_ROW, MOST_COLUMNS};
use crate::domain::code::{Code, Coded};

/// A fault of the file as a whole.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadTable {
    #[error("the file is empty; its first line names the columns")]
    Empty,
    #[error("the file is {name} text; only UTF-8 is read")]
    Encoding { name: &'static str },
    #[error("the file is {what}, not a table of text; open it and save the table as CSV")]
    OtherFile { what: &'static str },
    #[error("line {line} holds a NUL byte, which no text has")]
    Nul { line: u64 },
    #[error("line {line} is Latin-1 or Windows-1252 text; only UTF-8 is read")]
    Latin1 { line: u64 },
    #[error("line {line} is not UTF-8 text")]
    NotUtf8 { line: u64 },
    #[error("the table has {found} columns, at most {MOST_COLUMNS} are read")]
    TooManyColumns { found: usize },
    #[error("the row that begins in line {line} has more than {LONGEST_ROW} bytes")]
    LongRow { line: u64 },
    #[error("the quote that opens in line {line} is never closed")]
    OpenQuote { line: u64 },
    #[error("the quote that opens in line {line} is not closed within {LONGEST_ROW} bytes")]
    LongQuote { line: u64 },
    #[error("column {place} has no name in the first line")]
    NamelessColumn { place: usize },
    #[error("the columns “{name}” and “{other}” mean the same")]
    DuplicateColumn { name: String, other: String },
    #[error("the first line names no column “{name}”{others}")]
    MissingColumn { name: &'static str, others: String },
    #[error("the file cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

impl Coded for BadTable {
    fn code(&self) -> Code {
        match self {
            BadTable::Empty
            | BadTable::Encoding { .. }
            | BadTable::OtherFile { .. }
            | BadTable::Nul { .. }
            | BadTable::Latin1 { .. }
            | BadTable::NotUtf8 { .. }
            | BadTable::OpenQuote { .. }
            | BadTable::NamelessColumn { .. }
            | BadTable::DuplicateColumn { .. } => Code::TableUnreadable,
            BadTable::TooManyColumns { .. } | BadTable::LongRow { .. } | BadTable::LongQuote { .. } => {
                Code::TableTooLarge
            }
            BadTable::MissingColumn { .. } => Code::ColumnMissing,
            BadTable::Read(_) => Code::FileUnreadable,
        }
    }
}

/// A fault of one row's shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadRow {
    #[error("the row has {found} cell{}, the first line names {wanted} column{}", s(*found), s(*wanted))]
    Ragged { found: usize, wanted: usize },
    #[error("cell {place} has {found} bytes, at most {LONGEST_CELL} are read")]
    LongCell { place: usize, found: usize },
}

fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl Coded for BadRow {
    fn code(&self) -> Code {
        Code::RowShape
    }
}
