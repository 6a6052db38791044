//! Virtual devices: each speaks the `lineside` protocol on a pseudo-terminal, makes its own keys, remembers
//! everything it receives, and can be told to go wrong.

pub mod fault;
mod firmware;
mod keys;
pub mod memory;
pub mod process;
mod pty;
pub mod register;
mod wire;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::fault::{Dice, Fault};
use self::firmware::{Act, CHUNK, Firmware};
use self::memory::Memory;
use self::pty::Pty;
use self::wire::Ear;
use crate::domain::code::{Code, Coded};
use crate::domain::product::DriverKind;

/// What one virtual device is.
#[derive(Debug, Clone)]
pub struct DeviceConfig {
    /// Its serial number.
    pub serial: String,
    /// Its MAC address.
    pub mac: String,
    /// Its model.
    pub model: String,
    /// Where the link to its line appears.
    pub link: PathBuf,
    /// The folder it remembers in: `journal.jsonl`, `files/`, its keys.
    pub state: PathBuf,
    /// How it goes wrong.
    pub faults: Vec<Fault>,
    /// Decides which bytes the line's faults hit.
    pub seed: u64,
}

/// Why there is no virtual device.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// Its folder or pseudo-terminal cannot be made.
    #[error("the virtual device at {} cannot be plugged in: {why}", .link.display())]
    Plug {
        /// Its link.
        link: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// Only the line protocol is simulated; a Linux console is a real one in QEMU.
    #[error("there are no virtual devices for the driver {0}")]
    NoSuchDevice(DriverKind),
    /// The trust anchors cannot be read.
    #[error("the trust anchors in {} cannot be used: {why}", .file.display())]
    TrustAnchors {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
}

impl Coded for SimError {
    fn code(&self) -> Code {
        match self {
            SimError::Plug { .. } | SimError::TrustAnchors { .. } => Code::FileUnreadable,
            SimError::NoSuchDevice(_) => Code::Usage,
        }
    }
}

#[derive(Default)]
struct Shared {
    pull: AtomicBool,
    unplugged: AtomicBool,
    finishes: AtomicU32,
}

/// A device that is plugged in; it runs on a thread of its own until its cable is pulled.
pub struct VirtualDevice {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl VirtualDevice {
    /// Plugs a device in. What its state folder holds already is remembered.
    pub fn plug(config: DeviceConfig) -> Result<VirtualDevice, SimError> {
        let failed = |why| SimError::Plug { link: config.link.clone(), why };
        let memory = Memory::open(&config.state).map_err(failed)?;
        let pty = Pty::open(&config.link).map_err(failed)?;
        let DeviceConfig { serial, mac, model, link: _, state: _, faults, seed } = &config;
        let firmware = Firmware::new(memory, serial, mac, model, faults);
        let (heard, said, faults) = (Dice::new(*seed), Dice::new(!*seed), faults.clone());
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name(format!("device {serial}"))
            .spawn(move || {
                let mut line = Line { pty, heard, said, faults };
                // a line that breaks is a cable that was pulled
                let _ = live(&mut line, firmware, &of_thread);
                // told before the line breaks, so that who sees it break can rely on it
                line.pty.unlink();
                of_thread.unplugged.store(true, Ordering::SeqCst);
            })
            .map_err(failed)?;
        Ok(VirtualDevice { shared, thread: Some(thread) })
    }

    /// Whether it is still plugged in.
    pub fn plugged(&self) -> bool {
        !self.shared.unplugged.load(Ordering::SeqCst)
    }

    /// How often a station has finished with it.
    pub fn finishes(&self) -> u32 {
        self.shared.finishes.load(Ordering::SeqCst)
    }

    /// Pulls the cable and waits until it is out.
    pub fn unplug(self) {
        drop(self);
    }
}

impl Drop for VirtualDevice {
    fn drop(&mut self) {
        self.shared.pull.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // a thread that panicked has no cable any more either
            let _ = thread.join();
        }
    }
}

/// The wire with its faults.
struct Line {
    pty: Pty,
    heard: Dice,
    said: Dice,
    faults: Vec<Fault>,
}

impl Line {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let bytes = self.pty.read()?;
        Ok(self.heard.mangle(&bytes, &self.faults))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bytes = self.said.mangle(bytes, &self.faults);
        self.pty.write(&bytes)
    }
}

/// What a slow device takes for one step; within it, it says “wait” twice.
const SLOWNESS: Duration = Duration::from_millis(800);

fn live(line: &mut Line, mut firmware: Firmware, shared: &Shared) -> io::Result<()> {
    let mut ear = Ear::new(CHUNK, Instant::now());
    let mut released = Instant::now();
    while !shared.pull.load(Ordering::SeqCst) && line.pty.plugged() {
        let bytes = line.read()?;
        let now = Instant::now();
        ear.hear(&bytes, now);
        if bytes.is_empty() && !ear.waiting() && now.duration_since(released) > Duration::from_secs(1) {
            line.pty.release_claim();
            released = now;
        }
        while let Some(heard) = ear.next(now) {
            match firmware.handle(heard) {
                Act::Nothing => {}
                Act::Say(answer) => line.write(&answer)?,
                Act::SayLater { wait, answer } => {
                    for _ in 0..2 {
                        line.write(&wait)?;
                        thread::sleep(SLOWNESS / 2);
                    }
                    line.write(&answer)?;
                }
                Act::Unplug => return Ok(()),
                Act::Finish(answer) => {
                    shared.finishes.fetch_add(1, Ordering::SeqCst);
                    line.write(&answer)?;
                }
            }
        }
    }
    Ok(())
}
