//! Import of a million rows with duplicate checks, into the records of a station: with sequential IDs and with random
//! ones, and the same file once more. The issue allows no less than 100 000 rows a second with sequential IDs and 40 000
//! with random ones, and at most 128 MiB.
//!
//!     cargo bench --bench batch_import [-- ROWS]

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement that cannot go on says why
#![allow(missing_docs)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use lineside::domain::batch::BatchState;
use lineside::domain::person::Actor;
use lineside::domain::secret::Secret;
use lineside::station::authority::Engineering;
use lineside::station::batch::import::{self, ImportAsk};
use lineside::station::batch::progress::Progress;
use lineside::station::clock;
use lineside::station::folder::Folder;
use lineside::station::founding::{self, Founding};
use lineside::store::Store;

/// Knuth's linear congruential generator, MMIX, mixed: numbers in no order, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 32)
    }
}

fn write(path: &Path, rows: u64, random: bool) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    writeln!(file, "serial,mac,registration_id,production_line").unwrap();
    let mut numbers = Numbers(rows);
    for row in 0..rows {
        let (serial, mac, id) = match random {
            false => (format!("SN{row:010}"), row, format!("dev-{row:010}")),
            // an odd factor gives each row another address, in no order
            true => (
                format!("{:016X}", numbers.next()),
                row.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                format!("{:024x}", numbers.next()),
            ),
        };
        let [_, _, _, b, c, d, e, f] = mac.to_be_bytes();
        writeln!(file, "{serial},02:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x},{id},line {}", row % 7).unwrap();
    }
    file.flush().unwrap();
}

/// CPU time of this process so far, in ticks of 10 ms, and its largest size.
fn used() -> (Duration, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (Duration::from_millis(ticks * 10), kib / 1024)
}

fn take(store: &Store, folder: &Folder, file: &Path, rows: u64, what: &str) {
    let right = Engineering::at_the_terminal(Actor::Station);
    let ask = ImportAsk { file, product: None, partial: false };
    // founding a station takes memory of its own; from here on the kernel measures the largest size anew (proc(5))
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (cpu_before, _) = used();
    let begun = Instant::now();
    let outcome = import::run(store, folder, &right, &ask, &Progress::default()).unwrap();
    let took = begun.elapsed();
    let (cpu, size) = used();
    assert_eq!((outcome.state, outcome.good, outcome.refused), (BatchState::Done, rows, 0));
    println!(
        "{what:34} {:>9.0} rows/s  {:>5.2} s  {:>5.2} µs of CPU a row  {:>8} known already  peak {size} MiB",
        rows as f64 / took.as_secs_f64(),
        took.as_secs_f64(),
        (cpu - cpu_before).as_secs_f64() * 1e6 / rows as f64,
        outcome.unchanged,
    );
}

fn main() {
    let rows = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let place = tempfile::tempdir().unwrap();
    for random in [false, true] {
        let what = if random { "random IDs" } else { "sequential IDs" };
        let folder = Folder::at(place.path().join(what));
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let founding = Founding {
            company: &"Example".parse().unwrap(),
            station: &"line-1".parse().unwrap(),
            external_root: false,
            passphrase: &secret("a passphrase"),
            administrator: &"admin".parse().unwrap(),
            password: &secret("a long password"),
        };
        founding::found(&folder, &founding, &Actor::Station, clock::now()).unwrap();
        let store = Store::open(&folder.database()).unwrap();
        let file = place.path().join(format!("{what}.csv"));
        write(&file, rows, random);
        take(&store, &folder, &file, rows, what);
        take(&store, &folder, &file, rows, &format!("{what}, the same file again"));
        drop(store);
        std::fs::remove_dir_all(folder.path()).unwrap();
    }
}
