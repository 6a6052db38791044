//! A batch of two certificates a row that is killed: in the end every row stands once with both, and the records know
//! the same certificates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use lineside::station::crash_point::BATCH_POINTS;

use super::super::kill::{LONGEST, ending, killed, on_record, the_list_has_every_void_number, void_numbers};
use super::super::lot::Lot;
use super::super::opened::{self, Row, point_of};
use super::super::points::{kill_at, kill_with};
use super::counts;

/// Rows of a chunk: half as many as where each has one certificate.
const CHUNK: usize = 2048;
/// A chunk and a bit.
const ROWS: usize = 2100;
/// Three chunks, the last one not whole.
const ROWS_AT_RANDOM: usize = 6000;
const KILLS: u32 = 5;

/// Every row stands once with two certificates and the keys to both, and the records know the same.
fn every_row_has_both(lot: &Lot, rows: &[Row]) {
    let serials: Vec<&str> = rows.iter().map(|row| row.cell("serial")).collect();
    assert!(serials == lot.serials, "the rows are not those of the input, in its order, once each");
    let keys = opened::both_keys(&lot.keys(), &lot.reader);
    assert_eq!(keys.len(), rows.len(), "as many keys as rows");
    let mut written = BTreeMap::new();
    for row in rows {
        let (id, secondary) = (row.cell("registration_id"), row.secondary());
        for (row, key) in [row, &secondary].into_iter().zip(&keys[id]) {
            row.agrees_with_its_certificate();
            assert_eq!(point_of(key), row.public_point(), "a key of {id} is not the certificate's");
            assert!(written.insert(row.number(), row.cell("sha256").to_owned()).is_none());
        }
    }
    assert!(on_record(lot, "issued") == written, "the certificates on record are not those of the output");
    for state in ["intended", "superseded", "revoked", "void"] {
        assert_eq!(on_record(lot, state), BTreeMap::new(), "{state}");
    }
    let (count, units) = (rows.len().to_string(), format!("{0}/{0}", rows.len()));
    assert_eq!(counts(&lot.station), [&count, &count, &count, &units].map(String::as_str));
    let lone = "SELECT count(*) FROM (SELECT run FROM certificate GROUP BY run HAVING count(*) <> 2)";
    assert_eq!(lot.station.sqlite(lone), "0");
    let told: BTreeSet<String> = lot
        .station
        .events("certificate-issued")
        .iter()
        .map(|entry| entry["cert-serial"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        told.iter().eq(written.keys()),
        "each certificate has its entry in the log, and no other has one"
    );
    lot.station.ok(&["audit", "verify"]);
}

#[test]
fn wherever_a_chunk_of_pairs_is_cut_off_both_are_void_or_both_stand() {
    for point in BATCH_POINTS {
        let lot = Lot::of_two(ROWS);
        kill_at(&lot, point);
        let committed = on_record(&lot, "issued").len();
        assert_eq!(committed, if point == "batch-on-record" { 2 * CHUNK } else { 0 }, "{point}");
        let ended = lot.issue(&lot.sealed());
        assert_eq!(ended.exit, 0, "{point}: {ended:?}");
        assert!(format!("{}{}", ended.out, ended.err).contains("resumed"), "{point}: {ended:?}");
        let (_, rows) = opened::output(&lot.output);
        every_row_has_both(&lot, &rows);
        let void = void_numbers(&lot).len();
        match point {
            "batch-before-intent" => assert_eq!(void, 0),
            "batch-after-intent" | "batch-signed" => assert_eq!(void, 2 * CHUNK, "{point}"),
            "batch-written" => assert!(void == 2 * CHUNK || void == 2 * ROWS, "{void}"),
            _ => assert!(void <= 2 * (ROWS - CHUNK), "{void}"),
        }
    }
}

#[test]
fn a_batch_of_pairs_that_is_killed_again_and_again_issues_every_row_once() {
    let (lot, options) = killed(KILLS, 2 * ROWS_AT_RANDOM, LONGEST, || {
        let lot = Lot::of_two(ROWS_AT_RANDOM);
        let options = lot.sealed();
        (lot, options)
    });
    let said = ending(&lot, &options);
    assert!(said.contains("resumed"), "{said}");
    let (_, rows) = opened::output(&lot.output);
    every_row_has_both(&lot, &rows);
    let ended = lot.station.events("batch-ended");
    assert_eq!((ended.len(), &ended[0]["good"]), (1, &ROWS_AT_RANDOM.into()));
    the_list_has_every_void_number(&lot);
}

#[test]
fn a_batch_of_pairs_that_is_given_up_returns_its_units_and_tells_the_rows_it_issued() {
    for (point, rows) in [("batch-after-intent", 0), ("batch-on-record", CHUNK)] {
        let lot = Lot::of_two(ROWS);
        kill_at(&lot, point);
        let intended = "SELECT coalesce(sum(certificates), 0) FROM batch_chunk WHERE state = 'intended'";
        let open: usize = lot.station.sqlite(intended).parse().unwrap();
        let cancelled = lot.station.json(&["batch", "cancel", "1"]);
        assert_eq!(cancelled["void"], open, "{point}");
        let ended = &lot.station.events("batch-ended")[0];
        assert_eq!(
            (&ended["state"], &ended["good"]),
            (&"cancelled".into(), &rows.into()),
            "{point}: {ended}"
        );
        let (count, units) = (rows.to_string(), format!("{rows}/{rows}"));
        assert_eq!(counts(&lot.station), [&count, &count, &count, &units].map(String::as_str), "{point}");
        lot.station.ok(&["audit", "verify"]);
    }
}

#[test]
fn folders_and_an_archive_hold_both_once_after_a_kill() {
    let lot = Lot::of_two(20);
    let (root, archive) = (lot.station.beside("devices"), lot.station.beside("devices.tar"));
    let more = ["--folders", root.to_str().unwrap(), "--tar", archive.to_str().unwrap()].map(str::to_owned);
    let options = [lot.sealed(), more.to_vec()].concat();
    kill_with(&lot, "batch-written", &options);
    let ended = lot.issue(&options);
    assert_eq!(ended.exit, 0, "{ended:?}");
    let (_, rows) = opened::output(&lot.output);
    every_row_has_both(&lot, &rows);
    assert_eq!(void_numbers(&lot).len(), 40);
    assert_eq!(
        (opened::archived(&archive, &root), fs::read_dir(&root).unwrap().count()),
        (20 * 9, 20),
        "six files, and three of the recipe"
    );
    for row in &rows {
        let folder = root.join(row.cell("registration_id"));
        for (row, name) in [(row, "certificate.pem"), (&row.secondary(), "secondary-certificate.pem")] {
            assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), row.cell("certificate_pem"));
        }
    }
}

#[test]
fn a_device_that_is_issued_anew_has_each_certificate_succeeded_by_one_of_its_kind() {
    let lot = Lot::of_two(2);
    assert_eq!(lot.issue(&lot.sealed()).exit, 0);
    let before = opened::output(&lot.output).1;
    for (at, name) in ["out.csv", "out.csv.keys"].into_iter().enumerate() {
        fs::rename(lot.station.beside(name), lot.station.beside(&format!("before-{at}"))).unwrap();
        lot.station.ok(&["run", "supersede", &(at + 1).to_string(), "--reason", "once more"]);
    }
    assert_eq!(lot.issue(&lot.sealed()).exit, 0);
    let after = opened::output(&lot.output).1;
    assert_eq!((before.len(), after.len()), (2, 2));
    for (before, after) in before.iter().zip(&after) {
        for (before, after) in [(before, after), (&before.secondary(), &after.secondary())] {
            let sql =
                format!("SELECT state, successor FROM certificate WHERE serial = '{}'", before.number());
            assert_eq!(lot.station.sqlite(&sql), format!("superseded|{}", after.number()));
        }
    }
    lot.station.ok(&["audit", "verify"]);
}
