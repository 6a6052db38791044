//! What there is one of: the name of the station's log, and when the station was made.

use super::change::Change;
use super::error::StoreError;
use super::reader::Reader;
use crate::domain::utc_time::UtcTime;

/// The name of the audit log in its checkpoints.
pub fn origin(reader: &Reader<'_>) -> Result<String, StoreError> {
    value(reader, "origin")
}

/// The company the station was founded with, as the first entry of its log says.
pub fn company(reader: &Reader<'_>) -> Result<String, StoreError> {
    let sql = "SELECT entry ->> '$.company' AS company FROM audit WHERE seq = 1";
    let found = reader.row("audit", sql, [], |columns| columns.raw::<Option<String>>("company"))?;
    Ok(found.flatten().unwrap_or_default())
}

/// When the station was made.
pub fn created(reader: &Reader<'_>) -> Result<UtcTime, StoreError> {
    value(reader, "created")?.parse().map_err(|why: crate::domain::utc_time::BadTime| StoreError::Row {
        table: "meta",
        column: "value",
        why: why.to_string(),
    })
}

/// A number, if there is one.
pub(super) fn number(reader: &Reader<'_>, key: &'static str) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let text: Option<String> = reader.row("meta", sql, [key], |columns| columns.raw("value"))?;
    let bad = |why: std::num::ParseIntError| StoreError::Row {
        table: "meta",
        column: "value",
        why: format!("{key} is no number: {why}"),
    };
    text.map(|text| text.parse().map_err(bad)).transpose()
}

/// Counts on: what lies at `reached` and above is done. Nothing reached, or the first: it is all done.
pub(super) fn count_down(
    reader: &Reader<'_>,
    key: &'static str,
    reached: Option<u64>,
) -> Result<(), StoreError> {
    let connection = reader.connection();
    match reached.filter(|reached| *reached > 1) {
        Some(reached) => connection
            .execute("UPDATE meta SET value = ?2 WHERE key = ?1", (key, (reached - 1).to_string()))?,
        None => connection.execute("DELETE FROM meta WHERE key = ?1", [key])?,
    };
    Ok(())
}

/// The token that refused the PIN in the vault; none once the PIN was set anew.
pub fn pin_refused_by(reader: &Reader<'_>) -> Result<Option<String>, StoreError> {
    reader.row("meta", "SELECT value FROM meta WHERE key = 'pin-refused-by'", [], |columns| {
        columns.raw("value")
    })
}

/// Remembers that this token refused the PIN in the vault; of the PIN itself nothing is kept. The caller records it.
pub fn set_pin_refused_by(change: &Change<'_>, token: &str) -> Result<(), StoreError> {
    change.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('pin-refused-by', ?1)", [token])?;
    Ok(())
}

/// The PIN was set anew, by somebody who wants it tried.
pub fn forget_refused_pin(change: &Change<'_>) -> Result<(), StoreError> {
    change.execute("DELETE FROM meta WHERE key = 'pin-refused-by'", [])?;
    Ok(())
}

/// When it last became known of a certificate that was withdrawn already that its key was compromised; in milliseconds.
pub(super) fn reason_worsened(reader: &Reader<'_>) -> Result<Option<u64>, StoreError> {
    number(reader, "reason-worsened")
}

/// It becomes known now.
pub(super) fn note_worsened_reason(change: &Change<'_>) -> Result<(), StoreError> {
    let now = change.now().millis().to_string();
    change.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('reason-worsened', ?1)", [now])?;
    Ok(())
}

/// The salt of the station's badges, once there is one.
pub fn badge_salt(reader: &Reader<'_>) -> Result<Option<[u8; 16]>, StoreError> {
    let sql = "SELECT value FROM meta WHERE key = 'badge-salt'";
    let Some(text) = reader.row("meta", sql, [], |columns| columns.raw::<String>("value"))? else {
        return Ok(None);
    };
    let mut salt = [0; 16];
    hex::decode_to_slice(&text, &mut salt).map_err(|why| StoreError::Row {
        table: "meta",
        column: "value",
        why: why.to_string(),
    })?;
    Ok(Some(salt))
}

/// Takes these random bytes as the salt of the station's badges. The first ones stay, and are returned.
pub(super) fn keep_badge_salt(change: &Change<'_>, salt: &[u8; 16]) -> Result<[u8; 16], StoreError> {
    let sql = "INSERT OR IGNORE INTO meta (key, value) VALUES ('badge-salt', ?1)";
    change.execute(sql, [hex::encode(salt)])?;
    Ok(badge_salt(change)?.unwrap_or(*salt))
}

pub(super) fn set_up(change: &mut Change<'_>, origin: &str) -> Result<(), StoreError> {
    let created = change.now().to_string();
    for (key, value) in [("origin", origin), ("created", &created)] {
        change.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", [key, value])?;
    }
    Ok(())
}

/// Whether a text can name a log (C2SP signed-note: neither white space nor plus).
pub(super) fn check_origin(origin: &str) -> Result<(), StoreError> {
    let allowed = (1..=128).contains(&origin.chars().count())
        && !origin.chars().any(|ch| ch.is_whitespace() || ch.is_control() || ch == '+');
    if allowed { Ok(()) } else { Err(StoreError::OriginInvalid(origin.chars().take(128).collect())) }
}

fn value(reader: &Reader<'_>, key: &'static str) -> Result<String, StoreError> {
    reader
        .row("meta", "SELECT value FROM meta WHERE key = ?1", [key], |columns| columns.raw("value"))?
        .ok_or_else(|| StoreError::Row { table: "meta", column: "value", why: format!("{key} is missing") })
}
