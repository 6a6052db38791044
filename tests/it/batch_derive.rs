//! `lineside batch derive` from outside: keys that others derive alike, rows that are refused and mended, files that are
//! whole or not there, and what the records say of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

use crate::factory::process::{self, Process};
use crate::factory::{Station, wait_for};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../fixtures/derived-key.json")).unwrap()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap()
}

/// A station whose group `plant` has the keys of a golden vector.
fn with_group(vector: &Value) -> Station {
    let station = Station::found();
    let primary = station.write("primary", text(vector, "primary"));
    let secondary = station.write("secondary", text(vector, "secondary"));
    station.ok(&["key", "add", "plant", "--primary-file", &primary, "--secondary-file", &secondary]);
    station
}

fn out(station: &Station, name: &str) -> (PathBuf, String) {
    let path = station.beside(name);
    (path.clone(), path.to_str().unwrap().to_owned())
}

/// The key of an ID, by OpenSSL.
fn by_openssl(key: &str, id: &str) -> String {
    let hex = hex::encode(BASE64_STANDARD.decode(key).unwrap());
    let script =
        "printf %s \"$1\" | openssl dgst -sha256 -mac HMAC -macopt hexkey:\"$2\" -binary | base64 -w0";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh", &id.to_ascii_lowercase(), &hex]);
    let ended = process::run(shell);
    assert_eq!((ended.exit, ended.out.trim().len()), (0, 44), "{ended:?}");
    ended.out.trim().to_owned()
}

fn sha256(path: &PathBuf) -> String {
    let ended = process::run({
        let mut command = Command::new("sha256sum");
        command.arg(path);
        command
    });
    ended.out.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn the_golden_keys_stand_behind_the_columns_and_the_records_vouch_for_both_files() {
    for vector in vectors() {
        let station = with_group(&vector);
        let id = text(&vector, "registration_id").to_ascii_uppercase();
        let input = station.write("in.csv", &format!("\u{feff}note;Device_ID\r\n007;{id}\r\n"));
        for (name, extra, key) in [
            ("first.csv", &[][..], text(&vector, "derived_from_primary")),
            ("second.csv", &["--secondary"][..], text(&vector, "derived_from_secondary")),
        ] {
            let (path, output) = out(&station, name);
            let words = [&["batch", "derive", "--group", "plant", &input, &output], extra].concat();
            let told = station.json(&words);
            assert_eq!(
                (&told["state"], &told["good"], &told["refused"]),
                (&"done".into(), &1.into(), &0.into())
            );
            assert_eq!(told["files"], serde_json::json!([output]));
            let written = fs::read_to_string(&path).unwrap();
            assert_eq!(written, format!("note;Device_ID;symmetric_key\n007;{id};{key}\n"));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(!station.beside("in.csv.result.csv").exists());
            let ended = station.events("batch-ended").pop().unwrap();
            assert_eq!(ended["batch"], told["batch"]);
            assert_eq!(ended["input-digest"], sha256(&PathBuf::from(&input)));
            assert_eq!(ended["output-digest"], sha256(&path));
            let begun = station.events("batch-started").pop().unwrap();
            assert_eq!((&begun["kind"], &begun["asked"]["group"]), (&"derive".into(), &"plant".into()));
        }
        let log: Vec<Value> = crate::factory::entries(station.folder());
        assert!(!log.iter().any(|entry| entry.to_string().contains(text(&vector, "derived_from_primary"))));
        station.ok(&["audit", "verify"]);
    }
}

#[test]
fn thousands_of_rows_keep_their_order_and_openssl_derives_the_same() {
    let vector = &vectors()[0];
    let station = with_group(vector);
    // several blocks, some of them with quotes over several lines
    let row = |at: usize| match at % 5000 {
        77 => format!("\"a \"\"note\"\"\nin {at}, two lines\",SN-{at:05}\r\n"),
        78 => format!("5\" pipe {at},SN-{at:05}\r\n"),
        _ => format!("note {at},SN-{at:05}\r\n"),
    };
    let rows: Vec<usize> = (0..60_000).collect();
    let table: String = rows.iter().map(|at| row(*at)).collect();
    let input = station.write("in.csv", &format!("note,registration_id\r\n{table}"));
    let (path, output) = out(&station, "out.csv");
    let told = station.json(&["batch", "derive", "--group", "plant", &input, &output]);
    assert_eq!(told["good"], rows.len());
    let written = fs::read_to_string(path).unwrap();
    let mut keys = std::collections::HashSet::new();
    let mut rest = written.strip_prefix("note,registration_id,symmetric_key\n").unwrap();
    for at in &rows {
        let own = match at % 5000 {
            78 => format!("\"5\"\" pipe {at}\",SN-{at:05}"),
            _ => row(*at),
        };
        rest = rest.strip_prefix(own.trim_end()).unwrap_or_else(|| panic!("row {at} is not next"));
        let (key, after) = rest.split_once('\n').unwrap();
        let key = key.strip_prefix(',').unwrap();
        assert!(keys.insert(key.to_owned()) && key.len() == 44, "row {at}");
        if at % 9_973 == 0 || at % 20_000 == 77 {
            assert_eq!(key, by_openssl(text(vector, "primary"), &format!("SN-{at:05}")), "row {at}");
        }
        rest = after;
    }
    assert_eq!(rest, "");
}

#[test]
fn refused_rows_are_mended_in_the_result_file_and_derived_from_it() {
    let station = with_group(&vectors()[0]);
    let input = station.write("in.csv", "cn,note\nsn-1,a\nsn 2,b\n1.23E+11,c\nsn-4\nsn-5,e\n");
    let (path, output) = out(&station, "out.csv");
    let words = ["batch", "derive", "--group", "plant", &input, &output];
    let ended = station.run(&[&words[..], &["--json"]].concat());
    ended.is_refused(1, "LS-ID-04");
    assert!(ended.err.contains("3 rows were refused, the first in line 3"), "{}", ended.err);
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    let codes: Vec<&str> =
        told["faults"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["LS-ID-04", "LS-CSV-03", "LS-CSV-02"]);
    let result = station.beside("in.csv.result.csv");
    assert_eq!(told["files"], serde_json::json!([output, result]));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3, "the good rows and the header");
    let refused = fs::read_to_string(&result).unwrap();
    assert!(refused.starts_with("cn,note,status,error_code,error\nsn 2,b,refused,LS-ID-04,"), "{refused}");
    assert_eq!(fs::metadata(&result).unwrap().permissions().mode() & 0o777, 0o600);

    let mended = refused.replace("sn 2", "sn-2").replace("1.23E+11", "sn-3");
    fs::write(&result, mended).unwrap();
    let (again, second) = out(&station, "second.csv");
    station.ok(&["batch", "derive", "--group", "plant", result.to_str().unwrap(), &second]);
    let both = fs::read_to_string(&path).unwrap() + &fs::read_to_string(again).unwrap();
    for id in ["sn-1", "sn-2", "sn-3", "sn-4", "sn-5"] {
        assert_eq!(both.lines().filter(|line| line.starts_with(&format!("{id},"))).count(), 1, "{id}");
    }
}

