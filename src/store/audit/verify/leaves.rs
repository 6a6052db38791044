//! One pass over entries and stored hashes side by side: every leaf is recomputed from its entry, every node
//! from the stored leaves, and the root at every checkpoint's size. Held against stored leaves, an altered
//! entry has a name; held against checkpoints, so has a log that was rewritten with all its hashes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::Rows;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use tlog_tiles::tlog::{self, Hash};

use super::Problems;
use super::heads::Head;
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// What the pass found, beside problems.
pub(super) struct Walked {
    pub(super) entries: u64,
    pub(super) root: Digest,
    pub(super) covered_until: Option<u64>,
    /// How many rows the entries name in all.
    pub(super) mentions: u64,
}

/// The members every entry has; those of its event are of no concern here.
#[derive(Deserialize)]
struct Skeleton<'a> {
    #[allow(dead_code, reason = "only that it is there and a time")]
    at: UtcTime,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    origin: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    rows: BTreeMap<Cow<'a, str>, IgnoredAny>,
}

/// The walk from leaf to leaf.
struct Walk<'w, 'r> {
    hashes: Rows<'r>,
    /// The next stored hash, with its index.
    ahead: Option<(u64, Hash)>,
    /// Roots of the perfect subtrees so far, the largest first.
    stack: Vec<Hash>,
    /// How many leaves are in `stack`.
    size: u64,
    heads: std::slice::Iter<'w, Head>,
    next_head: Option<&'w Head>,
    good_until: u64,
    covered_until: Option<u64>,
    problems: &'w mut Problems,
}

impl Walk<'_, '_> {
    fn advance(&mut self) -> Result<(), StoreError> {
        self.ahead = match self.hashes.next()? {
            None => None,
            Some(row) => Some((u64::try_from(row.get::<_, i64>(0)?).unwrap_or(u64::MAX), Hash(row.get(1)?))),
        };
        Ok(())
    }

    /// The stored hash with this index, if it is there; indexes are asked for in order.
    fn stored(&mut self, index: u64) -> Result<Option<Hash>, StoreError> {
        while self.ahead.is_some_and(|(at, _)| at < index) {
            self.advance()?;
        }
        match self.ahead {
            Some((at, hash)) if at == index => {
                self.advance()?;
                Ok(Some(hash))
            }
            _ => Ok(None),
        }
    }

    /// Takes the next leaf: what its entry hashes to, if there is an entry. Whether the entry is the one
    /// that was written.
    fn leaf(&mut self, entry: Option<&str>) -> Result<bool, StoreError> {
        let n = self.size;
        let seq = n + 1;
        let index = tlog::stored_hash_index(0, n);
        let actual = entry.map(|text| tlog::record_hash(text.as_bytes()));
        let stored = self.stored(index)?;
        let as_written = match (actual, stored) {
            (Some(actual), Some(stored)) if actual != stored => {
                self.problems.add(Some(seq), format!("entry {seq} is not what was written"));
                false
            }
            (Some(_), None) => {
                self.problems.add(Some(seq), format!("the hash of entry {seq} is missing from the tree"));
                false
            }
            (Some(_), Some(_)) => true,
            (None, _) => false,
        };
        self.stack.push(stored.or(actual).unwrap_or_default());
        self.size += 1;
        let mut wrong = false;
        for (above, _) in (index + 1..).zip(0..self.size.trailing_zeros()) {
            let (Some(right), Some(left)) = (self.stack.pop(), self.stack.pop()) else { break };
            let node = tlog::node_hash(left, right);
            wrong |= self.stored(above)? != Some(node);
            self.stack.push(node);
        }
        if wrong {
            self.problems
                .add(Some(seq), format!("a hash of the tree above entry {seq} is not that of its parts"));
        }
        self.compare_heads();
        Ok(as_written)
    }

    fn root(&self) -> Hash {
        let mut subtrees = self.stack.iter().rev().copied();
        match subtrees.next() {
            None => tlog::EMPTY_HASH,
            Some(last) => subtrees.fold(last, |right, left| tlog::node_hash(left, right)),
        }
    }

    fn compare_heads(&mut self) {
        while let Some(head) = self.next_head.filter(|head| head.size <= self.size) {
            let size = head.size;
            if head.size == self.size && self.root().0 == *head.root.as_bytes() {
                self.good_until = size;
                if head.outside {
                    self.covered_until = Some(size);
                }
            } else {
                let whose = if head.outside { "kept elsewhere" } else { "on record" };
                let from = self.good_until + 1;
                self.problems.add(
                    Some(from),
                    format!(
                        "the log was rewritten: entries {from} to {size} are not those of the checkpoint {whose}"
                    ),
                );
            }
            self.next_head = self.heads.next();
        }
    }
}

