//! Renewal of an issuing CA whose key lies in a token: the next key is made there beside the present one, which goes on
//! signing its own list.

use std::fs;

use lineside::station::crash_point::{INSTALL_POINTS, TOKEN_POINTS};

use super::pin::set_pin;
use crate::ca_ceremony::killed::at_every_step;
use crate::ca_ceremony::openssl::{EXTENSIONS, P384, attempt, export, issue, openssl, root, sign, verifies};
use crate::ca_sign::killed::kill_at;
use crate::factory::Station;
use crate::factory::token::{PIN, Token};

const WRONG: &str = "11112222";

fn ca(station: &Station, file: &str) -> String {
    station.folder().join("ca").join(file).to_str().unwrap().to_owned()
}

fn settings(station: &Station) -> String {
    fs::read_to_string(station.folder().join("station.toml")).unwrap()
}

/// The labels of the private keys in the token.
fn keys(token: &Token) -> Vec<String> {
    let told = token.tool(&["--list-objects", "--type", "privkey"]);
    let labels = told.lines().filter_map(|line| line.trim().strip_prefix("label:"));
    labels.map(|label| label.trim().to_owned()).collect()
}

fn serial(station: &Station, device: &str) -> String {
    station.json(&["ca", "export", device])["serial"].as_str().unwrap().to_owned()
}

/// Each list is signed by its own CA and revokes one certificate.
fn each_revokes_one(station: &Station, pairs: &[(&str, &str)]) {
    for (list, issuer) in pairs {
        let (list, issuer) = (ca(station, list), ca(station, issuer));
        let judged = attempt(station, &["crl", "-in", &list, "-CAfile", &issuer, "-noout", "-verify"]);
        assert!(judged.exit == 0 && judged.err.contains("verify OK"), "{list}: {judged:?}");
        let text = openssl(station, &["crl", "-in", &list, "-noout", "-text"]);
        assert_eq!(text.matches("Serial Number:").count(), 1, "{list}");
    }
}

