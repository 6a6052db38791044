//! `copies = 2`: a primary and a secondary certificate for one device, each with a key of its own, from the recipe to
//! Azure; what becomes of the device when one of them is revoked, and which requests get two.

use std::fs;

use serde_json::{Value, json};

use crate::ca_sign::killed::kill_at;
use crate::crash::plant::two_certificates;
use crate::factory::azure::Azure;
use crate::factory::bench::Bench;
use crate::factory::{Station, process};

/// The registration ID of the bench's first gateway.
const ID: &str = "gw-gw00001-mac-02-4c-53-01-00-01";

fn station_with(recipe: &str) -> Station {
    let station = Station::found();
    fs::write(station.folder().join("products/demo-gateway.toml"), recipe).unwrap();
    station
}

fn provision(station: &Station, bench: &Bench) -> Value {
    let words = ["provision", "--port", bench.port(), "--product", "demo-gateway", "--json"];
    serde_json::from_str(&station.run(&words).out).unwrap()
}

fn passes(station: &Station, bench: &Bench) -> Value {
    let ending = provision(station, bench);
    assert_eq!(ending["verdict"], "PASS", "{ending}");
    station.json(&["run", "show", &ending["run"].to_string()])
}

/// The certificates that Azure lets in under the bench's ID, primary first.
fn enrolled(azure: &Azure) -> (bool, Vec<String>) {
    enrolled_as(azure, ID)
}

/// The same under any ID.
pub fn enrolled_as(azure: &Azure, id: &str) -> (bool, Vec<String>) {
    let record = azure.enrollment(id).expect("it is enrolled");
    let is_enabled = record.is_enabled();
    let certificates = record.attestation.x509.unwrap().client_certificates.unwrap();
    let thumbprint = |one: lineside::azure::enrollment::CertificateWithInfo| {
        one.info.unwrap().sha256_thumbprint.unwrap().to_ascii_lowercase()
    };
    (
        is_enabled,
        [certificates.primary, certificates.secondary].into_iter().flatten().map(thumbprint).collect(),
    )
}

fn sha256(certificate: &Value) -> String {
    certificate["sha256"].as_str().expect("it was issued").to_owned()
}

fn openssl(words: &[&str]) -> String {
    let mut command = std::process::Command::new("openssl");
    command.args(words);
    let ended = process::run(command);
    assert_eq!(ended.exit, 0, "{words:?}: {ended:?}");
    ended.out
}

#[test]
fn a_device_gets_two_certificates_for_two_keys_of_its_own() {
    let station = station_with(&two_certificates());
    let azure = Azure::of(&station);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    let run = passes(&station, &bench);
    let (primary, secondary) = (&run["certificate"], &run["secondary_certificate"]);
    assert_ne!(primary["public_key"], secondary["public_key"]);
    assert_eq!((&primary["state"], &secondary["state"]), (&json!("issued"), &json!("issued")));

    let at = |name: &str| station.beside(&format!("devices/GW00001/{name}")).to_str().unwrap().to_owned();
    let root = station.folder().join("ca/root.pem").to_str().unwrap().to_owned();
    for (which, chain, key, row) in [
        (&[][..], "files/chain.pem", "key.pem", primary),
        (&["--secondary"][..], "files/secondary-chain.pem", "secondary-key.pem", secondary),
    ] {
        let (chain, key) = (at(chain), at(key));
        let exported = station.ok(&[&["ca", "export", "GW00001"][..], which].concat());
        assert_eq!(fs::read_to_string(&chain).unwrap(), exported, "the device holds what is on record");
        openssl(&["verify", "-x509_strict", "-CAfile", &root, "-untrusted", &chain, &chain]);
        let of_certificate = openssl(&["x509", "-in", &chain, "-noout", "-pubkey"]);
        assert_eq!(of_certificate, openssl(&["pkey", "-in", &key, "-pubout"]));
        // the thumbprints a person types into a portal
        for (digest, name) in [("-sha1", "sha1"), ("-sha256", "sha256")] {
            let fingerprint = openssl(&["x509", "-in", &chain, "-noout", "-fingerprint", digest]);
            let digits = fingerprint.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
            assert_eq!(row[name], digits, "{row}");
        }
    }
    assert_eq!(station.sqlite("SELECT issued FROM work_order"), "1", "one unit for one device");
    assert_eq!(station.events("issue-intended").len(), 2);
    station.ok(&["enroll", "push"]);
    assert_eq!(enrolled(&azure), (true, vec![sha256(primary), sha256(secondary)]));
    // asked again, what stands at Azure is ours
    assert_eq!(station.json(&["audit", "verify"])["sound"], true);
}

