//! What stands above and below the tiles: the figures, what everybody should know, the runs that wait for a decision.

use std::time::Duration;

use askama::Template;

use crate::domain::code::Code;
use crate::station::board::{Concern, State};
use crate::station::figures::Figure;
use crate::station::slots::Floor;
use crate::station::worries::whole_days;
use crate::web::line::parts::Sight;
use crate::web::words::fill;
use crate::web::words::line::LineWords;
use crate::web::worries::worries;

/// Runs without a verdict that are named; the others are counted.
const NAMED: usize = 4;

/// The work order, today's yield, the cloud, the CA.
#[derive(Template)]
#[template(path = "line_figures.html")]
pub struct FiguresPart {
    t: &'static LineWords,
    order: Option<OrderView>,
    today: Option<TodayView>,
    waiting: Option<(String, String)>,
    days: Option<String>,
    days_few: bool,
}

struct OrderView {
    name: String,
    product: String,
    made: u32,
    ordered: u32,
    made_of: String,
}

struct TodayView {
    good: String,
    units: String,
    first_pass: String,
}

impl FiguresPart {
    /// The figures as somebody sees them.
    pub fn new(floor: &Floor, figure: &Figure, sight: &Sight) -> FiguresPart {
        let t = sight.t;
        let days = floor.keys.current().map(|keys| whole_days(keys.issuer.not_after(), figure.at));
        let today = figure.today;
        let depth = &figure.depth;
        FiguresPart {
            t,
            order: figure.order.as_ref().map(|progress| OrderView {
                name: progress.order.name.to_string(),
                product: progress.order.product.to_string(),
                made: progress.passed,
                ordered: progress.order.quantity,
                made_of: fill(
                    t.made_of,
                    &[
                        ("made", &progress.passed.to_string()),
                        ("ordered", &progress.order.quantity.to_string()),
                    ],
                ),
            }),
            today: (today.finished > 0).then(|| TodayView {
                good: fill(t.good, &[("percent", &percent(today.passed, today.finished))]),
                units: fill(
                    t.units,
                    &[("passed", &today.passed.to_string()), ("finished", &today.finished.to_string())],
                ),
                first_pass: fill(
                    t.first_pass,
                    &[("percent", &percent(today.passed_at_once, today.finished))],
                ),
            }),
            waiting: (depth.waiting > 0).then(|| {
                let oldest = depth.oldest.map_or(Duration::ZERO, |oldest| figure.at.since(oldest));
                (
                    fill(t.waiting, &[("waiting", &depth.waiting.to_string())]),
                    fill(t.oldest, &[("age", &age(oldest, t))]),
                )
            }),
            days_few: days.is_some_and(|days| days < 90),
            days: days.map(|days| fill(t.days_left, &[("days", &days.to_string())])),
        }
    }
}

/// Whole percent, rounded down: 100 % is said only when it is.
fn percent(part: u64, whole: u64) -> String {
    (part.saturating_mul(100) / whole.max(1)).to_string()
}

/// How long ago, in the largest unit that is full.
fn age(since: Duration, t: &LineWords) -> String {
    let seconds = since.as_secs();
    let (word, n) = match seconds {
        // figures would change every second
        0..60 => (t.seconds, seconds / 10 * 10),
        60..3600 => (t.minutes, seconds / 60),
        3600..172_800 => (t.hours, seconds / 3600),
        _ => (t.days, seconds / 86_400),
    };
    fill(word, &[("n", &n.to_string())])
}

/// What everybody should know, one line each.
#[derive(Template)]
#[template(path = "line_banners.html")]
pub struct Banners {
    t: &'static LineWords,
    calls: Vec<String>,
    cloud: Option<String>,
    warnings: Vec<String>,
}

impl Banners {
    /// The banners as somebody sees them.
    pub fn new(floor: &Floor, state: &State, figure: &Figure, sight: &Sight) -> Banners {
        let t = sight.t;
        let call = |place: &Option<_>| match place {
            Some(slot) => fill(t.called_to_slot, &[("slot", &format!("{slot}"))]),
            None => t.called_to_line.to_owned(),
        };
        let concern = |concern: &Concern| match concern {
            Concern::Disk { free } => fill(t.disk_full, &[("free", &free.to_string())]),
            Concern::Clock => t.clock_wrong.to_owned(),
            Concern::Ca { days } => fill(t.ca_ends, &[("days", &days.to_string())]),
        };
        let mut warnings: Vec<String> = state.concerns.iter().map(concern).collect();
        warnings.extend(worries(floor, sight.language));
        let undecided = figure.depth.conflict + figure.depth.parked;
        if undecided > 0 {
            warnings.push(fill(t.enrollments_wait, &[("count", &undecided.to_string())]));
        }
        Banners {
            t,
            calls: state.calls.iter().map(call).collect(),
            cloud: state.cloud.filter(|_| figure.depth.waiting > 0).map(|code| cloud(code, figure, t)),
            warnings,
        }
    }
}

/// A cloud that is away is no failure: the line goes on.
fn cloud(code: Code, figure: &Figure, t: &LineWords) -> String {
    let away = matches!(code, Code::CloudUnreachable | Code::CloudThrottled);
    let sentence = if away { t.cloud_offline } else { t.cloud_refuses };
    fill(sentence, &[("waiting", &figure.depth.waiting.to_string()), ("code", code.as_str())])
}

/// Runs that wait for a decision.
#[derive(Template)]
#[template(path = "line_unfinished.html")]
pub struct UnfinishedPart {
    t: &'static LineWords,
    reads: bool,
    runs: Vec<UnfinishedView>,
    more: Option<String>,
}

struct UnfinishedView {
    run: u64,
    word: String,
    serial: String,
    state: String,
}

impl UnfinishedPart {
    /// Those runs as somebody sees them.
    pub fn new(figure: &Figure, sight: &Sight) -> UnfinishedPart {
        let t = sight.t;
        let more = figure.unfinished.len().saturating_sub(NAMED);
        let view = |run: &crate::station::figures::Unfinished| UnfinishedView {
            run: run.run,
            word: fill(t.run, &[("run", &run.run.to_string())]),
            serial: run.serial.clone().unwrap_or_default(),
            state: match run.resume {
                true => t.goes_on.to_owned(),
                false => fill(t.stood_at, &[("stage", run.stage.as_str())]),
            },
        };
        UnfinishedPart {
            t,
            reads: sight.reads,
            runs: figure.unfinished.iter().take(NAMED).map(view).collect(),
            more: (more > 0).then(|| fill(t.and_more, &[("count", &more.to_string())])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn a_yield_is_never_rounded_up_to_all() {
        assert_eq!(percent(199, 200), "99");
        assert_eq!(percent(200, 200), "100");
        assert_eq!(percent(0, 0), "0");
    }

    #[test]
    fn an_age_is_told_in_its_largest_full_unit() {
        let t = LineWords::of(Language::English);
        let told: Vec<String> =
            [7, 61, 7300, 200_000].map(|s| age(Duration::from_secs(s), t)).into_iter().collect();
        assert_eq!(told, ["0 s", "1 min", "2 h", "2 d"]);
    }
}
