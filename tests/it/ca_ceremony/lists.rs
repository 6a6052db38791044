//! Lists and proofs that take their time or are cut off: nobody waits for them, and files and records never part company.

use std::fs;
use std::time::{Duration, Instant};

use super::openssl::{export, issue, openssl};
use crate::ca_sign::killed::{kill_after, kill_at};
use crate::factory::Station;

/// A verification code as Azure gives it.
const CODE: &str = "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F5";
/// The records say that they are busy after this long at most.
const AT_ONCE: Duration = Duration::from_secs(4);

fn list(station: &Station) -> String {
    fs::read_to_string(station.folder().join("ca/crl.pem")).unwrap()
}

fn serial(station: &Station, device: &str) -> String {
    let exported = station.json(&["ca", "export", &format!("sn-{device}")]);
    exported["serial"].as_str().unwrap().to_owned()
}

/// Whether the list in the file names this certificate, and the list's number.
fn names(station: &Station, serial: &str) -> bool {
    let path = station.folder().join("ca/crl.pem");
    let text = openssl(station, &["crl", "-in", path.to_str().unwrap(), "-noout", "-text"]);
    text.to_lowercase().contains(&serial.to_lowercase())
}

/// The list in the file is the newest on record.
fn is_newest(station: &Station) {
    let path = station.folder().join("ca/crl.pem");
    let der = station.beside("list.der");
    let out = der.to_str().unwrap();
    openssl(station, &["crl", "-in", path.to_str().unwrap(), "-outform", "DER", "-out", out]);
    let on_record = station.sqlite("SELECT lower(hex(der)) FROM crl ORDER BY number DESC LIMIT 1");
    assert_eq!(hex::encode(fs::read(der).unwrap()), on_record);
}

#[test]
fn while_a_list_or_a_proof_is_signed_nobody_waits_for_the_records() {
    let station = Station::found();
    issue(&station, "d1", &["d1"]);
    issue(&station, "d2", &["d2"]);
    for (point, words, device) in
        [("crl-signed", &["ca", "crl"][..], "d1"), ("proof-signed", &["ca", "prove", CODE][..], "d2")]
    {
        let serial = serial(&station, device);
        let before = list(&station);
        kill_after(&station, point, words, || {
            let begun = Instant::now();
            station.ok(&["ca", "revoke", &serial, "--reason", "superseded"]);
            assert!(begun.elapsed() < AT_ONCE, "{point}: it waited {:?}", begun.elapsed());
        });
        assert_eq!(list(&station), before, "{point}");
        assert_eq!(station.events("crl-issued").len(), if point == "crl-signed" { 1 } else { 2 });
        station.ok(&["ca", "crl"]);
        assert!(names(&station, &serial), "{point}");
        is_newest(&station);
        station.ok(&["audit", "verify"]);
    }
    // that it may have been signed is on record, and that it was not is known to nobody
    assert_eq!(station.events("possession-intended").len(), 1);
    assert!(station.events("possession-proven").is_empty());
    let proof = station.json(&["ca", "prove", CODE]);
    assert!(proof["pem"].as_str().unwrap().contains("BEGIN CERTIFICATE"));
    let (intended, proven) = (station.events("possession-intended"), station.events("possession-proven"));
    assert_eq!((intended.len(), proven.len()), (2, 1));
    assert_eq!(intended[1]["cert-serial"], proven[0]["cert-serial"]);
    assert_ne!(intended[0]["cert-serial"], proven[0]["cert-serial"]);
}

#[test]
fn a_list_that_is_on_record_and_not_in_its_file_is_put_there_when_the_station_opens() {
    let station = Station::found();
    issue(&station, "d1", &["d1"]);
    export(&station, "sn-d1", "d1");
    let serial = serial(&station, "d1");
    station.ok(&["ca", "revoke", &serial, "--reason", "keyCompromise"]);
    let before = list(&station);
    kill_at(&station, "crl-on-record", &["ca", "crl"]);
    assert_eq!(station.events("crl-issued").len(), 2);
    assert_eq!(list(&station), before, "the file is the old one still");
    let serving = station.serve();
    assert!(!serving.locked);
    assert!(names(&station, &serial));
    is_newest(&station);
    assert_eq!(station.events("crl-issued").len(), 2, "no further list was made");
    serving.end();
    station.ok(&["audit", "verify"]);
}
