//! Labels: printed when a device passes, counted when they are printed again, shown before they are printed.

pub mod at_pass;
pub mod of_record;
pub mod plan;
pub mod printing;
pub mod sending;
pub mod zpl;

use crate::device::render::RenderError;
use crate::device::render::template_set::TemplateSet;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::reason::{NoReason, Reason};
use crate::station::authority::{Authority, Operating};
use crate::station::clock;
use crate::station::folder::Folder;
use crate::station::labels::of_record::Found;
use crate::station::refusals;
use crate::station::slots::Floor;
use crate::store::change::Change;
use crate::store::error::StoreError;
use crate::store::labels::{self, LabelState, NewLabel};

/// Why there is no label.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The settings have no such printer.
    #[error("the station has no printer named {0}")]
    PrinterUnknown(Name),
    /// The run did not pass, is not there, or nothing is printed for its product.
    #[error("there is no label for this")]
    NoLabel,
    /// The identity that the run gave was withdrawn, or the device has another one.
    #[error("the identity that run {0} gave its device does not stand any more")]
    Withdrawn(u64),
    /// A copy is asked for without saying why.
    #[error(transparent)]
    Reason(#[from] NoReason),
    /// The template is faulty.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for LabelError {
    fn code(&self) -> Code {
        match self {
            LabelError::PrinterUnknown(_) => Code::PrinterUnknown,
            LabelError::NoLabel => Code::NoLabel,
            LabelError::Withdrawn(_) => Code::LabelWithdrawn,
            LabelError::Reason(error) => error.code(),
            LabelError::Render(error) => error.code(),
            LabelError::Store(error) => error.code(),
        }
    }
}

/// The templates of the station.
pub fn templates(folder: &Folder) -> TemplateSet {
    TemplateSet::new(Some(folder.templates()))
}

/// Queues one more copy of a run's label, with the reason that stands in the records; which copy it is. The identity
/// that the run gave must stand: no label is made of one that was withdrawn.
pub fn reprint(floor: &Floor, who: &Operating, run: u64, reason: &str) -> Result<u32, LabelError> {
    let reason: Reason = reason.parse()?;
    let person = who.actor().to_string();
    take(floor, who, &format!("another label of run {run}"), |change| {
        let mut found = of_record::find(change, floor, run)?;
        of_record::must_stand(change, run)?;
        let copy = labels::next_copy(change, run)?;
        found.values.copy = copy;
        found.values.reason = Some(reason.to_string());
        let zpl = found.plan.fill(&found.values)?;
        let new = NewLabel {
            run,
            device: found.device,
            copy,
            printer: &found.plan.printer.name,
            person: &person,
            reason: Some(reason.as_str()),
            zpl: Ok(&zpl),
        };
        let label = labels::queue(change, &new)?;
        change.record(AuditEvent::LabelReprinted { label, run, copy, reason: reason.to_string() });
        Ok(copy)
    })
}

/// Lets a label that failed wait for its printer again, made anew from the records: as the same copy, for it may
/// never have been printed. The identity on it must stand.
pub fn retry(floor: &Floor, who: &Operating, id: u64) -> Result<(), LabelError> {
    take(floor, who, &format!("printing of label {id}"), |change| {
        let label = labels::get(change, id)?.ok_or(LabelError::NoLabel)?;
        of_record::must_stand(change, label.run)?;
        let Found { mut values, plan, .. } = of_record::find(change, floor, label.run)?;
        values.copy = label.copy;
        values.reason.clone_from(&label.reason);
        let zpl = plan.fill(&values)?;
        Ok(labels::retry(change, &label, &plan.printer.name, &zpl)?)
    })
}

/// Puts down that a label which is to be checked did come out, or is not needed, with the reason that stands in the
/// records.
pub fn settle(floor: &Floor, who: &Operating, id: u64, reason: &str) -> Result<(), LabelError> {
    let reason: Reason = reason.parse()?;
    take(floor, who, &format!("settling of label {id}"), |change| {
        let label = labels::get(change, id)?.ok_or(LabelError::NoLabel)?;
        if label.state == LabelState::Waiting {
            // its printer may have it in hand
            let why = "waits for its printer";
            return Err(StoreError::Conflict { table: "label", key: id.to_string(), why }.into());
        }
        Ok(labels::settle(change, &label, reason.as_str())?)
    })
}

/// Takes a decision in one transaction; a refusal is on record, too.
fn take<T>(
    floor: &Floor,
    who: &Operating,
    what: &str,
    work: impl FnOnce(&mut Change<'_>) -> Result<T, LabelError>,
) -> Result<T, LabelError> {
    let now = clock::now();
    let taken = floor.store.change(who.actor(), now, work);
    if let Err(error) = &taken {
        refusals::record(&floor.store, who.actor(), now, what, error);
    }
    taken
}
