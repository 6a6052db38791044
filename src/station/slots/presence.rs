//! How a slot knows that a device is there, and that it was removed: adapters wired into a fixture never
//! unplug, so the port alone does not always tell.

use std::path::PathBuf;

use crate::device::port::{self, Port};
use crate::station::settings::{Presence, Slot};

/// Looks must agree this many times before a device counts as gone: a contact may bounce.
const LOOKS_TO_BE_GONE: u8 = 2;

/// Watches one slot.
pub struct Watch {
    path: PathBuf,
    baud: u32,
    presence: Presence,
    port: Option<Port>,
    absent: u8,
}

impl Watch {
    /// Watches this slot.
    pub fn new(slot: &Slot) -> Watch {
        Watch { path: slot.port.clone(), baud: slot.baud, presence: slot.presence, port: None, absent: 0 }
    }

    /// Whether a device is there now. `probe` asks it, where the slot has no other way to know.
    pub fn device_is_there(&mut self, probe: impl FnOnce() -> bool) -> bool {
        self.absent = 0;
        self.look(probe)
    }

    /// Whether the device was removed; a short absence does not count.
    pub fn device_is_gone(&mut self, probe: impl FnOnce() -> bool) -> bool {
        if self.look(probe) {
            self.absent = 0;
        } else {
            self.absent = self.absent.saturating_add(1);
        }
        self.absent >= LOOKS_TO_BE_GONE
    }

    /// The port, if watching needed to open it: a port is opened once only.
    pub fn take_port(&mut self) -> Option<Port> {
        self.port.take()
    }

    fn look(&mut self, probe: impl FnOnce() -> bool) -> bool {
        if !port::present(&self.path) {
            self.port = None;
            return false;
        }
        match self.presence {
            Presence::Port => true,
            Presence::Probe => probe(),
            Presence::Dsr => self.line(|signals| signals.dsr),
            Presence::Cts => self.line(|signals| signals.cts),
        }
    }

    fn line(&mut self, which: impl Fn(&port::Signals) -> Option<bool>) -> bool {
        if self.port.is_none() {
            self.port = port::open(&self.path, self.baud).ok();
        }
        let Some(port) = &mut self.port else {
            return false;
        };
        which(&port.signals()).unwrap_or(false)
    }
}