/// Walks through the whole log.
pub(super) fn walk(
    reader: &Reader<'_>,
    origin: &str,
    heads: &[Head],
    problems: &mut Problems,
    tick: &mut dyn FnMut(u64, u64),
) -> Result<Walked, StoreError> {
    let entries = reader.count("SELECT count(*) FROM audit", [])?;
    let stored = reader.count("SELECT count(*) FROM audit_hash", [])?;
    let leaves = leaves_of(stored);
    let mut statement = reader.connection().prepare("SELECT idx, hash FROM audit_hash ORDER BY idx")?;
    let mut heads = heads.iter();
    let next_head = heads.next();
    let mut walk = Walk {
        hashes: statement.query([])?,
        ahead: None,
        stack: Vec::new(),
        size: 0,
        heads,
        next_head,
        good_until: 0,
        covered_until: None,
        problems,
    };
    walk.advance()?;
    let mut mentions = 0;
    let mut done = 0;
    super::super::log::each(reader, |seq, text| {
        done += 1;
        if done % 1000 == 0 {
            tick(done, entries);
        }
        if seq <= walk.size || seq > leaves.max(entries) {
            walk.problems.add(Some(seq), format!("entry {seq} stands outside the log"));
            return Ok(());
        }
        skip(&mut walk, seq - 1)?;
        if walk.leaf(Some(text))? {
            mentions += judge(seq, text, origin, walk.problems);
        }
        Ok(())
    })?;
    skip(&mut walk, leaves)?;
    if walk.size == leaves && stored != tlog::stored_hash_count(leaves) {
        walk.problems.add(None, format!("the tree holds {stored} hashes, which fit no number of entries"));
    }
    while let Some(head) = walk.next_head {
        let (size, whose) = (head.size, if head.outside { "kept elsewhere" } else { "on record" });
        let held = walk.size;
        walk.problems.add(
            Some(held + 1),
            format!("the log was cut off: it holds {held} entries, the checkpoint {whose} covers {size}"),
        );
        walk.next_head = walk.heads.next();
    }
    tick(entries, entries);
    Ok(Walked {
        entries,
        root: Digest::from_bytes(walk.root().0),
        covered_until: walk.covered_until,
        mentions,
    })
}

/// Takes leaves without entries until the walk has this many.
fn skip(walk: &mut Walk<'_, '_>, until: u64) -> Result<(), StoreError> {
    if walk.size >= until {
        return Ok(());
    }
    let (from, to) = (walk.size + 1, until);
    walk.problems.add(
        Some(from),
        if from == to {
            format!("entry {from} is missing")
        } else {
            format!("entries {from} to {to} are missing")
        },
    );
    while walk.size < until {
        walk.leaf(None)?;
    }
    Ok(())
}

/// Judges the text of an entry that is the one that was written; how many rows it names.
fn judge(seq: u64, text: &str, origin: &str, problems: &mut Problems) -> u64 {
    let Ok(skeleton) = serde_json::from_str::<Skeleton<'_>>(text) else {
        problems.add(Some(seq), format!("entry {seq} is no entry of an audit log"));
        return 0;
    };
    let canonical = serde_json::from_str::<Value>(text)
        .and_then(|value| serde_json::to_string(&value))
        .is_ok_and(|canonical| canonical == text);
    if !canonical {
        problems.add(Some(seq), format!("entry {seq} is not canonical JSON"));
    }
    if seq == 1 && (skeleton.event != "station-created" || skeleton.origin.as_deref() != Some(origin)) {
        problems.add(Some(seq), format!("entry 1 does not begin the log “{origin}”"));
    }
    u64::try_from(skeleton.rows.len()).unwrap_or(u64::MAX)
}

/// The largest number of leaves whose tree has at most this many stored hashes.
fn leaves_of(stored: u64) -> u64 {
    // n leaves store between n and 2 n hashes
    let (mut low, mut high) = (stored / 2, stored);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if tlog::stored_hash_count(middle) <= stored { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_leaves_follows_from_the_number_of_hashes() {
        for leaves in 0..300 {
            assert_eq!(leaves_of(tlog::stored_hash_count(leaves)), leaves);
        }
    }
}
