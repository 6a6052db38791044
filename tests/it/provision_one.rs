//! `lineside provision` against virtual devices in a process of their own: what passes, what is refused and under
//! which code, duplicates as named alarms, and re-work.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::factory::bench::Bench;
use crate::factory::process::{self, Ended};
use crate::factory::{NO_SCOPE, Station};

/// Provisions the device at this port; the ending as JSON, and how the program ended.
fn provision(station: &Station, port: &str, product: &str, words: &[&str]) -> (Value, Ended) {
    let words = [&["provision", "--port", port, "--product", product, "--json"], words].concat();
    let ended = station.run(&words);
    let ending = serde_json::from_str(&ended.out).unwrap_or(Value::Null);
    (ending, ended)
}

/// It must pass.
fn passes(station: &Station, port: &str, product: &str, words: &[&str]) -> Value {
    let (ending, ended) = provision(station, port, product, words);
    assert_eq!((ended.exit, &ending["verdict"]), (0, &Value::from("PASS")), "{ended:?}");
    ending
}

/// It must end with this verdict and code, both in the report and in the records.
fn stops(station: &Station, port: &str, product: &str, words: &[&str], verdict: &str, code: &str) -> Value {
    let (ending, ended) = provision(station, port, product, words);
    ended.is_refused(1, code);
    assert_eq!((&ending["verdict"], &ending["code"]), (&verdict.into(), &code.into()), "{ending}");
    let run = station.json(&["run", "show", &ending["run"].to_string()]);
    assert_eq!((&run["verdict"], &run["code"]), (&verdict.into(), &code.into()), "{run}");
    ending
}

/// The last entry of this kind must be an alarm about this.
fn alarmed(station: &Station, kind: &str, value: &str) {
    let alarms = station.events("duplicate-alarm");
    let last = alarms.last().expect("an alarm stands in the log");
    assert_eq!(last["kind"], kind, "{last}");
    assert_eq!(last["known-device"], 1, "{last}");
    assert!(last["value"].as_str().unwrap().contains(value), "{last}");
}

#[test]
fn a_device_passes_alone_under_an_order_of_exactly_one() {
    let station = Station::found();
    let bench = Bench::plug(&station, 1, "GW", &[]);
    let ending = passes(&station, bench.port(), "demo-gateway", &["--label", "gw00001"]);
    assert_eq!(ending["serial"], "GW00001");
    let orders = station.json(&["work-order", "list"]);
    assert_eq!(orders.as_array().unwrap().len(), 1);
    assert_eq!((&orders[0]["quantity"], &orders[0]["state"]), (&1.into(), &"closed".into()), "{orders}");
    let run = station.json(&["run", "show", "1"]);
    assert_eq!(run["proof"], "sign-nonce");
    assert_eq!(run["certificate"]["state"], "issued");
    let held = fs::read_to_string(station.beside("devices/GW00001/files/chain.pem")).unwrap();
    assert_eq!(held, station.ok(&["ca", "export", "GW00001"]), "the device holds what is on record");
    assert_eq!(station.events("issue-intended").len(), 1);
}

#[test]
fn a_run_from_the_terminal_that_is_killed_takes_no_order_from_the_line() {
    let station = Station::found();
    let bench = Bench::plug(&station, 3, "GW", &[]);
    station.release("lot-1", "demo-sensor", 5, 0);
    let active = || station.sqlite("SELECT name FROM work_order WHERE state = 'active'");
    passes(&station, bench.port(), "demo-gateway", &[]);
    assert_eq!(active(), "lot-1");
    let activated = station.events("work-order-activated");
    assert_eq!(activated.len(), 1, "the active order was never paused, not even for a moment");
    assert_eq!(station.events("work-order-released").len(), 1);

    let port = bench.ports[1].to_str().unwrap();
    let mut command = station.command(&["provision", "--port", port, "--product", "demo-gateway", "--json"]);
    command.env("LINESIDE_CRASH_AT", "after-intent");
    let mut killed = process::Process::start(command);
    let deadline = std::time::Instant::now() + crate::factory::SOON;
    while station.events("issue-intended").len() < 2 {
        assert!(std::time::Instant::now() < deadline, "the run begins");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    killed.kill();
    assert_eq!(active(), "lot-1");

    // what it left open is in nobody's way, and the slots never run it
    passes(&station, bench.ports[2].to_str().unwrap(), "demo-gateway", &[]);
    assert_eq!(active(), "lot-1");
    let states = "SELECT group_concat(state) FROM (SELECT state FROM work_order ORDER BY created)";
    assert_eq!(station.sqlite(states), "active,closed,paused,closed");
}

#[test]
fn a_label_that_disagrees_is_the_wrong_unit() {
    let station = Station::found();
    let bench = Bench::plug(&station, 1, "GW", &[]);
    let words = ["--label", "GW00002"];
    let ending = stops(&station, bench.port(), "demo-gateway", &words, "SKIPPED", "LS-ID-07");
    let message = ending["message"].as_str().unwrap();
    assert!(message.contains("GW00001") && message.contains("GW00002"), "{message}");
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "0");
}

