//! What can be wrong with an import as a whole, and with single rows of it.

use std::path::PathBuf;

use crate::domain::code::{Code, Coded};
use crate::station::batch::table::fault::BadTable;
use crate::station::blocklist::BadBlocklist;
use crate::station::folder::FolderError;
use crate::store::announced::keys::KeyKind;
use crate::store::error::StoreError;
use crate::store::work_orders::WorkOrderError;

/// Why an import failed as a whole; nothing was taken.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum ImportFailed {
    #[error(transparent)]
    Table(#[from] BadTable),
    #[error("the columns say neither which devices nor which work orders the table holds")]
    Unclear,
    #[error("the table has {0} or more work orders; at most {0} are imported at once")]
    TooManyOrders(usize),
    #[error("another import runs")]
    Runs,
    #[error("the file was changed while it was imported")]
    Changed,
    /// A device came to the line meanwhile that is not what the file announces.
    #[error("a device came to the line meanwhile: {0}")]
    Overtaken(crate::store::announced::contradiction::Contradiction),
    /// Somebody ended it.
    #[error("the import was cancelled")]
    Cancelled,
    /// A part of this program ended early.
    #[error("a part of the import ended early")]
    Broken,
    #[error("the file cannot be read, or one of the station's cannot be written: {0}")]
    File(#[from] std::io::Error),
    #[error("the import is on record, but its result could not be written to {path}: {cause}", path = path.display())]
    Result { path: PathBuf, cause: std::io::Error },
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Blocklist(#[from] BadBlocklist),
    #[error(transparent)]
    Order(#[from] WorkOrderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for ImportFailed {
    fn code(&self) -> Code {
        match self {
            ImportFailed::Table(error) => error.code(),
            ImportFailed::Unclear => Code::ImportUnclear,
            ImportFailed::TooManyOrders(_) => Code::Usage,
            ImportFailed::Runs => Code::ImportRuns,
            ImportFailed::Changed => Code::InputChanged,
            ImportFailed::Overtaken(_) => Code::RowContradicts,
            ImportFailed::Cancelled => Code::Interrupted,
            ImportFailed::Broken => Code::Internal,
            ImportFailed::File(_) | ImportFailed::Result { .. } => Code::FileUnreadable,
            ImportFailed::Folder(error) => error.code(),
            ImportFailed::Blocklist(error) => error.code(),
            ImportFailed::Order(error) => error.code(),
            ImportFailed::Store(error) => error.code(),
        }
    }
}

/// Why a row is refused, beside the cells that break their own rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadRow {
    #[error("line {other} has the same {what}")]
    Twice { what: &'static str, other: u64 },
    #[error("{what} {value} is announced for device {owner} (import {batch}, line {line})", what = kind.words())]
    Others { kind: KeyKind, value: String, owner: String, batch: u64, line: u64 },
    #[error("the {what} of this device is announced as {announced} (import {batch}, line {line})")]
    Differs { what: String, announced: String, batch: u64, line: u64 },
    #[error("device {device} on record has the same {what} but differs otherwise", what = kind.words())]
    Seen { kind: KeyKind, device: u64 },
    #[error("there is a work order {0} already, which differs from this one")]
    OrderDiffers(String),
    #[error("the cell of column {0} is empty")]
    Empty(&'static str),
    #[error("“{text}” in column {column} is no whole number that a work order may hold")]
    Number { column: &'static str, text: String },
    #[error("the certificate request is neither PEM nor base64")]
    Request,
}

impl Coded for BadRow {
    fn code(&self) -> Code {
        match self {
            BadRow::Twice { .. } => Code::RowDuplicate,
            BadRow::Others { .. }
            | BadRow::Differs { .. }
            | BadRow::Seen { .. }
            | BadRow::OrderDiffers(_) => Code::RowContradicts,
            BadRow::Empty(_) => Code::RowIncomplete,
            BadRow::Number { .. } => Code::WorkOrderSize,
            BadRow::Request => Code::CsrGarbage,
        }
    }
}
