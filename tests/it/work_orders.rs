//! Work orders on their pages: written down and shown again as typed, released, held by a first article, closed or
//! not; and who may do which of it.

use std::time::Duration;

use serde_json::Value;

use crate::api::caller::{Caller, token};
use crate::factory::bench::Bench;
use crate::factory::{Station, wait_for};
use crate::pages::browser::{Answer, Browser};

fn add_people(station: &Station) {
    for (name, role) in [("ada", "engineer"), ("bob", "operator"), ("eve", "auditor")] {
        station.add_person(name, role);
    }
}

/// Sends a form with the token of the page it stands on.
fn send(browser: &mut Browser, place: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.get("/work-orders").csrf();
    browser.post(place, &[fields, &[("csrf", &csrf)]].concat())
}

/// The note that the next page shows.
fn note(browser: &mut Browser, place: &str) -> String {
    let page = browser.get(place).body;
    let (_, rest) = page.split_once("<p class=\"note ").expect("the page has a note");
    rest.split_once("</p>").unwrap().0.to_owned()
}

fn passed(station: &Station) -> String {
    station.sqlite("SELECT count(*) FROM run WHERE verdict = 'PASS'")
}

fn state(station: &Station, order: &str) -> String {
    station.sqlite(&format!("SELECT state FROM work_order WHERE name = '{order}'"))
}

/// The number after an element's opening tag with this id.
fn shown(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\">")).expect("the page has it");
    rest.split_once('<').unwrap().0.to_owned()
}

#[test]
fn a_form_that_is_refused_is_shown_again_as_it_was_typed() {
    let station = Station::found();
    add_people(&station);
    let serving = station.serve();
    let mut ada = Browser::logged_in(&serving, "ada");
    let good = [
        ("name", "lot-1"),
        ("product", "demo-sensor"),
        ("quantity", "2"),
        ("spare", "1"),
        ("serials", "SE00001\n\n SE00002 \nse00003"),
        ("first_article", "yes"),
    ];
    for (field, value, code) in [
        ("name", "../lot", "LS-SET-06"),
        ("product", "no-such", "LS-SET-02"),
        ("quantity", "many", "LS-WO-09"),
        ("quantity", "0", "LS-SET-07"),
        ("spare", "-1", "LS-WO-09"),
        ("serials", "SE00001\nwhat?\n", "LS-ID-01"),
        ("serials", "SE00001", "LS-SET-07"),
    ] {
        let fields = good.map(|(name, typed)| if name == field { (name, value) } else { (name, typed) });
        let again = send(&mut ada, "/work-orders", &fields);
        assert_eq!(again.status, 422, "{again:?}");
        assert!(again.body.contains(code), "{field} {value}: {}", again.body);
        for (name, typed) in fields.iter().filter(|(name, _)| matches!(*name, "name" | "quantity" | "spare"))
        {
            assert!(again.body.contains(&format!("name=\"{name}\" id=\"order-{name}\" value=\"{typed}\"")));
        }
        assert!(again.body.contains("value=\"yes\" checked") && again.body.contains("SE00001"), "{field}");
    }
    assert_eq!(station.sqlite("SELECT count(*) FROM work_order"), "0");

    send(&mut ada, "/work-orders", &good).goes_to("/work-orders/lot-1");
    assert!(note(&mut ada, "/work-orders/lot-1").contains("lot-1 is written down"));
    let page = ada.get("/work-orders/lot-1").body;
    assert!(page.contains("href=\"/devices?order=lot-1\""), "{page}");
    assert!(page.contains("0 of 2") && page.contains("After the first PASS"), "{page}");
    assert_eq!(ada.get("/work-orders/lot-1/serials").body, "se00001\nse00002\nse00003\n");
    assert!(ada.get("/work-orders").body.contains("data-order=\"lot-1\""));
    let twice = send(&mut ada, "/work-orders", &good);
    assert!(twice.status == 422 && twice.body.contains("LS-WO-02"), "{twice:?}");
    assert_eq!(ada.get("/work-orders/no-such").status, 404);
    assert_eq!(ada.get("/work-orders/-no-name").status, 404);
    assert_eq!(station.json(&["audit", "verify"])["sound"], true);
}

