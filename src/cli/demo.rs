//! `lineside demo`: a whole plant on this machine. The station, the pages and the simulated Azure run here,
//! the virtual devices in a process of their own.

mod bench;
mod plant;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::cli::demo::bench::{Bench, Tally};
use crate::cli::demo::plant::{GATEWAYS, Plant, SENSORS};
use crate::cli::failure::Failure;
use crate::cli::{output, progress};
use crate::domain::code::Code;
use crate::store::audit::log;
use crate::store::error::StoreError;
use crate::store::outbox::{self, OutboxState};

/// How long all devices together may take.
const DEADLINE: Duration = Duration::from_secs(300);

/// A whole plant.
#[derive(Args)]
pub struct Demo {
    /// How many virtual devices: half with X.509 identities, half with derived keys
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    devices: u16,
    /// End when all devices are done, with a summary
    #[arg(long)]
    exit: bool,
}

impl Demo {
    /// Runs the plant.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let begun = Instant::now();
        let (place, temporary) = match &common.station {
            Some(place) => (place.clone(), false),
            None => (temporary_place(), true),
        };
        let plant = Plant::build(&place, self.devices, common)?;
        output::note(&format!(
            "Station  {}\nLog-in   {} / {}\nFolder   {}\n",
            plant.url(),
            plant.login.0,
            plant.login.1.as_str(),
            place.display()
        ));
        let mut tally = Tally::default();
        let produced = self.produce(&plant, &mut tally, common);
        // the summary is printed however it went: it says how far it came
        let told = self.summary(&plant, &tally, begun.elapsed().as_secs_f64(), common);
        let summary = produced.and(told);
        if summary.is_ok() && !self.exit {
            output::note("All devices are done. The station goes on until you press Ctrl-C.");
            plant.wait();
        } else {
            plant.stop();
        }
        if temporary && self.exit {
            // the folder of a demo that has ended is of no use to anybody
            let _ = std::fs::remove_dir_all(&place);
        }
        summary
    }

    /// Makes the gateways, changes over, makes the sensors.
    fn produce(&self, plant: &Plant, tally: &mut Tally, common: &Common) -> Result<(), Failure> {
        let bar = progress::bar(u64::from(self.devices), "devices", common.json);
        let deadline = Instant::now() + DEADLINE;
        for lot in [&GATEWAYS, &SENSORS] {
            let count = lot.share(self.devices);
            if count == 0 {
                continue;
            }
            plant.activate(lot, count)?;
            bar.set_message(lot.product);
            let mut bench = Bench::plug_in(plant, lot, count, !self.exit)?;
            while !bench.done(tally, plant.refused(lot)?) {
                if plant.interrupted() {
                    return Err(Failure::work(
                        Code::Interrupted,
                        "the demo was ended before its devices were done",
                    ));
                }
                if Instant::now() > deadline {
                    let why = format!("the devices were not done after {} s", DEADLINE.as_secs());
                    return Err(Failure::work(Code::Silent, why));
                }
                if let Some(event) = bench.next(Duration::from_millis(200)) {
                    tally.count(&event);
                    bar.set_position(tally.settled());
                }
            }
            tally.close_lot();
            if self.exit {
                bench.clear();
            } else {
                plant.keep(bench);
            }
        }
        plant.wait_until_sent(deadline)?;
        bar.finish_and_clear();
        Ok(())
    }

    fn summary(&self, plant: &Plant, tally: &Tally, seconds: f64, common: &Common) -> Result<(), Failure> {
        let store = &plant.serving.floor.store;
        let (passed, enrolled, audit_entries) = store.read(|r| {
            let passed = plant.passed(r)?;
            let sent = outbox::list(r, Some(OutboxState::Sent), 1000, None)?.len();
            Ok::<_, StoreError>((passed, u64::try_from(sent).unwrap_or(u64::MAX), log::size(r)?))
        })?;
        let devices = u64::from(self.devices);
        let failed = devices.saturating_sub(passed);
        let value = json!({
            "devices": devices, "passed": passed, "failed": failed, "enrolled": enrolled,
            "assigned": tally.assigned, "audit_entries": audit_entries,
            "seconds": (seconds * 10.0).round() / 10.0,
        });
        output::report(common.json, &value, || {
            format!(
                "{devices} devices: {passed} passed, {failed} failed, {enrolled} enrolled, {} assigned to a hub; \
                 {audit_entries} audit entries; {seconds:.1} s",
                tally.assigned
            )
        })?;
        if passed == devices && tally.assigned == devices && enrolled == devices {
            return Ok(());
        }
        let why = tally
            .first_fault
            .clone()
            .unwrap_or_else(|| "not every device passed and was assigned".to_owned());
        Err(Failure::work(Code::DeviceRefused, why))
    }
}

fn temporary_place() -> PathBuf {
    std::env::temp_dir().join(format!("lineside-demo-{}", std::process::id()))
}
