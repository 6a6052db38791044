//! Certificates that say where the list of their issuing CA is: those before a renewal and those after it each name the list
//! of their own.

use std::fs;
use std::path::Path;

use super::openssl::{attempt, openssl};
use crate::factory::Station;

const PROFILE: &str = r#"name = "listed"
validity_days = 30
keys = ["ec-p256"]
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
crl_distribution_point = "http://crl.example/lists/{ca}.crl"
"#;

/// Issues to this device: its leaf lies in `NAME.pem`.
fn issue(station: &Station, name: &str) {
    let input = station.write(&format!("{name}.csv"), &format!("serial,registration_id\n{name},{name}\n"));
    let output = station.beside(&format!("{name}.out.csv"));
    let words = ["batch", "issue", "--profile", "listed", &input, output.to_str().unwrap()];
    station.ok(&[&words[..], &["--plaintext-keys"]].concat());
    let mut rows = csv::Reader::from_path(&output).unwrap();
    let place = rows.headers().unwrap().iter().position(|column| column == "certificate_pem").unwrap();
    let row = rows.records().next().unwrap().unwrap();
    station.write(&format!("{name}.pem"), &row[place]);
}

/// What stands for `{ca}` in the one address that a certificate names.
fn listed_at(station: &Station, name: &str) -> String {
    let words = ["x509", "-in", &format!("{name}.pem"), "-noout", "-ext", "crlDistributionPoints"];
    let text = openssl(station, &words);
    assert_eq!(text.matches("URI:").count(), 1, "{text}");
    let address = text.lines().find_map(|line| line.trim().strip_prefix("URI:")).unwrap();
    let id = address.strip_prefix("http://crl.example/lists/").unwrap().strip_suffix(".crl").unwrap();
    id.to_owned()
}

/// The list that lies in `ca` to be published under this name, as text, once this CA's key has verified it.
fn list(station: &Station, id: &str, ca: &str) -> String {
    let path = |file: &str| station.folder().join("ca").join(file).to_str().unwrap().to_owned();
    let words = ["crl", "-inform", "DER", "-in", &path(&format!("{id}.crl")), "-noout"];
    let judged = attempt(station, &[&words[..], &["-CAfile", &path(ca), "-verify"]].concat());
    assert!(judged.exit == 0 && judged.err.contains("verify OK"), "{ca}: {judged:?}");
    openssl(station, &[&words[..], &["-text"]].concat())
}

#[test]
fn certificates_before_and_after_a_renewal_each_name_the_list_of_their_own_ca() {
    let station = Station::found();
    fs::create_dir_all(station.folder().join("profiles")).unwrap();
    fs::write(station.folder().join("profiles/listed.toml"), PROFILE).unwrap();
    issue(&station, "dev-1");
    station.ok(&["ca", "renew"]);
    issue(&station, "dev-2");
    let (before, after) = (listed_at(&station, "dev-1"), listed_at(&station, "dev-2"));
    assert_ne!(before, after);
    let shown = station.json(&["ca", "show"]);
    assert_eq!(shown["issuing-1"]["facts"]["subject_key_id"], before);
    assert_eq!(shown["issuing"]["facts"]["subject_key_id"], after);

    let serial =
        |device: &str| station.json(&["ca", "export", device])["serial"].as_str().unwrap().to_owned();
    let (first, second) = (serial("dev-1"), serial("dev-2"));
    for serial in [&first, &second] {
        station.ok(&["ca", "revoke", serial, "--reason", "superseded"]);
    }
    let made = station.json(&["ca", "crl"]);
    let published = Path::new(made["publish"].as_str().unwrap());
    assert_eq!(published, station.folder().join(format!("ca/{after}.crl")));
    for (id, ca, listed, not) in
        [(&before, "issuing-1.pem", &first, &second), (&after, "issuing.pem", &second, &first)]
    {
        let text = list(&station, id, ca).to_lowercase();
        assert!(text.contains(listed.as_str()) && !text.contains(not.as_str()), "{ca}: {text}");
    }
    // one that is lost is put back when the station opens
    fs::remove_file(published).unwrap();
    station.serve().end();
    list(&station, &after, "issuing.pem");
}

#[test]
fn an_issuing_ca_is_not_renewed_under_a_profile_that_knows_one_list_only() {
    let station = Station::found();
    fs::create_dir_all(station.folder().join("profiles")).unwrap();
    let path = station.folder().join("profiles/listed.toml");
    fs::write(&path, PROFILE.replace("{ca}", "issuing")).unwrap();
    issue(&station, "dev-1");
    assert_eq!(listed_at(&station, "dev-1"), "issuing");
    let warned = || station.json(&["ca", "show"])["warnings"].to_string();
    assert!(warned().contains("profile listed would point to one revocation list"), "{}", warned());
    for renew in [&["ca", "renew"][..], &["ca", "renew", "--csr"]] {
        let told = station.refused(1, "LS-CER-35", renew);
        assert!(told.contains("profile listed"), "{told}");
    }
    // nothing was begun
    station.refused(1, "LS-CER-02", &["ca", "csr"]);
    assert_eq!(station.events("ceremony-held").len(), 1);
    fs::write(&path, PROFILE).unwrap();
    assert!(!warned().contains("profile listed"), "{}", warned());
    station.ok(&["ca", "renew"]);
    fs::write(&path, PROFILE.replace("lists/{ca}", "{serial}")).unwrap();
    let told = station.refused(2, "LS-CA-04", &["serve", "--listen", "127.0.0.1:0"]);
    assert!(told.contains("line 6: crl_distribution_point") && told.contains("{ca} once"), "{told}");
}
