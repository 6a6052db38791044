//! Hooks drive what moves around the fixture: lid, relay, stack light. Each slot has one thread for them, so that
//! they come in order and never hold up the watch over the device; only the start is waited for.

pub mod command;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::json;

use crate::azure::https::ClientError;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::station::board::Ending;
use crate::station::clock;
use crate::station::post::{PostFailed, Postman};
use crate::station::settings::outside::{Hook, Hooks};

/// So many may wait for the ones before them; more means that they are much too slow.
const WAITING: usize = 4;
/// The longest text of a device that is handed on, in characters.
const LONGEST: usize = 128;

/// Why a hook did not do its work.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum HookFailed {
    #[error("hook {program} cannot be started: {why}")]
    CannotStart { program: String, why: std::io::Error },
    #[error("hook {program} ended with {status}{said}")]
    Ended { program: String, status: String, said: String },
    #[error("hook {program} was not done after {seconds} s")]
    Late { program: String, seconds: u64 },
    #[error("the hook's address: {0}")]
    Post(#[from] PostFailed),
    #[error("the hook's address: {0}")]
    Client(#[from] ClientError),
    #[error("earlier hooks of this slot are still under way")]
    Behind,
}

impl Coded for HookFailed {
    fn code(&self) -> Code {
        Code::HookFailed
    }
}

/// What a hook is told. Text of a device travels in the environment or in JSON only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// `start`, `verdict` or `removed`.
    pub event: &'static str,
    /// The slot.
    pub slot: Name,
    /// The serial number, once there is one.
    pub serial: String,
    /// The verdict, once there is one.
    pub verdict: String,
    /// The run, if one is on record.
    pub run: String,
    /// The code of what went wrong.
    pub code: String,
}

impl Happened {
    fn new(event: &'static str, slot: &Name, ending: Option<&Ending>) -> Happened {
        let clean = |text: Option<&str>| -> String {
            text.unwrap_or_default().chars().filter(|ch| !ch.is_control()).take(LONGEST).collect()
        };
        Happened {
            event,
            slot: slot.clone(),
            serial: clean(ending.and_then(|ending| ending.serial.as_deref())),
            verdict: ending.map(|ending| ending.verdict.to_string()).unwrap_or_default(),
            run: ending.and_then(|ending| ending.run).map(|run| run.to_string()).unwrap_or_default(),
            code: clean(ending.and_then(|ending| ending.code.as_deref())),
        }
    }

    /// Names and values for a program's environment.
    pub fn environment(&self) -> [(&'static str, &str); 6] {
        [
            ("LINESIDE_EVENT", self.event),
            ("LINESIDE_SLOT", self.slot.as_str()),
            ("LINESIDE_SERIAL", &self.serial),
            ("LINESIDE_VERDICT", &self.verdict),
            ("LINESIDE_RUN", &self.run),
            ("LINESIDE_CODE", &self.code),
        ]
    }

    fn json(&self) -> String {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        json!({
            "event": self.event, "slot": self.slot, "serial": given(&self.serial),
            "verdict": given(&self.verdict), "run": self.run.parse::<u64>().ok(), "code": given(&self.code),
        })
        .to_string()
    }
}

struct Job {
    hook: Hook,
    what: Happened,
    /// Who waits for the outcome.
    reply: Option<SyncSender<Result<(), HookFailed>>>,
}

/// The hooks of one slot.
pub struct SlotHooks {
    slot: Name,
    hooks: Hooks,
    queue: Option<SyncSender<Job>>,
    worker: Option<JoinHandle<()>>,
}

impl SlotHooks {
    /// Starts the thread of a slot's hooks, if it has any. When `stop` is set, what waits is dropped.
    pub fn begin(slot: &Name, hooks: &Hooks, stop: &Arc<AtomicBool>) -> std::io::Result<SlotHooks> {
        let none = [&hooks.on_start, &hooks.on_verdict, &hooks.on_removed].iter().all(|hook| hook.is_none());
        let (mut queue, mut worker) = (None, None);
        if !none {
            let (sender, jobs) = sync_channel(WAITING);
            let (inside, stop) = (hooks.clone(), Arc::clone(stop));
            let name = format!("hooks {slot}");
            worker = Some(thread::Builder::new().name(name).spawn(move || work(&inside, &jobs, &stop))?);
            queue = Some(sender);
        }
        Ok(SlotHooks { slot: slot.clone(), hooks: hooks.clone(), queue, worker })
    }

    /// Before a device is touched: waits until the hook is done.
    ///
    /// # Errors
    /// See [`HookFailed`]; the device must not be touched then.
    pub fn start(&self) -> Result<(), HookFailed> {
        let Some(hook) = &self.hooks.on_start else { return Ok(()) };
        let (reply, outcome) = sync_channel(1);
        let what = Happened::new("start", &self.slot, None);
        self.put(Job { hook: hook.clone(), what, reply: Some(reply) })?;
        // those before it, one under way, itself; each keeps its own deadline
        let turns = u32::try_from(WAITING).unwrap_or(u32::MAX).saturating_add(2);
        let longest = (self.hooks.deadline + Duration::from_secs(1)).saturating_mul(turns);
        match outcome.recv_timeout(longest) {
            Ok(done) => done,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(HookFailed::Behind),
        }
    }

    /// The verdict is known. Nothing waits for this hook.
    pub fn verdict(&self, ending: &Ending) {
        self.tell("verdict", self.hooks.on_verdict.as_ref(), ending);
    }

    /// The device was taken out. Nothing waits for this hook.
    pub fn removed(&self, ending: &Ending) {
        self.tell("removed", self.hooks.on_removed.as_ref(), ending);
    }

    fn tell(&self, event: &'static str, hook: Option<&Hook>, ending: &Ending) {
        let Some(hook) = hook else { return };
        let what = Happened::new(event, &self.slot, Some(ending));
        if let Err(error) = self.put(Job { hook: hook.clone(), what, reply: None }) {
            log(&self.slot, event, &error);
        }
    }

    fn put(&self, job: Job) -> Result<(), HookFailed> {
        match &self.queue {
            Some(queue) => queue.try_send(job).map_err(|_| HookFailed::Behind),
            None => Ok(()),
        }
    }
}

impl Drop for SlotHooks {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(worker) = self.worker.take() {
            // a thread that panicked has said so already
            let _ = worker.join();
        }
    }
}

fn work(hooks: &Hooks, jobs: &Receiver<Job>, stop: &AtomicBool) {
    while let Ok(Job { hook, what, reply }) = jobs.recv() {
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        let done = match &hook {
            Hook::Command(words) => command::run(words, &what, hooks.deadline),
            Hook::Address(address) => Postman::new(address.clone(), &hooks.roots, hooks.deadline)
                .map_err(HookFailed::from)
                .and_then(|postman| postman.send(what.json(), &[], clock::now()).map_err(HookFailed::from)),
        };
        match (reply, done) {
            // whoever waited may have given up
            (Some(reply), done) => drop(reply.try_send(done)),
            (None, Ok(())) => {}
            (None, Err(error)) => log(&what.slot, what.event, &error),
        }
    }
}

fn log(slot: &Name, event: &str, error: &HookFailed) {
    tracing::warn!(code = %error.code(), %slot, event, "{error}");
}

#[cfg(test)]
mod tests;
