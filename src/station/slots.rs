//! The slots: one thread each, which owns its port. A run begins by plugging in, by a scanned label or by both, as
//! the recipe says; the verdict is held until the device is removed.

pub mod attend;
pub mod gathering;
pub mod mailbox;
pub mod presence;
pub mod readiness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::device::driver;
use crate::device::port;
use crate::domain::label::Label;
use crate::domain::verdict::Verdict;
use crate::station::board::{Board, Tile};
use crate::station::clock;
use crate::station::desk::Desk;
use crate::station::figures::Figures;
use crate::station::folder::Folder;
use crate::station::keys::Keys;
use crate::station::provision::live::LiveRuns;
use crate::station::settings::{Settings, Slot};
use crate::station::slots::attend::attend;
use crate::station::slots::gathering::{Gathering, Next};
use crate::station::slots::mailbox::Order;
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
    /// What the page tells the slots.
    pub desk: Arc<Desk>,
    /// The figures above the tiles.
    pub figures: Arc<Figures>,
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
            thread::Builder::new().name(format!("slot {}", slot.name)).spawn(move || tend(&floor, &slot))
        })
        .collect()
}

fn tend(floor: &Floor, slot: &Slot) {
    let mut watch = Watch::new(slot);
    // a device that was pulled in the middle of its run took its verdict's place away with it: the verdict
    // stays until the next one comes, or nobody would ever see it
    let mut lingers = false;
    let mut gathering = Gathering::default();
    while !floor.stop.load(Ordering::Relaxed) {
        match ready(floor) {
            Err(why) => {
                // what was scanned before is not kept for another work order
                gathering = Gathering::default();
                floor.desk.mailboxes.take(&slot.name);
                floor.board.show(&slot.name, Tile::NotReady { why });
            }
            Ok(task) => {
                let now = Instant::now();
                gathering.take(floor.desk.mailboxes.take(&slot.name), now);
                lingers = lingers && !gathering.has_label();
                let there = |may_ask| watch.device_is_there(|| may_ask && answers(slot, &task));
                match gathering.next(task.recipe.product.identify.start, now, there) {
                    Next::Run(label) => lingers = run(floor, slot, &task, &mut watch, label),
                    Next::Show(tile) if !lingers => floor.board.show(&slot.name, tile),
                    Next::Show(_) => {}
                }
            }
        }
        thread::sleep(LOOK);
    }
}

/// Runs the device that is there, again if somebody says so, and holds its verdict until it is gone. Whether the
/// verdict must linger, because the device was pulled before it stood.
fn run(floor: &Floor, slot: &Slot, task: &Task, watch: &mut Watch, mut label: Option<Label>) -> bool {
    loop {
        let ending = attend(floor, slot, task, watch, label.as_ref());
        let aborted = ending.verdict == Verdict::Aborted;
        floor.board.show(&slot.name, Tile::Verdict(ending));
        match hold(floor, slot, task, watch) {
            Held::Gone => return aborted,
            Held::Retry => {}
            Held::Label(other) => label = Some(other),
        }
    }
}

/// How long a verdict was held.
enum Held {
    /// Until the device was removed, or the station ends.
    Gone,
    /// Until somebody had the same device run again.
    Retry,
    /// Until another label was scanned for a unit that did not fit the first.
    Label(Label),
}

/// Keeps the verdict on the slot until the device is gone or is to be run again.
fn hold(floor: &Floor, slot: &Slot, task: &Task, watch: &mut Watch) -> Held {
    while !floor.stop.load(Ordering::Relaxed) && !watch.device_is_gone(|| answers(slot, task)) {
        for order in floor.desk.mailboxes.take(&slot.name) {
            // the verdict may have become SCRAP meanwhile
            let Some(Tile::Verdict(ending)) = floor.board.of(&slot.name) else { continue };
            match order {
                Order::Retry if ending.may_retry() => return Held::Retry,
                Order::Label(label) if ending.is_wrong_unit() => return Held::Label(label),
                Order::Retry | Order::Label(_) | Order::Start => {}
            }
        }
        thread::sleep(LOOK);
    }
    Held::Gone
}

/// Whether something answers on the port: for slots whose adapter never unplugs.
fn answers(slot: &Slot, task: &Task) -> bool {
    let Ok(session) = clock::random() else {
        return false;
    };
    port::open(&slot.port, slot.baud)
        .is_ok_and(|port| driver::open_driver(&task.recipe.product, port, None, session).present())
}
