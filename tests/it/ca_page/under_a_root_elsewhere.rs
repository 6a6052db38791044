//! The CA's pages while a certificate is waited for, and after a renewal: what to do, the key to compare, the CAs before.

use crate::ca_ceremony::openssl::{EXTENSIONS, P384, openssl, root, sign, waiting};
use crate::factory::process::Process;
use crate::factory::{SOON, Station};
use crate::pages::browser::{Answer, Browser};

/// Digest of the public key in `csr.pem`, as the keepers of the root see it.
fn fingerprint(station: &Station) -> String {
    openssl(station, &["req", "-in", "csr.pem", "-pubkey", "-noout", "-out", "key.pem"]);
    openssl(station, &["pkey", "-pubin", "-in", "key.pem", "-outform", "DER", "-out", "key.der"]);
    let told = openssl(station, &["dgst", "-sha256", "-r", "key.der"]);
    told.split_whitespace().next().unwrap().to_owned()
}

fn awaits(page: &Answer, key: &str) -> bool {
    assert_eq!(page.status, 200, "{}", page.body);
    page.body.contains(&format!("id=\"awaited-key\">{key}<"))
}

#[test]
fn the_page_says_what_to_do_until_the_certificate_is_there_and_keeps_the_cas_before() {
    let station = waiting();
    station.add_person("vera", "auditor");
    let csr = station.beside("csr.pem");
    station.ok(&["ca", "csr", "--out", csr.to_str().unwrap()]);
    let key = fingerprint(&station);
    let serving = station.serve();
    assert!(serving.locked, "there is nothing to sign with");
    let mut vera = Browser::logged_in(&serving, "vera");
    let page = vera.get("/ca");
    assert!(awaits(&page, &key), "{key}: {}", page.body);
    assert!(
        page.body.contains("lineside ca csr") && page.body.contains("lineside ca install"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("/ca/files/"), "{}", page.body);
    // nothing is locked that a passphrase would open, and one word for it is enough
    let locked = "The station is locked";
    assert!(!page.body.contains(locked) && !page.body.contains("This station waits for"), "{}", page.body);
    let other = vera.get("/devices").body;
    assert!(!other.contains(locked) && other.matches("This station waits for").count() == 1, "{other}");
    vera.get("/").goes_to("/unlock");
    let gate = vera.get("/unlock").body;
    assert!(gate.contains("line-1 waits for a certificate") && gate.contains("href=\"/ca\""), "{gate}");
    assert!(!gate.contains("is locked") && !gate.contains("name=\"passphrase\""), "{gate}");
    // whoever is not logged in comes there by logging in
    Browser::at(&serving.url).get("/ca").goes_to("/login");
    let ceremony = vera.get("/ca/ceremony");
    assert_eq!(ceremony.status, 200, "{}", ceremony.body);
    assert!(
        ceremony.body.contains("There is no certificate yet") && ceremony.body.contains(&key),
        "{}",
        ceremony.body
    );
    assert_eq!(serving.end().exit, 0);
    let mut at_the_terminal = Process::start(station.command(&["serve", "--listen", "127.0.0.1:0"]));
    let line = at_the_terminal.line_within(SOON).expect("it says where it is");
    assert!(line.contains("waits for the certificate") && !line.contains("locked"), "{line}");
    assert_eq!(at_the_terminal.terminate().exit, 0);

    let first = root(&station, "first", &P384, &[]);
    let certificate = sign(&station, "first", "one", EXTENSIONS, &[]);
    station.ok(&["ca", "install", &certificate, "--root", &first]);
    let asked = station.ok(&["ca", "renew", "--csr"]);
    station.write("csr.pem", &asked);
    let next = fingerprint(&station);
    assert_ne!(next, key);
    let serving = station.serve();
    let mut vera = Browser::logged_in(&serving, "vera");
    let page = vera.get("/ca");
    assert!(awaits(&page, &next) && page.body.contains("the present one goes on"), "{}", page.body);
    assert!(!page.body.contains("id=\"before\""), "{}", page.body);
    assert!(!page.body.contains("ca prove CODE --root"), "the root's key was never here: {}", page.body);
    let ceremony = vera.get("/ca/ceremony").body;
    assert_eq!(ceremony.matches("class=\"state good\"").count(), 2, "{ceremony}");
    assert!(ceremony.contains("CN=Example first Root") && !ceremony.contains("cert-serial"), "{ceremony}");
    assert_eq!(vera.get("/ca/files/issuing-1.pem").status, 404);
    assert_eq!(serving.end().exit, 0);

    // another root, so that both are kept
    let second = root(&station, "second", &P384, &[]);
    let certificate = sign(&station, "second", "two", EXTENSIONS, &[]);
    station.ok(&["ca", "install", &certificate, "--root", &second]);
    let serving = station.serve();
    let mut vera = Browser::logged_in(&serving, "vera");
    let page = vera.get("/ca");
    assert!(!page.body.contains("id=\"await\"") && page.body.contains("id=\"before\""), "{}", page.body);
    for (name, file) in [("issuing-1", "one.pem"), ("root-1", "first.pem")] {
        assert!(page.body.contains(&format!("/ca/files/{name}.pem")), "{}", page.body);
        let kept = vera.get(&format!("/ca/files/{name}.pem")).body;
        assert_eq!(station.write(file, &kept), station.beside(file).to_str().unwrap());
        assert_eq!(kept, std::fs::read_to_string(station.folder().join(format!("ca/{name}.pem"))).unwrap());
        assert_eq!(vera.get(&format!("/ca/files/{name}.cer")).status, 200);
    }
    assert!(page.body.contains("/ca/files/crl-1.pem"), "{}", page.body);
    let list = station.write("list.pem", &vera.get("/ca/files/crl-1.pem").body);
    openssl(&station, &["crl", "-in", &list, "-CAfile", "one.pem", "-noout", "-verify"]);
    for name in [
        "issuing-2.pem",
        "issuing-01.pem",
        "root-2.pem",
        "crl-2.pem",
        "crl-x.pem",
        "issuing-1.txt",
        "issuing-next.pem",
    ] {
        assert_eq!(vera.get(&format!("/ca/files/{name}")).status, 404, "{name}");
    }
    // two in use and two before, all as recorded
    assert_eq!(vera.get("/ca/ceremony").body.matches("class=\"state good\"").count(), 4);
    std::fs::copy(station.folder().join("ca/issuing.pem"), station.folder().join("ca/issuing-1.pem"))
        .unwrap();
    assert_eq!(vera.get("/ca/ceremony").body.matches("class=\"state good\"").count(), 4);
    std::fs::copy(station.folder().join("ca/root.pem"), station.folder().join("ca/issuing-1.pem")).unwrap();
    assert_eq!(vera.get("/ca/ceremony").body.matches("class=\"state bad\"").count(), 1);
}

#[test]
fn what_ca_show_warns_of_stands_on_the_page() {
    let station = Station::found();
    let profile = include_str!("../../../ca/profiles/device-p256.toml");
    let longer = profile.replacen("validity_days = 3650", "validity_days = 14610", 1);
    let longer = longer.replacen("\"device-p256\"", "\"longer\"", 1);
    assert_ne!(longer, profile);
    std::fs::create_dir_all(station.folder().join("profiles")).unwrap();
    std::fs::write(station.folder().join("profiles/longer.toml"), longer).unwrap();
    let warned = station.json(&["ca", "show"])["warnings"].to_string();
    assert!(warned.contains("profile longer") && warned.contains("root-key.age"), "{warned}");
    let serving = station.serve();
    let page = Browser::logged_in(&serving, "admin").get("/ca");
    assert!(page.body.contains("profile longer") && page.body.contains("root-key.age"), "{}", page.body);
    assert!(page.body.contains("ca prove CODE --root"), "{}", page.body);
}
