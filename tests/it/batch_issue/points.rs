//! The program is killed at each named point of a chunk. The same command goes on: what was not on record is void, what
//! was is kept, and every row stands in the output once.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use lineside::station::crash_point::BATCH_POINTS;

use super::kill::{
    every_row_stands_once_with_its_key, on_record, the_list_has_every_void_number, void_numbers,
};
use super::lot::Lot;
use super::opened;

/// A chunk and a bit.
const ROWS: usize = 4200;
/// Rows of a whole chunk.
const CHUNK: usize = 4096;

/// Starts the batch and kills it where it stands still.
pub fn kill_at(lot: &Lot, point: &str) {
    kill_with(lot, point, &lot.sealed());
}

/// The same with these options.
pub fn kill_with(lot: &Lot, point: &str, options: &[String]) {
    let mut command = lot.command(options);
    command.env("LINESIDE_CRASH_AT", point).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reached = lines.map_while(Result::ok).any(|line| line == format!("crash-point {point}"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached, "it ended before {point}");
}

#[test]
fn wherever_a_chunk_is_cut_off_nothing_is_lost_and_nothing_stands_twice() {
    for point in BATCH_POINTS {
        let lot = Lot::of(ROWS, |_| String::new());
        kill_at(&lot, point);
        let committed = on_record(&lot, "issued").len();
        assert_eq!(committed, if point == "batch-on-record" { CHUNK } else { 0 }, "{point}");
        let ended = lot.issue(&lot.sealed());
        assert_eq!(ended.exit, 0, "{point}: {ended:?}");
        assert!(format!("{}{}", ended.out, ended.err).contains("resumed"), "{point}: {ended:?}");
        let (_, rows) = opened::output(&lot.output);
        assert_eq!(rows.len(), ROWS, "{point}");
        every_row_stands_once_with_its_key(&lot, &rows);
        assert_eq!(on_record(&lot, "issued").len(), ROWS, "{point}");
        // the thread that signs is a chunk ahead of the one that writes
        let void = void_numbers(&lot).len();
        match point {
            "batch-before-intent" => assert_eq!(void, 0),
            "batch-after-intent" | "batch-signed" => assert_eq!(void, CHUNK, "{point}"),
            "batch-written" => assert!(void == CHUNK || void == ROWS, "{void}"),
            _ => assert!(void <= ROWS - CHUNK, "{void}"),
        }
        the_list_has_every_void_number(&lot);
        lot.station.ok(&["audit", "verify"]);
    }
}

#[test]
fn a_batch_that_goes_on_touches_nothing_that_another_one_wrote_under_its_names() {
    let lot = Lot::of(20, |_| String::new());
    kill_at(&lot, "batch-signed");
    // the same command, where another lot lies under the same names
    let theirs = "serial,registration_id,cert_serial\nX-1,x-1,4199f0a1b2c3d4e5f60718293a4b5c6d\n";
    std::fs::write(&lot.output, theirs).unwrap();
    std::fs::create_dir_all(lot.keys()).unwrap();
    let key = lot.keys().join("0001.age");
    std::fs::write(&key, "sealed").unwrap();
    lot.issue(&lot.sealed()).is_refused(2, "LS-CSV-05");
    assert_eq!(std::fs::read_to_string(&lot.output).unwrap(), theirs);
    std::fs::remove_file(&lot.output).unwrap();
    lot.issue(&lot.sealed()).is_refused(2, "LS-CSV-05");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "sealed");
    let given_up = lot.station.sqlite("SELECT count(*) FROM batch_chunk WHERE state = 'void'");
    assert_eq!(given_up, "0", "nothing was given up either");
    std::fs::remove_dir_all(lot.keys()).unwrap();
    let ended = lot.issue(&lot.sealed());
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!((void_numbers(&lot).len(), on_record(&lot, "issued").len()), (20, 20));
    lot.station.ok(&["audit", "verify"]);
}
