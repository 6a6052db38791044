//! The program is killed with SIGKILL at random moments of one batch and started again each time: in the end every row
//! stands in the output once, with its key, and the records know the same certificates.

#![expect(clippy::print_stdout, reason = "a failure shows the seed and the figures")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use lineside::domain::digest::Digest;

use super::lot::{Lot, note_meant};
use super::opened::{self, Row, point_of, said};
use crate::crash::Dice;
use crate::factory::process::Process;

const ROWS: usize = 20_000;
const KILLS: u32 = 10;
/// A chunk and a bit: whoever makes tens of thousands of files anew waits for ext4, which is slow to take up inodes
/// that were just given back.
const ROWS_WITH_FOLDERS: usize = 4500;
const KILLS_WITH_FOLDERS: u32 = 3;

/// Certificates of a chunk.
const CHUNK: usize = 4096;
/// The longest a kill waits, counted from the start of the program.
pub const LONGEST: Duration = Duration::from_secs(4);
/// The same where each device has a folder, which takes longer.
const LONGEST_WITH_FOLDERS: Duration = Duration::from_secs(12);
/// No machine has written a chunk sooner after the start of the program, the fewest rows there are in one here.
const QUICKEST: Duration = Duration::from_millis(300);
/// How many batches may end by themselves before they were killed so often, on a machine whose load comes and goes.
const ATTEMPTS: usize = 3;
/// The longest the rest of a batch may take, on a machine where all other tests run beside it.
const REST: Duration = Duration::from_secs(150);

/// How many chunks were written since this moment: each ends with its sealed keys.
fn chunks_since(lot: &Lot, start: SystemTime) -> usize {
    let Ok(files) = fs::read_dir(lot.keys()) else { return 0 };
    // one that is just being replaced may be gone
    let written = files.filter_map(|file| file.ok()?.metadata().ok()?.modified().ok());
    written.filter(|&written| written >= start).count()
}

/// A batch that was killed at so many random moments of its way, and its options; one that was over before that is begun
/// anew.
pub fn killed(
    kills: u32,
    certificates: usize,
    longest: Duration,
    lot: impl Fn() -> (Lot, Vec<String>),
) -> (Lot, Vec<String>) {
    let mut dice = Dice::cast();
    for _ in 0..ATTEMPTS {
        let (lot, options) = lot();
        let mut killer = Killer { lot: &lot, options: &options, certificates, longest, quickest: QUICKEST };
        if (0..kills).all(|_| killer.start_and_kill(&mut dice)) {
            return (lot, options);
        }
    }
    panic!("{ATTEMPTS} batches were over before they were killed {kills} times");
}

/// Kills at random moments of a batch that should not be over before, however fast the machine is: the fewer rows are
/// left, the sooner.
struct Killer<'l> {
    lot: &'l Lot,
    options: &'l [String],
    /// Certificates of the whole batch.
    certificates: usize,
    longest: Duration,
    /// The shortest time from a start to the first chunk that was seen.
    quickest: Duration,
}

impl Killer<'_> {
    /// Starts the batch and kills it; false if it was over before.
    fn start_and_kill(&mut self, dice: &mut Dice) -> bool {
        let lot = self.lot;
        let before: usize =
            lot.station.sqlite("SELECT count(*) FROM certificate WHERE state = 'issued'").parse().unwrap();
        let last_chunk = before + CHUNK >= self.certificates;
        let mut until = dice.below(if last_chunk { self.quickest / 2 } else { self.longest });
        // past the first chunk, up to the middle of what is left
        let left = (self.certificates - before) as f64 / CHUNK as f64;
        let share = dice.below(Duration::from_secs(1)).as_secs_f64() * ((left - 1.0) / 2.0).clamp(0.0, 1.0);
        let (start, started) = (SystemTime::now(), Instant::now());
        let mut process = Process::start(lot.command(self.options));
        let mut chunks = 0;
        while started.elapsed() < until && !process.has_ended() {
            let found = chunks_since(lot, start);
            if found > 0 && chunks == 0 {
                let first = started.elapsed();
                self.quickest = self.quickest.min(first);
                until = until.min(first + first.mul_f64(share));
            }
            chunks = found;
            thread::sleep(Duration::from_millis(1));
        }
        if process.has_ended() {
            let ended = process.wait();
            assert_eq!(ended.exit, 0, "it was not killed, and failed: {ended:?}");
            println!("over after {:?}, {before} certificates were on record", started.elapsed());
            return false;
        }
        process.kill();
        println!(
            "killed after {:?}: {before} certificates were on record, {chunks} chunks written",
            started.elapsed()
        );
        true
    }
}

