//! `lineside batch import` with the real program: each kind of table, what is refused and why, what a mended result
//! file gives, and that nothing of an import counts before all of it does.

mod kill;
mod line;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::factory::{Station, process};

/// Imports a table of this text; exit code and report.
fn import(station: &Station, name: &str, text: &str, words: &[&str]) -> (i32, Value) {
    let file = station.write(name, text);
    let ended = station.run(&[&["batch", "import", &file, "--json"], words].concat());
    let report = serde_json::from_str(&ended.out)
        .unwrap_or_else(|error| panic!("{name} printed {:?}, {}: {error}", ended.out, ended.err));
    (ended.exit, report)
}

fn result(station: &Station, name: &str) -> String {
    fs::read_to_string(station.beside(&format!("{name}.result.csv"))).expect("a result file")
}

/// Everything that lies in the station's folder and beside it, with its content; the database's own files apart.
fn everything(station: &Station) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &std::path::Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => walk(&path, found),
                false => {
                    let name = path.to_str().unwrap().to_owned();
                    // reading a database in WAL mode makes and removes these
                    if !name.ends_with("-shm") && !name.ends_with("-wal") {
                        found.insert(name, fs::read(&path).unwrap());
                    }
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(station.beside("").as_path(), &mut found);
    found
}

fn sound(station: &Station) {
    station.ok(&["audit", "verify"]);
}

/// A key pair's request for a certificate, PEM.
fn request(station: &Station, name: &str) -> String {
    let (key, csr) = (station.beside(&format!("{name}.key")), station.beside(&format!("{name}.csr")));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
    openssl.args(["-subj", "/CN=whatever", "-keyout"]).arg(key).arg("-out").arg(&csr);
    let ended = process::run(openssl);
    assert_eq!(ended.exit, 0, "{}", ended.err);
    fs::read_to_string(csr).unwrap()
}

/// The endorsement key of TPM `n`: RSA 2048 by the TCG's template L-1.
fn endorsement_key(n: u8) -> String {
    let mut public = vec![0, 1, 0, 0x0b, 0, 3, 0, 0xb2, 0, 32];
    public.extend([7; 32]);
    public.extend([0, 6, 0, 0x80, 0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 1, 0]);
    public.extend([n; 256]);
    let length = u16::try_from(public.len()).unwrap().to_be_bytes();
    STANDARD.encode([&length[..], &public].concat())
}

const DEVICES: &str = "\u{feff}Serial_Number;eth_mac;Production line;note\r\n\
                       0017;A0B2C3D4E5F6;north;\"a;b\"\r\n0018;a0:b2:c3:d4:e5:f7;;\"=1+1\"\r\n";

#[test]
fn devices_are_announced_once_and_the_same_file_changes_nothing() {
    let station = Station::found();
    let (exit, report) = import(&station, "in.csv", DEVICES, &["--product", "demo-sensor"]);
    assert_eq!((exit, &report["state"], &report["good"]), (0, &json!("done"), &json!(2)), "{report}");
    let rows = "SELECT line, serial, mac, registration_id, extra FROM announced ORDER BY id";
    let before = station.sqlite(rows);
    assert_eq!(
        before,
        "2|0017|a0:b2:c3:d4:e5:f6|sn-0017-mac-a0-b2-c3-d4-e5-f6|[\"north\",\"a;b\"]\n\
         3|0018|a0:b2:c3:d4:e5:f7|sn-0018-mac-a0-b2-c3-d4-e5-f7|[\"\",\"=1+1\"]"
            .replace("sn-0017-mac-a0-b2-c3-d4-e5-f6", &sensor("0017", "a0-b2-c3-d4-e5-f6"))
            .replace("sn-0018-mac-a0-b2-c3-d4-e5-f7", &sensor("0018", "a0-b2-c3-d4-e5-f7"))
    );
    let told = result(&station, "in.csv");
    assert!(
        told.contains(&format!("0018;a0:b2:c3:d4:e5:f7;;=1+1;ok;;;{}", sensor("0018", "a0-b2-c3-d4-e5-f7"))),
        "{told}"
    );
    let (exit, report) = import(&station, "in.csv", DEVICES, &["--product", "demo-sensor"]);
    assert_eq!((exit, &report["good"], &report["unchanged"]), (0, &json!(2), &json!(2)));
    // what it said of the rows is a table as well
    let (exit, report) = import(&station, "again.csv", &told, &["--product", "demo-sensor"]);
    assert_eq!((exit, &report["unchanged"]), (0, &json!(2)), "{report}");
    assert_eq!(station.sqlite(rows), before);
    assert_eq!(station.events("batch-ended").len(), 3);
    sound(&station);
}

