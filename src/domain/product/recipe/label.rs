//! The check of a recipe's `[label]` part.

use super::file::LabelPart;
use super::{Faults, is_device_name};
use crate::domain::name::Name;
use crate::domain::product::label::{ENDING, LabelPlan, MOST_COPIES};

pub(super) fn check(part: &LabelPart, faults: &mut Faults) -> Option<LabelPlan> {
    if !is_device_name(&part.template) || !part.template.ends_with(ENDING) {
        faults.say(format!(
            "[label] template: “{}” is not the name of a template that ends in {ENDING}",
            part.template
        ));
    }
    if !(1..=MOST_COPIES).contains(&part.copies) {
        faults.say(format!("[label] copies: 1 to {MOST_COPIES}"));
    }
    let printer = faults.take("[label] printer", part.printer.parse::<Name>())?;
    Some(LabelPlan { template: part.template.clone(), copies: part.copies, printer })
}
