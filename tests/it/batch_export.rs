//! `lineside batch export` over a station whose devices passed and failed: the tables, and every form of somebody else
//! as its owner reads it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use lineside::domain::digest::Digest;
use serde_json::{Value, json};

use crate::api::judge::judge;
use crate::factory::bench::Bench;
use crate::factory::process::{self, Process};
use crate::factory::{Station, wait_for};

mod forms;
mod tables;

/// A station with two devices that passed and one that failed its proof, each under an order of its own.
fn three_devices() -> Station {
    let station = Station::found();
    let bench = Bench::plug(&station, 3, "GW", &["--fault", "3:bad-proof"]);
    for (port, exit) in bench.ports.iter().zip([0, 0, 1]) {
        let port = port.to_str().unwrap();
        let ended = station.run(&["provision", "--port", port, "--product", "demo-gateway", "--as", "ada"]);
        assert_eq!(ended.exit, exit, "{ended:?}");
    }
    station
}

/// The last batch on record.
fn last_batch(station: &Station) -> Value {
    station.json(&["batch", "list"])["batches"][0].clone()
}

/// The entries about the last batch: its beginning and its end.
fn entries_of_last(station: &Station) -> (Value, Value) {
    let number = &last_batch(station)["batch"];
    let of = |event: &str| {
        let found = station.events(event).into_iter().find(|entry| &entry["batch"] == number);
        found.unwrap_or_else(|| panic!("no {event} of batch {number}"))
    };
    (of("batch-started"), of("batch-ended"))
}

/// Every file is its owner's only.
fn is_private(path: &Path) {
    let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{}", path.display());
}
