//! The verification of the whole log from the pages: in a thread of its own on a connection of its own, one at a
//! time, with progress, and it can be stopped. What it found goes on record.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Authority, Reading};
use crate::station::slots::Floor;
use crate::station::{checkpoints, clock};
use crate::store;
use crate::store::Stopper;
use crate::store::audit::verify::{self, Options, Report};
use crate::store::error::StoreError;

/// How long somebody who stops a verification waits for its end.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// Why no verification began.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// One runs already.
    #[error("a verification of the log runs already")]
    Runs,
    /// No thread.
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl Coded for NotBegun {
    fn code(&self) -> Code {
        match self {
            NotBegun::Runs => Code::VerificationRuns,
            NotBegun::Thread(_) => Code::Internal,
        }
    }
}

/// What somebody brings that was kept elsewhere; nothing stands for what the station has itself.
#[derive(Debug, Clone, Default)]
pub struct Brought {
    /// A verifier key.
    pub vkey: Option<String>,
    /// A checkpoint.
    pub checkpoint: Option<String>,
}

/// Where the verification stands.
#[derive(Debug, Clone)]
pub enum Standing {
    /// None was begun since the station started.
    Never,
    /// One runs.
    Running {
        /// Entries verified.
        done: u64,
        /// Entries there are; rows are compared after the last.
        total: u64,
        /// Who began it.
        by: String,
    },
    /// The last one has ended.
    Ended(Ended),
}

/// A verification that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Who began it.
    pub by: String,
    /// When it began.
    pub since: UtcTime,
    /// When it ended.
    pub at: UtcTime,
    /// What it came to.
    pub outcome: Outcome,
}

/// What a verification came to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It went to its end.
    Found(Box<Report>),
    /// Somebody stopped it.
    Stopped,
    /// The records could not be read: one sentence and its code.
    Failed(String, Code),
}

/// The verification of one station.
pub struct Verification {
    standing: Mutex<Standing>,
    stopper: Mutex<Option<Stopper>>,
    stop: AtomicBool,
}

impl Default for Verification {
    fn default() -> Verification {
        let stopper = Mutex::new(None);
        Verification { standing: Mutex::new(Standing::Never), stopper, stop: AtomicBool::new(false) }
    }
}

impl Verification {
    /// Where it stands now.
    pub fn standing(&self) -> Standing {
        self.lock().clone()
    }

    /// Begins one, unless one runs. With nothing brought, signatures are checked with the station's own verifier
    /// key, and the log is held against the newest checkpoint among the copies.
    pub fn begin(self: &Arc<Self>, floor: &Floor, who: &Reading, brought: Brought) -> Result<(), NotBegun> {
        let actor = who.actor().clone();
        let by = actor.to_string();
        {
            let mut standing = self.lock();
            if matches!(*standing, Standing::Running { .. }) {
                return Err(NotBegun::Runs);
            }
            self.stop.store(false, Ordering::Relaxed);
            *standing = Standing::Running { done: 0, total: 0, by: by.clone() };
        }
        let (this, floor) = (Arc::clone(self), floor.clone());
        let started = thread::Builder::new().name("verification".to_owned()).spawn(move || {
            let since = clock::now();
            let outcome = this.run(&floor, brought, &by);
            if let Outcome::Found(report) = &outcome {
                record(&floor, &actor, report);
            }
            *this.stopper.lock().unwrap_or_else(PoisonError::into_inner) = None;
            *this.lock() = Standing::Ended(Ended { by, since, at: clock::now(), outcome });
        });
        if let Err(error) = started {
            *self.lock() = Standing::Never;
            return Err(error.into());
        }
        Ok(())
    }

    /// Ends the one that runs, if one does, and waits for that a little.
    pub fn stop(&self) {
        let deadline = Instant::now() + STOPS_WITHIN;
        self.stop.store(true, Ordering::Relaxed);
        while matches!(self.standing(), Standing::Running { .. }) && Instant::now() < deadline {
            // it may be between two statements, where there is nothing to end: so again and again
            if let Some(stopper) = &*self.stopper.lock().unwrap_or_else(PoisonError::into_inner) {
                stopper.stop();
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn run(&self, floor: &Floor, brought: Brought, by: &str) -> Outcome {
        let own_key = floor.folder.read(&floor.folder.ca("audit.vkey")).ok();
        let kept = checkpoints::kept_elsewhere(&floor.settings, &floor.store);
        let options = Options {
            vkey: brought.vkey.or(own_key).map(|text| text.trim().to_owned()),
            checkpoints: brought.checkpoint.into_iter().chain(kept).collect(),
        };
        let mut tick = |done, total| {
            *self.lock() = Standing::Running { done, total, by: by.to_owned() };
        };
        let ready = |stopper| {
            *self.stopper.lock().unwrap_or_else(PoisonError::into_inner) = Some(stopper);
        };
        let path = floor.folder.database();
        match store::inspect_until_stopped(&path, ready, |r| verify::verify(r, &options, &mut tick)) {
            Ok(report) => Outcome::Found(Box::new(report)),
            Err(_) if self.stop.load(Ordering::Relaxed) => Outcome::Stopped,
            Err(error) => Outcome::Failed(error.to_string(), error.code()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        // it is replaced whole, so a thread that died left nothing half-written
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many things are wrong.
pub fn problems(report: &Report) -> u64 {
    u64::try_from(report.problems.len()).unwrap_or(u64::MAX).saturating_add(report.further_problems)
}

fn record(floor: &Floor, actor: &Actor, report: &Report) {
    let event = AuditEvent::LogVerified {
        entries: report.entries,
        root: report.root,
        problems: problems(report),
        covered_until: report.covered_until,
    };
    let written = floor.store.change(actor, clock::now(), |change| {
        change.record(event);
        Ok::<_, StoreError>(())
    });
    // a log that is broken takes no entry; what was found is shown all the same
    if let Err(error) = written {
        tracing::error!(code = %error.code(), "the verification could not be recorded: {error}");
    }
}
