//! Whose runs are whose: the shift is taken at the line and not from a desk, a scan is that of whoever scanned, and a
//! station may want somebody to be there.

use crate::factory::bench::Bench;
use crate::factory::{PASSWORD, Station, wait_for};
use crate::pages::browser::Browser;
use crate::scanning::{self, Desk};

/// Who stands on the first run in this slot that has a verdict.
fn person_in(station: &Station, slot: &str) -> String {
    let sql =
        format!("SELECT person FROM run WHERE slot = '{slot}' AND verdict NOT NULL ORDER BY id LIMIT 1");
    wait_for("a run with a verdict", || Some(station.sqlite(&sql)).filter(|person| !person.is_empty()))
}

/// What the work order's release puts on runs that nobody is on the line for.
fn released_by(station: &Station) -> String {
    station.sqlite("SELECT released_by FROM work_order WHERE name = 'lot'")
}

fn people(station: &Station) {
    for (name, role) in [("ada", "operator"), ("bob", "operator"), ("cleo", "engineer")] {
        station.add_person(name, role);
    }
}

#[test]
fn a_log_in_at_a_desk_takes_no_shift_and_a_scan_at_the_line_does() {
    let station = Station::found();
    people(&station);
    let badge = station.badge("ada");
    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GX00001");
    station.add_slot("slot-3", "GY00001");
    station.release("lot", "demo-gateway", 4, 0);
    let serving = station.serve();
    // with nobody but an engineer at a desk, the releaser is responsible
    let mut desk = Desk::of_person(&serving, "cleo");
    let _first = Bench::plug(&station, 1, "GW", &[]);
    assert_eq!(person_in(&station, "slot-1"), released_by(&station));
    Browser::at(&serving.url).scan_in(&badge).goes_to("/");
    for name in ["cleo", "admin"] {
        Browser::at(&serving.url).log_in(name, PASSWORD).goes_to("/");
    }
    let _second = Bench::plug(&station, 1, "GX", &["--seed", "5"]);
    assert_eq!(person_in(&station, "slot-2"), "ada");
    desk.scan("LS:SLOT:slot-3").is("done", "slot-3 is chosen", "slot-3");
    let _third = Bench::plug(&station, 1, "GY", &["--seed", "7"]);
    assert_eq!(person_in(&station, "slot-3"), "cleo");
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_run_is_that_of_whoever_scanned_for_it() {
    let station = scanning::station("both");
    people(&station);
    let badge = station.badge("bob");
    let serving = station.serve();
    let mut ada = Desk::of_person(&serving, "ada");
    let mut cleo = Desk::of_person(&serving, "cleo");
    ada.until("slot-1", "ready");
    ada.scan_for("slot-1", "SN:GW00001").is("done", "GW00001 for slot-1.", "");
    ada.until("slot-1", "waiting");
    // bob has the shift by the time the unit is plugged in, and his desk is not kept open by ada's unit
    Browser::at(&serving.url).scan_in(&badge).goes_to("/");
    let _bench = Bench::plug(&station, 1, "GW", &["--fault", "1:reset-at=csr"]);
    ada.until("slot-1", "fail");
    cleo.scan_for("slot-1", "LS:RETRY").is("done", "slot-1 runs its unit again", "");
    ada.until("slot-1", "pass");
    assert_eq!(station.sqlite("SELECT person FROM run ORDER BY id"), "ada\ncleo");
    let ends = station.events("run-finished");
    let operators: Vec<_> = ends.iter().map(|entry| entry["actor"]["operator"].clone()).collect();
    assert_eq!(operators, ["ada", "cleo"]);
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_station_that_wants_somebody_on_the_line_starts_nothing_without() {
    let station = Station::found();
    people(&station);
    let badge = station.badge("ada");
    station.set("operator_required = false", "operator_required = true");
    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GX00001");
    station.release("lot", "demo-gateway", 4, 0);
    let serving = station.serve();
    let mut desk = Desk::of_person(&serving, "cleo");
    desk.until("slot-1", "not-ready");
    let first = Bench::plug(&station, 1, "GW", &[]);
    // the slot may look before the vault is open, and says so first
    let wanted = "NOT READY Nobody is on the line. Scan your badge.";
    desk.live.until("nobody on the line", |live| live.tile("slot-1").contains(wanted));
    let mut ada = Browser::at(&serving.url);
    ada.scan_in(&badge).goes_to("/");
    assert_eq!(person_in(&station, "slot-1"), "ada");
    desk.until("slot-1", "pass");
    let csrf = ada.get("/").csrf();
    ada.post("/logout", &[("csrf", &csrf)]).goes_to("/login");
    drop(first);
    desk.until("slot-1", "not-ready");
    desk.until("slot-2", "not-ready");
    let _second = Bench::plug(&station, 1, "GX", &["--seed", "5"]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(station.sqlite("SELECT count(*) FROM run"), "1", "nothing starts");
    desk.scan_for("slot-2", "LS:SLOT:slot-2").is("done", "slot-2 is chosen", "slot-2");
    assert_eq!(person_in(&station, "slot-2"), "cleo");
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_run_whose_operator_cannot_be_read_is_an_error_and_nobody_elses() {
    let station = Station::found();
    people(&station);
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "demo-gateway", 4, 0);
    let badge = station.badge("ada");
    let serving = station.serve();
    Browser::at(&serving.url).scan_in(&badge).goes_to("/");
    station.sqlite("ALTER TABLE person RENAME TO lost");
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    person_in(&station, "slot-1");
    assert_eq!(station.sqlite("SELECT verdict FROM run"), "ERROR");
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "0", "nothing was issued");
    station.sqlite("ALTER TABLE lost RENAME TO person");
    station.ok(&["audit", "verify"]);
}
