//! Reports: the figures of a shift or of a work order, gathered in one pass over its finished runs.

pub mod csv_files;
pub mod histogram;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::code::{Code, Coded};
use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::station::reports::histogram::Histogram;
use crate::station::zone::Zone;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::reports::{self, Ended, Scope};

/// The longest span of a report.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// The most buckets of time a report shows.
const MOST_BUCKETS: u64 = 62;
/// How long a bucket of time may be, in hours.
const BUCKETS: [u64; 7] = [1, 6, 24, 7 * 24, 28 * 24, 364 * 24, 3640 * 24];

/// Why there is no report of a span.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum BadSpan {
    #[error("“{0}” is not a date and time")]
    Moment(String),
    #[error("the end does not lie after the beginning")]
    Backwards,
    #[error("the span is longer than 366 days")]
    TooLong,
}

impl Coded for BadSpan {
    fn code(&self) -> Code {
        Code::ReportSpan
    }
}

/// The span that a person gave as times on the wall.
///
/// # Errors
/// See [`BadSpan`].
pub fn span(zone: &Zone, from: &str, to: &str) -> Result<(UtcTime, UtcTime), BadSpan> {
    let moment = |text: &str| {
        zone.moment(text)
            .ok_or_else(|| BadSpan::Moment(text.chars().filter(|c| !c.is_control()).take(40).collect()))
    };
    let (from, to) = (moment(from)?, moment(to)?);
    if to <= from {
        return Err(BadSpan::Backwards);
    }
    if to.since(from) > LONGEST {
        return Err(BadSpan::TooLong);
    }
    Ok((from, to))
}

/// The figures of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Runs by verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; 7],
    /// Units that were tried: devices, and each run of a unit that never said who it is. Skipped ones do not count.
    pub tried: u64,
    /// Units that passed: in a span of time; of a work order, those whose identity still stands.
    pub passed: u64,
    /// Those of them that did at their first try.
    pub passed_first: u64,
    /// Units that passed and whose identity was withdrawn since.
    pub withdrawn: u64,
    /// Runs that failed, by the step they ended in; the most frequent first.
    pub by_step: Vec<(Stage, u64)>,
    /// The same by code; empty where a person gave a reason instead.
    pub by_code: Vec<(String, u64)>,
    /// How long runs took that passed, by slot; an empty name stands for the command line.
    pub slots: Vec<(String, Histogram)>,
    /// Who was responsible for how many runs.
    pub people: Vec<(String, u64)>,
    /// Units that passed, by time: when each bucket begins.
    pub buckets: Vec<(UtcTime, u64)>,
    /// How long a bucket is.
    pub bucket: Duration,
    /// When the counting began.
    pub from: UtcTime,
    /// When it ended: the end of the span, or now if that lies ahead.
    pub to: UtcTime,
}

impl Figures {
    /// How many runs there were.
    pub fn runs(&self) -> u64 {
        self.verdicts.iter().sum()
    }

    /// Units that passed per hour, in tenths.
    pub fn tenths_per_hour(&self) -> Option<u64> {
        let millis = u64::try_from(self.to.since(self.from).as_millis()).unwrap_or(u64::MAX);
        self.passed.saturating_mul(36_000_000).checked_div(millis)
    }
}

/// A share in tenths of a percent.
pub fn per_mille(part: u64, whole: u64) -> Option<u64> {
    part.saturating_mul(1000).checked_div(whole)
}

/// Gathers the figures of the scope; the time on the wall decides where a bucket of time begins.
pub fn figures(r: &Reader<'_>, zone: &Zone, scope: &Scope, now: UtcTime) -> Result<Figures, StoreError> {
    let (from, to) = match scope {
        Scope::Span(from, to) => (*from, (*to).min(now.max(*from))),
        Scope::WorkOrder(name) => reports::extent(r, name)?.unwrap_or((now, now)),
    };
    let only_standing = match scope {
        Scope::Span(..) => false,
        Scope::WorkOrder(_) => true,
    };
    let mut gathered = Gathered::new(zone, from, to, only_standing);
    reports::each(r, scope, |run| gathered.take(&run))?;
    Ok(gathered.figures(from, to))
}

