//! Taking the rows in: one thread judges them, writes the result file and sends on what is new, the other writes that
//! into the records; then come the keys, in order, and last the change that makes all of it count.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::fault::ImportFailed;
use super::judge::{Judge, Judged, Tally};
use super::scan::of_place;
use super::sorter::Sorted;
use super::{Importing, digest_of, leftovers};
use crate::domain::batch::BatchState;
use crate::domain::digest::Digest;
use crate::durable;
use crate::station::batch::outcome::Outcome;
use crate::station::batch::result_file::{self, Fate, ResultFile};
use crate::station::batch::table::{Header, Row};
use crate::station::clock;
use crate::station::folder::{Folder, FolderError};
use crate::store::announced::canonical::RowsDigest;
use crate::store::announced::contradiction;
use crate::store::announced::known;
use crate::store::announced::writing::{self, CHUNK, NewRow};
use crate::store::batches::{self, Ended};
use crate::store::devices::standing::Claim;

/// Bytes of kept cells that are handed over at once, whatever the number of rows.
const BYTES_AT_ONCE: usize = 8 << 20;
/// How many devices that came to the line meanwhile are looked at.
const MOST_OVERTAKEN: u32 = 10_000;

/// Which lines were taken, and the number that the row of each got.
#[derive(Default)]
struct Places {
    lines: Vec<u64>,
    /// How many lines were taken before each word of `lines`.
    before: Vec<u64>,
}

impl Places {
    fn put(&mut self, line: u64) {
        let word = usize::try_from(line / 64).unwrap_or(usize::MAX);
        if self.lines.len() <= word {
            self.lines.resize(word + 1, 0);
        }
        self.lines[word] |= 1 << (line % 64);
    }

    fn count_up(&mut self) {
        let mut sum = 0;
        self.before = self
            .lines
            .iter()
            .map(|word| {
                let before = sum;
                sum += u64::from(word.count_ones());
                before
            })
            .collect();
    }

    /// How many lines were taken before this one, if it was taken.
    fn of(&self, line: u64) -> Option<u64> {
        let index = usize::try_from(line / 64).ok()?;
        let (word, before) = (self.lines.get(index)?, self.before.get(index)?);
        let bit = 1_u64 << (line % 64);
        (word & bit != 0).then(|| before + u64::from((word & (bit - 1)).count_ones()))
    }
}

/// Leaves room for other processes between two transactions: SQLite's waiting is a poll, so that a writer that does
/// not pause would keep a serving station out.
struct Pace {
    is_beside_another: bool,
}

impl Pace {
    fn of(folder: &Folder) -> Pace {
        Pace { is_beside_another: matches!(folder.lock(), Err(FolderError::Busy(_))) }
    }

    fn write<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let begun = Instant::now();
        let done = work();
        let pause = if self.is_beside_another { begun.elapsed() } else { Duration::ZERO };
        thread::sleep(pause.min(Duration::from_millis(500)));
        done
    }
}

/// What the judging thread leaves.
struct Told {
    tally: Tally,
    places: Places,
    digest: RowsDigest,
    result: Written,
}

