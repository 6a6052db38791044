//! Reserving a device for a run: who it is, whether it may be provisioned, and one unit of the work order's
//! quota, in one change with the intent that follows.

use std::fmt;

use super::CredentialKind;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::pair::Pair;
use crate::domain::product::{Credential, DeviceIdentity};
use crate::domain::serial_number::SerialNumber;
use crate::domain::stage::Stage;
use crate::domain::work_order::{IssuePermit, PermitHolder};
use crate::store::announced::contradiction::{self, Contradiction};
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::devices::standing::{self, Claim, Standing};
use crate::store::devices::{self, Device, DeviceState};
use crate::store::error::StoreError;
use crate::store::row_digest::Table;
use crate::store::{recipes, work_orders};

/// What a run asks for.
#[derive(Debug, Clone, Copy)]
pub struct Reservation<'a> {
    /// What the device says.
    pub serial: &'a SerialNumber,
    /// What the device says, if the recipe asks.
    pub mac: Option<&'a MacAddress>,
    /// Formed from them by the recipe.
    pub identity: &'a DeviceIdentity,
    /// What the work order makes: a recipe by its name, or the certificate profile that stands in its place.
    pub product: &'a Name,
    /// Digest of the recipe's text and the text, kept once for ever; none under a profile alone.
    pub recipe: Option<(&'a Digest, &'a str)>,
    /// The work order: for a slot the active one, for the terminal one that is released.
    pub work_order: &'a Name,
    /// The slot, if it runs in one.
    pub slot: Option<&'a Name>,
    /// Who is responsible.
    pub person: &'a str,
    /// What the recipe gives the device.
    pub credential: &'a Credential,
}

/// A device that is reserved. The intent belongs into the same change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// The run.
    pub run: u64,
    /// The device.
    pub device: Device,
    /// The work order the permit was taken from.
    pub work_order: Name,
    /// Digest of the recipe, if there is one.
    pub product: Option<Digest>,
    /// What it is to get.
    pub credential: CredentialKind,
}

/// What a second device has in common with a known one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateKind {
    /// The serial number.
    Serial,
    /// The MAC address.
    Mac,
    /// The registration ID.
    RegistrationId,
    /// The device ID at the hub.
    DeviceId,
}

impl fmt::Display for DuplicateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DuplicateKind::Serial => "serial",
            DuplicateKind::Mac => "mac",
            DuplicateKind::RegistrationId => "registration-id",
            DuplicateKind::DeviceId => "device-id",
        })
    }
}