/// The ID that demo-sensor forms.
fn sensor(serial: &str, mac: &str) -> String {
    format!("sn-{serial}-mac-{mac}")
}

#[test]
fn a_dry_run_tells_everything_and_writes_nothing() {
    let station = Station::found();
    import(&station, "first.csv", "serial,mac\nK1,02:00:00:00:00:01\nK2,02:00:00:00:00:02\n", &[]);
    let text = "sn,mac,site\nA1,02:00:00:00:00:0a,x\na1,02:00:00:00:00:0b,x\nK1,02:00:00:00:00:09,x\n\
                A4,02:00:00:00:00:02,x\n0000,02:00:00:00:00:0c,x\nA6,02:00:00:00:00:0d\n\
                1.23E+11,02:00:00:00:00:0e,x\nK2,,\nB1,02:00:00:00:00:0f,x\n";
    let file = station.write("in.csv", text);
    let before = everything(&station);
    let ended = station.run(&["batch", "import", &file, "--dry-run", "--json"]);
    ended.is_refused(1, "LS-CSV-18");
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let number = |name: &str| report[name].as_u64().unwrap();
    assert_eq!((number("rows"), number("good"), number("unchanged"), number("refused")), (9, 2, 1, 7));
    assert_eq!((number("duplicates"), number("contradictions"), number("placeholders")), (2, 2, 1));
    assert_eq!(report["kept"], json!(["site"]));
    assert_eq!(report["understood"][0], json!({ "name": "sn", "means": "serial" }));
    let faults: Vec<(u64, &str)> = report["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["line"].as_u64().unwrap(), fault["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        faults,
        [
            (2, "LS-CSV-10"),
            (3, "LS-CSV-10"),
            (4, "LS-CSV-11"),
            (5, "LS-CSV-11"),
            (6, "LS-ID-03"),
            (7, "LS-CSV-02"),
            (8, "LS-CSV-03")
        ]
    );
    let sentence = |at: usize| report["faults"][at]["message"].as_str().unwrap();
    assert_eq!(sentence(0), "Line 3 has the same serial number.");
    assert_eq!(
        sentence(2),
        "The MAC address of this device is announced as 02:00:00:00:00:01 (import 1, line 2)."
    );
    assert_eq!(sentence(3), "MAC address 02:00:00:00:00:02 is announced for device K2 (import 1, line 3).");
    let after = everything(&station);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "a file was changed");
}

