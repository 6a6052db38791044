//! Reports as CSV files: the figures one a line, and the runs, a piece at a time.

use std::time::Duration;

use crate::domain::code::{Code, Coded};
use crate::domain::verdict::Verdict;
use crate::station::csv_cells::defused;
use crate::station::reports::{Figures, per_mille};
use crate::station::zone::Zone;
use crate::store::reports::RunLine;

/// A table that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the table could not be written: {0}")]
pub struct NotWritten(String);

impl Coded for NotWritten {
    fn code(&self) -> Code {
        Code::Internal
    }
}

impl From<csv::Error> for NotWritten {
    fn from(error: csv::Error) -> NotWritten {
        NotWritten(error.to_string())
    }
}

/// The figures of a report: `figure,of,value`, one a line. Shares are percentages, times seconds.
pub fn figures(figures: &Figures, zone: &Zone) -> Result<Vec<u8>, NotWritten> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut row =
        |figure: &str, of: &str, value: &str| table.write_record([figure, &defused(of), &defused(value)]);
    row("figure", "of", "value")?;
    row("from", "", &zone.with_offset(figures.from))?;
    row("to", "", &zone.with_offset(figures.to))?;
    row("runs", "", &figures.runs().to_string())?;
    row("units tried", "", &figures.tried.to_string())?;
    row("units passed", "", &figures.passed.to_string())?;
    row("units passed at the first try", "", &figures.passed_first.to_string())?;
    row("units withdrawn since", "", &figures.withdrawn.to_string())?;
    row("yield percent", "", &tenths(per_mille(figures.passed, figures.tried)))?;
    row("first-pass yield percent", "", &tenths(per_mille(figures.passed_first, figures.tried)))?;
    row("units per hour", "", &tenths(figures.tenths_per_hour()))?;
    for (verdict, count) in Verdict::ALL.into_iter().zip(figures.verdicts) {
        row("runs by verdict", verdict.as_str(), &count.to_string())?;
    }
    for (stage, count) in &figures.by_step {
        row("failures by step", stage.as_str(), &count.to_string())?;
    }
    for (code, count) in &figures.by_code {
        row("failures by code", code, &count.to_string())?;
    }
    for (slot, histogram) in &figures.slots {
        for (begin, count) in histogram.bars() {
            let of = format!("{slot} {} to {}", seconds(begin), seconds(begin + histogram.width()));
            row("cycle time seconds", of.trim(), &count.to_string())?;
        }
    }
    for (begin, count) in &figures.buckets {
        row("units passed from", &zone.with_offset(*begin), &count.to_string())?;
    }
    for (person, count) in &figures.people {
        row("runs by person", person, &count.to_string())?;
    }
    done(table)
}

/// Some runs of a report, after the header if it is the first piece. Times are those of the zone with its offset.
pub fn runs(lines: &[RunLine], zone: &Zone, header: bool) -> Result<Vec<u8>, NotWritten> {
    let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    if header {
        table.write_record([
            "run",
            "started",
            "finished",
            "seconds",
            "work_order",
            "product",
            "slot",
            "person",
            "serial",
            "registration_id",
            "verdict",
            "step",
            "code",
            "message",
            "proof",
        ])?;
    }
    for line in lines {
        let text = |text: &Option<String>| defused(text.as_deref().unwrap_or_default()).into_owned();
        table.write_record([
            line.id.to_string(),
            zone.with_offset(line.started),
            zone.with_offset(line.finished),
            seconds(line.finished.since(line.started)),
            text(&line.work_order),
            text(&line.product),
            text(&line.slot),
            defused(&line.person).into_owned(),
            text(&line.serial),
            text(&line.registration_id),
            line.verdict.to_string(),
            line.stage.to_string(),
            text(&line.code),
            defused(&line.message).into_owned(),
            text(&line.proof),
        ])?;
    }
    done(table)
}

fn done(table: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, NotWritten> {
    table.into_inner().map_err(|error| NotWritten(error.to_string()))
}

/// A number of tenths; nothing if there is none.
pub fn tenths(tenths: Option<u64>) -> String {
    tenths.map(|tenths| format!("{}.{}", tenths / 10, tenths % 10)).unwrap_or_default()
}

/// Seconds with three decimals.
pub fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stage::Stage;
    use crate::domain::utc_time::UtcTime;

    #[test]
    fn what_a_device_said_is_quoted_and_defused() {
        let line = RunLine {
            id: 7,
            started: UtcTime::from_millis(1_795_000_000_000),
            finished: UtcTime::from_millis(1_795_000_001_250),
            slot: None,
            person: "ada".to_owned(),
            work_order: Some("lot".to_owned()),
            product: None,
            serial: Some("=cmd|' /C calc'!A0".to_owned()),
            registration_id: None,
            verdict: Verdict::Fail,
            stage: Stage::Identify,
            code: Some("LS-ID-01".to_owned()),
            message: "-1, it \"said\"\nso".to_owned(),
            proof: None,
        };
        let bytes = runs(std::slice::from_ref(&line), &Zone::utc(), true).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("run,started,finished,seconds,"), "{text}");
        assert!(text.contains("7,2026-11-18T"), "{text}");
        assert!(text.contains(",1.250,lot,,,ada,'=cmd|' /C calc'!A0,,FAIL,identify,LS-ID-01,"), "{text}");
        assert!(text.contains("\"'-1, it \"\"said\"\"\nso\""), "{text}");
        let mut read = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(read.records().next().unwrap().unwrap().len(), 15);
    }
}
