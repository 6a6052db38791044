//! Devices that register with a symmetric key, in every spelling of a token that clients use.

use serde_json::{Value, json};

use super::*;

// the known answer of Azure's derivation: this group key and ID give this device key
const GROUP_KEY: &str =
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
const ID: &str = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6";
const DERIVED: &str = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=";

fn enroll(bench: &Bench, id: &str, primary: &[u8], more: Value) {
    let keys = json!({ "primaryKey": STANDARD.encode(primary), "secondaryKey": STANDARD.encode([2; 32]) });
    let mut body = json!({
        "registrationId": id,
        "attestation": { "type": "symmetricKey", "symmetricKey": keys }
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let path = format!("/enrollments/{id}");
    let answer = bench.call("PUT", &path, &[("if-match", "*")], &body.to_string());
    if answer.status == 412 {
        assert_eq!(bench.call("PUT", &path, &[], &body.to_string()).status, 200);
    } else {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

fn enroll_group(bench: &Bench, more: Value) {
    let keys = json!({ "primaryKey": GROUP_KEY, "secondaryKey": STANDARD.encode([2; 32]) });
    let mut body = json!({
        "enrollmentGroupId": "line-7",
        "attestation": { "type": "symmetricKey", "symmetricKey": keys }
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    assert_eq!(bench.call("PUT", "/enrollmentGroups/line-7", &[], &body.to_string()).status, 200);
}

fn device_token(bench: &Bench, id: &str, key: &[u8]) -> String {
    let sr = format!("{}%2Fregistrations%2F{}", bench.running.info().id_scope, escape(id));
    token(&sr, key, NOW + 60, Some("registration"))
}

#[test]
fn an_individual_key_registers_whatever_the_sdks_spelling() {
    let bench = bench();
    enroll(&bench, "sn-1:ab", &[1; 32], json!({ "deviceId": "Dev-1" }));
    let scope = &bench.running.info().id_scope;
    for (key, sr, policy) in [
        // Node: raw, original case; Python: escaped, no policy; C: lower-case escapes; IoT Edge: all lower case
        ([1; 32], format!("{scope}/registrations/sn-1:ab"), Some("registration")),
        ([1; 32], format!("{scope}%2Fregistrations%2Fsn-1%3Aab"), None),
        ([2; 32], format!("{scope}%2fregistrations%2fsn-1%3aab"), Some("registration")),
        ([2; 32], format!("{}%2fregistrations%2fsn-1%3aab", scope.to_lowercase()), Some("registration")),
    ] {
        let authorization = token(&sr, &key, NOW + 60, policy);
        let done = bench.register(&bench.client, "sn-1:ab", Some(&authorization));
        assert_eq!(done.status, 200, "{sr}: {done:?}");
        assert_eq!(done.body["status"], "assigned");
        let state = &done.body["registrationState"];
        assert_eq!(state["registrationId"], "sn-1:ab");
        assert_eq!(state["assignedHub"], "lab-hub.azure-devices.net");
        assert_eq!(state["deviceId"], "Dev-1");
        assert_eq!(state["status"], "assigned");
        assert_eq!(state["substatus"], "initialAssignment");
        assert_eq!(state["symmetricKey"], json!({}));
    }
    assert_eq!(bench.running.counts().assigned, 1);
    let state = bench.call("GET", "/registrations/SN-1:AB", &[], "");
    assert_eq!(state.body["deviceId"], "Dev-1");
    let enrollment = bench.call("GET", "/enrollments/sn-1:ab", &[], "");
    assert_eq!(enrollment.body["registrationState"], state.body);

    let authorization = device_token(&bench, "sn-1:ab", &[1; 32]);
    let path = bench.device_path("sn-1:ab", "");
    let headers = [("authorization", authorization.as_str())];
    let looked_up = bench.send(&bench.client, "POST", &path, &headers, "{}").unwrap();
    assert_eq!(looked_up.body["assignedHub"], "lab-hub.azure-devices.net");

    assert_eq!(bench.call("DELETE", "/registrations/sn-1:ab", &[], "").status, 204);
    let gone = bench.call("GET", "/registrations/sn-1:ab", &[], "");
    assert_eq!((gone.status, gone.error_code()), (404, 404_202));
}

#[test]
fn wrong_keys_times_and_names_are_refused() {
    let bench = bench();
    enroll(&bench, "sn-1", &[1; 32], json!({}));
    let scope = &bench.running.info().id_scope;
    let sr = format!("{scope}/registrations/sn-1");
    let policy = Some("registration");
    for (what, authorization) in [
        ("wrong key", token(&sr, &[3; 32], NOW + 60, policy)),
        ("expired", token(&sr, &[1; 32], NOW - 1, policy)),
        ("another policy", token(&sr, &[1; 32], NOW + 60, Some("iothubowner"))),
        ("another device", token(&format!("{scope}/registrations/sn-2"), &[1; 32], NOW + 60, policy)),
        ("another scope", token("0neFFFF/registrations/sn-1", &[1; 32], NOW + 60, policy)),
    ] {
        let refused = bench.register(&bench.client, "sn-1", Some(&authorization));
        assert_eq!((refused.status, refused.error_code()), (401, 401_002), "{what}");
    }
    let nothing = bench.register(&bench.client, "sn-1", None);
    assert_eq!((nothing.status, nothing.error_code()), (401, 401_000));
    let unknown = device_token(&bench, "sn-9", &[1; 32]);
    assert_eq!(bench.register(&bench.client, "sn-9", Some(&unknown)).status, 401);

    let good = device_token(&bench, "sn-1", &[1; 32]);
    let headers = [("authorization", good.as_str())];
    let path = bench.device_path("sn-1", "/register");
    let other = "{\"registrationId\":\"sn-2\"}";
    assert_eq!(bench.send(&bench.client, "PUT", &path, &headers, other).unwrap().status, 400);
    let path = bench.device_path("sn-1", "/operations/5.0.none");
    assert_eq!(bench.send(&bench.client, "GET", &path, &headers, "").unwrap().status, 404);
    assert_eq!(bench.running.counts().assigned, 0);
}

#[test]
fn a_disabled_enrollment_refuses_and_does_not_fall_through_to_the_group() {
    let bench = bench();
    enroll_group(&bench, json!({}));
    let derived = STANDARD.decode(DERIVED).unwrap();
    let authorization = device_token(&bench, ID, &derived);
    assert_eq!(bench.register(&bench.client, ID, Some(&authorization)).status, 200);

    enroll(&bench, ID, &derived, json!({ "provisioningStatus": "disabled" }));
    let refused = bench.register(&bench.client, ID, Some(&authorization));
    assert_eq!((refused.status, refused.error_code()), (401, 401_002));

    // deleting it falls through to the group again
    assert_eq!(bench.call("DELETE", &format!("/enrollments/{ID}"), &[], "").status, 204);
    assert_eq!(bench.register(&bench.client, ID, Some(&authorization)).status, 200);
}

#[test]
fn a_groups_derived_key_registers_and_its_own_key_does_not() {
    let bench = bench();
    enroll_group(&bench, json!({}));
    let derived = device_token(&bench, ID, &STANDARD.decode(DERIVED).unwrap());
    let done = bench.register(&bench.client, ID, Some(&derived));
    assert_eq!(done.status, 200, "{done:?}");
    let state = &done.body["registrationState"];
    assert_eq!(state["deviceId"], ID);
    assert_eq!(state["symmetricKey"]["enrollmentGroupId"], "line-7");

    let group_key = STANDARD.decode(GROUP_KEY).unwrap();
    let itself = device_token(&bench, ID, &group_key);
    assert_eq!(bench.register(&bench.client, ID, Some(&itself)).status, 401);
    // the key of the lower-case ID is not the key of another spelling
    let shouted = device_token(&bench, &ID.to_uppercase(), &STANDARD.decode(DERIVED).unwrap());
    assert_eq!(bench.register(&bench.client, &ID.to_uppercase(), Some(&shouted)).status, 401);

    let of_group = bench.call("POST", "/registrations/line-7/query", &[], "{\"query\":\"*\"}");
    assert_eq!(of_group.header("x-ms-item-type"), "DeviceRegistration");
    assert_eq!(of_group.body[0]["registrationId"], ID);
    assert_eq!(bench.call("POST", "/registrations/line-7/query", &[], "").body, of_group.body);

    assert_eq!(bench.call("DELETE", "/enrollmentGroups/line-7", &[], "").status, 204);
    assert_eq!(bench.register(&bench.client, ID, Some(&derived)).status, 401);
    assert_eq!(bench.running.counts().assigned, 0);
}

#[test]
fn a_disabled_group_refuses() {
    let bench = bench();
    enroll_group(&bench, json!({ "provisioningStatus": "disabled" }));
    let derived = device_token(&bench, ID, &STANDARD.decode(DERIVED).unwrap());
    assert_eq!(bench.register(&bench.client, ID, Some(&derived)).status, 401);
}

#[test]
fn registering_again_follows_the_reprovision_policy() {
    let hubs = ["a-hub.azure-devices.net", "b-hub.azure-devices.net"];
    let bench = bench_with(|config| config.hubs = hubs.map(str::to_owned).to_vec());
    let authorization = device_token(&bench, "sn-1", &[1; 32]);
    let seen = |hub: &str, update: bool, migrate: bool| {
        let more = json!({
            "allocationPolicy": "static",
            "iotHubs": [hub],
            "reprovisionPolicy": { "updateHubAssignment": update, "migrateDeviceData": migrate }
        });
        enroll(&bench, "sn-1", &[1; 32], more);
        let state =
            bench.register(&bench.client, "sn-1", Some(&authorization)).body["registrationState"].clone();
        (state["assignedHub"].as_str().unwrap().to_owned(), state["substatus"].as_str().unwrap().to_owned())
    };
    let expect = |hub: &str, substatus: &str| (hub.to_owned(), substatus.to_owned());
    assert_eq!(seen(hubs[0], true, true), expect(hubs[0], "initialAssignment"));
    assert_eq!(seen(hubs[0], true, true), expect(hubs[0], "initialAssignment"));
    assert_eq!(seen(hubs[1], false, true), expect(hubs[0], "initialAssignment"));
    assert_eq!(seen(hubs[1], true, false), expect(hubs[1], "deviceDataReset"));
    assert_eq!(seen(hubs[0], true, true), expect(hubs[0], "reprovisionedToInitialAssignment"));
    assert_eq!(seen(hubs[1], true, true), expect(hubs[1], "deviceDataMigrated"));
}

#[test]
fn a_custom_allocation_fails_in_the_open() {
    let bench = bench();
    let webhook = json!({ "webhookUrl": "https://localhost/allocate", "apiVersion": "2021-10-01" });
    let more = json!({ "allocationPolicy": "custom", "customAllocationDefinition": webhook });
    enroll(&bench, "sn-1", &[1; 32], more);
    let done = bench.register(&bench.client, "sn-1", Some(&device_token(&bench, "sn-1", &[1; 32])));
    assert_eq!((done.status, &done.body["status"]), (200, &json!("failed")));
    assert_eq!(done.body["registrationState"]["errorCode"], 400_000);
    assert!(done.body["registrationState"]["errorMessage"].as_str().unwrap().contains("webhook"));
    assert_eq!(bench.running.counts().assigned, 0);
}
