//! Hooks around the fixture, with the real slots: the start comes before the device is touched, its failure costs
//! the device nothing, and no hook changes a verdict.

use std::path::Path;

use crate::factory::bench::Bench;
use crate::factory::{Station, wait_for};
use crate::webhooks::receiver::Receiver;

/// Writes a program beside the station; its path.
fn program(station: &Station, name: &str, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = station.write(name, &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn settings(station: &Station, text: &str) {
    let path = station.folder().join("station.toml");
    let all = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{all}\n{text}\n")).unwrap();
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn start_verdict_and_removed_come_in_order_and_are_told_what_they_need() {
    let station = Station::found();
    let out = station.beside("told");
    let say = program(
        &station,
        "say",
        &format!(
            "echo \"$LINESIDE_EVENT $LINESIDE_SLOT $LINESIDE_SERIAL $LINESIDE_VERDICT $LINESIDE_RUN $LINESIDE_CODE\" >> {}",
            out.display()
        ),
    );
    let light = Receiver::start();
    station.add_slot("slot-1", "GW00001");
    settings(&station, &format!("on_verdict = \"{}\"", light.url));
    station.add_slot("slot-2", "GW00002");
    settings(
        &station,
        &format!("[hooks]\non_start = [\"{say}\"]\non_verdict = [\"{say}\"]\non_removed = [\"{say}\"]"),
    );
    station.release("lot", "demo-gateway", 2, 0);
    let serving = station.serve();
    let bench = Bench::plug(&station, 2, "GW", &["--fault", "2:bad-csr"]);
    wait_for("a light for slot 1", || (!light.all().is_empty()).then_some(()));
    wait_for("three programs", || (lines(&out).len() == 3).then_some(()));
    drop(bench);
    wait_for("removals", || (lines(&out).len() == 5).then_some(()));
    let told = light.all()[0].json();
    assert_eq!((&told["event"], &told["slot"]), (&"verdict".into(), &"slot-1".into()));
    assert_eq!(
        (&told["serial"], &told["verdict"], &told["code"]),
        (&"GW00001".into(), &"PASS".into(), &serde_json::Value::Null)
    );
    let of =
        |slot: &str| -> Vec<String> { lines(&out).into_iter().filter(|line| line.contains(slot)).collect() };
    let run = station.sqlite("SELECT run.id FROM run WHERE slot = 'slot-2'");
    assert_eq!(
        of("slot-2"),
        [
            "start slot-2    ".to_owned(),
            format!("verdict slot-2 GW00002 FAIL {run} LS-CA-02"),
            format!("removed slot-2 GW00002 FAIL {run} LS-CA-02"),
        ]
    );
    assert_eq!(of("slot-1").len(), 2, "its own hook stands in the place of the one for all");
    serving.end();
}

#[test]
fn a_start_that_fails_or_hangs_ends_the_run_with_error_before_anything_is_reserved() {
    for (script, says) in
        [("echo 'lid is open' >&2; exit 4", "lid is open"), ("sleep 600", "not done after 1 s")]
    {
        let station = Station::found();
        station.add_slot("slot-1", "GW00001");
        let lid = program(&station, "lid", script);
        settings(&station, &format!("[hooks]\non_start = [\"{lid}\"]\ndeadline_seconds = 1"));
        station.release("lot", "demo-gateway", 1, 0);
        let serving = station.serve();
        let _bench = Bench::plug(&station, 1, "GW", &[]);
        let ended = wait_for("a verdict", || {
            let row = station.sqlite("SELECT verdict, code, stage, device IS NULL, message FROM run");
            (!row.is_empty()).then_some(row)
        });
        assert!(ended.starts_with("ERROR|LS-HOOK-01|identify|1|") && ended.contains(says), "{ended}");
        assert_eq!(station.sqlite("SELECT (SELECT count(*) FROM device), issued FROM work_order"), "0|0");
        serving.end();
    }
}

#[test]
fn hooks_after_the_verdict_change_nothing_whatever_they_do() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    let bad = program(&station, "light", "echo broken bulb >&2; exit 9");
    settings(&station, &format!("[hooks]\non_verdict = [\"{bad}\"]\non_removed = [\"/no/such/program\"]"));
    station.release("lot", "demo-gateway", 1, 0);
    let serving = station.serve();
    let bench = Bench::plug(&station, 1, "GW", &[]);
    wait_for("a device that passes", || {
        (station.sqlite("SELECT count(*) FROM run WHERE verdict = 'PASS'") == "1").then_some(())
    });
    drop(bench);
    let mut caller = crate::api::caller::Caller::at(&serving.url, None);
    assert_eq!(caller.get("/healthz").status, 200);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let ended = serving.end();
    assert!(ended.err.contains("broken bulb") && ended.err.contains("/no/such/program"), "{}", ended.err);
    assert_eq!(station.sqlite("SELECT group_concat(verdict) FROM run"), "PASS");
}
