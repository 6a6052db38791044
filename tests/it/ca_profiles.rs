//! Every profile that comes with the product, and one with all a profile can say: a station issues under it, and openssl,
//! webpki and pkilint judge the certificate.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde_json::Value;

use lineside::domain::digest::Digest;

use crate::api::judge::judge;
use crate::ca_ceremony::openssl::{EXTENSIONS, openssl, waiting};
use crate::factory::Station;

/// What `openssl ca` needs to know to end certificates when we want.
const CONFIGURATION: &str = "[ca]\ndefault_ca = here\n[here]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\n\
    default_md = sha384\npolicy = any\n[any]\norganizationName = optional\ncommonName = supplied\n";
/// No well-defined end (RFC 5280 §4.1.2.5).
const NEVER: [&str; 2] = ["-enddate", "99991231235959Z"];

/// A verification code as Azure gives it.
const CODE: &str = "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F5";
/// All that a profile can say.
const FULL: &str = r#"name = "full"
validity_days = 30
backdate_hours = 2
ends_before = "2099-01-01"
keys = ["ec-p384", "ec-p256"]
key_usage = ["digital-signature", "key-agreement"]
extended_key_usage = ["client-auth", "server-auth"]
crl_distribution_point = "http://crl.example/{ca}.crl"
[subject]
country = "DE"
organization = "Example Gerätebau"
organizational_unit = "Line 1"
serial_number = "{serial}"
[san]
dns = ["{registration_id}.plant.example"]
uri = ["https://devices.example/{serial}"]
"#;

/// As little as a certificate may hold.
const BARE: &str = r#"name = "bare"
validity_days = 30
keys = ["ec-p256"]
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
[extensions]
subject_key_identifier = false
authority_key_identifier = true
"#;

/// A station under a root that never ends, like its issuing CA.
fn endless() -> Station {
    let station = waiting();
    station.write("ca.cnf", CONFIGURATION);
    station.write("index.txt", "");
    station.write("extensions", EXTENSIONS);
    station.write(
        "root.ext",
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n",
    );
    station.ok(&["ca", "csr", "--out", station.beside("csr.pem").to_str().unwrap()]);
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-noenc", "-keyout", "root.key"];
    openssl(
        &station,
        &[&["req", "-new", "-subj", "/O=Example AG/CN=Example IDevID Root", "-out", "root.csr"], &key[..]]
            .concat(),
    );
    let sign = ["ca", "-config", "ca.cnf", "-batch", "-notext", "-preserveDN", "-keyfile", "root.key"];
    let root = ["-selfsign", "-in", "root.csr", "-extfile", "root.ext", "-out", "root.pem"];
    openssl(&station, &[&sign[..], &root, &NEVER].concat());
    let issuing = ["-cert", "root.pem", "-in", "csr.pem", "-extfile", "extensions", "-out", "issuing.pem"];
    openssl(&station, &[&sign[..], &issuing, &NEVER].concat());
    let path = |name: &str| station.beside(name).to_str().unwrap().to_owned();
    station.ok(&["ca", "install", &path("issuing.pem"), "--root", &path("root.pem")]);
    station
}

/// Issues to one device under this profile: the leaf's PEM.
fn issue(station: &Station, profile: &str, request: Option<&[u8]>) -> String {
    let csr = request.map(|der| BASE64_STANDARD.encode(der)).unwrap_or_default();
    let table = match request {
        Some(_) => format!("serial,registration_id,csr\nSN-{profile},dev-{profile},{csr}\n"),
        None => format!("serial,registration_id\nSN-{profile},dev-{profile}\n"),
    };
    let input = station.write(&format!("{profile}.csv"), &table);
    let output = station.beside(&format!("{profile}.out.csv"));
    let words = ["batch", "issue", "--profile", profile, &input, output.to_str().unwrap()];
    let keys: &[&str] = if request.is_some() { &[] } else { &["--plaintext-keys"] };
    station.ok(&[&words[..], keys].concat());
    let mut rows = csv::Reader::from_path(&output).unwrap();
    let place = rows.headers().unwrap().iter().position(|name| name == "certificate_pem").unwrap();
    let row = rows.records().next().unwrap().unwrap();
    row.get(place).unwrap().to_owned()
}

/// webpki's judgement of a leaf for TLS client authentication, now.
fn webpki_takes(leaf: &str, issuing: &str, root: &str) {
    let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let (leaf, issuing, root) = (der(leaf), der(issuing), der(root));
    let anchor = webpki::anchor_from_trusted_cert(&root).unwrap();
    let end = webpki::EndEntityCert::try_from(&leaf).unwrap();
    let (anchors, chain) = ([anchor], [issuing]);
    let judged = end.verify_for_usage(
        &[webpki::aws_lc_rs::ECDSA_P384_SHA384],
        &anchors,
        &chain,
        UnixTime::now(),
        webpki::KeyUsage::client_auth(),
        None,
        None,
    );
    assert!(judged.is_ok(), "{:?}", judged.err());
}

