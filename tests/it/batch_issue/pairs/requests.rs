//! Rows whose devices made both keys: a request in each of two columns.

use std::fs;

use super::super::csr_column::{base64, request};
use super::super::lot::{Lot, two_certificates};
use super::super::opened;
use super::{counts, is_a_pair, ours};

/// A lot without rows whose recipe has both keys made on the device.
fn on_device() -> Lot {
    let lot = Lot::of(0, |_| String::new());
    lot.set_recipe(&two_certificates().replace("key = \"station\"", "key = \"on-device\""));
    lot
}

#[test]
fn each_request_gets_a_certificate_for_its_key_and_rows_without_two_keys_are_refused() {
    let lot = on_device();
    let requests: Vec<(String, Vec<u8>)> = (0..7).map(|at| request(&lot.station, at)).collect();
    let one = |at: usize| base64(&requests[at].0);
    let table = format!(
        "serial,Secondary_CSR,csr\nS-1,\"{}\",{}\nS-2,,{}\nS-3,{},{}\nS-4,{},{}\nS-5,no base64!,{}\nS-6,{},\n",
        requests[1].0,
        one(0),
        one(2),
        one(2),
        one(2),
        one(0),
        one(3),
        one(4),
        one(5),
    );
    fs::write(&lot.input, table).unwrap();
    let root = lot.station.beside("devices");
    let ended = lot.issue(&["--folders".to_owned(), root.to_str().unwrap().to_owned()]);
    assert_eq!(ended.exit, 1, "{ended:?}");

    let (names, rows) = opened::output(&lot.output);
    let input = ["serial", "Secondary_CSR", "csr"].map(str::to_owned).to_vec();
    assert_eq!(names, [input, ours()].concat());
    assert_eq!(rows.len(), 1);
    let secondary = is_a_pair(&rows[0]);
    assert_eq!((rows[0].public_point(), secondary.public_point()), (&requests[0].1[..], &requests[1].1[..]));
    let mut files: Vec<_> =
        fs::read_dir(root.join("ln-s-1")).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    let expected =
        ["certificate.pem", "chain.pem", "dps.json", "secondary-certificate.pem", "secondary-chain.pem"];
    assert_eq!(files, expected, "the devices have their keys");
    assert!(!lot.keys().exists(), "a batch of requests has no keys to seal");

    let refused = fs::read(lot.output.with_file_name("out.refused.csv")).unwrap();
    let mut refused = csv::Reader::from_reader(&refused[..]);
    let names = refused.headers().unwrap().clone();
    let place = |name: &str| names.iter().position(|found| found == name).expect(name);
    let told: Vec<[String; 3]> = refused
        .records()
        .map(|row| {
            ["serial", "error_code", "error"].map(|name| row.as_ref().unwrap()[place(name)].to_owned())
        })
        .collect();
    let expected = [
        ["S-2", "LS-CA-01", "The row has no request in its column secondary_csr."],
        ["S-3", "LS-CSR-14", "Both requests of the row are for one and the same key."],
        ["S-4", "LS-CSV-10", "Another row of this file has the same public key."],
        ["S-5", "LS-CA-01", "The request in column secondary_csr is neither PEM nor base64."],
        ["S-6", "LS-CA-01", "The row has no request in its column csr."],
    ];
    assert_eq!(told, expected);
    // rows that were refused take no unit
    assert_eq!(counts(&lot.station), ["1", "1", "1", "1/1"]);

    // a key that a device has, as the second of another one
    let table = format!("serial,csr,secondary_csr\nS-9,{},{}\n", one(6), one(1));
    fs::write(lot.station.beside("in.csv"), table).unwrap();
    let mut again = lot.station.command(&["batch", "issue", "--product", "lot-7"]);
    again.arg(&lot.input).arg(lot.station.beside("again.csv"));
    let ended = crate::factory::process::run(again);
    ended.is_refused(1, "LS-DUP-04");
    lot.station.ok(&["audit", "verify"]);
}

#[test]
fn a_table_with_one_request_where_two_are_needed_is_refused_before_anything_happens() {
    let lot = on_device();
    let (first, _) = request(&lot.station, 0);
    fs::write(&lot.input, format!("serial,csr\nS-1,{}\n", base64(&first))).unwrap();
    let ended = lot.issue(&[]);
    ended.is_refused(1, "LS-CA-43");
    assert!(ended.err.contains("in its columns csr and secondary_csr"), "{ended:?}");
    fs::write(&lot.input, format!("serial,secondary_csr\nS-1,{}\n", base64(&first))).unwrap();
    lot.issue(&[]).is_refused(1, "LS-CA-43");
    lot.set_recipe(&two_certificates());
    lot.issue(&lot.sealed()).is_refused(1, "LS-CA-43");
    assert_eq!(lot.station.sqlite("SELECT (SELECT count(*) FROM batch) + (SELECT count(*) FROM run)"), "0");
    // where devices get one certificate the column means nothing
    lot.set_recipe(
        &two_certificates()
            .replace("copies = 2\n", "")
            .replace("secondary-chain\"", "chain\"")
            .replace("secondary-private-key\"", "private-key\""),
    );
    assert_eq!(lot.issue(&lot.sealed()).exit, 0);
    let (names, _) = opened::output(&lot.output);
    assert_eq!(names[..2], ["serial", "secondary_csr"]);
    assert_eq!(names.len(), 8);
}
