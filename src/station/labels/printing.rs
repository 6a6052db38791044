//! The printers' threads: each takes its labels in their order, one at a time. A printer that is out holds its own
//! labels, never the line; how it stands is on the board. A label is put down as printed after it was sent: across
//! a crash between the two it is printed twice rather than never; while the records cannot be written, the thread
//! keeps what it sent and prints nothing more.

use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::domain::code::{Code, Coded, sentence};
use crate::domain::digest::Digest;
use crate::domain::person::Actor;
use crate::station::board::{Fault, Worry};
use crate::station::clock;
use crate::station::labels::LabelError;
use crate::station::labels::sending::{self, NotSent};
use crate::station::settings::printer::Printer;
use crate::station::slots::Floor;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::labels::{self, Label, LabelState};
use crate::store::runs::standing;

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
    let mut unrecorded = None;
    while !floor.stop.load(Ordering::Relaxed) {
        let rest = match print_next(floor, printer, &mut unrecorded) {
            Ok(done @ (Done::Printed | Done::Nothing)) => {
                failures = 0;
                if matches!(done, Done::Printed) { Duration::ZERO } else { REST }
            }
            Ok(Done::Held(fault)) => {
                worry(floor, place, printer, Some(fault));
                failures += 1;
                after(failures)
            }
            Err(error) => {
                tracing::error!(code = %error.code(), printer = %printer.name, "labels: {error}");
                worry(floor, place, printer, Some(not_recorded(unrecorded.as_ref(), &error)));
                failures += 1;
                after(failures)
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

/// The rest after so many failures.
fn after(failures: u32) -> Duration {
    REST.saturating_mul(2u32.saturating_pow(failures)).min(LONGEST_REST)
}

/// What is to be said when the records cannot be read or written.
fn not_recorded(unrecorded: Option<&Outcome>, error: &StoreError) -> Fault {
    let sentence = match unrecorded {
        Some(Outcome { label, .. }) => {
            format!("Label {} was sent, but this cannot be recorded: {error}.", label.id)
        }
        None => sentence(error),
    };
    Fault { code: error.code(), sentence, since: None }
}

/// What came of a label that left the station, until it is on record: it must not be sent again meanwhile.
struct Outcome {
    label: Label,
    /// Why it is in doubt; none if the printer has it.
    doubt: Option<String>,
}

impl Outcome {
    fn record(&self, store: &Store) -> Result<(), StoreError> {
        let written = store.change(&Actor::Station, clock::now(), |change| match &self.doubt {
            None => labels::printed(change, &self.label),
            Some(why) => labels::failed(change, &self.label, why),
        });
        match written {
            // it does not wait any more, so it is on record
            Err(StoreError::Conflict { table: "label", .. }) => Ok(()),
            written => written,
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

fn print_next(
    floor: &Floor,
    printer: &Printer,
    unrecorded: &mut Option<Outcome>,
) -> Result<Done, StoreError> {
    let store = &floor.store;
    if let Some(outcome) = unrecorded {
        outcome.record(store)?;
        *unrecorded = None;
    }
    let Some(label) = store.read(|r| labels::next_for(r, &printer.name))? else {
        return Ok(Done::Nothing);
    };
    if !store.read(|r| standing::stands(r, label.run))? {
        // it waited for its printer longer than its device kept the identity on it
        let why = LabelError::Withdrawn(label.run).to_string();
        store.change(&Actor::Station, clock::now(), |change| labels::settle(change, &label, &why))?;
        return Ok(Done::Printed);
    }
    let Some(zpl) = whole(&label) else {
        let why = "what was to be printed is not what was queued";
        tracing::warn!(printer = %printer.name, label = label.id, "{why}");
        store.change(&Actor::Station, clock::now(), |change| labels::failed(change, &label, why))?;
        return Ok(Done::Printed);
    };
    match sending::send(&printer.way, &label, zpl) {
        Ok(()) => settled(store, unrecorded, Outcome { label, doubt: None }),
        Err(error @ NotSent::Doubtful { .. }) => {
            tracing::warn!(printer = %printer.name, label = label.id, "{error}");
            settled(store, unrecorded, Outcome { label, doubt: Some(error.to_string()) })
        }
        Err(error @ NotSent::Out { .. }) => {
            labels::tried(store, label.id, &error.to_string())?;
            Ok(Done::Held(Fault::of(&error)))
        }
    }
}

/// Records what came of a label, or keeps it until it can be.
fn settled(store: &Store, unrecorded: &mut Option<Outcome>, outcome: Outcome) -> Result<Done, StoreError> {
    let recorded = outcome.record(store);
    if recorded.is_err() {
        *unrecorded = Some(outcome);
    }
    recorded.map(|()| Done::Printed)
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
