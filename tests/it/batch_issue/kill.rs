//! The program is killed with SIGKILL at random moments of one batch and started again each time: in the end every row
//! stands in the output once, with its key, and the records know the same certificates.

#![expect(clippy::print_stdout, reason = "a failure shows the seed and the figures")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use lineside::domain::digest::Digest;

use super::lot::{Lot, note_meant};
use super::opened::{self, Row, point_of, said};
use crate::crash::Dice;
use crate::factory::SOON;
use crate::factory::process::Process;

const ROWS: usize = 20_000;
const KILLS: u32 = 10;

/// The longest a kill waits, counted from the start of the program.
const LONGEST: Duration = Duration::from_secs(3);

/// How far the output may grow before the kill of this number, in bytes, so that no batch is done before its last kill.
fn most(kill: u32, a_row: u64) -> u64 {
    u64::try_from(ROWS).unwrap() * a_row * u64::from(kill) / u64::from(KILLS + 3)
}

fn length(lot: &Lot) -> u64 {
    fs::metadata(&lot.output).map_or(0, |found| found.len())
}

/// Starts the batch and kills it at a random moment. It must not have ended by itself.
fn start_and_kill(lot: &Lot, dice: &mut Dice, kill: u32) {
    let before = length(lot);
    let until = dice.below(LONGEST);
    let started = Instant::now();
    let mut process = Process::start(lot.command(&lot.sealed()));
    // a row has some more bytes than this
    while started.elapsed() < until && (length(lot) <= before || length(lot) < most(kill, 900)) {
        assert!(!process.has_ended(), "kill {kill}: {:?}", process.wait());
        thread::sleep(Duration::from_millis(1));
    }
    assert!(!process.has_ended(), "kill {kill}: {:?}", process.wait());
    process.kill();
    println!(
        "kill {kill} after {:?}: the output went from {before} to {} bytes",
        started.elapsed(),
        length(lot)
    );
}

fn ending(lot: &Lot) -> String {
    let started = Instant::now();
    let ended = lot.issue(&lot.sealed());
    println!("the rest took {:?}, {SOON:?} were allowed", started.elapsed());
    assert_eq!(ended.exit, 0, "{ended:?}");
    format!("{}{}", ended.out, ended.err)
}

fn every_row_stands_once_with_its_key(lot: &Lot, rows: &[Row]) {
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
fn on_record(lot: &Lot, state: &str) -> BTreeMap<String, String> {
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
    for state in ["intended", "superseded", "revoked"] {
        assert_eq!(on_record(lot, state), BTreeMap::new(), "{state}");
    }
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM device"), ROWS.to_string());
    lot.station.ok(&["audit", "verify"]);
    let ended = lot.station.events("batch-ended");
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!((&ended[0]["state"], &ended[0]["good"]), (&"done".into(), &ROWS.into()));
    let digest = Digest::of(&fs::read(&lot.output).unwrap()).to_string();
    assert_eq!(ended[0]["output_digest"], digest, "the digest on record is that of the output");
    assert_eq!(lot.station.events("batch-started").len(), 1);
}

/// Whatever was intended and not committed is void, and the revocation list says so of it and of nothing else.
fn the_list_has_every_void_number(lot: &Lot) {
    lot.station.ok(&["ca", "crl"]);
    let list = lot.station.folder().join("ca/crl.pem");
    let text = said("openssl", &["crl", "-in", list.to_str().unwrap(), "-noout", "-text"]);
    let listed: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Serial Number: "))
        .map(str::to_lowercase)
        .collect();
    let void: BTreeSet<String> = on_record(lot, "void").into_keys().collect();
    println!("{} numbers are void", void.len());
    assert!(!void.is_empty(), "no kill came between an intent and its certificate");
    assert!(listed == void, "{} numbers are listed, {} are void", listed.len(), void.len());
}

#[test]
fn a_batch_that_is_killed_again_and_again_issues_every_row_once() {
    let mut dice = Dice::cast();
    let lot = Lot::of(ROWS, |_| String::new());
    for kill in 1..=KILLS {
        start_and_kill(&lot, &mut dice, kill);
    }
    let said = ending(&lot);
    assert!(said.contains("resumed"), "{said}");
    let (_, rows) = opened::output(&lot.output);
    every_row_stands_once_with_its_key(&lot, &rows);
    some_are_verified_by_openssl(&lot, &rows);
    the_records_know_the_same_certificates(&lot, &rows);
    the_list_has_every_void_number(&lot);
    // and once more nothing is issued
    let again = lot.issue(&lot.sealed());
    println!("once it is done: {again:?}");
    assert_eq!(on_record(&lot, "issued").len(), ROWS);
}
