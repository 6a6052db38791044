//! The ceremony under a root that was made with the openssl command, end to end.

use std::fs;

use super::openssl::{EXTENSIONS, P384, RSA, export, issue, openssl, root, sign, verifies, waiting};

#[test]
fn a_root_of_openssl_signs_the_request_and_devices_chain_to_it() {
    for (name, key) in [("rsa", &RSA), ("p384", &P384)] {
        let station = waiting();
        assert!(!station.folder().join("root-key.age").exists(), "the root's key is somebody else's");
        assert!(!station.folder().join("ca/issuing.pem").exists());
        station.refused(1, "LS-CER-01", &["ca", "crl"]);
        station.refused(1, "LS-CER-01", &["ca", "show"]);

        // meanwhile its vault takes what will be needed
        let secret = station.write("secret", "word");
        station.ok(&["secret", "set", "console", "--file", &secret]);
        assert!(station.ok(&["secret", "list"]).contains("console"));

        let csr = station.beside("csr.pem");
        station.ok(&["ca", "csr", "--out", csr.to_str().unwrap()]);
        station.refused(2, "LS-CSV-05", &["ca", "csr", "--out", csr.to_str().unwrap()]);
        let asked = openssl(&station, &["req", "-in", "csr.pem", "-noout", "-verify", "-text"]);
        assert!(asked.contains("O = Example, CN = Example Issuing CA line-1"), "{asked}");
        assert!(asked.contains("CA:TRUE, pathlen:0") && asked.contains("secp384r1"), "{asked}");

        let root = root(&station, name, key, &[]);
        let certificate = sign(&station, name, "issuing", EXTENSIONS, &[]);
        // with the root only, for none is known yet
        station.refused(1, "LS-CER-10", &["ca", "install", &certificate]);
        let installed = station.json(&["ca", "install", &certificate, "--root", &root]);
        assert_eq!(installed["installed"]["basic_constraints"]["path_length"], 0);
        assert_eq!(installed["warnings"].as_array().unwrap().len(), 0);
        // nothing waits any more
        station.refused(1, "LS-CER-02", &["ca", "install", &certificate, "--root", &root]);
        station.refused(1, "LS-CER-02", &["ca", "csr"]);
        assert!(!station.folder().join("ca/issuing-next.pem").exists());

        issue(&station, "first", &["A1", "A2"]);
        export(&station, "sn-a1", "a1");
        verifies(&station, "a1", &format!("{name}.pem"));
        let ca = |file: &str| station.folder().join("ca").join(file).to_str().unwrap().to_owned();
        let checked = openssl(
            &station,
            &["crl", "-in", &ca("crl.pem"), "-CAfile", &ca("chain.pem"), "-noout", "-verify"],
        );
        assert_eq!(checked, "");
        station.ok(&["audit", "verify"]);

        // the sheet and the entry of the log tell the same
        let held = &station.events("ceremony-held");
        let acts: Vec<&str> = held.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["founding", "request", "installation"]);
        let entry = installed["audit_entry"].as_u64().unwrap();
        let sheet = fs::read_to_string(ca(&format!("ceremony-{entry:04}.txt"))).unwrap();
        for of in held[2]["certificates"].as_array().unwrap() {
            for member in ["subject", "cert-serial", "not-after", "sha1", "sha256"] {
                assert!(sheet.contains(of[member].as_str().unwrap()), "{member} of {sheet}");
            }
        }
        let told = openssl(&station, &["x509", "-in", "issuing.pem", "-noout", "-fingerprint", "-sha256"]);
        let told = told.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
        assert!(sheet.contains(&told), "{sheet}");
    }
}
