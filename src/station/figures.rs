//! The figures above the tiles: what was made, what waits, what an engineer must decide. They are read at most once
//! a second, however many pages watch, and less often where reading takes long.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::station::board::Tile;
use crate::station::slots::Floor;
use crate::store::error::StoreError;
use crate::store::outbox::{self, Depth};
use crate::store::runs::tally::{Tally, tally};
use crate::store::runs::{self, Run};
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
pub struct Figures(Mutex<Option<Kept>>);

struct Kept {
    figure: Arc<Figure>,
    since: Instant,
    keep: Duration,
}

impl Figures {
    /// The figures, if they were read a moment ago.
    pub fn fresh(&self) -> Option<Arc<Figure>> {
        let kept = self.kept();
        kept.as_ref().filter(|kept| kept.since.elapsed() < kept.keep).map(|kept| Arc::clone(&kept.figure))
    }

    /// The figures, read now if they are not fresh.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn read(&self, floor: &Floor, now: UtcTime) -> Result<Arc<Figure>, StoreError> {
        // held while reading, so that only one reads
        let mut kept = self.kept();
        if let Some(kept) = kept.as_ref().filter(|kept| kept.since.elapsed() < kept.keep) {
            return Ok(Arc::clone(&kept.figure));
        }
        let since = Instant::now();
        let figure = Arc::new(look(floor, now)?);
        let keep = FRESH.max(since.elapsed().saturating_mul(SHARE));
        *kept = Some(Kept { figure: Arc::clone(&figure), since, keep });
        Ok(figure)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        // replaced whole
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look(floor: &Floor, now: UtcTime) -> Result<Figure, StoreError> {
    let (begin, end) = floor.settings.zone.day_of(now);
    floor.store.read(|r| {
        let unfinished = runs::unfinished(r, UNFINISHED)?
            .into_iter()
            .filter(|(run, _)| !is_running(floor, run))
            .map(|(run, device)| Unfinished {
                run: run.id,
                serial: device.map(|device| device.serial.to_string()),
                stage: run.stage,
                resume: run.resume,
            })
            .collect();
        Ok(Figure {
            order: work_orders::active(r)?,
            today: tally(r, begin, end)?,
            depth: outbox::depth(r)?,
            unfinished,
            at: now,
        })
    })
}

/// A run on a slot right now is unfinished, too, but nobody has to decide about it.
fn is_running(floor: &Floor, run: &Run) -> bool {
    let shows = |slot| matches!(floor.board.of(slot), Some(Tile::Running { .. }));
    floor.live.is_under_way(run.id) || run.slot.as_ref().is_some_and(shows)
}
