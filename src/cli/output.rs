//! The only place that prints: text for a person, or one JSON document with `--json`.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::domain::code::Code;

/// Prints a report: `value` as JSON with `--json`, else what `text` says.
pub fn report<T: Serialize>(json: bool, value: &T, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if json {
        let document = serde_json::to_string(value).map_err(|e| Failure::work(Code::Internal, e))?;
        line(&document)
    } else {
        line(&text())
    }
}

/// Prints one line, or several, to standard output. A reader that went away is no failure.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::work(Code::FileUnreadable, format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something to the person at the terminal beside the result, on standard error.
pub fn note(text: &str) {
    // there is nobody to tell if standard error is gone
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Lines of columns, each as wide as its widest cell.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        rows.iter()
            .filter_map(|row| row.get(at))
            .map(|cell| cell.chars().count())
            .chain([head.get(at).map_or(0, |cell| cell.chars().count())])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let print = |cells: Vec<&str>| {
        let padded: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = print(head.to_vec());
    for row in rows {
        text.push_str(&print(row.iter().map(String::as_str).collect()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = vec![vec!["a".to_owned(), "PASS".to_owned()], vec!["long".to_owned(), "FAIL".to_owned()]];
        assert_eq!(table(&["slot", "is"], &rows), "slot  is\na     PASS\nlong  FAIL\n");
    }
}
