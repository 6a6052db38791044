//! What is not installed, each for its own reason, and nothing of it stays.

use std::fs;

use super::openssl::{EXTENSIONS, P384, openssl, root, sign, waiting};

#[test]
fn each_certificate_that_does_not_fit_is_refused_for_its_own_reason() {
    let station = waiting();
    let csr = station.beside("csr.pem");
    station.ok(&["ca", "csr", "--out", csr.to_str().unwrap()]);
    let good_root = root(&station, "good", &P384, &[]);
    let other_root = root(&station, "other", &P384, &[]);
    // the same name as the good one, another key
    openssl(
        &station,
        &["genpkey", "-out", "twin.key", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    );
    let subject = "/O=Example AG/CN=Example good Root";
    let twin =
        ["req", "-x509", "-new", "-key", "twin.key", "-subj", subject, "-days", "99", "-out", "twin.pem"];
    openssl(&station, &twin);
    let flat = root(&station, "flat", &P384, &["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0"]);
    let before = files(&station);

    let refused = |code: &str, certificate: &str, root: &str| {
        let sentence = station.refused(1, code, &["ca", "install", certificate, "--root", root]);
        assert_eq!(files(&station), before, "{code} left something behind");
        sentence
    };
    let without = |from: &str, to: &str| EXTENSIONS.replace(from, to);
    let made = |name: &str, extensions: &str| sign(&station, "good", name, extensions, &[]);

    let no_ca = made("no-ca", &without("CA:TRUE,pathlen:0", "CA:FALSE"));
    refused("LS-CER-04", &no_ca, &good_root);
    let quiet = made("quiet", &without("critical,CA:TRUE", "CA:TRUE"));
    refused("LS-CER-04", &quiet, &good_root);
    let no_list = made("no-list", &without("keyCertSign,cRLSign", "keyCertSign"));
    assert!(refused("LS-CER-05", &no_list, &good_root).contains("cRLSign"));
    let no_sign = made("no-sign", &without("keyCertSign,cRLSign", "cRLSign"));
    assert!(refused("LS-CER-05", &no_sign, &good_root).contains("keyCertSign"));
    let deep = made("deep", &without("pathlen:0", "pathlen:1"));
    refused("LS-CER-06", &deep, &good_root);
    let under_flat = sign(&station, "flat", "under-flat", EXTENSIONS, &[]);
    refused("LS-CER-06", &under_flat, &flat);
    let short = sign(&station, "good", "short", EXTENSIONS, &["-days", "29"]);
    refused("LS-CER-07", &short, &good_root);
    let over = sign(&station, "good", "over", EXTENSIONS, &["-days", "-1"]);
    refused("LS-CER-07", &over, &good_root);
    let good = made("fits", EXTENSIONS);
    refused("LS-CER-08", &good, &other_root);
    refused("LS-CER-08", &good, station.beside("twin.pem").to_str().unwrap());
    let no_issuer_key =
        made("no-aki", &without("authorityKeyIdentifier=keyid", "authorityKeyIdentifier=none"));
    refused("LS-CER-08", &no_issuer_key, &good_root);
    let no_id = made("no-ski", &without("subjectKeyIdentifier=hash", "subjectKeyIdentifier=none"));
    refused("LS-CER-09", &no_id, &good_root);
    // what would verify nowhere
    for (name, code, line) in [
        ("server-only", "LS-CER-14", "extendedKeyUsage=serverAuth"),
        ("names", "LS-CER-15", "nameConstraints=critical,permitted;DNS:example.com"),
        ("quiet-names", "LS-CER-15", "nameConstraints=excluded;DNS:example.com"),
        ("policies", "LS-CER-15", "policyConstraints=critical,requireExplicitPolicy:0"),
        ("odd", "LS-CER-16", "1.2.3.4=critical,DER:0500"),
    ] {
        let certificate = made(name, &format!("{EXTENSIONS}{line}\n"));
        refused(code, &certificate, &good_root);
        let narrow_name = format!("{name}-root");
        let narrow_root = root(&station, &narrow_name, &P384, &["-addext", line]);
        let below = sign(&station, &narrow_name, &format!("under-{name}"), EXTENSIONS, &[]);
        assert!(refused(code, &below, &narrow_root).contains(&narrow_name));
    }
    // the leaf of a chain is no root
    refused("LS-CER-10", &good, &good);
    refused("LS-CA-12", &station.write("garbage", "-----BEGIN CERTIFICATE-----"), &good_root);

    // what is harmless is no hindrance
    let harmless = "extendedKeyUsage=serverAuth,clientAuth\ncertificatePolicies=1.2.3.4\n";
    let good = made("harmless", &format!("{EXTENSIONS}{harmless}"));

    // the right request of another key
    openssl(
        &station,
        &[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-384",
            "-noenc",
            "-keyout",
            "x.key",
            "-subj",
            "/CN=x",
            "-out",
            "csr.pem",
        ],
    );
    let stranger = made("stranger", EXTENSIONS);
    refused("LS-CER-03", &stranger, &good_root);
    assert_eq!(station.events("refused").len(), 24, "each that was read is on record");
    // after all of that the good one still is
    station.ok(&["ca", "install", &good, "--root", &good_root]);
    // and another one of its name is not taken beside it
    let asked = station.ok(&["ca", "renew", "--csr"]);
    station.write("csr.pem", &asked);
    let subject = "/O=Example/CN=Example Issuing CA line-1";
    let twin = sign(&station, "good", "named-alike", EXTENSIONS, &["-subj", subject]);
    let told = station.refused(1, "LS-CER-09", &["ca", "install", &twin]);
    assert!(told.contains("is named"), "{told}");
}

#[test]
fn a_missing_path_length_is_installed_with_a_warning() {
    let station = waiting();
    let csr = station.beside("csr.pem");
    station.ok(&["ca", "csr", "--out", csr.to_str().unwrap()]);
    let good_root = root(&station, "good", &P384, &[]);
    let open = EXTENSIONS.replace(",pathlen:0", "");
    let certificate = sign(&station, "good", "open", &open, &[]);
    let installed = station.json(&["ca", "install", &certificate, "--root", &good_root]);
    assert!(installed["warnings"][0].as_str().unwrap().contains("path length"), "{installed}");
    assert_eq!(station.events("ceremony-held").last().unwrap()["warnings"], installed["warnings"]);
}

/// Name and size of what lies in `ca`.
fn files(station: &crate::factory::Station) -> Vec<(String, u64)> {
    let entries = fs::read_dir(station.folder().join("ca")).unwrap().map(Result::unwrap);
    let mut all: Vec<(String, u64)> =
        entries.map(|e| (e.file_name().into_string().unwrap(), e.metadata().unwrap().len())).collect();
    // each request leaves a sheet in no case
    all.sort();
    all
}
