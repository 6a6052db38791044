//! The devices of one lot: `lineside sim device` as a child process, and what it says has happened.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde::Deserialize;

use crate::cli::demo::plant::{Lot, Plant};
use crate::cli::failure::Failure;
use crate::domain::code::Code;

/// What a virtual device says, as far as the demo cares.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// It is plugged in.
    Plugged {},
    /// The station has finished with it.
    Finished {},
    /// It has registered itself at DPS.
    Registered {},
    /// It could not.
    Failed {
        /// Which.
        serial: String,
        /// Why not.
        why: String,
    },
    /// It is out.
    Unplugged {},
}

/// What became of the devices so far.
#[derive(Default)]
pub struct Tally {
    /// Devices that DPS has assigned to a hub.
    pub assigned: u64,
    /// Devices that it has not.
    failed: u64,
    /// The first thing that went wrong.
    pub first_fault: Option<String>,
    earlier: u64,
}

impl Tally {
    /// Counts what happened.
    pub fn count(&mut self, event: &Event) {
        match event {
            Event::Registered {} => self.assigned += 1,
            Event::Failed { serial, why } => {
                self.failed += 1;
                self.first_fault.get_or_insert_with(|| format!("{serial} could not register: {why}"));
            }
            Event::Plugged {} | Event::Finished {} | Event::Unplugged {} => {}
        }
    }

    /// Devices whose registration has ended, well or not.
    pub fn settled(&self) -> u64 {
        self.assigned + self.failed
    }

    /// The devices counted so far belong to an earlier lot from now on.
    pub fn close_lot(&mut self) {
        self.earlier = self.settled();
    }
}

/// The devices of one lot. Dropping it ends their process.
pub struct Bench {
    child: Child,
    events: Receiver<Event>,
    count: u64,
    gone: bool,
}

impl Bench {
    /// Plugs the lot's devices in; they stay in their slots if `stay`.
    pub fn plug_in(plant: &Plant, lot: &Lot, count: u16, stay: bool) -> Result<Bench, Failure> {
        let broken = |what: &str, error: &dyn std::fmt::Display| {
            Failure::work(Code::Internal, format!("the virtual devices {what}: {error}"))
        };
        let program = std::env::current_exe().map_err(|e| broken("cannot be started", &e))?;
        let mut command = Command::new(program);
        command
            .args(["sim", "device", "--count", &count.to_string()])
            .args(["--model", lot.product, "--serial-prefix", lot.prefix, "--seed", &lot.seed.to_string()])
            .arg("--folder")
            .arg(&plant.ports)
            .arg("--state")
            .arg(&plant.devices)
            .arg("--register")
            .arg(&plant.ca_file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if !stay {
            command.arg("--unplug");
        }
        let mut child = command.spawn().map_err(|e| broken("cannot be started", &e))?;
        let out = child.stdout.take().ok_or_else(|| broken("say nothing", &"no output"))?;
        let (tell, events) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Ok(event) = serde_json::from_str(&line)
                    && tell.send(event).is_err()
                {
                    break;
                }
            }
        });
        Ok(Bench { child, events, count: u64::from(count), gone: false })
    }

    /// Waits a while for something to happen.
    pub fn next(&mut self, within: Duration) -> Option<Event> {
        match self.events.recv_timeout(within) {
            Ok(event) => Some(event),
            Err(mpsc::RecvTimeoutError::Timeout) => None,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                self.gone = true;
                None
            }
        }
    }

    /// Whether every device of this lot has ended its registration or, `refused` by the station, will never
    /// begin one; or the devices' process is gone.
    pub fn done(&self, tally: &Tally, refused: u64) -> bool {
        self.gone || tally.settled() - tally.earlier + refused >= self.count
    }

    /// Waits a moment for the devices to unplug themselves, so that no slot is left with one.
    pub fn clear(mut self) {
        self.wait_a_moment();
    }

    fn wait_a_moment(&mut self) {
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // told to end, the devices take their links away
        let told = rustix::process::kill_process(Pid::from_child(&self.child), Signal::TERM);
        if told.is_ok() {
            self.wait_a_moment();
        }
        // ending a process that has ended by itself fails, and that is fine
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
