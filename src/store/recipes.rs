//! Recipes and certificate profiles as they were used: whole texts under their digests, so that years later
//! a run can show what it followed. Never changed once written.

use super::change::Change;
use super::error::StoreError;
use super::reader::Reader;
use crate::domain::audit_event::AuditEvent;
use crate::domain::digest::Digest;
use crate::domain::name::Name;

/// The recipe with this digest: name and text.
pub fn product_text(reader: &Reader<'_>, digest: &Digest) -> Result<Option<(Name, String)>, StoreError> {
    text(reader, "product", "SELECT name, text FROM product WHERE digest = ?1", digest)
}

/// The certificate profile with this digest: name and text.
pub fn profile_text(reader: &Reader<'_>, digest: &Digest) -> Result<Option<(Name, String)>, StoreError> {
    text(reader, "profile", "SELECT name, text FROM profile WHERE digest = ?1", digest)
}

fn text(
    reader: &Reader<'_>,
    table: &'static str,
    sql: &str,
    digest: &Digest,
) -> Result<Option<(Name, String)>, StoreError> {
    reader
        .row(table, sql, [digest.to_string()], |columns| Ok((columns.parsed("name")?, columns.raw("text")?)))
}

/// Keeps a recipe; the first time that is recorded.
pub(super) fn keep_product(
    change: &mut Change<'_>,
    name: &Name,
    digest: &Digest,
    text: &str,
) -> Result<(), StoreError> {
    // the text is hashed only when it is new: a digest on record had its text checked then
    let sql = "SELECT count(*) FROM product WHERE digest = ?1";
    if change.count(sql, [digest.to_string()])? > 0 {
        return Ok(());
    }
    if Digest::of(text.as_bytes()) != *digest {
        return Err(StoreError::DigestWrong(name.to_string()));
    }
    change.execute(
        "INSERT INTO product (digest, name, text) VALUES (?1, ?2, ?3)",
        (digest.to_string(), name.as_str(), text),
    )?;
    change.record(AuditEvent::ProductUsed { name: name.clone(), digest: *digest });
    Ok(())
}

/// Keeps a profile; its digest, which the intent records.
pub(super) fn keep_profile(change: &Change<'_>, name: &Name, text: &str) -> Result<Digest, StoreError> {
    let digest = Digest::of(text.as_bytes());
    change.execute(
        "INSERT INTO profile (digest, name, text) VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO NOTHING",
        (digest.to_string(), name.as_str(), text),
    )?;
    Ok(digest)
}
