//! The figures of a report as its page shows them.

use crate::domain::code::Code;
use crate::domain::language::Language;
use crate::domain::verdict::Verdict;
use crate::station::reports::csv_files::{seconds, tenths};
use crate::station::reports::histogram::Histogram;
use crate::station::reports::{Figures, per_mille};
use crate::station::zone::Zone;
use crate::store::reports::RunLine;
use crate::web::plot;
use crate::web::standing::Standing;
use crate::web::told::told_of;
use crate::web::words::fill;
use crate::web::words::reports::ReportWords;
use crate::web::words::runs::RunWords;

/// Bars of a Pareto chart.
const MOST_BARS: usize = 8;

/// A plot and the table of its numbers.
pub struct PlotView {
    /// The SVG.
    pub svg: String,
    /// Label, count, and for a Pareto chart the share so far.
    pub rows: Vec<(String, u64, String)>,
}

/// A slot's cycle times.
pub struct SlotView {
    /// The slot.
    pub name: String,
    /// How many, the shortest, the mean, the longest.
    pub summary: String,
    /// The histogram.
    pub plot: PlotView,
}

/// A run that did not pass.
pub struct RunView {
    /// Its number.
    pub id: u64,
    /// When it ended.
    pub ended: String,
    /// Where.
    pub slot: String,
    /// Which unit.
    pub serial: String,
    /// How.
    pub verdict: Standing,
    /// At which step.
    pub step: &'static str,
    /// The code.
    pub code: String,
    /// What happened.
    pub message: String,
}

