//! Why a batch did not issue what was asked.

use std::path::PathBuf;

use super::bundle::BundleError;
use super::key_file::KeyFolderError;
use super::recipients::{BadRecipients, NotSealed};
use super::surveyed::Changed;
use crate::ca::issue::Refused;
use crate::ca::key::BadKeyPair;
use crate::ca::profile::BadProfile;
use crate::ca::signer::SignFailed;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::station::batch::table::fault::BadTable;
use crate::station::clock::{ClockBehind, NoEntropy};
use crate::station::folder::FolderError;
use crate::station::products::RecipeError;
use crate::station::profiles::ProfileError;
use crate::station::revocation::CrlFailed;
use crate::store::error::StoreError;
use crate::store::runs::reserve::ReserveError;
use crate::store::work_orders::WorkOrderError;

/// Why not.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum IssueFailed {
    #[error("{0}")]
    Table(BadTable),
    #[error("the input was changed while the batch was under way; none of its other bytes was used")]
    InputChanged,
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    ProfileFile(#[from] ProfileError),
    #[error(transparent)]
    Profile(BadProfile),
    #[error("devices of the recipe {0} get a derived key, not a certificate")]
    NoCertificates(Name),
    #[error(
        "devices of the recipe {0} get two certificates, so a table with requests needs two for each row, in its columns csr and secondary_csr"
    )]
    TwoCertificates(Name),
    #[error("devices of the recipe {0} make their own keys, so each row needs its request in a column csr")]
    KeysOnDevice(Name),
    #[error("the table has a column csr, so the keys are the devices' and none are to be sealed or written")]
    KeysAndRequests,
    #[error("the table has no column csr, and nothing says what becomes of the keys")]
    KeysNowhere,
    #[error(transparent)]
    Recipients(#[from] BadRecipients),
    #[error("the work order {0} has no list of serial numbers")]
    NoList(Name),
    #[error("the batch was interrupted; what it issued is in the output")]
    Interrupted,
    #[error("the table has no rows")]
    NoRows,
    #[error("a batch holds at most {most} rows, this table has {rows}")]
    TooManyRows { rows: u64, most: u32 },
    #[error("{0} is there already")]
    OutputTaken(PathBuf),
    #[error("{one} and {other} would be the same: {path}")]
    SamePlace { one: &'static str, other: &'static str, path: PathBuf },
    #[error("{one} would lie in {other}: {path}")]
    PlaceWithin { one: &'static str, other: &'static str, path: PathBuf },
    #[error("{path} has {found} bytes, but {expected} were written and are on record")]
    OutputShorter { path: PathBuf, found: u64, expected: u64 },
    #[error("batch {batch} over this very file is not finished, and was asked for otherwise")]
    OtherUnfinished { batch: u64 },
    #[error("there is no batch {0} that could be cancelled")]
    NotRunning(u64),
    #[error(transparent)]
    ClockBehind(#[from] ClockBehind),
    #[error("{path} cannot be read: {cause}")]
    Read { path: PathBuf, cause: std::io::Error },
    #[error("{path} cannot be written: {cause}")]
    Write { path: PathBuf, cause: std::io::Error },
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    #[error(transparent)]
    NotSealed(#[from] NotSealed),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    #[error(transparent)]
    KeyPair(#[from] BadKeyPair),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Sign(#[from] SignFailed),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Crl(#[from] CrlFailed),
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    #[error(transparent)]
    WorkOrder(#[from] WorkOrderError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a part of the program that signs or writes came to an unexpected end")]
    Panicked,
}

impl From<BadTable> for IssueFailed {
    fn from(fault: BadTable) -> IssueFailed {
        match fault {
            BadTable::Read(cause) if Changed::is_behind(&cause) => IssueFailed::InputChanged,
            fault => IssueFailed::Table(fault),
        }
    }
}

impl IssueFailed {
    /// Whether the batch can never go on as it was asked for. Everything else is mended, and the same call goes on.
    pub fn ends_the_batch(&self) -> bool {
        matches!(self, IssueFailed::Table(fault) if !matches!(fault, BadTable::Read(_)))
    }
}

impl Coded for IssueFailed {
    fn code(&self) -> Code {
        match self {
            IssueFailed::Table(error) => error.code(),
            IssueFailed::InputChanged => Code::BatchInputChanged,
            IssueFailed::Recipe(error) => error.code(),
            IssueFailed::ProfileFile(error) => error.code(),
            IssueFailed::Profile(error) => error.code(),
            IssueFailed::TwoCertificates(_) => Code::TwoCertificates,
            IssueFailed::NoCertificates(_)
            | IssueFailed::KeysOnDevice(_)
            | IssueFailed::KeysAndRequests
            | IssueFailed::KeysNowhere => Code::BatchKeys,
            IssueFailed::Recipients(error) => error.code(),
            IssueFailed::NoRows | IssueFailed::NoList(_) | IssueFailed::TooManyRows { .. } => Code::BatchSize,
            IssueFailed::Interrupted => Code::Interrupted,
            IssueFailed::OutputTaken(_) | IssueFailed::SamePlace { .. } | IssueFailed::PlaceWithin { .. } => {
                Code::OutputExists
            }
            IssueFailed::OutputShorter { .. } => Code::OutputShorter,
            IssueFailed::OtherUnfinished { .. } | IssueFailed::NotRunning(_) => Code::BatchUnfinished,
            IssueFailed::ClockBehind(error) => error.code(),
            IssueFailed::Read { .. } => Code::FileUnreadable,
            IssueFailed::Write { .. } => Code::OutputUnwritable,
            IssueFailed::Keys(error) => error.code(),
            IssueFailed::NotSealed(error) => error.code(),
            IssueFailed::Bundle(error) => error.code(),
            IssueFailed::Entropy(_) | IssueFailed::Panicked => Code::Internal,
            IssueFailed::KeyPair(error) => error.code(),
            IssueFailed::Refused(error) => error.code(),
            IssueFailed::Sign(error) => error.code(),
            IssueFailed::Folder(error) => error.code(),
            IssueFailed::Crl(error) => error.code(),
            IssueFailed::Reserve(error) => error.code(),
            IssueFailed::WorkOrder(error) => error.code(),
            IssueFailed::Store(error) => error.code(),
        }
    }
}