/// Findings of pkilint that are errors, in these certificates.
fn errors(certificates: &[&str]) -> Vec<Value> {
    let judged = judge("certificates.py", &certificates.concat());
    assert_eq!(judged["judged"], certificates.len());
    let findings = judged["findings"].as_array().unwrap();
    let bad = |found: &&Value| {
        !["DEBUG", "INFO", "NOTICE", "WARNING"].contains(&found["severity"].as_str().unwrap())
    };
    findings.iter().filter(bad).cloned().collect()
}

#[test]
fn every_profiles_certificate_is_taken_by_openssl_webpki_and_pkilint() {
    let station = endless();
    fs::write(station.folder().join("profiles/full.toml"), FULL).unwrap();
    fs::write(station.folder().join("profiles/bare.toml"), BARE).unwrap();
    let (issuing, root) = ("issuing.pem", "root.pem");
    let read = |name: &str| fs::read_to_string(station.beside(name)).unwrap();
    let (issuing_pem, root_pem) = (read(issuing), read(root));
    let rsa: &[u8] = include_bytes!("../../fixtures/csr/rsa-2048.der");
    let id = openssl(&station, &["x509", "-in", issuing, "-noout", "-ext", "subjectKeyIdentifier"]);
    let id = id.lines().nth(1).unwrap().trim().replace(':', "").to_lowercase();
    let list = format!("URI:http://crl.example/{id}.crl");
    let mut all = vec![issuing_pem.clone()];
    for (profile, request) in [
        ("device-p256", None),
        ("device-p384", None),
        ("device-rsa2048", Some(rsa)),
        ("idevid", None),
        ("iot-edge-1-1", None),
        ("full", None),
        ("bare", None),
    ] {
        let leaf = issue(&station, profile, request);
        let file = format!("{profile}.pem");
        station.write(&file, &leaf);
        let words = [
            "verify",
            "-x509_strict",
            "-purpose",
            "sslclient",
            "-CAfile",
            root,
            "-untrusted",
            issuing,
            &file,
        ];
        assert_eq!(openssl(&station, &words), format!("{file}: OK\n"));
        webpki_takes(&leaf, &issuing_pem, &root_pem);
        let text =
            openssl(&station, &["x509", "-in", &file, "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"]);
        let wanted: &[&str] = match profile {
            "device-rsa2048" => &["Public-Key: (2048 bit)", "Subject: CN=dev-device-rsa2048"],
            "idevid" => &["Dec 31 23:59:59 9999 GMT", "CN=dev-idevid,serialNumber=SN-idevid"],
            "full" => &[
                "C=DE,O=Example Gerätebau,OU=Line 1,CN=dev-full,serialNumber=SN-full",
                "DNS:dev-full.plant.example, URI:https://devices.example/SN-full",
                &list,
                "Digital Signature, Key Agreement",
                "TLS Web Client Authentication, TLS Web Server Authentication",
            ],
            _ => &["TLS Web Client Authentication", "CA:FALSE"],
        };
        for wanted in wanted {
            assert!(text.contains(wanted), "{profile}: {wanted}: {text}");
        }
        assert!(text.contains("X509v3 Authority Key Identifier"), "{profile}: {text}");
        assert_eq!(text.contains("X509v3 Subject Key Identifier"), profile != "bare", "{text}");
        all.push(leaf);
    }
    all.push(station.ok(&["ca", "prove", CODE]));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(errors(&all), Vec::<Value>::new());
    station.ok(&["audit", "verify"]);
    // the linter does find what is wrong
    let request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-noenc",
        "-keyout",
        "bad.key",
    ];
    openssl(
        &station,
        &[&request[..], &["-subj", "/CN=x", "-addext", "basicConstraints=CA:TRUE", "-out", "bad.pem"]]
            .concat(),
    );
    assert!(!errors(&[&read("bad.pem")]).is_empty());
}