#[test]
fn the_other_certificate_goes_on_when_one_is_revoked_and_re_work_replaces_both() {
    let station = station_with(&two_certificates());
    let azure = Azure::of(&station);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    let first = passes(&station, &bench);
    station.ok(&["enroll", "push"]);
    let revoke = |certificate: &Value| {
        let serial = certificate["serial"].as_str().unwrap();
        station.ok(&["ca", "revoke", serial, "--reason", "keyCompromise"]);
        station.ok(&["enroll", "push"]);
    };
    revoke(&first["certificate"]);
    assert_eq!(enrolled(&azure), (true, vec![sha256(&first["secondary_certificate"])]), "it goes on");
    revoke(&first["secondary_certificate"]);
    assert!(!enrolled(&azure).0, "nothing is left of it");
    let outcomes: Vec<Value> =
        station.events("enrollment-sent").into_iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["created", "disabled", "replaced", "disabled"]);

    station.ok(&["run", "supersede", &first["run"].to_string()]);
    let second = passes(&station, &bench);
    station.ok(&["enroll", "push"]);
    let both = vec![sha256(&second["certificate"]), sha256(&second["secondary_certificate"])];
    assert_eq!(enrolled(&azure), (true, both));

    station.ok(&["run", "supersede", &second["run"].to_string()]);
    let third = passes(&station, &bench);
    let successor = |of: &Value| {
        let serial = of["serial"].as_str().unwrap();
        station.sqlite(&format!("SELECT successor FROM certificate WHERE serial = '{serial}'"))
    };
    for name in ["certificate", "secondary_certificate"] {
        assert_eq!(third[name]["serial"], successor(&second[name]), "{name}");
    }
    station.ok(&["ca", "crl"]);
    let list = station.folder().join("ca/crl.pem");
    let text = openssl(&["crl", "-in", list.to_str().unwrap(), "-noout", "-text"]);
    assert_eq!(text.matches("Serial Number: ").count(), 4, "{text}");
    assert_eq!(station.json(&["audit", "verify"])["sound"], true);
}

#[test]
fn the_station_makes_both_keys_where_the_recipe_says_so_and_keeps_neither() {
    let second = "[[inject]]\npath = \"key.pem\"\ntemplate = \"private-key\"\n\n\
                  [[inject]]\npath = \"secondary-key.pem\"\ntemplate = \"secondary-private-key\"\n\n[prove]";
    let recipe = two_certificates().replace("on-device", "station").replace("[prove]", second);
    let station = station_with(&recipe);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    passes(&station, &bench);
    let mut keys = Vec::new();
    for (chain, key) in [("chain.pem", "key.pem"), ("secondary-chain.pem", "secondary-key.pem")] {
        let at = |name: &str| station.beside(&format!("devices/GW00001/files/{name}"));
        let (chain, key) = (at(chain), at(key));
        let of_certificate = openssl(&["x509", "-in", chain.to_str().unwrap(), "-noout", "-pubkey"]);
        assert_eq!(of_certificate, openssl(&["pkey", "-in", key.to_str().unwrap(), "-pubout"]));
        keys.push(of_certificate);
    }
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_device_that_uses_one_key_for_both_is_refused() {
    let station = station_with(&two_certificates());
    let bench = Bench::plug(&station, 1, "GW", &["--fault", "cloned-key"]);
    let ending = provision(&station, &bench);
    assert_eq!((&ending["verdict"], &ending["code"]), (&json!("FAIL"), &json!("LS-CSR-14")), "{ending}");
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "0");
}

/// A station with a released lot of devices that get two certificates, and requests for new keys made by openssl.
fn with_requests<const N: usize>(quantity: u32) -> (Station, [String; N]) {
    let station = station_with(&two_certificates());
    station.release("lot-1", "demo-gateway", quantity, 0);
    let requests = std::array::from_fn(|at| {
        let path = |name: &str| station.beside(&format!("{name}-{at}")).to_str().unwrap().to_owned();
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=x"];
        let files = ["-keyout", &path("key"), "-out", &path("request")];
        openssl(&[&["req", "-new"], &curve[..], &files[..]].concat());
        path("request")
    });
    (station, requests)
}

