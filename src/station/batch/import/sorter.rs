//! Sorting more records than memory should hold: sorted runs in a file without a name, merged while they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::durable;
use crate::station::clock;

/// What is sorted: by its first number, then its second, then its third.
pub type Record = (i64, u64, u64);

/// Bytes of a record in the file.
const BYTES: usize = 24;
/// Records in memory at once while they come in: 12 MiB.
const RUN: usize = 1 << 19;
/// Records of each run in memory while they are read.
const AHEAD: u64 = 4096;

/// Takes records in any order.
pub struct Sorter {
    folder: PathBuf,
    run: Vec<Record>,
    output: Option<BufWriter<File>>,
    /// Where each run begins and how many records it has.
    runs: Vec<(u64, u64)>,
    written: u64,
}

impl Sorter {
    /// Runs that do not fit into memory go into a file in this folder, which has no name there for longer than a moment.
    pub fn new(folder: &Path) -> Sorter {
        Sorter { folder: folder.to_owned(), run: Vec::new(), output: None, runs: Vec::new(), written: 0 }
    }

    /// Takes a record.
    pub fn push(&mut self, record: Record) -> io::Result<()> {
        if self.run.len() == RUN {
            self.spill()?;
        }
        self.run.push(record);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.run.sort_unstable();
        let output = match &mut self.output {
            Some(output) => output,
            None => self.output.insert(BufWriter::with_capacity(1 << 16, nameless(&self.folder)?)),
        };
        for (first, second, third) in self.run.drain(..) {
            output.write_all(&first.to_le_bytes())?;
            output.write_all(&second.to_le_bytes())?;
            output.write_all(&third.to_le_bytes())?;
        }
        let count = u64::try_from(RUN).unwrap_or(u64::MAX);
        self.runs.push((self.written, count));
        self.written += count;
        Ok(())
    }

    /// All are there.
    pub fn finish(mut self) -> io::Result<Sorted> {
        self.run.sort_unstable();
        self.run.shrink_to_fit();
        let file = match self.output {
            Some(output) => Some(output.into_inner().map_err(io::IntoInnerError::into_error)?),
            None => None,
        };
        Ok(Sorted { last: self.run, file, runs: self.runs })
    }
}

/// A file that only this process can see, and that is gone with it.
fn nameless(folder: &Path) -> io::Result<File> {
    let name: [u8; 8] = clock::random().map_err(io::Error::other)?;
    let path = folder.join(format!(".sorting-{}", hex::encode(name)));
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(durable::PRIVATE).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// Records in order; they can be read any number of times.
pub struct Sorted {
    last: Vec<Record>,
    file: Option<File>,
    runs: Vec<(u64, u64)>,
}

impl Sorted {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty() && self.runs.is_empty()
    }

    /// Reads them from the first on.
    pub fn read(&self) -> io::Result<Merge<'_>> {
        let runs: Vec<Run> = self
            .runs
            .iter()
            .map(|&(begin, count)| Run { next: begin, left: count, ahead: Vec::new() })
            .collect();
        let mut merge = Merge { sorted: self, runs, last: 0, heap: BinaryHeap::new() };
        for source in 0..=merge.runs.len() {
            merge.refill(source)?;
        }
        Ok(merge)
    }
}

struct Run {
    next: u64,
    left: u64,
    /// In reverse order, so that the next one is taken from the end.
    ahead: Vec<Record>,
}

/// A reading of all records in order.
pub struct Merge<'s> {
    sorted: &'s Sorted,
    runs: Vec<Run>,
    /// How many of the run in memory were read.
    last: usize,
    /// The next record of each source.
    heap: BinaryHeap<Reverse<(Record, usize)>>,
}

impl Merge<'_> {
    /// The next one.
    pub fn take(&mut self) -> io::Result<Option<Record>> {
        let Some(Reverse((record, source))) = self.heap.pop() else { return Ok(None) };
        self.refill(source)?;
        Ok(Some(record))
    }

    /// The next one, which stays the next one.
    pub fn peek(&self) -> Option<Record> {
        self.heap.peek().map(|Reverse((record, _))| *record)
    }

    /// Puts the next record of a source among those to choose from; the source behind the runs is the one in memory.
    fn refill(&mut self, source: usize) -> io::Result<()> {
        let record = match (self.runs.get_mut(source), &self.sorted.file) {
            (Some(run), Some(file)) => {
                if run.ahead.is_empty() && run.left > 0 {
                    run.load(file)?;
                }
                run.ahead.pop()
            }
            (Some(_), None) => None,
            (None, _) => {
                let record = self.sorted.last.get(self.last).copied();
                self.last += 1;
                record
            }
        };
        if let Some(record) = record {
            self.heap.push(Reverse((record, source)));
        }
        Ok(())
    }
}

impl Run {
    fn load(&mut self, file: &File) -> io::Result<()> {
        let count = self.left.min(AHEAD);
        let width = u64::try_from(BYTES).unwrap_or(u64::MAX);
        let mut bytes = vec![0; usize::try_from(count * width).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, self.next * width)?;
        self.ahead.extend(bytes.chunks_exact(BYTES).rev().map(|chunk| {
            let number = |at: usize| {
                let mut eight = [0; 8];
                eight.copy_from_slice(&chunk[at..at + 8]);
                eight
            };
            (i64::from_le_bytes(number(0)), u64::from_le_bytes(number(8)), u64::from_le_bytes(number(16)))
        }));
        self.next += count;
        self.left -= count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_records_comes_back_in_order_and_no_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        for count in [0, 1, 1000, RUN, RUN + 1, 2 * RUN + 77] {
            let mut sorter = Sorter::new(folder.path());
            let mut state = 1_u64;
            for place in 0..count {
                // Knuth's linear congruential generator, MMIX
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                sorter.push((state.cast_signed(), state >> 60, u64::try_from(place).unwrap())).unwrap();
            }
            let sorted = sorter.finish().unwrap();
            assert_eq!(sorted.is_empty(), count == 0);
            for _ in 0..2 {
                let mut merge = sorted.read().unwrap();
                let (mut before, mut found, mut sum) = (None, 0, 0);
                while let Some(peeked) = merge.peek() {
                    let record = merge.take().unwrap().unwrap();
                    assert_eq!(record, peeked);
                    assert!(before < Some(record));
                    before = Some(record);
                    found += 1;
                    sum += record.2;
                }
                assert_eq!(found, count);
                let last = u64::try_from(count).unwrap();
                assert_eq!(sum, last * last.saturating_sub(1) / 2, "each once");
                assert_eq!(merge.take().unwrap(), None);
            }
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
