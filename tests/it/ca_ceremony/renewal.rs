//! Renewal of the issuing CA: what the one before signed stays good, and is still revoked by it.

use std::fs;

use super::openssl::{EXTENSIONS, P384, attempt, export, issue, openssl, root, sign, verifies, waiting};
use crate::factory::Station;

#[test]
fn certificates_of_the_issuing_ca_before_stay_verifiable_and_are_revoked_on_its_own_list() {
    let station = Station::found();
    issue(&station, "before", &["B1", "B2"]);
    let renewed = station.json(&["ca", "renew"]);
    assert!(renewed["installed"]["subject"].as_str().unwrap().contains("Issuing CA line-1 G2"), "{renewed}");
    issue(&station, "after", &["C1", "C2"]);
    let ca = |file: &str| station.folder().join("ca").join(file).to_str().unwrap().to_owned();
    let exported = station.ok(&["batch", "export", "--columns", "registration_id,chain_pem"]);
    assert_eq!(csv::Reader::from_reader(exported.as_bytes()).records().count(), 4);
    for (device, name, issuer) in [("sn-b1", "b1", "issuing-1.pem"), ("sn-c1", "c1", "issuing.pem")] {
        export(&station, device, name);
        verifies(&station, name, &ca("root.pem"));
        let chain = fs::read_to_string(station.beside(&format!("{name}.pem"))).unwrap();
        assert!(chain.ends_with(&fs::read_to_string(ca(issuer)).unwrap()), "{device} has another issuer");
        // and so it stands in the tables
        for row in csv::Reader::from_reader(exported.as_bytes()).records().map(Result::unwrap) {
            assert!(&row[0] != device || row[1] == chain, "{device} is exported under another issuer");
        }
    }

    for device in ["sn-b1", "sn-c1"] {
        let serial = station.json(&["ca", "export", device])["serial"].as_str().unwrap().to_owned();
        station.ok(&["ca", "revoke", &serial, "--reason", "keyCompromise"]);
    }
    let due =
        || station.json(&["ca", "show"])["warnings"].to_string().contains("2 certificates were withdrawn");
    assert!(due(), "revocations that no list holds are announced");
    station.ok(&["ca", "crl"]);
    assert!(!due());
    // each is revoked by the list of its own issuer, and those that were not are not
    export(&station, "sn-b2", "b2");
    export(&station, "sn-c2", "c2");
    let checked = |name: &str, list: &str| {
        let (chain, leaf) = (format!("{name}.pem"), format!("{name}.leaf.pem"));
        let (root, list) = (ca("root.pem"), ca(list));
        let words =
            ["verify", "-crl_check", "-CAfile", &root, "-CRLfile", &list, "-untrusted", &chain, &leaf];
        attempt(&station, &words)
    };
    assert!(checked("b1", "crl-1.pem").err.contains("certificate revoked"));
    assert!(checked("c1", "crl.pem").err.contains("certificate revoked"));
    assert_eq!(checked("b2", "crl-1.pem").exit, 0);
    assert_eq!(checked("c2", "crl.pem").exit, 0);
    let entries = |list: &str| {
        openssl(&station, &["crl", "-in", &ca(list), "-noout", "-text"]).matches("Serial Number:").count()
    };
    assert_eq!((entries("crl-1.pem"), entries("crl.pem")), (1, 1));
    // and a third
    station.ok(&["ca", "renew"]);
    station.ok(&["ca", "crl"]);
    assert_eq!((entries("crl-1.pem"), entries("crl-2.pem"), entries("crl.pem")), (1, 1, 0));
    export(&station, "sn-b2", "b2");
    verifies(&station, "b2", &ca("root.pem"));
    station.ok(&["audit", "verify"]);

    // an issuing CA that is gone is said to be gone, and hides none of the others
    fs::remove_file(ca("issuing-1.pem")).unwrap();
    station.refused(1, "LS-CER-17", &["ca", "export", "sn-b2"]);
    export(&station, "sn-c2", "c2");
    verifies(&station, "c2", &ca("root.pem"));
}