pub fn ending(lot: &Lot, options: &[String]) -> String {
    let started = Instant::now();
    let ended = Process::start(lot.command(options)).wait_for(REST);
    println!("the rest took {:?}, {REST:?} were allowed", started.elapsed());
    assert_eq!(ended.exit, 0, "{ended:?}");
    format!("{}{}", ended.out, ended.err)
}

pub fn every_row_stands_once_with_its_key(lot: &Lot, rows: &[Row]) {
    let serials: Vec<&str> = rows.iter().map(|row| row.cell("serial")).collect();
    assert!(serials == lot.serials, "the rows are not those of the input, in its order, once each");
    let keys = opened::keys(&lot.keys(), &lot.reader);
    assert_eq!(keys.len(), rows.len(), "as many keys as rows");
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(row.cell("note"), note_meant(at));
        row.agrees_with_its_certificate();
        let id = row.cell("registration_id");
        let key = keys.get(id).unwrap_or_else(|| panic!("{id} has no key"));
        assert_eq!(point_of(key), row.public_point(), "the key of {id} is not the certificate's");
    }
}

fn some_are_verified_by_openssl(lot: &Lot, rows: &[Row]) {
    let ca = |name: &str| lot.station.folder().join("ca").join(name).to_str().unwrap().to_owned();
    for row in rows.iter().step_by(rows.len() / 40) {
        let file = lot.station.write("one.pem", row.cell("certificate_pem"));
        let verified =
            said("openssl", &["verify", "-CAfile", &ca("root.pem"), "-untrusted", &ca("issuing.pem"), &file]);
        assert_eq!(verified, format!("{file}: OK\n"));
    }
}