/// The figures.
pub struct FiguresView {
    /// Label and value of what stands on top, the most telling first.
    pub tiles: Vec<(&'static str, String)>,
    /// Runs by verdict.
    pub verdicts: Vec<(Standing, u64)>,
    /// Failures by step.
    pub by_step: Option<PlotView>,
    /// Failures by code.
    pub by_code: Option<PlotView>,
    /// Cycle times.
    pub slots: Vec<SlotView>,
    /// Units by time.
    pub by_time: Option<PlotView>,
    /// Who, and how many runs.
    pub people: Vec<(String, u64)>,
}

/// The figures in the page's language and the station's zone.
pub fn figures_view(language: Language, zone: &Zone, figures: &Figures) -> FiguresView {
    let (t, r) = (ReportWords::of(language), RunWords::of(language));
    let percent = |part: u64| match per_mille(part, figures.tried) {
        Some(share) => format!("{} %", tenths(Some(share))),
        None => "–".to_owned(),
    };
    let per_hour = figures.tenths_per_hour().map_or_else(|| "–".to_owned(), |rate| tenths(Some(rate)));
    let by_step: Vec<(String, u64)> =
        figures.by_step.iter().map(|(stage, count)| (r.of_stage(*stage).to_owned(), *count)).collect();
    let code = |code: &String| if code.is_empty() { t.no_code.to_owned() } else { code.clone() };
    let by_code: Vec<(String, u64)> =
        figures.by_code.iter().map(|(text, count)| (code(text), *count)).collect();
    // all slots on one scale, so that they can be compared
    let bars = figures.slots.iter().map(|(_, histogram)| histogram.bars().len()).max().unwrap_or(0);
    FiguresView {
        tiles: vec![
            (t.yield_rate, percent(figures.passed)),
            (t.first_pass, percent(figures.passed_first)),
            (t.passed, figures.passed.to_string()),
            (t.per_hour, per_hour),
            (t.tried, figures.tried.to_string()),
            (t.passed_first, figures.passed_first.to_string()),
            (t.withdrawn, figures.withdrawn.to_string()),
            (t.runs, figures.runs().to_string()),
        ],
        verdicts: Verdict::ALL
            .into_iter()
            .zip(figures.verdicts)
            .map(|(verdict, count)| (Standing::of_verdict(verdict), count))
            .collect(),
        by_step: pareto(t, t.by_step, by_step),
        by_code: pareto(t, t.by_code, by_code),
        slots: figures.slots.iter().map(|(slot, histogram)| slot_view(t, slot, histogram, bars)).collect(),
        by_time: by_time(t, zone, figures),
        people: figures.people.clone(),
    }
}

fn pareto(t: &ReportWords, title: &str, counts: Vec<(String, u64)>) -> Option<PlotView> {
    let (top, _) = counts.first()?;
    let says = fill(t.pareto_says, &[("title", title), ("top", top)]);
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let svg = plot::pareto(&says, counts.get(..MOST_BARS).unwrap_or(&counts), total);
    let mut sum = 0;
    let rows = counts.into_iter().map(|(label, count)| {
        sum += count;
        (label, count, format!("{} %", tenths(per_mille(sum, total))))
    });
    Some(PlotView { svg, rows: rows.collect() })
}

fn slot_view(t: &ReportWords, slot: &str, histogram: &Histogram, bars: usize) -> SlotView {
    let name = if slot.is_empty() { t.command_line.to_owned() } else { slot.to_owned() };
    let summary = histogram.summary().map(|(shortest, mean, longest)| {
        fill(
            t.cycle_summary,
            &[
                ("count", &histogram.count().to_string()),
                ("shortest", &seconds(shortest)),
                ("mean", &seconds(mean)),
                ("longest", &seconds(longest)),
            ],
        )
    });
    let all = histogram.first_bars(bars);
    let bars: Vec<(String, u64)> = all.iter().map(|(begin, count)| (seconds(*begin), *count)).collect();
    let end = all.last().map(|(begin, _)| seconds(*begin + histogram.width())).unwrap_or_default();
    let svg = plot::histogram(&says(t, &name, &bars), &bars, &end);
    let some = all.iter().filter(|(_, count)| *count > 0);
    let rows = some.map(|(begin, count)| {
        let (from, to) = (seconds(*begin), seconds(*begin + histogram.width()));
        (fill(t.from_to, &[("from", &from), ("to", &to)]), *count, String::new())
    });
    SlotView { name, summary: summary.unwrap_or_default(), plot: PlotView { svg, rows: rows.collect() } }
}

fn by_time(t: &ReportWords, zone: &Zone, figures: &Figures) -> Option<PlotView> {
    if figures.passed == 0 {
        return None;
    }
    let hourly = figures.bucket.as_secs() < 86_400;
    let one_day = figures.buckets.len() <= 25;
    let short = |at| match (hourly, one_day) {
        (true, true) => zone.time_of_day(at).chars().take(5).collect(),
        (true, false) => zone.date_and_time(at).chars().skip(5).take(8).collect::<String>(),
        (false, _) => zone.date(at).chars().skip(5).collect(),
    };
    let bars: Vec<(String, u64)> = figures.buckets.iter().map(|(at, count)| (short(*at), *count)).collect();
    let rows = figures.buckets.iter().filter(|(_, count)| *count > 0);
    let rows = rows.map(|(at, count)| (zone.date_and_time(*at), *count, String::new()));
    Some(PlotView { svg: plot::bars(&says(t, t.by_time, &bars), &bars), rows: rows.collect() })
}

fn says(t: &ReportWords, title: &str, bars: &[(String, u64)]) -> String {
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(0);
    fill(t.plot_says, &[("title", title), ("bars", &bars.len().to_string()), ("most", &most.to_string())])
}

/// A run that did not pass.
pub fn run_view(language: Language, zone: &Zone, line: RunLine) -> RunView {
    let (t, r) = (ReportWords::of(language), RunWords::of(language));
    let code = line.code.as_deref().and_then(Code::find);
    let message = match code {
        Some(code) => told_of(code, &line.message, language).sentence,
        None => line.message,
    };
    RunView {
        id: line.id,
        ended: zone.date_and_time(line.finished),
        slot: line.slot.unwrap_or_else(|| t.command_line.to_owned()),
        serial: line.serial.unwrap_or_else(|| "–".to_owned()),
        verdict: Standing::of_verdict(line.verdict),
        step: r.of_stage(line.stage),
        code: line.code.unwrap_or_default(),
        message,
    }
}
