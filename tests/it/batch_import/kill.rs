//! An import that is killed leaves nothing that counts, and the next one works.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{import, sound};
use crate::factory::process::Process;
use crate::factory::{Station, wait_for};

const ROWS: usize = 60_000;

fn table() -> String {
    let mut text = String::from("serial,mac,site\n");
    for row in 0..ROWS {
        writeln!(
            text,
            "SN{row:08},02:01:00:{:02x}:{:02x}:{:02x},north",
            row >> 16,
            row >> 8 & 255,
            row & 255
        )
        .unwrap();
    }
    text
}

#[test]
fn killed_in_the_middle_nothing_is_visible_and_the_next_import_works() {
    let station = Station::found();
    let file = station.write("big.csv", &table());
    let mut killed_with_rows = 0;
    for _ in 0..4 {
        let mut running = Process::start(station.command(&["batch", "import", &file, "--json"]));
        wait_for("rows of an import that runs", || {
            (station.sqlite("SELECT count(*) FROM announced") != "0").then_some(())
        });
        thread::sleep(Duration::from_millis(20));
        running.kill();
        killed_with_rows +=
            usize::from(station.sqlite("SELECT state FROM batch ORDER BY id DESC LIMIT 1") == "running");
        // rows of an import that is not done do not count: not for the log, and not for another file
        sound(&station);
        let text = "serial,mac\nSN00000007,02:00:00:00:00:07\n";
        let other = station.write("other.csv", text);
        let seen = station.run(&["batch", "import", &other, "--dry-run", "--json"]);
        assert_eq!(
            seen.exit,
            i32::from(station.sqlite("SELECT count(*) FROM announcement") != "0"),
            "{}",
            seen.err
        );
        if station.sqlite("SELECT count(*) FROM announcement") != "0" {
            break;
        }
    }
    assert!(killed_with_rows > 0, "no import was killed before it was done");
    let (exit, report) = import(&station, "big.csv", &table(), &[]);
    assert_eq!((exit, &report["good"]), (0, &json!(ROWS)), "{report}");
    assert_eq!(
        station.sqlite("SELECT count(*), count(DISTINCT serial) FROM announced"),
        format!("{ROWS}|{ROWS}")
    );
    assert_eq!(station.sqlite("SELECT count(*) FROM announced_key"), (2 * ROWS).to_string());
    assert_eq!(station.sqlite("SELECT count(*) FROM batch WHERE state = 'running'"), "0");
    sound(&station);
}

#[test]
fn what_a_killed_import_left_goes_when_the_station_serves_again() {
    let station = Station::found();
    let file = station.write("big.csv", &table());
    let mut running = Process::start(station.command(&["batch", "import", &file, "--json"]));
    wait_for("rows of an import that runs", || {
        (station.sqlite("SELECT count(*) FROM announced") != "0").then_some(())
    });
    running.kill();
    let left = station.sqlite("SELECT count(*) FROM batch WHERE state = 'running'");
    assert_eq!(left, "1", "the import was over before it was killed");
    let _serving = station.serve();
    wait_for("an empty table", || (station.sqlite("SELECT count(*) FROM announced") == "0").then_some(()));
    wait_for("a batch that has ended", || {
        (station.sqlite("SELECT state, code FROM batch") == "failed|LS-ST-02").then_some(())
    });
}

#[test]
fn one_import_at_a_time_and_one_that_is_told_to_end_takes_nothing() {
    let station = Station::found();
    let file = station.write("big.csv", &table());
    let running = Process::start(station.command(&["batch", "import", &file, "--json"]));
    wait_for("an import that has begun", || {
        (station.sqlite("SELECT count(*) FROM batch") == "1").then_some(())
    });
    let small = station.write("small.csv", "serial\nA1\n");
    station.refused(1, "LS-CSV-12", &["batch", "import", &small]);
    let ended = running.signal("INT");
    ended.is_refused(1, "LS-ST-02");
    assert_eq!(station.sqlite("SELECT count(*) FROM announced"), "0");
    assert_eq!(station.sqlite("SELECT state FROM batch"), "cancelled");
    assert!(!station.beside("big.csv.result.csv").exists());
    station.ok(&["batch", "import", &small]);
    sound(&station);
}
