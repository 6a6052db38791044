//! The command line as a contract: exit codes, what errors look like, `--json`, what `demo`, `serve` and
//! `sim azure` promise, and the small commands with their refusals.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::factory::process::{self, Ended, Process};
use crate::factory::{PASSWORD, Station, lineside};

/// Runs the program as it stands, without a station.
fn bare(words: &[&str]) -> Ended {
    let mut command = lineside();
    command.args(words);
    process::run(command)
}

#[test]
fn wrong_usage_ends_with_2_a_sentence_and_a_code() {
    let station = Station::found();
    for words in [
        ["no-such-command"].as_slice(),
        &["provision"],
        &["key", "derive", "plant"],
        &["run", "show", "first"],
        &["user", "add", "ada", "--role", "king"],
        &["demo", "--devices", "0"],
        &["audit", "verify", "--nonsense"],
        &[],
        &["key"],
    ] {
        bare(words).is_refused(2, "LS-SET-07");
    }
    let before = station.sqlite("SELECT count(*) FROM audit");
    station.refused(2, "LS-SET-10", &["serve", "--listen", "0.0.0.0:0"]);
    station.refused(2, "LS-SET-02", &["work-order", "add", "lot", "--product", "nothing", "--quantity", "1"]);
    station.refused(2, "LS-SET-08", &["secret", "set", "a", "--file", "/nowhere/at/all"]);
    station.refused(2, "LS-SET-07", &["run", "scrap", "1", "--reason", " "]);
    assert_eq!(station.sqlite("SELECT count(*) FROM audit"), before, "usage errors change nothing");
    station.set("[azure]", "[azur]");
    let said = station.refused(2, "LS-SET-03", &["ports"]);
    assert!(said.contains("station.toml: line ") && said.contains("azur"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn help_and_version_go_to_standard_output_and_end_with_0() {
    for words in [["--help"].as_slice(), &["help", "provision"], &["--version"]] {
        let ended = bare(words);
        assert_eq!((ended.exit, ended.err.as_str()), (0, ""), "{words:?}");
        assert!(ended.out.len() > 5, "{words:?}");
    }
}

#[test]
fn a_folder_without_a_station_is_named() {
    let place = TempDir::new().unwrap();
    let nowhere = place.path().join("nowhere");
    let nowhere = nowhere.to_str().unwrap();
    for words in
        [["run", "list"].as_slice(), &["serve"], &["key", "list"], &["product", "add", "demo-sensor"]]
    {
        let ended = bare(&[&["--station", nowhere], words].concat());
        ended.is_refused(2, "LS-SET-04");
        assert!(ended.err.contains(nowhere), "{}", ended.err);
    }
    assert!(!place.path().join("nowhere").exists(), "nothing was made");
}

#[test]
fn every_reporting_command_prints_one_json_document() {
    let station = Station::found();
    let key = station.write("key", "AAECAwQFBgcICQoLDA0ODw==");
    let secret = station.write("secret", "factory1");
    let password = station.beside("password");
    let export = station.beside("export");
    for words in [
        ["key", "add", "plant", "--primary-file", &key].as_slice(),
        &["key", "list"],
        &["key", "derive", "plant", "sn-1"],
        &["key", "rotate", "plant", "--primary-file", &key],
        &["secret", "set", "console", "--file", &secret],
        &["secret", "list"],
        &["user", "add", "ada", "--role", "engineer", "--password-file", password.to_str().unwrap()],
        &["user", "list"],
        &["user", "disable", "ada"],
        &["product", "list"],
        &["product", "show", "demo-sensor"],
        &["product", "add", "demo-sensor"],
        &["work-order", "add", "lot", "--product", "demo-gateway", "--quantity", "1"],
        &["work-order", "list"],
        &["work-order", "activate", "lot"],
        &["work-order", "close", "lot", "--short"],
        &["run", "list"],
        &["ca", "show"],
        &["ca", "crl"],
        &["enroll", "status"],
        &["enroll", "push"],
        &["enroll", "retry"],
        &["audit", "checkpoint"],
        &["audit", "verify"],
        &["audit", "export", export.to_str().unwrap()],
        &["ports"],
    ] {
        // whatever was done before left entries that the verification takes
        assert_eq!(station.run(&["audit", "verify"]).exit, 0, "before {words:?}");
        let value = station.json(words);
        assert!(value.is_object() || value.is_array(), "{words:?}: {value}");
        // and the text for a person is not JSON
        if let ["key" | "secret" | "user" | "product" | "run" | "work-order", "list"] = words {
            assert!(serde_json::from_str::<Value>(&station.ok(words)).is_err(), "{words:?}");
        }
    }
}

#[test]
fn a_demo_that_exits_prints_one_json_object_with_exactly_the_promised_members() {
    let place = TempDir::new().unwrap();
    let folder = place.path().join("plant");
    let mut command = lineside();
    command.arg("--station").arg(&folder).args(["demo", "--devices", "3", "--exit", "--json"]);
    let ended = process::run(command);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!(ended.out.lines().count(), 1, "{}", ended.out);
    let summary: Value = serde_json::from_str(&ended.out).unwrap();
    let members: Vec<&String> = summary.as_object().unwrap().keys().collect();
    assert_eq!(members, ["assigned", "audit_entries", "devices", "enrolled", "failed", "passed", "seconds"]);
    let counts = ["devices", "passed", "failed", "enrolled", "assigned"].map(|name| summary[name].as_u64());
    assert_eq!(counts, [Some(3), Some(3), Some(0), Some(3), Some(3)]);
    assert!(summary["seconds"].as_f64().unwrap() > 0.0);
    assert!(!ended.err.contains('\u{1b}'), "no colours where nobody looks: {}", ended.err);

    // its station can be looked at afterwards
    let entries = crate::factory::sqlite(&folder, "SELECT count(*) FROM audit");
    assert!(entries.parse::<u64>().unwrap() >= summary["audit_entries"].as_u64().unwrap());
    let verified = bare(&["audit", "verify", folder.to_str().unwrap(), "--json"]);
    assert_eq!(verified.exit, 0, "{verified:?}");
    let again = bare(&["--station", folder.to_str().unwrap(), "demo", "--devices", "1", "--exit"]);
    again.is_refused(2, "LS-SET-05");
}

#[test]
fn the_simulated_azure_says_first_where_it_is() {
    let place = TempDir::new().unwrap();
    let ca_file = place.path().join("ca.pem");
    let mut command = lineside();
    command.args(["sim", "azure", "--listen", "127.0.0.1", "--ca-file"]).arg(&ca_file);
    let mut azure = Process::start(command);
    let line = azure.json_line();
    let members: Vec<&String> = line.as_object().unwrap().keys().collect();
    let promised =
        ["ca_file", "dps_connection_string", "https", "hub_connection_string", "id_scope", "mqtts"];
    assert_eq!(members, promised);
    let port = line["https"].as_u64().unwrap();
    let connection = line["dps_connection_string"].as_str().unwrap();
    assert!(connection.starts_with(&format!("HostName=127.0.0.1:{port};")), "{connection}");
    assert!(line["id_scope"].as_str().unwrap().starts_with("0ne"));
    let pem = fs::read(line["ca_file"].as_str().unwrap()).unwrap();
    assert!(pem.starts_with(b"-----BEGIN CERTIFICATE-----"));
    std::net::TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).expect("it is served");

    let mut second = lineside();
    second.args(["sim", "azure", "--https", &port.to_string(), "--ca-file"]).arg(&ca_file);
    process::run(second).is_refused(1, "LS-SIM-01");
    let ended = azure.terminate();
    assert_eq!(ended.out.lines().count(), 1, "one line, then nothing: {ended:?}");
}

#[test]
fn a_station_is_served_by_one_process_and_its_vault_changed_by_one() {
    let station = Station::found();
    let serving = station.serve();
    station.refused(2, "LS-SET-09", &["serve", "--listen", "127.0.0.1:0"]);
    let secret = station.write("secret", "factory1");
    station.refused(2, "LS-SET-09", &["secret", "set", "console", "--file", &secret]);
    station.refused(2, "LS-SET-09", &["provision", "--port", "/dev/null", "--product", "demo-gateway"]);
    // what changes no vault goes on beside it
    station.release("lot", "demo-gateway", 1, 0);
    assert_eq!(station.json(&["work-order", "list"])[0]["state"], "active");
    let ended = serving.end();
    assert_eq!(ended.exit, 0, "SIGTERM ends it in good order: {ended:?}");
    station.ok(&["secret", "set", "console", "--file", &secret]);
}

#[test]
fn a_station_told_to_end_once_it_said_where_it_is_ends_in_good_order() {
    let station = Station::found();
    for _ in 0..3 {
        let ended = station.serve_locked().end();
        assert_eq!(ended.exit, 0, "{ended:?}");
    }
}

#[test]
fn people_are_added_once_and_the_last_administrator_stays() {
    let station = Station::found();
    let password = station.beside("password");
    let password = password.to_str().unwrap();
    let add = |name, role| station.run(&["user", "add", name, "--role", role, "--password-file", password]);
    assert_eq!(add("ada", "engineer").exit, 0);
    add("ADA", "auditor").is_refused(1, "LS-AUTH-04");
    let short = station.write("short", "123456789");
    let words = ["user", "add", "bob", "--role", "operator", "--password-file", &short];
    station.refused(2, "LS-AUTH-05", &words);
    station.ok(&["user", "disable", "ada"]);
    station.refused(1, "LS-AUTH-03", &["user", "disable", "ada"]);
    station.refused(1, "LS-AUTH-03", &["user", "disable", "nobody"]);
    station.refused(1, "LS-AUTH-02", &["user", "disable", "admin"]);
    add("ada", "engineer").is_refused(1, "LS-AUTH-04");
    let people = station.json(&["user", "list"]);
    let rows: Vec<Value> =
        people.as_array().unwrap().iter().map(|p| json!([p["name"], p["role"], p["disabled"]])).collect();
    assert_eq!(rows, [json!(["ada", "engineer", true]), json!(["admin", "administrator", false])]);
    assert_eq!(station.events("person-added").len(), 2);
    assert!(!station.sqlite("SELECT group_concat(password) FROM person").contains(PASSWORD));
}

#[test]
fn work_orders_go_from_planned_to_active_to_closed_and_never_back() {
    let station = Station::found();
    station.release("lot-1", "demo-gateway", 5, 2);
    station.refused(
        1,
        "LS-WO-02",
        &["work-order", "add", "lot-1", "--product", "demo-gateway", "--quantity", "1"],
    );
    station.refused(1, "LS-WO-01", &["work-order", "activate", "lot-9"]);
    // releasing another one pauses the first: there is one at a time
    station.release("lot-2", "demo-sensor", 1, 0);
    let states = |station: &Station| -> Vec<Value> {
        let orders = station.json(&["work-order", "list"]);
        let mut rows: Vec<Value> =
            orders.as_array().unwrap().iter().map(|o| json!([o["name"], o["state"]])).collect();
        rows.sort_by_key(ToString::to_string);
        rows
    };
    assert_eq!(states(&station), [json!(["lot-1", "paused"]), json!(["lot-2", "active"])]);
    station.refused(1, "LS-WO-06", &["work-order", "close", "lot-2"]);
    station.ok(&["work-order", "close", "lot-2", "--short"]);
    station.refused(1, "LS-WO-06", &["work-order", "activate", "lot-2"]);
    station.ok(&["--as", "ada", "work-order", "activate", "lot-1"]);
    assert_eq!(states(&station), [json!(["lot-1", "active"]), json!(["lot-2", "closed"])]);
    let released = station.json(&["work-order", "list"]);
    let by =
        released.as_array().unwrap().iter().find(|o| o["name"] == "lot-1").unwrap()["released_by"].clone();
    assert!(by.as_str().unwrap().starts_with("ada ("), "{by}");
    let serials = station.write("serials", "GW00001\n\nbad serial\n");
    let words = ["work-order", "add", "lot-3", "--product", "demo-gateway", "--quantity", "1", "--serials"];
    let said = station.refused(2, "LS-ID-01", &[words.as_slice(), &[&serials]].concat());
    assert!(said.contains("line 3"), "{said}");
}

#[test]
fn a_secret_is_kept_by_name_and_a_connection_string_is_read_before_it_is_kept() {
    let station = Station::found();
    let bad = station.write("bad", "HostName=x");
    station.refused(2, "LS-AZ-05", &["secret", "set", "dps", "--file", &bad]);
    assert_eq!(station.json(&["secret", "list"]), json!([]));
    let good = "HostName=a.azure-devices-provisioning.net;SharedAccessKeyName=provisioningserviceowner;SharedAccessKey=AAECAwQFBgcICQoLDA0ODw==";
    let file = station.write("good", good);
    station.ok(&["secret", "set", "dps", "--file", &file]);
    station.ok(&["secret", "set", "dps", "--file", &file]);
    assert_eq!(station.json(&["secret", "list"]), json!(["dps"]));
    assert_eq!(station.events("secret-changing").len(), 2, "the intention stands before each change");
    // without a terminal nothing is asked
    station.refused(2, "LS-SET-07", &["secret", "set", "other"]);
}

#[test]
fn product_check_names_each_fault_of_a_recipe() {
    let station = Station::found();
    let ready = station.ok(&["product", "show", "demo-gateway"]);
    let good = station.write("good.toml", &ready);
    assert_eq!(station.json(&["product", "check", &good])["usable"], true);
    let faulty = ready
        .replace("driver = \"lineside\"", "driver = \"telepathy\"")
        .replace("gw-{serial}-mac-{mac}", "always-the-same")
        .replace("path = \"dps.json\"", "path = \"a b\"\nmode = \"0999\"")
        .replace("hashed", "by-guess");
    let bad = station.write("bad.toml", &faulty);
    let ended = station.run(&["product", "check", &bad]);
    ended.is_refused(1, "LS-SET-01");
    for place in [
        "[identify] driver",
        "[identity] registration_id",
        "[[inject]] 2 path",
        "[[inject]] 2 mode",
        "[enroll] allocation",
    ] {
        assert_eq!(
            ended.out.lines().filter(|line| line.starts_with(place)).count(),
            1,
            "{place}: {}",
            ended.out
        );
    }
    assert_eq!(ended.out.lines().count(), 5, "{}", ended.out);
    let ended = station.run(&["product", "check", &bad, "--json"]);
    ended.is_refused(1, "LS-SET-01");
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(report["faults"].as_array().unwrap().len(), 5);

    let unknown = ready
        .replace("\"device-p256\"", "\"device-p999\"")
        .replace("\"dps.json\"\n\n[prove", "\"mine.json\"\n\n[prove");
    let unknown = station.write("unknown.toml", &unknown);
    let ended = station.run(&["product", "check", &unknown]);
    ended.is_refused(1, "LS-SET-01");
    assert!(ended.out.contains("device-p999") && ended.out.contains("“mine.json”"), "{}", ended.out);
    // the station's own template makes it whole
    fs::write(station.folder().join("templates/mine.json"), "{}").unwrap();
    assert!(!station.run(&["product", "check", &unknown]).out.contains("mine.json"));
    let broken = station.write("broken.toml", "name = \"x\"\n[identify\n");
    let ended = station.run(&["product", "check", &broken]);
    assert!(ended.out.starts_with("line 2: ") && ended.out.lines().count() == 1, "{}", ended.out);

    station.ok(&["product", "add", "demo-gateway"]);
    station.refused(1, "LS-SET-01", &["product", "add", "demo-gateway"]);
    station.refused(2, "LS-SET-02", &["product", "add", "gateway-9"]);
    station.refused(2, "LS-SET-02", &["product", "show", "gateway-9"]);
}
