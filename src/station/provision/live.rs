//! The runs that are under way in this process. A run that an engineer lets go on is taken up only if no slot
//! is at it still: two units must never share one identity.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The runs under way. The station's lock keeps other processes from having any.
#[derive(Default)]
pub struct LiveRuns {
    runs: Mutex<HashSet<u64>>,
}

/// A run is under way as long as this lives.
pub struct UnderWay<'a> {
    all: &'a LiveRuns,
    run: u64,
}

impl LiveRuns {
    /// From now on this run is under way; nothing if it is already.
    pub fn enter(&self, run: u64) -> Option<UnderWay<'_>> {
        let entered = self.runs().insert(run);
        // made only now, with the lock given back: dropping one takes the lock
        if entered { Some(UnderWay { all: self, run }) } else { None }
    }

    /// Whether this run is under way.
    pub fn is_under_way(&self, run: u64) -> bool {
        self.runs().contains(&run)
    }

    /// All that are under way now.
    pub fn all(&self) -> HashSet<u64> {
        self.runs().clone()
    }

    fn runs(&self) -> MutexGuard<'_, HashSet<u64>> {
        // a number is put in or taken out whole, whatever became of the thread that did it
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.all.runs().remove(&self.run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_under_way_once_until_it_ends() {
        let live = LiveRuns::default();
        let first = live.enter(7);
        assert!(first.is_some() && live.enter(7).is_none() && live.enter(8).is_some());
        assert!(live.is_under_way(7) && !live.is_under_way(8));
        drop(first);
        assert!(!live.is_under_way(7));
        assert!(live.enter(7).is_some());
    }
}
