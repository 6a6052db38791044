//! Enrollments as a service client makes, reads, changes and lists them.

use serde_json::{Value, json};

use super::*;
use crate::sim::azure::quota::Throttle;

const SYMMETRIC: &str = include_str!("../../../../fixtures/dps/node-enrollment-symmetric.json");
const X509: &str = include_str!("../../../../fixtures/dps/node-enrollment-x509.json");
const TPM: &str = include_str!("../../../../fixtures/dps/node-enrollment-tpm.json");
const GROUP: &str = include_str!("../../../../fixtures/dps/node-group-symmetric.json");
const GROUP_X509: &str = include_str!("../../../../fixtures/dps/node-group-x509.json");
const GROUP_CA: &str = include_str!("../../../../fixtures/dps/node-group-ca.json");
const BULK: &str = include_str!("../../../../fixtures/dps/node-bulk-create.json");

fn id_of(text: &str) -> String {
    let body: Value = serde_json::from_str(text).unwrap();
    body.get("registrationId").or(body.get("enrollmentGroupId")).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn an_enrollment_lives_as_the_node_client_expects() {
    let bench = bench();
    let path = format!("/enrollments/{}", id_of(SYMMETRIC));
    let created = bench.call("PUT", &path, &[], SYMMETRIC);
    assert_eq!(created.status, 200, "{created:?}");
    let sent: Value = serde_json::from_str(SYMMETRIC).unwrap();
    for member in [
        "registrationId",
        "deviceId",
        "provisioningStatus",
        "capabilities",
        "allocationPolicy",
        "iotHubs",
        "reprovisionPolicy",
        "initialTwin",
        "optionalDeviceInformation",
    ] {
        assert_eq!(created.body[member], sent[member], "{member}");
    }
    assert_eq!(created.body["createdDateTimeUtc"], now().to_string());

    let again = bench.call("PUT", &path, &[], SYMMETRIC);
    assert_eq!((again.status, again.error_code()), (409, 409_201));

    let read = bench.call("GET", &path.to_uppercase().replace("ENROLLMENTS", "enrollments"), &[], "");
    assert_eq!(read.body, created.body);
    assert_eq!(read.body["attestation"], json!({ "type": "symmetricKey", "symmetricKey": {} }));
    let mechanism = bench.call("POST", &format!("{path}/attestationmechanism"), &[], "");
    assert_eq!(mechanism.body, sent["attestation"]);

    let disabled = SYMMETRIC.replace("\"enabled\"", "\"disabled\"");
    let updated = bench.call("PUT", &path, &[("if-match", &created.etag())], &disabled);
    assert_eq!(updated.status, 200, "{updated:?}");
    assert_eq!(updated.body["provisioningStatus"], "disabled");
    assert_ne!(updated.etag(), created.etag());
    let stale = bench.call("PUT", &path, &[("if-match", &created.etag())], SYMMETRIC);
    assert_eq!((stale.status, stale.error_code()), (412, 412_001));
    let quoted = format!("\"{}\"", updated.etag());
    assert_eq!(bench.call("PUT", &path, &[("if-match", &quoted)], SYMMETRIC).status, 412);
    assert_eq!(bench.call("PUT", &path, &[("if-match", "*")], SYMMETRIC).status, 200);

    let stale = bench.call("DELETE", &path, &[("if-match", &created.etag())], "");
    assert_eq!(stale.status, 412);
    assert_eq!(bench.call("DELETE", &path, &[], "").status, 204);
    let gone = bench.call("GET", &path, &[], "");
    assert_eq!((gone.status, gone.error_code()), (404, 404_201));
    assert_eq!(bench.call("PUT", &path, &[("if-match", "*")], SYMMETRIC).status, 412);
}

#[test]
fn the_other_recorded_enrollments_and_groups_are_accepted() {
    let bench = bench();
    for (text, kind) in [
        (X509, "enrollments"),
        (TPM, "enrollments"),
        (GROUP, "enrollmentGroups"),
        (GROUP_X509, "enrollmentGroups"),
        (GROUP_CA, "enrollmentGroups"),
    ] {
        let path = format!("/{kind}/{}", id_of(text));
        let answer = bench.call("PUT", &path, &[], text);
        assert_eq!(answer.status, 200, "{text} {answer:?}");
        assert_eq!(bench.call("GET", &path, &[], "").body, answer.body);
    }
    let counts = bench.running.counts();
    assert_eq!((counts.enrollments, counts.groups, counts.assigned), (2, 3, 0));

    let path = format!("/enrollments/{}", id_of(X509));
    let read = bench.call("GET", &path, &[], "");
    let primary = &read.body["attestation"]["x509"]["clientCertificates"]["primary"];
    assert_eq!(primary["info"]["subjectName"], "CN=sn-0001");
    assert_eq!(primary["info"]["sha1Thumbprint"], "49C1BE9E4687DEBC1C442495F45BB7C1F5423D02");

    // the Node client asks for a group's keys under a lower-case path
    let path = format!("/enrollmentgroups/{}/attestationmechanism", id_of(GROUP));
    let sent: Value = serde_json::from_str(GROUP).unwrap();
    assert_eq!(bench.call("POST", &path, &[], "").body, sent["attestation"]);
}

#[test]
fn absent_and_empty_keys_are_generated_with_64_bytes() {
    let bench = bench();
    for (id, attestation) in [
        ("a", json!({ "type": "symmetricKey" })),
        ("b", json!({ "type": "symmetricKey", "symmetricKey": { "primaryKey": "", "secondaryKey": null } })),
    ] {
        let body = json!({ "registrationId": id, "attestation": attestation }).to_string();
        assert_eq!(bench.call("PUT", &format!("/enrollments/{id}"), &[], &body).status, 200);
        let path = format!("/enrollments/{id}/attestationmechanism");
        let keys = bench.call("POST", &path, &[], "").body["symmetricKey"].clone();
        let key = |name: &str| STANDARD.decode(keys[name].as_str().unwrap()).unwrap();
        assert_eq!((key("primaryKey").len(), key("secondaryKey").len()), (64, 64));
        assert_ne!(key("primaryKey"), key("secondaryKey"));
    }
}

#[test]
fn documents_that_azure_refuses_are_refused() {
    let bench = bench();
    let key = |bytes: usize| STANDARD.encode(vec![1; bytes]);
    let keys = |primary: String| json!({ "type": "symmetricKey", "symmetricKey": { "primaryKey": primary, "secondaryKey": key(16) } });
    let with = |member: &str, value: Value| {
        let mut body = json!({ "registrationId": "sn-1", "attestation": keys(key(16)) });
        body[member] = value;
        body
    };
    let certificate = |text: &str| json!({ "type": "x509", "x509": { "clientCertificates": { "primary": { "certificate": text } } } });
    for (body, code) in [
        (with("registrationId", json!("sn-2")), 400_000),
        (with("attestation", keys(key(15))), 400_000),
        (with("attestation", keys(key(65))), 400_000),
        (with("attestation", keys("no base64".into())), 400_000),
        (with("attestation", json!({ "type": "none" })), 400_000),
        (with("attestation", Value::Null), 400_000),
        (with("attestation", certificate("hello")), 400_004),
        (with("iotHubs", json!(["other-hub.azure-devices.net"])), 400_000),
        (with("allocationPolicy", json!("static")), 400_000),
        (with("allocationPolicy", json!("nearest")), 400_000),
        (with("allocationPolicy", json!("custom")), 400_000),
        (with("deviceId", json!("a b")), 400_000),
        (with("capabilities", json!({})), 400_000),
        (with("reprovisionPolicy", json!({ "migrateDeviceData": true })), 400_000),
        (with("provisioningStatus", json!("maybe")), 400_000),
    ] {
        let answer = bench.call("PUT", "/enrollments/sn-1", &[], &body.to_string());
        assert_eq!((answer.status, answer.error_code()), (400, code), "{body}");
    }
    for id in ["sn@1", "-sn", "sn.", &"a".repeat(129)] {
        let body = json!({ "registrationId": id, "attestation": keys(key(16)) }).to_string();
        assert_eq!(bench.call("PUT", &format!("/enrollments/{}", escape(id)), &[], &body).status, 400);
    }
    assert_eq!(bench.call("PUT", "/enrollments/sn-1", &[], "{").status, 400);
    assert_eq!(bench.call("PATCH", "/enrollments/sn-1", &[], "{}").status, 405);
    assert_eq!(bench.call("GET", "/devices", &[], "").status, 404);
    assert_eq!(bench.running.counts().enrollments, 0);

    let token = bench.service_token();
    let headers = [("authorization", token.as_str())];
    let answer = bench.send(&bench.client, "GET", "/enrollments/sn-1", &headers, "").unwrap();
    assert_eq!(answer.status, 400, "without api-version");
}

#[test]
fn a_group_takes_only_ca_certificates() {
    let bench = bench();
    let leaf: Value = serde_json::from_str(X509).unwrap();
    let pair = &leaf["attestation"]["x509"]["clientCertificates"];
    let body = json!({
        "enrollmentGroupId": "g",
        "attestation": { "type": "x509", "x509": { "signingCertificates": pair } }
    });
    assert_eq!(bench.call("PUT", "/enrollmentGroups/g", &[], &body.to_string()).status, 400);
}

#[test]
fn bulk_operations_name_what_failed() {
    let bench = bench();
    let all_well = json!({ "isSuccessful": true, "errors": [] });
    // the Node client's path has a trailing slash
    assert_eq!(bench.call("POST", "/enrollments/", &[], BULK).body, all_well);
    let again = bench.call("POST", "/enrollments", &[], BULK);
    assert_eq!((again.status, &again.body["isSuccessful"]), (200, &json!(false)));
    assert_eq!(again.body["errors"].as_array().unwrap().len(), 10);
    assert_eq!(again.body["errors"][0]["errorCode"], 409_201);

    let body: Value = serde_json::from_str(BULK).unwrap();
    let mut one_more = body.clone();
    let extra = json!({ "registrationId": "one-more", "attestation": { "type": "symmetricKey" } });
    one_more["enrollments"].as_array_mut().unwrap().push(extra.clone());
    assert_eq!(bench.call("POST", "/enrollments", &[], &one_more.to_string()).status, 400);
    let twice = json!({ "mode": "create", "enrollments": [extra, extra] });
    assert_eq!(bench.call("POST", "/enrollments", &[], &twice.to_string()).status, 400);

    let etag = {
        let id = body["enrollments"][0]["registrationId"].as_str().unwrap();
        bench.call("GET", &format!("/enrollments/{id}"), &[], "").etag()
    };
    let mut update = body.clone();
    update["mode"] = json!("updateIfMatchETag");
    update["enrollments"][0]["etag"] = json!(etag);
    update["enrollments"][1]["etag"] = json!("c3RhbGU=");
    update["enrollments"].as_array_mut().unwrap().truncate(2);
    let updated = bench.call("POST", "/enrollments", &[], &update.to_string());
    assert_eq!(updated.body["errors"].as_array().unwrap().len(), 1);
    assert_eq!(updated.body["errors"][0]["errorCode"], 412_001);
    assert_eq!(updated.body["errors"][0]["registrationId"], body["enrollments"][1]["registrationId"]);

    let mut delete = body.clone();
    delete["mode"] = json!("delete");
    assert_eq!(bench.call("POST", "/enrollments/", &[], &delete.to_string()).body, all_well);
    assert_eq!(bench.running.counts().enrollments, 0);
}

#[test]
fn queries_come_in_pages_without_keys() {
    let bench = bench();
    bench.call("POST", "/enrollments/", &[], BULK);
    let mut continuation = String::new();
    let mut sizes = Vec::new();
    loop {
        let headers = [("x-ms-max-item-count", "4"), ("x-ms-continuation", continuation.as_str())];
        let headers = if continuation.is_empty() { &headers[..1] } else { &headers[..] };
        let page = bench.call("POST", "/enrollments/query", headers, "{\"query\":\"*\"}");
        assert_eq!(page.header("x-ms-item-type"), "Enrollment");
        assert_eq!(page.header("x-ms-max-item-count"), "4");
        let items = page.body.as_array().unwrap();
        assert!(items.iter().all(|item| item["attestation"]["symmetricKey"] == json!({})));
        sizes.push(items.len());
        continuation = page.header("x-ms-continuation");
        if continuation.is_empty() {
            break;
        }
    }
    assert_eq!(sizes, [4, 4, 2]);
    for (name, value) in [("x-ms-max-item-count", "0"), ("x-ms-continuation", "!")] {
        let answer = bench.call("POST", "/enrollments/query", &[(name, value)], "{\"query\":\"*\"}");
        assert_eq!(answer.status, 400, "{name}");
    }
    assert_eq!(bench.call("POST", "/enrollments/query", &[], "{}").status, 400);
}

#[test]
fn only_a_right_token_of_the_policy_opens_the_service() {
    let bench = bench();
    let key = bench.policy_key();
    let port = bench.running.info().https;
    let policy = Some("provisioningserviceowner");
    let status = |authorization: &str| {
        let path = "/enrollments/none?api-version=2021-10-01";
        let headers = [("authorization", authorization)];
        let answer = bench.send(&bench.client, "GET", path, &headers, "").unwrap();
        (answer.status, answer.error_code())
    };
    let open = (404, 404_201);
    let shut = (401, 401_002);
    assert_eq!(status(&token("127.0.0.1", &key, NOW + 1, policy)), open);
    assert_eq!(status(&token(&format!("LOCALHOST%3a{port}"), &key, NOW + 1, policy)), open);
    assert_eq!(status(&token("127.0.0.1/enrollments", &key, NOW + 1, policy)), open);
    assert_eq!(status(&token("127.0.0.1/enrollmentGroups", &key, NOW + 1, policy)), shut);
    assert_eq!(status(&token("other.azure-devices-provisioning.net", &key, NOW + 1, policy)), shut);
    assert_eq!(status(&token("127.0.0.1%3A1", &key, NOW + 1, policy)), shut);
    assert_eq!(status(&token("127.0.0.1", &key, NOW, policy)), shut, "expired");
    assert_eq!(status(&token("127.0.0.1", &key, NOW + 1, Some("iothubowner"))), shut);
    assert_eq!(status(&token("127.0.0.1", &key, NOW + 1, None)), shut);
    assert_eq!(status(&token("127.0.0.1", b"0123456789abcdef", NOW + 1, policy)), shut, "wrong key");
    assert_eq!(status("Bearer abc"), shut);
    let path = "/enrollments/none?api-version=2021-10-01";
    let answer = bench.send(&bench.client, "GET", path, &[], "").unwrap();
    assert_eq!((answer.status, answer.error_code()), (401, 401_000));
}

#[test]
fn the_rate_limit_counts_only_the_services_side() {
    let throttle = Throttle { per_minute: 2, retry_after: Duration::from_secs(7) };
    let bench = bench_with(|config| config.throttle = Some(throttle));
    assert_eq!(bench.call("GET", "/enrollments/x", &[], "").status, 404);
    assert_eq!(bench.call("GET", "/enrollments/x", &[], "").status, 404);
    let late = bench.call("GET", "/enrollments/x", &[], "");
    assert_eq!((late.status, late.error_code(), late.header("retry-after")), (429, 429_001, "7".into()));
    assert_eq!(bench.register(&bench.client, "sn-1", None).status, 401);
}
