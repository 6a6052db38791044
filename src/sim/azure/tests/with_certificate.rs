//! Devices that register with a certificate of their own or under a group's CA.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384,
};
use serde_json::{Value, json};

use super::*;

type Ca = CertifiedIssuer<'static, KeyPair>;

struct Leaf {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

fn params(name: &str, days: (i64, i64)) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = UtcTime::from_seconds(NOW + days.0 * 86_400).to_offset();
    params.not_after = UtcTime::from_seconds(NOW + days.1 * 86_400).to_offset();
    params
}

fn ca_params(name: &str) -> CertificateParams {
    let mut ca = params(name, (-10, 10));
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    ca
}

fn root(name: &str) -> Ca {
    CertifiedIssuer::self_signed(ca_params(name), KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap())
        .unwrap()
}

fn below(issuer: &Ca, name: &str) -> Ca {
    CertifiedIssuer::signed_by(ca_params(name), KeyPair::generate().unwrap(), issuer).unwrap()
}

fn leaf_params(name: &str, days: (i64, i64)) -> CertificateParams {
    let mut params = params(name, days);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn leaf(issuer: &Ca, name: &str, days: (i64, i64)) -> Leaf {
    let key = KeyPair::generate().unwrap();
    Leaf { certificate: leaf_params(name, days).signed_by(&key, issuer).unwrap().into(), key }
}

fn presents(bench: &Bench, leaf: &Leaf, others: &[&Ca]) -> Client {
    let mut chain = vec![leaf.certificate.clone()];
    chain.extend(others.iter().map(|ca| ca.der().clone()));
    client_with(&bench.running, chain, &leaf.key)
}

fn enroll(bench: &Bench, id: &str, primary: &Leaf, secondary: Option<&Leaf>, status: &str) {
    let text = |leaf: &Leaf| json!({ "certificate": STANDARD.encode(&leaf.certificate) });
    let mut pair = json!({ "primary": text(primary) });
    if let Some(leaf) = secondary {
        pair["secondary"] = text(leaf);
    }
    let body = json!({
        "registrationId": id,
        "provisioningStatus": status,
        "attestation": { "type": "x509", "x509": { "clientCertificates": pair } }
    });
    assert_eq!(bench.call("PUT", &format!("/enrollments/{id}"), &[], &body.to_string()).status, 200);
}

fn enroll_group(bench: &Bench, id: &str, signing: &Ca, status: &str) {
    let body = json!({
        "enrollmentGroupId": id,
        "provisioningStatus": status,
        "attestation": { "type": "x509", "x509": {
            "signingCertificates": { "primary": { "certificate": signing.pem() } }
        } }
    });
    assert_eq!(bench.call("PUT", &format!("/enrollmentGroups/{id}"), &[], &body.to_string()).status, 200);
}

fn outcome(bench: &Bench, client: &Client, id: &str) -> (u16, Value) {
    let answer = bench.register(client, id, None);
    if answer.status != 200 {
        assert_eq!((answer.status, answer.error_code()), (401, 401_002), "{answer:?}");
        return (answer.status, answer.body["message"].clone());
    }
    assert_eq!(answer.body["status"], "assigned");
    (200, answer.body["registrationState"].clone())
}

#[test]
fn an_enrolled_certificate_registers_and_another_does_not() {
    let bench = bench();
    let ca = root("Any CA");
    let (old, new) = (leaf(&ca, "SN-1", (-1, 1)), leaf(&ca, "sn-1", (-1, 1)));
    enroll(&bench, "sn-1", &old, Some(&new), "enabled");
    for own in [&old, &new] {
        let (status, state) = outcome(&bench, &presents(&bench, own, &[]), "sn-1");
        assert_eq!(status, 200, "{state}");
        assert_eq!(state["deviceId"], "sn-1");
        assert_eq!(state["x509"]["certificateInfo"]["issuerName"], "CN=Any CA");
    }
    // the only version that Azure documents for devices
    let chain = vec![old.certificate.clone()];
    let older = client_speaking(&[&rustls::version::TLS12], &bench.running, chain, &old.key);
    assert_eq!(outcome(&bench, &older, "sn-1").0, 200);
    let other = leaf(&ca, "sn-1", (-1, 1));
    assert_eq!(outcome(&bench, &presents(&bench, &other, &[]), "sn-1").0, 401);
    // the right certificate under another registration ID
    enroll(&bench, "sn-2", &old, None, "enabled");
    assert_eq!(outcome(&bench, &presents(&bench, &old, &[]), "sn-2").0, 401);
}

#[test]
fn certificates_out_of_their_time_and_disabled_enrollments_are_refused() {
    let bench = bench();
    let ca = root("Any CA");
    let (expired, early) = (leaf(&ca, "sn-1", (-3, -1)), leaf(&ca, "sn-2", (1, 3)));
    enroll(&bench, "sn-1", &expired, None, "enabled");
    enroll(&bench, "sn-2", &early, None, "enabled");
    assert_eq!(outcome(&bench, &presents(&bench, &expired, &[]), "sn-1").0, 401);
    assert_eq!(outcome(&bench, &presents(&bench, &early, &[]), "sn-2").0, 401);
    let fine = leaf(&ca, "sn-3", (-1, 1));
    enroll(&bench, "sn-3", &fine, None, "disabled");
    let (status, message) = outcome(&bench, &presents(&bench, &fine, &[]), "sn-3");
    assert_eq!(status, 401);
    assert!(message.as_str().unwrap().contains("disabled"), "{message}");
}

#[test]
fn a_group_needs_the_chain_up_to_its_signing_certificate() {
    let bench = bench();
    let root = root("Plant Root");
    let middle = below(&root, "Plant Issuing");
    let device = leaf(&middle, "sn-1", (-1, 1));
    assert_eq!(outcome(&bench, &presents(&bench, &device, &[&middle]), "sn-1").0, 401, "no group yet");

    enroll_group(&bench, "by-root", &root, "enabled");
    let (status, message) = outcome(&bench, &presents(&bench, &device, &[]), "sn-1");
    assert_eq!((status, message), (401, json!("Unauthorized: CA certificate not found")), "leaf only");
    // the root itself may be left out or sent
    for others in [&[&middle][..], &[&middle, &root][..]] {
        let (status, state) = outcome(&bench, &presents(&bench, &device, others), "sn-1");
        assert_eq!(status, 200, "{state}");
        assert_eq!(state["x509"]["enrollmentGroupId"], "by-root");
        assert_eq!(state["x509"]["signingCertificateInfo"]["subjectName"], "CN=Plant Root");
        assert_eq!(state["deviceId"], "sn-1");
    }
    assert_eq!(outcome(&bench, &presents(&bench, &device, &[&middle]), "sn-2").0, 401, "another ID");

    // the nearest group decides
    enroll_group(&bench, "by-issuing", &middle, "enabled");
    let (_, state) = outcome(&bench, &presents(&bench, &device, &[&middle]), "sn-1");
    assert_eq!(state["x509"]["enrollmentGroupId"], "by-issuing");
    let (status, _) = outcome(&bench, &presents(&bench, &device, &[]), "sn-1");
    assert_eq!(status, 200, "the signing certificate itself may be left out");
}

#[test]
fn a_disabled_nearest_group_refuses_though_a_farther_one_would_not() {
    let bench = bench();
    let root = root("Plant Root");
    let middle = below(&root, "Plant Issuing");
    enroll_group(&bench, "by-root", &root, "enabled");
    enroll_group(&bench, "by-issuing", &middle, "disabled");
    let device = leaf(&middle, "sn-1", (-1, 1));
    assert_eq!(outcome(&bench, &presents(&bench, &device, &[&middle]), "sn-1").0, 401);
}

#[test]
fn chains_that_only_look_right_are_refused() {
    let bench = bench();
    let genuine = root("Plant Root");
    enroll_group(&bench, "by-root", &genuine, "enabled");
    // the same names, other keys
    let forged = root("Plant Root");
    let device = leaf(&forged, "sn-1", (-1, 1));
    assert_eq!(outcome(&bench, &presents(&bench, &device, &[&forged]), "sn-1").0, 401);
    // a leaf that signs another leaf
    let (first_params, first_key) = (leaf_params("sn-1", (-1, 1)), KeyPair::generate().unwrap());
    let first = first_params.signed_by(&first_key, &genuine).unwrap();
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::from_params(&first_params, &first_key);
    let second = leaf_params("sn-2", (-1, 1)).signed_by(&key, &issuer).unwrap();
    let client = client_with(&bench.running, vec![second.into(), first.into()], &key);
    assert_eq!(outcome(&bench, &client, "sn-2").0, 401);
    // the signing certificate as a device
    let itself = root("sn-4");
    enroll_group(&bench, "itself", &itself, "enabled");
    let client = client_with(&bench.running, vec![itself.der().clone()], itself.key());
    assert_eq!(outcome(&bench, &client, "sn-4").0, 401);
    // expired, though properly signed
    let expired = leaf(&genuine, "sn-3", (-3, -1));
    assert_eq!(outcome(&bench, &presents(&bench, &expired, &[]), "sn-3").0, 401);
}

#[test]
fn a_certificate_without_its_key_does_not_pass_the_handshake() {
    let bench = bench();
    let ca = root("Any CA");
    let device = leaf(&ca, "sn-1", (-1, 1));
    enroll(&bench, "sn-1", &device, None, "enabled");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (chain, key) = (vec![device.certificate.clone()], KeyPair::generate().unwrap());
        let client = client_speaking(&[version], &bench.running, chain, &key);
        let path = bench.device_path("sn-1", "/register");
        let refused = bench.send(&client, "PUT", &path, &[], "{\"registrationId\":\"sn-1\"}");
        assert!(refused.is_err(), "{refused:?}");
    }
    assert_eq!(bench.running.counts().assigned, 0);
    assert_eq!(bench.running.requests().len(), 1, "only the enrollment reached the service");
}
