//! A serving station: opened once, checked against its newest checkpoint, with its threads for slots, outbox
//! and housekeeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::person::Actor;
use crate::station::batch::import::leftovers;
use crate::station::batch::shelf;
use crate::station::board::{Board, Fault, Worry};
use crate::station::checkpoints::CheckpointFailed;
use crate::station::clients::TokenDoor;
use crate::station::counts::Counts;
use crate::station::desk::Desk;
use crate::station::folder::{Folder, FolderError, Lock};
use crate::station::keys::Keys;
use crate::station::people::LoginDoor;
use crate::station::provision::live::LiveRuns;
use crate::station::settings::{BadSettings, Settings};
use crate::station::shift::Shift;
use crate::station::slots::{self, Floor};
use crate::station::{checkpoints, clock, labels, outbox, token_watch, webhooks, worries};
use crate::store::Store;
use crate::store::batches;
use crate::store::catalogue;
use crate::store::error::StoreError;
use crate::store::runs;

/// Files that were left behind belong to one of so many batches, if to any.
const NEWEST_BATCHES: u32 = 200;

/// How often the housekeeping looks for something to do.
const HOUSEKEEPING: Duration = Duration::from_millis(500);

/// How often a copy of a checkpoint that failed is tried again.
const COPYING: Duration = Duration::from_secs(10);

/// How often the station looks after its disk, its clock and its CA.
const WORRYING: Duration = Duration::from_secs(10);
/// How many older records are catalogued at once: some milliseconds of the writer's time.
const CATALOGUED_AT_ONCE: u32 = 1000;

/// Why a station does not serve.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is the room whose error it carries")]
pub enum CannotServe {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Settings(#[from] BadSettings),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log is behind its newest checkpoint, or another one.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointFailed),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl Coded for CannotServe {
    fn code(&self) -> Code {
        match self {
            CannotServe::Folder(error) => error.code(),
            CannotServe::Settings(error) => error.code(),
            CannotServe::Store(error) => error.code(),
            CannotServe::Checkpoint(error) => error.code(),
            CannotServe::Thread(_) => Code::Internal,
        }
    }
}

/// A station whose threads run.
pub struct Serving {
    /// What its parts share.
    pub floor: Floor,
    /// Who is let in; counts failed log-ins.
    pub door: Arc<LoginDoor>,
    threads: Vec<JoinHandle<()>>,
    _lock: Lock,
}

impl Serving {
    /// Opens the station, locked, and starts its threads. Refuses a log that is behind its newest checkpoint.
    pub fn start(folder: &Folder) -> Result<Serving, CannotServe> {
        folder.must_exist()?;
        let lock = folder.lock()?;
        let settings = Settings::parse(&folder.read(&folder.settings())?, folder.path())?;
        let store = Store::open(&folder.database())?;
        let unread = checkpoints::check_newest(folder, &settings, &store)?;
        let unfinished = store.read(runs::count_unfinished)?;
        // those that can be taken up first, then the newest
        let mut known = store.read(batches::running)?;
        known.extend(store.read(|r| batches::list(r, NEWEST_BATCHES, None))?);
        webhooks::enter(&store, &settings, clock::now())?;
        store.change(&Actor::Station, clock::now(), |change| {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            change.record(AuditEvent::StationStarted { version, unfinished });
            Ok::<_, StoreError>(())
        })?;
        let floor = Floor {
            folder: folder.clone(),
            board: Arc::new(Board::new(settings.slots.iter().map(|slot| slot.name.clone()))),
            desk: Arc::new(Desk::new(settings.slots.iter().map(|slot| slot.name.clone()))),
            batches: Arc::default(),
            figures: Arc::default(),
            shift: Arc::new(Shift::new(settings.pages.idle)),
            settings: Arc::new(settings),
            store: Arc::new(store),
            keys: Arc::new(Keys::default()),
            live: Arc::new(LiveRuns::default()),
            tokens: Arc::new(TokenDoor::default()),
            send_now: Arc::new(AtomicBool::new(false)),
            counts: Arc::new(Counts::default()),
            stop: Arc::new(AtomicBool::new(false)),
        };
        if let Some(unread) = unread {
            worry(&floor.board, Some(&unread));
        }
        if let Err(error) = shelf::sweep(folder, &known) {
            tracing::warn!("files that were handed in before cannot be taken away: {error}");
        }
        let door = Arc::new(LoginDoor::default());
        let mut threads = slots::start(&floor)?;
        threads.push(outbox::start(&floor)?);
        threads.extend(labels::printing::start(&floor)?);
        threads.extend(webhooks::start(&floor)?);
        threads.extend(token_watch::start(&floor)?);
        threads.push(housekeeping(&floor, &door)?);
        Ok(Serving { floor, door, threads, _lock: lock })
    }

    /// Ends the threads: each finishes the step it is in.
    pub fn stop(self) {
        self.floor.stop.store(true, Ordering::Relaxed);
        self.floor.batches.close();
        for thread in self.threads {
            // a thread that panicked has said so already; the others are still to be waited for
            let _ = thread.join();
        }
        let (store, now) = (&self.floor.store, clock::now());
        let settled = self.door.settle_at_end(store, now);
        if let Err(error) = settled.and_then(|()| self.floor.tokens.settle_at_end(store, now)) {
            tracing::error!(code = %error.code(), "failed log-ins could not be recorded: {error}");
        }
    }
}

/// Shows that copies of checkpoints are unread or not made, or that all is well; the log tells it once.
fn worry<E: Coded>(board: &Board, error: Option<&E>) {
    if board.warn(Worry::CheckpointCopies, error.map(Fault::of))
        && let Some(error) = error
    {
        tracing::warn!(code = %error.code(), "{error}");
    }
}

fn housekeeping(floor: &Floor, door: &Arc<LoginDoor>) -> std::io::Result<JoinHandle<()>> {
    let (floor, door) = (floor.clone(), Arc::clone(door));
    thread::Builder::new().name("housekeeping".to_owned()).spawn(move || {
        let mut copied = None;
        let mut looked = None;
        if let Err(error) = leftovers::clear_if_idle(&floor.folder, &floor.store) {
            tracing::error!(code = %error.code(), "an import that broke off could not be cleared away: {error}");
        }
        while !floor.stop.load(Ordering::Relaxed) {
            let now = clock::now();
            let (folder, settings, store) = (&floor.folder, &floor.settings, &floor.store);
            if let Some(keys) = floor.keys.current() {
                let signed = checkpoints::if_due(folder, settings, store, &keys, now);
                if let Err(error) = &signed {
                    tracing::error!(code = %error.code(), "no checkpoint: {error}");
                }
                let again = copied.is_none_or(|at: Instant| at.elapsed() >= COPYING);
                if again || signed.is_ok_and(|signed| signed.is_some()) {
                    let failed = checkpoints::copy(folder, settings, store).err();
                    worry(&floor.board, failed.as_ref());
                    copied = Some(Instant::now());
                }
            }
            if looked.is_none_or(|at: Instant| at.elapsed() >= WORRYING) {
                floor.board.concerns(worries::look(&floor));
                looked = Some(Instant::now());
            }
            if let Err(error) = catalogue::catalogue_some(&floor.store, CATALOGUED_AT_ONCE) {
                tracing::error!(code = %error.code(), "older records could not be catalogued: {error}");
            }
            let settled = door.settle(&floor.store, now);
            if let Err(error) = settled.and_then(|()| floor.tokens.settle(&floor.store, now)) {
                tracing::error!(code = %error.code(), "failed log-ins could not be recorded: {error}");
            }
            thread::sleep(HOUSEKEEPING);
        }
    })
}
