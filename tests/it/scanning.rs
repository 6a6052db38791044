//! The scan box: labels and commands against a real line of virtual devices. Nothing is started by the wrong label,
//! and nothing is destroyed by one stray scan.

use std::time::Duration;

use crate::factory::bench::Bench;
use crate::factory::{Serving, Station, sqlite};
use crate::pages::browser::{Answer, Browser};
use crate::pages::live::Live;
use crate::pages::words;

/// Somebody at the scan box, who sees the page.
pub struct Desk {
    /// Their browser.
    pub browser: Browser,
    csrf: String,
    /// What the page shows.
    pub live: Live,
}

impl Desk {
    fn of(serving: &Serving) -> Desk {
        Desk::of_person(serving, "admin")
    }

    /// The desk of this person, who logs in by name.
    pub fn of_person(serving: &Serving, name: &str) -> Desk {
        let mut browser = Browser::logged_in(serving, name);
        let csrf = browser.get("/").csrf();
        let live = Live::watch(&browser);
        Desk { browser, csrf, live }
    }

    /// Scans a text with this slot chosen; what the page answers.
    pub fn scan_for(&mut self, slot: &str, text: &str) -> Said {
        let fields = [("csrf", self.csrf.as_str()), ("slot", slot), ("text", text)];
        Said::of(&self.browser.post_for_part("/scan", &fields))
    }

    /// Scans a text with no slot chosen.
    pub fn scan(&mut self, text: &str) -> Said {
        self.scan_for("", text)
    }

    /// Waits until a slot shows this state.
    #[track_caller]
    pub fn until(&mut self, slot: &str, state: &str) {
        self.live.until(&format!("{slot} to be {state}"), |live| live.state(slot) == state);
    }
}

/// An answer of the page: its kind, its words, the slot that is chosen now.
#[derive(Debug)]
pub struct Said {
    kind: String,
    words: String,
    chosen: String,
}

impl Said {
    #[track_caller]
    fn of(answer: &Answer) -> Said {
        assert_eq!(answer.status, 200, "{answer:?}");
        let value = |name: &str| {
            let (_, rest) = answer.body.split_once(&format!("{name}=\"")).expect("an answer");
            rest.split('"').next().unwrap().to_owned()
        };
        Said { kind: value("data-kind"), chosen: value("data-chosen"), words: words(&answer.body) }
    }

    /// Requires an answer of this kind that says this and leaves this slot chosen.
    #[track_caller]
    pub fn is(&self, kind: &str, part: &str, chosen: &str) {
        let Said { kind: found, words, chosen: now } = self;
        assert!(
            found == kind && words.contains(part) && now == chosen,
            "{self:?} is not {kind} {part} {chosen}"
        );
    }
}

/// A station with two slots whose product is started in this way.
pub fn station(start: &str) -> Station {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GW00002");
    let recipe = include_str!("../../src/station/recipes/demo-gateway.toml");
    let how = format!("[identify]\nstart = \"{start}\"\nlabel = \"SN:{{serial}}\"");
    let recipe =
        recipe.replacen("name = \"demo-gateway\"", "name = \"scanned\"", 1).replacen("[identify]", &how, 1);
    std::fs::write(station.folder().join("products/scanned.toml"), recipe).unwrap();
    station.release("lot", "scanned", 5, 5);
    station
}

fn count(station: &Station, what: &str) -> String {
    sqlite(station.folder(), &format!("SELECT count(*) FROM {what}"))
}

#[test]
fn a_unit_runs_when_its_label_is_scanned_and_another_label_makes_it_the_wrong_unit() {
    let station = station("scan");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    let _bench = Bench::plug(&station, 2, "GW", &[]);
    desk.until("slot-1", "waiting");
    desk.until("slot-2", "waiting");
    assert!(desk.live.tile("slot-1").contains("SCAN LABEL"), "{}", desk.live.tile("slot-1"));
    assert_eq!(count(&station, "run"), "0", "plugged in is not started");
    desk.scan("SN:GW00001").is("ask", "Which slot?", "");
    desk.scan("GW00001").is("refused", "does not look like this product's label", "");

    desk.scan("LS:SLOT:slot-1").is("done", "slot-1 is chosen", "slot-1");
    desk.scan_for("slot-1", "SN:GW00002").is("done", "GW00002 for slot-1.", "");
    desk.until("slot-1", "wrong-unit");
    let tile = desk.live.tile("slot-1");
    assert!(tile.contains("WRONG UNIT The label says GW00002, the device says GW00001."), "{tile}");
    assert!(tile.contains("LS-ID-07"), "{tile}");
    assert_eq!(count(&station, "certificate"), "0");
    assert_eq!(station.sqlite("SELECT verdict FROM run"), "SKIPPED");

    // the right label for the same unit, without taking it out; the other slot has none yet
    desk.scan_for("slot-1", "SN:gw00001").is("done", "gw00001 for slot-1.", "");
    desk.until("slot-1", "pass");
    desk.scan("SN:GW00002").is("done", "GW00002 for slot-2.", "");
    desk.until("slot-2", "pass");
    desk.scan("SN:GW00002").is("done", "GW00002 is in slot-2", "slot-2");
    assert_eq!(count(&station, "run WHERE verdict = 'PASS'"), "2");
}

