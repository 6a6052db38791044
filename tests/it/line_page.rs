//! The Line page, live: every state a tile can show as it comes over `/events`, the figures and banners, and what
//! becomes of a page whose session or cloud is gone.

use std::time::Duration;

use crate::factory::azure::Azure;
use crate::factory::bench::Bench;
use crate::factory::process;
use crate::factory::{Station, wait_for};
use crate::pages::browser::Browser;
use crate::pages::live::Live;
use crate::pages::words;

#[test]
fn every_verdict_comes_over_the_events_with_its_own_word_and_place() {
    let station = Station::found();
    for n in 1..=8 {
        station.add_slot(&format!("slot-{n}"), &format!("GW0000{n}"));
    }
    let serving = station.serve();
    let browser = Browser::logged_in(&serving, "admin");
    let mut live = Live::watch(&browser);
    assert_eq!(live.status, 200);
    live.until("all tiles, not ready", |live| {
        (1..=8).all(|n| live.tile(&format!("slot-{n}")).contains("NOT READY No work order is active."))
    });
    assert_eq!(live.state("slot-1"), "not-ready");
    station.release("lot", "demo-gateway", 4, 0);
    live.until("ready slots", |live| (1..=8).all(|n| live.state(&format!("slot-{n}")) == "ready"));

    let faults = ["1:slow", "2:bad-csr", "3:wrong-model", "4:unplug-at=put", "5:placeholder-serial"];
    let faults: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
    let bench = Bench::plug(&station, 5, "GW", &faults);
    let shown = [
        ("slot-1", "pass"),
        ("slot-2", "fail"),
        ("slot-3", "skipped"),
        ("slot-4", "aborted"),
        ("slot-5", "fail"),
    ];
    live.until("five verdicts", |live| shown.iter().all(|(slot, state)| live.state(slot) == *state));
    assert_eq!(live.states["tile-slot-1"], ["not-ready", "ready", "running", "pass"]);
    assert!(live.tile("slot-1").contains("PASS Take the unit out."), "{}", live.tile("slot-1"));
    let failed = live.tile("slot-2");
    assert!(failed.contains("FAIL The certificate request is not signed by its own key"), "{failed}");
    assert!(failed.contains("LS-CA-02") && failed.contains("Have the device make its key"), "{failed}");
    assert!(live.tile("slot-3").contains("SKIPPED") && live.tile("slot-3").contains("LS-ID-06"));
    assert!(live.tile("slot-4").contains("ABORTED") && live.tile("slot-4").contains("LS-LINE-02"));

    let lamps = live.parts["tile-slot-2"].matches("class=\"icon\"").count();
    assert_eq!(lamps, 1, "one lamp is lit");
    let place = |slot: &str| {
        let part = &live.parts[&format!("tile-{slot}")];
        part.split("class=\"lamp\"")
            .skip(1)
            .position(|lamp| lamp.split("</span>").next().unwrap().contains("<svg"))
    };
    assert_eq!([place("slot-2"), place("slot-4"), place("slot-1")], [Some(0), Some(1), Some(2)]);

    live.until("the figures", |live| {
        let figures = live.says("figures");
        figures.contains("lot · demo-gateway 1 of 4") && figures.contains("25 % good 1 of 4 units")
    });
    let figures = live.says("figures");
    assert!(figures.contains("first pass 25 %") && figures.contains("1 waiting"), "{figures}");
    assert!(figures.contains("days left"), "{figures}");
    let runs = station.sqlite("SELECT count(*) FROM run");
    drop(bench);
    live.until("slots that are free again, but for the one whose unit was pulled", |live| {
        shown.iter().all(|(slot, _)| live.state(slot) == if *slot == "slot-4" { "aborted" } else { "ready" })
    });
    assert_eq!(station.sqlite("SELECT count(*) FROM run"), runs);
}

