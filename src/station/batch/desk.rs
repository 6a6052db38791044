//! The batches begun on the pages: each is a job with a folder and a thread of its own, looked through before it is
//! done, watched and cancelled from the pages. Only one at a time changes the records, and one export beside it. Jobs
//! live in memory; what they did is on record, and what they wrote lies on the shelf.

pub mod ask;
pub mod job;
pub mod look;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::ask::Ask;
use self::job::{Ended, Fault, Job, Stage, UnderWay};
use crate::domain::batch::BatchKind;
use crate::domain::code::{Code, Coded};
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::authority::{Authority, Engineering};
use crate::station::batch::outcome::Outcome;
use crate::station::batch::shelf;
use crate::station::batch::upload::{Incoming, UploadRefused, Uploaded};
use crate::station::clock::{self, NoEntropy};
use crate::station::folder::Folder;
use crate::station::slots::Floor;
use crate::store::batches::{self, Batch};

/// At most so many jobs that have not ended, and so many files on their way.
const MOST: usize = 4;
/// How long the end of the station waits for jobs that were cancelled.
const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// The newest batches among which that of a job is looked for.
const NEWEST: u32 = 50;

/// Why a job does not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum DeskRefused {
    /// Another one changes the records, or another export runs.
    #[error("another batch is under way, begun by {by}")]
    UnderWay {
        /// Who began it.
        by: String,
    },
    /// Too many files wait for a decision.
    #[error("{MOST} files wait already for somebody to say what is to be done with them")]
    TooMany,
    /// There is no such job any more, or it is at another stage.
    #[error("this batch is not at that point any more")]
    NotThere,
    /// No thread, no randomness, no folder.
    #[error("the batch cannot begin: {0}")]
    Io(#[from] io::Error),
    /// No name for it.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The file is not taken.
    #[error(transparent)]
    Upload(#[from] UploadRefused),
}

impl Coded for DeskRefused {
    fn code(&self) -> Code {
        match self {
            DeskRefused::UnderWay { .. } => Code::BatchUnderWay,
            DeskRefused::TooMany => Code::BatchesWait,
            DeskRefused::NotThere => Code::RecordsConflict,
            DeskRefused::Io(_) | DeskRefused::NoEntropy(_) => Code::Internal,
            DeskRefused::Upload(error) => error.code(),
        }
    }
}

/// The jobs there are.
#[derive(Default)]
pub struct BatchDesk {
    jobs: Mutex<Vec<Arc<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    arriving: AtomicUsize,
}

/// Leave to send one file; given back when it is dropped.
pub struct Turn(Arc<BatchDesk>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.arriving.fetch_sub(1, Ordering::Relaxed);
    }
}

impl BatchDesk {
    /// Leave for one more file.
    pub fn turn(self: &Arc<Self>) -> Result<Turn, DeskRefused> {
        let arriving = self.arriving.fetch_add(1, Ordering::Relaxed);
        // given back by being dropped, whatever is said now
        let turn = Turn(Arc::clone(self));
        let open = self.jobs().iter().filter(|job| !job.is_ended()).count();
        if arriving + open >= MOST { Err(DeskRefused::TooMany) } else { Ok(turn) }
    }

    /// Begins to take a file up, in a folder of its own.
    pub fn incoming(folder: &Folder, given: &str) -> Result<Incoming, DeskRefused> {
        Ok(Incoming::begin(new_folder(folder)?, given)?)
    }

    /// A file came in: it is looked through first. The name of its job.
    pub fn look_through(
        self: &Arc<Self>,
        floor: &Floor,
        right: &Arc<Engineering>,
        ask: Ask,
        input: Uploaded,
    ) -> Result<String, DeskRefused> {
        let by = right.actor().to_string();
        let under_way = UnderWay::begin();
        let (id, folder) = (id_of(&input.folder), input.folder.clone());
        let stage = Stage::Looking(under_way.clone());
        let job = Arc::new(Job::new(id.clone(), ask, by, folder, Some(input), stage));
        self.jobs().push(Arc::clone(&job));
        let (this, floor, begun) = (Arc::clone(self), floor.clone(), Arc::clone(&job));
        let look = move || {
            let thread = Thread::of(&begun);
            let looked = begun.ask.look(&floor, &begun, &under_way.progress);
            if under_way.progress.is_cancelled() {
                this.remove(&begun.id);
            }
            thread.comes_to(match looked {
                Ok(look) => Stage::Looked(look),
                Err(fault) => Stage::Refused(fault),
            });
        };
        self.spawn(look).inspect_err(|_| self.remove(&job.id))?;
        Ok(id)
    }

