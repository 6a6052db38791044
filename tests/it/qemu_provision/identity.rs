//! What a Linux device must hold after a PASS, looked at on the device itself, and compared with what the station
//! has on record and gives out.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lineside::domain::digest::Digest;
use p256::pkcs8::DecodePrivateKey;

use crate::factory::{Station, process};
use crate::qemu::console::Console;

/// Where the recipe puts things.
const KEY: &str = "/etc/aziot/keys/device-id.key.pem";
const CHAIN: &str = "/etc/aziot/certs/device-id.cert.pem";
const CONFIG: &str = "/etc/aziot/config.toml";

/// The identity of a device, as the device holds it.
pub struct Identity {
    /// SHA-256 of the certificate's DER.
    pub sha256: String,
    /// The private key in every form in which it could lie in a file or stand in a log.
    key_forms: Vec<Vec<u8>>,
}

/// Looks at the device, which must be logged out: everything of its identity is there, is right, and nothing else
/// was left. `scope` is the DPS it must know: ID scope and endpoint.
pub fn on_device(port: &Path, station: &Station, id: &str, scope: (&str, &str)) -> Identity {
    let mut console = Console::log_in(port);
    let files = console.words("find /etc/aziot /root /tmp /var -type f");
    let files: BTreeSet<&str> = files.iter().map(String::as_str).collect();
    assert_eq!(files, BTreeSet::from([KEY, CHAIN, CONFIG]), "nothing temporary is left, and no history");
    assert_eq!(
        console.words(&format!("stat -c '%a %u %n' {KEY} {CHAIN} {CONFIG}")),
        [["600", "0", KEY], ["644", "0", CHAIN], ["640", "0", CONFIG],].concat()
    );

    let exported = station.ok(&["ca", "export", id]);
    let digest = console.words(&format!("sha256sum {CHAIN}"));
    assert_eq!(digest[0], Digest::of(exported.as_bytes()).to_string(), "the chain is the exported one");
    config_is_right(&console.file(CONFIG), id, scope);

    // the device's own openssl judges whether key and certificate belong together
    let of_certificate = console.run(&format!("openssl x509 -in {CHAIN} -noout -pubkey"));
    let of_key = console.run(&format!("openssl pkey -in {KEY} -pubout"));
    assert!(of_key.starts_with("-----BEGIN PUBLIC KEY-----"), "{of_key}");
    assert_eq!(of_certificate, of_key);

    let key_pem = String::from_utf8(console.file(KEY)).expect("PEM is text");
    console.log_out();
    let sha256 = chain_verifies(station, &exported);
    let key_forms = key_forms(&key_pem);
    Identity { sha256, key_forms }
}

/// The digests of the identity's files as they lie on the device now.
pub fn fingerprint(port: &Path) -> String {
    let mut console = Console::log_in(port);
    let digests = console.run(&format!("sha256sum {KEY} {CHAIN} {CONFIG}"));
    console.log_out();
    digests
}

/// The TOML that IoT Edge reads.
fn config_is_right(bytes: &[u8], id: &str, (id_scope, endpoint): (&str, &str)) {
    let config: toml::Table = toml::from_str(std::str::from_utf8(bytes).expect("text")).expect("TOML");
    let provisioning = &config["provisioning"];
    assert_eq!(provisioning["source"].as_str(), Some("dps"));
    assert_eq!(provisioning["id_scope"].as_str(), Some(id_scope));
    assert_eq!(provisioning["global_endpoint"].as_str(), Some(endpoint));
    let attestation = &provisioning["attestation"];
    assert_eq!(attestation["method"].as_str(), Some("x509"));
    assert_eq!(attestation["registration_id"].as_str(), Some(id));
    assert_eq!(attestation["identity_cert"].as_str(), Some(format!("file://{CHAIN}").as_str()));
    assert_eq!(attestation["identity_pk"].as_str(), Some(format!("file://{KEY}").as_str()));
}

