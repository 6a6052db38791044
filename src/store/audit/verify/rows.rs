//! Every row the log vouches for, held against the digest its last entry gave it: changed rows, rows that are
//! gone, and rows no entry speaks of. The log may name more rows than memory should hold, so the keys are
//! shared out over several passes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::Problems;
use crate::domain::digest::Digest;
use crate::store::audit::log;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::row_digest::{self, RowKey, Table};

/// How many rows one pass remembers at most, on average: some 64 MiB.
const ROWS_A_PASS: u64 = 1 << 19;

/// The rows an entry names.
#[derive(Deserialize)]
struct Mentions<'a> {
    #[serde(borrow, default)]
    rows: BTreeMap<Cow<'a, str>, Digest>,
}

/// What the log last said of a row.
struct Said {
    seq: u64,
    digest: Digest,
}

/// Compares all rows with the log, which names `mentions` of them; how many rows there were.
pub(super) fn compare(
    reader: &Reader<'_>,
    mentions: u64,
    problems: &mut Problems,
) -> Result<u64, StoreError> {
    let passes = mentions / ROWS_A_PASS + 1;
    let mut rows = 0;
    for pass in 0..passes {
        rows += compare_share(reader, |key| share(key) % passes == pass, problems)?;
    }
    Ok(rows)
}

/// A row's name as a key of fixed size.
fn short(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// Decides in which pass a row is compared.
fn share(key: &Digest) -> u64 {
    key.as_bytes().iter().take(4).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn compare_share(
    reader: &Reader<'_>,
    ours: impl Fn(&Digest) -> bool,
    problems: &mut Problems,
) -> Result<u64, StoreError> {
    let mut said: HashMap<Digest, Said> = HashMap::new();
    log::each(reader, |seq, text| {
        // an entry that cannot be read was named as a problem when its leaf was looked at
        if let Ok(Mentions { rows }) = serde_json::from_str::<Mentions<'_>>(text) {
            for (name, digest) in rows {
                let key = short(&name);
                if ours(&key) {
                    said.insert(key, Said { seq, digest });
                }
            }
        }
        Ok(())
    })?;
    let mut rows = 0;
    for table in Table::ALL {
        row_digest::of_all(reader, table, |key: RowKey, digest| {
            let name = key.to_string();
            let short = short(&name);
            if !ours(&short) {
                return;
            }
            rows += 1;
            match said.remove(&short) {
                None => problems.add(None, format!("{name} is not in the log")),
                Some(Said { seq, digest: last }) if last != digest => {
                    problems.add(Some(seq), format!("{name} is not as entry {seq} left it"));
                }
                Some(Said { seq: _, digest: _ }) => {}
            }
        })?;
    }
    name_the_gone(reader, &said, problems)?;
    Ok(rows)
}

/// Rows the log speaks of that are not there; their names stand in the entries.
fn name_the_gone(
    reader: &Reader<'_>,
    said: &HashMap<Digest, Said>,
    problems: &mut Problems,
) -> Result<(), StoreError> {
    let mut entries: Vec<u64> = said.values().map(|said| said.seq).collect();
    entries.sort_unstable();
    entries.dedup();
    for seq in entries {
        let Some(text) = log::entry(reader, seq)? else { continue };
        let Ok(Mentions { rows }) = serde_json::from_str::<Mentions<'_>>(&text) else { continue };
        for name in rows.keys() {
            if said.get(&short(name)).is_some_and(|said| said.seq == seq) {
                problems.add(Some(seq), format!("{name} is gone; entry {seq} left it there"));
            }
        }
    }
    Ok(())
}
