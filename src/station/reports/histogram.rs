//! A histogram that fits its bars to what comes: when a value lies beyond the last bar, each two bars become one.

use std::time::Duration;

/// How many bars there are.
const BARS: usize = 24;
/// The width of a bar before anything came.
const NARROWEST: Duration = Duration::from_millis(125);

/// How many durations fell into which bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    width: Duration,
    bars: [u64; BARS],
    count: u64,
    total: Duration,
    shortest: Duration,
    longest: Duration,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            width: NARROWEST,
            bars: [0; BARS],
            count: 0,
            total: Duration::ZERO,
            shortest: Duration::MAX,
            longest: Duration::ZERO,
        }
    }
}

impl Histogram {
    /// Counts one.
    pub fn add(&mut self, value: Duration) {
        while self.bar_of(value).is_none() {
            self.widen();
        }
        if let Some(bar) = self.bar_of(value).and_then(|at| self.bars.get_mut(at)) {
            *bar += 1;
        }
        self.count += 1;
        self.total = self.total.saturating_add(value);
        self.shortest = self.shortest.min(value);
        self.longest = self.longest.max(value);
    }

    /// Makes its bars at least this wide, so that it can be compared with another one.
    pub fn widen_to(&mut self, width: Duration) {
        while self.width < width {
            self.widen();
        }
    }

    /// The width of a bar.
    pub fn width(&self) -> Duration {
        self.width
    }

    /// The bars up to the last one that holds something: where each begins, and how many fell into it.
    pub fn bars(&self) -> Vec<(Duration, u64)> {
        self.first_bars(self.bars.iter().rposition(|count| *count > 0).map_or(0, |at| at + 1))
    }

    /// The first bars, whatever they hold.
    pub fn first_bars(&self, count: usize) -> Vec<(Duration, u64)> {
        (0..).zip(self.bars.iter().take(count)).map(|(at, count)| (self.width * at, *count)).collect()
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The shortest, the mean and the longest; none if nothing was counted.
    pub fn summary(&self) -> Option<(Duration, Duration, Duration)> {
        let mean = self.total.as_millis().checked_div(u128::from(self.count))?;
        Some((self.shortest, Duration::from_millis(u64::try_from(mean).unwrap_or(u64::MAX)), self.longest))
    }

    fn bar_of(&self, value: Duration) -> Option<usize> {
        let at = value.as_millis() / self.width.as_millis().max(1);
        usize::try_from(at).ok().filter(|at| *at < BARS)
    }

    fn widen(&mut self) {
        let mut wider = [0; BARS];
        for (at, count) in self.bars.iter().enumerate() {
            wider[at / 2] += count;
        }
        self.bars = wider;
        self.width = self.width.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bars_widen_as_they_must() {
        let mut histogram = Histogram::default();
        for millis in [0, 124, 125, 2999] {
            histogram.add(Duration::from_millis(millis));
        }
        assert_eq!(histogram.width(), NARROWEST);
        assert_eq!(histogram.bars()[..2], [(Duration::ZERO, 2), (NARROWEST, 1)]);
        histogram.add(Duration::from_millis(3000));
        assert_eq!(histogram.width(), 2 * NARROWEST);
        assert_eq!(histogram.bars()[0], (Duration::ZERO, 3));
        let summary = histogram.summary().unwrap();
        assert_eq!(summary.1, Duration::from_millis((124 + 125 + 2999 + 3000) / 5));
        assert_eq!(Histogram::default().summary(), None);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_whatever_comes(values in proptest::collection::vec(0_u64..1 << 50, 0..40)) {
            let mut histogram = Histogram::default();
            for value in &values {
                histogram.add(Duration::from_millis(*value));
            }
            let bars = histogram.bars();
            prop_assert_eq!(bars.iter().map(|(_, count)| count).sum::<u64>(), values.len() as u64);
            for (begin, count) in bars {
                let within = |value: &&u64| {
                    let value = Duration::from_millis(**value);
                    begin <= value && value < begin + histogram.width()
                };
                prop_assert_eq!(values.iter().filter(within).count() as u64, count);
            }
        }
    }
}
