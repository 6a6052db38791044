//! The second reading: each row with what was found in common with it, and what therefore becomes of it.

pub mod agreement;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use self::agreement::{Agreement, agreement};
use super::ImportAsk;
use super::fault::{BadRow, ImportFailed};
use super::plan::Plan;
use super::scan::{Source, of_candidate};
use super::sorter::{Merge, Sorted};
use crate::domain::code::Code;
use crate::station::batch::outcome::{NAMED_FAULTS, RowFault};
use crate::station::batch::progress::Progress;
use crate::station::batch::table::{Row, Table};
use crate::store::Store;
use crate::store::announced;
use crate::store::announced::keys::KeyKind;
use crate::store::announced::known::{self, Kept};
use crate::store::announced::writing::NewRow;
use crate::store::devices::{self, Device};
use crate::store::error::StoreError;

/// Rows that are judged at once, and how many bytes of them.
const AT_ONCE: usize = 2048;
const BYTES_AT_ONCE: u64 = 2 << 20;

/// What becomes of a row.
#[derive(Debug)]
pub enum Judged {
    /// It says something that the records do not have.
    New(NewRow),
    /// The records have it already, just so.
    Unchanged(NewRow),
    /// It is refused.
    Refused(RowFault),
}

/// Counts of what becomes of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All rows.
    pub rows: u64,
    /// Rows that say something new.
    pub new: u64,
    /// Rows that the records have already.
    pub unchanged: u64,
    /// Rows that are refused.
    pub refused: u64,
    /// Of those, rows that name what another row names.
    pub duplicates: u64,
    /// Of those, rows that contradict the records.
    pub contradictions: u64,
    /// Of those, rows with a maker's placeholder.
    pub placeholders: u64,
    /// The first refused rows.
    pub faults: Vec<RowFault>,
}

impl Tally {
    /// Counts a row.
    pub fn count(&mut self, judged: &Judged) {
        self.rows += 1;
        match judged {
            Judged::New(_) => self.new += 1,
            Judged::Unchanged(_) => self.unchanged += 1,
            Judged::Refused(fault) => self.refuse(fault),
        }
    }

    /// Counts a refused row, which was counted as a row before.
    pub fn refuse(&mut self, fault: &RowFault) {
        self.refused += 1;
        match fault.code {
            Code::RowDuplicate => self.duplicates += 1,
            Code::RowContradicts => self.contradictions += 1,
            _ if super::is_placeholder(fault) => self.placeholders += 1,
            _ => {}
        }
        if self.faults.len() < NAMED_FAULTS {
            self.faults.push(fault.clone());
        }
    }
}

/// Something that a row has in common with others.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    line: u64,
    source: Source,
    kind: KeyKind,
    other: u64,
}

/// What the records hold of the others.
#[derive(Default)]
struct Others {
    kept: HashMap<u64, Kept>,
    devices: HashMap<u64, Device>,
}

/// Judges the rows of one file.
pub struct Judge<'a> {
    store: &'a Store,
    plan: &'a Plan,
    progress: &'a Progress,
    table: Table<std::fs::File>,
    candidates: Merge<'a>,
    /// The kept columns of earlier batches.
    names: HashMap<u64, Vec<String>>,
    own_names: Vec<String>,
    /// How much counted as done before this reading began.
    before: u64,
}

