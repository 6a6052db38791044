//! The work orders: what is to be made, which one is active, and the quota no issue can exceed.

pub mod closing;
pub mod first_article;
pub mod for_requests;

use super::change::Change;
use super::columns::Columns;
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::Table;
use super::runs::reserve::ReserveError;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::first_article::FirstArticle;
use crate::domain::name::Name;
use crate::domain::serial_number::SerialNumber;
use crate::domain::utc_time::UtcTime;
use crate::domain::work_order::{LARGEST_WORK_ORDER, WorkOrder, WorkOrderState};

/// A work order and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The order itself.
    pub order: WorkOrder,
    /// How many permits were taken from it, re-work included.
    pub issued: u32,
    /// How many devices have passed under it and still stand.
    pub passed: u32,
    /// When it was written down.
    pub created: UtcTime,
    /// Its first article, if one is or was asked for.
    pub first_article: Option<FirstArticle>,
}

/// A work order to be written down.
#[derive(Debug, Clone, Copy)]
pub struct NewWorkOrder<'a> {
    /// Its name, unique for ever.
    pub name: &'a Name,
    /// The recipe it runs.
    pub product: &'a Name,
    /// How many devices are to pass; at least one.
    pub quantity: u32,
    /// How many issues beyond that re-work may use.
    pub spare: u32,
    /// The serial numbers it may hold; empty allows any.
    pub serials: &'a [SerialNumber],
}

