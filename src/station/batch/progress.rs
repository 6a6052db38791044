//! How far a batch is, for the bar on a terminal and for the page, and the word that ends it early.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared between the batch and whoever watches it. Plain counters: a watcher may be a moment behind.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicU64,
    passed: AtomicU64,
    good: AtomicU64,
    refused: AtomicU64,
    cancelled: AtomicBool,
}

/// What a watcher sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How much there is to do, in bytes of the input or in rows; 0 while it is not known.
    pub total: u64,
    /// How much of it is behind us.
    pub passed: u64,
    /// Rows that were taken.
    pub good: u64,
    /// Rows that were refused.
    pub refused: u64,
}

impl Progress {
    /// So much is to be done.
    pub fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// So much is done in all, and so many rows of it are good and refused.
    pub fn reached(&self, passed: u64, good: u64, refused: u64) {
        self.passed.store(passed, Ordering::Relaxed);
        self.good.store(good, Ordering::Relaxed);
        self.refused.store(refused, Ordering::Relaxed);
    }

    /// How far it is.
    pub fn seen(&self) -> Seen {
        Seen {
            total: self.total.load(Ordering::Relaxed),
            passed: self.passed.load(Ordering::Relaxed),
            good: self.good.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// Asks the batch to end after the rows it has in hand.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked so.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watcher_sees_how_far_it_is_and_may_end_it() {
        let progress = Progress::default();
        progress.expect(10);
        progress.reached(4, 3, 1);
        assert_eq!(progress.seen(), Seen { total: 10, passed: 4, good: 3, refused: 1 });
        assert!(!progress.is_cancelled());
        progress.cancel();
        assert!(progress.is_cancelled());
    }
}