/// Takes in what is new. The records were asked before, so in a file that is taken whole no row is refused any more
/// unless they changed meanwhile.
pub fn take(
    importing: &Importing<'_>,
    keys: &Sorted,
    candidates: &Sorted,
    newest_seen: u64,
) -> Result<Outcome, ImportFailed> {
    let Importing { store, ask, plan, batch, .. } = *importing;
    let pace = Pace::of(importing.folder);
    let first = store.read(writing::next_id)?;
    let (send, receive) = sync_channel(1);
    let told = thread::scope(|scope| {
        let judging = scope.spawn(move || tell(importing, candidates, &send));
        let written = write(importing, &pace, first, &receive);
        // whoever still judges ends when nobody takes its rows
        drop(receive);
        let told = judging.join().map_err(|_| ImportFailed::Broken)?;
        written?;
        told
    })?;
    let Told { tally, mut places, digest, result } = told;
    if tally.refused > 0 && !ask.partial {
        leftovers::remove(store, batch)?;
        drop(result);
        let (tally, result) = explain(importing, candidates)?;
        importing.refuse(&tally, &result.digest)?;
        let path = result.put_in_place()?;
        return Ok(importing.outcome(BatchState::Failed, tally, path));
    }
    if digest_of(ask.file)? != importing.input_digest {
        return Err(ImportFailed::Changed);
    }
    places.count_up();
    write_keys(importing, &pace, keys, &places, first)?;
    let names: Vec<&str> = plan.kept.iter().map(|(_, name)| name.as_str()).collect();
    let ended = Ended {
        state: BatchState::Done,
        good: tally.new + tally.unchanged,
        refused: tally.refused,
        code: None,
        input_digest: None,
        output_digest: Some(&result.digest),
    };
    let rows = digest.rows();
    let digest = digest.finish();
    store.change(importing.actor, clock::now(), |change| {
        writing::vouch(change, batch, &names, rows, &digest)?;
        batches::end(change, batch, &ended)?;
        // from here on the rows count for this change; a device that came between is held against them
        for device in known::seen_since(change, newest_seen, MOST_OVERTAKEN)? {
            let claim =
                Claim { serial: &device.serial, mac: device.mac.as_ref(), identity: &device.identity };
            if let Some(found) = contradiction::of_claim(change, &claim, None)? {
                return Err(ImportFailed::Overtaken(found));
            }
        }
        Ok(())
    })?;
    let path = result.put_in_place()?;
    Ok(importing.outcome(BatchState::Done, tally, path))
}

/// Writes the result file of a file of which nothing is taken.
pub fn explain(importing: &Importing<'_>, candidates: &Sorted) -> Result<(Tally, Written), ImportFailed> {
    let Importing { store, ask, plan, progress, .. } = *importing;
    let mut result = Writing::begin(&result_file::beside(ask.file), plan.header())?;
    let tally = Judge::new(store, ask, plan, candidates, progress)?.walk(|row, judged| {
        let fate = match &judged {
            Judged::New(_) => Fate::NotTaken,
            Judged::Unchanged(known) => Fate::Unchanged { registration_id: known.registration_id.as_deref() },
            Judged::Refused(fault) => Fate::Refused(fault),
        };
        result.row(row, &fate)
    })?;
    Ok((tally, result.finish()?))
}

fn tell(
    importing: &Importing<'_>,
    candidates: &Sorted,
    send: &SyncSender<Vec<NewRow>>,
) -> Result<Told, ImportFailed> {
    let Importing { store, ask, plan, progress, .. } = *importing;
    let mut result = Writing::begin(&result_file::beside(ask.file), plan.header())?;
    let mut places = Places::default();
    let mut digest = RowsDigest::default();
    let mut chunk: Vec<NewRow> = Vec::new();
    let mut bytes = 0;
    let tally = Judge::new(store, ask, plan, candidates, progress)?.walk(|row, judged| {
        let fate = match &judged {
            Judged::New(new) => Fate::Good { registration_id: new.registration_id.as_deref() },
            Judged::Unchanged(known) => Fate::Unchanged { registration_id: known.registration_id.as_deref() },
            Judged::Refused(fault) => Fate::Refused(fault),
        };
        result.row(row, &fate)?;
        if let Judged::New(new) = judged {
            places.put(new.line);
            digest.add(&new.as_row());
            bytes += new.extra.len() + new.csr.as_ref().map_or(0, Vec::len);
            chunk.push(new);
            if chunk.len() >= CHUNK || bytes >= BYTES_AT_ONCE {
                bytes = 0;
                let full = std::mem::take(&mut chunk);
                send.send(full).map_err(|_| ImportFailed::Broken)?;
            }
        }
        Ok(())
    })?;
    send.send(chunk).map_err(|_| ImportFailed::Broken)?;
    Ok(Told { tally, places, digest, result: result.finish()? })
}

