//! Every form in which a certificate leaves the station, read by openssl.

use std::fs;

use serde_json::Value;

use super::openssl::{attempt, issue, openssl};
use crate::factory::Station;

#[test]
fn every_format_holds_the_certificate_that_openssl_reads() {
    let station = Station::found();
    issue(&station, "lot", &["A1"]);
    let pem = station.ok(&["ca", "export", "sn-a1", "--format", "pem"]);
    station.write("leaf.pem", &pem);
    let told = |file: &str, more: &[&str]| {
        openssl(&station, &[&["x509", "-in", file, "-noout", "-fingerprint", "-sha256"], more].concat())
    };
    let fingerprint = told("leaf.pem", &[]);
    assert_eq!(pem.matches("BEGIN").count(), 1);

    let out = |name: &str| station.beside(name).to_str().unwrap().to_owned();
    station.refused(2, "LS-SET-07", &["ca", "export", "sn-a1", "--format", "der"]);
    station.ok(&["ca", "export", "sn-a1", "--format", "der", "--out", &out("leaf.der")]);
    assert_eq!(told("leaf.der", &["-inform", "DER"]), fingerprint);
    station.refused(2, "LS-CSV-05", &["ca", "export", "sn-a1", "--format", "der", "--out", &out("leaf.der")]);

    let issuing = fs::read_to_string(station.folder().join("ca/issuing.pem")).unwrap();
    let root = fs::read_to_string(station.folder().join("ca/root.pem")).unwrap();
    assert_eq!(station.ok(&["ca", "export", "sn-a1"]), format!("{pem}{issuing}"));
    let whole = station.ok(&["ca", "export", "sn-a1", "--format", "chain", "--with-root"]);
    assert_eq!(whole, format!("{pem}{issuing}{root}"), "the root only if asked for");

    let line = station.ok(&["ca", "export", "sn-a1", "--format", "line"]);
    assert_eq!(line.trim_end().lines().count(), 1);
    station.write("line", &line);
    openssl(&station, &["base64", "-d", "-A", "-in", "line", "-out", "line.der"]);
    assert_eq!(told("line.der", &["-inform", "DER"]), fingerprint);

    let details: Value =
        serde_json::from_str(&station.ok(&["ca", "export", "sn-a1", "--format", "json"])).unwrap();
    assert_eq!(details["device"]["subject"], "CN=sn-a1");
    assert_eq!(details["device"]["pem"].as_str(), Some(&*pem));
    assert_eq!(details["issuing"]["pem"].as_str(), Some(&*issuing));
    assert_eq!(details["root"], Value::Null);
    let sha1 = openssl(&station, &["x509", "-in", "leaf.pem", "-noout", "-fingerprint", "-sha1"]);
    let sha1 = sha1.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
    assert_eq!(details["device"]["sha1"].as_str(), Some(&*sha1));
    station.refused(1, "LS-CA-10", &["ca", "export", "nobody", "--format", "line"]);
}

#[test]
fn a_pkcs12_file_has_modern_ciphers_and_no_key() {
    let station = Station::found();
    issue(&station, "lot", &["A1"]);
    let password = station.write("p12-password", "a password of its own");
    let file = station.beside("a1.p12");
    let file = file.to_str().unwrap();
    let words = ["ca", "export", "sn-a1", "--format", "pkcs12", "--with-root", "--out", file];
    station.ok(&[&words[..], &["--password-file", &password]].concat());
    let read = attempt(&station, &["pkcs12", "-in", "a1.p12", "-info", "-passin", "file:p12-password"]);
    assert_eq!(read.exit, 0, "{read:?}");
    let info = &read.err;
    assert!(info.contains("MAC: sha256, Iteration 200000"), "{info}");
    assert!(info.contains("PBES2, PBKDF2, AES-256-CBC, Iteration 200000, PRF hmacWithSHA256"), "{info}");
    assert_eq!(read.out.matches("BEGIN CERTIFICATE").count(), 3);
    assert!(!read.out.contains("PRIVATE KEY") && read.out.contains("friendlyName: sn-a1"), "{}", read.out);
    let wrong = station.write("wrong", "another");
    assert_ne!(attempt(&station, &["pkcs12", "-in", "a1.p12", "-passin", &format!("file:{wrong}")]).exit, 0);
}

#[test]
fn show_tells_what_is_to_be_done() {
    let station = Station::found();
    let shown = station.ok(&["ca", "show"]);
    for expected in ["root CA, 91", "issuing CA, 365", "ECDSA with SHA-384", "SHA-1 ", "revocation list 1"] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let warnings = |station: &Station| {
        let all = station.json(&["ca", "show"])["warnings"].clone();
        all.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(warnings(&station).len(), 1, "the root's key is here");
    fs::remove_file(station.folder().join("root-key.age")).unwrap();
    assert_eq!(warnings(&station), Vec::<String>::new());
    let long = include_str!("../../../ca/profiles/device-p256.toml");
    let days = long.lines().find(|line| line.starts_with("validity_days")).unwrap();
    let long = long.replace(days, "validity_days = 14000").replace("\"device-p256\"", "\"long\"");
    fs::write(station.folder().join("profiles/long.toml"), long).unwrap();
    let found = warnings(&station);
    assert!(found.len() == 1 && found[0].contains("profile long"), "{found:?}");
}
