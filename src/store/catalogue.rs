//! Entering older records into the tables that only help to find things (`thumbprint`, `audit_about`): a station
//! that was made before they were does it bit by bit while it serves, newest first. Book-keeping: the log does
//! not vouch for these tables, and whoever uses them holds what they find against the records themselves.

use super::Store;
use super::audit::about::{self, About};
use super::certificates::thumbprint;
use super::columns::sql_id;
use super::error::StoreError;
use super::meta;
use super::reader::Reader;

const CERTIFICATES: &str = "uncatalogued-certificates";
const ENTRIES: &str = "uncatalogued-entries";

/// Enters up to `limit` certificates and as many entries of the log; whether more are left.
pub fn catalogue_some(store: &Store, limit: u32) -> Result<bool, StoreError> {
    // looked at first without the writer's lock: nearly always there is nothing to do
    if !store.read(is_left)? {
        return Ok(false);
    }
    store.keep_books(|reader| {
        some_certificates(reader, limit)?;
        some_entries(reader, limit)?;
        is_left(reader)
    })
}

/// Whether older records are still to be entered, so that a search may miss them.
pub fn is_left(reader: &Reader<'_>) -> Result<bool, StoreError> {
    Ok(meta::number(reader, CERTIFICATES)?.is_some() || meta::number(reader, ENTRIES)?.is_some())
}

fn some_certificates(reader: &Reader<'_>, limit: u32) -> Result<(), StoreError> {
    let Some(up_to) = meta::number(reader, CERTIFICATES)? else { return Ok(()) };
    let rows: Vec<(u64, Option<Vec<u8>>)> = reader.rows(
        "certificate",
        "SELECT run, der FROM certificate WHERE run <= ?1 ORDER BY run DESC LIMIT ?2",
        (sql_id(up_to), limit),
        |columns| Ok((columns.number("run")?, columns.raw("der")?)),
    )?;
    for (run, der) in &rows {
        if let Some(der) = der {
            thumbprint::enter(reader, *run, der)?;
        }
    }
    meta::count_down(reader, CERTIFICATES, rows.last().map(|(run, _)| *run))
}

fn some_entries(reader: &Reader<'_>, limit: u32) -> Result<(), StoreError> {
    let Some(up_to) = meta::number(reader, ENTRIES)? else { return Ok(()) };
    let rows: Vec<(u64, String)> = reader.rows(
        "audit",
        "SELECT seq, entry FROM audit WHERE seq <= ?1 ORDER BY seq DESC LIMIT ?2",
        (sql_id(up_to), limit),
        |columns| Ok((columns.number("seq")?, columns.raw("entry")?)),
    )?;
    for (seq, entry) in &rows {
        about::note(reader, *seq, &About::of_entry(reader, entry)?)?;
    }
    meta::count_down(reader, ENTRIES, rows.last().map(|(seq, _)| *seq))
}

#[cfg(test)]
mod tests;
