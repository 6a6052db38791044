//! A million derived keys, CSV to CSV: `batch derive` as the station does it (checked, on record, both files digested,
//! the output on the disk) against a minimal loop of two threads, a Go program and a Python one, in the same run over
//! the same file; what they write must be the same bytes. The design allows 1.2 times the minimal loop, ahead of Go, a
//! fifteenth of Python, 128 MiB.
//!
//!     benches/run batch_derive
//!     LINESIDE_BENCH_ROWS=100000 LINESIDE_BENCH_REPEAT=3 cargo bench --bench batch_derive
//!
//! Each is a process of its own, in turn, again and again. Files lie in memory (/dev/shm) where there is such a folder,
//! so that the disk is not what is measured; TMPDIR names another. Ends with 1 if a budget is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement that cannot go on says why
#![allow(missing_docs)]

#[path = "batch_derive/minimal.rs"]
mod minimal;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lineside::domain::digest::Digest;
use lineside::domain::pair::Which;
use lineside::domain::person::Actor;
use lineside::domain::secret::Secret;
use lineside::station::authority::Engineering;
use lineside::station::batch::derive::{self, DeriveAsk};
use lineside::station::batch::progress::Progress;
use lineside::station::folder::Folder;
use lineside::station::founding::{self, Founding};
use lineside::station::{clock, keys, vault_changes};
use lineside::store::Store;
use lineside::vault::group_key::GroupKey;

const SECRET: &str = "only for this measurement";
/// The group key of this measurement: not a secret.
const KEY: [u8; 64] = [7; 64];

fn secret() -> Secret {
    Secret::from(SECRET.to_owned())
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

/// Registration IDs as recipes form them, and another column.
fn write_table(path: &Path, rows: u64) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    writeln!(out, "registration_id,line").unwrap();
    for row in 0..rows {
        let [.., a, b, c] = row.to_be_bytes();
        writeln!(out, "sn-{row:08}-mac-a0-b2-c3-{a:02x}-{b:02x}-{c:02x},line-{}", row % 7).unwrap();
    }
    out.flush().unwrap();
}

fn found(folder: &Folder) {
    let (station, administrator) = ("bench".parse().unwrap(), "admin".parse().unwrap());
    let founding = Founding {
        company: &"Bench".parse().unwrap(),
        station: &station,
        external_root: false,
        passphrase: &secret(),
        administrator: &administrator,
        password: &secret(),
    };
    let actor = Actor::Station;
    founding::found(folder, &founding, &actor, clock::now()).unwrap();
    let store = Store::open(&folder.database()).unwrap();
    let mut unlocked = keys::unlock(folder, &store, &secret(), &actor, clock::now()).unwrap();
    let text = || Secret::from(STANDARD.encode(KEY));
    let group = GroupKey::parse(&text(), &text()).unwrap();
    let (vault, name) = (&mut unlocked.vault, &"plant".parse().unwrap());
    vault_changes::add_group_key(&store, vault, name, group, &actor, clock::now()).unwrap();
}

/// One `batch derive` in this process: how long it took, once the station was unlocked.
fn ours(station: &Path, input: &Path, output: &Path) -> Duration {
    let folder = Folder::at(station);
    let store = Store::open(&folder.database()).unwrap();
    let unlocked = keys::unlock(&folder, &store, &secret(), &Actor::Station, clock::now()).unwrap();
    let right = Engineering::at_the_terminal(Actor::Station);
    let group = "plant".parse().unwrap();
    let ask = DeriveAsk { group: &group, which: Which::Primary, product: None, input, output };
    // what was held before is no part of the batch
    let _ = fs::write("/proc/self/clear_refs", "5");
    let begun = Instant::now();
    let outcome = derive::run(&folder, &store, &unlocked.vault, &right, &ask, &Progress::default()).unwrap();
    let taken = begun.elapsed();
    assert_eq!(outcome.refused, 0);
    taken
}

/// The most memory this process has held, in KiB (proc(5), VmHWM).
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// User and system time of this process so far, in ticks of 10 ms (proc(5), stat).
fn ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// What one process reported: its time, its processor's, its memory.
#[derive(Default)]
struct Measured {
    wall: Vec<f64>,
    ticks: u64,
    peak: u64,
}

impl Measured {
    fn median(&mut self) -> f64 {
        self.wall.sort_by(f64::total_cmp);
        self.wall[self.wall.len() / 2]
    }

    fn least(&self) -> f64 {
        self.wall.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn processor(&self) -> f64 {
        self.ticks as f64 / 100.0 / self.wall.len() as f64
    }
}

/// Runs this program again as one of the two; it prints what it measured of itself.
fn again(what: &str, station: &Path, input: &Path, output: &Path, measured: &mut Measured) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let ended = command.arg(what).args([station, input, output]).stderr(Stdio::inherit()).output().unwrap();
    assert!(ended.status.success(), "{what}");
    let text = String::from_utf8(ended.stdout).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    measured.wall.push(words[0].parse().unwrap());
    measured.ticks += words[1].parse::<u64>().unwrap();
    measured.peak = measured.peak.max(words[2].parse().unwrap());
}

