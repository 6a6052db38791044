//! Signed tree heads: a C2SP `tlog-checkpoint` in a signed note (Ed25519). One that has left the station
//! pins every entry before it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use signed_note::{Note, Signer as _, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::checkpoint::Checkpoint as Head;
use tlog_tiles::tlog::Hash;

use super::{log, tree};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::{Store, meta};

/// Signature type of Ed25519 in C2SP signed-note keys.
const ED25519: u8 = 1;

/// Why a checkpoint or its key is not good.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum CheckpointError {
    /// Neither secret nor detail of it is named.
    #[error("the checkpoint key is not a C2SP signer key")]
    KeyInvalid,
    #[error("the verifier key is not a C2SP verifier key")]
    VkeyInvalid,
    #[error("the checkpoint could not be signed")]
    SignFailed,
    #[error("the checkpoint is not a C2SP checkpoint in a signed note")]
    Malformed,
    #[error("the checkpoint is not signed by this verifier key")]
    SignatureWrong,
    #[error("the checkpoint or key is of the log “{found}”, this is the log “{expected}”")]
    OtherOrigin { found: String, expected: String },
    /// Truncated or rolled back.
    #[error("the log holds {entries} entries, a checkpoint of it vouches for {size}")]
    Behind { entries: u64, size: u64 },
    /// Other entries than were signed.
    #[error("the first {size} entries of the log are not those that were signed")]
    Rewritten { size: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for CheckpointError {
    fn code(&self) -> Code {
        match self {
            CheckpointError::KeyInvalid
            | CheckpointError::VkeyInvalid
            | CheckpointError::SignFailed
            | CheckpointError::Malformed
            | CheckpointError::SignatureWrong
            | CheckpointError::OtherOrigin { .. } => Code::CheckpointInvalid,
            CheckpointError::Behind { .. } => Code::AuditBehind,
            CheckpointError::Rewritten { .. } => Code::AuditBroken,
            CheckpointError::Store(error) => error.code(),
        }
    }
}

/// The key that signs the log's heads. It cannot be printed.
pub struct CheckpointKey {
    signer: StandardSigner,
    vkey: String,
}

impl CheckpointKey {
    /// Makes the key of a log from 32 random bytes: the signer key for the vault, and the public verifier
    /// key (both as C2SP signed-note text).
    ///
    /// # Errors
    /// [`CheckpointError::KeyInvalid`] if `origin` cannot name a log.
    pub fn generate(origin: &str, seed: [u8; 32]) -> Result<(Secret, String), CheckpointError> {
        meta::check_origin(origin)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| CheckpointError::KeyInvalid)?;
        let public = [&[ED25519], pair.public_key().as_ref()].concat();
        let id = signed_note::key_id(origin, &public);
        let private = zeroize::Zeroizing::new([&[ED25519], seed.as_slice()].concat());
        let private = zeroize::Zeroizing::new(BASE64_STANDARD.encode(&*private));
        let skey = Secret::from(format!("PRIVATE+KEY+{origin}+{id:08x}+{}", *private));
        CheckpointKey::load(&skey)?;
        Ok((skey, format!("{origin}+{id:08x}+{}", BASE64_STANDARD.encode(public))))
    }

    /// The key from the vault.
    ///
    /// # Errors
    /// [`CheckpointError::KeyInvalid`].
    pub fn load(skey: &Secret) -> Result<CheckpointKey, CheckpointError> {
        let invalid = || CheckpointError::KeyInvalid;
        let text = std::str::from_utf8(skey.expose()).map_err(|_| invalid())?;
        let signer = StandardSigner::new(text).map_err(|_| invalid())?;
        // base64 has a plus among its digits, so only the first four are separators
        let encoded = text.splitn(5, '+').nth(4).ok_or_else(invalid)?;
        let private = zeroize::Zeroizing::new(BASE64_STANDARD.decode(encoded).map_err(|_| invalid())?);
        let seed = private.get(1..).ok_or_else(invalid)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| invalid())?;
        let public = [&[ED25519], pair.public_key().as_ref()].concat();
        let vkey = format!("{}+{:08x}+{}", signer.name(), signer.key_id(), BASE64_STANDARD.encode(public));
        Ok(CheckpointKey { signer, vkey })
    }

    /// The public key that verifies its signatures.
    pub fn vkey(&self) -> &str {
        &self.vkey
    }

    /// The log it signs for.
    pub fn origin(&self) -> &str {
        self.signer.name()
    }
}

/// A signed head of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries it covers.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
    /// The signed note, to be kept elsewhere.
    pub note: String,
}

