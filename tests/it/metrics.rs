//! `/metrics`, as Prometheus' own parser reads it.

use serde_json::Value;

use crate::api::caller::{Caller, token};
use crate::api::judge::judge;
use crate::factory::bench::Bench;
use crate::factory::{Station, wait_for};

#[test]
fn the_figures_are_those_of_the_station_and_the_parser_of_prometheus_takes_them() {
    let station = Station::found();
    for slot in ["1", "2"] {
        station.add_slot(&format!("slot-{slot}"), &format!("GW0000{slot}"));
    }
    station.release("lot", "demo-gateway", 2, 0);
    let read = token(&station, "prometheus", "read");
    let serving = station.serve();
    let mut monitor = Caller::at(&serving.url, Some(&read));
    let _bench = Bench::plug(&station, 2, "GW", &["--fault", "2:bad-csr"]);
    let value = |figures: &Value, name: &str| {
        figures["samples"][name].as_f64().unwrap_or_else(|| panic!("no {name} in {figures}"))
    };
    let figures = wait_for("two verdicts and a checkpoint", || {
        let reply = monitor.get("/metrics");
        assert_eq!((reply.status, reply.media()), (200, "text/plain"));
        let figures = judge("metrics.py", &reply.body);
        let signed = !figures["samples"]["lineside_checkpoint_age_seconds"].is_null();
        (signed && value(&figures, "lineside_slots{state=verdict}") == 2.0).then_some(figures)
    });
    for (name, expected) in [
        ("lineside_slot_verdicts_total{verdict=PASS}", 1.0),
        ("lineside_slot_verdicts_total{verdict=FAIL}", 1.0),
        ("lineside_slot_verdicts_total{verdict=SCRAP}", 0.0),
        ("lineside_outbox_rows{state=waiting}", 1.0),
        ("lineside_outbox_rows{state=parked}", 0.0),
        ("lineside_vault_locked", 0.0),
        ("lineside_unfinished_runs", 0.0),
        ("lineside_slots{state=running}", 0.0),
    ] {
        assert_eq!(value(&figures, name), expected, "{name}");
    }
    assert!(value(&figures, "lineside_ca_seconds_left") > 86_400.0);
    assert!(value(&figures, "lineside_outbox_oldest_seconds") < 60.0);
    assert!(value(&figures, "lineside_audit_entries") > 5.0);
    assert!(value(&figures, "lineside_checkpoint_age_seconds") < 120.0);
    let again = judge("metrics.py", &monitor.get("/metrics").body);
    assert!(value(&again, "lineside_http_requests_total{part=metrics,status=200}") >= 1.0);
    assert_eq!(again["kinds"]["lineside_http_requests"], "counter");
    serving.end();
    // a station that starts anew counts its slots anew and adds up its records
    let serving = station.serve();
    let mut monitor = Caller::at(&serving.url, Some(&read));
    let figures = judge("metrics.py", &monitor.get("/metrics").body);
    assert_eq!(value(&figures, "lineside_recorded_runs{verdict=PASS}"), 1.0);
    assert_eq!(value(&figures, "lineside_recorded_runs{verdict=FAIL}"), 1.0);
}

#[test]
fn the_figures_need_a_token_unless_the_settings_open_them_to_this_machine() {
    let station = Station::found();
    let orders = token(&station, "planner", "orders");
    let serving = station.serve();
    Caller::at(&serving.url, None).get("/metrics").is_problem(401, "LS-AUTH-06");
    Caller::at(&serving.url, Some(&orders)).get("/metrics").is_problem(403, "LS-AUTH-02");
    serving.end();
    let path = station.folder().join("station.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}\n[metrics]\nopen = true\n")).unwrap();
    let serving = station.serve_locked();
    let figures = judge("metrics.py", &Caller::at(&serving.url, None).get("/metrics").body);
    assert_eq!(figures["samples"]["lineside_vault_locked"], 1.0);
}
