//! The program is killed between intent and record: what may have been signed is on record, and never signed again.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::factory::Station;

use super::fixture;

/// Starts the command and kills it where it stands still.
pub fn kill_at(station: &Station, point: &str, words: &[&str]) {
    let mut command = station.command(words);
    command.env("LINESIDE_CRASH_AT", point).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reached = lines.map_while(Result::ok).any(|line| line == format!("crash-point {point}"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached, "it ended before {point}");
}

#[test]
fn an_intent_without_certificate_is_void_once_it_is_superseded_and_the_device_is_signed_anew() {
    for point in ["after-intent", "signed"] {
        let station = Station::found();
        let csr = fixture("p256.der");
        let out = station.beside("out.pem");
        let words = ["ca", "sign", &csr, "--device-id", "d-1", "--out", out.to_str().unwrap()];
        kill_at(&station, point, &words);
        assert_eq!(station.sqlite("SELECT state FROM certificate"), "intended", "{point}");
        assert!(!out.exists(), "half a file");
        station.refused(1, "LS-RUN-04", &words);
        let run = station.sqlite("SELECT id FROM run");
        station.ok(&["run", "supersede", &run, "--reason", "killed"]);
        station.ok(&words);
        assert_eq!(station.sqlite("SELECT state FROM certificate ORDER BY run"), "void\nissued", "{point}");
        station.ok(&["audit", "verify"]);
    }
}
