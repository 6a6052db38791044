//! Announced devices on the line: one that differs from what was announced is stopped, the others run as ever, and what
//! was announced with them reaches their twins.

use std::fs;

use serde_json::json;

use super::import;
use crate::factory::azure::Azure;
use crate::factory::bench::Bench;
use crate::factory::{Station, wait_for};

/// Serial number, MAC address and registration ID of the bench's first gateway.
const SERIAL: &str = "GW00001";
const MAC: &str = "02:4c:53:01:00:01";
const ID: &str = "gw-gw00001-mac-02-4c-53-01-00-01";

/// What became of the device on a bench of one.
fn provisioned(station: &Station) -> (i32, String) {
    let bench = Bench::plug(station, 1, "GW", &[]);
    let ended = station.run(&["provision", "--port", bench.port(), "--product", "demo-gateway"]);
    (ended.exit, ended.err)
}

fn verdict(station: &Station) -> String {
    station.sqlite("SELECT verdict, code FROM run ORDER BY id DESC LIMIT 1")
}

#[test]
fn a_device_with_another_mac_than_announced_is_put_aside() {
    let station = Station::found();
    let text = format!("serial,mac\n{},02:00:00:00:00:99\n", SERIAL.to_lowercase());
    assert_eq!(import(&station, "in.csv", &text, &[]).0, 0);
    let (exit, said) = provisioned(&station);
    assert_eq!((exit, verdict(&station).as_str()), (1, "QUARANTINE|LS-CSV-16"), "{said}");
    assert!(
        said.contains("announced as 02:00:00:00:00:99, not 02:4c:53:01:00:01 (import 1, line 2)"),
        "{said}"
    );
    let alarms = station.events("announcement-alarm");
    assert_eq!(alarms.len(), 1);
    assert_eq!((&alarms[0]["kind"], &alarms[0]["value"]), (&json!("MAC address"), &json!(MAC)));
    assert_eq!(
        station.sqlite("SELECT count(*) FROM certificate"),
        "0",
        "no key was made, nothing was issued"
    );
}

#[test]
fn a_device_with_the_mac_of_another_one_is_put_aside() {
    let station = Station::found();
    assert_eq!(import(&station, "in.csv", &format!("serial,mac\nGW00777,{MAC}\n"), &[]).0, 0);
    let (exit, said) = provisioned(&station);
    assert_eq!((exit, verdict(&station).as_str()), (1, "QUARANTINE|LS-CSV-16"), "{said}");
    assert!(said.contains("announced for device GW00777"), "{said}");
}

#[test]
fn a_device_of_another_work_order_is_taken_out() {
    let station = Station::found();
    assert_eq!(import(&station, "in.csv", &format!("serial,work_order\n{SERIAL},lot-9\n"), &[]).0, 0);
    let (exit, said) = provisioned(&station);
    assert_eq!((exit, verdict(&station).as_str()), (1, "SKIPPED|LS-CSV-17"), "{said}");
    assert!(station.events("announcement-alarm").is_empty());
}

#[test]
fn announced_cells_become_tags_and_a_missing_one_is_left_out() {
    let station = Station::found();
    let azure = Azure::of(&station);
    station.ok(&["product", "add", "demo-gateway"]);
    let path = station.folder().join("products/demo-gateway.toml");
    let recipe = fs::read_to_string(&path).unwrap();
    assert!(recipe.contains("line = \"demo\""));
    let tags = "line = \"@production_line\"\ncity = \"@city\"\nmail = \"@@demo\"";
    fs::write(&path, recipe.replace("line = \"demo\"", tags)).unwrap();
    let text = format!("serial,mac,Production_Line,city\n{SERIAL},{MAC},\"Halle 3, \"\"Ost\"\"\",\n");
    let (exit, report) = import(&station, "in.csv", &text, &["--product", "demo-gateway"]);
    assert_eq!(exit, 0, "{report}");
    assert_eq!(station.sqlite("SELECT registration_id FROM announced"), ID);
    // a later file adds to what is known of the device
    let more = format!("serial,note\n{SERIAL},x\n");
    assert_eq!(import(&station, "more.csv", &more, &[]).0, 0);
    let (exit, said) = provisioned(&station);
    assert_eq!(exit, 0, "{said}");
    station.ok(&["enroll", "push"]);
    let enrolled = wait_for("the enrollment", || azure.enrollment(ID));
    let twin = enrolled.initial_twin.expect("a twin");
    assert_eq!(serde_json::Value::Object(twin.tags), json!({ "line": "Halle 3, \"Ost\"", "mail": "@demo" }));
}

#[test]
fn devices_that_are_not_announced_run_as_before_and_a_passed_one_cannot_be_announced_otherwise() {
    let station = Station::found();
    assert_eq!(import(&station, "in.csv", "serial,mac\nGW00555,02:00:00:00:00:55\n", &[]).0, 0);
    let (exit, said) = provisioned(&station);
    assert_eq!(exit, 0, "{said}");
    let (exit, report) =
        import(&station, "late.csv", &format!("serial,mac\n{SERIAL},02:00:00:00:00:99\n"), &[]);
    assert_eq!((exit, &report["faults"][0]["code"]), (1, &json!("LS-CSV-11")), "{report}");
    let (exit, report) = import(&station, "good.csv", &format!("serial,mac,site\n{SERIAL},{MAC},x\n"), &[]);
    assert_eq!((exit, &report["good"]), (0, &json!(1)), "{report}");
}
