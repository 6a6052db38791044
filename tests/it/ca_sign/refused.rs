//! Requests that get no certificate: each for its own reason, on record, and nothing issued.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lineside::domain::digest::Digest;

use crate::factory::Station;

use super::{fixture, profile};

fn certificates(station: &Station) -> String {
    station.sqlite("SELECT count(*) FROM certificate")
}

#[test]
fn bad_requests_are_refused_each_by_its_own_code() {
    let station = Station::found();
    let good = fs::read(fixture("p256.der")).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = station.beside(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let refused = [
        (file("garbage", b"not a request"), "LS-CA-01"),
        (file("forged", &forged), "LS-CA-02"),
        (file("trailing", &[&good[..], b"\n\n\0"].concat()), "LS-CSR-01"),
        (file("huge", &vec![0x30; 3_000_000]), "LS-CSR-02"),
        (fixture("p256-sha1.der"), "LS-CSR-03"),
        (fixture("rsa-1024.der"), "LS-CSR-05"),
        (fixture("rsa-4352.der"), "LS-CSR-06"),
        (fixture("rsa-exponent-3.der"), "LS-CSR-08"),
        (fixture("rsa-small-factor.der"), "LS-CSR-09"),
        (fixture("rsa-roca.der"), "LS-CSR-10"),
        (fixture("rsa-close-primes.der"), "LS-CSR-11"),
        (fixture("ed25519.der"), "LS-CA-03"),
        // no profile that comes with the product allows it
        (fixture("p521-sha512.der"), "LS-CA-03"),
    ];
    for (at, (csr, code)) in refused.iter().enumerate() {
        let out = station.beside(&format!("out-{at}"));
        let words = ["ca", "sign", csr, "--device-id", "d-1", "--out", out.to_str().unwrap()];
        station.refused(1, code, &words);
        assert!(!out.exists(), "{csr} left a file");
    }
    // a profile that allows another kind of key
    let words = ["ca", "sign", &fixture("p256.der"), "--device-id", "d-1", "--profile", "device-p384"];
    station.refused(1, "LS-CA-03", &words);
    station.refused(2, "LS-SET-08", &["ca", "sign", "/nowhere/csr", "--device-id", "d-1"]);
    let taken = station.write("taken.pem", "something else");
    let words = ["ca", "sign", &fixture("p256.der"), "--device-id", "d-1", "--out", &taken];
    station.refused(2, "LS-CSV-05", &words);
    assert_eq!(fs::read_to_string(&taken).unwrap(), "something else");
    assert_eq!(certificates(&station), "0");
    assert_eq!(station.sqlite("SELECT count(*) FROM run"), "0");
    assert_eq!(station.sqlite("SELECT count(*) FROM work_order"), "0", "a refusal leaves no order behind");
    // what never was a request within bounds was refused before the vault was asked
    assert_eq!(station.events("refused").len(), refused.len());
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_device_with_a_live_certificate_gets_no_second_one_and_no_key_serves_two() {
    let station = Station::found();
    let sign = |file: &str, id: &str| station.run(&["ca", "sign", &fixture(file), "--device-id", id]);
    assert_eq!(sign("p256.der", "d-1").exit, 0);
    sign("challenge-password.der", "D-1").is_refused(1, "LS-RUN-05");
    sign("p256.der", "d-2").is_refused(1, "LS-DUP-04");
    assert_eq!(station.events("duplicate-alarm").len(), 1);
    assert_eq!(certificates(&station), "1");
    // once its identity is withdrawn it may have another, with another key
    let run = station.sqlite("SELECT id FROM run");
    station.ok(&["run", "supersede", &run, "--reason", "re-work"]);
    assert_eq!(sign("challenge-password.der", "d-1").exit, 0);
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate WHERE state = 'issued'"), "1");
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate WHERE successor IS NOT NULL"), "1");
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_blocked_key_is_refused_and_a_faulty_list_stops_everything() {
    let station = Station::found();
    profile(&station, "rsa", "\"rsa-2048\"");
    let pem = openssl_pubkey(&fixture("rsa-2048.der"));
    let list = station.folder().join("ca/blocklist.txt");
    fs::write(&list, format!("# keys of a returned lot\n{}  # gateway 7\n", Digest::of(&pem))).unwrap();
    let csr = fixture("rsa-2048.der");
    let sign = ["ca", "sign", &csr, "--device-id", "d-1", "--profile", "rsa"];
    let told = station.refused(1, "LS-CSR-12", &sign);
    assert!(told.contains(&Digest::of(&pem).to_string()), "{told}");
    assert_eq!(certificates(&station), "0");
    fs::write(&list, "# keys\n\nnot a digest\n").unwrap();
    let told = station.refused(1, "LS-CSR-13", &sign);
    assert!(told.contains("line 3"), "{told}");
    fs::write(&list, "# none any more\n").unwrap();
    station.ok(&sign);
    assert_eq!(certificates(&station), "1");
}

#[test]
fn the_key_of_a_row_in_a_table_is_held_against_the_list_too() {
    let station = Station::found();
    let spki = openssl_pubkey(&fixture("p256.der"));
    fs::write(station.folder().join("ca/blocklist.txt"), format!("{}\n", Digest::of(&spki))).unwrap();
    let csr = |name: &str| STANDARD.encode(fs::read(fixture(name)).unwrap());
    let table =
        format!("registration_id,csr\nd-1,{}\nd-2,{}\n", csr("p256.der"), csr("challenge-password.der"));
    let input = station.write("in.csv", &table);
    let output = station.beside("out.csv");
    let ended =
        station.run(&["batch", "issue", "--profile", "device-p256", &input, output.to_str().unwrap()]);
    assert_eq!(ended.exit, 1, "{ended:?}");
    assert!(ended.err.contains("[LS-CSR-12]"), "{ended:?}");
    assert_eq!(station.sqlite("SELECT registration_id FROM certificate"), "d-2");
}

#[test]
fn a_blocked_key_is_refused_when_its_request_is_announced() {
    let station = Station::found();
    let spki = openssl_pubkey(&fixture("p256.der"));
    let list = station.folder().join("ca/blocklist.txt");
    fs::write(&list, format!("{}\n", Digest::of(&spki))).unwrap();
    let csr = |name: &str| STANDARD.encode(fs::read(fixture(name)).unwrap());
    let table = format!("serial,csr\nA1,{}\nA2,{}\n", csr("challenge-password.der"), csr("p256.der"));
    let input = station.write("announced.csv", &table);
    let dry = station.run(&["batch", "import", &input, "--dry-run", "--json"]);
    assert!(dry.out.contains("LS-CSR-12"), "{dry:?}");
    let ended = station.run(&["batch", "import", &input, "--partial", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&report["good"], &report["faults"][0]["line"]), (&1.into(), &3.into()), "{report}");
    assert_eq!(report["faults"][0]["code"], "LS-CSR-12", "{report}");
    assert_eq!(station.sqlite("SELECT serial FROM announced"), "A1");
    fs::write(&list, "x\n").unwrap();
    assert!(station.run(&["batch", "import", &input]).err.contains("LS-CSR-13"));
    fs::remove_file(&list).unwrap();
    station.ok(&["batch", "import", &input]);
    assert_eq!(station.sqlite("SELECT count(*) FROM announced"), "2");
}

#[test]
fn a_kind_of_key_that_the_station_never_makes_is_refused_before_a_batch_begins() {
    let station = Station::found();
    profile(&station, "rsa", "\"rsa-2048\"");
    let input = station.write("in.csv", "registration_id\nd-1\n");
    let output = station.beside("out.csv");
    let words = ["batch", "issue", "--profile", "rsa", "--plaintext-keys", &input, output.to_str().unwrap()];
    let told = station.refused(1, "LS-CA-03", &words);
    assert!(told.contains("rsa-2048"), "{told}");
    assert_eq!(station.sqlite("SELECT count(*) FROM batch"), "0");
}

#[test]
fn a_station_with_a_faulty_list_stays_locked_and_says_why() {
    let station = Station::found();
    let list = station.folder().join("ca/blocklist.txt");
    fs::write(&list, "0123\n").unwrap();
    let serving = station.serve();
    assert!(serving.locked, "it issues although nobody can say which keys are blocked");
    assert_eq!(station.events("unlock-refused").last().unwrap()["code"], "LS-CSR-13");
    serving.end();
    fs::write(&list, "").unwrap();
    assert!(!station.serve().locked);
}

/// DER of the request's public key, as openssl reads it.
fn openssl_pubkey(csr: &str) -> Vec<u8> {
    let shell =
        format!("openssl req -in '{csr}' -inform DER -noout -pubkey | openssl pkey -pubin -outform DER");
    let output = std::process::Command::new("sh").args(["-c", &shell]).output().expect("sh");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}
