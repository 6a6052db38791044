//! What a batch came to, as every command tells it.

use serde_json::{Value, json};

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::station::batch::outcome::{Outcome, RowFault};

/// Prints an outcome, its figures as the command says them in `summary`; `more` adds members to its JSON.
pub fn show(common: &Common, outcome: &Outcome, summary: &str, more: Value) -> Result<(), Failure> {
    let Outcome { batch, state, good, unchanged, refused, faults, files } = outcome;
    let mut value = json!({
        "batch": batch, "state": state, "good": good, "unchanged": unchanged, "refused": refused,
        "faults": faults, "files": files,
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    output::report(common.json, &value, || {
        let mut lines: Vec<String> = faults.iter().map(line).collect();
        lines.push(summary.to_owned());
        lines.extend(files.iter().map(|file| file.display().to_string()));
        lines.join("\n")
    })
}

/// A faulty row as one line.
pub fn line(fault: &RowFault) -> String {
    format!("line {}: {} [{}]", fault.line, fault.message, fault.code)
}

/// Fails if a row was refused: with the code of the first one.
pub fn must_be_whole(outcome: &Outcome) -> Result<(), Failure> {
    let Some(fault) = outcome.faults.first() else { return Ok(()) };
    let count = match outcome.refused {
        1 => "1 row was refused".to_owned(),
        refused => format!("{refused} rows were refused, the first"),
    };
    Err(Failure::work(fault.code, format!("{count} in line {}: {}", fault.line, fault.message)))
}