#[test]
fn start_runs_the_unit_that_is_there_where_a_scan_starts_but_never_instead_of_both() {
    let scanned = station("scan");
    let serving = scanned.serve();
    let mut desk = Desk::of(&serving);
    let _bench = Bench::plug(&scanned, 1, "GW", &[]);
    desk.until("slot-1", "waiting");
    desk.scan("LS:START").is("done", "slot-1 looks for its unit", "");
    desk.until("slot-1", "pass");
    desk.scan_for("slot-1", "LS:START").is("refused", "take its unit out first", "slot-1");
    drop(serving);

    let both = station("both");
    let serving = both.serve();
    let mut desk = Desk::of(&serving);
    let bench = Bench::plug(&both, 1, "GW", &[]);
    desk.until("slot-1", "waiting");
    desk.scan_for("slot-1", "LS:START").is("refused", "START does not stand in for it", "slot-1");
    // plugged in, then scanned
    desk.scan("SN:GW00001").is("done", "GW00001 for slot-1.", "");
    desk.until("slot-1", "pass");
    drop(bench);
    desk.until("slot-1", "ready");
    // scanned, then plugged in
    desk.scan_for("slot-2", "SN:GX00001").is("done", "GX00001 for slot-2.", "");
    desk.until("slot-2", "waiting");
    assert!(desk.live.tile("slot-2").contains("PLUG IN GX00001 was scanned: plug it in."));
    desk.scan_for("slot-2", "SN:GW00002").is("done", "GW00002 for slot-2.", "");
    let _bench = Bench::plug(&both, 2, "GW", &["--seed", "1"]);
    desk.until("slot-2", "pass");
    desk.until("slot-1", "waiting");
    assert_eq!(count(&both, "run"), "2");
}

#[test]
fn a_plugged_unit_must_agree_with_a_label_that_was_scanned_before_it() {
    let station = station("plug");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    desk.until("slot-2", "ready");
    desk.scan_for("slot-1", "SN:GX00001").is("done", "GX00001 for slot-1.", "");
    desk.until("slot-1", "waiting");
    let bench = Bench::plug(&station, 2, "GW", &[]);
    desk.until("slot-1", "wrong-unit");
    desk.until("slot-2", "pass");
    drop(bench);
    desk.until("slot-1", "ready");
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    desk.until("slot-1", "pass");
}

#[test]
fn retry_runs_the_same_unit_again_without_pulling_it() {
    let station = station("plug");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    let _bench = Bench::plug(&station, 2, "GW", &["--fault", "1:reset-at=csr"]);
    desk.until("slot-1", "fail");
    desk.until("slot-2", "pass");
    desk.scan_for("slot-2", "LS:RETRY").is("refused", "slot-2 holds no unit that can be run again", "slot-2");
    desk.scan("ls:retry").is("done", "slot-1 runs its unit again", "");
    desk.until("slot-1", "pass");
    assert_eq!(count(&station, "run"), "3");
    desk.scan_for("slot-1", "LS:RETRY").is("refused", "holds no unit", "slot-1");
}