#[test]
fn two_requests_get_both_certificates_under_one_unit() {
    let (station, [first, second]) = with_requests(1);
    let at = |name: &str| station.beside(name).to_str().unwrap().to_owned();
    let (chain, other) = (at("chain.pem"), at("secondary-chain.pem"));
    let words =
        ["ca", "sign", &first, "--device-id", "gw-1", "--work-order", "lot-1", "--secondary-csr", &second];
    let said = station.refused(2, "LS-SET-07", &[&words[..], &["--out", &chain]].concat());
    assert!(said.contains("--secondary-out"), "{said}");
    let signed = station.json(&[&words[..], &["--out", &chain, "--secondary-out", &other]].concat());
    let root = station.folder().join("ca/root.pem").to_str().unwrap().to_owned();
    let shown = station.json(&["run", "show", &signed["run"].to_string()]);
    for (told, name, chain, request) in [
        (&signed, "certificate", &chain, &first),
        (&signed["secondary"], "secondary_certificate", &other, &second),
    ] {
        openssl(&["verify", "-x509_strict", "-CAfile", &root, "-untrusted", chain, chain]);
        let of_certificate = openssl(&["x509", "-in", chain, "-noout", "-pubkey"]);
        assert_eq!(of_certificate, openssl(&["req", "-in", request, "-noout", "-pubkey"]));
        assert_eq!(fs::read_to_string(chain).unwrap(), told["chain_pem"].as_str().unwrap());
        assert_eq!((&told["sha256"], &told["out"]), (&shown[name]["sha256"], &json!(chain)));
        assert_eq!(told["sha1"], shown[name]["sha1"]);
    }
    assert_eq!(station.sqlite("SELECT issued || '/' || passed FROM work_order"), "1/1");
    assert_eq!(station.events("certificate-issued").len(), 2);
    let body: Value = serde_json::from_str(&station.sqlite("SELECT body FROM outbox")).unwrap();
    let both = json!({ "primary": signed["cert_serial"], "secondary": signed["secondary"]["cert_serial"] });
    assert_eq!(body["attestation"], json!({ "certificates": both }), "{body}");
    assert_eq!(station.json(&["audit", "verify"])["sound"], true);
}

#[test]
fn requests_that_are_not_for_two_keys_of_such_a_recipe_are_refused_and_killed_ones_are_void() {
    let (station, [first, second, third]) = with_requests(2);
    let words = ["ca", "sign", &first, "--device-id", "gw-1", "--work-order", "lot-1"];
    station.refused(1, "LS-CA-43", &words);
    station.refused(1, "LS-CSR-14", &[&words[..], &["--secondary-csr", &first]].concat());
    let alone = ["ca", "sign", &first, "--device-id", "gw-1", "--secondary-csr", &second];
    station.refused(2, "LS-SET-07", &alone);
    station.refused(2, "LS-SET-07", &[&words[..], &["--secondary-out", "x"]].concat());
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "0");

    let both = [&words[..], &["--secondary-csr", &second]].concat();
    kill_at(&station, "signed", &both);
    station.ok(&["run", "supersede", "1", "--reason", "killed"]);
    assert_eq!(station.sqlite("SELECT state FROM certificate"), "void\nvoid");
    let chains = station.ok(&both);
    assert_eq!(
        chains.matches("-----BEGIN CERTIFICATE-----").count(),
        4,
        "each with the issuing CA's behind it"
    );
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate WHERE state = 'issued'"), "2");
    // a key that a device has, as the second of another one
    let other =
        ["ca", "sign", &third, "--device-id", "gw-2", "--work-order", "lot-1", "--secondary-csr", &second];
    station.refused(1, "LS-WO-04", &other);
    station.release("lot-2", "demo-gateway", 1, 0);
    let other =
        ["ca", "sign", &third, "--device-id", "gw-2", "--work-order", "lot-2", "--secondary-csr", &second];
    station.refused(1, "LS-DUP-04", &other);
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "4");
    station.ok(&["ca", "crl"]);
    let list = station.folder().join("ca/crl.pem");
    let text = openssl(&["crl", "-in", list.to_str().unwrap(), "-noout", "-text"]);
    assert_eq!(text.matches("Serial Number: ").count(), 2, "{text}");
    assert_eq!(station.json(&["audit", "verify"])["sound"], true);
}

#[test]
fn a_recipe_of_two_certificates_writes_both_to_the_device() {
    let station = station_with(&two_certificates());
    let without_file = two_certificates().replace("secondary-chain\"", "chain\"");
    let faulty = station.write("faulty.toml", &without_file);
    let said = station.refused(1, "LS-SET-01", &["product", "check", &faulty]);
    assert!(said.contains("one fault"), "{said}");
}
