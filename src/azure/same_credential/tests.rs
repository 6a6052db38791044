use super::*;
use serde_json::{Value, json};

use crate::azure::enrollment::IndividualEnrollment;

const PEM: &str = include_str!("../../../fixtures/dps/leaf.pem");
const OTHER: &str = include_str!("../../../fixtures/dps/other-leaf.pem");
const A: &str = "AAECAwQFBgcICQoLDA0ODw==";
const B: &str = "EBESExQVFhcYGRobHB0eHw==";

fn read(value: Value) -> AttestationMechanism {
    serde_json::from_value(value).unwrap()
}

fn keys(primary: &str, secondary: &str) -> AttestationMechanism {
    read(json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": primary, "secondaryKey": secondary}}))
}

fn certificates(value: Value) -> AttestationMechanism {
    read(json!({"type": "x509", "x509": {"clientCertificates": value}}))
}

fn leaf(text: &str) -> Value {
    json!({ "certificate": text })
}

#[test]
fn both_keys_must_be_the_same() {
    assert_eq!(compare(&keys(A, B), &keys(A, B)), Ok(()));
    assert_eq!(compare(&keys(A, B), &keys(B, A)), Err(Difference::Key("primary")));
    assert_eq!(compare(&keys(A, B), &keys(A, A)), Err(Difference::Key("secondary")));
    assert_eq!(compare(&keys(A, B), &keys("", "")), Err(Difference::Key("primary")));
    assert_eq!(compare(&keys(A, B), &keys("?", "?")), Err(Difference::Key("primary")));
    let masked = read(json!({"type": "symmetricKey"}));
    assert_eq!(compare(&keys(A, B), &masked), Err(Difference::Key("primary")));
    // two records without keys are not the same credential: the service made keys for one of them
    let blocking = AttestationMechanism::unknown_keys();
    assert_eq!(compare(&blocking, &keys(A, B)), Err(Difference::Ours("key")));
}

#[test]
fn a_certificate_is_known_in_all_its_forms() {
    let ours = certificates(json!({"primary": leaf(PEM)}));
    let bare: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    for same in [json!({"primary": leaf(PEM)}), json!({"secondary": leaf(&bare), "primary": {}})] {
        assert_eq!(compare(&ours, &certificates(same)), Ok(()));
    }
    let stated: IndividualEnrollment =
        serde_json::from_str(include_str!("../../../fixtures/dps/x509-info-only.json")).unwrap();
    assert_eq!(compare(&ours, &stated.attestation), Ok(()));
}

#[test]
fn another_certificate_is_named_by_its_digest() {
    let ours = certificates(json!({"primary": leaf(PEM)}));
    let sha256 = |pem: &str| Digest::of(&certificate_text::der(pem).unwrap());
    let other = compare(&ours, &certificates(json!({"primary": leaf(OTHER)})));
    assert_eq!(other, Err(Difference::Certificate { ours: sha256(PEM), theirs: sha256(OTHER) }));
    let second = compare(&ours, &certificates(json!({"primary": leaf(PEM), "secondary": leaf(OTHER)})));
    assert_eq!(second, Err(Difference::SecondCertificate));
    let both = certificates(json!({"primary": leaf(PEM), "secondary": leaf(OTHER)}));
    let turned = certificates(json!({"primary": leaf(OTHER), "secondary": leaf(PEM)}));
    assert_eq!(compare(&both, &both), Ok(()));
    assert_eq!(compare(&both, &turned), Ok(()), "either may be used");
    assert_eq!(compare(&both, &ours), Err(Difference::OneOfTwo));
    assert_eq!(compare(&ours, &certificates(json!({}))), Err(Difference::NoCertificate));
    assert_eq!(compare(&ours, &certificates(json!({"primary": leaf("?")}))), Err(Difference::NoCertificate));
    let authorities = read(json!({"type": "x509", "x509": {"caReferences": {"primary": "root"}}}));
    assert_eq!(compare(&ours, &authorities), Err(Difference::Authorities));
    let kind = Difference::Kind { ours: AttestationType::X509, theirs: AttestationType::SymmetricKey };
    assert_eq!(compare(&ours, &keys(A, B)), Err(kind));
}
