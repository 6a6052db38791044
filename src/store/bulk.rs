//! Issuing in bulk: a chunk of certificates is intended in one change and put on record in another, or it is void.
//! What single runs keep apart, reserving, issuing and passing, is one change here: nothing is injected, so a device
//! of a batch has its identity once its certificate is on record and in the output.

mod cells;
pub mod commit;
mod entry;
pub mod quota;
mod writing;

use super::change::Change;
use super::columns::{Columns, sql_id};
use super::error::StoreError;
use super::reader::Reader;
use super::recipes;
use super::row_digest::Table;
use crate::domain::audit_event::{self, AuditEvent};
use crate::domain::cert_serial::CertSerial;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::revocation_reason::RevocationReason;
use crate::store::certificates::Withdrawn;

/// The most certificates one chunk may hold.
pub const LARGEST_CHUNK: usize = 16_384;

/// Bytes of one intent: serial number, digest of the body, digest of the key.
const INTENT: usize = 16 + 32 + 32;

/// One certificate that is about to be signed.
#[derive(Debug, Clone, Copy)]
pub struct BulkIntent {
    /// The certificate's serial number.
    pub serial: CertSerial,
    /// Digest of the body that is to be signed.
    pub to_be_signed: Digest,
    /// Digest of the public key (SPKI).
    pub public_key: Digest,
}

/// How far files are durable, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    /// The input, up to the row after the chunk.
    pub input: u64,
    /// The output.
    pub output: u64,
    /// The table of refused rows.
    pub refused: u64,
    /// The bundles, where they are one file.
    pub bundle: u64,
}

/// Where a batch that is resumed goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The number of its newest chunk, whatever became of it; 0 if there is none.
    pub chunk: u64,
    /// The number of its newest chunk that is on record; 0 if there is none.
    pub issued_chunk: u64,
    /// Certificates of its chunks that are on record.
    pub certificates: u64,
    /// Rows of these chunks that were refused.
    pub refused: u64,
    /// How far its files were durable.
    pub ends: Ends,
}

impl Standing {
    /// Rows whose devices are on record, of which each has so many certificates.
    pub fn good(&self, copies: u8) -> u64 {
        self.certificates / u64::from(copies.max(1))
    }
}

