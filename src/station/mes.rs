//! What a manufacturing execution system asks: may I build this serial, what happened to it, here is a work
//! order, what came out.

use std::fmt;

use crate::domain::code::{Code, Coded};
use crate::domain::first_article::WaitingArticle;
use crate::domain::name::Name;
use crate::domain::serial_number::{BadSerial, SerialNumber};
use crate::domain::utc_time::UtcTime;
use crate::domain::work_order::{WorkOrder, WorkOrderState};
use crate::station::clients::{Allowed, Ordering, Querying};
use crate::station::folder::Folder;
use crate::station::products::{self, RecipeError};
use crate::station::refusals;
use crate::store::Store;
use crate::store::certificates::{self, Certificate};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::error::StoreError;
use crate::store::outbox::{self, OutboxRow};
use crate::store::reader::Reader;
use crate::store::runs::reserve::ReserveError;
use crate::store::runs::{self, Run, RunFilter};
use crate::store::work_orders::{self, NewWorkOrder, Progress, WorkOrderError, closing, first_article};

/// At most this many runs, certificates and operations of one device are told; the newest ones.
pub const MOST_OF_A_DEVICE: u32 = 50;

/// Why a unit must not be built now.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is the rule it carries")]
pub enum MayNot {
    #[error("no work order is active")]
    NoOrder,
    #[error("the first article of work order {order}, {serial}, is to be confirmed")]
    FirstArticle { order: Name, serial: String },
    #[error(transparent)]
    Serial(#[from] BadSerial),
    #[error(transparent)]
    Rule(#[from] ReserveError),
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for MayNot {
    fn code(&self) -> Code {
        match self {
            MayNot::NoOrder => Code::NoActiveWorkOrder,
            MayNot::FirstArticle { .. } => Code::FirstArticle,
            MayNot::Serial(error) => error.code(),
            MayNot::Rule(error) => error.code(),
            MayNot::Recipe(error) => error.code(),
            MayNot::Store(error) => error.code(),
        }
    }
}

/// The work order under which a unit may be built now.
///
/// # Errors
/// [`MayNot::Store`] if that cannot be said; every other one is the answer no, by the rules a slot would follow.
pub fn may_build(
    folder: &Folder,
    store: &Store,
    _: &Querying,
    serial: &str,
    order: Option<&Name>,
) -> Result<Name, MayNot> {
    store.read(|r| {
        let found = match order {
            Some(name) => {
                let found = work_orders::head(r, name)?;
                Some(found.ok_or_else(|| ReserveError::WorkOrderUnknown(name.clone()))?)
            }
            None => work_orders::active(r)?,
        };
        let found = found.ok_or(MayNot::NoOrder)?;
        let article = first_article::waiting(r, &found)?;
        let Progress { order, issued, .. } = found;
        if order.state != WorkOrderState::Active {
            let state = order.state.as_str();
            return Err(ReserveError::WorkOrderNotActive { name: order.name, state }.into());
        }
        if let Some(WaitingArticle { work_order: order, serial, run: _ }) = article {
            return Err(MayNot::FirstArticle { order, serial });
        }
        let rule = products::find(folder, &order.product)?.product.identify.serial_rule;
        let serial = rule.parse(serial)?;
        let goes_on = goes_on(r, &serial)?;
        if !work_orders::allows(r, &order.name, &serial)? {
            return Err(ReserveError::SerialNotAllowed { work_order: order.name, serial }.into());
        }
        // a run that goes on has its unit of the quota
        if !goes_on && issued >= order.quota() {
            let quota = order.quota();
            return Err(ReserveError::QuotaSpent { work_order: order.name, quota }.into());
        }
        Ok(order.name)
    })
}

/// Whether a run of this device goes on from where it stands; else it may begin.
fn goes_on(r: &Reader<'_>, serial: &SerialNumber) -> Result<bool, MayNot> {
    let Some(device) = devices::by_serial(r, serial)? else { return Ok(false) };
    match runs::unfinished_of(r, device.id)? {
        Some(run) if run.resume => return Ok(true),
        Some(run) => return Err(ReserveError::Unfinished { run: run.id }.into()),
        None => {}
    }
    match device.state {
        DeviceState::New | DeviceState::Released => Ok(false),
        DeviceState::Provisioned => {
            let run = runs::newest_of(r, device.id)?.map_or(0, |run| run.id);
            Err(ReserveError::AlreadyPassed { run }.into())
        }
        DeviceState::Quarantined | DeviceState::Scrapped => {
            Err(ReserveError::Blocked { device: device.id, state: device.state }.into())
        }
    }
}

/// What happened to one device.
#[derive(Debug)]
pub struct History {
    /// Who it is and where it stands.
    pub device: Device,
    /// Its newest runs, newest first.
    pub runs: Vec<Run>,
    /// Its newest certificates, newest first.
    pub certificates: Vec<Certificate>,
    /// What was to be done about its enrollment, newest first.
    pub enrollment: Vec<OutboxRow>,
}

/// What happened to the device with this serial number, MAC address, registration ID or device ID.
pub fn history(store: &Store, _: &Querying, text: &str) -> Result<Option<History>, StoreError> {
    store.read(|r| {
        let Some(device) = devices::find(r, text)? else { return Ok(None) };
        let filter = RunFilter { device: Some(device.id), ..RunFilter::default() };
        let runs = runs::list(r, &filter, MOST_OF_A_DEVICE, None)?.into_iter().map(|(run, _)| run).collect();
        let mut certificates = certificates::by_device(r, device.id)?;
        certificates.reverse();
        certificates.truncate(usize::try_from(MOST_OF_A_DEVICE).unwrap_or(usize::MAX));
        let enrollment = outbox::of_registration(r, &device.identity.registration_id, MOST_OF_A_DEVICE)?;
        Ok(Some(History { device, runs, certificates, enrollment }))
    })
}

/// A work order as another system gives it.
#[derive(Debug, Clone)]
pub struct OrderedLot {
    /// Its name.
    pub name: Name,
    /// The recipe.
    pub product: Name,
    /// How many devices are to pass.
    pub quantity: u32,
    /// How many issues beyond that re-work may use.
    pub spare: u32,
    /// The serial numbers it may hold, as given; empty allows any.
    pub serials: Vec<String>,
}

/// Why a work order was not taken or closed.
#[derive(Debug, thiserror::Error)]
pub enum OrderRefused {
    /// The name stands for another order already.
    #[error("there is another work order {0} already")]
    Differs(Name),
    /// A serial number of its list is none.
    #[error("serials, number {at}: {bad}")]
    Serial {
        /// Counted from 1.
        at: usize,
        /// What is wrong with it.
        bad: BadSerial,
    },
    /// There is no such recipe, or it is faulty.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The rules of work orders.
    #[error(transparent)]
    Order(#[from] WorkOrderError),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for OrderRefused {
    fn code(&self) -> Code {
        match self {
            OrderRefused::Differs(_) => Code::WorkOrderExists,
            OrderRefused::Serial { bad, .. } => bad.code(),
            OrderRefused::Recipe(error) => error.code(),
            OrderRefused::Order(error) => error.code(),
            OrderRefused::Store(error) => error.code(),
        }
    }
}

/// Whether an order is new, or the same one was there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// Written down now, as planned.
    New,
    /// It stood there with the same content: a request that was sent twice.
    Same,
}

/// Writes an order down as planned. Asking twice is asking once.
///
/// # Errors
/// See [`OrderRefused`]; a refusal is on record.
pub fn add_order(
    folder: &Folder,
    store: &Store,
    authority: &Ordering,
    lot: &OrderedLot,
    now: UtcTime,
) -> Result<Added, OrderRefused> {
    let done = try_to_add(folder, store, authority, lot, now);
    on_record(store, authority.actor(), &format!("new work order {}", lot.name), done, now)
}

fn try_to_add(
    folder: &Folder,
    store: &Store,
    authority: &Ordering,
    lot: &OrderedLot,
    now: UtcTime,
) -> Result<Added, OrderRefused> {
    let OrderedLot { name, product, quantity, spare, serials } = lot;
    let rule = products::find(folder, product)?.product.identify.serial_rule;
    let serials: Vec<SerialNumber> = (1..)
        .zip(serials)
        .map(|(at, text)| rule.parse(text).map_err(|bad| OrderRefused::Serial { at, bad }))
        .collect::<Result<_, _>>()?;
    let new = NewWorkOrder { name, product, quantity: *quantity, spare: *spare, serials: &serials };
    match store.change(authority.actor(), now, |change| work_orders::add(change, &new)) {
        Ok(()) => Ok(Added::New),
        Err(WorkOrderError::Exists(_)) => {
            let there = store.read(|r| work_orders::get(r, name))?;
            match there {
                Some(there) if is_same(&there.order, &new) => Ok(Added::Same),
                _ => Err(OrderRefused::Differs(name.clone())),
            }
        }
        Err(error) => Err(error.into()),
    }
}

fn is_same(there: &WorkOrder, new: &NewWorkOrder<'_>) -> bool {
    let mut folded: Vec<String> = new.serials.iter().map(SerialNumber::folded).collect();
    folded.sort_unstable();
    folded.dedup();
    there.product == *new.product
        && there.quantity == new.quantity
        && there.spare == new.spare
        && there.serials == folded
}

/// Closes an order all of whose devices have passed; closing one short is for a person.
///
/// # Errors
/// See [`OrderRefused`]; a refusal is on record.
pub fn close_order(
    store: &Store,
    authority: &Ordering,
    name: &Name,
    now: UtcTime,
) -> Result<(), OrderRefused> {
    let done = store.change(authority.actor(), now, |change| closing::close(change, name, false));
    let what = format!("closing of work order {name}");
    on_record(store, authority.actor(), &what, done.map_err(OrderRefused::from), now)
}

fn on_record<T>(
    store: &Store,
    actor: &crate::domain::person::Actor,
    what: &dyn fmt::Display,
    done: Result<T, OrderRefused>,
    now: UtcTime,
) -> Result<T, OrderRefused> {
    if let Err(error) = &done {
        refusals::record(store, actor, now, &what.to_string(), error);
    }
    done
}
