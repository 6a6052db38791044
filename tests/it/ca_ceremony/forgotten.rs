//! The key of an issuing CA before the present one is erased: what it signed stays verifiable, its last list counts to its
//! end, and a kill at any step leaves the key whole or erased, on record.

use std::fs;

use lineside::station::crash_point::ERASE_POINTS;

use super::openssl::{attempt, export, issue, openssl, verifies};
use crate::ca_sign::killed::kill_at;
use crate::factory::{Station, copy_folder};
use crate::pages::browser::Browser;

fn ca(station: &Station, file: &str) -> String {
    station.folder().join("ca").join(file).to_str().unwrap().to_owned()
}

/// The certificate serial number of a device, revoked.
fn revoke(station: &Station, device: &str) -> String {
    let serial = station.json(&["ca", "export", device])["serial"].as_str().unwrap().to_owned();
    station.ok(&["ca", "revoke", &serial, "--reason", "superseded"]);
    serial.to_uppercase()
}

fn text(station: &Station, list: &str) -> String {
    openssl(station, &["crl", "-in", &ca(station, list), "-noout", "-text"])
}

/// What openssl says of one date, behind its name.
fn date(station: &Station, words: &[&str]) -> String {
    openssl(station, words).trim().split_once('=').unwrap().1.to_owned()
}

fn key_of(station: &Station, name: &str) -> String {
    station.json(&["ca", "show"])[name]["private_key"].as_str().unwrap().to_owned()
}