struct Gathered {
    verdicts: [u64; 7],
    tried: u64,
    /// Whether only what stands is good; else what happened counts.
    only_standing: bool,
    passed: u64,
    passed_first: u64,
    ever_passed: u64,
    standing: u64,
    by_step: BTreeMap<Stage, u64>,
    by_code: BTreeMap<String, u64>,
    slots: BTreeMap<String, Histogram>,
    people: BTreeMap<String, u64>,
    first_bucket: UtcTime,
    bucket: Duration,
    buckets: Vec<u64>,
}

impl Gathered {
    fn new(zone: &Zone, from: UtcTime, to: UtcTime, only_standing: bool) -> Gathered {
        let hour = Duration::from_secs(3600);
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
        let (day, _) = zone.day_of(from);
        let bucket_of = |hours: u64| {
            let bucket = Duration::from_secs(hours.saturating_mul(3600));
            // hours begin at full hours, longer ones with the day
            let first = if bucket == hour {
                day.plus(Duration::from_millis(millis(from.since(day)) / millis(hour) * millis(hour)))
            } else {
                day
            };
            let count = millis(to.since(first)).div_ceil(millis(bucket));
            (bucket, first, count)
        };
        let fits = BUCKETS.into_iter().map(bucket_of).find(|(_, _, count)| *count <= MOST_BUCKETS);
        let (bucket, first_bucket, count) = fits.unwrap_or((hour, from, 0));
        Gathered {
            verdicts: [0; 7],
            tried: 0,
            only_standing,
            passed: 0,
            passed_first: 0,
            ever_passed: 0,
            standing: 0,
            by_step: BTreeMap::new(),
            by_code: BTreeMap::new(),
            slots: BTreeMap::new(),
            people: BTreeMap::new(),
            first_bucket,
            bucket,
            buckets: vec![0; usize::try_from(count).unwrap_or(0)],
        }
    }

    fn take(&mut self, run: &Ended) {
        if let Some(at) = Verdict::ALL.iter().position(|verdict| *verdict == run.verdict) {
            self.verdicts[at] += 1;
        }
        self.tried += u64::from(run.first_try);
        self.ever_passed += u64::from(run.first_pass);
        self.standing += u64::from(run.stands);
        // of each unit one run at most
        let counts = if self.only_standing { run.stands } else { run.first_pass };
        self.passed_first += u64::from(run.first_try && counts);
        *self.people.entry(run.person.clone()).or_default() += 1;
        match run.verdict {
            Verdict::Pass => {
                let slot = run.slot.clone().unwrap_or_default();
                self.slots.entry(slot).or_default().add(run.finished.since(run.started));
            }
            Verdict::Skipped => {}
            Verdict::Fail | Verdict::Error | Verdict::Aborted | Verdict::Quarantine | Verdict::Scrap => {
                *self.by_step.entry(run.stage).or_default() += 1;
                *self.by_code.entry(run.code.clone().unwrap_or_default()).or_default() += 1;
            }
        }
        if counts {
            self.passed += 1;
            let since = run.finished.since(self.first_bucket).as_millis();
            let at = usize::try_from(since / self.bucket.as_millis().max(1)).unwrap_or(usize::MAX);
            // what ended in the last millisecond belongs to the last bucket
            let last = self.buckets.len().saturating_sub(1);
            if let Some(bucket) = self.buckets.get_mut(at.min(last)) {
                *bucket += 1;
            }
        }
    }

    fn figures(self, from: UtcTime, to: UtcTime) -> Figures {
        let mut slots: Vec<(String, Histogram)> = self.slots.into_iter().collect();
        let widest = slots.iter().map(|(_, histogram)| histogram.width()).max().unwrap_or_default();
        slots.iter_mut().for_each(|(_, histogram)| histogram.widen_to(widest));
        let (bucket, first) = (self.bucket, self.first_bucket);
        let buckets =
            (0..).zip(self.buckets).map(|(at, count)| (first.plus(bucket.saturating_mul(at)), count));
        Figures {
            verdicts: self.verdicts,
            tried: self.tried,
            passed: self.passed,
            passed_first: self.passed_first,
            withdrawn: self.ever_passed.saturating_sub(self.standing),
            by_step: most_first(self.by_step),
            by_code: most_first(self.by_code),
            slots,
            people: most_first(self.people),
            buckets: buckets.collect(),
            bucket,
            from,
            to,
        }
    }
}