#[test]
fn a_faulty_row_stops_the_whole_file_and_a_mended_result_gives_the_full_set() {
    let station = Station::found();
    let text = "serial,mac,site\nA1,02:00:00:00:00:01,x\nA2,not a mac,y\nA3,02:00:00:00:00:03,z\n";
    let (exit, report) = import(&station, "in.csv", text, &[]);
    assert_eq!((exit, &report["state"], &report["good"]), (1, &json!("failed"), &json!(0)), "{report}");
    assert_eq!(station.sqlite("SELECT count(*) FROM announced"), "0");
    let told = result(&station, "in.csv");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "serial,mac,site,status,error_code,error,registration_id");
    assert_eq!(lines[1], "A1,02:00:00:00:00:01,x,not-taken,,,");
    assert!(lines[2].starts_with("A2,not a mac,y,refused,LS-ID-02,"), "{}", lines[2]);
    let ended = &station.events("batch-ended")[0];
    assert_eq!((&ended["state"], &ended["code"]), (&json!("failed"), &json!("LS-CSV-18")));

    let (exit, report) = import(&station, "in.csv", text, &["--partial"]);
    assert_eq!((exit, &report["state"], &report["good"]), (1, &json!("done"), &json!(2)), "{report}");
    let mended = result(&station, "in.csv").replace("not a mac", "02:00:00:00:00:02");
    let (exit, report) = import(&station, "mended.csv", &mended, &[]);
    assert_eq!((exit, &report["good"], &report["unchanged"]), (0, &json!(3), &json!(2)), "{report}");
    assert_eq!(
        station.sqlite("SELECT serial, mac, extra FROM announced ORDER BY serial"),
        "A1|02:00:00:00:00:01|[\"x\"]\nA2|02:00:00:00:00:02|[\"y\"]\nA3|02:00:00:00:00:03|[\"z\"]"
    );
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(station.beside("in.csv.result.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    sound(&station);
}

#[test]
fn requests_and_endorsement_keys_are_proven_and_belong_to_one_device() {
    let station = Station::found();
    let (one, two) = (request(&station, "one"), request(&station, "two"));
    let bare: String = two.lines().filter(|line| !line.starts_with('-')).collect();
    let text = format!("serial,csr\nA1,\"{one}\"\nA2,{bare}\n");
    let (exit, report) = import(&station, "csr.csv", &text, &[]);
    assert_eq!((exit, &report["good"]), (0, &json!(2)), "{report}");
    let der = station.sqlite("SELECT hex(csr) FROM announced WHERE serial = 'A2'");
    assert_eq!(der, STANDARD.decode(&bare).unwrap().iter().map(|b| format!("{b:02X}")).collect::<String>());
    let (_, report) = import(&station, "other.csv", &format!("serial,csr\nA3,{bare}\n"), &[]);
    assert_eq!(report["faults"][0]["code"], "LS-CSV-11", "{report}");

    // a request whose signature is not that of its key
    let mut forged = STANDARD.decode(&bare).unwrap();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let (_, report) =
        import(&station, "forged.csv", &format!("serial,csr\nA4,{}\n", STANDARD.encode(forged)), &[]);
    assert_eq!(report["faults"][0]["code"], "LS-CA-02", "{report}");

    let text = format!("registration_id;ek\ndev-1;{}\ndev-2;{}\n", endorsement_key(1), endorsement_key(2));
    let (exit, report) = import(&station, "ek.csv", &text, &[]);
    assert_eq!((exit, &report["good"]), (0, &json!(2)), "{report}");
    let (_, report) =
        import(&station, "ek2.csv", &format!("device_id,ek\ndev-3,{}\n", endorsement_key(2)), &[]);
    assert_eq!(report["faults"][0]["code"], "LS-CSV-11", "{report}");
    let (_, report) = import(&station, "ek3.csv", "device_id,ek\ndev-4,AAAA\n", &[]);
    assert_eq!(report["faults"][0]["code"], "LS-CSV-13", "{report}");
    sound(&station);
}

#[test]
fn work_orders_come_in_as_a_table() {
    let station = Station::found();
    let text = "order,product,quantity,spare\nlot-1,demo-gateway,10,2\nlot-2,demo-sensor,5,\n";
    let (exit, report) = import(&station, "orders.csv", text, &[]);
    assert_eq!((exit, &report["good"]), (0, &json!(2)), "{report}");
    assert_eq!(
        station.sqlite("SELECT name, product, quantity, spare, state FROM work_order ORDER BY name"),
        "lot-1|demo-gateway|10|2|planned\nlot-2|demo-sensor|5|0|planned"
    );
    let (_, report) = import(&station, "orders.csv", text, &[]);
    assert_eq!(report["unchanged"], 2, "{report}");
    let text = "order,product,quantity\nlot-1,demo-gateway,11\nlot-3,no-such,1\nlot-4,demo-sensor,0\n\
                lot-5,demo-sensor,1\nlot-5,demo-sensor,1\nlot-6,demo-sensor,7\n";
    let (exit, report) = import(&station, "more.csv", text, &["--partial"]);
    let codes: Vec<&str> =
        report["faults"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["LS-CSV-11", "LS-SET-02", "LS-WO-09", "LS-CSV-10", "LS-CSV-10"]);
    assert_eq!((exit, &report["good"]), (1, &json!(1)));
    assert_eq!(station.sqlite("SELECT count(*) FROM work_order"), "3");
    sound(&station);
}

#[test]
fn what_was_taken_in_cannot_be_changed_unseen() {
    let station = Station::found();
    import(&station, "in.csv", DEVICES, &[]);
    sound(&station);
    for (at, attack) in [
        "UPDATE announced SET mac = NULL WHERE line = 2",
        "UPDATE announced SET extra = '[\"south\",\"a;b\"]' WHERE line = 2",
        "DELETE FROM announced WHERE line = 3",
        "INSERT INTO announced (batch, line, serial, extra) VALUES (1, 4, '0019', '[\"\",\"\"]')",
        "UPDATE announcement SET names = '[\"a\",\"b\"]'",
        "DELETE FROM announcement",
        "DELETE FROM announced_key WHERE start = (SELECT min(start) FROM announced_key)",
    ]
    .into_iter()
    .enumerate()
    {
        let copy = station.copy(&format!("copy-{at}"));
        crate::factory::sqlite(&copy, attack);
        let ended = station.run(&["audit", "verify", copy.to_str().unwrap()]);
        assert_eq!(ended.exit, 1, "{attack} was not found: {}{}", ended.out, ended.err);
    }
    sound(&station);
}

#[test]
fn a_table_that_says_nothing_is_refused() {
    let station = Station::found();
    for (text, code) in [("colour,size\nred,1\n", "LS-CSV-14"), ("", "LS-CSV-01")] {
        let file = station.write("in.csv", text);
        station.refused(1, code, &["batch", "import", &file]);
        station.refused(1, code, &["batch", "import", &file, "--dry-run"]);
    }
    assert_eq!(station.sqlite("SELECT count(*) FROM batch"), "0");
}
