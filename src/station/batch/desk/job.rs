//! One batch begun on a page: what was asked, the file that was handed in, and the stage it is at.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::code::{Code, Coded, sentence};
use crate::station::batch::desk::ask::Ask;
use crate::station::batch::desk::look::Look;
use crate::station::batch::outcome::Outcome;
use crate::station::batch::progress::{Progress, Seen};
use crate::station::batch::upload::Uploaded;

/// A batch begun on a page. It goes through its stages in one direction.
#[derive(Debug)]
pub struct Job {
    /// What its pages are called: random, so that it is nobody's number.
    pub id: String,
    /// What was asked for.
    pub ask: Ask,
    /// Who asked.
    pub by: String,
    /// The file that was handed in.
    pub input: Option<Uploaded>,
    /// The folder it works in.
    pub folder: PathBuf,
    stage: Mutex<Stage>,
}

/// Where a job stands.
#[derive(Debug, Clone)]
pub enum Stage {
    /// The file is being looked through; nothing is changed by that.
    Looking(UnderWay),
    /// The file was looked through; somebody is to say whether it is to be done.
    Looked(Look),
    /// The file as a whole cannot be used.
    Refused(Fault),
    /// It is being done.
    Running(UnderWay),
    /// It has ended.
    Ended(Ended),
}

/// Work that goes on.
#[derive(Debug, Clone)]
pub struct UnderWay {
    /// How far it is.
    pub progress: Arc<Progress>,
    /// When it began.
    pub since: Instant,
}

/// Why it did not go well, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The code.
    pub code: Code,
    /// One plain sentence.
    pub sentence: String,
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its number, if it came so far as to have one.
    pub batch: Option<u64>,
    /// What it came to.
    pub outcome: Result<Outcome, Fault>,
}

impl Fault {
    /// From an error of a use case.
    pub fn of(error: &impl Coded) -> Fault {
        Fault { code: error.code(), sentence: sentence(error) }
    }
}

impl UnderWay {
    /// Work that begins now.
    pub fn begin() -> UnderWay {
        UnderWay { progress: Arc::default(), since: Instant::now() }
    }

    /// How far it is by now.
    pub fn pace(&self) -> Pace {
        Pace::of(self.progress.seen(), self.since.elapsed())
    }
}

/// How far work is, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How much of it is done, in thousandths; none while it is not known how much there is.
    pub thousandths: Option<u64>,
    /// Rows that were taken.
    pub good: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Rows a second.
    pub rate: u64,
    /// How long the rest takes at this pace.
    pub rest: Option<Duration>,
}

impl Pace {
    /// The pace of what was done in this time.
    pub fn of(seen: Seen, elapsed: Duration) -> Pace {
        let Seen { total, passed, good, refused } = seen;
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        let known = total > 0;
        // the first moments tell nothing
        let steady = known && passed > 0 && millis >= 500;
        Pace {
            thousandths: known.then(|| passed.min(total).saturating_mul(1000) / total),
            good,
            refused,
            rate: good.saturating_add(refused).saturating_mul(1000) / millis,
            rest: steady.then(|| {
                let left = u128::from(total.saturating_sub(passed)) * u128::from(millis) / u128::from(passed);
                Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX))
            }),
        }
    }
}

impl Job {
    /// A job at its first stage.
    pub fn new(
        id: String,
        ask: Ask,
        by: String,
        folder: PathBuf,
        input: Option<Uploaded>,
        stage: Stage,
    ) -> Job {
        Job { id, ask, by, input, folder, stage: Mutex::new(stage) }
    }

    /// Where it stands now.
    pub fn stage(&self) -> Stage {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It stands elsewhere from now on.
    pub fn enter(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// What goes on in it, if something does.
    pub fn under_way(&self) -> Option<UnderWay> {
        match self.stage() {
            Stage::Looking(under_way) | Stage::Running(under_way) => Some(under_way),
            Stage::Looked(_) | Stage::Refused(_) | Stage::Ended(_) => None,
        }
    }

    /// Whether it changes records or writes files now.
    pub fn is_running(&self) -> bool {
        matches!(self.stage(), Stage::Running(_))
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        matches!(self.stage(), Stage::Ended(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_tells_share_rate_and_rest() {
        let seen = Seen { total: 4000, passed: 1000, good: 900, refused: 100 };
        let pace = Pace::of(seen, Duration::from_secs(2));
        assert_eq!((pace.thousandths, pace.rate), (Some(250), 500));
        assert_eq!(pace.rest, Some(Duration::from_secs(6)));
        let unknown = Pace::of(Seen { total: 0, passed: 0, good: 5, refused: 0 }, Duration::from_secs(1));
        assert_eq!((unknown.thousandths, unknown.rest, unknown.rate), (None, None, 5));
        let begun = Pace::of(Seen { total: 10, passed: 0, good: 0, refused: 0 }, Duration::ZERO);
        assert_eq!((begun.thousandths, begun.rest, begun.rate), (Some(0), None, 0));
        let over = Pace::of(Seen { total: 10, passed: 12, good: 12, refused: 0 }, Duration::from_secs(1));
        assert_eq!((over.thousandths, over.rest), (Some(1000), Some(Duration::ZERO)));
    }
}
