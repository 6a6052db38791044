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
    station.ok(&["ca", "crl"]);
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
}

#[test]
fn a_renewal_needs_the_roots_key() {
    let station = Station::found();
    fs::rename(station.folder().join("root-key.age"), station.beside("root-key.age")).unwrap();
    station.refused(1, "LS-VAULT-10", &["ca", "renew"]);
    // carried back, it works
    fs::rename(station.beside("root-key.age"), station.folder().join("root-key.age")).unwrap();
    station.ok(&["ca", "renew"]);
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
