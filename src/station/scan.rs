//! What a scanned text means: a command of the command sheet, a slot, a badge, or the label of a unit.

use crate::domain::secret::Secret;

/// Command bar codes begin with this.
pub const COMMAND: &str = "LS:";
/// Slot bar codes begin with this.
pub const SLOT: &str = "LS:SLOT:";
/// Badges that the station made begin with this.
pub const BADGE: &str = "LSB-";
/// The longest text that is read, in bytes.
const LONGEST: usize = 256;

/// What a scanned text means.
pub enum Scan {
    /// A command.
    Command(Command),
    /// The slot that what follows is for.
    Slot(String),
    /// Somebody's badge; its text is as good as a password.
    Badge(Secret),
    /// A unit's label, to be read by the recipe's pattern.
    Label(String),
}

/// A command of the command sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Run the unit that is in the slot.
    Start,
    /// Run the same unit again.
    Retry,
    /// The unit is to be destroyed.
    Scrap,
    /// The label of the unit that passed, once more.
    Reprint,
    /// The first article is as it should be.
    Confirm,
    /// An engineer is wanted, or not any more.
    Call,
    /// The person leaves.
    LogOut,
}

impl Command {
    /// All commands in the order of the command sheet.
    pub const ALL: [Command; 7] = [
        Command::Start,
        Command::Retry,
        Command::Reprint,
        Command::Confirm,
        Command::Call,
        Command::Scrap,
        Command::LogOut,
    ];

    /// The text of its bar code.
    pub fn code(self) -> &'static str {
        match self {
            Command::Start => "LS:START",
            Command::Retry => "LS:RETRY",
            Command::Scrap => "LS:SCRAP",
            Command::Reprint => "LS:REPRINT",
            Command::Confirm => "LS:CONFIRM",
            Command::Call => "LS:CALL",
            Command::LogOut => "LS:LOGOUT",
        }
    }
}

/// Why a scanned text means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUnderstood {
    /// There is nothing to read.
    #[error("nothing was scanned")]
    Empty,
    /// No label is that long.
    #[error("this is longer than any label")]
    Length,
    /// It has the form of a command, but there is none of that name.
    #[error("“{0}” is no command")]
    Command(String),
}

/// Understands a scanned text. Commands are read in any case: a scanner does not know of caps lock.
pub fn parse(text: &str) -> Result<Scan, NotUnderstood> {
    let text = text.trim_matches(|ch: char| ch.is_whitespace() || ch.is_control());
    if text.is_empty() {
        return Err(NotUnderstood::Empty);
    }
    if text.len() > LONGEST {
        return Err(NotUnderstood::Length);
    }
    if after(text, BADGE).is_some() {
        return Ok(Scan::Badge(Secret::from(text.to_owned())));
    }
    if let Some(slot) = after(text, SLOT) {
        return Ok(Scan::Slot(slot.to_owned()));
    }
    if after(text, COMMAND).is_some() {
        let command = Command::ALL.into_iter().find(|command| command.code().eq_ignore_ascii_case(text));
        let shown = || text.chars().filter(|ch| !ch.is_control()).take(40).collect();
        return command.map(Scan::Command).ok_or_else(|| NotUnderstood::Command(shown()));
    }
    Ok(Scan::Label(text.to_owned()))
}

/// What stands behind these first letters, whatever their case.
fn after<'t>(text: &'t str, first: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(first.len())?;
    head.eq_ignore_ascii_case(first).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_command_is_understood_in_any_case_and_with_the_scanners_line_end() {
        for command in Command::ALL {
            for text in [command.code().to_owned(), format!(" {}\r\n", command.code().to_lowercase())] {
                assert!(matches!(parse(&text), Ok(Scan::Command(found)) if found == command), "{text}");
            }
        }
        assert!(matches!(parse("LS:SLOT:slot-1"), Ok(Scan::Slot(slot)) if slot == "slot-1"));
        assert!(matches!(parse("LSB-0123"), Ok(Scan::Badge(badge)) if badge.expose() == b"LSB-0123"));
        assert!(matches!(parse("SN:LS:START"), Ok(Scan::Label(_))));
    }

    #[test]
    fn what_looks_like_a_command_and_is_none_is_never_taken_for_a_label() {
        assert_eq!(parse("LS:STRAT").err(), Some(NotUnderstood::Command("LS:STRAT".to_owned())));
        assert_eq!(parse("LS:START2").err(), Some(NotUnderstood::Command("LS:START2".to_owned())));
        assert_eq!(parse(" \r").err(), Some(NotUnderstood::Empty));
        assert_eq!(parse(&"x".repeat(257)).err(), Some(NotUnderstood::Length));
    }

    proptest! {
        #[test]
        fn whatever_is_scanned_has_one_meaning_or_none(text in "\\PC{0,300}") {
            match parse(&text) {
                Ok(Scan::Label(label)) => {
                    prop_assert_eq!(label.as_str(), text.trim());
                    prop_assert!(!label.to_ascii_uppercase().starts_with(COMMAND));
                    prop_assert!(!label.to_ascii_uppercase().starts_with(BADGE));
                }
                Ok(Scan::Command(command)) => {
                    prop_assert_eq!(text.trim().to_ascii_uppercase(), command.code());
                }
                Ok(Scan::Slot(_) | Scan::Badge(_)) | Err(_) => {}
            }
        }

        #[test]
        fn no_control_character_gets_through(text in "[\\x00-\\x1f]{0,4}[A-Z0-9]{1,10}[\\x00-\\x1f]{0,4}") {
            if let Ok(Scan::Label(label)) = parse(&text) {
                prop_assert!(label.chars().all(|ch| !ch.is_control()));
            }
        }
    }
}