/// How far a batch is.
pub fn standing(reader: &Reader<'_>, batch: u64) -> Result<Standing, StoreError> {
    let sql = "SELECT coalesce(max(chunk), 0) AS chunk,
                      coalesce(max(chunk) FILTER (WHERE state = 'issued'), 0) AS issued_chunk,
                      coalesce(sum(certificates) FILTER (WHERE state = 'issued'), 0) AS certificates,
                      coalesce(sum(refused) FILTER (WHERE state = 'issued'), 0) AS refused,
                      coalesce(max(input_end) FILTER (WHERE state = 'issued'), 0) AS input,
                      coalesce(max(output_end) FILTER (WHERE state = 'issued'), 0) AS output,
                      coalesce(max(refused_end) FILTER (WHERE state = 'issued'), 0) AS refused_end,
                      coalesce(max(bundle_end) FILTER (WHERE state = 'issued'), 0) AS bundle
               FROM batch_chunk WHERE batch = ?1";
    let found = reader.row("batch_chunk", sql, [sql_id(batch)], |columns| {
        Ok(Standing {
            chunk: columns.number("chunk")?,
            issued_chunk: columns.number("issued_chunk")?,
            certificates: columns.number("certificates")?,
            refused: columns.number("refused")?,
            ends: Ends {
                input: columns.number("input")?,
                output: columns.number("output")?,
                refused: columns.number("refused_end")?,
                bundle: columns.number("bundle")?,
            },
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// A chunk that is about to be signed.
#[derive(Debug, Clone, Copy)]
pub struct NewChunk<'a> {
    /// Its batch.
    pub batch: u64,
    /// Its number in the batch: one more than that of the chunk before.
    pub number: u64,
    /// The work order its units were taken from.
    pub work_order: &'a Name,
    /// Digest of the recipe, if there is one.
    pub product: Option<&'a Digest>,
    /// Digest of the certificate profile.
    pub profile: &'a Digest,
    /// What is to be signed.
    pub intents: &'a [BulkIntent],
    /// How many rows of it were refused.
    pub refused: u64,
}

/// Writes down what will be signed; the chunk's row. Nothing may be signed before this is durable.
///
/// # Errors
/// [`StoreError::TooLong`] over [`LARGEST_CHUNK`].
pub fn intend(change: &mut Change<'_>, chunk: &NewChunk<'_>) -> Result<u64, StoreError> {
    let NewChunk { batch, number, work_order, product, profile, intents, refused } = *chunk;
    if intents.len() > LARGEST_CHUNK {
        let what = "a chunk of a batch";
        return Err(StoreError::TooLong { what, bytes: intents.len(), most: LARGEST_CHUNK });
    }
    let mut bytes = Vec::with_capacity(intents.len() * INTENT);
    for BulkIntent { serial, to_be_signed, public_key } in intents {
        bytes.extend_from_slice(serial.as_bytes());
        bytes.extend_from_slice(to_be_signed.as_bytes());
        bytes.extend_from_slice(public_key.as_bytes());
    }
    let digest = Digest::of(&bytes);
    let certificates = u64::try_from(intents.len()).unwrap_or(u64::MAX);
    let row = change.insert(
        "INSERT INTO batch_chunk (batch, chunk, state, certificates, refused, intents, digest, input_end,
                                  output_end, refused_end, bundle_end, intended)
         VALUES (?1, ?2, 'intended', ?3, ?4, ?5, ?6, 0, 0, 0, 0, ?7)",
        (
            sql_id(batch),
            sql_id(number),
            sql_id(certificates),
            sql_id(refused),
            bytes,
            digest.to_string(),
            change.now().millis(),
        ),
    )?;
    change.touch_number(Table::BatchChunk, row);
    change.record(AuditEvent::BatchChunkIntended(audit_event::batch::ChunkIntended {
        batch,
        chunk: number,
        certificates,
        intents: digest,
        work_order: work_order.clone(),
        product: product.copied(),
        profile: *profile,
    }));
    Ok(row)
}

/// Ends a chunk whose certificates and output are durable.
fn issued(change: &mut Change<'_>, row: u64, ends: &Ends) -> Result<(), StoreError> {
    change.update_one(
        Table::BatchChunk,
        &row.to_string(),
        "is not intended",
        "UPDATE batch_chunk SET state = 'issued', intents = NULL, input_end = ?2, output_end = ?3, refused_end = ?4,
                bundle_end = ?5, ended = ?6
         WHERE id = ?1 AND state = 'intended'",
        (
            sql_id(row),
            sql_id(ends.input),
            sql_id(ends.output),
            sql_id(ends.refused),
            sql_id(ends.bundle),
            change.now().millis(),
        ),
    )?;
    change.touch_number(Table::BatchChunk, row);
    Ok(())
}

/// Whether a chunk of the batch is intended and not on record.
pub fn has_open(reader: &Reader<'_>, batch: u64) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM batch_chunk WHERE state = 'intended' AND batch = ?1";
    Ok(reader.count(sql, [sql_id(batch)])? > 0)
}

/// Whether a certificate with this number was issued by a batch, or intended by it at least.
pub fn knows(reader: &Reader<'_>, batch: u64, serial: &CertSerial) -> Result<bool, StoreError> {
    let sql = "SELECT intents FROM batch_chunk WHERE batch = ?1 AND intents IS NOT NULL";
    let chunks: Vec<Vec<u8>> =
        reader.rows("batch_chunk", sql, [sql_id(batch)], |columns| columns.raw("intents"))?;
    if chunks.iter().any(|chunk| chunk.chunks(INTENT).any(|intent| intent.starts_with(serial.as_bytes()))) {
        return Ok(true);
    }
    let sql = r#"SELECT count(*) FROM certificate
                 JOIN audit_about ON audit_about.about = certificate.device
                 JOIN audit ON audit.seq = audit_about.seq
                 WHERE certificate.serial = ?1 AND json_extract(audit.entry, '$.batch') = ?2
                   AND json_extract(audit.entry, '$."cert-serial"') = ?1"#;
    Ok(reader.count(sql, (serial.to_string(), sql_id(batch)))? > 0)
}

/// How many numbers of a batch became void after the newest revocation list was made.
pub fn unlisted(reader: &Reader<'_>, batch: u64) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce(sum(certificates), 0) FROM batch_chunk
               WHERE state = 'void' AND batch = ?1 AND ended >= (SELECT coalesce(max(this_update), 0) FROM crl)";
    reader.count(sql, [sql_id(batch)])
}

/// Keeps the texts of recipe and profile, so that years later a run can show what it followed.
pub fn keep_texts(
    change: &mut Change<'_>,
    product: Option<(&Name, &Digest, &str)>,
    profile: (&Name, &str),
) -> Result<(), StoreError> {
    if let Some((name, digest, text)) = product {
        recipes::keep_product(change, name, digest, text)?;
    }
    recipes::keep_profile(change, profile.0, profile.1).map(|_| ())
}

/// Gives up the chunks of a batch that were intended and are not on record: their numbers are never signed again and
/// go on the CRL, and their units, each for so many `copies`, go back to the work order. How many certificates that were.
pub fn void(change: &mut Change<'_>, batch: u64, work_order: &Name, copies: u8) -> Result<u64, StoreError> {
    let sql = "SELECT id, chunk, certificates FROM batch_chunk WHERE state = 'intended' AND batch = ?1";
    let open = change.rows("batch_chunk", sql, [sql_id(batch)], |columns| {
        Ok((columns.number("id")?, columns.number("chunk")?, columns.number("certificates")?))
    })?;
    let mut given_up = 0;
    for (row, chunk, certificates) in open {
        change.update_one(
            Table::BatchChunk,
            &row.to_string(),
            "is not intended",
            "UPDATE batch_chunk SET state = 'void', ended = ?2 WHERE id = ?1 AND state = 'intended'",
            (sql_id(row), change.now().millis()),
        )?;
        change.touch_number(Table::BatchChunk, row);
        quota::give_back(change, work_order, certificates / u64::from(copies.max(1)))?;
        change.record(AuditEvent::BatchChunkVoided(audit_event::batch::Chunk { batch, chunk, certificates }));
        given_up += certificates;
    }
    Ok(given_up)
}

/// The numbers of the chunks that are void, for the CRL.
pub(super) fn void_numbers(reader: &Reader<'_>) -> Result<Vec<Withdrawn>, StoreError> {
    let sql = "SELECT intents, ended FROM batch_chunk WHERE state = 'void' ORDER BY id";
    let chunks = reader.rows("batch_chunk", sql, [], |columns: &Columns<'_>| {
        let intents: Vec<u8> = columns.raw("intents")?;
        let at = columns.time("ended")?;
        intents
            .chunks(INTENT)
            .map(|intent| {
                let serial = CertSerial::from_bytes(intent.get(..16).unwrap_or_default());
                let serial = serial.map_err(|error| columns.bad("intents", &error))?;
                Ok(Withdrawn { serial, at, reason: RevocationReason::CessationOfOperation })
            })
            .collect::<Result<Vec<_>, StoreError>>()
    })?;
    Ok(chunks.into_iter().flatten().collect())
}

/// How many numbers the chunks that are void hold.
pub(super) fn count_void(reader: &Reader<'_>) -> Result<u64, StoreError> {
    reader.count("SELECT coalesce(sum(certificates), 0) FROM batch_chunk WHERE state = 'void'", [])
}

#[cfg(test)]
mod tests;