#[test]
fn the_root_on_the_station_renews_it_and_both_keys_sign_their_lists() {
    let token = Token::new();
    let station = token.found_station(&token.spy);
    let before = settings(&station);
    issue(&station, "b1", &["B1"]);

    // neither a wrong PIN nor a token that is away begins anything
    set_pin(&station, WRONG);
    token.hush();
    station.refused(1, "LS-TOKEN-07", &["ca", "renew"]);
    station.refused(1, "LS-TOKEN-07", &["ca", "renew"]);
    assert_eq!(token.calls("C_Login"), 1);
    set_pin(&station, PIN);
    token.pull();
    station.refused(1, "LS-TOKEN-03", &["ca", "renew"]);
    token.put_back();
    assert_eq!(keys(&token), ["issuing"]);
    issue(&station, "b2", &["B2"]);

    let renewed = station.json(&["ca", "renew"]);
    assert!(renewed["installed"]["subject"].as_str().unwrap().contains("G2"), "{renewed}");
    let made = keys(&token);
    assert_eq!(made.len(), 2);
    let next = made.iter().find(|label| *label != "issuing").unwrap();
    assert!(next.starts_with("issuing-g2-"), "{next}");
    let sheet = fs::read_to_string(renewed["record"].as_str().unwrap()).unwrap();
    assert!(sheet.contains(next.as_str()), "the record names the object: {sheet}");
    assert_eq!(settings(&station), before, "nobody edits station.toml");

    issue(&station, "a1", &["A1"]);
    for (device, name) in [("sn-b1", "b1"), ("sn-b2", "b2"), ("sn-a1", "a1")] {
        export(&station, device, name);
        verifies(&station, name, &ca(&station, "root.pem"));
    }
    for device in ["sn-b1", "sn-a1"] {
        station.ok(&["ca", "revoke", &serial(&station, device), "--reason", "superseded"]);
    }
    station.ok(&["ca", "crl"]);
    each_revokes_one(&station, &[("crl-1.pem", "issuing-1.pem"), ("crl.pem", "issuing.pem")]);

    // a third, and a station that is started anew with the key of the second
    let serving = station.serve();
    assert!(!serving.locked);
    assert_eq!(serving.end().exit, 0);
    station.ok(&["ca", "renew"]);
    assert_eq!(keys(&token).len(), 3);
    station.ok(&["ca", "crl"]);
    each_revokes_one(&station, &[("crl-1.pem", "issuing-1.pem"), ("crl-2.pem", "issuing-2.pem")]);
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_root_elsewhere_signs_the_request_of_the_next_key() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    issue(&station, "b1", &["B1"]);
    let csr = station.beside("csr.pem");
    station.refused(1, "LS-CER-02", &["ca", "csr"]);
    station.ok(&["ca", "renew", "--csr", "--out", csr.to_str().unwrap()]);
    let request = fs::read_to_string(&csr).unwrap();
    assert!(openssl(&station, &["req", "-in", "csr.pem", "-noout", "-verify", "-subject"]).contains("G2"));
    assert_eq!(keys(&token).len(), 2);
    // asked again, it is for the same key, and the present CA goes on
    fs::remove_file(&csr).unwrap();
    station.ok(&["ca", "csr", "--out", csr.to_str().unwrap()]);
    let key = |text: &str| {
        station.write("one.pem", text);
        openssl(&station, &["req", "-in", "one.pem", "-noout", "-pubkey"])
    };
    assert_eq!(key(&request), key(&fs::read_to_string(&csr).unwrap()));
    assert_eq!(keys(&token).len(), 2);
    issue(&station, "b2", &["B2"]);

    let root = root(&station, "other", &P384, &[]);
    let certificate = sign(&station, "other", "issuing", EXTENSIONS, &[]);
    let install = ["ca", "install", &certificate, "--root", &root];
    set_pin(&station, WRONG);
    station.refused(1, "LS-TOKEN-07", &install);
    for laid_down in ["issuing-1.pem", "issuing-next.pem"] {
        assert!(
            !station.folder().join("ca").join(laid_down).exists(),
            "{laid_down}: refused before anything"
        );
    }
    set_pin(&station, PIN);
    station.ok(&install);
    issue(&station, "a1", &["A1"]);
    for (device, name, root) in [("sn-b2", "b2", "root-1.pem"), ("sn-a1", "a1", "root.pem")] {
        export(&station, device, name);
        verifies(&station, name, &ca(&station, root));
    }
    for device in ["sn-b1", "sn-a1"] {
        station.ok(&["ca", "revoke", &serial(&station, device), "--reason", "superseded"]);
    }
    station.ok(&["ca", "crl"]);
    each_revokes_one(&station, &[("crl-1.pem", "issuing-1.pem"), ("crl.pem", "issuing.pem")]);
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_key_in_the_vault_is_followed_by_one_in_a_token() {
    let token = Token::new();
    let station = Station::found_with(token.env(), &[]);
    issue(&station, "b1", &["B1"]);
    let path = station.folder().join("station.toml");
    let text = format!("{}\n[issuing_key]\npkcs11 = \"{}\"\n", settings(&station), token.uri(&token.module));
    fs::write(path, text).unwrap();
    set_pin(&station, PIN);
    station.ok(&["ca", "renew"]);
    assert!(keys(&token)[0].starts_with("issuing-g2-"));
    issue(&station, "a1", &["A1"]);
    for (device, name) in [("sn-b1", "b1"), ("sn-a1", "a1")] {
        export(&station, device, name);
        verifies(&station, name, &ca(&station, "root.pem"));
        station.ok(&["ca", "revoke", &serial(&station, device), "--reason", "superseded"]);
    }
    station.ok(&["ca", "crl"]);
    each_revokes_one(&station, &[("crl-1.pem", "issuing-1.pem"), ("crl.pem", "issuing.pem")]);
    // without the settings nobody knows the token
    let mut lines = settings(&station);
    lines.truncate(lines.find("[issuing_key]\npkcs11").unwrap());
    fs::write(station.folder().join("station.toml"), lines).unwrap();
    station.refused(1, "LS-TOKEN-01", &["ca", "crl"]);
}

#[test]
fn a_renewal_killed_at_any_step_leaves_one_ca_in_force_and_no_key_nobody_uses() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    let points = [&TOKEN_POINTS[..], &INSTALL_POINTS].concat();
    let generations = at_every_step(&station, &points);
    let keys = keys(&token);
    assert_eq!(keys.len(), generations, "one key for each CA there was: {keys:?}");
}

#[test]
fn half_a_key_that_a_killed_renewal_left_is_passed_over_and_a_whole_one_taken_up() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    let left = || keys(&token).into_iter().find(|label| label.starts_with("issuing-g2-")).unwrap();
    kill_at(&station, "token-key-made", &["ca", "renew", "--csr"]);
    let half = left();
    token.tool(&["--delete-object", "--type", "privkey", "--label", &half]);
    kill_at(&station, "token-key-made", &["ca", "renew", "--csr"]);
    let whole = left();
    assert_ne!(whole, half);
    let serving = station.serve();
    assert!(!serving.locked, "the present CA goes on");
    assert_eq!(serving.end().exit, 0);
    let renewed = station.json(&["ca", "renew"]);
    let mut all = keys(&token);
    all.sort();
    assert_eq!(all, ["issuing".to_owned(), whole.clone()], "no third key was made");
    let sheet = fs::read_to_string(renewed["record"].as_str().unwrap()).unwrap();
    assert!(sheet.contains(&whole) && !sheet.contains(&half), "{sheet}");
    issue(&station, "a1", &["A1"]);
    station.ok(&["audit", "verify"]);
}