#[test]
fn a_recipe_forms_the_ids_of_serial_numbers() {
    let vector = &vectors()[0];
    let station = with_group(vector);
    let input = station.write("in.csv", "serial,mac\nAB7,A0B2C3D4E5F6\n0000,A0B2C3D4E5F7\n");
    let (path, output) = out(&station, "out.csv");
    station.refused(1, "LS-CSV-04", &["batch", "derive", "--group", "plant", &input, &output]);
    let words = ["batch", "derive", "--group", "plant", "--product", "linux-iotedge", &input, &output];
    station.refused(1, "LS-ID-03", &words);
    let written = fs::read_to_string(path).unwrap();
    let mut lines = written.lines();
    assert_eq!(lines.next(), Some("serial,mac,registration_id,symmetric_key"));
    let cells: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!((&cells[..2], lines.next()), (&["AB7", "A0B2C3D4E5F6"][..], None));
    assert!(cells[2].contains("ab7"), "{cells:?}");
    assert_eq!(cells[3], by_openssl(text(vector, "primary"), cells[2]));
}

#[test]
fn what_cannot_be_done_leaves_no_output_and_overwrites_nothing() {
    let station = with_group(&vectors()[0]);
    let input = station.write("in.csv", "registration_id\nsn-1\n");
    let there = station.write("there.csv", "mine");
    let (path, output) = out(&station, "out.csv");
    let derive = |group: &'static str, input: &str, output: &str, exit: i32, code: &str| {
        station.refused(exit, code, &["batch", "derive", "--group", group, input, output])
    };
    derive("plant", &input, &there, 2, "LS-CSV-05");
    assert_eq!(fs::read_to_string(&there).unwrap(), "mine");
    derive("plant", &input, &input, 2, "LS-CSV-05");
    let result = station.beside("in.csv.result.csv");
    derive("plant", &input, result.to_str().unwrap(), 2, "LS-CSV-05");
    assert!(!result.exists());
    derive("nobody", &input, &output, 1, "LS-VAULT-05");
    derive("plant", station.beside("none.csv").to_str().unwrap(), &output, 2, "LS-SET-08");
    derive("plant", &input, station.beside("no/out.csv").to_str().unwrap(), 1, "LS-CSV-07");
    let keys = station.write("keys.csv", "registration_id,Symmetric_Key\nsn-1,x\n");
    derive("plant", &keys, &output, 1, "LS-CSV-01");
    assert_eq!(station.events("batch-started").len(), 0, "none of these began");

    let mut rows: Vec<u8> = (0..50_000).flat_map(|at| format!("sn-{at}\n").into_bytes()).collect();
    rows.extend_from_slice(b"sn-\xe9\n");
    let late = station.beside("late.csv");
    fs::write(&late, [b"registration_id\n", &rows[..]].concat()).unwrap();
    let told = derive("plant", late.to_str().unwrap(), &output, 1, "LS-CSV-01");
    assert!(told.contains("line 50002 is Latin-1"), "{told}");
    assert!(!path.exists());
    let ended = station.events("batch-ended").pop().unwrap();
    assert_eq!((&ended["state"], &ended["code"]), (&"failed".into(), &"LS-CSV-01".into()));
    let listed = station.json(&["batch", "list"]);
    assert_eq!(listed["batches"][0]["state"], "failed");
}

