//! The printers' threads: each takes its labels in their order, one at a time. A printer that is out holds its own
//! labels, never the line; how it stands is on the board. A label is put down as printed after it was sent: across
//! a crash between the two it is printed twice rather than never.

use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::person::Actor;
use crate::station::board::{Fault, Worry};
use crate::station::clock;
use crate::station::labels::LabelError;
use crate::station::labels::sending::{self, NotSent};
use crate::station::settings::printer::Printer;
use crate::station::slots::Floor;
use crate::store::error::StoreError;
use crate::store::labels::{self, Label, LabelState};

/// How long a printer's thread rests when nothing waits.
const REST: Duration = Duration::from_millis(250);
/// Labels without a printer are put aside so many at once, and so often.
const AT_ONCE: u32 = 100;
const ROUNDS: u32 = 1000;
/// The longest rest after a failure: soon after the printer is back, it prints.
const LONGEST_REST: Duration = Duration::from_secs(15);

/// Starts a thread for each printer of the settings.
pub fn start(floor: &Floor) -> std::io::Result<Vec<JoinHandle<()>>> {
    if let Err(error) = put_aside_orphans(floor) {
        tracing::error!(code = %error.code(), "labels: {error}");
    }
    let printers = floor.settings.printers.iter().cloned().enumerate();
    printers
        .map(|(place, printer)| {
            let floor = floor.clone();
            let name = format!("printer {}", printer.name);
            thread::Builder::new().name(name).spawn(move || tend(&floor, place, &printer))
        })
        .collect()
}

/// Labels whose printer is not in the settings any more wait for a person.
fn put_aside_orphans(floor: &Floor) -> Result<(), StoreError> {
    let known: Vec<_> = floor.settings.printers.iter().map(|printer| &printer.name).collect();
    for _ in 0..ROUNDS {
        let orphans = floor.store.read(|r| labels::waiting_elsewhere(r, &known, AT_ONCE))?;
        if orphans.is_empty() {
            break;
        }
        floor.store.change(&Actor::Station, clock::now(), |change| {
            for label in &orphans {
                let why = LabelError::PrinterUnknown(label.printer.clone()).to_string();
                labels::failed(change, label, &why)?;
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

fn tend(floor: &Floor, place: usize, printer: &Printer) {
    let mut failures = 0;
    while !floor.stop.load(Ordering::Relaxed) {
        let rest = match print_next(floor, printer) {
            Ok(done @ (Done::Printed | Done::Nothing)) => {
                failures = 0;
                if matches!(done, Done::Printed) { Duration::ZERO } else { REST }
            }
            Ok(Done::Held(fault)) => {
                worry(floor, place, printer, Some(fault));
                failures += 1;
                REST.saturating_mul(2u32.saturating_pow(failures)).min(LONGEST_REST)
            }
            Err(error) => {
                tracing::error!(code = %error.code(), printer = %printer.name, "labels: {error}");
                LONGEST_REST
            }
        };
        if failures == 0 {
            worry(floor, place, printer, None);
        }
        let mut rested = Duration::ZERO;
        while rested < rest && !floor.stop.load(Ordering::Relaxed) {
            thread::sleep(REST.min(rest - rested));
            rested += REST;
        }
    }
}

/// What came of a round.
enum Done {
    /// Nothing waits.
    Nothing,
    /// One label was sent, or put aside.
    Printed,
    /// The printer is out; what is to be said of it.
    Held(Fault),
}

fn print_next(floor: &Floor, printer: &Printer) -> Result<Done, StoreError> {
    let store = &floor.store;
    let Some(label) = store.read(|r| labels::next_for(r, &printer.name))? else {
        return Ok(Done::Nothing);
    };
    let fail = |why: &str| {
        tracing::warn!(printer = %printer.name, label = label.id, "{why}");
        store.change(&Actor::Station, clock::now(), |change| labels::failed(change, &label, why))
    };
    let Some(zpl) = whole(&label) else {
        fail("what was to be printed is not what was queued")?;
        return Ok(Done::Printed);
    };
    match sending::send(&printer.way, &label, zpl) {
        Ok(()) => {
            store.change(&Actor::Station, clock::now(), |change| labels::printed(change, &label))?;
            Ok(Done::Printed)
        }
        Err(error @ NotSent::Doubtful { .. }) => {
            fail(&error.to_string())?;
            Ok(Done::Printed)
        }
        Err(error @ NotSent::Out { .. }) => {
            labels::tried(store, label.id, &error.to_string())?;
            Ok(Done::Held(Fault::of(&error)))
        }
    }
}

/// The ZPL, if it is what the records vouch for.
fn whole(label: &Label) -> Option<&str> {
    let zpl = label.zpl.as_deref()?;
    (label.digest == Some(Digest::of(zpl.as_bytes()))).then_some(zpl)
}

/// Shows how a printer stands: that it is out, or that a label of it waits for a person, or that all is well.
fn worry(floor: &Floor, place: usize, printer: &Printer, out: Option<Fault>) {
    let fault = out.or_else(|| {
        let failed = floor.store.read(|r| labels::open(r, &printer.name, LabelState::Failed));
        let sentence = "A label was not printed for sure.".to_owned();
        // records that cannot be read have been told of already
        (failed.unwrap_or(0) > 0).then_some(Fault { code: Code::LabelDoubtful, sentence, since: None })
    });
    if floor.board.warn(Worry::Printer(place), fault.clone())
        && let Some(fault) = fault
    {
        tracing::warn!(code = %fault.code, printer = %printer.name, "{}", fault.sentence);
    }
}
