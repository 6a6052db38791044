//! CSV and JSON lines: columns, filters, what is on record about them, and what is refused.

use std::collections::BTreeMap;

use super::*;
use crate::factory::process;

#[test]
fn a_table_holds_what_is_on_record_and_the_record_says_that_it_left() {
    let station = three_devices();
    let out = station.beside("devices.csv");
    let done = station.json(&["batch", "export", out.to_str().unwrap()]);
    assert_eq!((&done["state"], &done["good"], &done["refused"]), (&"done".into(), &3.into(), &0.into()));
    is_private(&out);
    let text = fs::read_to_string(&out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "serial,mac,registration_id,device_id,state,work_order,product,verdict,finished,cert_serial,not_after,sha256"
    );
    let cells: Vec<Vec<&str>> = lines[1..].iter().map(|line| line.split(',').collect()).collect();
    assert_eq!(cells.iter().map(|row| row[0]).collect::<Vec<_>>(), ["GW00001", "GW00002", "GW00003"]);
    assert_eq!(cells.iter().map(|row| row[7]).collect::<Vec<_>>(), ["PASS", "PASS", "FAIL"]);
    let expected = station.sqlite(
        "SELECT c.serial || ',' || c.sha256 FROM certificate c JOIN device d ON d.id = c.device
         WHERE d.serial = 'GW00002'",
    );
    assert_eq!(format!("{},{}", cells[1][9], cells[1][11]), expected);
    assert_eq!(cells[2][9], "", "a certificate that was withdrawn is none to stand under");

    let (started, ended) = entries_of_last(&station);
    assert_eq!(started["kind"], "export");
    assert_eq!(started["output"], "devices.csv");
    assert_eq!(started["asked"]["format"], "csv");
    assert_eq!((&ended["state"], &ended["good"]), (&"done".into(), &3.into()));
    assert_eq!(ended["output-digest"], Digest::of(text.as_bytes()).to_string());
    station.ok(&["audit", "verify"]);

    // what is there stays
    let words = ["batch", "export", out.to_str().unwrap()];
    station.refused(2, "LS-CSV-05", &words);
    assert_eq!(fs::read_to_string(&out).unwrap(), text);
    // to standard output, and nothing beside it
    let printed = station.run(&["batch", "export"]);
    assert_eq!((printed.exit, printed.out.as_str(), printed.err.as_str()), (0, text.as_str(), ""));
}

#[test]
fn columns_and_filters_are_those_that_were_asked_for() {
    let station = three_devices();
    let export = |words: &[&str]| station.ok(&[&["batch", "export"], words].concat());
    let person = station.sqlite("SELECT person FROM run WHERE id = 1");
    assert_eq!(
        export(&["--columns", "serial,run,person,slot,credential", "--verdict", "PASS"]),
        format!("serial,run,person,slot,credential\nGW00001,1,{person},,x509\nGW00002,2,{person},,x509\n")
    );
    assert_eq!(export(&["--columns", "serial", "--state", "new"]), "serial\nGW00003\n");
    let order = station.sqlite("SELECT work_order FROM run WHERE id = 2");
    assert_eq!(
        export(&["--columns", "work_order,serial", "--work-order", &order]).lines().nth(1).unwrap(),
        format!("{order},GW00002")
    );
    assert_eq!(export(&["--columns", "serial", "--work-order", "nothing-like-it"]), "serial\n");
    let times = export(&["--columns", "finished"]);
    let second = times.lines().nth(2).unwrap();
    assert_eq!(export(&["--columns", "serial", "--from", second]), "serial\nGW00002\nGW00003\n");
    assert_eq!(export(&["--columns", "serial", "--until", second]), "serial\nGW00001\n");

    let lines = export(&["--format", "jsonl", "--columns", "serial,run,finished,slot,sha1,chain_pem"]);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["serial"], &first["run"], &first["slot"]),
        (&"GW00001".into(), &1.into(), &Value::Null)
    );
    assert_eq!(first["finished"], times.lines().nth(1).unwrap());
    assert_eq!(first["sha1"].as_str().unwrap().len(), 40);
    let chain = station.ok(&["ca", "export", "GW00001"]);
    assert!(chain.starts_with(first["chain_pem"].as_str().unwrap()), "{first}");

    let told = station.refused(2, "LS-CSV-30", &["batch", "export", "--columns", "serial,colour"]);
    assert!(told.contains("“colour” is not a column; there are serial, mac, "), "{told}");
    let told = station.refused(2, "LS-CSV-30", &["batch", "export", "--format", "excel"]);
    assert!(told.contains("“excel” is not a format; there are csv, jsonl, azure-dps, "), "{told}");
    station.refused(2, "LS-CSV-32", &["batch", "export", "--columns", "serial,private_key_pem"]);
    station.refused(2, "LS-CSV-30", &["batch", "export", "--format", "aws", "--columns", "serial"]);
    station.refused(2, "LS-CSV-30", &["batch", "export", "--format", "manifest"]);
}

