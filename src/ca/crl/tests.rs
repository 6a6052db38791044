//! Lists, read and used by the openssl command.

use super::*;

use crate::ca::public_key::KeyKind;
use crate::ca::throwaway::{OpenSsl, ThrowawayCa, now};
use std::time::Duration;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

#[test]
fn the_openssl_command_reads_the_list_and_finds_it_signed_by_the_issuing_ca() {
    let ca = ThrowawayCa::made_now();
    let entry =
        |byte: u8, reason| RevokedEntry { serial: CertSerial::new(now(), [byte; 10]), at: now(), reason };
    let entries = [entry(1, RevocationReason::Superseded), entry(2, RevocationReason::Unspecified)];
    let crl = make_crl(&ca.issuer, 300, now(), now().plus(WEEK), &entries).unwrap();
    let openssl = OpenSsl::in_new_folder();
    openssl.write("crl.pem", crl.pem().as_bytes());
    openssl.write("issuing.pem", ca.issuer.certificate().pem().as_bytes());
    let read = ["crl", "-in", "crl.pem", "-noout", "-text", "-crlnumber", "-nextupdate"];
    let said = openssl.run(&[&read[..], &["-verify", "-CAfile", "issuing.pem"]].concat());
    assert!(said.contains("crlNumber=0x012C"), "{said}");
    assert!(said.contains("Version 2 (0x1)") && said.contains("ecdsa-with-SHA384"), "{said}");
    assert!(said.contains("nextUpdate=Nov 29 08:00:00 2026 GMT"), "{said}");
    assert!(said.contains("X509v3 Authority Key Identifier"), "{said}");
    for entry in entries {
        assert!(said.contains(&entry.serial.to_string().to_uppercase()), "{said}");
    }
    assert_eq!(said.matches("CRL Reason Code").count(), 1, "unspecified is left out, RFC 5280 5.3.1: {said}");
    assert!(said.contains("Superseded"), "{said}");
}

#[test]
fn a_revoked_certificate_is_refused_by_a_verifier_that_has_the_list_and_another_is_not() {
    let ca = ThrowawayCa::made_now();
    let certificate = ca.prepare(KeyKind::EcP256, "sn-1").1.sign().unwrap();
    let openssl = OpenSsl::in_new_folder();
    openssl.write("root.pem", ca.root.pem().as_bytes());
    openssl.write("issuing.pem", ca.issuer.certificate().pem().as_bytes());
    openssl.write("device.pem", certificate.pem().as_bytes());
    let at = now().seconds().to_string();
    let verify = |entries: &[RevokedEntry]| {
        let crl = make_crl(&ca.issuer, 1, now(), now().plus(WEEK), entries).unwrap();
        openssl.write("crl.pem", crl.pem().as_bytes());
        let arguments = ["verify", "-x509_strict", "-crl_check", "-attime", &at, "-CAfile", "root.pem"];
        openssl.attempt(
            &[&arguments[..], &["-CRLfile", "crl.pem", "-untrusted", "issuing.pem", "device.pem"]].concat(),
        )
    };
    assert_eq!(verify(&[]), Ok("device.pem: OK\n".to_owned()));
    let reason = RevocationReason::KeyCompromise;
    let serial = certificate.serial().unwrap();
    let refused = verify(&[RevokedEntry { serial, at: now(), reason }]).unwrap_err();
    assert!(refused.contains("certificate revoked"), "{refused}");
}

#[test]
fn an_impossible_list_is_refused() {
    let ca = ThrowawayCa::made_now();
    let backwards = make_crl(&ca.issuer, 1, now(), now(), &[]).unwrap_err();
    assert_eq!(backwards, CrlFailed::Period { this_update: now(), next_update: now() });
    let serial = CertSerial::new(now(), [1; 10]);
    let entry = RevokedEntry { serial, at: now(), reason: RevocationReason::Superseded };
    let twice = make_crl(&ca.issuer, 1, now(), now().plus(WEEK), &[entry, entry]).unwrap_err();
    assert_eq!(twice, CrlFailed::Twice(serial));
}
