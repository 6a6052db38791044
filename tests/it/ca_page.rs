//! The CA's pages: chain and revocation list as files that openssl accepts, the ceremony's record, and the proof of
//! possession that Azure asks for.

mod under_a_root_elsewhere;

use std::process::Command;

use crate::factory::Station;
use crate::factory::bench::Bench;
use crate::factory::process::{self, Ended};
use crate::pages::browser::Browser;

/// Such a code as Azure gives.
const CODE: &str = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF";

fn openssl(words: &[&str]) -> Ended {
    let mut openssl = Command::new("openssl");
    openssl.args(words);
    process::run(openssl)
}

/// The proof is what Azure wants: judged by openssl alone.
fn judge(proof: &str, ca: &str) {
    let verified = openssl(&["verify", "-x509_strict", "-partial_chain", "-CAfile", ca, proof]);
    assert_eq!(verified.exit, 0, "{verified:?}");
    let text = openssl(&["x509", "-in", proof, "-noout", "-text", "-subject", "-nameopt", "RFC2253"]).out;
    assert!(text.contains(&format!("subject=CN={CODE}\n")), "{text}");
    assert!(text.contains("CA:FALSE") && !text.contains("CA:TRUE"), "{text}");
    assert!(!text.contains("Extended Key Usage"), "{text}");
    let seven_days = (7 * 86_400).to_string();
    let ends = openssl(&["x509", "-in", proof, "-noout", "-checkend", &seven_days]);
    assert_eq!(ends.exit, 1, "it is over within seven days");
    assert_eq!(openssl(&["x509", "-in", proof, "-noout", "-checkend", "86400"]).exit, 0);
}

#[test]
fn the_page_shows_the_chain_and_hands_out_its_files() {
    let station = Station::found();
    station.add_person("vera", "auditor");
    let serving = station.serve();
    let mut auditor = Browser::logged_in(&serving, "vera");
    let page = auditor.get("/ca");
    assert_eq!(page.status, 200);
    let shown = station.json(&["ca", "show"]);
    for name in ["root", "issuing"] {
        let facts = &shown[name]["facts"];
        for fact in ["subject", "serial", "sha256"] {
            assert!(page.body.contains(facts[fact].as_str().unwrap()), "{name} {fact}: {}", page.body);
        }
        let file = station.folder().join(format!("ca/{name}.pem"));
        let on_disk = std::fs::read_to_string(&file).unwrap();
        assert_eq!(auditor.get(&format!("/ca/files/{name}.pem")).body, on_disk);
        let sha1 = openssl(&["x509", "-in", file.to_str().unwrap(), "-noout", "-fingerprint", "-sha1"]).out;
        let sha1 = sha1.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
        assert!(page.body.contains(&sha1), "{sha1}: {}", page.body);
    }
    assert!(page.body.contains("root-key.age"), "the root's key still lies there: {}", page.body);
    std::fs::remove_file(station.folder().join("root-key.age")).unwrap();
    assert!(!auditor.get("/ca").body.contains("still lies"));

    let chain = station.write("chain.pem", &auditor.get("/ca/files/chain.pem").body);
    let root = station.write("root.pem", &auditor.get("/ca/files/root.pem").body);
    let verified = openssl(&["verify", "-x509_strict", "-CAfile", &root, &chain]);
    assert_eq!(verified.exit, 0, "{verified:?}");
    let list = station.write("list.pem", &auditor.get("/ca/files/list.pem").body);
    let issuing = station.write("issuing.pem", &auditor.get("/ca/files/issuing.pem").body);
    let verified = openssl(&["crl", "-in", &list, "-CAfile", &issuing, "-noout"]);
    assert!(verified.exit == 0 && verified.err.contains("verify OK"), "{verified:?}");
    for name in ["root.age", "..%2Fstation.toml", "vault.age", "audit.vkey"] {
        assert_eq!(auditor.get(&format!("/ca/files/{name}")).status, 404, "{name}");
    }
    let ceremony = auditor.get("/ca/ceremony");
    assert_eq!(ceremony.body.matches("CA made").count(), 2, "{}", ceremony.body);
    assert_eq!(ceremony.body.matches("class=\"state good\"").count(), 2, "{}", ceremony.body);
    std::fs::copy(station.folder().join("ca/issuing.pem"), station.folder().join("ca/root.pem")).unwrap();
    assert_eq!(auditor.get("/ca/ceremony").body.matches("class=\"state bad\"").count(), 1);
}

