//! What can go wrong with the sealed files, each with the file or name it is about and never with content.

use std::io;

use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;

/// Why the vault did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A vault is there already.
    #[error("there is a {file} in this folder already")]
    Exists {
        /// Its file name.
        file: &'static str,
    },
    /// A sealed file is not there.
    #[error("there is no {file} in the station folder")]
    Missing {
        /// Its file name.
        file: &'static str,
    },
    /// A sealed file cannot be read.
    #[error("{file} cannot be read: {source}")]
    Read {
        /// Its file name.
        file: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// A sealed file cannot be written; it is as it was.
    #[error("{file} cannot be written: {source}")]
    Write {
        /// Its file name.
        file: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// A passphrase is UTF-8 text and not empty.
    #[error("a passphrase is text of at least one character")]
    PassphraseForm,
    /// Not the passphrase of this file (or the part of the file that holds the key is damaged).
    #[error("the passphrase does not open {file}")]
    PassphraseWrong {
        /// The file it was tried on.
        file: &'static str,
    },
    /// Not an age identity at all.
    #[error("this is not a recovery identity; it is one line that begins with AGE-SECRET-KEY-1")]
    RecoveryIdentity,
    /// An age identity, but the file is sealed to others.
    #[error("{file} is not sealed to this key")]
    OtherKey {
        /// Its file name.
        file: &'static str,
    },
    /// The file asks for so much memory and time that it is not believed (scrypt, RFC 7914).
    #[error("{file} asks for a scrypt work factor of 2^{found}; more than 2^{most} is refused")]
    WorkFactor {
        /// Its file name.
        file: &'static str,
        /// The logarithm it names.
        found: u8,
        /// The largest that is accepted.
        most: u8,
    },
    /// Cut short, altered, or never one of ours.
    #[error("{file} is damaged")]
    Damaged {
        /// Its file name.
        file: &'static str,
    },
    /// Larger than is read or written.
    #[error("{file} would be or is larger than {most} bytes")]
    TooLarge {
        /// Its file name.
        file: &'static str,
        /// The limit in bytes.
        most: u64,
    },
    /// Written by a newer version.
    #[error("the vault has format {found}, this version reads {ours}")]
    TooNew {
        /// The format it names.
        found: u64,
        /// The format we write.
        ours: u64,
    },
    /// Text from the database that does not open.
    #[error("what was sealed to this vault does not open: it is damaged or belongs to another vault")]
    SealedText,
    /// Sealing failed before anything was written.
    #[error("sealing failed: {0}")]
    Seal(#[from] age::EncryptError),
    /// The contents could not be written as JSON.
    #[error("the vault's contents cannot be written down: {0}")]
    Json(#[from] serde_json::Error),
    /// One of the station's own keys was never stored.
    #[error("the vault holds no {what}")]
    NotSet {
        /// Which one.
        what: &'static str,
    },
    /// No secret of this name.
    #[error("the vault holds no secret “{0}”")]
    SecretUnknown(Name),
    /// No group key of this name.
    #[error("the vault holds no group key “{0}”")]
    GroupKeyUnknown(Name),
    /// The name is taken.
    #[error("the vault holds a group key “{0}” already")]
    GroupKeyExists(Name),
    /// Empty or too long.
    #[error("a secret has 1 to {most} bytes, this one has {found}")]
    SecretLength {
        /// How many it has.
        found: usize,
        /// How many it may have.
        most: usize,
    },
    /// Vault and database are of different times.
    #[error("these secrets are not the ones on record: {}", .entries.join(", "))]
    CheckValues {
        /// The entries that are missing or differ, such as `group-key/plant-1`.
        entries: Vec<String>,
    },
}

impl Coded for VaultError {
    fn code(&self) -> Code {
        match self {
            VaultError::Exists { .. } => Code::StationExists,
            VaultError::Missing { file } if *file == super::root_key::ROOT_KEY => Code::RootKeyMissing,
            VaultError::Missing { .. } => Code::NoStation,
            VaultError::Read { .. } => Code::FileUnreadable,
            VaultError::Write { .. } | VaultError::TooLarge { .. } => Code::VaultUnwritable,
            VaultError::PassphraseForm | VaultError::PassphraseWrong { .. } => Code::PassphraseWrong,
            VaultError::RecoveryIdentity | VaultError::OtherKey { .. } => Code::PassphraseWrong,
            VaultError::WorkFactor { .. } | VaultError::Damaged { .. } | VaultError::SealedText => {
                Code::VaultDamaged
            }
            VaultError::TooNew { .. } => Code::VaultTooNew,
            VaultError::Seal(_) | VaultError::Json(_) => Code::Internal,
            VaultError::NotSet { .. } | VaultError::SecretUnknown(_) | VaultError::GroupKeyUnknown(_) => {
                Code::SecretUnknown
            }
            VaultError::GroupKeyExists(_) => Code::SecretExists,
            VaultError::SecretLength { .. } => Code::SecretInvalid,
            VaultError::CheckValues { .. } => Code::CheckValueWrong,
        }
    }
}
