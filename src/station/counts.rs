//! What this process counts since it began: verdicts of its slots, requests it answered. No records; for metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::verdict::Verdict;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::runs;

/// Adding up all runs on record takes a moment with a million of them: the sums are kept for so long.
const KEPT: Duration = Duration::from_secs(60);

/// Verdicts and how many runs have each.
pub type Verdicts = BTreeMap<&'static str, u64>;

/// The counters.
#[derive(Default)]
pub struct Counts {
    verdicts: Mutex<Verdicts>,
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    recorded: Mutex<Option<(Instant, Verdicts)>>,
}

impl Counts {
    /// A slot shows this verdict.
    pub fn verdict(&self, verdict: Verdict) {
        *locked(&self.verdicts).entry(verdict.as_str()).or_default() += 1;
    }

    /// A request to this part of the pages was answered with this status.
    pub fn request(&self, part: &'static str, status: u16) {
        *locked(&self.requests).entry((part, status)).or_default() += 1;
    }

    /// The verdicts of the slots, every one of them.
    pub fn verdicts(&self) -> Verdicts {
        let counted = locked(&self.verdicts);
        Verdict::ALL
            .into_iter()
            .map(|verdict| (verdict.as_str(), counted.get(verdict.as_str()).copied().unwrap_or(0)))
            .collect()
    }

    /// The requests by part and status.
    pub fn requests(&self) -> Vec<(&'static str, u16, u64)> {
        locked(&self.requests).iter().map(|((part, status), count)| (*part, *status, *count)).collect()
    }

    /// The runs on record by verdict, at most a minute old.
    pub fn recorded(&self, store: &Store) -> Result<Verdicts, StoreError> {
        // held while it is added up: two who ask at once do it once
        let mut kept = locked(&self.recorded);
        if let Some((_, sums)) = kept.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            return Ok(sums.clone());
        }
        let found: BTreeMap<Verdict, u64> = store.read(runs::count_by_verdict)?.into_iter().collect();
        let sums: Verdicts = Verdict::ALL
            .into_iter()
            .map(|verdict| (verdict.as_str(), found.get(&verdict).copied().unwrap_or(0)))
            .collect();
        *kept = Some((Instant::now(), sums.clone()));
        Ok(sums)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // counters are whole at any moment
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
