//! What the station is worried about, as a page or another system is told.

use crate::domain::language::Language;
use crate::station::board::{Fault, Worry};
use crate::station::slots::Floor;
use crate::web::told::told_of;
use crate::web::words::common::FrameWords;
use crate::web::words::fill;

/// All worries in this language, each as one line.
pub fn worries(floor: &Floor, language: Language) -> Vec<String> {
    floor.board.warnings().iter().map(|(about, fault)| worry(floor, *about, fault, language)).collect()
}

fn worry(floor: &Floor, about: Worry, fault: &Fault, language: Language) -> String {
    let (t, settings) = (FrameWords::of(language), &floor.settings);
    let what = fault_told(fault, language);
    let (sentence, name) = match about {
        Worry::CheckpointCopies => return what,
        Worry::Token => return fill(t.token_trouble, &[("what", &what)]),
        Worry::Printer(place) => (t.printer_trouble, settings.printers.get(place).map(|at| &at.name)),
        Worry::Webhook(place) => (t.webhook_trouble, settings.webhooks.get(place).map(|at| &at.name)),
    };
    let name = name.map(ToString::to_string).unwrap_or_default();
    let since = fault.since.map(|since| settings.zone.date_and_time(since)).unwrap_or_default();
    fill(sentence, &[("name", &name), ("since", &since), ("what", &what)])
}

/// What is wrong and what to do.
pub fn fault_told(fault: &Fault, language: Language) -> String {
    let told = told_of(fault.code, &fault.sentence, language);
    let gap = if language == Language::Chinese { "" } else { " " };
    format!("{}{gap}{}", told.sentence, told.next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;

    #[test]
    fn a_fault_is_told_in_the_language_of_the_page() {
        let fault = Fault {
            code: Code::PrinterOut,
            sentence: "The printer at usb cannot be reached.".to_owned(),
            since: None,
        };
        let english = fault_told(&fault, Language::English);
        assert_eq!(
            english,
            format!("The printer at usb cannot be reached. {}", Code::PrinterOut.next_step())
        );
        for language in [Language::German, Language::Chinese, Language::Spanish] {
            let told = fault_told(&fault, language);
            assert!(!told.contains("cannot be reached") && !told.contains("Check"), "{told}");
        }
    }
}
