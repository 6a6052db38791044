//! Blocks of a table through several threads and into the output in their order. Each thread reads the next block,
//! works on it and waits for its turn to write, so that no more blocks are held than there are threads.

use std::io::{Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;
use crate::station::batch::derive::blocks::{Blocks, Place};
use crate::station::batch::derive::rows::{BadBlock, Layout, Made, Worker};
use crate::station::batch::outcome::{NAMED_FAULTS, RowFault};
use crate::station::batch::output_file::{BadOutput, OutputFile};
use crate::station::batch::progress::Progress;
use crate::station::batch::result_file::ResultFile;
use crate::station::batch::table::Header;
use crate::vault::derive::Deriver;

/// Why it ended early.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// A fault of the input.
    #[error(transparent)]
    Block(#[from] BadBlock),
    /// The output cannot be written.
    #[error(transparent)]
    Output(#[from] BadOutput),
}

/// Where blocks go, in their order.
pub struct Sink {
    output: OutputFile,
    digest: Sha256,
    /// Where the result file belongs, and the file once a row was refused.
    result_place: std::path::PathBuf,
    result: Option<OutputFile>,
    header: Header,
    /// The number of the block that is written next.
    next: u64,
    stopped: Option<Stopped>,
    cancelled: bool,
    /// What came of the rows so far.
    pub good: u64,
    /// Rows that were refused so far.
    pub refused: u64,
    /// The first faults.
    pub faults: Vec<RowFault>,
}

/// What was written.
pub struct Written {
    /// The output.
    pub output: OutputFile,
    /// Its digest.
    pub digest: Digest,
    /// The result file, if a row was refused.
    pub result: Option<OutputFile>,
}

impl Sink {
    /// Begins with the output's first line.
    pub fn begin(
        mut output: OutputFile,
        first_line: &[u8],
        result_place: std::path::PathBuf,
        header: Header,
    ) -> Result<Sink, BadOutput> {
        output.write_all(first_line).map_err(|cause| output.failed(cause))?;
        let digest = Sha256::new_with_prefix(first_line);
        let (result, stopped, faults) = (None, None, Vec::new());
        let (next, good, refused, cancelled) = (0, 0, 0, false);
        Ok(Sink {
            output,
            digest,
            result_place,
            result,
            header,
            next,
            stopped,
            cancelled,
            good,
            refused,
            faults,
        })
    }

    fn take(&mut self, made: &Made) -> Result<(), BadOutput> {
        self.output.write_all(&made.rows).map_err(|cause| self.output.failed(cause))?;
        self.digest.update(&*made.rows);
        if !made.refused_rows.is_empty() {
            let result = match &mut self.result {
                Some(result) => result,
                none => {
                    let begun = OutputFile::replacing(&self.result_place)?;
                    let file = none.insert(begun);
                    let header =
                        ResultFile::begin(Vec::new(), &self.header).and_then(|head| Ok(head.finish()?));
                    let header = header.map_err(|error| file.failed(error.into()))?;
                    file.write_all(&header).map_err(|cause| file.failed(cause))?;
                    file
                }
            };
            result.write_all(&made.refused_rows).map_err(|cause| result.failed(cause))?;
        }
        self.good += made.good;
        self.refused += made.refused;
        let room = NAMED_FAULTS.saturating_sub(self.faults.len());
        self.faults.extend(made.faults.iter().take(room).cloned());
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.cancelled || self.stopped.is_some()
    }

    /// What was written, if it was all: none if it was cancelled.
    pub fn finish(self) -> Result<Option<Written>, Stopped> {
        match self.stopped {
            Some(stopped) => Err(stopped),
            None if self.cancelled => Ok(None),
            None => {
                let digest = Digest::from_bytes(self.digest.finalize().into());
                Ok(Some(Written { output: self.output, digest, result: self.result }))
            }
        }
    }
}

/// What the threads share.
struct Shared<'a, R> {
    blocks: Mutex<&'a mut Blocks<R>>,
    sink: Mutex<&'a mut Sink>,
    turn: Condvar,
    layout: &'a Layout,
    deriver: &'a Deriver,
    progress: &'a Progress,
}

/// Works through all blocks on this many threads; the sink knows how it ended.
pub fn run<R: Read + Send>(
    blocks: &mut Blocks<R>,
    sink: &mut Sink,
    layout: &Layout,
    deriver: &Deriver,
    progress: &Progress,
    threads: usize,
) {
    let (blocks, sink, turn) = (Mutex::new(blocks), Mutex::new(sink), Condvar::new());
    let shared = Shared { blocks, sink, turn, layout, deriver, progress };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| shared.work());
        }
        shared.work();
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Read> Shared<'_, R> {
    fn work(&self) {
        let mut worker = Worker::new(self.layout, self.deriver);
        let (mut block, mut made) = (Vec::new(), Made::default());
        loop {
            let (place, read) = self.read(&mut block);
            let worked = match read {
                Ok(false) => return,
                Ok(true) => worker.work(&block, place, &mut made),
                Err(bad) => Err(bad),
            };
            if !self.write(place, worked, &made) {
                return;
            }
        }
    }

    /// Reads the next block; where it stands, and whether there was one.
    fn read(&self, block: &mut Vec<u8>) -> (Place, Result<bool, BadBlock>) {
        let mut blocks = lock(&self.blocks);
        let place = blocks.place();
        match blocks.next(block) {
            Ok(Some(place)) => (place, Ok(true)),
            Ok(None) => (place, Ok(false)),
            Err(bad) => (place, Err(bad.into())),
        }
    }

    /// Writes a block when its turn has come; false if nothing more is to be done.
    fn write(&self, place: Place, worked: Result<(), BadBlock>, made: &Made) -> bool {
        let waiting = |sink: &mut &mut Sink| sink.next != place.number && !sink.is_over();
        let mut sink =
            self.turn.wait_while(lock(&self.sink), waiting).unwrap_or_else(PoisonError::into_inner);
        if sink.is_over() {
            return false;
        }
        sink.cancelled = self.progress.is_cancelled();
        let taken = worked.map_err(Stopped::from).and_then(|()| Ok(sink.take(made)?));
        sink.next += 1;
        sink.stopped = taken.err();
        self.progress.reached(place.end, sink.good, sink.refused);
        self.turn.notify_all();
        !sink.is_over()
    }
}
