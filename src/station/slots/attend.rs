//! One device in one slot: who is responsible is found out, the port is opened, the device provisioned, the tile kept
//! up to date.

use crate::device::driver;
use crate::device::port;
use crate::device::render::template_set::TemplateSet;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::stage::Stage;
use crate::station::board::{Ending, Tile};
use crate::station::clock;
use crate::station::hooks::SlotHooks;
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::{Walk, provision, stop};
use crate::station::settings::Slot;
use crate::station::slots::Floor;
use crate::station::slots::gathering::Begun;
use crate::station::slots::presence::Watch;
use crate::station::slots::readiness::Task;

/// Lets the fixture get ready, opens the port and provisions the device behind it, which must agree with the label
/// if one was scanned. The run is that of whoever scanned for it, else of whoever is on the line, else of the one who
/// released the work order; where the settings do not have that last one, nothing begins and there is no ending.
pub fn attend(
    floor: &Floor,
    slot: &Slot,
    task: &Task,
    watch: &mut Watch,
    begun: &Begun,
    hooks: &SlotHooks,
) -> Option<Ending> {
    let scanned_by = begun.by.as_ref().and_then(Actor::person);
    let operator = floor.store.read(|r| floor.shift.begin_run(r, clock::now(), scanned_by));
    if floor.settings.pages.operator_required && matches!(operator, Ok(None)) {
        return None;
    }
    let show = |stage: Stage, serial: Option<&str>, sent: Option<(u64, u64)>| {
        let serial = serial.map(str::to_owned);
        floor.board.show(&slot.name, Tile::Running { stage, serial, sent });
    };
    show(Stage::Identify, None, None);
    // a station whose records cannot be read says so in the run itself
    let (operator, unread) = match operator {
        Ok(operator) => (operator, None),
        Err(error) => (None, Some(error)),
    };
    let person = operator.as_ref().map_or(task.released_by.as_str(), Name::as_str);
    let released_by = task.released_by.clone();
    let actor = Actor::Slot { slot: slot.name.clone(), released_by, operator: operator.clone() };
    let login = task.recipe.product.identify.login.as_ref();
    let prepared = (|| {
        if let Some(error) = unread {
            return Err(stop::Stop::station(&error));
        }
        hooks.start().map_err(|error| stop::Stop::station(&error))?;
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
        person,
        actor: &actor,
        label: begun.label.as_ref(),
    };
    Some(match prepared {
        Ok(mut driver) => {
            let ending = provision(&bench, &job, driver.as_mut(), &show);
            tracing::info!(slot = %slot.name, verdict = %ending.verdict, serial = ending.serial, run = ending.run, code = ending.code, "{}", ending.message);
            ending
        }
        Err(stop) => stop::end(&bench, &job, &Walk::begun(), stop, None),
    })
}
