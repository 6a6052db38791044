use super::*;
use serde_json::{Value, json};

const A: &str = "AAECAwQFBgcICQoLDA0ODw==";
const B: &str = "EBESExQVFhcYGRobHB0eHw==";

fn base() -> Value {
    json!({
        "registrationId": "sn-17",
        "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": A, "secondaryKey": B}},
    })
}

fn record(change: impl FnOnce(&mut Value)) -> IndividualEnrollment {
    let mut value = base();
    change(&mut value);
    serde_json::from_value(value).unwrap()
}

fn why(change: impl FnOnce(&mut Value)) -> Option<String> {
    difference(&record(|_| {}), &record(change))
}

#[test]
fn defaults_that_the_service_fills_in_are_no_conflict() {
    assert_eq!(why(|_| {}), None);
    assert_eq!(
        why(|theirs| {
            theirs["deviceId"] = json!("sn-17");
            theirs["provisioningStatus"] = json!("enabled");
            theirs["capabilities"] = json!({"iotEdge": false});
            theirs["etag"] = json!("x");
        }),
        None
    );
}

#[test]
fn what_matters_to_the_device_is_a_conflict() {
    let cases: [(&str, Value, &str); 3] = [
        ("deviceId", json!("Sn-17"), "device ID “Sn-17”"),
        ("provisioningStatus", json!("disabled"), "is disabled"),
        ("capabilities", json!({"iotEdge": true}), "IoT Edge"),
    ];
    for (member, value, word) in cases {
        let why = why(|theirs| theirs[member] = value).unwrap();
        assert!(why.contains(word), "{why}");
    }
    let key = why(|theirs| theirs["attestation"]["symmetricKey"]["primaryKey"] = json!(B)).unwrap();
    assert_eq!(key, "Azure has another primary key under this ID");
}

#[test]
fn an_answer_that_is_no_document_never_shows_its_content() {
    let id: RegistrationId = "sn-17".parse().unwrap();
    let answer =
        |status: u16, body: &str| Answer { status, retry_after: None, body: Secret::from(body.to_owned()) };
    let strange = read::<AttestationMechanism>(&id, &answer(200, r#"{"type":"sesame"}"#)).err().unwrap();
    assert!(matches!(strange, DpsError::Strange { .. }));
    assert!(!strange.to_string().contains("sesame"), "{strange}");
    let refused = read::<AttestationMechanism>(&id, &answer(404, "{}")).err().unwrap();
    assert!(matches!(refused, DpsError::Refused { status: 404, .. }));
    assert!(read::<AttestationMechanism>(&id, &answer(200, r#"{"type":"none"}"#)).is_ok());
}

#[test]
fn our_own_certificate_text_stands_in_for_a_thumbprint() {
    let pem = include_str!("../../../fixtures/dps/leaf.pem");
    let ours: AttestationMechanism = serde_json::from_value(json!({
        "type": "x509", "x509": {"clientCertificates": {"primary": {"certificate": pem}}}
    }))
    .unwrap();
    let mut theirs: IndividualEnrollment =
        serde_json::from_str(include_str!("../../../fixtures/dps/x509-info-only.json")).unwrap();
    fill_certificate(&ours, &mut theirs.attestation);
    assert_eq!(theirs.attestation.x509.unwrap().client_certificates, ours.x509.unwrap().client_certificates);
}