/// Why a device cannot be reserved.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum ReserveError {
    /// It agrees with a known device in one respect and differs in another.
    #[error("device {known_device} is known by the {kind} {value} but differs otherwise")]
    Duplicate { kind: DuplicateKind, value: String, known_device: u64 },
    /// Its last run has no verdict.
    #[error("run {run} of this device broke off and is not decided")]
    Unfinished { run: u64 },
    /// Its last run has no verdict, and an engineer said that it goes on.
    #[error("run {run} of this device is to be resumed")]
    Resumable { run: u64 },
    /// It has its identity.
    #[error("this device got its identity in run {run}")]
    AlreadyPassed { run: u64 },
    /// Quarantined or scrapped.
    #[error("device {device} is {state}")]
    Blocked { device: u64, state: DeviceState },
    #[error("there is no work order {0}")]
    WorkOrderUnknown(Name),
    #[error("work order {name} is {state}, not active")]
    WorkOrderNotActive { name: Name, state: &'static str },
    #[error("the first article of work order {work_order} (run {run}) waits to be confirmed")]
    FirstArticleWaits { work_order: Name, run: u64 },
    #[error("work order {work_order} is for product {wanted}, not for {found}")]
    OtherProduct { work_order: Name, wanted: Name, found: Name },
    /// Imported files say otherwise.
    #[error(transparent)]
    Announced(#[from] Contradiction),
    #[error("serial number {serial} is not in the list of work order {work_order}")]
    SerialNotAllowed { work_order: Name, serial: SerialNumber },
    #[error("all {quota} units of work order {work_order} are issued, spare included")]
    QuotaSpent { work_order: Name, quota: u32 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReserveError {
    /// The alarm a duplicate deserves. The change that found it was rolled back, so it is recorded in one
    /// of its own.
    pub fn alarm(&self) -> Option<AuditEvent> {
        match self {
            ReserveError::Duplicate { kind, value, known_device } => Some(AuditEvent::DuplicateAlarm {
                kind: kind.to_string(),
                value: value.clone(),
                known_device: *known_device,
            }),
            ReserveError::Announced(contradiction) => contradiction.alarm(),
            ReserveError::Unfinished { .. }
            | ReserveError::Resumable { .. }
            | ReserveError::AlreadyPassed { .. }
            | ReserveError::Blocked { .. }
            | ReserveError::WorkOrderUnknown(_)
            | ReserveError::WorkOrderNotActive { .. }
            | ReserveError::FirstArticleWaits { .. }
            | ReserveError::OtherProduct { .. }
            | ReserveError::SerialNotAllowed { .. }
            | ReserveError::QuotaSpent { .. }
            | ReserveError::Store(_) => None,
        }
    }
}

impl Coded for ReserveError {
    fn code(&self) -> Code {
        match self {
            ReserveError::Duplicate { kind, value: _, known_device: _ } => match kind {
                DuplicateKind::Serial => Code::DuplicateSerial,
                DuplicateKind::Mac => Code::DuplicateMac,
                DuplicateKind::RegistrationId | DuplicateKind::DeviceId => Code::DuplicateRegistrationId,
            },
            ReserveError::Unfinished { .. } | ReserveError::Resumable { .. } => Code::RunUnfinished,
            ReserveError::AlreadyPassed { .. } => Code::AlreadyPassed,
            ReserveError::Blocked { .. } => Code::DeviceBlocked,
            ReserveError::WorkOrderUnknown(_) => Code::WorkOrderUnknown,
            ReserveError::WorkOrderNotActive { .. } => Code::NoActiveWorkOrder,
            ReserveError::FirstArticleWaits { .. } => Code::FirstArticle,
            ReserveError::OtherProduct { .. } => Code::WrongProduct,
            ReserveError::Announced(contradiction) => contradiction.code(),
            ReserveError::SerialNotAllowed { .. } => Code::SerialNotAllowed,
            ReserveError::QuotaSpent { .. } => Code::QuotaSpent,
            ReserveError::Store(error) => error.code(),
        }
    }
}

/// Takes one unit of the work order, writes device and run, and mints the permits for one credential: two where the
/// recipe gives two certificates. In the same change follows [`crate::store::certificates::issue::intend`] or [`intend_key`].
///
/// # Errors
/// See [`ReserveError`]; nothing is written then, as the change must be given up.
pub fn reserve(
    change: &mut Change<'_>,
    reservation: &Reservation<'_>,
) -> Result<(Reserved, Pair<IssuePermit>), ReserveError> {
    let Reservation { serial, mac, identity, product, recipe, work_order, slot, person, credential } =
        *reservation;
    let claim = Claim { serial, mac, identity };
    if let Some(contradiction) = contradiction::of_claim(change, &claim, Some(work_order))? {
        return Err(contradiction.into());
    }
    let known = match standing::standing(change, &claim)? {
        Standing::New => None,
        Standing::Known(device) => Some(device),
        Standing::Resume { device: _, run } => return Err(ReserveError::Resumable { run: run.id }),
    };
    work_orders::take_unit(change, work_order, product, serial, slot)?;
    if let Some((digest, text)) = recipe {
        recipes::keep_product(change, product, digest, text)?;
    }
    let device = standing::write(change, &claim, known.as_ref())?;
    let two = credential.is_two();
    let credential = CredentialKind::from(credential);
    let (key_origin, group_key) = credential.details();
    let run = change.insert(
        "INSERT INTO run (device, work_order, product, product_digest, slot, person, credential, key_origin,
                          group_key, started, stage)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        (
            sql_id(device),
            work_order.as_str(),
            recipe.map(|_| product.as_str()),
            recipe.map(|(digest, _)| digest.to_string()),
            slot.map(Name::as_str),
            person,
            credential.as_str(),
            key_origin,
            group_key,
            change.now().millis(),
            Stage::Prepare.as_str(),
        ),
    )?;
    change.touch_number(Table::Run, run);
    let missing = StoreError::Conflict { table: "device", key: device.to_string(), why: "is not there" };
    let reserved = Reserved {
        run,
        device: devices::get(change, device)?.ok_or(missing)?,
        work_order: work_order.clone(),
        product: recipe.map(|(digest, _)| *digest),
        credential,
    };
    let permit = || IssuePermit::mint(work_order.clone(), PermitHolder::Run(run));
    Ok((reserved, Pair { primary: permit(), secondary: two.then(permit) }))
}

/// Takes up a run that broke off and that an engineer decided is to go on; the decision is spent by it.
///
/// # Errors
/// [`ReserveError::Unfinished`] if nobody decided so, or somebody was faster.
pub fn take_up(
    change: &mut Change<'_>,
    run: u64,
    slot: Option<&Name>,
    person: &str,
) -> Result<(), ReserveError> {
    let taken = change.update_one(
        Table::Run,
        &run.to_string(),
        "is not to be resumed",
        "UPDATE run SET resume = 0, slot = ?2, person = ?3 WHERE id = ?1 AND resume = 1 AND verdict IS NULL",
        (sql_id(run), slot.map(Name::as_str), person),
    );
    match taken {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => return Err(ReserveError::Unfinished { run }),
        Err(error) => return Err(error.into()),
    }
    change.touch_number(Table::Run, run);
    change.record(AuditEvent::RunTakenUp { run, slot: slot.cloned() });
    Ok(())
}

/// The intent of a run that gives a derived key: from here on the key may be on the device.
///
/// # Errors
/// A conflict if the run is not one that was just reserved for a group key.
pub fn intend_key(change: &mut Change<'_>, reserved: &Reserved) -> Result<(), StoreError> {
    if !matches!(reserved.credential, CredentialKind::GroupKey { .. }) {
        let (table, key) = ("run", reserved.run.to_string());
        return Err(StoreError::Conflict { table, key, why: "does not give a derived key" });
    }
    advance(change, reserved.run, Stage::Prepare, Stage::Intended)?;
    change.record(AuditEvent::IssueIntended {
        run: reserved.run,
        work_order: reserved.work_order.clone(),
        registration_id: reserved.device.identity.registration_id.clone(),
        serial: reserved.device.serial.clone(),
        credential: reserved.credential.as_str().to_owned(),
        cert_serial: None,
        to_be_signed: None,
        public_key: None,
        product: reserved.product,
        profile: None,
    });
    Ok(())
}

/// Moves a run that has no verdict from one stage to the next.
pub(in crate::store) fn advance(
    change: &mut Change<'_>,
    run: u64,
    from: Stage,
    to: Stage,
) -> Result<(), StoreError> {
    change.update_one(
        Table::Run,
        &run.to_string(),
        "is not at the stage this step follows",
        "UPDATE run SET stage = ?3 WHERE id = ?1 AND stage = ?2 AND verdict IS NULL",
        (sql_id(run), from.as_str(), to.as_str()),
    )?;
    change.touch_number(Table::Run, run);
    Ok(())
}
