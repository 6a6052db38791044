//! Cells of CSV files: outside text is defused, so that no spreadsheet takes it for a formula.

use std::borrow::Cow;

/// A cell that a spreadsheet shows as it is: one that begins like a formula gets an apostrophe before it.
pub fn defused(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => Cow::Owned(format!("'{text}")),
        Some(_) | None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_defused_and_nothing_else() {
        for formula in ["=1+1", "+49", "-5", "@SUM(A1)", "\tx", "\rx", "=HYPERLINK(\"http://x\")"] {
            assert_eq!(defused(formula), format!("'{formula}"));
        }
        for plain in ["", "007", "SN-1=2", "'quoted", "été"] {
            assert_eq!(defused(plain), plain);
        }
    }
}
