//! A table that is changed while a batch works on it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use super::lot::Lot;
use super::opened;
use crate::factory::process::Process;
use crate::factory::wait_for;

/// More than are planned ahead while the first chunk is written.
const ROWS: usize = 24_000;

#[test]
fn a_changed_row_is_never_signed_and_the_batch_goes_on_once_it_is_put_back() {
    let lot = Lot::of(ROWS, |_| String::new());
    let options = lot.sealed();
    let process = Process::start(lot.command(&options));
    wait_for("the first chunk", || fs::metadata(lot.keys().join("0001.age")).ok());
    let input = File::options().read(true).write(true).open(&lot.input).unwrap();
    let mut last = [0];
    let place = input.metadata().unwrap().len() - 2;
    input.read_exact_at(&mut last, place).unwrap();
    input.write_all_at(b"0", place).unwrap();
    assert_ne!(last, *b"0", "another MAC address");
    process.wait().is_refused(1, "LS-CSV-43");

    let count = |sql: &str| lot.station.sqlite(sql).parse::<usize>().unwrap();
    let issued = count("SELECT count(*) FROM certificate WHERE state = 'issued'");
    assert!(issued > 0 && issued < ROWS, "{issued}");
    assert_eq!(lot.station.sqlite("SELECT state FROM batch"), "running");
    let (_, rows) = opened::output(&lot.output);
    assert_eq!(rows.len(), issued, "what was issued is in the output");
    assert_eq!(count("SELECT count(*) FROM batch_chunk WHERE state = 'intended'"), 0);

    input.write_all_at(&last, place).unwrap();
    let ended = lot.issue(&options);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(ended.err.contains("resumed"), "{ended:?}");
    assert_eq!(count("SELECT count(*) FROM certificate WHERE state = 'issued'"), ROWS);
}