/// The exported chain as openssl judges it under the exported root, and the SHA-256 of its first certificate.
fn chain_verifies(station: &Station, chain: &str) -> String {
    let end = "-----END CERTIFICATE-----\n";
    let (leaf, issuing) = chain.split_at(chain.find(end).expect("a certificate") + end.len());
    let (leaf, issuing) = (station.write("leaf.pem", leaf), station.write("issuing.pem", issuing));
    let mut openssl = Command::new("openssl");
    openssl.args(["verify", "-x509_strict", "-CAfile"]).arg(station.folder().join("ca/root.pem"));
    openssl.args(["-untrusted", &issuing, &leaf]);
    let judged = process::run(openssl);
    assert_eq!((judged.exit, judged.out), (0, format!("{leaf}: OK\n")), "{}", judged.err);
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-in", &leaf, "-noout", "-fingerprint", "-sha256"]);
    let printed = process::run(openssl).out;
    let (_, fingerprint) = printed.trim().split_once('=').expect("a fingerprint");
    fingerprint.replace(':', "").to_lowercase()
}

fn key_forms(pem: &str) -> Vec<Vec<u8>> {
    let scalar = p256::SecretKey::from_pkcs8_pem(pem).expect("a P-256 key in PKCS#8").to_bytes();
    let hex = hex::encode(scalar);
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64.decode(&body).expect("PEM is base64");
    let at = der.windows(32).position(|bytes| bytes == scalar.as_slice()).expect("the key is in its file");
    // short pieces, for a log may cut lines; only those that hold nothing but the scalar
    let coded = body.as_bytes()[at.div_ceil(3) * 4..(at + 32) / 3 * 4].chunks_exact(12);
    let hex_pieces = [hex.as_bytes(), hex.to_uppercase().as_bytes()].concat();
    let pieces = coded.chain(hex_pieces.chunks_exact(16)).chain(scalar.chunks_exact(8));
    pieces.map(<[u8]>::to_vec).collect()
}

impl Identity {
    /// Neither the private key nor the console's password stands in the log, nor in the conversation with the
    /// device that the log tells in bits and pieces.
    pub fn is_not_told_by(&self, log: &str) {
        let plain: String =
            log.split('\u{1b}').map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)).collect();
        let told = |line| ["received=", "sent="].iter().find_map(|word| Some(str::split_once(line, word)?.1));
        let told: String = plain.lines().filter_map(told).collect();
        assert!(told.contains("GW-0001"), "the device's serial number is not found in {told}");
        for text in [&plain, &told] {
            self.key_is_not_in("the log", text.as_bytes());
            assert!(!text.contains("factory1"), "the log holds the console's password");
        }
    }

    /// The private key stands nowhere in these bytes.
    fn key_is_not_in(&self, what: &str, bytes: &[u8]) {
        assert!(self.key_forms.len() >= 10);
        for form in &self.key_forms {
            assert!(!contains(bytes, form), "{what} holds the device's private key");
        }
        assert!(!contains(bytes, b"PRIVATE KEY---"), "{what} holds some private key in clear");
    }

    /// The private key stands in no file of the station, nor does the console's password; the certificate does.
    pub fn key_is_not_with(&self, station: &Station) {
        let certificate = station.json(&["ca", "export", &self.sha256_serial(station)]);
        let pem = certificate["chain_pem"].as_str().expect("a chain");
        let body: String = pem.lines().skip(1).take_while(|line| !line.starts_with("-----")).collect();
        let der = BASE64.decode(body).expect("PEM is base64");
        let mut found = false;
        for (name, bytes) in all_files(station.folder()) {
            self.key_is_not_in(&name, &bytes);
            assert!(!contains(&bytes, b"factory1"), "{name} holds the console's password");
            // SQLite splits what is longer than a page
            found |= contains(&bytes, &der[..256]);
        }
        assert!(found, "the search does not find what is there");
    }

    fn sha256_serial(&self, station: &Station) -> String {
        station.sqlite(&format!("SELECT serial FROM certificate WHERE sha256 = '{}'", self.sha256))
    }
}

fn contains(bytes: &[u8], piece: &[u8]) -> bool {
    let first = piece[0];
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == first) {
        if bytes[at + next..].starts_with(piece) {
            return true;
        }
        at += next + 1;
    }
    false
}

/// Every file below a folder with its bytes.
fn all_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the station's folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
        }
    }
    found
}
