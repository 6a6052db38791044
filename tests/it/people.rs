//! People at the station: who may what, badges and PINs, the change of shift, whose name is on a run, and when a
//! session is over.

mod transport;

use std::time::{Duration, Instant};

use crate::factory::bench::Bench;
use crate::factory::{PASSWORD, Station, wait_for};
use crate::pages::browser::Browser;

/// The cookie of a session.
const SESSION: &str = "lineside-session";

/// What a page says was refused.
fn refused(body: &str) -> bool {
    body.contains("role=\"alert\"")
}

#[test]
fn each_role_does_what_it_may_and_an_attempt_at_more_is_on_record() {
    let station = Station::found();
    for role in ["operator", "engineer", "auditor"] {
        station.add_person(&format!("an-{role}"), role);
    }
    let serving = station.serve();
    let new = [("name", "eve"), ("role", "administrator"), ("password", PASSWORD), ("again", PASSWORD)];
    for (role, may_look) in [("operator", false), ("engineer", true), ("auditor", true)] {
        let mut browser = Browser::at(&serving.url);
        browser.log_in(&format!("an-{role}"), PASSWORD).goes_to("/");
        let list = browser.get("/people");
        assert_eq!(list.status, if may_look { 200 } else { 403 }, "{role}");
        assert!(!list.body.contains("id=\"add-person\""), "{role} is offered what they may not do");
        for (action, fields) in [
            ("/people", &new[..]),
            ("/people/who/admin/disable", &[]),
            ("/people/who/admin/password", &new[2..]),
            ("/people/who/an-operator/badge/make", &[]),
        ] {
            let answer = browser.fill_in("/people/me", action, fields);
            assert_eq!(answer.status, 403, "{role} {action}");
            assert!(answer.body.contains("LS-AUTH-02"), "{}", answer.body);
        }
    }
    let attempts = station.events("refused");
    assert_eq!(attempts.len(), 12);
    assert_eq!(attempts[0]["actor"]["name"], "an-operator");
    assert_eq!(attempts[0]["what"], "POST /people");
    assert_eq!(station.sqlite("SELECT count(*) FROM person WHERE name = 'eve' OR badge NOT NULL"), "0");

    let mut admin = Browser::logged_in(&serving, "admin");
    admin.fill_in("/people", "/people", &new).goes_to("/people/who/eve");
    assert!(admin.get("/people/who/eve").body.contains("eve may log in from now on."));
    let taken = admin.fill_in("/people", "/people", &new);
    assert_eq!(taken.status, 422);
    assert!(
        refused(&taken.body) && taken.body.contains("LS-AUTH-04") && taken.body.contains("value=\"eve\"")
    );
    let differ = [&new[..3], &[("again", "another one")]].concat();
    assert!(admin.fill_in("/people", "/people", &differ).body.contains("The two passwords differ"));
    assert_eq!(station.events("person-added").last().unwrap()["actor"]["name"], "admin");
}

#[test]
fn an_operators_pin_opens_and_an_engineer_has_none() {
    let station = Station::found();
    let serving = station.serve();
    let mut admin = Browser::logged_in(&serving, "admin");
    let mut add = |name, role, pin| {
        let fields = [("name", name), ("role", role), ("password", pin), ("again", pin)];
        admin.fill_in("/people", "/people", &fields)
    };
    assert!(add("ada", "engineer", "274951").body.contains("LS-AUTH-05"));
    assert!(add("ada", "operator", "123456").body.contains("LS-AUTH-05"));
    add("ada", "operator", "274951").goes_to("/people/who/ada");
    let mut browser = Browser::at(&serving.url);
    assert!(refused(&browser.log_in("ada", "274952").body));
    browser.log_in("ada", "274951").goes_to("/");
    assert_eq!(station.events("login-accepted").last().unwrap()["way"], "password");
}

