//! `lineside batch export` over a million devices, against the least that reading their rows costs: three plain scans
//! of the tables they lie in, on one thread, in the same run. The issue asks for 300 000 rows a second with the usual
//! columns and for at most 128 MiB resident.
//!
//!     cargo bench --bench batch_export
//!     LINESIDE_BENCH_DEVICES=20000 cargo bench --bench batch_export
//!
//! Ends with 1 if the rate or the memory is missed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement that cannot go on says why
#![allow(missing_docs)]

#[allow(dead_code, reason = "the pages' bench asks more of it")]
#[path = "pages/filling.rs"]
mod filling;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lineside::domain::person::Actor;
use lineside::domain::secret::Secret;
use lineside::station::clock;
use lineside::station::folder::Folder;
use lineside::station::founding::{self, Founding};
use rusqlite::Connection;

const SECRET: &str = "only for this measurement";
/// The budgets.
const LEAST_ROWS: f64 = 300_000.0;
const MOST_RESIDENT: u64 = 128 * 1024 * 1024;
/// How often the process is looked at while it runs.
const LOOK: Duration = Duration::from_millis(2);

/// What a process took.
struct Measured {
    wall: Duration,
    /// Seconds of processor time, in steps of the kernel's tick (10 ms).
    processor: f64,
    resident: u64,
    bytes: u64,
}

/// Processor seconds and peak resident bytes of a process, as long as it lives.
fn seen(process: u32) -> Option<(f64, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<f64> =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some((ticks.iter().sum::<f64>() / 100.0, peak * 1024))
}

fn export(folder: &Folder, passphrase: &Path, out: &Path, words: &[&str]) -> Measured {
    let begun = Instant::now();
    let mut process = Command::new(env!("CARGO_BIN_EXE_lineside"))
        .arg("--station")
        .arg(folder.path())
        .arg("--passphrase-file")
        .arg(passphrase)
        .args(["batch", "export"])
        .arg(out)
        .args(words)
        .arg("--json")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (mut processor, mut resident) = (0.0, 0);
    let ended = loop {
        if let Some((seconds, peak)) = seen(process.id()) {
            (processor, resident) = (seconds, peak);
        }
        if let Some(ended) = process.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(LOOK);
    };
    let wall = begun.elapsed();
    assert!(ended.success(), "{words:?} failed");
    let bytes = std::fs::metadata(out).unwrap().len();
    std::fs::remove_file(out).unwrap();
    Measured { wall, processor, resident, bytes }
}

/// Reads the rows' columns, table after table, and does nothing with them.
fn floor(folder: &Folder) -> Duration {
    let connection = Connection::open(folder.database()).unwrap();
    let begun = Instant::now();
    let mut bytes = 0;
    for (sql, columns) in [
        ("SELECT serial, mac, registration_id, device_id, state FROM device", 5),
        ("SELECT work_order, product, verdict FROM run", 3),
        ("SELECT serial, sha256 FROM certificate ORDER BY rowid", 2),
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            bytes += (0..columns).map(|at| row.get_ref(at).unwrap().as_str().unwrap().len()).sum::<usize>();
        }
    }
    assert!(bytes > 0);
    begun.elapsed()
}

fn main() -> ExitCode {
    let devices: u64 =
        std::env::var("LINESIDE_BENCH_DEVICES").map_or(1_000_000, |text| text.parse().expect("a number"));
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::at(place.path().join("station"));
    let (station, administrator) = ("bench".parse().unwrap(), "admin".parse().unwrap());
    let secret = Secret::from(SECRET.to_owned());
    let founding = Founding {
        company: &"Bench".parse().unwrap(),
        station: &station,
        external_root: false,
        passphrase: &secret,
        administrator: &administrator,
        password: &secret,
    };
    founding::found(&folder, &founding, &Actor::Station, clock::now()).unwrap();
    let passphrase = place.path().join("passphrase");
    std::fs::write(&passphrase, SECRET).unwrap();
    let begun = Instant::now();
    filling::fill(&folder, devices);
    let mib = std::fs::metadata(folder.database()).unwrap().len() >> 20;
    println!("{devices} devices, runs and certificates: {mib} MiB, made in {:.0?}", begun.elapsed());

    let rows = devices as f64;
    // the second one finds the file in the operating system's memory, as the exports do
    floor(&folder);
    let floor = floor(&folder);
    println!("floor: three scans on one thread {:.2} µs a row", floor.as_secs_f64() * 1e6 / rows);
    println!("{:<34}{:>12}{:>12}{:>10}{:>10}{:>9}", "", "rows/s", "CPU µs/row", "x floor", "MiB", "peak MiB");
    let mut missed = false;
    let out = place.path().join("out");
    for (name, words, counts) in [
        ("csv, usual columns", vec![], true),
        ("csv, usual columns, again", vec![], true),
        (
            "csv, with certificates",
            vec!["--columns", "serial,registration_id,cert_serial,certificate_pem"],
            false,
        ),
        ("jsonl, usual columns", vec!["--format", "jsonl"], false),
        ("aws", vec!["--format", "aws"], false),
        ("esp-mass-mfg", vec!["--format", "esp-mass-mfg"], false),
        ("manifest, signed", vec!["--format", "manifest"], false),
    ] {
        let measured = export(&folder, &passphrase, &out, &words);
        for companion in ["config.csv", "jwks.json"] {
            // only two of the forms have one
            let _ = std::fs::remove_file(out.with_extension(companion));
        }
        let rate = rows / measured.wall.as_secs_f64();
        let slow = counts && rate < LEAST_ROWS;
        let large = measured.resident > MOST_RESIDENT;
        missed |= slow || large;
        println!(
            "{name:<34}{rate:>12.0}{:>12.2}{:>10.1}{:>10}{:>9.1}{}{}",
            measured.processor * 1e6 / rows,
            measured.processor / floor.as_secs_f64(),
            measured.bytes >> 20,
            measured.resident as f64 / 1_048_576.0,
            if slow { "  under 300 000 rows/s" } else { "" },
            if large { "  over 128 MiB" } else { "" },
        );
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