/// Certificates on record in this state: their SHA-256 by their numbers.
pub fn on_record(lot: &Lot, state: &str) -> BTreeMap<String, String> {
    let sql = format!("SELECT serial, coalesce(sha256, '') FROM certificate WHERE state = '{state}'");
    let found = lot.station.sqlite(&sql);
    found.lines().filter_map(|line| line.split_once('|')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn the_records_know_the_same_certificates(lot: &Lot, rows: &[Row]) {
    let written: BTreeMap<String, String> =
        rows.iter().map(|row| (row.number(), row.cell("sha256").to_owned())).collect();
    let issued = on_record(lot, "issued");
    assert_eq!(issued.len(), rows.len());
    assert!(issued == written, "the certificates on record are not those of the output");
    for state in ["intended", "superseded", "revoked", "void"] {
        assert_eq!(on_record(lot, state), BTreeMap::new(), "{state}");
    }
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM device"), ROWS.to_string());
    lot.station.ok(&["audit", "verify"]);
    let ended = lot.station.events("batch-ended");
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!((&ended[0]["state"], &ended[0]["good"]), (&"done".into(), &ROWS.into()));
    let digest = Digest::of(&fs::read(&lot.output).unwrap()).to_string();
    assert_eq!(ended[0]["output-digest"], digest, "the digest on record is that of the output");
    assert_eq!(lot.station.events("batch-started").len(), 1);
    let told: BTreeSet<String> = lot
        .station
        .events("certificate-issued")
        .iter()
        .map(|entry| entry["cert-serial"].as_str().unwrap().to_owned())
        .collect();
    assert!(told.iter().eq(issued.keys()), "each certificate has its entry in the log, and no other has one");
}

/// The numbers of chunks that are void: each intent begins with its number, and has 80 bytes.
pub fn void_numbers(lot: &Lot) -> BTreeSet<String> {
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM batch_chunk WHERE state = 'intended'"), "0");
    let chunks = lot.station.sqlite("SELECT lower(hex(intents)) FROM batch_chunk WHERE state = 'void'");
    let intents = chunks.lines().flat_map(|chunk| chunk.as_bytes().chunks(160));
    intents.map(|intent| std::str::from_utf8(&intent[..32]).unwrap().to_owned()).collect()
}

/// Whatever was intended and not committed is void, and the revocation list says so of it and of nothing else.
pub fn the_list_has_every_void_number(lot: &Lot) {
    lot.station.ok(&["ca", "crl"]);
    let list = lot.station.folder().join("ca/crl.pem");
    let text = said("openssl", &["crl", "-in", list.to_str().unwrap(), "-noout", "-text"]);
    let listed: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Serial Number: "))
        .map(str::to_lowercase)
        .collect();
    let void = void_numbers(lot);
    println!("{} numbers are void", void.len());
    assert!(listed == void, "{} numbers are listed, {} are void", listed.len(), void.len());
}

#[test]
fn a_batch_that_is_killed_again_and_again_issues_every_row_once() {
    let (lot, options) = killed(KILLS, ROWS, LONGEST, || {
        let lot = Lot::of(ROWS, |_| String::new());
        let options = lot.sealed();
        (lot, options)
    });
    let said = ending(&lot, &options);
    assert!(said.contains("resumed"), "{said}");
    let (_, rows) = opened::output(&lot.output);
    every_row_stands_once_with_its_key(&lot, &rows);
    some_are_verified_by_openssl(&lot, &rows);
    the_records_know_the_same_certificates(&lot, &rows);
    the_list_has_every_void_number(&lot);
    // and once more nothing is issued or overwritten
    lot.issue(&lot.sealed()).is_refused(2, "LS-CSV-05");
    assert_eq!(on_record(&lot, "issued").len(), ROWS);
}

#[test]
fn folders_and_an_archive_hold_each_device_once_after_kills() {
    let places = |lot: &Lot| ["devices", "devices.tar"].map(|name| lot.station.beside(name));
    let (lot, options) = killed(KILLS_WITH_FOLDERS, ROWS_WITH_FOLDERS, LONGEST_WITH_FOLDERS, || {
        let lot = Lot::of(ROWS_WITH_FOLDERS, |_| String::new());
        let [root, archive] = places(&lot).map(|place| place.to_str().unwrap().to_owned());
        let more = ["--folders".to_owned(), root, "--tar".to_owned(), archive];
        let options = [lot.sealed(), more.to_vec()].concat();
        (lot, options)
    });
    let [root, archive] = places(&lot);
    ending(&lot, &options);
    let (_, rows) = opened::output(&lot.output);
    every_row_stands_once_with_its_key(&lot, &rows);
    let mut folders: Vec<String> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    let ids: Vec<&str> = rows.iter().map(|row| row.cell("registration_id")).collect();
    assert!(folders == ids, "the folders are not those of the devices");
    let listed = said("tar", &["-tf", archive.to_str().unwrap()]);
    let certificates = listed.lines().filter_map(|name| name.strip_suffix("/certificate.pem"));
    assert!(certificates.eq(ids.iter().copied()), "the archive does not hold each device once");
    for row in &rows {
        let certificate = root.join(row.cell("registration_id")).join("certificate.pem");
        assert_eq!(fs::read_to_string(certificate).unwrap(), row.cell("certificate_pem"));
    }
    let files = opened::archived(&archive, &root);
    assert_eq!(files, rows.len() * 5, "certificate, chain, key, and two files of the recipe");
    let sealed = fs::read(root.join(ids[0]).join("key.pem.age")).unwrap();
    let key = String::from_utf8(age::decrypt(&lot.reader, &sealed).unwrap()).unwrap();
    assert_eq!(point_of(&key), rows[0].public_point());
}
