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
use crate::station::slots::Floor;
use crate::store::error::StoreError;
use crate::store::labels::{self, NewLabel};

/// Why there is no label.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The settings have no such printer.
    #[error("the station has no printer named {0}")]
    PrinterUnknown(Name),
    /// The run did not pass, is not there, or nothing is printed for its product.
    #[error("there is no label for this")]
    NoLabel,
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

/// Queues one more copy of a run's label, with the reason that stands in the records; which copy it is. The device
/// must have passed in that run.
pub fn reprint(floor: &Floor, who: &Operating, run: u64, reason: &str) -> Result<u32, LabelError> {
    let reason: Reason = reason.parse()?;
    let person = who.actor().to_string();
    floor.store.change(who.actor(), clock::now(), |change| {
        let mut found = of_record::find(change, floor, run)?;
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
/// never have been printed.
pub fn retry(floor: &Floor, who: &Operating, id: u64) -> Result<(), LabelError> {
    floor.store.change(who.actor(), clock::now(), |change| {
        let label = labels::get(change, id)?.ok_or(LabelError::NoLabel)?;
        let Found { mut values, plan, .. } = of_record::find(change, floor, label.run)?;
        values.copy = label.copy;
        values.reason.clone_from(&label.reason);
        let zpl = plan.fill(&values)?;
        Ok(labels::retry(change, &label, &plan.printer.name, &zpl)?)
    })
}