#[test]
fn a_badge_lets_its_owner_in_until_it_is_taken_away() {
    let station = Station::found();
    station.add_person("ada", "operator");
    station.add_person("bob", "engineer");
    let serving = station.serve();
    let mut admin = Browser::logged_in(&serving, "admin");
    let page = admin.fill_in("/people/who/ada", "/people/who/ada/badge/make", &[]).body;
    let (_, badge) = page.split_once("data-badge>").expect("the badge is shown");
    let badge = badge.split_once('<').unwrap().0.to_owned();
    assert!(badge.starts_with("LSB-") && badge.len() == 24 && page.contains("class=\"barcode\""), "{page}");
    assert!(!admin.get("/people/who/ada").body.contains(&badge), "it is shown once");
    assert!(
        !std::fs::read(station.folder().join("station.db"))
            .unwrap()
            .windows(24)
            .any(|w| w == badge.as_bytes())
    );

    let mut browser = Browser::at(&serving.url);
    assert!(browser.scan_in("LSB-00000000000000000000").body.contains("This badge opens nothing"));
    assert!(browser.cookie(SESSION).is_none());
    browser.scan_in(&format!("{}\r\n", badge.to_lowercase())).goes_to("/");
    assert!(browser.get("/").body.contains("ada"));
    let entry = station.events("login-accepted").pop().unwrap();
    assert_eq!((entry["name"].as_str(), entry["way"].as_str()), (Some("ada"), Some("badge")));
    assert_eq!(station.events("login-refused")[0]["name"], "(badge)");

    // a card of theirs instead: the badge before opens nothing, and what it opened is closed
    let enrol = "/people/who/ada/badge/enrol";
    admin.fill_in("/people/who/ada", enrol, &[("badge", "0012345678")]).goes_to("/people/who/ada");
    browser.get("/").goes_to("/login");
    assert!(refused(&browser.scan_in(&badge).body));
    browser.scan_in("0012345678").goes_to("/");
    admin.fill_in("/people/who/ada", "/people/who/ada/badge/remove", &[]).goes_to("/people/who/ada");
    browser.get("/").goes_to("/login");
    assert!(refused(&browser.scan_in("0012345678").body));
    let events = ["badge-given", "badge-removed"].map(|event| station.events(event).len());
    assert_eq!(events, [2, 1]);

    // two people have no card in common, and only operators have one
    station.add_person("cleo", "operator");
    admin.fill_in("/people/who/ada", enrol, &[("badge", "0012345678")]).goes_to("/people/who/ada");
    let again = admin.fill_in("/people/who/cleo", "/people/who/cleo/badge/enrol", &[("badge", "0012345678")]);
    again.goes_to("/people/who/cleo");
    assert!(admin.get("/people/who/cleo").body.contains("LS-BADGE-01"));
    station.refused(1, "LS-BADGE-01", &["user", "badge", "bob"]);
    station.ok(&["audit", "verify"]);
    let ended = serving.end();
    assert!(!ended.err.contains(&badge) && !ended.err.contains("0012345678"), "{}", ended.err);
}

#[test]
fn one_scan_changes_the_shift() {
    let station = Station::found();
    for name in ["ada", "bob"] {
        station.add_person(name, "operator");
    }
    let (ada, bob) = (station.badge("ada"), station.badge("bob"));
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    browser.scan_in(&ada).goes_to("/");
    let (adas, token) = (browser.cookie(SESSION).unwrap().to_owned(), browser.get("/").csrf());
    // somebody else's page cannot do it, and a badge of nobody leaves ada where she is
    assert!(refused(&browser.post("/badge", &[("csrf", "00"), ("badge", &bob)]).body));
    browser.post("/badge", &[("csrf", &token), ("badge", "nobodys")]).goes_to("/");
    let page = browser.get("/").body;
    assert!(page.contains("LS-AUTH-01") && page.contains("ada"), "{page}");

    browser.post("/badge", &[("csrf", &token), ("badge", &bob)]).goes_to("/");
    assert_ne!(browser.cookie(SESSION), Some(adas.as_str()), "a session is never handed on");
    let page = browser.get("/").body;
    assert!(page.contains("bob") && !page.contains("ada"), "{page}");
    assert_eq!(station.events("login-accepted").pop().unwrap()["previous"], "ada");
    let mut before = Browser::at(&serving.url);
    before.set_cookie(SESSION, &adas);
    before.get("/").goes_to("/login");
}

#[test]
fn a_session_that_somebody_else_chose_is_not_taken_up() {
    let station = Station::found();
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    let chosen = "ab".repeat(32);
    browser.set_cookie(SESSION, &chosen);
    browser.log_in("admin", PASSWORD).goes_to("/");
    assert_ne!(browser.cookie(SESSION), Some(chosen.as_str()));
    let mut attacker = Browser::at(&serving.url);
    attacker.set_cookie(SESSION, &chosen);
    attacker.get("/").goes_to("/login");
}