#[test]
fn a_spent_quota_a_foreign_serial_and_an_order_not_released_stop_the_signer() {
    let station = Station::found();
    let bench = Bench::plug(&station, 2, "GW", &[]);
    let (first, second) = (bench.port(), bench.ports[1].to_str().unwrap());
    station.release("lot-1", "demo-gateway", 1, 0);
    passes(&station, first, "demo-gateway", &[]);
    let ending = stops(&station, second, "demo-gateway", &[], "ERROR", "LS-WO-04");
    assert!(ending["message"].as_str().unwrap().contains("All 1 units of work order lot-1"), "{ending}");
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "1", "the signer was not asked");

    let serials = station.write("serials", "GW00007\nGW00008\n");
    let words = ["work-order", "add", "lot-2", "--product", "demo-gateway", "--quantity", "2", "--serials"];
    station.ok(&[words.as_slice(), &[&serials]].concat());
    let (_, ended) = provision(&station, second, "demo-gateway", &["--work-order", "lot-2"]);
    ended.is_refused(1, "LS-WO-03");
    station.ok(&["work-order", "activate", "lot-2"]);
    stops(&station, second, "demo-gateway", &[], "SKIPPED", "LS-WO-05");
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "1");
    assert_eq!(
        station.sqlite("SELECT issued FROM work_order WHERE name = 'lot-2'"),
        "0",
        "no unit was taken"
    );
}

#[test]
fn a_device_that_has_its_identity_is_skipped_and_comes_to_no_harm() {
    let station = Station::found();
    let bench = Bench::plug(&station, 1, "GW", &[]);
    passes(&station, bench.port(), "demo-gateway", &[]);
    let state = station.beside("devices/GW00001");
    let held = (fs::read(state.join("key.pem")).unwrap(), fs::read(state.join("files/chain.pem")).unwrap());
    let ending = stops(&station, bench.port(), "demo-gateway", &[], "SKIPPED", "LS-RUN-05");
    assert!(ending["message"].as_str().unwrap().contains("run 1"), "{ending}");
    let now = (fs::read(state.join("key.pem")).unwrap(), fs::read(state.join("files/chain.pem")).unwrap());
    assert_eq!(held, now);
    assert_eq!(station.sqlite("SELECT state FROM certificate"), "issued");
}

#[test]
fn a_second_device_with_the_same_serial_number_is_a_named_alarm() {
    let station = Station::found();
    let bench = Bench::plug(&station, 1, "GW", &["--seed", "1"]);
    passes(&station, bench.port(), "demo-gateway", &[]);
    drop(bench);
    let other = Bench::plug(&station, 1, "GW", &["--seed", "2"]);
    stops(&station, other.port(), "demo-gateway", &[], "QUARANTINE", "LS-DUP-01");
    alarmed(&station, "serial", "GW00001");
    assert_eq!(station.sqlite("SELECT count(*), group_concat(state) FROM certificate"), "1|issued");
    assert_eq!(station.sqlite("SELECT group_concat(state) FROM device"), "provisioned");
}

#[test]
fn a_second_device_with_the_same_mac_address_is_a_named_alarm() {
    let station = Station::found();
    let bench = Bench::plug(&station, 1, "GW", &["--seed", "1"]);
    passes(&station, bench.port(), "demo-gateway", &[]);
    let other = Bench::plug(&station, 1, "GX", &["--seed", "1"]);
    stops(&station, other.port(), "demo-gateway", &[], "QUARANTINE", "LS-DUP-02");
    alarmed(&station, "mac", "02:4c:53:01:00:01");
    assert_eq!(station.sqlite("SELECT count(*) FROM device"), "1");
}

#[test]
fn a_second_device_with_the_same_registration_id_is_a_named_alarm() {
    let station = Station::found();
    let recipe = |name: &str, template: &str| {
        let text = station.ok(&["product", "show", "demo-gateway"]);
        let text = text
            .replace("name = \"demo-gateway\"", &format!("name = \"{name}\""))
            .replace("gw-{serial}-mac-{mac}", template);
        fs::write(station.folder().join(format!("products/{name}.toml")), text).unwrap();
    };
    recipe("one", "unit-x{serial}");
    recipe("other", "unit-{serial}");
    let bench = Bench::plug(&station, 1, "A", &["--seed", "1"]);
    passes(&station, bench.port(), "one", &[]);
    let other = Bench::plug(&station, 1, "XA", &["--seed", "2"]);
    stops(&station, other.port(), "other", &[], "QUARANTINE", "LS-DUP-03");
    alarmed(&station, "registration-id", "unit-xa00001");
}

