//! The program is killed at every step of a renewal and of an installation: afterwards either the CA before or the new
//! one is wholly in force, no key is lost, and the command run again ends well.

use std::fs;

use lineside::station::crash_point::INSTALL_POINTS;

use super::openssl::{EXTENSIONS, P384, attempt, export, issue, openssl, root, sign, verifies, waiting};
use crate::ca_sign::killed::kill_at;
use crate::factory::{Station, copy_folder};
use crate::pages::browser::Browser;

fn ca(station: &Station, file: &str) -> String {
    station.folder().join("ca").join(file).to_str().unwrap().to_owned()
}

/// Whether what was cut off here goes on at the next unlock.
fn takes_force(point: &str) -> bool {
    let place = |wanted: &str| INSTALL_POINTS.iter().position(|known| *known == wanted);
    // those of a token come before all of them
    place(point) >= place("install-on-record")
}

/// Starts `serve` and ends it; whether it has a CA to issue with. Its pages are there in either case.
fn serves(station: &Station) -> bool {
    let serving = station.serve();
    assert_eq!(Browser::at(&serving.url).get("/healthz").status, 200);
    let locked = serving.locked;
    // not killed: SoftHSM writes its own files anew at each log-in, and may be in the middle of one
    assert_eq!(serving.end().exit, 0);
    !locked
}

fn subject(station: &Station) -> String {
    station.json(&["ca", "show"])["issuing"]["facts"]["subject"].as_str().unwrap().to_owned()
}

/// Devices get certificates that chain to the root through the CA in use, whose list is its own; all is on record.
fn is_whole(station: &Station, device: &str) {
    let chain = fs::read_to_string(ca(station, "chain.pem")).unwrap();
    let parts = ["issuing.pem", "root.pem"].map(|file| fs::read_to_string(ca(station, file)).unwrap());
    assert_eq!(chain, parts.concat(), "chain and certificates part company");
    assert!(!station.folder().join("ca/issuing-next.pem").exists());
    assert!(!station.folder().join("ca/root-next.pem").exists());
    for held in station.events("ceremony-held") {
        let entry = station.sqlite(&format!(
            "SELECT seq FROM audit WHERE entry LIKE '%ceremony-held%' AND entry LIKE '%{}%' AND entry NOT LIKE '%\"act\":\"request\"%'",
            held["issuing-key"].as_str().unwrap()
        ));
        for entry in entry.lines() {
            let sheet = format!("ceremony-{:04}.txt", entry.parse::<u64>().unwrap());
            assert!(station.folder().join("ca").join(&sheet).exists(), "{sheet}");
        }
    }
    the_list_is_its_own(station);
    issue(station, device, &[device]);
    let name = format!("sn-{device}");
    export(station, &name, device);
    verifies(station, device, &ca(station, "root.pem"));
    station.ok(&["ca", "crl"]);
    the_list_is_its_own(station);
    station.ok(&["audit", "verify"]);
}

fn the_list_is_its_own(station: &Station) {
    let (list, issuing) = (ca(station, "crl.pem"), ca(station, "issuing.pem"));
    let judged = attempt(station, &["crl", "-in", &list, "-CAfile", &issuing, "-noout", "-verify"]);
    assert!(judged.exit == 0 && judged.err.contains("verify OK"), "{judged:?}");
}

#[test]
fn a_renewal_killed_at_any_step_leaves_one_ca_in_force_and_is_done_again() {
    at_every_step(&Station::found(), &INSTALL_POINTS);
}

/// Kills a renewal at each of these points and does it again; the number of issuing CAs there were in the end.
pub fn at_every_step(station: &Station, points: &[&str]) -> usize {
    let mut generation = 1;
    let mut carried_through = 0;
    let mut devices = Vec::new();
    for &point in points {
        let before = subject(station);
        kill_at(station, point, &["ca", "renew"]);
        // the public part can be looked at even before anybody unlocks
        station.ok(&["ca", "show"]);
        station.ok(&["audit", "verify"]);
        assert!(serves(station), "{point}");
        let after = subject(station);
        // the CA is whole once it is unstaged: nothing is left to be carried through
        let carried = takes_force(point) && point != "install-unstaged";
        carried_through += usize::from(carried);
        assert_eq!(station.events("installation-carried-through").len(), carried_through, "{point}");
        if takes_force(point) {
            generation += 1;
            assert!(after.contains(&format!("G{generation}")), "{point}: {after}");
        } else {
            assert_eq!(after, before, "{point}");
        }
        let device = format!("k{}", devices.len());
        is_whole(station, &device);
        devices.push(device);
        let renewed = station.json(&["ca", "renew"]);
        generation += 1;
        let subject = renewed["installed"]["subject"].as_str().unwrap();
        assert!(subject.contains(&format!("G{generation}")), "{point}: {subject}");
    }
    // every CA there was still has its key: what it signed is revoked on its own list
    for device in &devices {
        let serial =
            station.json(&["ca", "export", &format!("sn-{device}")])["serial"].as_str().unwrap().to_owned();
        station.ok(&["ca", "revoke", &serial, "--reason", "superseded"]);
    }
    station.ok(&["ca", "crl"]);
    let mut lists: Vec<String> = (1..generation).map(|number: usize| format!("crl-{number}.pem")).collect();
    lists.push("crl.pem".to_owned());
    let revoked = |list: &String| {
        openssl(station, &["crl", "-in", &ca(station, list), "-noout", "-text"])
            .matches("Serial Number:")
            .count()
    };
    assert_eq!(lists.iter().map(revoked).sum::<usize>(), devices.len());
    station.ok(&["audit", "verify"]);
    generation
}

#[test]
fn a_first_installation_killed_at_any_step_is_carried_through_or_done_again() {
    let station = waiting();
    station.ok(&["ca", "csr", "--out", station.beside("csr.pem").to_str().unwrap()]);
    let root = root(&station, "root", &P384, &[]);
    let certificate = sign(&station, "root", "issuing", EXTENSIONS, &[]);
    let kept = station.copy("kept");
    let install = ["ca", "install", &certificate, "--root", &root];
    for (number, point) in INSTALL_POINTS.into_iter().enumerate().skip(1) {
        fs::remove_dir_all(station.folder()).unwrap();
        copy_folder(&kept, station.folder());
        kill_at(&station, point, &install);
        station.ok(&["audit", "verify"]);
        assert_eq!(serves(&station), takes_force(point), "{point}");
        if takes_force(point) {
            station.refused(1, "LS-CER-02", &install);
        } else {
            station.refused(1, "LS-CER-01", &["ca", "show"]);
            // the same key waits on
            station.ok(&install);
        }
        let installed = fs::read(ca(&station, "issuing.pem")).unwrap();
        assert_eq!(installed, fs::read(&certificate).unwrap(), "{point}");
        is_whole(&station, &format!("f{number}"));
    }
}
