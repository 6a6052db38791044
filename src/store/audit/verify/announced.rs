//! Announced devices against the digests of their announcements: one that was changed, taken away, put there, or moved
//! shows in the digest over its batch; one that cannot be found by its keys any more would go unnoticed on the line.

use std::collections::BTreeMap;

use super::Problems;
use crate::domain::digest::Digest;
use crate::store::announced::canonical::RowsDigest;
use crate::store::announced::keys::Key;
use crate::store::announced::writing::stored;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// How many keys are looked for at once, in order.
const KEYS_AT_ONCE: usize = 100_000;

/// What an announcement says of the rows of its batch.
struct Said {
    rows: u64,
    digest: Option<Digest>,
}

pub(super) fn check(reader: &Reader<'_>, problems: &mut Problems) -> Result<(), StoreError> {
    let said: Vec<(i64, Said)> =
        reader.rows("announcement", "SELECT batch, rows, digest FROM announcement", [], |columns| {
            let digest: String = columns.raw("digest")?;
            let rows = columns.number("rows").unwrap_or(u64::MAX);
            Ok((columns.raw("batch")?, Said { rows, digest: digest.parse().ok() }))
        })?;
    let said: BTreeMap<i64, Said> = said.into_iter().collect();
    let found = walk(reader, problems)?;
    for (batch, Said { rows, digest }) in &said {
        let (there, of_them) = match found.get(batch) {
            Some(digest) => (digest.rows(), digest.clone().finish()),
            None => (0, RowsDigest::default().finish()),
        };
        if there != *rows || Some(of_them) != *digest {
            let what = format!(
                "the announced devices of batch/{batch} are not those that were taken in: {there} are there of {rows}"
            );
            problems.add(None, what);
        }
    }
    for (batch, digest) in &found {
        if said.contains_key(batch) {
            continue;
        }
        let running = "SELECT count(*) FROM batch WHERE id = ?1 AND state = 'running' AND kind = 'import'";
        if reader.count(running, [batch])? == 0 {
            let rows = digest.rows();
            problems.add(None, format!("{rows} announced devices name batch/{batch}, which announced none"));
        }
    }
    Ok(())
}

/// The digest over the rows of each batch; looks for the keys of each on the way.
fn walk(reader: &Reader<'_>, problems: &mut Problems) -> Result<BTreeMap<i64, RowsDigest>, StoreError> {
    let mut statement = reader.connection().prepare(
        "SELECT id, batch, line, serial, mac, registration_id, work_order, csr, public_key, endorsement_key, extra
         FROM announced ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut found: BTreeMap<i64, RowsDigest> = BTreeMap::new();
    let mut keys: Vec<(i64, i64)> = Vec::new();
    let mut lost = Lost::default();
    while let Some(row) = rows.next()? {
        let (id, batch): (i64, i64) = (row.get(0)?, row.get(1)?);
        let row = match stored(row) {
            Ok(row) => row,
            Err(_) => {
                // text that is not UTF-8 was not written by us; without the row the digest cannot be right either
                problems.add(None, format!("announced/{id} cannot be read"));
                continue;
            }
        };
        found.entry(batch).or_default().add(&row);
        Key::each(&row, |_, key| keys.push((key.start, id)));
        if keys.len() >= KEYS_AT_ONCE {
            lost.look(reader, &mut keys)?;
        }
    }
    lost.look(reader, &mut keys)?;
    if let Some(first) = lost.first {
        let others = lost.count - 1;
        let what =
            format!("announced/{first} cannot be found by one of its keys any more, and so {others} others");
        problems.add(None, what);
    }
    Ok(found)
}

/// Keys that are not there.
#[derive(Default)]
struct Lost {
    first: Option<i64>,
    count: u64,
}

impl Lost {
    fn look(&mut self, reader: &Reader<'_>, keys: &mut Vec<(i64, i64)>) -> Result<(), StoreError> {
        keys.sort_unstable();
        let mut counts = reader.connection().prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM announced JOIN batch ON batch.id = announced.batch
                            WHERE announced.id = ?1 AND batch.state = 'done')",
        )?;
        let mut there = reader
            .connection()
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM announced_key WHERE start = ?1 AND id = ?2)")?;
        for (start, id) in keys.drain(..) {
            if there.query_row((start, id), |row| row.get::<_, bool>(0))? {
                continue;
            }
            // rows of a batch that is not done have no keys yet
            if counts.query_row([id], |row| row.get::<_, bool>(0))? {
                self.first = self.first.or(Some(id));
                self.count += 1;
            }
        }
        Ok(())
    }
}
