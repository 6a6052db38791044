//! What a second attempt at a device, and a decision about the first, does to its enrollment: devices under an
//! enrollment group, group keys that change, rows that wait for a person, records that are damaged.

use std::fs;

use lineside::azure::enrollment::AttestationType;
use serde_json::{Value, json};

use super::{GATEWAY, SENSOR, enrolled_sha256, provision, rows};
use crate::factory::azure::Azure;
use crate::factory::bench::Bench;
use crate::factory::process::Process;
use crate::factory::{Station, wait_for};

/// Makes a built-in recipe one whose devices register through a group that is there already.
fn under_group(station: &Station, product: &str) {
    let text = station.ok(&["product", "show", product]);
    assert!(text.contains("kind = \"individual\""), "{text}");
    let text = text.replace("kind = \"individual\"", "kind = \"group\"");
    fs::write(station.folder().join(format!("products/{product}.toml")), text).unwrap();
}

/// Operation and state of each row, oldest first.
fn standing(station: &Station) -> Vec<Value> {
    rows(station).iter().map(|row| json!([row["operation"], row["state"]])).collect()
}

#[test]
fn a_device_that_failed_under_its_group_is_enrolled_by_itself_once_it_passes() {
    for (product, serial, id) in [("demo-gateway", "GW", GATEWAY), ("demo-sensor", "SE", SENSOR)] {
        for sent_between in [true, false] {
            let station = Station::found();
            let azure = Azure::of(&station);
            station.ok(&["key", "add", "demo-sensors"]);
            under_group(&station, product);
            let model = ["--model", product];
            let bench =
                Bench::plug(&station, 1, serial, &[&model[..], &["--fault", "wrong-digest"]].concat());
            assert!(!provision(&station, &bench, product), "{product}");
            drop(bench);
            if sent_between {
                station.ok(&["enroll", "push"]);
                assert!(!azure.enrollment(id).expect("it is blocked").is_enabled(), "{product}");
            }

            let bench = Bench::plug(&station, 1, serial, &model);
            assert!(provision(&station, &bench, product), "{product}");
            station.ok(&["enroll", "push"]);
            assert_eq!(standing(&station), [json!(["disable", "sent"]), json!(["create", "sent"])]);
            let enrolled = azure.enrollment(id).unwrap();
            assert!(enrolled.is_enabled(), "{product}: what passed must be let in");
            if product == "demo-gateway" {
                let recorded = station.sqlite("SELECT sha256 FROM certificate WHERE run = 2");
                assert_eq!(enrolled_sha256(&azure), Some(recorded));
            } else {
                assert_eq!(enrolled.attestation.kind, AttestationType::SymmetricKey);
            }
        }
    }
}

#[test]
fn a_first_pass_under_a_group_writes_no_row_and_its_successor_is_pinned() {
    let station = Station::found();
    let azure = Azure::of(&station);
    under_group(&station, "demo-gateway");
    let bench = Bench::plug(&station, 1, "GW", &[]);
    assert!(provision(&station, &bench, "demo-gateway"));
    assert_eq!(rows(&station), Vec::<Value>::new());
    station.ok(&["run", "supersede", "1"]);
    assert!(provision(&station, &bench, "demo-gateway"));
    station.ok(&["enroll", "push"]);
    assert!(azure.enrollment(GATEWAY).unwrap().is_enabled());
    assert_eq!(enrolled_sha256(&azure), Some(station.sqlite("SELECT sha256 FROM certificate WHERE run = 2")));
}

#[test]
fn a_group_key_is_not_rotated_while_anything_derived_from_it_is_under_way() {
    let station = Station::found();
    let _azure = Azure::of(&station);
    station.ok(&["key", "add", "demo-sensors"]);
    let bench = Bench::plug(&station, 1, "SE", &["--model", "demo-sensor"]);
    station.release("lot", "demo-sensor", 1, 1);
    let key = station.ok(&["key", "derive", "demo-sensors", SENSOR]);
    let mut provision_once =
        station.command(&["provision", "--port", bench.port(), "--product", "demo-sensor"]);
    provision_once.env("LINESIDE_CRASH_AT", "after-intent");
    let mut killed = Process::start(provision_once);
    wait_for("an intent", || (station.sqlite("SELECT stage FROM run") == "intended").then_some(()));
    killed.kill();
    let said = station.refused(1, "LS-VAULT-12", &["key", "rotate", "demo-sensors"]);
    assert!(said.contains("1 runs"), "{said}");
    station.ok(&["run", "supersede", "1"]);

    assert!(provision(&station, &bench, "demo-sensor"));
    let said = station.refused(1, "LS-VAULT-12", &["key", "rotate", "demo-sensors"]);
    assert!(said.contains("1 enrollments"), "{said}");
    assert_eq!(station.ok(&["key", "derive", "demo-sensors", SENSOR]), key);
    let changes = station.events("secret-changing");
    let of_the_group = changes.iter().filter(|event| event["name"] == "group-key/demo-sensors").count();
    assert_eq!(of_the_group, 1, "the key was added, and no rotation begun: {changes:?}");

    station.ok(&["enroll", "push"]);
    station.ok(&["key", "rotate", "demo-sensors"]);
    assert_ne!(station.ok(&["key", "derive", "demo-sensors", SENSOR]), key);
}