#[test]
fn an_identity_for_life_is_refused_under_a_ca_that_ends() {
    let station = Station::found();
    let input = station.write("in.csv", "serial,registration_id\nSN-1,dev-1\n");
    let output = station.beside("out.csv");
    let words =
        ["batch", "issue", "--profile", "idevid", &input, output.to_str().unwrap(), "--plaintext-keys"];
    let told = station.refused(1, "LS-CA-40", &words);
    assert!(told.contains("certificates that never end"), "{told}");
    let recipe = include_str!("../../src/station/recipes/demo-gateway.toml");
    let for_life = station.write("for-life.toml", &recipe.replace("\"device-p256\"", "\"idevid\""));
    let faults = station.run(&["product", "check", &for_life]);
    faults.is_refused(1, "LS-SET-01");
    assert!(faults.out.contains("certificates that never end"), "{}", faults.out);
    let made_here = recipe.replace("\"on-device\"", "\"station\"");
    let rsa = made_here.replace("\"device-p256\"", "\"device-rsa2048\"");
    let faults = station.run(&["product", "check", &station.write("rsa.toml", &rsa)]);
    faults.is_refused(1, "LS-SET-01");
    assert!(faults.out.contains("a rsa-2048 key is never made by the station"), "{}", faults.out);
    station.ok(&["product", "check", &station.write("good.toml", &made_here)]);
}

#[test]
fn a_profile_is_used_for_what_it_is_made_for_only() {
    let station = Station::found();
    let input = station.write("in.csv", "serial,registration_id\nSN-1,dev-1\n");
    let output = station.beside("out.csv");
    let words = ["batch", "issue", "--profile", "proof-of-possession", &input, output.to_str().unwrap()];
    let told = station.refused(1, "LS-CA-42", &[&words[..], &["--plaintext-keys"]].concat());
    assert!(told.contains("one for devices is needed"), "{told}");
    assert!(!output.exists());
    let recipe = include_str!("../../src/station/recipes/demo-gateway.toml");
    let text = recipe.replace("\"device-p256\"", "\"proof-of-possession\"");
    assert_ne!(text, recipe);
    let file = station.write("recipe.toml", &text);
    let faults = station.run(&["product", "check", &file]);
    faults.is_refused(1, "LS-SET-01");
    assert!(faults.out.contains("one for devices is needed"), "{}", faults.out);
    let csr = station.beside("device.csr");
    fs::write(&csr, include_bytes!("../../fixtures/csr/rsa-2048.der")).unwrap();
    let words = ["ca", "sign", csr.to_str().unwrap(), "--device-id", "dev-1"];
    station.refused(1, "LS-CA-42", &[&words[..], &["--profile", "proof-of-possession"]].concat());
    let told = station.refused(1, "LS-CA-42", &["ca", "prove", CODE, "--profile", "device-p256"]);
    assert!(told.contains("device-p256: this profile is for devices"), "{told}");
    assert!(station.events("intended").is_empty() && station.events("possession-proven").is_empty());
}

#[test]
fn the_stations_own_profile_of_proofs_is_used_and_a_silly_one_keeps_it_from_starting() {
    let station = Station::found();
    let path = station.folder().join("profiles/proof-of-possession.toml");
    let text = include_str!("../../ca/profiles/proof-of-possession.toml");
    fs::write(&path, text.replace("days = 7", "days = 2")).unwrap();
    station.write("proof.pem", &station.ok(&["ca", "prove", CODE]));
    let issuing = station.folder().join("ca/issuing.pem");
    let verify = |hours: u64| {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + hours * 3600;
        let at = at.to_string();
        let words = ["verify", "-x509_strict", "-partial_chain", "-attime", &at];
        Command::new("openssl")
            .args([&words[..], &["-CAfile", issuing.to_str().unwrap(), "proof.pem"]].concat())
            .current_dir(station.beside(""))
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(verify(0) && verify(47) && !verify(49));
    let digest = Digest::of(&fs::read(&path).unwrap()).to_string();
    assert_eq!(station.events("possession-proven")[0]["profile"], digest);
    fs::write(&path, text.replace("days = 7", "days = 8")).unwrap();
    let told = station.refused(2, "LS-CA-04", &["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        told.contains("proof-of-possession.toml")
            && told.contains("line 10: validity_days: 8 is not between"),
        "{told}"
    );
    station.refused(1, "LS-CA-04", &["ca", "prove", CODE]);
    fs::write(&path, text.replace("key = \"ec-p256\"", "ca = true")).unwrap();
    let told = station.refused(2, "LS-CA-04", &["serve", "--listen", "127.0.0.1:0"]);
    assert!(told.contains("line 16: unknown field `ca`"), "{told}");
}

#[test]
fn a_silly_profile_keeps_the_station_from_starting() {
    let station = Station::found();
    let path = station.folder().join("profiles/silly.toml");
    fs::write(&path, FULL.replace("name = \"full\"", "name = \"silly\"").replace("= 30", "= 0")).unwrap();
    let told = station.refused(2, "LS-CA-04", &["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        told.contains("silly.toml") && told.contains("line 2: validity_days: 0 is not between"),
        "{told}"
    );
    fs::write(&path, FULL).unwrap();
    let told = station.refused(2, "LS-CA-04", &["serve", "--listen", "127.0.0.1:0"]);
    assert!(told.contains("is named full"), "{told}");
}
