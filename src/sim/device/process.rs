//! A bench full of virtual devices, as `lineside sim device` runs them in a process of their own: they outlive
//! a station that is killed, and their journals say what it had given them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::fault::Fault;
use super::memory::read_files;
use super::register::{Registration, register};
use super::{DeviceConfig, SimError, VirtualDevice};
use crate::domain::product::DriverKind;
use crate::domain::utc_time::UtcTime;

/// What is on the bench.
#[derive(Debug, Clone)]
pub struct ProcessConfig {
    /// How many devices.
    pub count: u16,
    /// The folder their links appear in, named `SERIAL`.
    pub folder: PathBuf,
    /// The folder they remember in, one folder for each serial number.
    pub state: PathBuf,
    /// How they are talked to; only the line protocol is simulated.
    pub driver: DriverKind,
    /// Their model.
    pub model: String,
    /// What their serial numbers begin with; five digits follow, from 00001.
    pub serial_prefix: String,
    /// Faults, by device counted from 1.
    pub faults: BTreeMap<u16, Vec<Fault>>,
    /// Whether they register at DPS once they are finished.
    pub register: Option<RegisterConfig>,
    /// Whether they are pulled out once they are finished (and registered).
    pub unplug_after_finish: bool,
    /// Decides what the lines' faults hit.
    pub seed: u64,
    /// The devices' clock.
    pub now: fn() -> UtcTime,
}

/// How devices register.
#[derive(Debug, Clone)]
pub struct RegisterConfig {
    /// The trust anchors of their firmware, PEM.
    pub ca_file: PathBuf,
    /// How long they try.
    pub within: Duration,
}

/// What happened on the bench.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A device is there.
    Plugged {
        /// Counted from 1.
        index: u16,
        /// Its serial number.
        serial: String,
        /// Its MAC address.
        mac: String,
        /// Its link.
        port: PathBuf,
    },
    /// A station has finished with it.
    Finished {
        /// The device.
        serial: String,
    },
    /// It has a hub.
    Registered {
        /// The device.
        serial: String,
        /// Its registration ID.
        registration_id: String,
        /// Its identity at the hub.
        device_id: String,
        /// The hub.
        assigned_hub: String,
    },
    /// It has none.
    Failed {
        /// The device.
        serial: String,
        /// Why.
        why: String,
    },
    /// Its cable is out.
    Unplugged {
        /// The device.
        serial: String,
    },
}

struct Seat {
    serial: String,
    state: PathBuf,
    device: Option<VirtualDevice>,
    finishes: u32,
}

/// Runs the bench until every device is unplugged, no registration is under way, or `stop` is set.
pub fn run(
    config: &ProcessConfig,
    stop: &AtomicBool,
    events: &mut dyn FnMut(&Event),
) -> Result<(), SimError> {
    match config.driver {
        DriverKind::Lineside => {}
        DriverKind::LinuxShell => return Err(SimError::NoSuchDevice(config.driver)),
    }
    let mut seats = Vec::new();
    for index in 1..=config.count {
        seats.push(plug(config, index, events)?);
    }
    let (tell, told) = mpsc::channel::<(usize, Event)>();
    let mut registering = 0_usize;
    while !stop.load(Ordering::SeqCst) {
        for (at, seat) in seats.iter_mut().enumerate() {
            let Some(device) = &seat.device else { continue };
            let finishes = device.finishes();
            if finishes > seat.finishes {
                seat.finishes = finishes;
                events(&Event::Finished { serial: seat.serial.clone() });
                match &config.register {
                    Some(how) => {
                        registering += 1;
                        start_registration(at, seat, how, config.now, &tell);
                    }
                    None if config.unplug_after_finish => unplug(seat, events),
                    None => {}
                }
            }
            if seat.device.as_ref().is_some_and(|device| !device.plugged()) {
                unplug(seat, events);
            }
        }
        while let Ok((at, event)) = told.try_recv() {
            registering -= 1;
            events(&event);
            if config.unplug_after_finish
                && let Some(seat) = seats.get_mut(at)
            {
                unplug(seat, events);
            }
        }
        if registering == 0 && seats.iter().all(|seat| seat.device.is_none()) {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    seats.iter_mut().for_each(|seat| unplug(seat, events));
    Ok(())
}

fn plug(config: &ProcessConfig, index: u16, events: &mut dyn FnMut(&Event)) -> Result<Seat, SimError> {
    let serial = format!("{}{index:05}", config.serial_prefix);
    let [high, low] = index.to_be_bytes();
    let [.., bench] = config.seed.to_be_bytes();
    // a locally administered address; the seed keeps two benches apart
    let mac = format!("02:4c:53:{bench:02x}:{high:02x}:{low:02x}");
    let link = config.folder.join(&serial);
    let state = config.state.join(&serial);
    let device = VirtualDevice::plug(DeviceConfig {
        serial: serial.clone(),
        mac: mac.clone(),
        model: config.model.clone(),
        link: link.clone(),
        state: state.clone(),
        faults: config.faults.get(&index).cloned().unwrap_or_default(),
        seed: config.seed.wrapping_add(u64::from(index)),
    })?;
    events(&Event::Plugged { index, serial: serial.clone(), mac, port: link });
    Ok(Seat { serial, state, device: Some(device), finishes: 0 })
}

fn unplug(seat: &mut Seat, events: &mut dyn FnMut(&Event)) {
    if let Some(device) = seat.device.take() {
        device.unplug();
        events(&Event::Unplugged { serial: seat.serial.clone() });
    }
}

/// Registration takes seconds; the others must not wait for it.
fn start_registration(
    at: usize,
    seat: &Seat,
    how: &RegisterConfig,
    now: fn() -> UtcTime,
    tell: &mpsc::Sender<(usize, Event)>,
) {
    let (serial, state, how, tell) = (seat.serial.clone(), seat.state.clone(), how.clone(), tell.clone());
    thread::spawn(move || {
        let event = registration(&serial, &state, &how, now);
        // nobody listens any more once the bench is cleared
        let _ = tell.send((at, event));
    });
}

fn registration(serial: &str, state: &Path, how: &RegisterConfig, now: fn() -> UtcTime) -> Event {
    let failed = |why: String| Event::Failed { serial: serial.to_owned(), why };
    let files = match read_files(state) {
        Ok(files) => files,
        Err(error) => return failed(format!("its files cannot be read: {error}")),
    };
    let own_key = std::fs::read(state.join("key.pem")).ok();
    match register(&files, own_key.as_deref(), &how.ca_file, now, how.within) {
        Ok(Registration::Assigned { registration_id, device_id, assigned_hub }) => {
            Event::Registered { serial: serial.to_owned(), registration_id, device_id, assigned_hub }
        }
        Ok(Registration::Failed { why }) => failed(why),
        Err(error) => failed(error.to_string()),
    }
}