#[test]
fn an_operator_and_an_auditor_look_and_change_nothing() {
    let station = Station::found();
    add_people(&station);
    station.release("lot", "demo-gateway", 1, 0);
    let serving = station.serve();
    for name in ["bob", "eve"] {
        let mut browser = Browser::logged_in(&serving, name);
        for page in ["/work-orders", "/work-orders/lot"] {
            let page = browser.get(page);
            assert_eq!(page.status, 200);
            let main = page.body.split_once("<main").unwrap().1;
            assert!(!main.contains("<form"), "{name}: {main}");
        }
        for place in ["", "/lot/activate", "/lot/pause", "/lot/close", "/lot/first-article/reject"] {
            let answer = send(&mut browser, &format!("/work-orders{place}"), &[("run", "1")]);
            assert_eq!(answer.status, 403, "{name} {place}: {answer:?}");
        }
    }
    let csrf =
        send(&mut Browser::logged_in(&serving, "eve"), "/work-orders/lot/first-article", &[("run", "1")]);
    assert_eq!(csrf.status, 403, "an auditor confirms nothing");
    assert_eq!(Browser::logged_in(&serving, "bob").get("/work-orders/lot/serials").status, 403);
    let refused = station.events("refused");
    assert_eq!(refused.len(), 11, "{refused:?}");
    assert!(refused.iter().all(|entry| entry["code"] == "LS-AUTH-02"));
    assert_eq!(state(&station, "lot"), "active");
}

#[test]
fn an_order_the_cloud_does_not_have_is_closed_only_with_a_reason_on_record() {
    let station = Station::found();
    add_people(&station);
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "demo-gateway", 1, 0);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    wait_for("a device that passes", || (passed(&station) == "1").then_some(()));
    let mut ada = Browser::logged_in(&serving, "ada");
    let page = ada.get("/work-orders/lot").body;
    assert!(page.contains("1 of 1"), "{page}");
    assert_eq!((shown(&page, "unsent").as_str(), shown(&page, "unfinished").as_str()), ("1", "0"));

    send(&mut ada, "/work-orders/lot/close", &[]).goes_to("/work-orders/lot");
    assert!(note(&mut ada, "/work-orders/lot").contains("LS-WO-07"));
    station.refused(1, "LS-WO-07", &["work-order", "close", "lot"]);
    station.refused(1, "LS-WO-07", &["work-order", "close", "lot", "--short"]);
    station.refused(1, "LS-SET-11", &["work-order", "close", "lot", "--override", " "]);
    assert_eq!(state(&station, "lot"), "active");
    assert_eq!(station.events("refused").len(), 3, "three refusals of the use case are on record");

    send(&mut ada, "/work-orders/lot/close", &[("reason", "the cloud is moved")]).goes_to("/work-orders/lot");
    assert!(note(&mut ada, "/work-orders/lot").contains("lot is closed"));
    let closed = station.events("work-order-closed");
    assert_eq!(closed.len(), 1);
    let Value::Object(entry) = &closed[0] else { panic!("an entry is an object") };
    assert_eq!((&entry["overridden"], &entry["unsent"]), (&Value::from(true), &Value::from(1)));
    assert_eq!(entry["reason"], "the cloud is moved");
    assert_eq!(entry["actor"]["name"], "ada");
    assert!(!entry.contains_key("unfinished"), "{entry:?}");
    send(&mut ada, "/work-orders/lot/activate", &[]).goes_to("/work-orders/lot");
    assert!(note(&mut ada, "/work-orders/lot").contains("LS-WO-06"), "a closed order stays closed");
    assert_eq!(station.json(&["audit", "verify"])["sound"], true);
}

