//! The program is killed between intent and record: what may have been signed is on record, and never signed again.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::ca_ceremony::openssl::openssl;
use crate::factory::Station;

use super::fixture;

/// Starts the command and kills it where it stands still.
pub fn kill_at(station: &Station, point: &str, words: &[&str]) {
    kill_after(station, point, words, || ());
}

/// Starts the command, does this while it stands still, and kills it.
pub fn kill_after(station: &Station, point: &str, words: &[&str], meanwhile: impl FnOnce()) {
    let mut command = station.command(words);
    command.env("LINESIDE_CRASH_AT", point).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reached = lines.map_while(Result::ok).any(|line| line == format!("crash-point {point}"));
    if reached {
        meanwhile();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached, "it ended before {point}");
}

#[test]
fn a_request_that_was_killed_is_settled_by_the_next_unlock_and_the_device_is_signed_anew() {
    for point in ["after-intent", "signed"] {
        let station = Station::found();
        let csr = fixture("p256.der");
        let out = station.beside("out.pem");
        let words = ["ca", "sign", &csr, "--device-id", "d-1", "--out", out.to_str().unwrap()];
        kill_at(&station, point, &words);
        assert_eq!(station.sqlite("SELECT state FROM certificate"), "intended", "{point}");
        assert_eq!(station.sqlite("SELECT count(*) FROM work_order WHERE state <> 'closed'"), "1");
        assert!(!out.exists(), "half a file");
        // an order that a person named alike is not one of these
        let named_alike = ["work-order", "add", "request-7", "--product", "demo-gateway"];
        station.ok(&[&named_alike[..], &["--quantity", "1"]].concat());
        station.ok(&words);
        assert_eq!(station.sqlite("SELECT state FROM certificate ORDER BY run"), "void\nissued", "{point}");
        let orders = "SELECT name FROM work_order WHERE state <> 'closed'";
        assert_eq!(station.sqlite(orders), "request-7", "{point}");
        let ended = "SELECT verdict, code FROM run ORDER BY id";
        assert_eq!(station.sqlite(ended), "ERROR|LS-ST-02\nPASS|", "{point}");
        station.ok(&["ca", "crl"]);
        let list = station.folder().join("ca/crl.pem");
        let listed = openssl(&station, &["crl", "-in", list.to_str().unwrap(), "-noout", "-text"]);
        let void = station.sqlite("SELECT upper(serial) FROM certificate WHERE state = 'void'");
        assert!(listed.contains(void.trim_start_matches("00")), "{void}: {listed}");
        station.ok(&["audit", "verify"]);
    }
}

#[test]
fn a_station_that_begins_to_serve_settles_a_killed_request() {
    let station = Station::found();
    let csr = fixture("p256.der");
    kill_at(&station, "after-intent", &["ca", "sign", &csr, "--device-id", "d-1"]);
    let serving = station.serve();
    assert_eq!(station.sqlite("SELECT state FROM certificate"), "void");
    assert_eq!(station.sqlite("SELECT state FROM work_order"), "closed");
    serving.end();
    assert_eq!(station.events("work-order-closed")[0]["reason"], "opened for one request");
    station.ok(&["audit", "verify"]);
}

#[test]
fn under_an_order_that_was_named_a_killed_request_waits_for_a_decision() {
    let station = Station::found();
    station.release("lot-1", "demo-gateway", 1, 1);
    let csr = fixture("p256.der");
    let words = ["ca", "sign", &csr, "--device-id", "d-1", "--work-order", "lot-1"];
    kill_at(&station, "signed", &words);
    station.refused(1, "LS-RUN-04", &words);
    let run = station.sqlite("SELECT id FROM run");
    station.ok(&["run", "supersede", &run, "--reason", "killed"]);
    station.ok(&words);
    assert_eq!(station.sqlite("SELECT state FROM certificate ORDER BY run"), "void\nissued");
    assert_eq!(station.sqlite("SELECT state FROM work_order"), "active");
    station.ok(&["audit", "verify"]);
}
