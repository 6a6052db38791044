//! Check values of what the vault holds, so that a vault and a database that do not belong together are
//! noticed at unlock. A check value tells nothing about its secret.

use super::change::Change;
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::Table;
use crate::domain::digest::Digest;

/// Writes or replaces the check value of a secret. The caller records what was done to the secret.
pub fn set(change: &mut Change<'_>, name: &str, digest: &Digest) -> Result<(), StoreError> {
    change.execute(
        "INSERT INTO secret_check (name, digest) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET digest = excluded.digest",
        (name, digest.to_string()),
    )?;
    change.touch_text(Table::SecretCheck, name);
    Ok(())
}

/// The check value of a secret.
pub fn get(reader: &Reader<'_>, name: &str) -> Result<Option<Digest>, StoreError> {
    let sql = "SELECT digest FROM secret_check WHERE name = ?1";
    reader.row("secret_check", sql, [name], |columns| columns.parsed("digest"))
}

/// All check values by name.
pub fn list(reader: &Reader<'_>) -> Result<Vec<(String, Digest)>, StoreError> {
    let sql = "SELECT name, digest FROM secret_check ORDER BY name";
    reader.rows("secret_check", sql, [], |columns| Ok((columns.raw("name")?, columns.parsed("digest")?)))
}