#[test]
fn after_a_changeover_the_first_article_holds_the_line_until_somebody_has_looked() {
    let station = Station::found();
    add_people(&station);
    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GX00001");
    station.release("before", "demo-sensor", 1, 0);
    for name in ["lot", "next"] {
        station.ok(&["work-order", "add", name, "--product", "demo-gateway", "--quantity", "5"]);
    }
    let read = token(&station, "mes", "read");
    let serving = station.serve();
    let (mut ada, mut bob) = (Browser::logged_in(&serving, "ada"), Browser::logged_in(&serving, "bob"));
    assert!(ada.get("/work-orders/lot").body.contains("The line made demo-sensor before"));
    send(&mut ada, "/work-orders/lot/activate", &[]).goes_to("/work-orders/lot");
    assert!(note(&mut ada, "/work-orders/lot").contains("After the first PASS the line waits"));
    assert_eq!(state(&station, "before"), "paused");
    let _first = Bench::plug(&station, 1, "GW", &["--seed", "3"]);
    wait_for("the first article", || (passed(&station) == "1").then_some(()));

    // the next unit does not start
    let _second = Bench::plug(&station, 1, "GX", &["--seed", "4"]);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(station.sqlite("SELECT count(*) FROM run"), "1");
    let mut mes = Caller::at(&serving.url, Some(&read));
    let may = mes.get("/api/v1/check?serial=GX00001").json();
    assert_eq!((&may["allowed"], &may["code"]), (&false.into(), &"LS-WO-08".into()));
    let held = mes.get("/api/v1/status").json()["slots"][1].clone();
    assert_eq!((&held["why"], &held["code"]), (&"first-article".into(), &"LS-WO-08".into()), "{held}");
    mes.all_as_documented();
    let page = bob.get("/work-orders/lot").body;
    assert!(
        page.contains("GW00001 has passed in run 1") && page.contains("id=\"confirm-article\""),
        "{page}"
    );
    assert!(!page.contains("id=\"reject-article\""), "an operator does not reject");
    send(&mut bob, "/work-orders/lot/first-article", &[("run", "7")]).goes_to("/work-orders/lot");
    assert!(note(&mut bob, "/work-orders/lot").contains("LS-WO-08"));

    // an engineer rejects it: the order pauses, and activating it again asks again
    let reject = "/work-orders/lot/first-article/reject";
    send(&mut ada, reject, &[("run", "1"), ("reason", " ")]).goes_to("/work-orders/lot");
    assert!(note(&mut ada, "/work-orders/lot").contains("LS-SET-11"));
    send(&mut ada, reject, &[("run", "1"), ("reason", "label is upside down")]).goes_to("/work-orders/lot");
    assert_eq!(state(&station, "lot"), "paused");
    assert!(ada.get("/work-orders/lot").body.contains("Rejected by ada (run 1): label is upside down"));
    let asked = station.json(&["work-order", "activate", "lot"]);
    assert_eq!(asked["first_article"], true, "even at the command line");
    wait_for("the second first article", || (passed(&station) == "2").then_some(()));
    let run = station.sqlite("SELECT first_article_run FROM work_order WHERE name = 'lot'");
    assert_eq!(run, "2");

    send(&mut bob, "/work-orders/lot/first-article", &[("run", &run)]).goes_to("/work-orders/lot");
    assert!(note(&mut bob, "/work-orders/lot").contains("the line goes on"));
    let confirmed = station.events("first-article-confirmed");
    assert_eq!((&confirmed[0]["actor"]["name"], &confirmed[0]["run"]), (&"bob".into(), &2.into()));
    assert_eq!(station.events("first-article-rejected")[0]["reason"], "label is upside down");
    // the same product again, and the command line without being told to: nothing is asked
    send(&mut ada, "/work-orders/next/activate", &[]).goes_to("/work-orders/next");
    assert!(note(&mut ada, "/work-orders/next").contains("next is active."));
    assert_eq!(station.sqlite("SELECT first_article IS NULL FROM work_order WHERE name = 'next'"), "1");
    let activated = station.events("work-order-activated");
    let asked: Vec<bool> = activated.iter().map(|entry| entry["first-article"] == true).collect();
    assert_eq!(asked, [false, true, true, false]);
    send(&mut ada, "/work-orders/next/pause", &[]).goes_to("/work-orders/next");
    assert_eq!((state(&station, "next").as_str(), station.events("work-order-paused").len()), ("paused", 1));
    assert_eq!(station.json(&["audit", "verify"])["sound"], true);
}

#[test]
fn the_list_of_work_orders_goes_on_where_it_ended() {
    let station = Station::found();
    let values: Vec<String> = (1..=53)
        .map(|n| format!("('lot-{n:02}', 'demo-sensor', 1, 0, 'planned', 1795000000{n:02})"))
        .collect();
    let columns = "name, product, quantity, spare, state, created";
    station.sqlite(&format!("INSERT INTO work_order ({columns}) VALUES {}", values.join(", ")));
    let serving = station.serve();
    let mut admin = Browser::logged_in(&serving, "admin");
    let rows = |page: &str| -> Vec<String> {
        page.split("data-order=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let first = admin.get("/work-orders").body;
    assert_eq!((rows(&first).len(), rows(&first)[0].as_str()), (50, "lot-53"));
    assert!(first.contains("href=\"/work-orders?before=lot-04\""), "{first}");
    let second = admin.get("/work-orders?before=lot-04").body;
    assert_eq!(rows(&second), ["lot-03", "lot-02", "lot-01"]);
    assert!(!second.contains("href=\"/work-orders?before="), "{second}");
}
