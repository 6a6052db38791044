//! `lineside provision`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::device::render::template_set::TemplateSet;
use crate::device::{driver, port};
use crate::domain::code::Code;
use crate::domain::label::Label;
use crate::domain::name::Name;
use crate::domain::product::Credential;
use crate::domain::stage::Stage;
use crate::domain::verdict::Verdict;
use crate::station::products::{self, Recipe};
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::live::LiveRuns;
use crate::station::provision::provision;
use crate::station::{clock, profiles};
use crate::store::work_orders::{self, NewWorkOrder};

/// One device from the terminal.
#[derive(Args)]
pub struct Provision {
    /// The device's port
    #[arg(long)]
    port: PathBuf,
    /// The recipe
    #[arg(long)]
    product: Name,
    /// The work order (else the active one if it makes this product, else one of exactly one device)
    #[arg(long)]
    work_order: Option<Name>,
    /// Speed in baud
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// The serial number on the unit's label; the device must agree
    #[arg(long)]
    label: Option<String>,
}

impl Provision {
    /// Provisions the device and fails unless it passes.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let (unlocked, _lock) = session.unlock_alone(common)?;
        let recipe = products::find(&session.folder, &self.product)?;
        let rule = &recipe.product.identify.serial_rule;
        let serial = self.label.as_deref().map(|text| rule.parse(text)).transpose()?;
        let label = serial.map(|serial| Label { serial: Some(serial), mac: None });
        let profile_text = match &recipe.product.credential {
            Credential::X509 { profile, .. } => Some(profiles::text(&session.folder, profile)?),
            Credential::GroupKey { .. } => None,
        };
        let password = match recipe.product.identify.login.as_ref().and_then(|login| login.password.as_ref())
        {
            Some(name) => Some(unlocked.vault.secret(name)?.duplicate()),
            None => None,
        };
        let port = port::open(&self.port, self.baud)?;
        let random = clock::random().map_err(|e| Failure::work(Code::Internal, e))?;
        let mut driver = driver::open_driver(&recipe.product, port, password, random);
        let order = WorkOrderInUse::take(&session, &recipe, self.work_order.as_ref())?;
        let person = session.person();
        let templates = TemplateSet::new(Some(session.folder.templates()));
        let live = LiveRuns::default();
        let bench = Bench {
            store: &session.store,
            keys: &unlocked,
            settings: &session.settings,
            templates: &templates,
            live: &live,
        };
        let job = Job {
            recipe: &recipe,
            profile_text: profile_text.as_deref(),
            work_order: &order.name,
            slot: None,
            person: &person,
            actor: &session.actor,
            label: label.as_ref(),
        };
        let quiet = common.json;
        let last = std::cell::Cell::new(None);
        let show = |stage: Stage, _: Option<&str>, _: Option<(u64, u64)>| {
            if !quiet && last.replace(Some(stage)) != Some(stage) {
                output::note(stage.as_str());
            }
        };
        let ending = provision(&bench, &job, driver.as_mut(), &show);
        let reported = output::report(common.json, &ending, || match ending.verdict {
            Verdict::Pass => format!("PASS  {}", ending.message),
            verdict => format!("{verdict}  {} {}", ending.message, ending.next),
        });
        order.close(&session);
        reported?;
        if ending.verdict == Verdict::Pass {
            return Ok(());
        }
        let code = ending.code.as_deref().and_then(Code::find).unwrap_or(Code::Internal);
        Err(Failure::work(code, ending.message))
    }
}

/// The work order of this one device, and whether it was opened for it alone.
struct WorkOrderInUse {
    name: Name,
    opened: bool,
}

impl WorkOrderInUse {
    fn take(session: &Session, recipe: &Recipe, named: Option<&Name>) -> Result<WorkOrderInUse, Failure> {
        let active = session.store.read(work_orders::active)?;
        let fits = active.as_ref().filter(|active| {
            named.is_none_or(|name| active.order.name == *name) && active.order.product == recipe.product.name
        });
        if let Some(active) = fits {
            return Ok(WorkOrderInUse { name: active.order.name.clone(), opened: false });
        }
        if let Some(name) = named {
            return Err(Failure::work(
                Code::NoActiveWorkOrder,
                format!("the work order {name} is not active, or makes another product"),
            ));
        }
        let now = clock::now();
        let name: Name = format!("single-{}", now.millis()).parse()?;
        let person = session.person();
        let order =
            NewWorkOrder { name: &name, product: &recipe.product.name, quantity: 1, spare: 0, serials: &[] };
        session.store.change(&session.actor, now, |change| {
            work_orders::add(change, &order)?;
            // never the active one: whenever this process ends, the slots run what they ran before
            work_orders::release(change, &name, &person)
        })?;
        Ok(WorkOrderInUse { name, opened: true })
    }

    /// Closes the order that was opened for this device. The verdict stands whether or not that works.
    fn close(self, session: &Session) {
        let WorkOrderInUse { name, opened } = self;
        if !opened {
            return;
        }
        let closed = session
            .store
            .change(&session.actor, clock::now(), |change| work_orders::close(change, &name, true));
        if let Err(error) = closed {
            output::note(&format!(
                "The work order {name} stays open ({error}): `lineside work-order close {name} --short`."
            ));
        }
    }
}
