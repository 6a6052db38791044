//! What a batch came to: what its caller shows, and the faults of single rows.

use std::path::PathBuf;

use crate::domain::batch::BatchState;
use crate::domain::code::{Code, Coded, sentence};

/// How many faulty rows an outcome names; the result file has them all.
pub const NAMED_FAULTS: usize = 20;

/// Why one row was refused.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowFault {
    /// The line the row begins in, counted from 1.
    pub line: u64,
    /// The code.
    pub code: Code,
    /// One plain sentence.
    pub message: String,
}

impl RowFault {
    /// From an error of a rule.
    pub fn new(line: u64, error: &impl Coded) -> RowFault {
        RowFault { line, code: error.code(), message: sentence(error) }
    }
}

/// What a batch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its number; none if nothing was written down, as in a preview.
    pub batch: Option<u64>,
    /// How it ended.
    pub state: BatchState,
    /// Rows that were taken.
    pub good: u64,
    /// Of those, rows that changed nothing, because the records had them.
    pub unchanged: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// The first of them, at most [`NAMED_FAULTS`].
    pub faults: Vec<RowFault>,
    /// What was written, the main output first.
    pub files: Vec<PathBuf>,
}