fn child(words: &[String]) {
    let [what, station, input, output] = words else { panic!("words of a child") };
    let (station, input, output) = (Path::new(station), Path::new(input), Path::new(output));
    let (wall, spent) = if what == "--ours" {
        // what unlocking costs is taken off again: a second unlocking measures it
        let folder = Folder::at(station);
        let store = Store::open(&folder.database()).unwrap();
        drop(keys::unlock(&folder, &store, &secret(), &Actor::Station, clock::now()).unwrap());
        let unlocking = ticks();
        let wall = ours(station, input, output);
        (wall, ticks().saturating_sub(2 * unlocking))
    } else {
        let begun = Instant::now();
        minimal::derive(&KEY, input, output);
        (begun.elapsed(), ticks())
    };
    println!("{} {spent} {}", wall.as_secs_f64(), peak());
}

/// Another program over the same file: how long its process took.
fn peer(program: &[&Path], input: &Path, output: &Path) -> f64 {
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).arg(STANDARD.encode(KEY)).args([input, output]);
    let begun = Instant::now();
    assert!(command.status().unwrap().success(), "{}", program[0].display());
    begun.elapsed().as_secs_f64()
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

fn build_go(place: &Path) -> PathBuf {
    let built = place.join("derive-go");
    let mut go = Command::new("go");
    go.env("GOCACHE", place.join("go-cache")).env("GO111MODULE", "off").args(["build", "-o"]);
    let status = go.arg(&built).arg(peers().join("derive.go")).status();
    assert!(status.expect("Go is installed (benches/run does that)").success());
    built
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word.starts_with("--")) {
        child(&words);
        return ExitCode::SUCCESS;
    }
    let rows = number("LINESIDE_BENCH_ROWS", 1_000_000);
    let repeat = number("LINESIDE_BENCH_REPEAT", 11);
    let memory = Path::new("/dev/shm");
    let place = match std::env::var_os("TMPDIR") {
        None if memory.is_dir() => tempfile::tempdir_in(memory),
        _ => tempfile::tempdir(),
    }
    .unwrap();
    let (station, input) = (place.path().join("station"), place.path().join("in.csv"));
    found(&Folder::at(&station));
    write_table(&input, rows);
    let go = build_go(place.path());
    let python = [PathBuf::from("python3"), peers().join("derive.py")];

    let out = |name: &str| place.path().join(format!("{name}.csv"));
    let (mut own, mut floor, mut in_go, mut in_python) =
        (Measured::default(), Measured::default(), Measured::default(), Measured::default());
    for round in 0..repeat {
        again("--minimal", &station, &input, &out("minimal"), &mut floor);
        again("--ours", &station, &input, &out("ours"), &mut own);
        in_go.wall.push(peer(&[&go], &input, &out("go")));
        let mut names = vec!["minimal", "ours", "go"];
        // a few times are enough for what takes seconds
        if round < 3 {
            in_python.wall.push(peer(&[&python[0], &python[1]], &input, &out("python")));
            names.push("python");
        }
        let digests: Vec<Digest> =
            names.iter().map(|name| Digest::of(&fs::read(out(name)).unwrap())).collect();
        assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "they wrote different bytes");
        names.iter().for_each(|name| fs::remove_file(out(name)).unwrap());
    }

    let lines = [
        ("minimal loop, two threads", &mut floor),
        ("lineside batch derive", &mut own),
        ("Go", &mut in_go),
        ("Python", &mut in_python),
    ];
    println!("{rows} keys, CSV to CSV, {} rounds, the same bytes from all", repeat);
    let mut medians = Vec::new();
    for (name, measured) in lines {
        let (median, least) = (measured.median(), measured.least());
        let more = match measured.peak {
            0 => String::new(),
            peak => format!("  {:.3} s of processors  {} MiB", measured.processor(), peak / 1024),
        };
        println!("{name:<26} median {median:.3} s  least {least:.3} s{more}");
        medians.push(median);
    }
    let [floor_time, own_time, go_time, python_time] = medians[..] else { unreachable!() };
    println!("of the minimal loop {:.2} (at most 1.2)", own_time / floor_time);
    println!("of Go               {:.2} (below 1)", own_time / go_time);
    println!("of Python           1/{:.1} (at most 1/15)", python_time / own_time);
    println!("memory              {} MiB (below 128)", own.peak / 1024);
    let kept = own_time <= 1.2 * floor_time
        && own_time < go_time
        && python_time >= 15.0 * own_time
        && own.peak < 128 * 1024;
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