#[test]
fn outside_text_that_looks_like_a_formula_is_shown_and_not_computed() {
    let station = three_devices();
    station.sqlite("UPDATE run SET person = '=HYPERLINK(\"http://x\",\"y\")' WHERE id = 1");
    station.sqlite("UPDATE device SET serial = '-0042' WHERE id = 2");
    let export = |words: &[&str]| {
        let words =
            [&["batch", "export", "--columns", "serial,person,sha256", "--verdict", "PASS"], words].concat();
        station.ok(&words)
    };
    let defused = export(&[]);
    let cells: Vec<&str> = defused.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(cells[1..3].join(","), r#""'=HYPERLINK(""http://x"",""y"")""#);
    assert!(defused.lines().nth(2).unwrap().starts_with("'-0042,ada"), "{defused}");
    let raw = export(&["--raw"]);
    assert!(raw.contains(r#","=HYPERLINK(""http://x"",""y"")","#), "{raw}");
    assert!(raw.lines().nth(2).unwrap().starts_with("-0042,ada"), "{raw}");
    // also where another spreadsheet would split, which a cell's quotes do not hinder
    station.sqlite("UPDATE run SET person = 'x;=1+1' WHERE id = 1");
    assert!(export(&[]).lines().nth(1).unwrap().contains(",\"x;'=1+1\","), "{}", export(&[]));
    assert!(export(&["--raw"]).lines().nth(1).unwrap().contains(",\"x;=1+1\","));
    // and so says a spreadsheet
    let (person, serial) = ((1, 1), (2, 0));
    let opened = opened_by_gnumeric(&station, &defused);
    assert_eq!(opened[&person], (TEXT.to_owned(), r#"=HYPERLINK("http://x","y")"#.to_owned()));
    assert_eq!(opened[&serial], (TEXT.to_owned(), "-0042".to_owned()));
    let opened = opened_by_gnumeric(&station, &raw);
    assert_ne!(opened[&person].0, TEXT, "it computes what is not defused");
    assert_eq!(opened[&serial].1, "-42");
}

/// How Gnumeric's files call a cell of text.
const TEXT: &str = "60";

/// Kind and content of each cell, by row and column from 0, as Gnumeric opens a table. A formula has no kind.
fn opened_by_gnumeric(station: &Station, table: &str) -> BTreeMap<(usize, usize), (String, String)> {
    let (csv, xml) = (station.write("opened.csv", table), station.beside("opened.xml"));
    let mut convert = Command::new("ssconvert");
    convert.args(["-T", "Gnumeric_XmlIO:sax:0", &csv]).arg(&xml);
    let ended = process::run(convert);
    assert_eq!(ended.exit, 0, "{ended:?}");
    let xml = fs::read_to_string(xml).unwrap();
    let value = |cell: &str, name: &str| {
        let (_, after) = cell.split_once(&format!("{name}=\""))?;
        Some(after.split('"').next().unwrap().to_owned())
    };
    let cells = xml.split("<gnm:Cell ").skip(1).map(|cell| {
        let (head, rest) = cell.split_once('>').unwrap();
        let text = rest.split("</gnm:Cell>").next().unwrap().replace("&quot;", "\"").replace("&amp;", "&");
        let place = |name: &str| value(head, name).unwrap().parse().unwrap();
        ((place("Row"), place("Col")), (value(head, "ValueType").unwrap_or_default(), text))
    });
    cells.collect()
}

#[test]
fn an_export_that_is_ended_takes_away_what_it_had_written() {
    let station = three_devices();
    station.sqlite(
        "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
         INSERT INTO device (id, serial, serial_folded, registration_id, device_id, state, created)
         SELECT i, 'S' || i, 's' || i, 'sn-s' || i, 'sn-s' || i, 'new', 0 FROM n",
    );
    let out = station.beside("big.csv");
    let process = Process::start(station.command(&["batch", "export", out.to_str().unwrap()]));
    wait_for("the first rows", || fs::metadata(&out).ok().filter(|found| found.len() > 0));
    let ended = process.signal("INT");
    ended.is_refused(1, "LS-ST-02");
    assert!(!out.exists());
    let (_, end) = entries_of_last(&station);
    assert_eq!(end["state"], "cancelled");
    assert_eq!(last_batch(&station)["state"], "cancelled");
    // and whole, the rows come in the order of their numbers, none lost between the ranges
    let whole = station.ok(&["batch", "export", "--columns", "serial", "--state", "new"]);
    let mut expected = vec!["serial".to_owned(), "GW00003".to_owned()];
    expected.extend((100..=400_000).map(|number| format!("S{number}")));
    assert!(whole.lines().eq(expected.iter().map(String::as_str)));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let station = three_devices();
    let mut shell = Command::new("sh");
    let program = station.command(&["batch", "export"]);
    let words: Vec<String> = std::iter::once(program.get_program())
        .chain(program.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    shell.arg("-c").arg(format!("{} | head -c 1", words.join(" ")));
    assert_eq!(process::run(shell).out.trim(), "s");
}