impl<'a> Judge<'a> {
    /// Begins to read the file anew.
    pub fn new(
        store: &'a Store,
        ask: &ImportAsk<'_>,
        plan: &'a Plan,
        candidates: &'a Sorted,
        progress: &'a Progress,
    ) -> Result<Judge<'a>, ImportFailed> {
        let own_names = plan.kept.iter().map(|(_, name)| name.clone()).collect();
        let (table, candidates) = (Table::open(ask.file)?, candidates.read()?);
        let before = progress.seen().passed;
        Ok(Judge { store, plan, progress, table, candidates, names: HashMap::new(), own_names, before })
    }

    /// Reads to the end; `each` is given every row with what becomes of it.
    pub fn walk(
        mut self,
        mut each: impl FnMut(&Row, Judged) -> Result<(), ImportFailed>,
    ) -> Result<Tally, ImportFailed> {
        let mut tally = Tally::default();
        let mut rows: Vec<Row> = Vec::new();
        let mut end = 0;
        loop {
            if self.progress.is_cancelled() {
                return Err(ImportFailed::Cancelled);
            }
            let count = self.fill(&mut rows, end)?;
            let begin = end;
            let Some(chunk) = rows.get(..count).filter(|chunk| !chunk.is_empty()) else {
                return Ok(tally);
            };
            end = chunk.last().map_or(end, |row| row.end);
            let (candidates, others) = self.gather(chunk)?;
            let mut rest = candidates.as_slice();
            for row in chunk {
                let after = rest.iter().position(|candidate| candidate.line > row.line).unwrap_or(rest.len());
                let (own, others_rest) = rest.split_at(after);
                rest = others_rest;
                let judged = self.judge(row, own, &others);
                tally.count(&judged);
                each(row, judged)?;
            }
            // rows keep the memory that the longest one took
            if end - begin > BYTES_AT_ONCE {
                rows.clear();
            }
            self.progress.reached(self.before + end, tally.new + tally.unchanged, tally.refused);
        }
    }

    /// Reads the next rows into those there are; how many.
    fn fill(&mut self, rows: &mut Vec<Row>, begin: u64) -> Result<usize, ImportFailed> {
        for count in 0..AT_ONCE {
            if rows.len() == count {
                rows.push(Row::default());
            }
            let Some(row) = rows.get_mut(count) else { return Ok(count) };
            if !self.table.next(row)? {
                return Ok(count);
            }
            if row.end.saturating_sub(begin) > BYTES_AT_ONCE {
                rows.truncate(count + 1);
                return Ok(count + 1);
            }
        }
        Ok(AT_ONCE)
    }

    /// What was found in common with these rows, by line, and what the records hold of it.
    fn gather(&mut self, chunk: &[Row]) -> Result<(Vec<Candidate>, Others), ImportFailed> {
        let last = chunk.last().map_or(0, |row| row.line);
        let mut candidates = Vec::new();
        while let Some((line, ..)) = self.candidates.peek() {
            if u64::try_from(line).unwrap_or(0) > last {
                break;
            }
            if let Some((line, source, kind, other)) = self.candidates.take()?.and_then(of_candidate) {
                candidates.push(Candidate { line, source, kind, other });
            }
        }
        let numbers = |wanted: Source| {
            let of_source = candidates.iter().filter(|candidate| candidate.source == wanted);
            let mut numbers: Vec<u64> = of_source.map(|candidate| candidate.other).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        let (announced, seen) = (numbers(Source::Announced), numbers(Source::Seen));
        let mut others = Others::default();
        if announced.is_empty() && seen.is_empty() {
            return Ok((candidates, others));
        }
        let names = &mut self.names;
        self.store.read(|reader| {
            for kept in known::kept(reader, &announced)? {
                if let Entry::Vacant(vacant) = names.entry(kept.batch) {
                    vacant.insert(announced::names(reader, kept.batch)?);
                }
                others.kept.insert(kept.id, kept);
            }
            for id in seen {
                if let Some(device) = devices::get(reader, id)? {
                    others.devices.insert(id, device);
                }
            }
            Ok::<_, StoreError>(())
        })?;
        Ok((candidates, others))
    }

    fn judge(&self, row: &Row, candidates: &[Candidate], others: &Others) -> Judged {
        let new = match self.plan.device(row) {
            Ok(new) => new,
            Err(fault) => return Judged::Refused(fault),
        };
        let refused = |bad: &BadRow| Judged::Refused(RowFault::new(row.line, bad));
        if let Some(twin) = candidates.iter().find(|candidate| candidate.source == Source::File) {
            return refused(&BadRow::Twice { what: twin.kind.words(), other: twin.other });
        }
        let mut earlier: Vec<&Kept> = Vec::new();
        for Candidate { source, kind, other, .. } in candidates.iter().copied() {
            match source {
                Source::File => {}
                Source::Seen => {
                    let device = others.devices.get(&other);
                    if device.is_some_and(|device| agreement::differs_from_seen(&new, device, kind)) {
                        return refused(&BadRow::Seen { kind, device: other });
                    }
                }
                Source::Announced => {
                    let Some(kept) = others.kept.get(&other) else { continue };
                    if !earlier.iter().any(|known| known.id == kept.id) {
                        earlier.push(kept);
                    }
                    if let Some(bad) = agreement::owned_by_another(&new, kept, kind) {
                        return refused(&bad);
                    }
                }
            }
        }
        earlier.retain(|kept| agreement::is_same_device(&new, &kept.row));
        earlier.sort_by_key(|kept| kept.id);
        let no_names = Vec::new();
        let earlier: Vec<(&Kept, &[String])> = earlier
            .into_iter()
            .map(|kept| (kept, self.names.get(&kept.batch).unwrap_or(&no_names).as_slice()))
            .collect();
        match agreement(&new, &self.own_names, &earlier) {
            Agreement::Adds => Judged::New(new),
            Agreement::AddsNothing => Judged::Unchanged(new),
            Agreement::Contradicts(bad) => refused(&bad),
        }
    }
}