#[test]
fn a_number_that_a_spreadsheet_shortened_gets_no_key() {
    let station = with_group(&vectors()[0]);
    let input = station.write("in.csv", "registration_id\nsn-1\n4.57E-05\n1.23e4x\n");
    let (path, output) = out(&station, "out.csv");
    let ended = station.run(&["batch", "derive", "--group", "plant", &input, &output]);
    assert_eq!(ended.exit, 1, "{ended:?}");
    let keys = fs::read_to_string(&path).unwrap();
    let ids: Vec<&str> = keys.lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
    assert_eq!(ids, ["sn-1", "1.23e4x"]);
    let refused = fs::read_to_string(station.beside("in.csv.result.csv")).unwrap();
    assert!(refused.contains("4.57E-05,refused,LS-CSV-"), "{refused}");
}

/// A derivation that goes on for a while, at a moment at which it has written something.
fn under_way(station: &Station, input: &str, output: &str, hidden: &PathBuf) -> Process {
    let running = Process::start(station.command(&["batch", "derive", "--group", "plant", input, output]));
    wait_for("keys in the output", || {
        fs::metadata(hidden).ok().filter(|found| found.len() > 1_000_000).map(drop)
    });
    running
}

fn a_long_table(station: &Station) -> String {
    let rows: String = (0..4_000_000).map(|at| format!("sn-{at}\n")).collect();
    station.write("in.csv", &format!("registration_id\n{rows}"))
}

#[test]
fn a_first_interrupt_cancels_and_takes_the_output_away() {
    let station = with_group(&vectors()[0]);
    let input = a_long_table(&station);
    let (path, output) = out(&station, "out.csv");
    let hidden = station.beside(".out.csv.new");
    let running = under_way(&station, &input, &output, &hidden);
    assert!(!path.exists(), "what is not whole is not seen under its name");
    let mode = fs::metadata(&hidden).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // another one does not disturb it
    station.refused(2, "LS-CSV-05", &["batch", "derive", "--group", "plant", &input, &output]);
    let ended = running.signal("INT");
    ended.is_refused(1, "LS-ST-02");
    assert!(!path.exists() && !hidden.exists());
    let ended = station.events("batch-ended").pop().unwrap();
    assert_eq!((&ended["state"], &ended["output-digest"]), (&"cancelled".into(), &Value::Null));
}

#[test]
fn what_was_killed_is_taken_away_and_put_down_as_failed_by_the_next_one() {
    let station = with_group(&vectors()[0]);
    let input = a_long_table(&station);
    let (path, output) = out(&station, "out.csv");
    let hidden = station.beside(".out.csv.new");
    under_way(&station, &input, &output, &hidden).kill();
    assert!(!path.exists() && hidden.exists());
    assert_eq!(station.json(&["batch", "list"])["batches"][0]["state"], "running");
    let short = station.write("short.csv", "registration_id\nsn-1\n");
    station.ok(&["batch", "derive", "--group", "plant", &short, &output]);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    assert!(!hidden.exists(), "keys lie about");
    let ended = station.events("batch-ended");
    let states: Vec<&Value> = ended.iter().map(|entry| &entry["state"]).collect();
    assert_eq!(states, ["failed", "done"]);
    assert_eq!(ended[0]["code"], "LS-ST-02");
    station.ok(&["audit", "verify"]);
}

#[test]
fn the_record_is_on_the_disk_before_the_first_key() {
    let station = with_group(&vectors()[0]);
    let input = station.write("in.csv", "registration_id\nsn-1\n");
    let (_, output) = out(&station, "out.csv");
    let trace = station.beside("trace");
    let derived = station.command(&["batch", "derive", "--group", "plant", &input, &output]);
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-y", "-e", "trace=write,pwrite64,fsync,fdatasync", "-s", "1000000", "-o"])
        .arg(&trace);
    traced.arg(derived.get_program()).args(derived.get_args());
    let ended = process::run(traced);
    assert_eq!(ended.exit, 0, "{ended:?}");
    let trace = fs::read_to_string(trace).unwrap();
    let calls: Vec<&str> = trace.lines().collect();
    let at = |what: &dyn Fn(&&str) -> bool| calls.iter().position(what).expect("such a call");
    let written = at(&|call| call.contains(".out.csv.new>") && call.contains("write("));
    let recorded = at(&|call| call.contains("station.db-wal>") && call.contains("batch-started"));
    let durable = recorded + calls[recorded..].iter().position(|call| call.contains("sync(")).unwrap();
    assert!(recorded < durable && durable < written, "{recorded} {durable} {written}");
    assert!(calls[written..].iter().any(|call| call.contains("fsync(") && call.contains(".out.csv.new>")));
}
