//! The slots: one thread each, which owns its port. Plug to start; the verdict is held until the device is
//! removed.

pub mod presence;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::device::driver;
use crate::device::port;
use crate::device::render::template_set::TemplateSet;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::product::Credential;
use crate::domain::stage::Stage;
use crate::domain::verdict::Verdict;
use crate::station::board::{Board, Ending, Tile};
use crate::station::clock;
use crate::station::folder::Folder;
use crate::station::keys::{Keys, Unlocked};
use crate::station::products::{self, Recipe};
use crate::station::profiles;
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::live::LiveRuns;
use crate::station::provision::{Walk, provision, stop};
use crate::station::settings::{Settings, Slot};
use crate::station::slots::presence::Watch;
use crate::store::Store;
use crate::store::work_orders;

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
    while !floor.stop.load(Ordering::Relaxed) {
        match ready(floor) {
            Err(why) => floor.board.show(&slot.name, Tile::NotReady { why }),
            Ok(task) => {
                if !lingers {
                    floor.board.show(&slot.name, Tile::Ready);
                }
                if watch.device_is_there(|| answers(slot, &task)) {
                    let ending = attend(floor, slot, &task, &mut watch);
                    lingers = ending.verdict == Verdict::Aborted;
                    floor.board.show(&slot.name, Tile::Verdict(ending));
                    hold(floor, slot, &task, &mut watch);
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

/// What is to be done with the next device.
struct Task {
    keys: Arc<Unlocked>,
    recipe: Recipe,
    profile_text: Option<String>,
    work_order: Name,
    released_by: String,
}

/// What is needed before a device may be touched; else one sentence that says what is missing.
fn ready(floor: &Floor) -> Result<Task, String> {
    let keys = floor.keys.current().ok_or("The station is locked. Open its page and unlock it.")?;
    let active = floor.store.read(work_orders::active).map_err(|e| e.to_string())?;
    let order = active.ok_or("No work order is active.")?.order;
    let recipe = products::find(&floor.folder, &order.product).map_err(|e| e.to_string())?;
    let profile_text = match &recipe.product.credential {
        Credential::X509 { profile, .. } => {
            Some(profiles::text(&floor.folder, profile).map_err(|e| e.to_string())?)
        }
        Credential::GroupKey { .. } => None,
    };
    Ok(Task { keys, recipe, profile_text, work_order: order.name, released_by: order.released_by })
}

/// Opens the port and provisions the device behind it.
fn attend(floor: &Floor, slot: &Slot, task: &Task, watch: &mut Watch) -> Ending {
    let show = |stage: Stage, serial: Option<&str>, sent: Option<(u64, u64)>| {
        let serial = serial.map(str::to_owned);
        floor.board.show(&slot.name, Tile::Running { stage, serial, sent });
    };
    show(Stage::Identify, None, None);
    let actor = Actor::Slot { slot: slot.name.clone(), released_by: task.released_by.clone() };
    let login = task.recipe.product.identify.login.as_ref();
    let prepared = (|| {
        let password = match login.and_then(|login| login.password.as_ref()) {
            Some(name) => Some(task.keys.vault.secret(name)?.duplicate()),
            None => None,
        };
        let port = match watch.take_port() {
            Some(port) => port,
            None => port::open(&slot.port, slot.baud)?,
        };
        Ok::<_, stop::Stop>(driver::open_driver(&task.recipe.product, port, password, clock::random()?))
    })();
    let templates = TemplateSet::new(Some(floor.folder.templates()));
    let bench = Bench {
        store: &floor.store,
        keys: &task.keys,
        settings: &floor.settings,
        templates: &templates,
        live: &floor.live,
    };
    let job = Job {
        recipe: &task.recipe,
        profile_text: task.profile_text.as_deref(),
        work_order: &task.work_order,
        slot: Some(&slot.name),
        person: &task.released_by,
        actor: &actor,
        label: None,
    };
    match prepared {
        Ok(mut driver) => {
            let ending = provision(&bench, &job, driver.as_mut(), &show);
            tracing::info!(slot = %slot.name, verdict = %ending.verdict, serial = ending.serial, run = ending.run, code = ending.code, "{}", ending.message);
            ending
        }
        Err(stop) => stop::end(&bench, &job, &Walk::begun(), stop, None),
    }
}
