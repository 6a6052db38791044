//! What needs no log to be judged: texts under their own digests, certificates against theirs, lists and keys
//! against the rows that speak of them.

use super::Problems;
use crate::domain::digest::Digest;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::work_orders;

pub(super) fn check(reader: &Reader<'_>, problems: &mut Problems) -> Result<(), StoreError> {
    digests(
        reader,
        "SELECT 'certificate/' || serial, sha256, der FROM certificate WHERE der IS NOT NULL",
        problems,
    )?;
    for table in ["product", "profile"] {
        let sql = format!("SELECT '{table}/' || digest, digest, CAST(text AS BLOB) FROM {table}");
        digests(reader, &sql, problems)?;
    }
    missing_texts(reader, problems)?;
    serial_lists(reader, problems)?;
    public_keys(reader, problems)
}

/// Recipes and profiles that somebody followed and that are not there any more. A run that ended before its
/// device was reserved left none.
fn missing_texts(reader: &Reader<'_>, problems: &mut Problems) -> Result<(), StoreError> {
    for (table, sql) in [
        (
            "product",
            "SELECT product_digest AS digest, 'run/' || min(id) AS first, count(*) AS times FROM run
             WHERE device IS NOT NULL AND product_digest IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM product WHERE digest = product_digest)
             GROUP BY product_digest",
        ),
        (
            "profile",
            "SELECT profile AS digest, 'certificate/' || min(serial) AS first, count(*) AS times FROM certificate
             WHERE NOT EXISTS (SELECT 1 FROM profile WHERE digest = certificate.profile) GROUP BY profile",
        ),
    ] {
        let missing: Vec<(String, String, u64)> = reader.rows(table, sql, [], |columns| {
            Ok((columns.raw("digest")?, columns.raw("first")?, columns.number("times")?))
        })?;
        for (digest, first, times) in missing {
            let others = times - 1;
            let rows = if others == 0 { first } else { format!("{first} and {others} others") };
            problems.add(None, format!("{table}/{digest} is gone, which {rows} followed"));
        }
    }
    Ok(())
}

/// Rows of a name, the digest on record, and the bytes that should have it.
fn digests(reader: &Reader<'_>, sql: &str, problems: &mut Problems) -> Result<(), StoreError> {
    let mut statement = reader.connection().prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let recorded: Option<String> = row.get(1)?;
        let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        if recorded != Some(Digest::of(bytes).to_string()) {
            let name: String = row.get(0)?;
            problems.add(None, format!("the content of {name} does not have the digest on record"));
        }
    }
    Ok(())
}

/// The allowed serial numbers of each work order.
fn serial_lists(reader: &Reader<'_>, problems: &mut Problems) -> Result<(), StoreError> {
    let orders: Vec<(String, Option<Digest>)> =
        reader.rows("work_order", "SELECT name, serials FROM work_order ORDER BY name", [], |columns| {
            Ok((columns.raw("name")?, columns.optional("serials")?))
        })?;
    for (name, recorded) in orders {
        let list = work_orders::serials(reader, &name)?;
        let found = (!list.is_empty()).then(|| work_orders::list_digest(&list));
        if found != recorded {
            problems.add(None, format!("the list of serial numbers of work_order/{name} was changed"));
        }
    }
    Ok(())
}

/// Each certificate's public key belongs to its device.
fn public_keys(reader: &Reader<'_>, problems: &mut Problems) -> Result<(), StoreError> {
    let wrong: Vec<String> = reader.rows(
        "certificate",
        "SELECT serial FROM certificate LEFT JOIN public_key ON public_key.digest = certificate.public_key
         WHERE public_key.device IS NOT certificate.device ORDER BY serial LIMIT 1000",
        [],
        |columns| columns.raw("serial"),
    )?;
    for serial in wrong {
        problems.add(None, format!("the public key of certificate/{serial} is not recorded for its device"));
    }
    Ok(())
}
