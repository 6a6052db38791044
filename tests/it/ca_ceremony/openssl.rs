//! The openssl command beside a station, a root made with it, and a station that waits for that root's signature.

use std::fs;
use std::process::Command;

use crate::factory::process::{self, Ended};
use crate::factory::{PASSPHRASE, PASSWORD, Station};

/// What a root should put into the certificate of an issuing CA.
pub const EXTENSIONS: &str = "basicConstraints=critical,CA:TRUE,pathlen:0\n\
                              keyUsage=critical,keyCertSign,cRLSign\n\
                              subjectKeyIdentifier=hash\n\
                              authorityKeyIdentifier=keyid\n";

/// Runs openssl in the folder beside the station; it must succeed.
pub fn openssl(station: &Station, words: &[&str]) -> String {
    let ended = attempt(station, words);
    assert_eq!(ended.exit, 0, "openssl {words:?}: {}", ended.err);
    ended.out
}

/// The same, however it ends.
pub fn attempt(station: &Station, words: &[&str]) -> Ended {
    let mut command = Command::new("openssl");
    command.args(words).current_dir(station.beside(""));
    process::run(command)
}

/// A station whose root is elsewhere: its issuing CA waits for a certificate.
pub fn waiting() -> Station {
    let station = Station::unfounded();
    station.write("passphrase", PASSPHRASE);
    let password = station.write("password", PASSWORD);
    let words = ["init", "--company", "Example", "--external-root", "--password-file", &password];
    station.ok(&words);
    station
}

/// Makes a root `NAME.pem` with its key `NAME.key`; `key` are the arguments of `openssl genpkey`, `more` those of
/// `openssl req -x509`.
pub fn root(station: &Station, name: &str, key: &[&str], more: &[&str]) -> String {
    let (key_file, file) = (format!("{name}.key"), format!("{name}.pem"));
    openssl(station, &[&["genpkey", "-out", &key_file], key].concat());
    let subject = format!("/O=Example AG/CN=Example {name} Root");
    let request = ["req", "-x509", "-new", "-sha256", "-key", &key_file, "-subj", &subject];
    let rest = ["-days", "7000", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", &file];
    openssl(station, &[&request[..], &rest, more].concat());
    station.beside(&file).to_str().unwrap().to_owned()
}

/// The root most companies have.
pub const RSA: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"];
/// A root on P-384.
pub const P384: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];

/// Has the root of this name sign the request `csr.pem` with these extensions: `NAME.pem` is the certificate.
pub fn sign(station: &Station, root: &str, name: &str, extensions: &str, more: &[&str]) -> String {
    station.write("extensions", extensions);
    let (key, ca, file) = (format!("{root}.key"), format!("{root}.pem"), format!("{name}.pem"));
    let request = ["x509", "-req", "-in", "csr.pem", "-CA", &ca, "-CAkey", &key, "-sha384"];
    let days: &[&str] = if more.contains(&"-days") { &[] } else { &["-days", "3000"] };
    let rest = ["-extfile", "extensions", "-out", &file];
    openssl(station, &[&request[..], &rest, days, more].concat());
    station.beside(&file).to_str().unwrap().to_owned()
}

/// Issues a certificate to each of these devices, in one batch of this name.
pub fn issue(station: &Station, batch: &str, serials: &[&str]) {
    let mut table = "serial\n".to_owned();
    for serial in serials {
        table.push_str(&format!("{serial}\n"));
    }
    let input = station.write(&format!("{batch}.csv"), &table);
    let output = station.beside(&format!("{batch}.out.csv"));
    let output = output.to_str().unwrap();
    let recipe = station.folder().join("products/plain.toml");
    fs::write(recipe, RECIPE).unwrap();
    station.ok(&["batch", "issue", "--product", "plain", &input, output, "--plaintext-keys"]);
}

const RECIPE: &str = r#"
name = "plain"
[identify]
driver = "lineside"
[identity]
registration_id = "sn-{serial}"
[credential]
kind = "x509"
key = "station"
[prove]
method = "read-back"
[enroll]
service = "none"
"#;

/// Exports the certificate of a device to `NAME.pem` with its chain, the leaf alone to `NAME.leaf.pem`.
pub fn export(station: &Station, device: &str, name: &str) {
    let chain = station.ok(&["ca", "export", device]);
    let leaf = chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    station.write(&format!("{name}.leaf.pem"), leaf);
    station.write(&format!("{name}.pem"), &chain);
}

/// That openssl takes the chain exported under this name, to the station's own root, in its strict mode.
pub fn verifies(station: &Station, name: &str, root: &str) {
    let (chain, leaf) = (format!("{name}.pem"), format!("{name}.leaf.pem"));
    let words = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root];
    let out = openssl(station, &[&words[..], &["-untrusted", &chain, &leaf]].concat());
    assert_eq!(out, format!("{leaf}: OK\n"));
}
