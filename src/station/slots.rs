//! The slots: one thread each, which owns its port. Plug to start; the verdict is held until the device is
//! removed.

pub mod attend;
pub mod presence;
pub mod readiness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::device::driver;
use crate::device::port;
use crate::domain::verdict::Verdict;
use crate::station::board::{Board, Tile};
use crate::station::clients::TokenDoor;
use crate::station::clock;
use crate::station::counts::Counts;
use crate::station::folder::Folder;
use crate::station::hooks::SlotHooks;
use crate::station::keys::Keys;
use crate::station::provision::live::LiveRuns;
use crate::station::settings::{Settings, Slot};
use crate::station::slots::attend::attend;
use crate::station::slots::presence::Watch;
use crate::station::slots::readiness::{Task, ready};
use crate::store::Store;

/// How often a slot looks whether a device came or went.
const LOOK: Duration = Duration::from_millis(150);

/// What every slot shares.
#[derive(Clone)]
pub struct Floor {
    /// The station's folder.
    pub folder: Folder,
    /// The settings.
    pub settings: Arc<Settings>,
    /// The records.
    pub store: Arc<Store>,
    /// The keys, once unlocked.
    pub keys: Arc<Keys>,
    /// The runs under way in them.
    pub live: Arc<LiveRuns>,
    /// What the slots show.
    pub board: Arc<Board>,
    /// Who asks over the API.
    pub tokens: Arc<TokenDoor>,
    /// What is counted since the start.
    pub counts: Arc<Counts>,
    /// Set when the station is to end.
    pub stop: Arc<AtomicBool>,
}

/// Starts a thread for each slot of the settings.
pub fn start(floor: &Floor) -> std::io::Result<Vec<JoinHandle<()>>> {
    floor
        .settings
        .slots
        .iter()
        .map(|slot| {
            let (floor, slot) = (floor.clone(), slot.clone());
            let hooks = SlotHooks::begin(&slot.name, &slot.hooks, &floor.stop)?;
            let name = format!("slot {}", slot.name);
            thread::Builder::new().name(name).spawn(move || tend(&floor, &slot, &hooks))
        })
        .collect()
}

fn tend(floor: &Floor, slot: &Slot, hooks: &SlotHooks) {
    let mut watch = Watch::new(slot);
    // a device that was pulled in the middle of its run took its verdict's place away with it: the verdict
    // stays until the next one comes, or nobody would ever see it
    let mut lingers = false;
    while !floor.stop.load(Ordering::Relaxed) {
        match ready(floor) {
            Err(why) => floor.board.show(&slot.name, Tile::NotReady { why }),
            Ok(task) => {
                if !lingers {
                    floor.board.show(&slot.name, Tile::Ready);
                }
                if watch.device_is_there(|| answers(slot, &task)) {
                    let ending = attend(floor, slot, &task, &mut watch, hooks);
                    floor.counts.verdict(ending.verdict);
                    lingers = ending.verdict == Verdict::Aborted;
                    floor.board.show(&slot.name, Tile::Verdict(ending.clone()));
                    hooks.verdict(&ending);
                    hold(floor, slot, &task, &mut watch);
                    hooks.removed(&ending);
                }
            }
        }
        thread::sleep(LOOK);
    }
}

/// Keeps the verdict on the slot until the device is gone.
fn hold(floor: &Floor, slot: &Slot, task: &Task, watch: &mut Watch) {
    while !floor.stop.load(Ordering::Relaxed) && !watch.device_is_gone(|| answers(slot, task)) {
        thread::sleep(LOOK);
    }
}

/// Whether something answers on the port: for slots whose adapter never unplugs.
fn answers(slot: &Slot, task: &Task) -> bool {
    let Ok(session) = clock::random() else {
        return false;
    };
    port::open(&slot.port, slot.baud)
        .is_ok_and(|port| driver::open_driver(&task.recipe.product, port, None, session).present())
}