/// Signs the log as it stands on the disk, and keeps the checkpoint; if nothing was added since the last one,
/// gives that. Adds no entry to the log.
///
/// # Errors
/// [`CheckpointError::OtherOrigin`] for the key of another log; [`CheckpointError::Behind`] or
/// [`CheckpointError::Rewritten`] if the log does not continue what was signed last.
pub fn sign(store: &Store, key: &CheckpointKey, now: UtcTime) -> Result<Checkpoint, CheckpointError> {
    store.keep_books(|reader| {
        let origin = meta::origin(reader)?;
        if key.origin() != origin {
            return Err(CheckpointError::OtherOrigin { found: key.origin().to_owned(), expected: origin });
        }
        let size = log::size(reader)?;
        if let Some((_, _, note)) = latest(reader)? {
            let last = read_note(&note, None)?;
            compare(reader, &last)?;
            if last.size == size {
                return Ok(last);
            }
        }
        let root = tree::root(reader, size)?;
        let head =
            Head::new(&origin, size, Hash(*root.as_bytes()), "").map_err(|_| CheckpointError::SignFailed)?;
        let mut note = Note::new(&head.to_bytes(), &[]).map_err(|_| CheckpointError::SignFailed)?;
        note.add_sigs(&[&key.signer]).map_err(|_| CheckpointError::SignFailed)?;
        let note = String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::SignFailed)?;
        reader
            .connection()
            .execute(
                "INSERT INTO checkpoint (size, signed_at, note) VALUES (?1, ?2, ?3)",
                (sql_id(size), now.millis(), &note),
            )
            .map_err(StoreError::from)?;
        Ok(Checkpoint { size, root, note })
    })
}

/// The newest checkpoint on record: its size, when it was signed, its note.
pub fn latest(reader: &Reader<'_>) -> Result<Option<(u64, UtcTime, String)>, StoreError> {
    let sql = "SELECT size, signed_at, note FROM checkpoint ORDER BY size DESC LIMIT 1";
    reader.row("checkpoint", sql, [], |columns| {
        Ok((columns.number("size")?, columns.time("signed_at")?, columns.raw("note")?))
    })
}

/// The smallest checkpoint on record beyond this size: its size, when it was signed, its note.
pub fn after(reader: &Reader<'_>, size: u64) -> Result<Option<(u64, UtcTime, String)>, StoreError> {
    let sql = "SELECT size, signed_at, note FROM checkpoint WHERE size > ?1 ORDER BY size LIMIT 1";
    reader.row("checkpoint", sql, [sql_id(size)], |columns| {
        Ok((columns.number("size")?, columns.time("signed_at")?, columns.raw("note")?))
    })
}

/// Compares the log with a checkpoint that was kept elsewhere; how many entries that covers.
///
/// # Errors
/// [`CheckpointError::Behind`] for a truncated log or a database that was rolled back,
/// [`CheckpointError::Rewritten`]; [`CheckpointError::SignatureWrong`], [`CheckpointError::OtherOrigin`].
pub fn check(reader: &Reader<'_>, note: &str, vkey: &str) -> Result<u64, CheckpointError> {
    let checkpoint = read_note(note, Some(vkey))?;
    let (found, expected) = (origin_of(note)?, meta::origin(reader)?);
    if found != expected {
        return Err(CheckpointError::OtherOrigin { found, expected });
    }
    compare(reader, &checkpoint)?;
    Ok(checkpoint.size)
}

fn compare(reader: &Reader<'_>, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
    let (size, entries) = (checkpoint.size, log::size(reader)?);
    if size > entries {
        return Err(CheckpointError::Behind { entries, size });
    }
    if tree::root(reader, size)? != checkpoint.root {
        return Err(CheckpointError::Rewritten { size });
    }
    Ok(())
}

/// What a note says whose signature this verifier key made.
///
/// # Errors
/// [`CheckpointError::SignatureWrong`], or what else is wrong with the note or the key.
pub fn signed_head(note: &str, vkey: &str) -> Result<Checkpoint, CheckpointError> {
    read_note(note, Some(vkey))
}

/// What a note says, its signature checked if a verifier key is given.
pub(super) fn read_note(note: &str, vkey: Option<&str>) -> Result<Checkpoint, CheckpointError> {
    let parsed = Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
    if let Some(vkey) = vkey {
        let verifier = StandardVerifier::new(vkey.trim()).map_err(|_| CheckpointError::VkeyInvalid)?;
        parsed
            .verify(&VerifierList::new(vec![Box::new(verifier)]))
            .map_err(|_| CheckpointError::SignatureWrong)?;
    }
    let head = Head::from_bytes(parsed.text()).map_err(|_| CheckpointError::Malformed)?;
    Ok(Checkpoint { size: head.size(), root: Digest::from_bytes(head.hash().0), note: note.to_owned() })
}

/// The log a note is of.
pub(super) fn origin_of(note: &str) -> Result<String, CheckpointError> {
    note.lines().next().map(str::to_owned).ok_or(CheckpointError::Malformed)
}
