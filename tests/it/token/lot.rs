//! 500 certificates from a token that is pulled after 250 and put back: the batch stops with a clear error, goes on with
//! the same command, and nothing is lost or stands twice.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::Command;

use crate::batch_issue::kill::{
    every_row_stands_once_with_its_key, on_record, the_list_has_every_void_number, void_numbers,
};
use crate::batch_issue::lot::{Lot, two_certificates};
use crate::batch_issue::opened;
use crate::factory::process::{self, Ended, Process};
use crate::factory::token::Token;

const ROWS: usize = 500;
/// The token is pulled when so many signatures were had.
const PULLED_AFTER: usize = 250;
/// So many certificates are intended at once where the key lies in a token.
const CHUNK: usize = 64;

/// Starts the batch and pulls the token when it has given this many signatures. The spy tells into a pipe that nobody
/// empties meanwhile, so that the program soon stands still: however fast the machine is, it cannot be done before.
fn issue_and_pull(lot: &Lot, token: &Token) -> Ended {
    fs::remove_file(token.told()).unwrap();
    let mut mkfifo = Command::new("mkfifo");
    mkfifo.arg(token.told());
    assert_eq!(process::run(mkfifo).exit, 0);
    let process = Process::start(lot.command(&lot.sealed()));
    let mut told = BufReader::new(File::open(token.told()).unwrap()).lines();
    let begun = told.by_ref().map(Result::unwrap).filter(|line| line.ends_with(": C_SignInit"));
    assert_eq!(begun.take(PULLED_AFTER + 1).count(), PULLED_AFTER + 1);
    token.pull();
    let after = told.map(Result::unwrap).filter(|line| line.ends_with(": C_SignInit")).count();
    assert!(PULLED_AFTER + after < ROWS, "it was pulled in the middle, {after} signatures were begun later");
    fs::remove_file(token.told()).unwrap();
    process.wait()
}

#[test]
fn a_token_that_is_pulled_in_the_middle_of_a_batch_costs_nothing_but_numbers() {
    let token = Token::new();
    let lot = Lot::at(token.found_station(&token.spy), ROWS, |_| String::new());

    let stopped = issue_and_pull(&lot, &token);
    stopped.is_refused(1, "LS-TOKEN-03");
    let issued = on_record(&lot, "issued");
    assert_eq!(issued.len() % CHUNK, 0);
    assert!((PULLED_AFTER - CHUNK..ROWS - CHUNK).contains(&issued.len()), "{}", issued.len());
    let intended = || lot.station.sqlite("SELECT count(*) FROM batch_chunk WHERE state = 'intended'");
    assert_eq!(intended(), "1", "the chunk that was being signed");
    assert_eq!(lot.station.sqlite("SELECT state FROM batch"), "running");

    // as long as it is away, the same command says so and spends no further number
    lot.issue(&lot.sealed()).is_refused(1, "LS-TOKEN-03");
    assert!(on_record(&lot, "issued") == issued);
    let chunks = lot.station.sqlite("SELECT count(*) FROM batch_chunk");

    token.put_back();
    let ended = lot.issue(&lot.sealed());
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(format!("{}{}", ended.out, ended.err).contains("resumed"), "{ended:?}");
    let (_, rows) = opened::output(&lot.output);
    assert_eq!(rows.len(), ROWS);
    every_row_stands_once_with_its_key(&lot, &rows);
    let now_issued = on_record(&lot, "issued");
    assert_eq!(now_issued.len(), ROWS);
    assert!(
        rows.iter().all(|row| now_issued.get(&row.number()).is_some_and(|sha| sha == row.cell("sha256")))
    );
    assert!(
        issued.iter().all(|(number, sha256)| now_issued.get(number) == Some(sha256)),
        "the first ones stand"
    );
    assert_eq!(void_numbers(&lot).len(), CHUNK);
    assert_eq!(chunks.parse::<usize>().unwrap(), issued.len() / CHUNK + 1);
    the_list_has_every_void_number(&lot);
    assert_eq!(lot.station.sqlite("SELECT count(*) FROM device"), ROWS.to_string());
    lot.station.ok(&["audit", "verify"]);
}

#[test]
fn two_certificates_a_row_are_intended_no_more_at_once() {
    const ROWS: usize = 70;
    let token = Token::new();
    let lot = Lot::at(token.found_station(&token.spy), ROWS, |_| String::new());
    lot.set_recipe(&two_certificates());
    let ended = lot.issue(&lot.sealed());
    assert_eq!(ended.exit, 0, "{ended:?}");
    let chunks =
        lot.station.sqlite("SELECT group_concat(certificates) FROM batch_chunk WHERE state = 'issued'");
    assert_eq!(chunks, "64,64,12");
    let (_, rows) = opened::output(&lot.output);
    assert_eq!(rows.len(), ROWS);
    for row in &rows {
        row.agrees_with_its_certificate();
        row.secondary().agrees_with_its_certificate();
    }
    assert_eq!(on_record(&lot, "issued").len(), 2 * ROWS);
}
