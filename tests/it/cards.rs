//! Cards that people carry already, scanned at the line: they look like labels, and nobody may walk their numbers.

use crate::factory::{PASSWORD, Station};
use crate::pages::browser::Browser;
use crate::scanning::{self, Desk};

const CARD: &str = "0012345678";

/// Gives somebody a card of theirs.
fn enrol(url: &str, name: &str) {
    let mut admin = Browser::at(url);
    admin.log_in("admin", PASSWORD).goes_to("/");
    let page = format!("/people/who/{name}");
    admin.fill_in(&page, &format!("{page}/badge/enrol"), &[("badge", CARD)]).goes_to(&page);
}

fn refused_badges(station: &Station) -> u64 {
    let entries = station.events("login-refused");
    entries.iter().filter(|e| e["name"] == "(badge)").map(|e| e["times"].as_u64().unwrap()).sum()
}

#[test]
fn nobody_walks_card_numbers_at_the_scan_box() {
    let station = scanning::station("plug");
    for name in ["ada", "bob", "dora"] {
        station.add_person(name, "operator");
    }
    let serving = station.serve();
    enrol(&serving.url, "bob");
    let mut ada = Desk::of_person(&serving, "ada");
    ada.until("slot-1", "ready");
    // labels of units and commands are no guesses, however many
    for n in 1..9 {
        ada.scan_for("slot-1", &format!("SN:GW{n:05}")).is("done", "for slot-1", "");
        ada.scan("LS:SLOT:slot-2").is("done", "slot-2 is chosen", "slot-2");
    }
    assert_eq!(refused_badges(&station), 0);
    for n in 0..5 {
        let said = ada.scan(&format!("001234560{n}"));
        said.is("refused", "does not look like this product's label", "");
    }
    assert_eq!(refused_badges(&station), 1, "the first at once, the others together");
    for scanned in ["0012345605", CARD, "SN:GW00001"] {
        ada.scan(scanned).is("refused", "Too many scans that could be badges. Wait a moment", "");
    }
    assert!(ada.browser.get("/").body.contains("ada"), "bob did not take over");
    // what can be no badge goes on
    ada.scan("LS:CALL").is("done", "An engineer is called", "");
    assert!(station.events("login-accepted").iter().all(|entry| entry["name"] != "bob"));

    // somebody else's desk is not shut, and a card that is one takes over there
    let mut dora = Desk::of_person(&serving, "dora");
    dora.scan("LS:SLOT:slot-1").is("done", "slot-1 is chosen", "slot-1");
    dora.scan(CARD).is("done", "The shift has changed", "");
    assert!(dora.browser.get("/").body.contains("bob"));
    let entry = station.events("login-accepted").pop().unwrap();
    assert_eq!(
        (&entry["name"], &entry["way"], &entry["previous"]),
        (&"bob".into(), &"badge".into(), &"dora".into())
    );
    let first = station.events("login-accepted").remove(0);
    assert!(first.get("previous").is_none(), "{first}");
    let ended = serving.end();
    assert!(!ended.err.contains("00123456"), "{}", ended.err);
    assert_eq!(refused_badges(&station), 7);
    station.ok(&["audit", "verify"]);
}

#[test]
fn what_was_typed_as_a_name_stays_out_of_the_log_unless_it_is_one() {
    let station = Station::found();
    station.add_person("ada", "operator");
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    let badge = "LSB-0123456789ABCDEFGHJK";
    for typed in [badge, "hunter2-hunter2", "ada"] {
        assert!(browser.log_in(typed, "a wrong password").body.contains("LS-AUTH-01"), "{typed}");
    }
    serving.end();
    let refused = station.events("login-refused");
    let told: Vec<_> = refused.iter().map(|e| format!("{} {}", e["name"], e["times"])).collect();
    assert_eq!(told, ["\"(not a name)\" 1", "\"ada\" 1", "\"(not a name)\" 1"]);
    let database = std::fs::read(station.folder().join("station.db")).unwrap();
    for typed in [badge, "hunter2-hunter2"] {
        assert!(!database.windows(typed.len()).any(|w| w.eq_ignore_ascii_case(typed.as_bytes())), "{typed}");
    }
}

#[test]
fn guesses_at_the_log_in_page_keep_no_made_badge_out() {
    let station = Station::found();
    for name in ["ada", "bob"] {
        station.add_person(name, "operator");
    }
    let badge = station.badge("ada");
    let serving = station.serve();
    enrol(&serving.url, "bob");
    let mut browser = Browser::at(&serving.url);
    for guess in 0..5 {
        assert!(browser.scan_in(&format!("guess-{guess}")).body.contains("opens nothing"));
    }
    assert!(browser.scan_in(CARD).body.contains("door is closed for a minute"));
    browser.scan_in(&badge).goes_to("/");
    // names have doors of their own
    let mut other = Browser::at(&serving.url);
    other.log_in("ada", PASSWORD).goes_to("/");
    other.log_in("bob", PASSWORD).goes_to("/");
    let entry = station.events("login-accepted").pop().unwrap();
    assert_eq!((&entry["way"], &entry["previous"]), (&"password".into(), &"ada".into()));
}
