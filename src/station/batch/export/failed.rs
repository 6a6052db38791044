//! Why nothing, or not everything, was exported.

use std::io;
use std::path::PathBuf;

use super::column;
use super::format::Format;
use crate::ca::certificate::BadCertificate;
use crate::ca::key::BadKeyPair;
use crate::ca::public_key::BadPublicKey;
use crate::ca::signer::SignFailed;
use crate::domain::code::{Code, Coded};
use crate::station::folder::FolderError;
use crate::station::issuers::NoIssuer;
use crate::store::error::StoreError;
use crate::vault::error::VaultError;

/// Why an export ended early, or never began.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum ExportFailed {
    #[error("“{found}” is not a format; there are {}", Format::words())]
    FormatUnknown { found: String },
    #[error("“{found}” is not a column; there are {}", column::words())]
    ColumnUnknown { found: String },
    #[error("the column “{0}” is named twice")]
    ColumnTwice(String),
    #[error("“{0}” would be a private key, and those are not on record")]
    PrivateKey(String),
    #[error("the format {0} has columns of its own; --columns is for csv and jsonl")]
    NoColumns(Format),
    #[error("the format {0} has no tags; --tag-column is for nrf-cloud, rainmaker and aws")]
    NoTags(Format),
    #[error("the column “{0}” cannot be a tag, for it is longer than one line")]
    BadTag(String),
    #[error("the format {0} writes more than one file, so it needs the name of one")]
    OutputNeeded(Format),
    #[error(
        "the format {0} is of devices that were made; announced ones are for csv, jsonl and azure-dps with --tpm"
    )]
    NotOfAnnounced(Format),
    #[error("a device that is only announced has no run: only --work-order can be named beside it")]
    AnnouncedHaveNoRun,
    #[error("the column “{0}” is not known of a device that is only announced")]
    NotAnnounced(String),
    #[error("the beginning of the time asked for is not before its end")]
    Span,
    #[error("there is a {} already", .0.display())]
    OutputExists(PathBuf),
    #[error("{} cannot be written: {cause}", path.display())]
    Write { path: PathBuf, cause: io::Error },
    #[error("the vault is locked, and the key that signs manifests lies in it")]
    Locked,
    #[error("the records were held still for too long, because the output was taken too slowly")]
    TooSlow,
    #[error("the certificate of {serial} cannot be read: {cause}")]
    Certificate { serial: String, cause: BadCertificate },
    #[error("the public key of {serial} cannot be read: {cause}")]
    PublicKey { serial: String, cause: BadPublicKey },
    #[error("a row cannot be written as JSON: {0}")]
    Json(String),
    #[error("a part of the export broke off")]
    BrokeOff,
    #[error(transparent)]
    Key(#[from] BadKeyPair),
    #[error(transparent)]
    Sign(#[from] SignFailed),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Issuer(#[from] NoIssuer),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for ExportFailed {
    fn code(&self) -> Code {
        match self {
            ExportFailed::FormatUnknown { .. }
            | ExportFailed::ColumnUnknown { .. }
            | ExportFailed::ColumnTwice(_)
            | ExportFailed::NoColumns(_)
            | ExportFailed::NoTags(_)
            | ExportFailed::BadTag(_)
            | ExportFailed::OutputNeeded(_)
            | ExportFailed::NotOfAnnounced(_)
            | ExportFailed::AnnouncedHaveNoRun
            | ExportFailed::NotAnnounced(_)
            | ExportFailed::Span => Code::ExportAsk,
            ExportFailed::PrivateKey(_) => Code::ExportPrivateKey,
            ExportFailed::OutputExists(_) => Code::OutputExists,
            ExportFailed::Write { cause, .. } if cause.kind() == io::ErrorKind::StorageFull => Code::DiskFull,
            ExportFailed::Write { .. } => Code::OutputUnwritable,
            ExportFailed::Locked => Code::VaultLocked,
            ExportFailed::TooSlow => Code::ReadTooLong,
            ExportFailed::Certificate { cause, .. } => cause.code(),
            ExportFailed::PublicKey { cause, .. } => cause.code(),
            ExportFailed::Json(_) | ExportFailed::BrokeOff => Code::Internal,
            ExportFailed::Key(error) => error.code(),
            ExportFailed::Sign(error) => error.code(),
            ExportFailed::Vault(error) => error.code(),
            ExportFailed::Folder(error) => error.code(),
            ExportFailed::Issuer(error) => error.code(),
            ExportFailed::Store(error) => error.code(),
        }
    }
}

/// Why one device is not in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum NotWritten {
    #[error("the device {serial} has no certificate, and derived keys never leave the station this way")]
    NoCertificate { serial: String },
    #[error(
        "“{value}” of the device {serial} cannot be a tag, for it holds the mark between tags or a line end"
    )]
    Tag { serial: String, value: String },
    #[error("no endorsement key and registration ID were announced for {name}")]
    NoEndorsementKey { name: String },
    #[error("the recipe of the device {serial} cannot be read any more")]
    Recipe { serial: String },
}

impl Coded for NotWritten {
    fn code(&self) -> Code {
        match self {
            NotWritten::NoCertificate { .. }
            | NotWritten::Tag { .. }
            | NotWritten::NoEndorsementKey { .. } => Code::ExportRow,
            NotWritten::Recipe { .. } => Code::ProductInvalid,
        }
    }
}
