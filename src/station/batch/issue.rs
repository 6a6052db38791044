//! Issuing many identities at once: chunk by chunk, each intended before it is signed and on record once it is in the
//! output, so that a batch that was cut off at any instant goes on where its records and files agree.

pub mod ask;
pub mod bundle;
pub mod failed;
pub mod key_file;
mod own_output;
mod places;
pub mod plan;
pub mod recipients;
mod rehearsal;
pub mod row_out;
mod sealing;
pub mod serials;
mod sharing;
pub mod start;
mod surveyed;
mod writer;

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;

use self::ask::IssueAsk;
use self::failed::IssueFailed;
use self::plan::Planner;
use self::rehearsal::Rehearsal;
use self::start::Started;
use self::writer::Writer;
use super::outcome::Outcome;
use super::progress::Progress;
use crate::domain::batch::BatchState;
use crate::domain::code::Coded;
use crate::station::authority::{Authority, Engineering};
use crate::station::clock;
use crate::station::folder::Folder;
use crate::station::keys::Unlocked;
use crate::station::settings::Settings;
use crate::store::Store;
use crate::store::batches::{self, Ended};

/// Certificates of one chunk, if the signer does not ask for fewer.
const CHUNK: usize = 4096;
/// Chunks that are signed and wait to be written.
const WAITING: usize = 1;

/// The station's things.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// The folder.
    pub folder: &'a Folder,
    /// The settings.
    pub settings: &'a Settings,
    /// The records.
    pub store: &'a Store,
    /// The keys.
    pub keys: &'a Unlocked,
}

/// What is to be done.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// What is asked for.
    pub ask: &'a IssueAsk,
    /// Who is responsible, for the runs.
    pub person: &'a str,
    /// The table that is read.
    pub input: &'a Path,
    /// The table that is written.
    pub output: &'a Path,
    /// Whether a cancellation leaves the batch as it is, to be taken up by the same call; else it ends it.
    pub interruptible: bool,
}

/// What a batch came to, and whether it took up one that had been cut off.
#[derive(Debug)]
pub struct Issued {
    /// Counts, faults and files.
    pub outcome: Outcome,
    /// Whether an earlier attempt was resumed.
    pub resumed: bool,
    /// Numbers that went on the CRL because nobody knows whether they were signed.
    pub void: u64,
}

/// Issues a certificate for each row of the input, or two, and writes them to the output. The same call after a crash or an
/// interruption goes on with the batch.
///
/// # Errors
/// [`IssueFailed`]; what is on record then is in the output, and the same call goes on after it, unless the batch ended.
pub fn run(
    bench: &Bench<'_>,
    right: &Engineering,
    job: &Job<'_>,
    progress: &Progress,
) -> Result<Issued, IssueFailed> {
    let started = start::start(bench, right, job)?;
    let (batch, resumed, void) = (started.batch, started.resumed, started.void);
    match chunks(bench, right, job, started, progress) {
        Ok(mut outcome) => {
            outcome.batch = Some(batch);
            Ok(Issued { outcome, resumed, void })
        }
        Err(failure) => {
            if failure.ends_the_batch() {
                give_up(bench, right, batch, &failure);
            }
            Err(failure)
        }
    }
}

/// Chunk by chunk: this thread plans and signs, another one writes.
fn chunks(
    bench: &Bench<'_>,
    right: &Engineering,
    job: &Job<'_>,
    started: Started,
    progress: &Progress,
) -> Result<Outcome, IssueFailed> {
    let Job { ask, person, .. } = *job;
    let Started { batch, work_order, opened, mut table, standing, sinks, size, .. } = started;
    progress.expect(size);
    progress.reached(standing.ends.input, standing.good(ask.copies()), standing.refused);
    let made_before = standing.certificates > 0;
    let rehearsal =
        sinks.contents().map(|contents| Rehearsal::new(ask, contents, made_before)).transpose()?;
    let mut planner = Planner::new(ask, &bench.keys.blocklist, table.header().clone(), rehearsal);
    let mut number = standing.chunk;
    let mut signed_before = standing.certificates;
    let at_once = bench.keys.issuer.at_once().map_or(CHUNK, |most| most.min(CHUNK));
    let chunk_size = (at_once / usize::from(ask.copies())).max(1);
    let common = sealing::Common { bench, right, person, ask, batch, work_order: &work_order };
    let (outcome, state) = thread::scope(|scope| {
        let (give, take) = sync_channel(WAITING);
        let mut writer = Writer::new(common, sinks, table.header(), standing);
        let writing = scope.spawn(move || {
            while let Ok(chunk) = take.recv() {
                writer.write(chunk, progress)?;
            }
            Ok::<_, IssueFailed>(writer)
        });
        let signed = (|| {
            loop {
                if progress.is_cancelled() && job.interruptible {
                    return Err(IssueFailed::Interrupted);
                }
                if progress.is_cancelled() {
                    return Ok(BatchState::Cancelled);
                }
                let planned = planner.next(bench.store, &mut table, chunk_size)?;
                if planned.rows == 0 {
                    return Ok(BatchState::Done);
                }
                bench.keys.issuer.ready()?;
                number += 1;
                let chunk = sealing::seal(&common, number, signed_before, planned)?;
                signed_before += chunk.certificates();
                if give.send(chunk).is_err() {
                    // the writer has failed, and says why
                    return Ok(BatchState::Running);
                }
            }
        })();
        drop(give);
        let writer = writing.join().map_err(|_| IssueFailed::Panicked)??;
        let state = signed?;
        Ok::<_, IssueFailed>((writer.finish()?, state))
    })?;
    let at = clock::now();
    bench.store.change(right.actor(), at, |change| {
        let ended = Ended {
            state,
            good: outcome.good,
            refused: outcome.refused,
            code: None,
            input_digest: None,
            output_digest: Some(&outcome.digest),
        };
        batches::end(change, batch, &ended)?;
        match opened {
            true => start::close_own(change, &work_order),
            false => Ok(()),
        }
    })?;
    Ok(Outcome {
        batch: Some(batch),
        state,
        good: outcome.good,
        unchanged: 0,
        refused: outcome.refused,
        faults: outcome.faults,
        files: outcome.files,
    })
}

/// Ends a batch that cannot go on. What was issued stays issued.
fn give_up(bench: &Bench<'_>, right: &Engineering, batch: u64, failure: &IssueFailed) {
    let ended = start::abandon(bench, right, batch, BatchState::Failed, Some(failure.code()));
    if let Err(error) = ended {
        tracing::error!(code = %error.code(), batch, "the batch could not be ended: {error}");
    }
}
