//! Why no device may be touched, in the page's language: the same on a tile and as the answer to a scan.

use crate::domain::code::Code;
use crate::domain::language::Language;
use crate::station::board::WhyNot;
use crate::web::told::{Told, told_of};
use crate::web::words::fill;
use crate::web::words::line::LineWords;

/// What is missing, and what to do.
pub fn told_why(why: &WhyNot, language: Language) -> Told {
    let t = LineWords::of(language);
    let told = |sentence: String, next: &str| Told { sentence, next: next.to_owned(), code: String::new() };
    match why {
        WhyNot::Locked => told(t.locked.to_owned(), t.unlock),
        WhyNot::NoWorkOrder => told(t.no_order.to_owned(), t.activate_order),
        WhyNot::NobodyOnTheLine => told(t.nobody.to_owned(), t.scan_badge),
        WhyNot::FirstArticle { order, serial } => {
            let values = [("serial", serial.as_str()), ("order", order.as_str())];
            told(fill(t.first_article, &values), t.confirm_article)
        }
        WhyNot::Faulty { sentence, code } => told_faulty(sentence, code, language),
    }
}

/// What went wrong under this code; `english` is the sentence on record.
pub fn told_faulty(english: &str, code: &str, language: Language) -> Told {
    match Code::find(code) {
        Some(code) => told_of(code, english, language),
        None => Told { sentence: english.to_owned(), next: String::new(), code: code.to_owned() },
    }
}
