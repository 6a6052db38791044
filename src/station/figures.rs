//! The figures above the tiles: what was made, what waits, what an engineer must decide. They are read at most once
//! a second, however many pages watch, and less often where reading takes long.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::station::slots::Floor;
use crate::store::error::StoreError;
use crate::store::outbox::{self, Depth};
use crate::store::runs;
use crate::store::runs::tally::{Tally, tally};
use crate::store::work_orders::{self, Progress};

/// Figures are this old at most, if reading them is quick.
const FRESH: Duration = Duration::from_secs(1);
/// Reading them may take one part in this many of the time.
const SHARE: u32 = 20;
/// Runs without a verdict that are named.
const UNFINISHED: u32 = 50;

/// The figures of one moment.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The active work order.
    pub order: Option<Progress>,
    /// The units of today, by the station's clock on the wall.
    pub today: Tally,
    /// What waits for the cloud.
    pub depth: Depth,
    /// Runs without a verdict that no slot is at.
    pub unfinished: Vec<Unfinished>,
    /// When they were read.
    pub at: UtcTime,
}

/// A run that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its number.
    pub run: u64,
    /// The serial number of its device.
    pub serial: Option<String>,
    /// Where it stands.
    pub stage: Stage,
    /// Whether it goes on as soon as its unit is in a slot.
    pub resume: bool,
}

/// The newest figures.
#[derive(Default)]
pub struct Figures {
    /// Held only for a moment.
    state: Mutex<State>,
    /// Held while they are read, so that only one reads.
    reading: Mutex<()>,
}

#[derive(Default)]
struct State {
    newest: Option<Arc<Figure>>,
    /// Until then they are not read again.
    kept_until: Option<Instant>,
    /// Since when reading them has been tried without success.
    in_vain_since: Option<Instant>,
}

impl State {
    fn is_kept(&self) -> bool {
        self.kept_until.is_some_and(|until| Instant::now() < until)
    }
}

impl Figures {
    /// The newest figures, however old.
    pub fn newest(&self) -> Option<Arc<Figure>> {
        self.state().newest.clone()
    }

    /// Whether they are to be read again, and nobody does.
    pub fn are_due(&self) -> bool {
        !self.state().is_kept() && !matches!(self.reading.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// For how long reading them has been tried without success.
    pub fn unread_for(&self) -> Duration {
        self.state().in_vain_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The figures, read now unless that was tried a moment ago. Takes as long as the records let it wait.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn read(&self, floor: &Floor, now: UtcTime) -> Result<Arc<Figure>, StoreError> {
        self.read_with(|| look(floor, now))
    }

    fn read_with(
        &self,
        look: impl FnOnce() -> Result<Figure, StoreError>,
    ) -> Result<Arc<Figure>, StoreError> {
        // it guards nothing that could be half-written
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        {
            let mut state = self.state();
            if state.is_kept() {
                return state.newest.clone().ok_or(StoreError::ReadersBusy);
            }
            state.in_vain_since.get_or_insert(begun);
        }
        let looked = look().map(Arc::new);
        let took = begun.elapsed();
        let mut state = self.state();
        // what cannot be read is tried again soon, however long it took to find out
        let share = if looked.is_ok() { took.saturating_mul(SHARE) } else { Duration::ZERO };
        state.kept_until = Some(Instant::now() + FRESH.max(share));
        if let Ok(figure) = &looked {
            state.newest = Some(Arc::clone(figure));
            state.in_vain_since = None;
        }
        looked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // each member is replaced whole
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look(floor: &Floor, now: UtcTime) -> Result<Figure, StoreError> {
    let (begin, end) = floor.settings.zone.day_of(now);
    // a run that begins or ends while we read must not look as if it had been left
    let before = floor.live.all();
    floor.store.read(|r| {
        let found = runs::unfinished(r, UNFINISHED)?;
        let after = floor.live.all();
        let left = found.into_iter().filter(|(run, _)| !before.contains(&run.id) && !after.contains(&run.id));
        let unfinished = left.map(|(run, device)| Unfinished {
            run: run.id,
            serial: device.map(|device| device.serial.to_string()),
            stage: run.stage,
            resume: run.resume,
        });
        Ok(Figure {
            order: work_orders::active(r)?,
            today: tally(r, begin, end)?,
            depth: outbox::depth(r)?,
            unfinished: unfinished.collect(),
            at: now,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> Figure {
        let (today, depth) = (Tally::default(), Depth { waiting: 0, conflict: 0, parked: 0, oldest: None });
        Figure { order: None, today, depth, unfinished: Vec::new(), at: UtcTime::from_seconds(0) }
    }

    #[test]
    fn nobody_waits_for_who_reads_and_what_was_read_before_stays() {
        let figures = Figures::default();
        assert!(figures.are_due() && figures.newest().is_none());
        let first = figures
            .read_with(|| {
                assert!(!figures.are_due(), "one reads already");
                assert!(figures.newest().is_none(), "and nobody waits for that");
                Ok(figure())
            })
            .unwrap();
        assert!(!figures.are_due(), "they are fresh");
        assert_eq!(figures.unread_for(), Duration::ZERO);
        figures.state().kept_until = None;
        assert!(figures.read_with(|| Err(StoreError::ReadersBusy)).is_err());
        assert!(figures.unread_for() > Duration::ZERO);
        let kept = figures.read_with(|| panic!("it was tried a moment ago")).unwrap();
        assert!(Arc::ptr_eq(&first, &kept) && Arc::ptr_eq(&first, &figures.newest().unwrap()));
        figures.state().kept_until = None;
        figures.read_with(|| Ok(figure())).unwrap();
        assert_eq!(figures.unread_for(), Duration::ZERO);
    }
}