    /// What was looked through is done: all of it, or with `partial` its good rows.
    pub fn go_on(
        self: &Arc<Self>,
        floor: &Floor,
        right: &Arc<Engineering>,
        id: &str,
        partial: bool,
    ) -> Result<(), DeskRefused> {
        let under_way = UnderWay::begin();
        let (job, looked) = {
            // nobody else begins one meanwhile
            let jobs = self.jobs();
            let job = jobs.iter().find(|job| job.id == id).ok_or(DeskRefused::NotThere)?;
            let Stage::Looked(look) = job.stage() else { return Err(DeskRefused::NotThere) };
            has_no_rival(&jobs, job.ask.kind())?;
            job.enter(Stage::Running(under_way.clone()));
            (Arc::clone(job), look)
        };
        let started = self.run(floor, right, &job, under_way, partial);
        started.inspect_err(|_| job.enter(Stage::Looked(looked)))
    }

    /// Begins what needs no file. The name of its job.
    pub fn begin(
        self: &Arc<Self>,
        floor: &Floor,
        right: &Arc<Engineering>,
        ask: Ask,
    ) -> Result<String, DeskRefused> {
        let folder = new_folder(&floor.folder)?;
        durable::private_folder(&folder)?;
        self.start(floor, right, ask, folder, None)
    }

    /// Takes a batch up that was cut off, where its files lie. The name of its job.
    pub fn take_up(
        self: &Arc<Self>,
        floor: &Floor,
        right: &Arc<Engineering>,
        batch: &Batch,
    ) -> Result<String, DeskRefused> {
        let ask = Ask::of_record(batch).ok_or(DeskRefused::NotThere)?;
        let folder = shelf::place(&floor.folder, batch.id);
        let path = folder.join(&batch.input);
        let (Ok(meta), Some(digest)) = (fs::metadata(&path), batch.input_digest) else {
            return Err(DeskRefused::NotThere);
        };
        let name = batch.input.clone();
        let input = Uploaded { folder: folder.clone(), path, name, length: meta.len(), digest };
        self.start(floor, right, ask, folder, Some(input))
    }

    fn start(
        self: &Arc<Self>,
        floor: &Floor,
        right: &Arc<Engineering>,
        ask: Ask,
        folder: PathBuf,
        input: Option<Uploaded>,
    ) -> Result<String, DeskRefused> {
        let under_way = UnderWay::begin();
        let id = hex::encode(clock::random::<8>()?);
        let (by, kind) = (right.actor().to_string(), ask.kind());
        let stage = Stage::Running(under_way.clone());
        let job = Arc::new(Job::new(id.clone(), ask, by, folder, input, stage));
        {
            let mut jobs = self.jobs();
            if let Err(refused) = has_no_rival(&jobs, kind) {
                discard(&job);
                return Err(refused);
            }
            jobs.push(Arc::clone(&job));
        }
        self.run(floor, right, &job, under_way, false).inspect_err(|_| self.remove(&id))?;
        Ok(id)
    }

    fn run(
        self: &Arc<Self>,
        floor: &Floor,
        right: &Arc<Engineering>,
        job: &Arc<Job>,
        under_way: UnderWay,
        partial: bool,
    ) -> Result<(), DeskRefused> {
        let (this, floor, right, job) = (Arc::clone(self), floor.clone(), Arc::clone(right), Arc::clone(job));
        self.spawn(move || {
            let thread = Thread::of(&job);
            let since = clock::now();
            let outcome = job.ask.run(&floor, &right, &job, partial, &under_way.progress);
            let by = right.actor().to_string();
            thread.comes_to(Stage::Ended(put_away(&floor, &job, &by, since, outcome)));
            this.forget_older(&job);
        })
    }

    /// Ends what is under way after the rows in hand, or gives up what waits.
    pub fn cancel(&self, id: &str) -> Result<(), DeskRefused> {
        let job = self.find(id).ok_or(DeskRefused::NotThere)?;
        match job.stage() {
            Stage::Looking(under_way) | Stage::Running(under_way) => under_way.progress.cancel(),
            Stage::Looked(_) | Stage::Refused(_) => self.remove_idle(id),
            Stage::Ended(_) => return Err(DeskRefused::NotThere),
        }
        Ok(())
    }