fn write(
    importing: &Importing<'_>,
    pace: &Pace,
    mut next: u64,
    chunks: &Receiver<Vec<NewRow>>,
) -> Result<(), ImportFailed> {
    let Importing { store, batch, .. } = *importing;
    for chunk in chunks {
        if !chunk.is_empty() {
            pace.write(|| writing::write_rows(store, batch, next, &chunk))?;
        }
        next += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
    }
    Ok(())
}

fn write_keys(
    importing: &Importing<'_>,
    pace: &Pace,
    keys: &Sorted,
    places: &Places,
    first: u64,
) -> Result<(), ImportFailed> {
    let Importing { store, progress, .. } = *importing;
    let mut merge = keys.read()?;
    let mut chunk: Vec<(i64, u64)> = Vec::with_capacity(CHUNK);
    loop {
        let next = merge.take()?;
        let taken = next.and_then(|(start, _, place)| {
            let (line, _) = of_place(place)?;
            Some((start, first + places.of(line)?))
        });
        chunk.extend(taken);
        if chunk.len() == CHUNK || next.is_none() {
            if progress.is_cancelled() {
                return Err(ImportFailed::Cancelled);
            }
            pace.write(|| writing::write_keys(store, &chunk))?;
            chunk.clear();
        }
        if next.is_none() {
            return Ok(());
        }
    }
}

/// A file that is digested while it is written.
struct Digesting {
    output: BufWriter<File>,
    hasher: Sha256,
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.output.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// A result file under way, beside its place.
pub struct Writing {
    beside: Beside,
    file: ResultFile<Digesting>,
}

/// A result file that is whole and durable, beside its place.
pub struct Written {
    beside: Beside,
    digest: Digest,
}

/// A file beside its place; it goes unless it is put there.
struct Beside {
    path: PathBuf,
    place: PathBuf,
}

impl Drop for Beside {
    fn drop(&mut self) {
        // once it is in its place there is nothing here any more; a rest is replaced next time
        let _ = fs::remove_file(&self.path);
    }
}

impl Writing {
    /// Begins a result file, private from the first byte.
    pub fn begin(place: &Path, header: &Header) -> Result<Writing, ImportFailed> {
        let mut name = std::ffi::OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(".new");
        let path = place.with_file_name(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(durable::PRIVATE).open(&path)?;
        let beside = Beside { path, place: place.to_owned() };
        let output = Digesting { output: BufWriter::with_capacity(1 << 18, file), hasher: Sha256::new() };
        Ok(Writing { beside, file: ResultFile::begin(output, header).map_err(io::Error::from)? })
    }

    /// Writes a row with what became of it.
    pub fn row(&mut self, row: &Row, fate: &Fate<'_>) -> Result<(), ImportFailed> {
        Ok(self.file.row(row, fate).map_err(io::Error::from)?)
    }

    /// All rows are there.
    pub fn finish(self) -> Result<Written, ImportFailed> {
        let Digesting { output, hasher } = self.file.finish()?;
        output.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(Written { beside: self.beside, digest: Digest::from_bytes(hasher.finalize().into()) })
    }
}

impl Written {
    /// Its SHA-256.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Puts it in its place, where it replaces the result of an earlier import of the file; its path.
    pub fn put_in_place(self) -> Result<PathBuf, ImportFailed> {
        let Beside { path, place } = &self.beside;
        let folder = match place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let put = fs::rename(path, place).and_then(|()| File::open(folder)?.sync_all());
        put.map_err(|cause| ImportFailed::Result { path: place.clone(), cause })?;
        Ok(place.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_count_the_lines_that_were_taken() {
        let mut places = Places::default();
        let lines = [2, 3, 63, 64, 65, 128, 1000];
        for line in lines {
            places.put(line);
        }
        places.count_up();
        for (rank, line) in (0..).zip(lines) {
            assert_eq!(places.of(line), Some(rank), "{line}");
        }
        for line in [0, 1, 4, 66, 127, 999, 1001, 5000] {
            assert_eq!(places.of(line), None, "{line}");
        }
    }
}