#[test]
fn a_list_that_lacks_a_withdrawn_certificate_is_due_and_is_issued_by_an_administrator() {
    let station = Station::found();
    station.add_person("ada", "engineer");
    let bench = Bench::plug(&station, 1, "GW", &[]);
    station.ok(&["provision", "--port", bench.port(), "--product", "demo-gateway"]);
    let serial = station.sqlite("SELECT serial FROM certificate");
    station.ok(&["ca", "revoke", &serial, "--reason", "keyCompromise"]);
    let serving = station.serve();
    let mut admin = Browser::logged_in(&serving, "admin");
    let page = admin.get("/ca");
    assert!(page.body.contains("id=\"list-due\""), "{}", page.body);
    let mut engineer = Browser::logged_in(&serving, "ada");
    let csrf = engineer.get("/ca").csrf();
    assert_eq!(engineer.post("/ca/crl", &[("csrf", &csrf)]).status, 403);
    admin.post("/ca/crl", &[("csrf", &page.csrf())]).goes_to("/ca");
    let page = admin.get("/ca");
    assert!(
        !page.body.contains("id=\"list-due\"") && page.body.contains("List 2 with 1 entries"),
        "{}",
        page.body
    );
    let list = station.write("list.pem", &admin.get("/ca/files/list.pem").body);
    let text = openssl(&["crl", "-in", &list, "-noout", "-text"]).out.to_lowercase();
    assert!(text.contains(&serial) && text.contains("key compromise"), "{text}");
    assert_eq!(station.events("crl-issued").len(), 2);
}

#[test]
fn the_proof_of_possession_is_made_for_a_code_and_for_nothing_else() {
    let station = Station::found();
    station.add_person("ada", "engineer");
    let serving = station.serve();
    let mut admin = Browser::logged_in(&serving, "admin");
    let csrf = admin.get("/ca").csrf();
    let answer = admin.post("/ca/prove", &[("csrf", &csrf), ("code", &format!(" {CODE} "))]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-pem-file")));
    let proof = station.write("proof.pem", &answer.body);
    let issuing = station.folder().join("ca/issuing.pem");
    judge(&proof, issuing.to_str().unwrap());
    let event = &station.events("possession-proven")[0];
    assert_eq!((&event["ca"], &event["verification-code"]), (&"issuing".into(), &CODE.into()));
    assert!(!answer.body.contains("PRIVATE"));

    for bad in
        ["", "short", "gw-gw00001-mac-02-4c-53-01-00-01-aa", &"A".repeat(65), &format!("{CODE}/O=Evil")]
    {
        admin.post("/ca/prove", &[("csrf", &csrf), ("code", bad)]).goes_to("/ca");
        assert!(admin.get("/ca").body.contains("LS-CA-13"), "{bad}");
    }
    let mut engineer = Browser::logged_in(&serving, "ada");
    let page = engineer.get("/ca");
    assert!(!page.body.contains("name=\"code\""), "{}", page.body);
    let answer = engineer.post("/ca/prove", &[("csrf", &page.csrf()), ("code", CODE)]);
    assert_eq!(answer.status, 403);
    assert_eq!(station.events("possession-proven").len(), 1);
}

#[test]
fn a_device_with_such_a_name_gets_no_second_identity_from_a_proof() {
    let station = Station::found();
    let name = CODE.to_lowercase();
    station.sqlite(&format!(
        "INSERT INTO device (serial, serial_folded, registration_id, device_id, state, created)
         VALUES ('X-1', 'x-1', '{name}', '{name}', 'provisioned', 1)"
    ));
    for code in [CODE, &name] {
        station.refused(1, "LS-CA-13", &["ca", "prove", code]);
    }
    assert!(station.events("possession-proven").is_empty());
    assert_eq!(station.events("refused").len(), 2);
}

#[test]
fn the_command_line_proves_issuing_and_root_and_a_locked_station_says_so() {
    let station = Station::found();
    for (words, ca) in [(&["ca", "prove", CODE][..], "issuing"), (&["ca", "prove", CODE, "--root"], "root")] {
        let proof = station.write("proof.pem", &station.ok(words));
        judge(&proof, station.folder().join(format!("ca/{ca}.pem")).to_str().unwrap());
    }
    std::fs::remove_file(station.folder().join("root-key.age")).unwrap();
    station.refused(1, "LS-VAULT-10", &["ca", "prove", CODE, "--root"]);
    let serving = station.serve_locked();
    let mut admin = Browser::logged_in(&serving, "admin");
    let page = admin.get("/ca");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("href=\"/unlock\"") && !page.body.contains("name=\"code\""), "{}", page.body);
    admin.post("/ca/prove", &[("csrf", &page.csrf()), ("code", CODE)]).goes_to("/ca");
    assert!(admin.get("/ca").body.contains("LS-VAULT-01"));
}
