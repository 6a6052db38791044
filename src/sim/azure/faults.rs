//! What can be made to go wrong, for tests and for training; switched while the simulator runs.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The switches. Each counts down by itself; the first that applies wins, in the order of the methods.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Plan>);

#[derive(Debug, Default)]
struct Plan {
    outage: bool,
    hang: Countdown,
    unavailable: Countdown,
    throttle: Countdown,
    lose: u32,
}

#[derive(Debug, Default)]
struct Countdown {
    left: u32,
    time: Duration,
}

impl Countdown {
    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        Some(self.time)
    }
}

/// What happens to one request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The connection is cut at once.
    Cut,
    /// Nothing happens for a while, then the connection is cut.
    Hang(Duration),
    /// 503.
    Unavailable(Duration),
    /// 429.
    Throttle(Duration),
    /// Done, but the connection is cut instead of an answer.
    LoseAnswer,
    /// As it should be.
    Serve,
}

impl Faults {
    /// While it is on, every connection is cut before anything is done.
    pub fn outage(&self, on: bool) {
        self.change(|plan| plan.outage = on);
    }

    /// The next requests get no answer; after `time` their connections are cut. Nothing is done.
    pub fn hang_next(&self, requests: u32, time: Duration) {
        self.change(|plan| plan.hang = Countdown { left: requests, time });
    }

    /// The next requests are answered 503 with `Retry-After` (whole seconds).
    pub fn unavailable_next(&self, requests: u32, retry_after: Duration) {
        self.change(|plan| plan.unavailable = Countdown { left: requests, time: retry_after });
    }

    /// The next requests are answered 429 with `Retry-After` (whole seconds).
    pub fn throttle_next(&self, requests: u32, retry_after: Duration) {
        self.change(|plan| plan.throttle = Countdown { left: requests, time: retry_after });
    }

    /// The next requests that change something are carried out, but the connection is cut before the answer.
    pub fn lose_answer_next(&self, requests: u32) {
        self.change(|plan| plan.lose = requests);
    }

    /// Everything works again.
    pub fn clear(&self) {
        self.change(|plan| *plan = Plan::default());
    }

    /// The fate of the request at hand.
    pub(super) fn next(&self, changes_something: bool) -> Fate {
        let mut fate = Fate::Serve;
        self.change(|plan| {
            fate = if plan.outage {
                Fate::Cut
            } else if let Some(time) = plan.hang.next() {
                Fate::Hang(time)
            } else if let Some(time) = plan.unavailable.next() {
                Fate::Unavailable(time)
            } else if let Some(time) = plan.throttle.next() {
                Fate::Throttle(time)
            } else if changes_something && plan.lose > 0 {
                plan.lose -= 1;
                Fate::LoseAnswer
            } else {
                Fate::Serve
            };
        });
        fate
    }

    fn change(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_counts_down_and_an_outage_comes_first() {
        let faults = Faults::default();
        let second = Duration::from_secs(1);
        faults.throttle_next(1, second);
        faults.lose_answer_next(1);
        faults.outage(true);
        assert_eq!(faults.next(true), Fate::Cut);
        faults.outage(false);
        assert_eq!(faults.next(true), Fate::Throttle(second));
        assert_eq!(faults.next(false), Fate::Serve);
        assert_eq!(faults.next(true), Fate::LoseAnswer);
        assert_eq!(faults.next(true), Fate::Serve);
    }
}