#[test]
fn an_issuing_ca_ends_with_its_root() {
    let station = waiting();
    let csr = station.beside("csr.pem");
    station.ok(&["ca", "csr", "--out", csr.to_str().unwrap()]);
    let root = root(&station, "brief", &P384, &["-days", "60"]);
    let certificate = sign(&station, "brief", "long", EXTENSIONS, &[]);
    station.ok(&["ca", "install", &certificate, "--root", &root]);
    let shown = station.json(&["ca", "show"]);
    let days = shown["issuing"]["days_left"].as_u64().unwrap();
    assert!((59..=60).contains(&days), "{shown}");
    assert!(shown["warnings"].to_string().contains("the issuing CA with it"), "{shown}");
    // a device's certificate would count for nothing behind that
    issue(&station, "lot", &["A1"]);
    export(&station, "sn-a1", "a1");
    let end = |file: &str| openssl(&station, &["x509", "-in", file, "-noout", "-enddate"]);
    assert_eq!(end("a1.leaf.pem"), end("brief.pem"));
}

#[test]
fn a_renewal_needs_the_roots_key() {
    let station = Station::found();
    fs::rename(station.folder().join("root-key.age"), station.beside("root-key.age")).unwrap();
    station.refused(1, "LS-VAULT-10", &["ca", "renew"]);
    let code = "0123456789abcdef0123456789abcdef0123456789abcdef";
    station.refused(1, "LS-VAULT-10", &["ca", "prove", code, "--root"]);
    assert_eq!(station.events("refused").len(), 2, "each attempt to use the root is on record");
    // carried back, it works
    fs::rename(station.beside("root-key.age"), station.folder().join("root-key.age")).unwrap();
    station.ok(&["ca", "renew"]);
}

#[test]
fn a_renewal_that_fails_after_its_record_is_no_refusal_and_is_carried_through() {
    let station = Station::found();
    let chain = station.folder().join("ca/chain.pem");
    fs::remove_file(&chain).unwrap();
    // no file takes the place of a folder that holds something
    fs::create_dir_all(chain.join("something")).unwrap();
    station.refused(1, "LS-CER-18", &["ca", "renew"]);
    assert_eq!(station.events("refused").len(), 0, "it is on record that it was held");
    assert_eq!(station.events("ceremony-held").last().unwrap()["act"], "renewal");
    fs::remove_dir_all(&chain).unwrap();
    issue(&station, "lot", &["A1"]);
    let subject = &station.json(&["ca", "show"])["issuing"]["facts"]["subject"];
    assert!(subject.as_str().unwrap().contains("G2"), "{subject}");
    export(&station, "sn-a1", "a1");
    verifies(&station, "a1", station.folder().join("ca/root.pem").to_str().unwrap());
}

#[test]
fn an_issuing_ca_is_renewed_by_a_root_elsewhere_even_by_another_root() {
    let station = waiting();
    let csr = station.beside("csr.pem");
    let csr = csr.to_str().unwrap();
    station.ok(&["ca", "csr", "--out", csr]);
    let first = root(&station, "first", &P384, &[]);
    let certificate = sign(&station, "first", "one", EXTENSIONS, &[]);
    station.ok(&["ca", "install", &certificate, "--root", &first]);
    issue(&station, "before", &["B1"]);
    let asked = station.ok(&["ca", "renew", "--csr"]);
    // asked again, it is the same key: the request may be on its way
    let again = station.ok(&["ca", "csr"]);
    let key = |csr: &str| {
        station.write("csr.pem", csr);
        openssl(&station, &["req", "-in", "csr.pem", "-noout", "-pubkey"])
    };
    assert_eq!(key(&asked), key(&again));
    // until it is installed the one before goes on
    issue(&station, "meanwhile", &["M1"]);
    let second = root(&station, "second", &P384, &[]);
    let certificate = sign(&station, "second", "two", EXTENSIONS, &[]);
    station.refused(1, "LS-CER-08", &["ca", "install", &certificate]);
    station.ok(&["ca", "install", &certificate, "--root", &second]);
    issue(&station, "after", &["C1"]);
    for (device, name, root) in
        [("sn-b1", "b1", "first.pem"), ("sn-m1", "m1", "first.pem"), ("sn-c1", "c1", "second.pem")]
    {
        export(&station, device, name);
        verifies(&station, name, root);
    }
    let kept = fs::read_to_string(station.folder().join("ca/root-1.pem")).unwrap();
    assert_eq!(kept, fs::read_to_string(station.beside("first.pem")).unwrap());
}
