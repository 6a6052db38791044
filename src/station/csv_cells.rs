//! Cells of CSV files: outside text is defused, so that no spreadsheet takes it, or a part of it, for a formula.

use std::borrow::Cow;

/// A cell that a spreadsheet shows as it is: whatever begins like a formula gets an apostrophe before it, be it the text
/// itself or what stands behind a character at which a spreadsheet with other settings splits cells or rows. Quotes do
/// not keep such a spreadsheet from it: for it the cell began elsewhere (OWASP, “CSV Injection”).
pub fn defused(text: &str) -> Cow<'_, str> {
    let inside = |byte: u8| is_splitter(char::from(byte));
    if !text.starts_with(|c| is_formula(c) || c == '"') && !text.bytes().any(inside) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut copied) = (String::new(), 0);
    // where a cell begins of which only quotes were seen
    let mut begins = Some(0);
    for (at, c) in text.char_indices() {
        let leads = is_formula(c) || (at == 0 && matches!(c, '\t' | '\r' | '\n'));
        if let Some(begin) = begins.filter(|_| leads) {
            out.push_str(text.get(copied..begin).unwrap_or_default());
            out.push('\'');
            copied = begin;
        }
        begins = match c {
            '"' => begins,
            c if is_splitter(c) => Some(at + 1),
            _ => None,
        };
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// With what a formula begins; the wide forms too, which East Asian spreadsheets take for the same.
fn is_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// At what some spreadsheet splits a line, or lines.
fn is_splitter(c: char) -> bool {
    matches!(c, ',' | ';' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_begins_like_a_formula_is_defused_and_nothing_else() {
        for formula in
            ["=1+1", "+49", "-5", "@SUM(A1)", "\tx", "\rx", "\nx", "=HYPERLINK(\"http://x\")", "＝1"]
        {
            assert_eq!(defused(formula), format!("'{formula}"));
        }
        for plain in ["", "007", "SN-1=2", "'quoted", "été", "a;b", "a, -b", "\"a\"", "1\t2\r\n3"] {
            assert_eq!(defused(plain), plain);
        }
        for (text, expected) in [
            ("x;=1", "x;'=1"),
            ("x\t@A1", "x\t'@A1"),
            ("x,-1;+2", "x,'-1;'+2"),
            ("x\r\n=1", "x\r\n'=1"),
            ("=1;=2", "'=1;'=2"),
            ("x;\"=1\"", "x;'\"=1\""),
            ("x;;=1;a", "x;;'=1;a"),
            ("\t=1", "'\t'=1"),
        ] {
            assert_eq!(defused(text), expected);
            assert_eq!(defused(expected), expected, "once is enough");
        }
    }

    fn begins_like_a_formula(cell: &str) -> bool {
        cell.starts_with(['=', '+', '-', '@'])
    }

    proptest! {
        #[test]
        fn no_cell_is_a_formula_wherever_a_reader_splits(
            texts in proptest::collection::vec("([=+@x1\"';,\t\r\n -]|\\PC){0,9}", 1..4),
            written in proptest::sample::select(b",;\t".to_vec()),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(written).from_writer(Vec::new());
            writer.write_field("k").unwrap();
            texts.iter().for_each(|text| writer.write_field(&*defused(text)).unwrap());
            writer.write_record(None::<&[u8]>).unwrap();
            let bytes = writer.into_inner().unwrap();
            for split in *b",;\t" {
                let mut reader = csv::ReaderBuilder::new();
                reader.has_headers(false).flexible(true).delimiter(split);
                for row in reader.from_reader(&bytes[..]).records() {
                    let row = row.unwrap();
                    prop_assert!(!row.iter().any(begins_like_a_formula), "{:?}", row);
                }
            }
            // and one that knows no quotes
            let line = String::from_utf8(bytes).unwrap();
            let mut cells = line.split([',', ';', '\t', '\r', '\n']).map(|cell| cell.trim_start_matches('"'));
            prop_assert!(!cells.any(begins_like_a_formula), "{:?}", line);
        }

        #[test]
        fn nothing_but_apostrophes_is_added(text in "([=+@x\";,\t\r\n'-]|\\PC){0,12}") {
            let bare = |text: &str| text.replace('\'', "");
            prop_assert_eq!(bare(&defused(&text)), bare(&text));
        }
    }
}