    /// The job of this name.
    pub fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.jobs().iter().find(|job| job.id == id).cloned()
    }

    /// All jobs, oldest first.
    pub fn all(&self) -> Vec<Arc<Job>> {
        self.jobs().clone()
    }

    /// Cancels everything and waits for its end, but not for ever: what is left over then is unfinished on record.
    pub fn close(&self) {
        for job in self.all() {
            if let Some(under_way) = job.under_way() {
                under_way.progress.cancel();
            }
        }
        let deadline = Instant::now() + ENDS_WITHIN;
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        while threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn spawn(&self, work: impl FnOnce() + Send + 'static) -> Result<(), DeskRefused> {
        let thread = thread::Builder::new().name("batch".to_owned()).spawn(work)?;
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }

    /// Takes a job off the desk, with what it has in its folder.
    fn remove(&self, id: &str) {
        let mut jobs = self.jobs();
        if let Some(at) = jobs.iter().position(|job| job.id == id) {
            let job = jobs.remove(at);
            discard(&job);
        }
    }

    /// The same, unless somebody had it done meanwhile.
    fn remove_idle(&self, id: &str) {
        let mut jobs = self.jobs();
        let idle = |job: &Arc<Job>| matches!(job.stage(), Stage::Looked(_) | Stage::Refused(_));
        if let Some(at) = jobs.iter().position(|job| job.id == id && idle(job)) {
            let job = jobs.remove(at);
            discard(&job);
        }
    }

    /// A job that has ended takes the place of the older ones of its kind.
    fn forget_older(&self, newest: &Arc<Job>) {
        let kind = newest.ask.kind();
        self.jobs().retain(|job| Arc::ptr_eq(job, newest) || job.ask.kind() != kind || !job.is_ended());
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<Arc<Job>>> {
        // jobs are put in and taken out whole
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a second batch that changes the records, and a second export.
fn has_no_rival(jobs: &[Arc<Job>], kind: BatchKind) -> Result<(), DeskRefused> {
    let exports = |kind| kind == BatchKind::Export;
    let is_rival = |job: &&Arc<Job>| job.is_running() && exports(job.ask.kind()) == exports(kind);
    match jobs.iter().find(is_rival) {
        Some(rival) => Err(DeskRefused::UnderWay { by: rival.by.clone() }),
        None => Ok(()),
    }
}

/// The thread of a job: one that dies without saying what it came to leaves no job that goes on for ever.
struct Thread<'a> {
    job: &'a Job,
    said: bool,
}

impl<'a> Thread<'a> {
    fn of(job: &'a Job) -> Thread<'a> {
        Thread { job, said: false }
    }

    fn comes_to(mut self, stage: Stage) {
        self.said = true;
        self.job.enter(stage);
    }
}

impl Drop for Thread<'_> {
    fn drop(&mut self) {
        if !self.said {
            let fault = Fault { code: Code::Internal, sentence: "The batch broke off.".to_owned() };
            self.job.enter(Stage::Ended(Ended { batch: None, outcome: Err(fault) }));
        }
    }
}

/// Finds the number of a job that has ended and puts its files on the shelf under it. `by` is who had it done, who may be
/// another than who handed the file in.
fn put_away(floor: &Floor, job: &Job, by: &str, since: UtcTime, outcome: Result<Outcome, Fault>) -> Ended {
    let told = outcome.as_ref().ok().and_then(|outcome| outcome.batch);
    let batch = told.or_else(|| on_record(floor, job, by, since));
    match batch {
        Some(batch) if job.folder == shelf::place(&floor.folder, batch) => {}
        Some(batch) => {
            if let Err(error) = shelf::put(&floor.folder, batch, &job.folder) {
                tracing::error!("the files of batch {batch} stay in {}: {error}", job.folder.display());
            }
        }
        // the files of certificates are taken away only if it is certain that none was issued: see `shelf::sweep`
        None if job.ask.kind() == BatchKind::Issue => {
            tracing::warn!("what a batch may have written stays in {}", job.folder.display());
        }
        None => discard(job),
    }
    Ended { batch, outcome }
}

/// The batch that a job wrote down before it failed, or took up: one that issues is known by its input, whoever began it.
fn on_record(floor: &Floor, job: &Job, by: &str, since: UtcTime) -> Option<u64> {
    let newest = floor.store.read(|r| batches::list(r, NEWEST, None)).unwrap_or_default();
    let digest = job.input.as_ref().map(|input| input.digest);
    let is_ours = |batch: &&Batch| {
        let known_by_input =
            batch.kind == BatchKind::Issue && digest.is_some() && batch.input_digest == digest;
        let begun_here = batch.person == by && batch.started >= since;
        batch.kind == job.ask.kind() && (known_by_input || begun_here)
    };
    newest.iter().find(is_ours).map(|batch| batch.id)
}

/// Takes away the folder of a job that nobody needs any more; one on the shelf stays.
fn discard(job: &Job) {
    if !job.folder.parent().is_some_and(|above| above.ends_with(shelf::UPLOADS)) {
        return;
    }
    match fs::remove_dir_all(&job.folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!("{} cannot be taken away: {error}", job.folder.display());
        }
        _ => {}
    }
}

/// A folder that is not there yet, under a random name.
fn new_folder(folder: &Folder) -> Result<PathBuf, DeskRefused> {
    Ok(shelf::uploads(folder).join(hex::encode(clock::random::<8>()?)))
}

fn id_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
