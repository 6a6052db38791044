//! An error as a page tells it: one plain sentence, one thing to do, the code.

use crate::domain::code::{Code, Coded, sentence};
use crate::domain::language::Language;
use crate::web::words::codes;

/// What a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub sentence: String,
    /// What to do.
    pub next: String,
    /// The stable code; empty if there is none.
    pub code: String,
}

/// What to say about an error in this language.
pub fn told(error: &impl Coded, language: Language) -> Told {
    told_of(error.code(), &sentence(error), language)
}

/// What to say about something that went wrong under this code; `english` is the sentence on record. In other
/// languages it is the sentence of the code: what is on record stays readable beside it, on the run's page.
pub fn told_of(code: Code, english: &str, language: Language) -> Told {
    let (sentence, next) = match codes::of(code, language) {
        Some((what, next)) => (what.to_owned(), next.to_owned()),
        None => (english.to_owned(), code.next_step().to_owned()),
    };
    Told { sentence, next, code: code.as_str().to_owned() }
}
