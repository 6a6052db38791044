//! The program is killed at each named point of a chunk. The same command goes on: what was not on record is void, what
//! was is kept, and every row stands in the output once.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use lineside::station::crash_point::BATCH_POINTS;

use super::kill::{every_row_stands_once_with_its_key, on_record, void_numbers};
use super::lot::Lot;
use super::opened;

/// A chunk and a bit.
const ROWS: usize = 4200;
/// Rows of a whole chunk.
const CHUNK: usize = 4096;

/// Starts the batch and kills it where it stands still.
fn kill_at(lot: &Lot, point: &str) {
    let mut command = lot.command(&lot.sealed());
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
        lot.station.ok(&["audit", "verify"]);
    }
}
