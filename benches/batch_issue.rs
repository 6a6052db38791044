//! Certificates in bulk: the whole of `batch issue` (keys, intents, signatures, records, audit log, CSV, sealed keys)
//! against a loop of its two cryptographic operations alone, a P-256 key and a P-384 signature, and against Python's
//! `cryptography` making the same certificates and no records. The design allows 1.5 times the loop, 1.3 is wanted; less
//! than 1 / 2.3 of Python; 128 MiB.
//!
//!     benches/run batch_issue
//!     LINESIDE_BENCH_ROWS=1000000 LINESIDE_BENCH_REPEAT=1 cargo bench --bench batch_issue
//!
//! What is compared is processor time per certificate: threads and disks differ from machine to machine. Each is a
//! process of its own, in turn, again and again; the medians count. Ends with 1 if a budget is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement that cannot go on says why
#![allow(missing_docs)]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};
use lineside::domain::person::Actor;
use lineside::domain::secret::Secret;
use lineside::station::authority::Engineering;
use lineside::station::batch::issue::ask::{IssueAsk, Keys, Under};
use lineside::station::batch::issue::recipients::Recipients;
use lineside::station::batch::issue::{self, Bench, Job};
use lineside::station::batch::progress::Progress;
use lineside::station::folder::Folder;
use lineside::station::founding::{self, Founding};
use lineside::station::settings::Settings;
use lineside::station::{clock, keys};
use lineside::store::Store;

const SECRET: &str = "only for this measurement";
/// Somebody who opens the keys: nobody in particular.
const RECIPIENT: &str = "age1cg8eld5e4gpu6ytf72kd5tsw5capgfrz6km34fdka8akj0zxjyssszrffl";
const RECIPE: &str = r#"
name = "gateway"
[identify]
driver = "lineside"
[identity]
registration_id = "sn-{serial}-mac-{mac}"
[credential]
kind = "x509"
key = "station"
profile = "device-p256"
[prove]
method = "read-back"
[enroll]
service = "none"
"#;
/// Bytes of the body of such a certificate.
const BODY: usize = 390;
/// The budgets.
const MOST_OF_LOOP: f64 = 1.5;
const LEAST_OF_PYTHON: f64 = 2.3;
const MOST_RESIDENT: u64 = 128 << 20;

fn secret() -> Secret {
    Secret::from(SECRET.to_owned())
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

fn write_table(path: &Path, rows: u64) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    writeln!(out, "serial,mac,line").unwrap();
    for row in 0..rows {
        let [.., a, b, c] = row.to_be_bytes();
        writeln!(out, "GW{row:08},a0:b2:c3:{a:02x}:{b:02x}:{c:02x},line-{}", row % 7).unwrap();
    }
    out.flush().unwrap();
}

fn found(folder: &Folder) {
    let founding = Founding {
        company: &"Bench".parse().unwrap(),
        station: &"bench".parse().unwrap(),
        external_root: false,
        passphrase: &secret(),
        administrator: &"admin".parse().unwrap(),
        password: &secret(),
    };
    founding::found(folder, &founding, &Actor::Station, clock::now()).unwrap();
    fs::write(folder.products().join("gateway.toml"), RECIPE).unwrap();
}

/// A new station and its table.
fn prepare(place: &Path, rows: u64) {
    found(&Folder::at(place.join("station")));
    write_table(&place.join("in.csv"), rows);
}

/// The loop: what no program that makes such certificates can do without. On all processors, as the batch: two that
/// work beside each other are slower than one that has the machine to itself.
fn crypto(rows: u64) {
    let issuer = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let body = [0x30; BODY];
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (issuer, share) = (&issuer, rows / threads + u64::from(thread < rows % threads));
            scope.spawn(move || {
                let random = SystemRandom::new();
                for _ in 0..share {
                    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
                    std::hint::black_box(&key);
                    std::hint::black_box(issuer.sign(&random, &body).unwrap());
                }
            });
        }
    });
}

