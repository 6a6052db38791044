use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::ca::ceremony;
use crate::station::settings::pages::OwnCertificate;
use crate::station::testing::{Bench, now};

fn names(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn own(bench: &Bench) -> Certificate {
    let text = bench.folder.read(&bench.folder.tls_certificate()).unwrap();
    Certificate::from_pem(&text).unwrap()
}

/// Writes a certificate and a key as an owner would put them there.
fn given(bench: &Bench, certificate: &Certificate, key: &[u8]) -> OwnCertificate {
    let own = OwnCertificate {
        certificate: bench.place.path().join("c.pem"),
        key: bench.place.path().join("k.pem"),
    };
    std::fs::write(&own.certificate, certificate.pem()).unwrap();
    std::fs::write(&own.key, key).unwrap();
    own
}

#[test]
fn the_stations_own_certificate_is_kept_while_it_will_do_and_its_key_is_private() {
    let bench = Bench::new();
    let make =
        |words: &[&str], at| tls(&bench.folder, &bench.store, None, &names(words), at).map(|_| own(&bench));
    let now = now();
    let first = make(&["localhost", "192.0.2.7"], now).unwrap();
    assert_eq!(make(&["localhost"], now).unwrap(), first);
    let mode = std::fs::metadata(bench.folder.tls_key()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let renamed = make(&["localhost", "line-1.plant"], now).unwrap();
    assert_ne!(renamed, first);
    let late = renamed.not_after().minus(RENEW);
    let renewed = make(&["localhost", "line-1.plant"], late).unwrap();
    assert!(renewed.not_after() > renamed.not_after());
    // a pair that was cut off half-way, or garbage
    std::fs::write(bench.folder.tls_key(), "garbage").unwrap();
    assert_ne!(make(&["localhost"], late).unwrap(), renewed);
}

#[test]
fn an_owners_certificate_that_will_not_do_is_refused_with_a_sentence() {
    let bench = Bench::new();
    let now = now();
    let refusal = |own: &OwnCertificate| {
        let error = tls(&bench.folder, &bench.store, Some(own), &names(&["localhost"]), now).err().unwrap();
        assert_eq!(error.code(), Code::CertificateUnfit, "{error}");
        error.to_string()
    };
    let make = |at| web_certificate::make(&names(&["line-1.plant"]), at, [3; 10]).unwrap();
    let (good, other) = (make(now), make(now));
    let fits = given(&bench, &good.certificate, good.key_pem.expose());
    assert!(tls(&bench.folder, &bench.store, Some(&fits), &names(&["localhost"]), now).is_ok());
    assert!(!bench.folder.tls_key().exists(), "the station makes none beside the owner's");

    assert!(refusal(&given(&bench, &good.certificate, other.key_pem.expose())).contains("do not fit"));
    let old = make(now.minus(web_certificate::VALIDITY + Duration::from_secs(1)));
    assert!(refusal(&given(&bench, &old.certificate, old.key_pem.expose())).contains("is valid from"));
    assert!(refusal(&given(&bench, &good.certificate, b"garbage")).contains("no usable private key"));
    let missing = OwnCertificate { certificate: "/nowhere/c.pem".into(), key: "/nowhere/k.pem".into() };
    let missing = tls(&bench.folder, &bench.store, Some(&missing), &[], now).err().unwrap();
    assert_eq!(missing.code(), Code::FileUnreadable);
}

#[test]
fn a_certificate_of_the_device_ca_is_refused() {
    let bench = Bench::new();
    let now = now();
    // a certificate that names our root as its issuer: another root of the same name does
    let root = ceremony::make_root(&"Example".parse().unwrap(), now, [7; 10]).unwrap();
    let own = given(&bench, &root.certificate, root.key.pkcs8_pem().unwrap().expose());
    let error = tls(&bench.folder, &bench.store, Some(&own), &[], now).err().unwrap();
    assert!(matches!(error, NoTls::DeviceCa), "{error}");
    // nor is one of a CA the station had before
    let past = ceremony::make_root(&"Former".parse().unwrap(), now, [8; 10]).unwrap();
    for file in ["issuing-1.pem", "root-1.pem"] {
        std::fs::write(bench.folder.ca(file), past.certificate.pem()).unwrap();
    }
    let own = given(&bench, &past.certificate, past.key.pkcs8_pem().unwrap().expose());
    let error = tls(&bench.folder, &bench.store, Some(&own), &[], now).err().unwrap();
    assert!(matches!(error, NoTls::DeviceCa), "{error}");
}
