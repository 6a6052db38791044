//! Closing a work order: what stands against it, and closing it all the same with a reason on record.

use super::{WorkOrderError, find};
use crate::domain::audit_event::AuditEvent;
use crate::domain::name::Name;
use crate::domain::work_order::WorkOrderState;
use crate::store::change::Change;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::row_digest::Table;

/// What of a work order is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// Operations the cloud does not have: waiting, in conflict or parked.
    pub unsent: u64,
    /// Runs without a verdict.
    pub unfinished: u64,
}

impl Unsettled {
    /// Whether everything is settled.
    pub fn is_nothing(self) -> bool {
        self == Unsettled { unsent: 0, unfinished: 0 }
    }
}

/// What of a work order is not settled.
pub fn unsettled(reader: &Reader<'_>, name: &Name) -> Result<Unsettled, StoreError> {
    // the plus signs keep SQLite from walking all runs of the order instead of the few open rows
    let unsent = "SELECT count(*) FROM outbox JOIN run ON run.id = outbox.run
         WHERE outbox.state IN ('waiting', 'conflict', 'parked') AND +run.work_order = ?1";
    let unfinished = "SELECT count(*) FROM run WHERE verdict IS NULL AND +work_order = ?1";
    Ok(Unsettled {
        unsent: reader.count(unsent, [name.as_str()])?,
        unfinished: reader.count(unfinished, [name.as_str()])?,
    })
}

/// Closes a work order for good, and records whether it was closed short.
///
/// # Errors
/// [`WorkOrderError::Short`] if fewer devices passed than were ordered, unless that is overridden;
/// [`WorkOrderError::Unsettled`] if the cloud does not have everything or a run has no verdict;
/// [`WorkOrderError::State`] if it is closed.
pub fn close(change: &mut Change<'_>, name: &Name, override_short: bool) -> Result<(), WorkOrderError> {
    let (short, open) = what_stands_against(change, name)?;
    let overridden = short.is_some();
    match short {
        Some(short) if !override_short => return Err(short),
        Some(_) | None => {}
    }
    if !open.is_nothing() {
        let Unsettled { unsent, unfinished } = open;
        return Err(WorkOrderError::Unsettled { name: name.clone(), unsent, unfinished });
    }
    write(change, name)?;
    change.record(AuditEvent::WorkOrderClosed {
        name: name.clone(),
        overridden,
        reason: None,
        unsent: None,
        unfinished: None,
    });
    Ok(())
}

/// Closes a work order for good whatever stands against it, and records that with the reason.
///
/// # Errors
/// [`WorkOrderError::State`] if it is closed.
pub fn close_despite(change: &mut Change<'_>, name: &Name, reason: &str) -> Result<(), WorkOrderError> {
    let (short, open) = what_stands_against(change, name)?;
    write(change, name)?;
    change.record(AuditEvent::WorkOrderClosed {
        name: name.clone(),
        overridden: short.is_some() || !open.is_nothing(),
        reason: Some(reason.to_owned()),
        unsent: Some(open.unsent).filter(|count| *count > 0),
        unfinished: Some(open.unfinished).filter(|count| *count > 0),
    });
    Ok(())
}

fn what_stands_against(
    reader: &Reader<'_>,
    name: &Name,
) -> Result<(Option<WorkOrderError>, Unsettled), WorkOrderError> {
    let row = find(reader, name)?.ok_or_else(|| WorkOrderError::Unknown(name.clone()))?;
    let (quantity, passed) = (row.order.quantity, row.passed);
    if row.order.state == WorkOrderState::Closed {
        return Err(WorkOrderError::State { name: name.clone(), state: WorkOrderState::Closed });
    }
    let short = (passed < quantity).then(|| WorkOrderError::Short { name: name.clone(), passed, quantity });
    Ok((short, unsettled(reader, name)?))
}

fn write(change: &mut Change<'_>, name: &Name) -> Result<(), StoreError> {
    change.update_one(
        Table::WorkOrder,
        name.as_str(),
        "was changed in between",
        "UPDATE work_order SET state = 'closed' WHERE name = ?1 AND state <> 'closed'",
        [name.as_str()],
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}