/// The most frequent first; equals in their own order.
fn most_first<K>(counts: BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut counts: Vec<(K, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(verdict: Verdict, second: i64, millis: u64, first: bool) -> Ended {
        let started = UtcTime::from_seconds(1_795_000_000 + second);
        Ended {
            slot: Some("slot-1".to_owned()),
            person: "ada".to_owned(),
            stage: if verdict == Verdict::Pass { Stage::Finished } else { Stage::Inject },
            verdict,
            code: (verdict != Verdict::Pass).then(|| "LS-LINE-08".to_owned()),
            started,
            finished: started.plus(Duration::from_millis(millis)),
            first_try: first,
            first_pass: verdict == Verdict::Pass,
            stands: verdict == Verdict::Pass,
        }
    }

    #[test]
    fn figures_add_up() {
        let (from, to) = (UtcTime::from_seconds(1_795_000_000), UtcTime::from_seconds(1_795_007_200));
        let mut gathered = Gathered::new(&Zone::utc(), from, to, false);
        for (verdict, second, first) in [
            (Verdict::Pass, 10, true),
            (Verdict::Fail, 20, true),
            (Verdict::Pass, 4000, false),
            (Verdict::Error, 4010, true),
            (Verdict::Skipped, 4020, false),
        ] {
            gathered.take(&run(verdict, second, 1500, first));
        }
        let figures = gathered.figures(from, to);
        assert_eq!((figures.runs(), figures.tried, figures.passed, figures.passed_first), (5, 3, 2, 1));
        assert_eq!(figures.by_step, [(Stage::Inject, 2)]);
        assert_eq!(figures.tenths_per_hour(), Some(10));
        assert_eq!(figures.buckets.iter().map(|(_, count)| count).sum::<u64>(), 2);
        assert_eq!(figures.bucket, Duration::from_secs(3600));
        assert_eq!(figures.slots[0].1.count(), 2);
        assert_eq!(per_mille(figures.passed, figures.tried), Some(666));
        assert_eq!(per_mille(0, 0), None);
    }

    #[test]
    fn a_work_order_counts_what_stands_and_a_shift_what_happened() {
        let (from, to) = (UtcTime::from_seconds(1_795_000_000), UtcTime::from_seconds(1_795_007_200));
        let figures = |only_standing| {
            let mut gathered = Gathered::new(&Zone::utc(), from, to, only_standing);
            let pass = |second, first: bool, stands| Ended {
                first_pass: first,
                stands,
                ..run(Verdict::Pass, second, 1500, first)
            };
            // one stands, one was scrapped, one was withdrawn and passed again
            for run in [pass(1, true, true), pass(2, true, false), pass(3, true, false), pass(4, false, true)]
            {
                gathered.take(&run);
            }
            let figures = gathered.figures(from, to);
            assert_eq!(figures.buckets.iter().map(|(_, count)| count).sum::<u64>(), figures.passed);
            (figures.tried, figures.passed, figures.passed_first, figures.withdrawn)
        };
        assert_eq!(figures(false), (3, 3, 3, 1));
        assert_eq!(figures(true), (3, 2, 1, 1));
    }

    #[test]
    fn a_long_span_has_few_buckets_and_a_span_is_checked() {
        let from = UtcTime::from_seconds(1_795_000_000);
        for days in [1, 3, 60, 366, 3000] {
            let to = from.plus(Duration::from_secs(days * 86_400));
            let gathered = Gathered::new(&Zone::utc(), from, to, true);
            assert!((1..=62).contains(&gathered.buckets.len()), "{days}");
        }
        let zone = Zone::utc();
        assert!(span(&zone, "2026-11-22T06:00", "2026-11-22T14:00").is_ok());
        assert_eq!(span(&zone, "x", "2026-11-22"), Err(BadSpan::Moment("x".to_owned())));
        assert_eq!(span(&zone, "2026-11-22", "2026-11-22"), Err(BadSpan::Backwards));
        assert_eq!(span(&zone, "2026-11-22", "2028-11-22"), Err(BadSpan::TooLong));
    }
}