#[test]
fn a_first_article_or_another_order_keeps_a_held_unit_from_running_again() {
    let station = Station::found();
    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GX00001");
    station.release("before", "demo-sensor", 1, 0);
    station.ok(&["work-order", "add", "lot", "--product", "demo-gateway", "--quantity", "5"]);
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    desk.browser.fill_in("/work-orders", "/work-orders/lot/activate", &[]).goes_to("/work-orders/lot");
    desk.until("slot-1", "ready");
    let bench = Bench::plug(&station, 1, "GW", &["--fault", "1:reset-at=csr"]);
    desk.until("slot-1", "fail");
    let _article = Bench::plug(&station, 1, "GX", &["--seed", "2"]);
    desk.until("slot-2", "pass");
    let waits = "First article GX00001 of lot waits to be confirmed. Check the unit, then scan CONFIRM.";
    desk.scan_for("slot-1", "LS:RETRY").is("refused", waits, "slot-1");
    desk.scan("LS:START").is("refused", waits, "");
    assert_eq!((count(&station, "run"), desk.live.state("slot-1")), ("2".to_owned(), "fail"));
    desk.scan("LS:CONFIRM").is("done", "First article GX00001 is confirmed", "");

    station.release("next", "demo-gateway", 5, 0);
    let other = "The work order is next by now: take the unit in slot-1 out and put it in again.";
    desk.scan_for("slot-1", "LS:RETRY").is("refused", other, "slot-1");
    assert_eq!((count(&station, "run"), desk.live.state("slot-1")), ("2".to_owned(), "fail"));
    drop(bench);
    desk.until("slot-1", "ready");
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    desk.until("slot-1", "pass");
    assert_eq!(station.sqlite("SELECT group_concat(work_order) FROM run"), "lot,lot,next");
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_unit_runs_again_under_the_recipe_as_it_is_by_then() {
    let station = station("plug");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    let recipe = station.folder().join("products/scanned.toml");
    let text = std::fs::read_to_string(&recipe).unwrap();
    let _bench = Bench::plug(&station, 1, "GW", &["--fault", "1:reset-at=csr"]);
    desk.until("slot-1", "fail");
    std::fs::write(&recipe, format!("{text}# mended\n")).unwrap();
    desk.scan("LS:RETRY").is("done", "slot-1 runs its unit again", "");
    desk.until("slot-1", "pass");
    assert_eq!(station.sqlite("SELECT count(DISTINCT product_digest) FROM run"), "2");
}

#[test]
fn a_slot_whose_unit_was_pulled_is_not_dead_after_the_line_was_held() {
    let station = station("scan");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    let _bench = Bench::plug(&station, 1, "GW", &["--fault", "unplug-at=put"]);
    desk.until("slot-1", "waiting");
    desk.scan("SN:GW00001").is("done", "GW00001 for slot-1.", "");
    desk.until("slot-1", "aborted");
    desk.browser.fill_in("/work-orders", "/work-orders/lot/pause", &[]).goes_to("/work-orders/lot");
    desk.until("slot-1", "not-ready");
    station.ok(&["work-order", "activate", "lot"]);
    desk.until("slot-2", "ready");
    desk.until("slot-1", "ready");
}

#[test]
fn where_every_slot_is_taken_nobody_is_asked_which_one() {
    let station = station("plug");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    let _bench = Bench::plug(&station, 2, "GW", &[]);
    desk.until("slot-1", "pass");
    desk.until("slot-2", "pass");
    let none = "No slot is free: wait for a verdict or take a unit out.";
    desk.scan("SN:GX00001").is("refused", none, "");
    desk.scan("LS:START").is("refused", none, "");
    for (language, said) in
        [("de", "Kein Platz ist frei"), ("zh", "没有空闲工位"), ("es", "Ningún puesto está libre")]
    {
        desk.browser.post("/language", &[("language", language), ("place", "/")]).goes_to("/");
        desk.scan("LS:START").is("refused", said, "");
    }
}

#[test]
fn scrapping_takes_two_scans_of_the_same_command_and_is_on_record() {
    let station = station("plug");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    let _bench = Bench::plug(&station, 2, "GW", &["--fault", "1:bad-proof"]);
    desk.until("slot-1", "fail");
    desk.until("slot-2", "pass");
    let scrapped = || station.events("run-scrapped").len();
    desk.scan_for("slot-2", "LS:SCRAP").is("refused", "no unit that can be scrapped", "slot-2");
    desk.scan_for("slot-1", "LS:SCRAP").is("ask", "Scrap GW00001 in slot-1? Scan SCRAP again", "slot-1");
    // anything else takes the question back
    desk.scan_for("slot-1", "LS:SLOT:slot-1").is("done", "slot-1 is chosen", "slot-1");
    desk.scan_for("slot-1", "LS:SCRAP").is("ask", "Scan SCRAP again", "slot-1");
    desk.scan_for("slot-1", "LS:SCRAB").is("refused", "“LS:SCRAB” is no command", "slot-1");
    desk.scan_for("slot-1", "LS:SCRAP").is("ask", "Scan SCRAP again", "slot-1");
    // the scanner bounces: the same scan, read twice
    desk.scan_for("slot-1", "LS:SCRAP").is("ask", "Scan SCRAP again", "slot-1");
    assert_eq!(scrapped(), 0);
    std::thread::sleep(Duration::from_millis(1100));
    desk.scan_for("slot-1", "LS:SCRAP").is("done", "GW00001 in slot-1 is scrapped", "");
    desk.until("slot-1", "scrap");
    assert_eq!(station.events("run-scrapped")[0]["reason"], "scrapped at the line");
    assert_eq!(station.events("run-scrapped")[0]["actor"]["name"], "admin");
    assert_eq!(station.sqlite("SELECT state FROM device WHERE serial = 'GW00001'"), "scrapped");
    assert_eq!(station.sqlite("SELECT state FROM device WHERE serial = 'GW00002'"), "provisioned");
    desk.scan_for("slot-1", "LS:SCRAP").is("refused", "no unit that can be scrapped", "slot-1");
    desk.scan_for("slot-1", "LS:RETRY").is("refused", "holds no unit", "slot-1");
    station.ok(&["audit", "verify"]);
}

#[test]
fn an_engineer_is_called_to_a_slot_and_the_call_ended_both_on_record() {
    let station = station("plug");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    desk.until("slot-1", "ready");
    desk.scan_for("slot-2", "LS:CALL").is("done", "An engineer is called", "slot-2");
    desk.live.until("the call", |live| {
        live.tile("slot-2").contains("ENGINEER CALLED")
            && live.says("banners").contains("An engineer was called to slot-2.")
    });
    assert!(!desk.live.tile("slot-1").contains("ENGINEER CALLED"));
    assert_eq!(station.events("engineer-called")[0]["slot"], "slot-2");
    desk.scan("LS:CALL").is("done", "The call is ended.", "");
    desk.live.until("no call", |live| live.says("banners").is_empty());
    assert_eq!(station.events("engineer-call-ended")[0]["slot"], "slot-2");
    desk.scan("LS:CALL").is("done", "An engineer is called", "");
    desk.live.until("a call to the line", |live| live.says("banners").contains("called to the line"));
    assert_eq!(station.events("engineer-called")[1].get("slot"), None);
    station.ok(&["audit", "verify"]);
}

#[test]
fn what_means_nothing_is_refused_in_words_and_a_badge_is_never_repeated() {
    let station = station("plug");
    let serving = station.serve();
    let mut desk = Desk::of(&serving);
    desk.until("slot-1", "ready");
    desk.scan("  ").is("refused", "Nothing was scanned", "");
    desk.scan("LS:SLOT:slot-9").is("refused", "There is no slot “slot-9”", "");
    desk.scan("LS:SLOT:SLOT-2").is("done", "slot-2 is chosen", "slot-2");
    desk.scan("LS:RETRY").is("ask", "Which slot?", "");
    desk.scan(&"x".repeat(300)).is("refused", "longer than any label", "");
    desk.scan("SN:<b>&\u{7}").is("refused", "Character '<' at position 1", "");
    let said = desk.scan("LSB-0123456789ABCDEFGHJK");
    said.is("refused", "This badge opens nothing", "");
    assert!(!said.words.contains("0123456789"), "{said:?}");
    let ended = serving.end();
    assert!(!ended.err.contains("LSB-") && !ended.out.contains("LSB-"), "{}", ended.err);
    assert_eq!(count(&station, "run"), "0");
}

#[test]
fn logging_out_by_scan_ends_the_session_and_an_auditor_has_no_scan_box() {
    let station = station("plug");
    for (name, role) in [("bob", "auditor"), ("ada", "operator")] {
        station.add_person(name, role);
    }
    let serving = station.serve();
    let mut ada = Browser::logged_in(&serving, "ada");
    let page = ada.get("/");
    assert!(page.body.contains("id=\"scan-text\"") && page.body.contains("autofocus"), "{}", page.body);
    let csrf = page.csrf();
    // without a script, the next page says what was heard
    ada.post("/scan", &[("csrf", &csrf), ("text", "LS:SLOT:slot-1")]).goes_to("/?slot=slot-1");
    let page = ada.get("/?slot=slot-1");
    assert!(words(&page.body).contains("slot-1 is chosen"), "{}", page.body);
    assert!(page.body.contains("id=\"chosen\" value=\"slot-1\""), "{}", page.body);
    let forged = ada.post_for_part("/scan", &[("csrf", "00"), ("text", "LS:CALL")]);
    assert_eq!(forged.status, 409);
    assert_eq!(station.events("engineer-called").len(), 0);
    let answer = ada.post_for_part("/scan", &[("csrf", &csrf), ("text", "LS:LOGOUT")]);
    assert!(answer.body.contains("data-go=\"/login\""), "{}", answer.body);
    ada.get("/").goes_to("/login");
    let late = ada.post_for_part("/scan", &[("csrf", &csrf), ("text", "LS:CALL")]);
    assert_eq!((late.status, late.header("hx-redirect")), (401, Some("/login")));

    let mut bob = Browser::logged_in(&serving, "bob");
    let page = bob.get("/");
    assert!(!page.body.contains("id=\"scan\"") && page.body.contains("id=\"tile-slot-1\""), "{}", page.body);
    assert_eq!(bob.post("/scan", &[("csrf", &page.csrf()), ("text", "LS:CALL")]).status, 403);
    assert_eq!(station.events("refused")[0]["what"], "POST /scan");
}