#[test]
fn a_spent_order_is_an_error_of_the_station_and_a_copied_key_is_quarantine() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GX00001");
    station.release("lot", "demo-gateway", 1, 0);
    let serving = station.serve();
    let mut live = Live::watch(&Browser::logged_in(&serving, "admin"));
    let copied = ["--fault", "cloned-key"];
    let _first = Bench::plug(&station, 1, "GW", &copied);
    live.until("a unit that passed", |live| live.state("slot-1") == "pass");
    let second = Bench::plug(&station, 1, "GX", &[&copied[..], &["--seed", "2"]].concat());
    live.until("an order that is spent", |live| live.state("slot-2") == "error");
    assert!(live.tile("slot-2").contains("LS-WO-04"), "{}", live.tile("slot-2"));
    drop(second);
    live.until("a free slot", |live| live.state("slot-2") == "ready");
    station.release("next", "demo-gateway", 2, 0);
    let _second = Bench::plug(&station, 1, "GX", &[&copied[..], &["--seed", "2"]].concat());
    live.until("a key that was there before", |live| live.state("slot-2") == "quarantine");
    assert!(live.tile("slot-2").contains("LS-DUP-04"), "{}", live.tile("slot-2"));
}

#[test]
fn a_page_is_told_that_it_is_live_and_where_to_go_when_it_may_not_watch_any_more() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.add_person("ada", "operator");
    let serving = station.serve();
    let stranger = Browser::at(&serving.url);
    let mut live = Live::watch(&stranger);
    live.until("the way to the log-in", |live| live.count("go") == 1);
    assert_eq!(live.seen, [("go".to_owned(), "/login".to_owned())]);

    let ada = Browser::logged_in(&serving, "ada");
    let mut live = Live::watch(&ada);
    live.until("two beats", |live| live.count("beat") == 2);
    let parts = live.count("part");
    assert!(parts >= 4, "{:?}", live.seen);
    station.ok(&["user", "disable", "ada"]);
    live.until("the way out", |live| live.count("go") == 1);

    // after a restart nobody is logged in, and everything is sent from the beginning once somebody is
    let before = Live::watch(&Browser::logged_in(&serving, "admin"));
    assert_eq!(before.status, 200);
    let old = Browser::logged_in(&serving, "admin");
    serving.end();
    let serving = station.serve();
    let again = Browser::logged_in(&serving, "admin");
    let (authority, _) = again.connection();
    let (_, cookies) = old.connection();
    let mut live = Live::watch(&Browser::with(&authority, &cookies));
    live.until("the way to the log-in", |live| live.count("go") == 1);
    let mut live = Live::watch(&again);
    live.until("the whole page", |live| {
        ["banners", "figures", "unfinished", "tile-slot-1"].iter().all(|id| live.parts.contains_key(*id))
    });
}

#[test]
fn a_locked_station_sends_its_watchers_to_the_unlock_page_and_too_many_watchers_wait() {
    let station = Station::found();
    let serving = station.serve_locked();
    let mut live = Live::watch(&Browser::at(&serving.url));
    live.until("the way to the unlock page", |live| live.count("go") == 1);
    assert_eq!(live.seen, [("go".to_owned(), "/unlock".to_owned())]);
    serving.end();

    let serving = station.serve();
    let browser = Browser::logged_in(&serving, "admin");
    let watching: Vec<Live> = (0..64).map(|_| Live::watch(&browser)).collect();
    assert!(watching.iter().all(|live| live.status == 200));
    assert_eq!(Live::watch(&browser).status, 503);
    drop(watching);
    wait_for("a seat that is free again", || (Live::watch(&browser).status == 200).then_some(()));
}

#[test]
fn a_cloud_that_is_away_is_a_banner_and_the_line_goes_on() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    let azure = Azure::of(&station);
    station.release("lot", "demo-gateway", 2, 0);
    drop(azure);
    let serving = station.serve();
    let mut live = Live::watch(&Browser::logged_in(&serving, "admin"));
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    live.until("PASS without a cloud", |live| live.state("slot-1") == "pass");
    live.until("the banner", |live| {
        live.says("banners").contains("Cloud offline: 1 waiting. The line goes on.")
    });
    assert!(!live.says("banners").contains("LS-"), "{}", live.says("banners"));
}

