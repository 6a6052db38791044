//! What openssl says of certificates that were issued for requests of all kinds.

use std::process::Command;

use crate::factory::Station;
use crate::factory::process;

use super::{fixture, profile};

/// Runs openssl, which must succeed; what it printed.
fn openssl(words: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.args(words);
    let ended = process::run(command);
    assert_eq!(ended.exit, 0, "openssl {words:?}: {}", ended.err);
    ended.out
}

/// Signs the request, and has openssl hold the certificate against it: chain, key, subject, extensions.
fn sign_and_judge(station: &Station, csr: &str, form: &str, id: &str, profile: Option<&str>) -> String {
    let out = station.beside(&format!("{id}.pem"));
    let out = out.to_str().unwrap();
    let mut words = vec!["ca", "sign", csr, "--device-id", id, "--out", out];
    if let Some(profile) = profile {
        words.extend(["--profile", profile]);
    }
    let told = station.json(&words);
    assert_eq!((told["registration_id"].as_str(), told["out"].as_str()), (Some(id), Some(out)));

    let root = station.folder().join("ca/root.pem");
    let root = root.to_str().unwrap();
    let verify = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root, "-untrusted", out, out];
    assert_eq!(openssl(&verify), format!("{out}: OK\n"));
    let key = openssl(&["x509", "-in", out, "-noout", "-pubkey"]);
    assert_eq!(key, openssl(&["req", "-in", csr, "-inform", form, "-noout", "-pubkey"]), "another key");
    let subject = openssl(&["x509", "-in", out, "-noout", "-subject", "-nameopt", "RFC2253"]);
    assert_eq!(subject, format!("subject=CN={id}\n"));
    let text = openssl(&["x509", "-in", out, "-noout", "-text"]);
    let extensions = text.split("X509v3 extensions:").nth(1).expect("extensions");
    for foreign in ["1.3.6.1.4.1.99999", "evil", "CA:TRUE", "mallory"] {
        assert!(!text.contains(foreign), "{foreign} of the request is in {text}");
    }
    assert_eq!(extensions.matches("X509v3 ").count(), 5, "{extensions}");
    assert!(extensions.contains("CA:FALSE"), "{extensions}");
    text
}

#[test]
fn requests_of_all_kinds_become_certificates_that_openssl_accepts() {
    let station = Station::found();
    profile(&station, "any-key", "\"ec-p521\", \"rsa-2048\", \"rsa-3072\", \"rsa-4096\"");
    for (file, id, of_profile, said) in [
        ("p256.der", "d-1", None, "ASN1 OID: prime256v1"),
        // the request's hash says nothing about its key
        ("p384-sha256.der", "d-2", None, "ASN1 OID: secp384r1"),
        ("p384-sha384.der", "d-3", None, "ASN1 OID: secp384r1"),
        ("p521-sha512.der", "d-4", Some("any-key"), "ASN1 OID: secp521r1"),
        ("p521-sha256.der", "d-5", Some("any-key"), "ASN1 OID: secp521r1"),
        ("rsa-2048.der", "d-6", Some("any-key"), "Public-Key: (2048 bit)"),
        ("rsa-3072.der", "d-7", Some("any-key"), "Public-Key: (3072 bit)"),
        ("rsa-4096.der", "d-8", Some("any-key"), "Public-Key: (4096 bit)"),
        ("unknown-extensions.der", "d-9", None, "ASN1 OID: prime256v1"),
        ("challenge-password.der", "d-10", None, "ASN1 OID: prime256v1"),
    ] {
        let text = sign_and_judge(&station, &fixture(file), "DER", id, of_profile);
        assert!(text.contains(said), "{file}: {text}");
        assert!(text.contains("Signature Algorithm: ecdsa-with-SHA384"), "{file}");
    }
    sign_and_judge(&station, &fixture("old-label.pem"), "PEM", "d-11", None);
    // each is a run that passed under a work order of its own, and the log vouches for all of it
    let passed =
        "SELECT count(*) FROM run WHERE verdict = 'PASS' AND proof = 'handed-over' AND product IS NULL";
    assert_eq!(station.sqlite(passed), "11");
    assert_eq!(station.sqlite("SELECT count(*) FROM work_order WHERE state = 'closed' AND issued = 1"), "11");
    assert_eq!(station.events("issue-intended").len(), 11);
    assert_eq!(station.events("certificate-issued").len(), 11);
    station.ok(&["audit", "verify"]);
}

#[test]
fn without_a_file_the_chain_is_printed_and_is_what_export_gives_later() {
    let station = Station::found();
    let chain = station.ok(&["ca", "sign", &fixture("p256.der"), "--device-id", "Gateway-1"]);
    assert_eq!(chain.matches("-----BEGIN CERTIFICATE-----").count(), 2);
    assert_eq!(chain, station.ok(&["ca", "export", "gateway-1"]));
    assert_eq!(
        station.sqlite("SELECT registration_id || device_id || state FROM device"),
        "gateway-1gateway-1provisioned"
    );
}

#[test]
fn a_work_order_gives_its_units_and_no_more_and_its_recipe_enrolls() {
    let station = Station::found();
    station.release("lot-1", "demo-gateway", 1, 0);
    let sign = |file: &str, id: &str, more: &[&str]| {
        let csr = fixture(file);
        station.run(&[&["ca", "sign", &csr, "--device-id", id, "--work-order", "lot-1"], more].concat())
    };
    // a profile other than the recipe's is not what was released
    sign("p384-sha384.der", "u-1", &["--profile", "device-p384"]).is_refused(2, "LS-SET-07");
    sign("p384-sha384.der", "u-1", &[]).is_refused(1, "LS-CA-03");
    assert_eq!(sign("p256.der", "u-1", &[]).exit, 0);
    sign("challenge-password.der", "u-2", &[]).is_refused(1, "LS-WO-04");
    assert_eq!(station.sqlite("SELECT state || issued || passed FROM work_order"), "active11");
    assert_eq!(station.sqlite("SELECT product || verdict FROM run"), "demo-gatewayPASS");
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "1");
    assert_eq!(station.sqlite("SELECT registration_id || state FROM outbox"), "u-1waiting");
    station.refused(
        1,
        "LS-WO-01",
        &["ca", "sign", &fixture("challenge-password.der"), "--device-id", "u-3", "--work-order", "none"],
    );
    station.ok(&["audit", "verify"]);
}