#[test]
fn keys_that_no_device_has_are_never_enrolled() {
    let station = Station::found();
    let azure = Azure::of(&station);
    station.ok(&["key", "add", "demo-sensors"]);
    let bench = Bench::plug(&station, 1, "SE", &["--model", "demo-sensor"]);
    assert!(provision(&station, &bench, "demo-sensor"));
    // what no command does: the key changes under a row that waits, as a vault from elsewhere would bring it about
    station.sqlite("UPDATE outbox SET state = 'cancelled'");
    station.ok(&["key", "rotate", "demo-sensors"]);
    station.sqlite("UPDATE outbox SET state = 'waiting'");
    station.refused(1, "LS-VAULT-13", &["enroll", "push"]);
    assert_eq!(standing(&station), [json!(["create", "parked"])]);
    assert_eq!(azure.requests().len(), 0, "Azure was not even asked");

    station.ok(&["run", "supersede", "1"]);
    assert!(provision(&station, &bench, "demo-sensor"));
    station.ok(&["enroll", "push"]);
    assert!(azure.enrollment(SENSOR).unwrap().is_enabled());
}

#[test]
fn what_comes_after_a_parked_row_waits_for_it_and_the_good_device_is_enrolled_in_the_end() {
    let station = Station::found();
    let azure = Azure::of(&station);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    assert!(provision(&station, &bench, "demo-gateway"));
    station.ok(&["enroll", "push"]);
    let good = fs::read_to_string(station.beside("dps")).unwrap();
    let (head, _) = good.split_once("SharedAccessKey=").unwrap();
    let bad = station.write("bad", &format!("{head}SharedAccessKey=AAECAwQFBgcICQoLDA0ODw=="));
    station.ok(&["secret", "set", "dps", "--file", &bad]);
    station.ok(&["run", "supersede", "1"]);
    station.refused(1, "LS-AZ-03", &["enroll", "push"]);
    let good = station.beside("dps");
    station.ok(&["secret", "set", "dps", "--file", good.to_str().unwrap()]);

    assert!(provision(&station, &bench, "demo-gateway"));
    let asked = azure.requests().len();
    station.refused(1, "LS-AZ-03", &["enroll", "push"]);
    assert_eq!(azure.requests().len(), asked, "the newer row does not overtake the parked one");
    assert_eq!(rows(&station)[2]["held_by"], 2);
    let shown = station.ok(&["enroll", "status"]);
    assert!(shown.contains("waits for row 2, which is parked"), "{shown}");

    station.ok(&["enroll", "retry"]);
    station.ok(&["enroll", "push"]);
    assert_eq!(rows(&station)[2]["held_by"], Value::Null);
    assert!(azure.enrollment(GATEWAY).unwrap().is_enabled());
    assert_eq!(enrolled_sha256(&azure), Some(station.sqlite("SELECT sha256 FROM certificate WHERE run = 2")));
}

#[test]
fn a_recipe_that_is_gone_or_unreadable_keeps_no_enrollment_alive() {
    for damage in ["DELETE FROM product", "UPDATE product SET text = 'no recipe'"] {
        let station = Station::found();
        let azure = Azure::of(&station);
        let bench = Bench::plug(&station, 1, "GW", &[]);
        assert!(provision(&station, &bench, "demo-gateway"));
        station.ok(&["enroll", "push"]);
        station.sqlite(damage);
        let said = station.run(&["audit", "verify"]);
        said.is_refused(1, "LS-AUDIT-01");
        assert!(said.out.contains("product/"), "{damage}: {}", said.out);
        station.ok(&["run", "scrap", "1"]);
        station.ok(&["enroll", "push"]);
        assert!(!azure.enrollment(GATEWAY).unwrap().is_enabled(), "{damage}");
    }
}

#[test]
fn a_damaged_certificate_parks_its_own_row_only() {
    let station = Station::found();
    let azure = Azure::of(&station);
    let bench = Bench::plug(&station, 2, "GW", &[]);
    for port in &bench.ports {
        station.ok(&["provision", "--port", port.to_str().unwrap(), "--product", "demo-gateway"]);
    }
    station
        .sqlite("UPDATE certificate SET sha256 = replace(sha256, substr(sha256, 1, 1), 'z') WHERE run = 1");
    station.refused(1, "LS-DB-01", &["enroll", "push"]);
    assert_eq!(standing(&station), [json!(["create", "parked"]), json!(["create", "sent"])]);
    assert_eq!(azure.enrollments(), 1);
}
