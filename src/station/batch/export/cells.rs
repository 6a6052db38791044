//! Single values as they stand in an exported file, written straight into its bytes: a million rows allow no string
//! for each of them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::failed::ExportFailed;
use crate::domain::utc_time::UtcTime;
use crate::station::csv_cells::defused;

/// Outside text as a cell: quoted where it must be and, unless the raw text is wanted, defused.
pub fn outside(out: &mut Vec<u8>, text: &str, raw: bool) {
    if raw { quoted(out, text.as_bytes()) } else { quoted(out, defused(text).as_bytes()) }
}

/// A text of our own as a cell (RFC 4180): in quotation marks where it holds one, a comma or a line end, or what some
/// spreadsheets split at beside the comma.
pub fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    if !text.iter().any(|byte| matches!(byte, b',' | b';' | b'\t' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A text as a JSON string.
pub fn json(out: &mut Vec<u8>, text: &str) -> Result<(), ExportFailed> {
    serde_json::to_writer(out, text).map_err(|error| ExportFailed::Json(error.to_string()))
}

/// A whole number.
pub fn number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + digit(rest % 10);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn digit(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(0)
}

/// A point in time in the form of [`UtcTime`]'s own text.
pub fn time(out: &mut Vec<u8>, at: UtcTime) {
    // never before 1970
    let millis = u64::try_from(at.millis()).unwrap_or(0);
    let (days, within) = (millis / 86_400_000, millis % 86_400_000);
    let (year, month, day) = civil(days);
    padded(out, year, 4);
    for (mark, part, width) in [
        (b'-', month, 2),
        (b'-', day, 2),
        (b'T', within / 3_600_000, 2),
        (b':', within / 60_000 % 60, 2),
        (b':', within / 1000 % 60, 2),
        (b'.', within % 1000, 3),
    ] {
        out.push(mark);
        padded(out, part, width);
    }
    out.push(b'Z');
}

fn padded(out: &mut Vec<u8>, number: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(b'0' + digit(number / 10_u64.pow(place) % 10));
    }
}

/// Year, month and day of a number of days since 1970, by the Gregorian calendar: counted in years that begin in
/// March, so that the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Bytes in base64url without padding, as JOSE has them (RFC 7515 §2).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Bytes in base64 with padding, as certificates stand in `x5c` (RFC 7517 §4.7).
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn a_time_is_written_as_it_prints_itself(millis in 0i64..=253_402_300_799_999) {
            let at = UtcTime::from_millis(millis);
            prop_assert_eq!(written(|out| time(out, at)), at.to_string());
        }

        #[test]
        fn a_number_is_written_as_it_prints_itself(n in any::<u64>()) {
            prop_assert_eq!(written(|out| number(out, n)), n.to_string());
        }

        #[test]
        fn raw_cells_are_read_back_by_the_csv_crate(cells in proptest::collection::vec("\\PC*|[,\"\r\n=+@ -]{0,6}", 1..6)) {
            let mut out = Vec::new();
            for (at, cell) in cells.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                outside(&mut out, cell, true);
            }
            // a row of one empty cell would be no row at all
            out.extend_from_slice(b",end\n");
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&out[..]);
            let record = reader.records().next().unwrap().unwrap();
            let read: Vec<&str> = record.iter().take(cells.len()).collect();
            prop_assert_eq!(read, cells.iter().map(String::as_str).collect::<Vec<_>>());
        }

        #[test]
        fn a_defused_cell_never_begins_like_a_formula(text in "[=+@\t\r-]?\\PC{0,9}") {
            let cell = written(|out| outside(out, &text, false));
            let shown = cell.strip_prefix('"').unwrap_or(&cell);
            prop_assert!(!shown.starts_with(['=', '+', '-', '@', '\t', '\r']), "{}", cell);
        }
    }

    #[test]
    fn every_day_of_the_calendar_up_to_2100_is_right() {
        for day in 0..47_500 {
            let at = UtcTime::from_seconds(day * 86_400);
            assert_eq!(written(|out| time(out, at)), at.to_string());
        }
    }
}
