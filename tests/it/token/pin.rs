//! The token's PIN: a wrong one is tried once by a running station, whatever it is asked for, and a missing one never.

use crate::factory::bench::Bench;
use crate::factory::token::Token;
use crate::factory::{Station, wait_for};

pub fn set_pin(station: &Station, pin: &str) {
    let file = station.write("pin", pin);
    station.ok(&["secret", "set", "pkcs11-pin", "--file", &file]);
}

/// Verdicts and codes of all runs, oldest first.
fn runs(station: &Station) -> Vec<String> {
    let runs = station.sqlite("SELECT verdict, coalesce(code, '') FROM run ORDER BY id");
    runs.lines().map(str::to_owned).collect()
}

#[test]
fn a_wrong_pin_is_tried_once_and_the_right_one_heals_it() {
    let token = Token::new();
    let station = token.found_station(&token.spy);
    let wrong = "11112222";
    set_pin(&station, wrong);
    for slot in 1..=3 {
        station.add_slot(&format!("slot-{slot}"), &format!("GW{slot:05}"));
    }
    station.release("lot", "demo-gateway", 3, 0);
    token.hush();
    let serving = station.serve();
    assert_eq!(token.calls("C_Login"), 0, "to unlock a station is no reason to log in");
    let bench = Bench::plug(&station, 3, "GW", &[]);
    wait_for("three verdicts", || (runs(&station).len() == 3).then_some(()));
    assert_eq!(runs(&station), ["ERROR|LS-TOKEN-07"; 3]);
    assert_eq!(token.calls("C_Login"), 1, "three devices, one attempt");
    assert_eq!(token.calls("C_SignInit"), 0);
    drop(bench);
    let ended = serving.end();
    assert_eq!(ended.exit, 0);
    let messages = station.sqlite("SELECT message FROM run");
    let log = station.sqlite("SELECT entry FROM audit");
    for text in [&ended.err, &ended.out, &messages, &log] {
        assert!(!text.contains(wrong), "the PIN is told: {text}");
    }
    // a command of its own is a program of its own, and gives no PIN that another one had refused
    token.hush();
    station.refused(1, "LS-TOKEN-07", &["ca", "crl"]);
    assert_eq!(token.calls("C_Login"), 0);

    set_pin(&station, crate::factory::token::PIN);
    station.ok(&["ca", "crl"]);
    let _serving = station.serve();
    let _bench = Bench::plug(&station, 3, "GW", &[]);
    wait_for("three devices that pass", || (runs(&station)[3..] == ["PASS|"; 3]).then_some(()));
}

#[test]
fn a_wrong_pin_is_tried_once_however_often_the_station_is_started() {
    let token = Token::new();
    let station = token.found_station(&token.spy);
    let wrong = "11112222";
    set_pin(&station, wrong);
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "demo-gateway", 1, 0);
    token.hush();
    for start in 1..=3 {
        let serving = station.serve();
        let bench = Bench::plug(&station, 1, "GW", &[]);
        wait_for("a verdict", || (runs(&station).len() == start).then_some(()));
        drop(bench);
        assert_eq!(serving.end().exit, 0);
        assert_eq!(runs(&station), vec!["ERROR|LS-TOKEN-07"; start]);
        assert_eq!(token.calls("C_Login"), 1, "start {start}");
    }
    station.refused(1, "LS-TOKEN-07", &["ca", "renew"]);
    assert_eq!(token.calls("C_Login"), 1);
    let told = station.events("token-pin-refused");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["token"], crate::factory::token::TOKEN);
    let kept = station.sqlite("SELECT key, value FROM meta");
    assert!(kept.contains("pin-refused-by|line") && !kept.contains(wrong), "{kept}");
    // another secret is no reason to try again; the PIN set anew is, even the same one: that is a person's decision
    let other = station.write("other", "something");
    station.ok(&["secret", "set", "wifi", "--file", &other]);
    station.refused(1, "LS-TOKEN-07", &["ca", "crl"]);
    assert_eq!(token.calls("C_Login"), 1);
    set_pin(&station, wrong);
    station.refused(1, "LS-TOKEN-07", &["ca", "crl"]);
    station.refused(1, "LS-TOKEN-07", &["ca", "crl"]);
    assert_eq!(token.calls("C_Login"), 2);
    set_pin(&station, crate::factory::token::PIN);
    station.ok(&["ca", "crl"]);
    assert_eq!(station.events("token-pin-refused").len(), 2);
    station.ok(&["audit", "verify"]);
}

#[test]
fn without_a_pin_nobody_knocks_and_the_station_opens_all_the_same() {
    let token = Token::new();
    let station = token.found_station(&token.spy);
    let software = Station::found_with(token.env(), &[]);
    let path = software.folder().join("station.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{settings}\n[issuing_key]\npkcs11 = \"{}\"\n", token.uri(&token.spy)))
        .unwrap();
    token.hush();
    software.refused(1, "LS-TOKEN-06", &["ca", "crl"]);
    assert_eq!(token.calls("C_Login"), 0);
    // a token whose key is not that of this station's certificate
    set_pin(&software, crate::factory::token::PIN);
    software.refused(1, "LS-TOKEN-09", &["ca", "crl"]);
    station.ok(&["ca", "crl"]);
}