/// The whole batch.
fn batch(place: &Path, rows: u64) {
    let folder = Folder::at(place.join("station"));
    let store = Store::open(&folder.database()).unwrap();
    let settings = Settings::parse(&folder.read(&folder.settings()).unwrap(), folder.path()).unwrap();
    let unlocked = keys::unlock(&folder, &store, &secret(), &Actor::Station, clock::now()).unwrap();
    let bench = Bench { folder: &folder, settings: &settings, store: &store, keys: &unlocked };
    let right = Engineering::at_the_terminal(Actor::Station);
    let recipients = Recipients::parse(&[RECIPIENT.to_owned()]).unwrap();
    let under = Under::Product("gateway".parse().unwrap());
    let ask = IssueAsk::new(&folder, &under, None, Keys::Sealed(recipients)).unwrap();
    let (input, output) = (place.join("in.csv"), place.join("out.csv"));
    let job = Job { ask: &ask, person: "bench", input: &input, output: &output, interruptible: false };
    let issued = issue::run(&bench, &right, &job, &Progress::default()).unwrap();
    assert_eq!(issued.outcome.good, rows);
}

/// What a process used: seconds of processor time and bytes of memory at its peak.
#[derive(Clone, Copy)]
struct Used {
    seconds: f64,
    peak: u64,
}

/// What this process used.
fn used() -> Used {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after) = stat.rsplit_once(") ").unwrap();
    let ticks = |place: usize| after.split(' ').nth(place).unwrap().parse::<u64>().unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    // a tick is a hundredth of a second on every Linux there is
    Used { seconds: (ticks(11) + ticks(12)) as f64 / 100.0, peak: peak << 10 }
}

/// Runs a part of this program, or another one that ends with the same line, in a process of its own.
fn measured(mut command: Command) -> Used {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?} failed");
    let text = String::from_utf8(output.stdout).unwrap();
    let (seconds, peak) = text.lines().last().unwrap().split_once(' ').unwrap();
    Used { seconds: seconds.parse().unwrap(), peak: peak.parse().unwrap() }
}

fn part(name: &str, place: &Path, rows: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("LINESIDE_BENCH_PART", name).env("LINESIDE_BENCH_PLACE", place);
    command.env("LINESIDE_BENCH_ROWS", rows.to_string());
    command
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() -> ExitCode {
    let rows = number("LINESIDE_BENCH_ROWS", 100_000);
    if let Ok(name) = std::env::var("LINESIDE_BENCH_PART") {
        let place = std::env::var("LINESIDE_BENCH_PLACE").unwrap();
        match name.as_str() {
            "crypto" => crypto(rows),
            "prepare" => prepare(Path::new(&place), rows),
            _ => batch(Path::new(&place), rows),
        }
        let Used { seconds, peak } = used();
        println!("{seconds} {peak}");
        return ExitCode::SUCCESS;
    }
    let repeat = number("LINESIDE_BENCH_REPEAT", 3);
    let with_python = rows <= 200_000;
    let (mut ours, mut alone, mut python, mut peak, mut walls) = (vec![], vec![], vec![], 0, vec![]);
    for _ in 0..repeat {
        let place = tempfile::tempdir().unwrap();
        prepare(place.path(), rows);
        alone.push(measured(part("crypto", place.path(), rows)).seconds);
        let begun = std::time::Instant::now();
        let whole = measured(part("batch", place.path(), rows));
        walls.push(begun.elapsed().as_secs_f64());
        ours.push(whole.seconds);
        peak = peak.max(whole.peak);
        if with_python {
            let mut command = Command::new("target/peers/bin/python");
            command.arg("benches/peers/issue.py").arg(rows.to_string());
            python.push(measured(command).seconds);
        }
    }
    let each = |seconds: f64| seconds * 1e6 / rows as f64;
    let (ours, alone) = (median(ours), median(alone));
    println!("{rows} certificates, processor time each, medians of {repeat}");
    println!("{:<44}{:>8.1} µs", "key and signature alone", each(alone));
    println!("{:<44}{:>8.1} µs  {:.2} times", "batch issue, whole", each(ours), ours / alone);
    println!("{:<44}{:>8.0} a second", "batch issue, on the wall", rows as f64 / median(walls));
    println!("{:<44}{:>8.1} MiB", "batch issue, peak memory", peak as f64 / (1 << 20) as f64);
    let mut kept = ours <= alone * MOST_OF_LOOP && peak <= MOST_RESIDENT;
    if with_python {
        let python = median(python);
        println!(
            "{:<44}{:>8.1} µs  {:.2} times ours",
            "Python cryptography, no records",
            each(python),
            python / ours
        );
        kept &= python >= ours * LEAST_OF_PYTHON;
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
