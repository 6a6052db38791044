use serde_json::json;

use super::*;
use crate::domain::product::Product;

const PEM: &str = include_str!("../../../fixtures/dps/leaf.pem");

const RECIPE: &str = r#"
name = "gateway-7"
[identify]
driver = "lineside"
[identity]
registration_id = "sn-{serial}"
device_id = "Gateway-{serial}"
[credential]
kind = "x509"
[prove]
method = "sign-nonce"
[enroll]
service = "dps"
iot_edge = true
allocation = "static"
hubs = ["plant-hub.azure-devices.net"]
[enroll.reprovision]
migrate_device_data = false
[enroll.twin.tags]
site = "F1"
[enroll.twin.desired]
interval = 30
"#;

fn product() -> Product {
    Product::parse(RECIPE).unwrap()
}

fn identity() -> DeviceIdentity {
    product().identity(&"17".parse().unwrap(), None).unwrap()
}

fn value(record: &IndividualEnrollment) -> Value {
    serde_json::from_slice(Secret::from_json(record).unwrap().expose()).unwrap()
}

#[test]
fn a_certificates_record_says_all_that_the_recipe_says() {
    let attestation = AttestationMechanism::certificates(&Pair::one(PEM.to_owned())).ok().unwrap();
    let record = IndividualEnrollment::new(&product().enroll, &identity(), attestation);
    assert_eq!(
        value(&record),
        json!({
            "registrationId": "sn-17",
            "deviceId": identity().device_id.as_str(),
            "attestation": {"type": "x509", "x509": {"clientCertificates": {"primary": {"certificate": PEM}}}},
            "capabilities": {"iotEdge": true},
            "allocationPolicy": "static",
            "iotHubs": ["plant-hub.azure-devices.net"],
            "reprovisionPolicy": {"updateHubAssignment": true, "migrateDeviceData": false},
            "provisioningStatus": "enabled",
            "initialTwin": {"tags": {"site": "F1"}, "properties": {"desired": {"interval": 30}}},
        })
    );
    let refused = AttestationMechanism::certificates(&Pair::one("no certificate".to_owned()));
    assert_eq!(refused.err(), Some(BadCertificateText::NotBase64));
}

#[test]
fn a_record_with_keys_carries_them_as_text() {
    let mut enroll = product().enroll;
    (enroll.tags, enroll.desired, enroll.hubs) = (Map::new(), Map::new(), Vec::new());
    let (primary, secondary) = ("cHJpbWFyeQ==".to_owned(), "c2Vjb25kYXJ5".to_owned());
    let keys = AttestationMechanism::keys(primary.into(), secondary.into());
    let record = IndividualEnrollment::new(&enroll, &identity(), keys);
    let value = value(&record.disabled());
    let keys = json!({"primaryKey": "cHJpbWFyeQ==", "secondaryKey": "c2Vjb25kYXJ5"});
    assert_eq!(value["attestation"], json!({"type": "symmetricKey", "symmetricKey": keys}));
    assert_eq!(value["provisioningStatus"], "disabled");
    assert_eq!(value.get("initialTwin"), None, "an empty twin is not sent");
    assert_eq!(value.get("iotHubs"), None);
}

#[test]
fn a_blocking_record_needs_no_recipe_and_has_keys_that_nobody_knows() {
    let keys = AttestationMechanism::unknown_keys();
    let record = IndividualEnrollment::blocking("sn-17".parse().unwrap(), keys);
    assert!(!record.is_enabled());
    assert_eq!(
        value(&record),
        json!({
            "registrationId": "sn-17",
            "attestation": {"type": "symmetricKey", "symmetricKey": {}},
            "provisioningStatus": "disabled",
        })
    );
}

#[test]
fn what_the_service_sends_is_read_and_sent_back_whole() {
    let text = include_str!("../../../fixtures/dps/symmetric-masked.json");
    let record: IndividualEnrollment = serde_json::from_str(text).unwrap();
    assert_eq!(record.registration_id.as_str(), "sn-17");
    assert_eq!(record.device_id(), "dev-17");
    assert!(record.is_enabled() && record.is_edge());
    assert_eq!(record.etag.as_deref(), Some("IjAwMDAxIg=="));
    assert!(record.attestation.symmetric_key.as_ref().unwrap().primary_key.as_ref().unwrap().is_empty());
    let mut expected: Value = serde_json::from_str(text).unwrap();
    expected["registrationId"] = json!("sn-17");
    assert_eq!(value(&record), expected);
}

#[test]
fn nulls_and_missing_members_are_read() {
    let record: IndividualEnrollment =
        serde_json::from_str(include_str!("../../../fixtures/dps/x509-info-only.json")).unwrap();
    assert!(!record.is_enabled() && !record.is_edge());
    assert_eq!(record.device_id(), "sn-17");
    assert_eq!(record.initial_twin, Some(InitialTwin::default()));
    let least: IndividualEnrollment =
        serde_json::from_str(r#"{"registrationId":"a","attestation":{"type":"none"}}"#).unwrap();
    assert!(least.is_enabled());
    let none = serde_json::from_str::<IndividualEnrollment>(r#"{"registrationId":"a"}"#);
    assert!(none.is_err());
}