/// Why a work order cannot be written down or moved.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum WorkOrderError {
    #[error("there is a work order {0} already")]
    Exists(Name),
    #[error("there is no work order {0}")]
    Unknown(Name),
    #[error("a work order holds 1 to {most} units with its spare, this one {quantity} and {spare}")]
    Size { quantity: u32, spare: u32, most: u32 },
    #[error("work order {name} lists {listed} serial numbers for {quantity} devices")]
    TooFewSerials { name: Name, listed: usize, quantity: u32 },
    #[error("work order {name} is {state}")]
    State { name: Name, state: WorkOrderState },
    #[error("only {passed} of the {quantity} devices of work order {name} have passed")]
    Short { name: Name, passed: u32, quantity: u32 },
    #[error(
        "work order {name} has {unsent} operations the cloud does not have and {unfinished} runs without a verdict"
    )]
    Unsettled { name: Name, unsent: u64, unfinished: u64 },
    #[error("no first article waits to be confirmed")]
    NoFirstArticle,
    #[error("run {run} is not the first article that waits")]
    OtherFirstArticle { run: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for WorkOrderError {
    fn code(&self) -> Code {
        match self {
            WorkOrderError::Exists(_) => Code::WorkOrderExists,
            WorkOrderError::Unknown(_) => Code::WorkOrderUnknown,
            WorkOrderError::Size { .. } | WorkOrderError::TooFewSerials { .. } => Code::Usage,
            WorkOrderError::State { .. } | WorkOrderError::Short { .. } => Code::WorkOrderState,
            WorkOrderError::Unsettled { .. } => Code::WorkOrderUnsettled,
            WorkOrderError::NoFirstArticle | WorkOrderError::OtherFirstArticle { .. } => Code::FirstArticle,
            WorkOrderError::Store(error) => error.code(),
        }
    }
}

const COLUMNS: &str = "name, product, quantity, spare, state, released_by, issued, passed, created, \
     first_article, first_article_run, first_article_by, first_article_reason";

fn parse(columns: &Columns<'_>) -> Result<Progress, StoreError> {
    Ok(Progress {
        order: WorkOrder {
            name: columns.parsed("name")?,
            product: columns.parsed("product")?,
            quantity: columns.small("quantity")?,
            spare: columns.small("spare")?,
            serials: Vec::new(),
            state: columns.parsed("state")?,
            released_by: columns.raw("released_by")?,
        },
        issued: columns.small("issued")?,
        passed: columns.small("passed")?,
        created: columns.time("created")?,
        first_article: first_article::parse(columns)?,
    })
}

/// Writes a work order down as planned, and records it.
///
/// # Errors
/// See [`WorkOrderError`]; a list must name at least as many serial numbers as devices are to pass.
pub fn add(change: &mut Change<'_>, order: &NewWorkOrder<'_>) -> Result<(), WorkOrderError> {
    let NewWorkOrder { name, product, quantity, spare, serials } = *order;
    let units = quantity.checked_add(spare).filter(|units| *units <= LARGEST_WORK_ORDER);
    if quantity == 0 || units.is_none() {
        return Err(WorkOrderError::Size { quantity, spare, most: LARGEST_WORK_ORDER });
    }
    let mut given: Vec<(String, &SerialNumber)> =
        serials.iter().map(|serial| (serial.folded(), serial)).collect();
    given.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    given.dedup_by(|one, other| one.0 == other.0);
    let folded: Vec<String> = given.iter().map(|(folded, _)| folded.clone()).collect();
    if !folded.is_empty() && folded.len() < usize::try_from(quantity).unwrap_or(usize::MAX) {
        return Err(WorkOrderError::TooFewSerials { name: name.clone(), listed: folded.len(), quantity });
    }
    if change.count("SELECT count(*) FROM work_order WHERE name = ?1", [name.as_str()])? > 0 {
        return Err(WorkOrderError::Exists(name.clone()));
    }
    let list = (!folded.is_empty()).then(|| list_digest(&folded).to_string());
    change.execute(
        "INSERT INTO work_order (name, product, quantity, spare, serials, state, created)
         VALUES (?1, ?2, ?3, ?4, ?5, 'planned', ?6)",
        (name.as_str(), product.as_str(), quantity, spare, list, change.now().millis()),
    )?;
    for (folded, serial) in &given {
        change.execute(
            "INSERT INTO work_order_serial (work_order, serial_folded, serial) VALUES (?1, ?2, ?3)",
            [name.as_str(), folded, serial.as_str()],
        )?;
    }
    change.touch_text(Table::WorkOrder, name.as_str());
    let (name, product) = (name.clone(), product.clone());
    change.record(AuditEvent::WorkOrderAdded { name, product, quantity, spare });
    Ok(())
}

/// The digest under which the audit log vouches for a list of serial numbers, sorted and without doubles.
pub(super) fn list_digest(folded: &[String]) -> Digest {
    Digest::of(folded.join("\n").as_bytes())
}

/// Makes a planned or paused work order the active one; the one that was active pauses. Records it. A first
/// article is asked for only if that was done before ([`first_article::ask`]).
///
/// # Errors
/// [`WorkOrderError::State`] if it is active or closed.
pub fn activate(change: &mut Change<'_>, name: &Name, released_by: &str) -> Result<(), WorkOrderError> {
    let state = state_of(change, name)?;
    match state {
        WorkOrderState::Planned | WorkOrderState::Paused => {}
        WorkOrderState::Active | WorkOrderState::Closed => {
            return Err(WorkOrderError::State { name: name.clone(), state });
        }
    }
    if let Some(before) = active(change)? {
        change.execute(
            "UPDATE work_order SET state = 'paused' WHERE name = ?1 AND state = 'active'",
            [before.order.name.as_str()],
        )?;
        change.touch_text(Table::WorkOrder, before.order.name.as_str());
    }
    change.update_one(
        Table::WorkOrder,
        name.as_str(),
        "was changed in between",
        "UPDATE work_order SET state = 'active', released_by = ?2, activated = ?3
         WHERE name = ?1 AND state IN ('planned', 'paused')",
        (name.as_str(), released_by, change.now().millis()),
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    let first_article = first_article::is_open(change, name)?;
    change.record(AuditEvent::WorkOrderActivated { name: name.clone(), first_article });
    Ok(())
}

/// Takes the active work order from the slots, and records it.
///
/// # Errors
/// [`WorkOrderError::State`] unless it is active.
pub fn pause(change: &mut Change<'_>, name: &Name) -> Result<(), WorkOrderError> {
    let state = state_of(change, name)?;
    if state != WorkOrderState::Active {
        return Err(WorkOrderError::State { name: name.clone(), state });
    }
    set_paused(change, name)?;
    change.record(AuditEvent::WorkOrderPaused { name: name.clone() });
    Ok(())
}

fn set_paused(change: &mut Change<'_>, name: &Name) -> Result<(), StoreError> {
    change.update_one(
        Table::WorkOrder,
        name.as_str(),
        "is not active any more",
        "UPDATE work_order SET state = 'paused' WHERE name = ?1 AND state = 'active'",
        [name.as_str()],
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}

/// Releases a planned work order for runs from the terminal, and records it: it stands as paused, so the
/// slots and the active one are left alone.
///
/// # Errors
/// [`WorkOrderError::State`] unless it is planned.
pub fn release(change: &mut Change<'_>, name: &Name, released_by: &str) -> Result<(), WorkOrderError> {
    let state = state_of(change, name)?;
    if state != WorkOrderState::Planned {
        return Err(WorkOrderError::State { name: name.clone(), state });
    }
    change.update_one(
        Table::WorkOrder,
        name.as_str(),
        "was changed in between",
        "UPDATE work_order SET state = 'paused', released_by = ?2 WHERE name = ?1 AND state = 'planned'",
        [name.as_str(), released_by],
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    change.record(AuditEvent::WorkOrderReleased { name: name.clone() });
    Ok(())
}

fn state_of(reader: &Reader<'_>, name: &Name) -> Result<WorkOrderState, WorkOrderError> {
    let sql = "SELECT state FROM work_order WHERE name = ?1";
    reader
        .row("work_order", sql, [name.as_str()], |columns| columns.parsed("state"))?
        .ok_or_else(|| WorkOrderError::Unknown(name.clone()))
}

/// The work order with this name, with its list of serial numbers.
pub fn get(reader: &Reader<'_>, name: &Name) -> Result<Option<Progress>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM work_order WHERE name = ?1");
    with_list(reader, reader.row("work_order", &sql, [name.as_str()], parse)?)
}

/// The work order with this name, without its list of serial numbers.
pub fn head(reader: &Reader<'_>, name: &Name) -> Result<Option<Progress>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM work_order WHERE name = ?1");
    reader.row("work_order", &sql, [name.as_str()], parse)
}

/// Whether a work order may hold this serial number: its list has it, or it has none.
pub fn allows(reader: &Reader<'_>, name: &Name, serial: &SerialNumber) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM work_order WHERE name = ?1 AND (serials IS NULL OR EXISTS (
                 SELECT 1 FROM work_order_serial WHERE work_order = ?1 AND serial_folded = ?2))";
    Ok(reader.count(sql, [name.as_str(), &serial.folded()])? > 0)
}

/// The active work order, without its list of serial numbers: slots ask several times a second, and the list
/// may be long.
pub fn active(reader: &Reader<'_>) -> Result<Option<Progress>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM work_order WHERE state = 'active'");
    reader.row("work_order", &sql, [], parse)
}

fn with_list(reader: &Reader<'_>, found: Option<Progress>) -> Result<Option<Progress>, StoreError> {
    let Some(mut progress) = found else { return Ok(None) };
    progress.order.serials = serials(reader, progress.order.name.as_str())?;
    Ok(Some(progress))
}

/// The allowed serial numbers of a work order, folded and sorted.
pub(super) fn serials(reader: &Reader<'_>, name: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT serial_folded FROM work_order_serial WHERE work_order = ?1 ORDER BY serial_folded";
    reader.rows("work_order_serial", sql, [name], |columns| columns.raw("serial_folded"))
}

/// The serial numbers of a work order's list as they were given, or folded where an older program wrote them down.
pub fn listed_serials(reader: &Reader<'_>, name: &Name) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT coalesce(serial, serial_folded) AS serial FROM work_order_serial
               WHERE work_order = ?1 ORDER BY serial_folded";
    reader.rows("work_order_serial", sql, [name.as_str()], |columns| columns.raw("serial"))
}

/// How many serial numbers a work order's list holds; none if it may hold any.
pub fn count_serials(reader: &Reader<'_>, name: &Name) -> Result<u64, StoreError> {
    reader.count("SELECT count(*) FROM work_order_serial WHERE work_order = ?1", [name.as_str()])
}

/// The work order with this name, without its list of serial numbers.
pub fn find(reader: &Reader<'_>, name: &Name) -> Result<Option<Progress>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM work_order WHERE name = ?1");
    reader.row("work_order", &sql, [name.as_str()], parse)
}

/// Up to `limit` work orders older than this one (or the newest ones), newest first, without their lists of
/// serial numbers.
pub fn list(reader: &Reader<'_>, limit: u32, after: Option<&Name>) -> Result<Vec<Progress>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM work_order
         WHERE ?1 IS NULL
            OR (created, name) < (SELECT created, name FROM work_order WHERE name = ?1)
         ORDER BY created DESC, name DESC LIMIT ?2"
    );
    reader.rows("work_order", &sql, (after.map(Name::as_str), limit), parse)
}

/// Takes one unit of a work order for a device of this product: a slot from the active one only, the terminal
/// from any that is released. None is taken while a first article waits to be confirmed.
pub(super) fn take_unit(
    change: &mut Change<'_>,
    name: &Name,
    product: &Name,
    serial: &SerialNumber,
    slot: Option<&Name>,
) -> Result<(), ReserveError> {
    let sql = format!("SELECT {COLUMNS}, serials IS NOT NULL AS listed FROM work_order WHERE name = ?1");
    let row = change
        .row("work_order", &sql, [name.as_str()], |columns| Ok((parse(columns)?, columns.raw("listed")?)))?;
    let (progress, listed): (Progress, bool) =
        row.ok_or_else(|| ReserveError::WorkOrderUnknown(name.clone()))?;
    let order = progress.order;
    let open = match order.state {
        WorkOrderState::Active => true,
        WorkOrderState::Paused => slot.is_none(),
        WorkOrderState::Planned | WorkOrderState::Closed => false,
    };
    if !open {
        let state = order.state.as_str();
        return Err(ReserveError::WorkOrderNotActive { name: order.name, state });
    }
    // a unit that was reserved before the first article passed has its permit already
    if let Some(run) = progress.first_article.as_ref().and_then(FirstArticle::waiting) {
        return Err(ReserveError::FirstArticleWaits { work_order: order.name, run });
    }
    if order.product != *product {
        let (work_order, found) = (order.name, product.clone());
        return Err(ReserveError::OtherProduct { work_order, wanted: order.product, found });
    }
    let on_list = "SELECT count(*) FROM work_order_serial WHERE work_order = ?1 AND serial_folded = ?2";
    if listed && change.count(on_list, [name.as_str(), &serial.folded()])? == 0 {
        let (work_order, serial) = (order.name, serial.clone());
        return Err(ReserveError::SerialNotAllowed { work_order, serial });
    }
    let taken = change.execute(
        "UPDATE work_order SET issued = issued + 1
         WHERE name = ?1 AND issued < quantity + spare",
        [name.as_str()],
    )?;
    if taken == 0 {
        let quota = order.quota();
        return Err(ReserveError::QuotaSpent { work_order: order.name, quota });
    }
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}

/// Counts a device that passed (1), or one whose PASS no longer stands (-1).
pub(super) fn count_passed(change: &mut Change<'_>, name: &Name, by: i64) -> Result<(), StoreError> {
    change.update_one(
        Table::WorkOrder,
        name.as_str(),
        "is not there",
        "UPDATE work_order SET passed = max(0, passed + ?2) WHERE name = ?1",
        (name.as_str(), by),
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}