#[test]
fn the_person_on_the_line_is_on_every_run() {
    let station = Station::found();
    station.add_person("ada", "operator");
    station.add_person("olga", "auditor");
    let badge = station.badge("ada");
    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GX00001");
    station.ok(&["work-order", "add", "lot", "--product", "demo-gateway", "--quantity", "4", "--spare", "0"]);
    station.ok(&["--as", "cleo", "work-order", "activate", "lot"]);
    let serving = station.serve();
    let mut browser = Browser::at(&serving.url);
    browser.scan_in(&badge).goes_to("/");
    // an auditor who looks on runs nothing
    Browser::at(&serving.url).log_in("olga", PASSWORD).goes_to("/");
    // whatever the verdict is
    let run_in = |slot: &str| {
        let sql =
            format!("SELECT person FROM run WHERE slot = '{slot}' AND verdict NOT NULL ORDER BY id LIMIT 1");
        wait_for("a run with a verdict", || Some(station.sqlite(&sql)).filter(|person| !person.is_empty()))
    };
    let first = Bench::plug(&station, 1, "GW", &[]);
    assert_eq!(run_in("slot-1"), "ada");
    let slots: Vec<_> =
        station.events("run-finished").into_iter().map(|entry| entry["actor"]["operator"].clone()).collect();
    assert_eq!(slots, ["ada"]);

    // nobody on the line: who released the work order is responsible, as before
    let token = browser.get("/").csrf();
    browser.post("/logout", &[("csrf", &token)]).goes_to("/login");
    let second = Bench::plug(&station, 1, "GX", &["--seed", "5"]);
    assert!(run_in("slot-2").starts_with("cleo"), "{}", run_in("slot-2"));
    assert!(station.events("run-finished").last().unwrap()["actor"]["operator"].is_null());
    drop((first, second));
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_new_password_ends_the_sessions_of_the_old_one() {
    let station = Station::found();
    station.add_person("ada", "engineer");
    let serving = station.serve();
    let [mut here, mut elsewhere, mut admin] = [0; 3].map(|_| Browser::at(&serving.url));
    here.log_in("ada", PASSWORD).goes_to("/");
    elsewhere.log_in("ada", PASSWORD).goes_to("/");
    admin.log_in("admin", PASSWORD).goes_to("/");
    let own = |present, new, again| [("present", present), ("password", new), ("again", again)];
    for (fields, why) in [
        (own("a wrong password", "another password", "another password"), "LS-AUTH-01"),
        (own(PASSWORD, "short", "short"), "LS-AUTH-05"),
        (own(PASSWORD, "another password", "another passwort"), "differ"),
    ] {
        here.fill_in("/people/me", "/people/me", &fields).goes_to("/people/me");
        assert!(here.get("/people/me").body.contains(why), "{why}");
    }
    let old = here.cookie(SESSION).unwrap().to_owned();
    here.fill_in("/people/me", "/people/me", &own(PASSWORD, "another password", "another password"))
        .goes_to("/");
    assert_ne!(here.cookie(SESSION), Some(old.as_str()));
    assert!(here.get("/").body.contains("Your password is changed"));
    elsewhere.get("/").goes_to("/login");
    assert!(refused(&elsewhere.log_in("ada", PASSWORD).body));
    elsewhere.log_in("ada", "another password").goes_to("/");

    let set = [("password", "a third password"), ("again", "a third password")];
    admin.fill_in("/people/who/ada", "/people/who/ada/password", &set).goes_to("/people/who/ada");
    here.get("/").goes_to("/login");
    elsewhere.get("/").goes_to("/login");
    here.log_in("ada", "a third password").goes_to("/");
    admin.fill_in("/people/who/ada", "/people/who/ada/disable", &[]).goes_to("/people/who/ada");
    here.get("/").goes_to("/login");
    let last = admin.fill_in("/people/who/admin", "/people/who/admin/disable", &[]);
    last.goes_to("/people/who/admin");
    assert!(admin.get("/people/who/admin").body.contains("only administrator left"));
    assert_eq!(station.events("password-changed").len(), 2);
}

#[test]
fn an_idle_screen_shows_the_line_and_does_nothing_until_somebody_logs_in() {
    let station = Station::found();
    station.set("idle_minutes = 30", "idle_minutes = 1");
    for name in ["ada", "bob"] {
        station.add_person(name, "operator");
    }
    station.add_person("cleo", "engineer");
    let badge = station.badge("bob");
    let serving = station.serve();
    let [mut operator, mut engineer] = [0; 2].map(|_| Browser::at(&serving.url));
    engineer.log_in("cleo", PASSWORD).goes_to("/");
    operator.log_in("ada", PASSWORD).goes_to("/");
    let token = operator.get("/").csrf();
    let since = Instant::now();
    // the Line page is looked at all the time, by itself; that keeps nobody logged in
    let page = wait_for("a locked screen", || {
        let page = operator.get("/");
        assert_eq!(page.status, 200);
        page.body.contains("data-idle").then_some(page.body)
    });
    assert!(since.elapsed() >= Duration::from_secs(55), "{:?}", since.elapsed());
    assert!(page.contains("id=\"log-in\"") && !page.contains("action=\"/logout\""), "{page}");
    operator.get("/people/me").goes_to("/login");
    let deed = [("csrf", token.as_str()), ("present", PASSWORD), ("password", PASSWORD), ("again", PASSWORD)];
    operator.post("/people/me", &deed).goes_to("/login");
    engineer.get("/people").goes_to("/login");
    assert!(engineer.get("/login").body.contains("cleo was away for a while"));
    // one scan on the locked screen, and the next one is on the line
    operator.post("/badge", &[("csrf", &token), ("badge", &badge)]).goes_to("/");
    let page = operator.get("/").body;
    assert!(page.contains("bob") && !page.contains("data-idle"), "{page}");
}
