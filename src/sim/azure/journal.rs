//! The latest requests, for tests and for people who watch: method, path and what became of each.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::domain::utc_time::UtcTime;

/// Older entries are dropped.
const LONGEST: usize = 10_000;
/// Longer paths are cut.
const LONGEST_PATH: usize = 512;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// When it was answered or given up.
    pub at: UtcTime,
    /// Such as `PUT`.
    pub method: String,
    /// Without the query, at most 512 characters.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with this HTTP status.
    Answered(u16),
    /// Carried out; this status was never sent.
    AnswerLost(u16),
    /// Cut off before anything was done.
    Refused,
}

/// The ring of entries.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<VecDeque<LoggedRequest>>);

impl Journal {
    /// Adds an entry.
    pub(super) fn add(&self, at: UtcTime, method: &str, path: &str, outcome: Outcome) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= LONGEST {
            entries.pop_front();
        }
        let path = path.chars().take(LONGEST_PATH).collect();
        entries.push_back(LoggedRequest { at, method: method.to_owned(), path, outcome });
    }

    /// All entries, oldest first.
    pub(super) fn read(&self) -> Vec<LoggedRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest() {
        let journal = Journal::default();
        for second in 0..10_001 {
            journal.add(UtcTime::from_seconds(second), "GET", "/x", Outcome::Refused);
        }
        let entries = journal.read();
        assert_eq!(entries.len(), LONGEST);
        assert_eq!(entries[0].at, UtcTime::from_seconds(1));
    }
}
