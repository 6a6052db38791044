//! Looking for tampering. Everything is recomputed from what is stored: leaves from entries (`leaves`), nodes
//! from leaves, heads against checkpoints, rows against the digests that entries gave them (`rows`), texts
//! and certificates against their own digests (`contents`). It needs no vault, and memory does not grow
//! with the log. What came after the newest checkpoint kept elsewhere is only as strong as the vault.

mod announced;
mod contents;
mod heads;
mod leaves;
mod rows;

use crate::domain::digest::Digest;
use crate::store::error::StoreError;
use crate::store::meta;
use crate::store::reader::Reader;

/// What the log is compared with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The verifier key, kept elsewhere; without it no signature is checked.
    pub vkey: Option<String>,
    /// Checkpoints that were kept elsewhere, as signed notes.
    pub checkpoints: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The name of the log; empty if even that is gone.
    pub origin: String,
    /// How many entries there are.
    pub entries: u64,
    /// The root of the tree over them.
    pub root: Digest,
    /// How many rows were compared with the log.
    pub rows: u64,
    /// What is wrong; at most [`MOST_PROBLEMS`].
    pub problems: Vec<Problem>,
    /// How many more problems there are.
    pub further_problems: u64,
    /// Up to which entry a checkpoint kept elsewhere vouches for the log; none if none was given.
    pub covered_until: Option<u64>,
    /// Whether signatures were checked.
    pub signatures_checked: bool,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The entry it concerns.
    pub seq: Option<u64>,
    /// One sentence for a person.
    pub what: String,
}

/// How many problems are named one by one.
pub const MOST_PROBLEMS: usize = 200;

/// Collects problems, the first ones in full.
#[derive(Default)]
struct Problems {
    named: Vec<Problem>,
    further: u64,
}

impl Problems {
    fn add(&mut self, seq: Option<u64>, what: String) {
        if self.named.len() < MOST_PROBLEMS {
            self.named.push(Problem { seq, what });
        } else {
            self.further += 1;
        }
    }
}

/// Verifies the whole log and the rows it vouches for. `tick` is told how much of how much is done.
///
/// # Errors
/// Only if the database cannot be read at all; whatever else is wrong stands in the report.
pub fn verify(
    reader: &Reader<'_>,
    options: &Options,
    tick: &mut dyn FnMut(u64, u64),
) -> Result<Report, StoreError> {
    let mut problems = Problems::default();
    let origin = meta::origin(reader).unwrap_or_else(|error| {
        problems.add(None, error.to_string());
        String::new()
    });
    let heads = heads::collect(reader, &origin, options, &mut problems)?;
    let walked = leaves::walk(reader, &origin, &heads, &mut problems, tick)?;
    let rows = rows::compare(reader, walked.mentions, &mut problems)?;
    contents::check(reader, &mut problems)?;
    announced::check(reader, &mut problems)?;
    let Problems { named, further } = problems;
    Ok(Report {
        origin,
        entries: walked.entries,
        root: walked.root,
        rows,
        problems: named,
        further_problems: further,
        covered_until: walked.covered_until,
        signatures_checked: options.vkey.is_some(),
    })
}

#[cfg(test)]
mod tests;
