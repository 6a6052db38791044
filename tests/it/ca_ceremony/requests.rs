//! An open request for the certificate of the issuing CA: its key is used for nothing else, and is erased when the request is
//! withdrawn.

use std::fs;

use lineside::station::crash_point::ERASE_POINTS;

use super::openssl::{EXTENSIONS, P384, issue, openssl, root, sign, waiting};
use crate::ca_sign::killed::kill_at;
use crate::factory::{Station, copy_folder};
use crate::pages::browser::Browser;

/// SHA-256 of the keys that ceremonies were about, oldest first.
fn keys(station: &Station) -> Vec<String> {
    let held = station.events("ceremony-held");
    held.iter().map(|entry| entry["issuing-key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_renewal_is_refused_while_a_request_is_open_and_never_uses_its_key() {
    let station = Station::found();
    let csr = station.beside("csr.pem");
    station.ok(&["ca", "renew", "--csr", "--out", csr.to_str().unwrap()]);
    let asked = keys(&station).pop().unwrap();
    let told = station.refused(1, "LS-CER-33", &["ca", "renew"]);
    assert!(told.contains(&asked) && told.contains("ca csr --withdraw"), "{told}");
    // asked once more it is the same key
    station.ok(&["ca", "renew", "--csr"]);
    assert_eq!(keys(&station).pop().unwrap(), asked);
    station.refused(1, "LS-CER-33", &["ca", "renew"]);

    let withdrawn = station.json(&["ca", "csr", "--withdraw"]);
    assert_eq!(withdrawn["withdrawn"], asked);
    assert_eq!(station.events("ceremony-held").last().unwrap()["act"], "withdrawal");
    assert_eq!(station.events("key-erased")[0]["name"], "next-issuing-key");
    let serving = station.serve();
    let page = Browser::logged_in(&serving, "admin").get("/ca");
    assert!(!page.body.contains("id=\"await\""), "{}", page.body);
    serving.end();
    for gone in [&["ca", "csr"][..], &["ca", "csr", "--withdraw"]] {
        station.refused(1, "LS-CER-02", gone);
    }
    // a certificate that was signed for it all the same has no key any more
    let root = root(&station, "root", &P384, &[]);
    let certificate = sign(&station, "root", "late", EXTENSIONS, &[]);
    station.refused(1, "LS-CER-02", &["ca", "install", &certificate, "--root", &root]);
    station.ok(&["ca", "renew"]);
    assert_ne!(keys(&station).pop().unwrap(), asked);
    station.refused(1, "LS-CER-02", &["ca", "install", &certificate, "--root", &root]);
    issue(&station, "lot", &["A1"]);
    // and neither does it fit the next request
    station.ok(&["ca", "renew", "--csr"]);
    assert_ne!(keys(&station).pop().unwrap(), asked);
    station.refused(1, "LS-CER-03", &["ca", "install", &certificate, "--root", &root]);
    station.ok(&["audit", "verify"]);
}

#[test]
fn the_first_request_is_withdrawn_and_another_takes_its_place() {
    let station = waiting();
    station.ok(&["ca", "csr"]);
    station.ok(&["ca", "csr", "--withdraw"]);
    station.refused(1, "LS-CER-02", &["ca", "csr"]);
    let csr = station.beside("csr.pem");
    station.ok(&["ca", "renew", "--csr", "--out", csr.to_str().unwrap()]);
    let asked = openssl(&station, &["req", "-in", "csr.pem", "-noout", "-subject"]);
    assert!(asked.contains("Issuing CA line-1") && !asked.contains("G2"), "{asked}");
    let root = root(&station, "root", &P384, &[]);
    let certificate = sign(&station, "root", "issuing", EXTENSIONS, &[]);
    station.ok(&["ca", "install", &certificate, "--root", &root]);
    issue(&station, "lot", &["A1"]);
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_withdrawal_killed_at_any_step_is_carried_through() {
    let station = Station::found();
    station.ok(&["ca", "renew", "--csr"]);
    let asked = keys(&station).pop().unwrap();
    let kept = station.copy("kept");
    for point in &ERASE_POINTS[1..] {
        fs::remove_dir_all(station.folder()).unwrap();
        copy_folder(&kept, station.folder());
        kill_at(&station, point, &["ca", "csr", "--withdraw"]);
        station.ok(&["audit", "verify"]);
        station.ok(&["ca", "renew"]);
        assert_eq!(station.events("key-erased").len(), 1, "{point}");
        assert_ne!(keys(&station).pop().unwrap(), asked, "{point}");
        station.ok(&["audit", "verify"]);
    }
}
