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
use crate::domain::verdict::Verdict;
use crate::station::batch::desk::BatchDesk;
use crate::station::board::{Board, Tile};
use crate::station::clients::TokenDoor;
use crate::station::clock;
use crate::station::counts::Counts;
use crate::station::desk::Desk;
use crate::station::figures::Figures;
use crate::station::folder::Folder;
use crate::station::hooks::SlotHooks;
use crate::station::keys::Keys;
use crate::station::provision::live::LiveRuns;
use crate::station::settings::{Settings, Slot};
use crate::station::shift::Shift;
use crate::station::slots::attend::attend;
use crate::station::slots::gathering::{Begun, Gathering, Next};
use crate::station::slots::mailbox::Order;
use crate::station::slots::presence::Watch;
use crate::station::slots::readiness::{Task, ready, ready_again};
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
    /// The batches begun on the pages.
    pub batches: Arc<BatchDesk>,
    /// The figures above the tiles.
    pub figures: Arc<Figures>,
    /// Who asks over the API.
    pub tokens: Arc<TokenDoor>,
    /// Who is on the line.
    pub shift: Arc<Shift>,
    /// Set when the outbox is to look at once for what is due.
    pub send_now: Arc<AtomicBool>,
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
    let mut gathering = Gathering::default();
    while !floor.stop.load(Ordering::Relaxed) {
        match ready(floor) {
            Err(why) => {
                lingers = false;
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
                    Next::Run(begun) => lingers = run(floor, slot, task, &mut watch, begun, hooks),
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
fn run(
    floor: &Floor,
    slot: &Slot,
    mut task: Task,
    watch: &mut Watch,
    mut begun: Begun,
    hooks: &SlotHooks,
) -> bool {
    loop {
        let Some(ending) = attend(floor, slot, &task, watch, &begun, hooks) else {
            return false;
        };
        floor.counts.verdict(ending.verdict);
        floor.board.show(&slot.name, Tile::Verdict(ending.clone()));
        hooks.verdict(&ending);
        match hold(floor, slot, &task, watch) {
            Held::Gone => {
                hooks.removed(&ending);
                return ending.verdict == Verdict::Aborted;
            }
            Held::Again(now, again) => {
                task = *now;
                begun = Begun { label: again.label.or(begun.label), by: again.by };
            }
        }
    }
}

/// Until when a verdict was held.
enum Held {
    /// Until the device was removed, or the station ends.
    Gone,
    /// Until somebody had the same device run again, or scanned another label for one that did not fit the first:
    /// what is to be done with it now, who said so, and that label.
    Again(Box<Task>, Begun),
}

/// Keeps the verdict on the slot until the device is gone or is to be run again.
fn hold(floor: &Floor, slot: &Slot, task: &Task, watch: &mut Watch) -> Held {
    while !floor.stop.load(Ordering::Relaxed) && !watch.device_is_gone(|| answers(slot, task)) {
        for order in floor.desk.mailboxes.take(&slot.name) {
            // the verdict may have become SCRAP meanwhile
            let Some(Tile::Verdict(ending)) = floor.board.of(&slot.name) else { continue };
            let again = match order {
                Order::Retry(by) if ending.may_retry() => Begun { label: None, by: Some(by) },
                Order::Label(label, by) if ending.is_wrong_unit() => {
                    Begun { label: Some(label), by: Some(by) }
                }
                Order::Retry(_) | Order::Label(..) | Order::Start(_) => continue,
            };
            // the desk has told so in words already, unless it came to this in between
            match ready_again(floor, &task.work_order) {
                Ok(task) => return Held::Again(Box::new(task), again),
                Err(why) => tracing::warn!(slot = %slot.name, "the unit is not run again: {why}"),
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

#[cfg(test)]
mod tests;