#[test]
fn the_page_speaks_four_languages_and_an_operator_gets_no_way_into_the_records() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "demo-gateway", 2, 0);
    station.add_person("ada", "operator");
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &["--fault", "bad-csr"]);
    let mut browser = Browser::logged_in(&serving, "ada");
    wait_for("the verdict", || browser.get("/").body.contains("data-state=\"fail\"").then_some(()));
    for (language, word, run) in [
        ("en", "FAIL", "run 1"),
        ("de", "FEHLER", "Lauf 1"),
        ("zh", "不合格", "运行 1"),
        ("es", "FALLA", "ejecución 1"),
    ] {
        browser.post("/language", &[("language", language), ("place", "/")]).goes_to("/");
        let page = browser.get("/");
        let text = words(&page.body);
        assert!(text.contains(word) && text.contains(run), "{language}: {text}");
        assert!(!page.body.contains("/runs/1"), "{language}: an operator may not read runs");
        let mut live = Live::watch(&browser);
        live.until("the tile in this language", |live| live.tile("slot-1").contains(word));
    }
    let sheet = browser.get("/command-sheet");
    assert_eq!(sheet.status, 200);
    let commands = ["START", "RETRY", "SCRAP", "REPRINT", "CONFIRM", "CALL", "LOGOUT", "SLOT:slot-1"];
    for text in commands.map(|command| format!("LS:{command}")) {
        assert!(sheet.body.contains(&format!("<p class=\"mono\">{text}</p>")), "{}", sheet.body);
    }
    assert_eq!(sheet.body.matches("<svg class=\"barcode\"").count(), commands.len());
    let ended = process::run(station.command(&["audit", "verify"]));
    assert_eq!(ended.exit, 0, "{}", ended.err);
}

/// A run that broke off in `slot-1`; `product` is none of ours if it is no name.
fn left_behind(station: &Station, product: &str) {
    station.sqlite(&format!(
        "INSERT INTO device (serial, serial_folded, registration_id, device_id, state, created)
         VALUES ('OLD0001', 'old0001', 'sn-old0001', 'sn-old0001', 'new', 0);
         INSERT INTO run (device, product, slot, person, started, stage)
         VALUES (last_insert_rowid(), '{product}', 'slot-1', 'ada', 0, 'inject')"
    ));
}

#[test]
fn tiles_go_on_without_figures_and_no_beat_says_that_the_page_is_live() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "demo-gateway", 2, 0);
    let serving = station.serve();
    let browser = Browser::logged_in(&serving, "admin");
    let mut live = Live::watch(&browser);
    live.until("figures", |live| live.says("figures").contains("0 of 2"));
    // figures that cannot be read
    left_behind(&station, "no name!");
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    live.until("a unit that passed", |live| live.state("slot-1") == "pass");
    std::thread::sleep(Duration::from_secs(12));
    let mut late = Live::watch(&browser);
    late.until("the tile", |live| live.state("slot-1") == "pass");
    assert!(late.says("figures").contains("0 of 2"), "the last figures that were read");
    assert_eq!(late.count("beat"), 0);
    let page = Browser::with(&browser.connection().0, &browser.connection().1).get("/");
    assert_eq!((page.status, page.body.contains("data-state=\"pass\"")), (200, true));
    station.sqlite("UPDATE run SET product = 'demo-gateway' WHERE product = 'no name!'");
    late.until("a beat", |live| live.count("beat") == 1);
    late.until("new figures", |live| live.says("figures").contains("1 of 2"));
}

#[test]
fn a_run_that_broke_off_stays_in_sight_while_another_unit_runs_in_its_slot() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "demo-gateway", 2, 0);
    left_behind(&station, "demo-gateway");
    let serving = station.serve();
    let mut live = Live::watch(&Browser::logged_in(&serving, "admin"));
    live.until("the run that was left", |live| live.says("unfinished").contains("OLD0001"));
    let sent = |live: &Live| live.seen.iter().filter(|(_, part)| part == "unfinished").count();
    let before = sent(&live);
    let _bench = Bench::plug(&station, 1, "GW", &["--fault", "slow"]);
    live.until("a unit that passed", |live| live.state("slot-1") == "pass");
    live.until("its figures", |live| live.says("figures").contains("1 of 2"));
    assert_eq!(sent(&live), before, "it stood there all the time, and alone");
}