#[test]
fn a_past_key_that_is_erased_leaves_a_last_list_and_certificates_that_are_still_verified() {
    let station = Station::found();
    issue(&station, "before", &["B1", "B2", "B3"]);
    station.ok(&["ca", "renew"]);
    issue(&station, "after", &["C1", "C2"]);
    let serial = revoke(&station, "sn-b1");
    station.refused(1, "LS-CER-31", &["ca", "forget", "issuing-2"]);
    station.refused(1, "LS-CER-32", &["ca", "forget", "issuing"]);
    let told = station.refused(1, "LS-CER-30", &["ca", "forget", "issuing-1"]);
    assert!(told.contains("none of them can be revoked"), "{told}");
    assert_eq!(key_of(&station, "issuing-1"), "kept");
    assert_eq!(station.events("refused").len(), 3);

    let sha256 = station.json(&["ca", "show"])["issuing-1"]["facts"]["sha256"].as_str().unwrap().to_owned();
    let ended = station.run(&["ca", "forget", &sha256, "--before-its-end", "--json"]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(ended.err.contains("copies of vault.age"), "{}", ended.err);
    let erased: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(erased["erased"], "issuing-1");
    let sheet = fs::read_to_string(erased["record"].as_str().unwrap()).unwrap();
    assert!(sheet.contains("erasure of the key of a past issuing CA") && sheet.contains(&sha256), "{sheet}");
    assert!(sheet.contains("copies of vault.age") && sheet.contains("nothing it signed can be"), "{sheet}");
    assert_eq!(key_of(&station, "issuing-1"), "erased");
    let held = station.events("ceremony-held");
    assert_eq!(held.last().unwrap()["act"], "erasure");
    assert_eq!(station.events("key-erased")[0]["name"], "past-issuing-key/1");

    // its last list counts as long as it does, and names what was withdrawn
    let (list, old) = (ca(&station, "crl-1.pem"), ca(&station, "issuing-1.pem"));
    let until = date(&station, &["crl", "-in", &list, "-noout", "-nextupdate"]);
    assert_eq!(until, date(&station, &["x509", "-in", &old, "-noout", "-enddate"]));
    let judged = attempt(&station, &["crl", "-in", &list, "-CAfile", &old, "-noout", "-verify"]);
    assert!(judged.exit == 0 && judged.err.contains("verify OK"), "{judged:?}");
    assert!(text(&station, "crl-1.pem").contains(&serial));
    let last = fs::read(&list).unwrap();
    // what is withdrawn from here on stands in no list of another CA
    let serial = station.json(&["ca", "export", "sn-b2"])["serial"].as_str().unwrap().to_owned();
    let told = station.ok(&["ca", "revoke", &serial, "--reason", "superseded"]);
    assert!(told.contains("the key of issuing-1, which signed it, is erased"), "{told}");
    revoke(&station, "sn-c1");
    let made = station.run(&["ca", "crl"]);
    assert!(made.exit == 0 && made.err.contains("gets no list any more"), "{made:?}");
    assert_eq!(fs::read(&list).unwrap(), last);
    assert_eq!(text(&station, "crl.pem").matches("Serial Number:").count(), 1);

    for (device, name, issuer) in [("sn-b3", "b3", "issuing-1.pem"), ("sn-c2", "c2", "issuing.pem")] {
        export(&station, device, name);
        verifies(&station, name, &ca(&station, "root.pem"));
        let chain = fs::read_to_string(station.beside(&format!("{name}.pem"))).unwrap();
        assert!(chain.ends_with(&fs::read_to_string(ca(&station, issuer)).unwrap()), "{device}");
    }
    let told = station.refused(1, "LS-CER-31", &["ca", "forget", "issuing-1"]);
    assert!(told.contains("erased already"), "{told}");
    station.ok(&["ca", "renew"]);
    assert_eq!(
        (key_of(&station, "issuing-1"), key_of(&station, "issuing-2")),
        ("erased".into(), "kept".into())
    );
    let serving = station.serve();
    assert!(!serving.locked);
    let page = Browser::logged_in(&serving, "admin").get("/ca");
    assert!(page.body.contains("erased: no list") && page.body.contains("kept, for its lists"));
    assert!(!page.body.contains("id=\"await\""), "{}", page.body);
    serving.end();
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_key_whose_certificates_are_all_withdrawn_may_go_before_its_end() {
    let station = Station::found();
    issue(&station, "before", &["B1"]);
    station.ok(&["ca", "renew"]);
    let serial = revoke(&station, "sn-b1");
    let erased = station.json(&["ca", "forget", "issuing-1"]);
    assert!(erased["last_list_until"].is_string(), "{erased}");
    assert!(text(&station, "crl-1.pem").contains(&serial));
    assert!(!text(&station, "crl.pem").contains(&serial));
}

#[test]
fn two_administrators_erase_where_that_is_the_rule() {
    let station = Station::found();
    station.add_person("ada", "administrator");
    station.ok(&["ca", "renew"]);
    let path = station.folder().join("station.toml");
    let settings = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{settings}\n[ceremony]\nsecond_administrator = true\n")).unwrap();
    let password = station.beside("password");
    let password = password.to_str().unwrap();
    let forget = ["ca", "forget", "issuing-1", "--as", "admin", "--as-password-file", password];
    station.refused(1, "LS-CER-11", &forget);
    let second = |name| [&forget[..], &["--second", name, "--second-password-file", password]].concat();
    station.refused(1, "LS-CER-12", &second("admin"));
    assert_eq!(key_of(&station, "issuing-1"), "kept");
    station.ok(&second("ada"));
    let held = station.events("ceremony-held");
    assert_eq!((&held[2]["second"], &held[2]["actor"]["name"]), (&"ada".into(), &"admin".into()));
}

#[test]
fn an_erasure_killed_at_any_step_is_on_record_and_done_or_never_was() {
    let station = Station::found();
    issue(&station, "before", &["B1"]);
    station.ok(&["ca", "renew"]);
    let kept = station.copy("kept");
    let forget = ["ca", "forget", "issuing-1", "--before-its-end"];
    for point in ERASE_POINTS {
        fs::remove_dir_all(station.folder()).unwrap();
        copy_folder(&kept, station.folder());
        kill_at(&station, point, &forget);
        station.ok(&["ca", "show"]);
        station.ok(&["audit", "verify"]);
        // beside the process that would hold the lock, the station opens as well
        station.ok(&["secret", "list"]);
        let serving = station.serve();
        assert!(!serving.locked, "{point}");
        serving.end();
        let on_record = point != "erase-listed";
        let erased = station.events("key-erased");
        assert_eq!(erased.len(), usize::from(on_record), "{point}");
        assert_eq!(key_of(&station, "issuing-1"), if on_record { "erased" } else { "kept" }, "{point}");
        if on_record {
            let told = station.refused(1, "LS-CER-31", &forget);
            assert!(told.contains("erased already"), "{point}: {told}");
        } else {
            // an ordinary list takes the place of the last one that came to nothing
            station.ok(&["ca", "crl"]);
            assert!(
                date(&station, &["crl", "-in", &ca(&station, "crl-1.pem"), "-noout", "-nextupdate"])
                    != date(&station, &["x509", "-in", &ca(&station, "issuing-1.pem"), "-noout", "-enddate"])
            );
            station.ok(&forget);
        }
        let entry = station.sqlite("SELECT seq FROM audit WHERE entry LIKE '%\"act\":\"erasure\"%'");
        let sheet = ca(&station, &format!("ceremony-{:04}.txt", entry.parse::<u64>().unwrap()));
        assert!(fs::read_to_string(&sheet).unwrap().contains("issuing-1"), "{point}");
        let list = ca(&station, "crl-1.pem");
        assert_eq!(
            date(&station, &["crl", "-in", &list, "-noout", "-nextupdate"]),
            date(&station, &["x509", "-in", &ca(&station, "issuing-1.pem"), "-noout", "-enddate"]),
            "{point}"
        );
        issue(&station, point, &["C1"]);
        export(&station, "sn-b1", "b1");
        verifies(&station, "b1", &ca(&station, "root.pem"));
        station.ok(&["ca", "renew"]);
        station.ok(&["audit", "verify"]);
    }
}