#[test]
fn a_second_device_with_the_same_public_key_is_a_named_alarm() {
    let station = Station::found();
    let bench = Bench::plug(&station, 2, "GW", &["--fault", "cloned-key"]);
    passes(&station, bench.port(), "demo-gateway", &[]);
    let clone = bench.ports[1].to_str().unwrap();
    stops(&station, clone, "demo-gateway", &[], "QUARANTINE", "LS-DUP-04");
    let key = station.sqlite("SELECT public_key FROM certificate WHERE run = 1");
    alarmed(&station, "public-key", &key);
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "1");
}

#[test]
fn rework_gives_a_new_certificate_and_the_old_one_stands_on_the_list_as_superseded() {
    let station = Station::found();
    let bench = Bench::plug(&station, 1, "GW", &[]);
    passes(&station, bench.port(), "demo-gateway", &[]);
    let old = station.write("old.pem", &station.ok(&["ca", "export", "GW00001"]));
    let old_serial = station.sqlite("SELECT serial FROM certificate WHERE run = 1");
    station.ok(&["run", "supersede", "1", "--reason", "flash replaced"]);
    station.refused(1, "LS-RUN-02", &["run", "supersede", "1"]);
    let ending = passes(&station, bench.port(), "demo-gateway", &[]);
    let run = ending["run"].to_string();
    let new = station.write("new.pem", &station.ok(&["ca", "export", "GW00001"]));
    let new_serial = station.sqlite(&format!("SELECT serial FROM certificate WHERE run = {run}"));
    assert_ne!(old_serial, new_serial);
    let stands =
        station.sqlite("SELECT state || ' ' || coalesce(successor, '-') FROM certificate ORDER BY run");
    assert_eq!(stands, format!("superseded {new_serial}\nissued -"));
    assert_eq!(station.sqlite("SELECT count(*) FROM device"), "1", "the same device, not a second one");
    let keys = station.sqlite("SELECT count(DISTINCT public_key) FROM certificate");
    assert_eq!(keys, "2", "re-work makes a new key");
    let reasons: Vec<Value> =
        station.events("run-superseded").into_iter().map(|entry| entry["reason"].clone()).collect();
    assert_eq!(reasons, ["flash replaced"]);

    // a judge of its own
    station.ok(&["ca", "crl"]);
    let ca = |name: &str| station.folder().join("ca").join(name);
    let verify = |leaf: &str| {
        let mut openssl = Command::new("openssl");
        openssl.args(["verify", "-crl_check", "-CAfile"]).arg(ca("root.pem")).arg("-untrusted");
        openssl.arg(ca("issuing.pem")).arg("-CRLfile").arg(ca("crl.pem")).arg(leaf);
        process::run(openssl)
    };
    let good = verify(&new);
    assert_eq!(good.exit, 0, "{good:?}");
    let revoked = verify(&old);
    assert!(revoked.exit != 0 && revoked.err.contains("certificate revoked"), "{revoked:?}");
    let mut openssl = Command::new("openssl");
    openssl.args(["crl", "-noout", "-text", "-in"]).arg(ca("crl.pem"));
    let list = process::run(openssl).out;
    let entry = list.split("Serial Number: ").find(|entry| entry.starts_with(&old_serial.to_uppercase()));
    assert!(entry.expect("the old one is on the list").contains("Superseded"), "{list}");
    assert!(!list.contains(&new_serial.to_uppercase()), "{list}");
}

#[test]
fn a_template_that_cannot_be_filled_costs_no_certificate() {
    let station = Station::found();
    station.set("id_scope = \"0ne00000000\"", NO_SCOPE);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    let ending = stops(&station, bench.port(), "demo-gateway", &[], "ERROR", "LS-SET-03");
    assert!(ending["message"].as_str().unwrap().contains("id_scope of station.toml"), "{ending}");
    fs::write(station.folder().join("templates/dps.json"), "{{ no_such_value }}").unwrap();
    stops(&station, bench.port(), "demo-gateway", &[], "ERROR", "LS-LINE-09");
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "0");
    let issued = station.sqlite("SELECT sum(issued) FROM work_order");
    assert_eq!(issued, "0", "no unit of any order was taken");
    assert!(!station.beside("devices/GW00001/key.pem").exists());
}
