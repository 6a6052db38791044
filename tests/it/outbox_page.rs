//! The outbox's pages against a simulated DPS: what an engineer decides there is seen in the records and at Azure,
//! and nobody else may decide it.

use std::time::Duration;

use lineside::azure::enrollment::{AttestationMechanism, IndividualEnrollment};
use lineside::domain::device_id::DeviceId;
use lineside::domain::pair::Pair;
use lineside::domain::product::{DeviceIdentity, Product};
use lineside::domain::registration_id::RegistrationId;
use lineside::station::clock;

use crate::factory::azure::Azure;
use crate::factory::bench::Bench;
use crate::factory::{Serving, Station, wait_for};
use crate::pages::browser::{Answer, Browser};

/// The registration ID of the bench's first gateway.
const GATEWAY: &str = "gw-gw00001-mac-02-4c-53-01-00-01";
/// The hub that the simulated DPS knows.
const HUB: &str = "lab-hub.azure-devices.net";
/// How long Azure asks to be left alone, where something is done meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// A browser in which somebody of this role is logged in; the administrator is there already.
fn as_role(station: &Station, serving: &Serving, role: &str) -> Browser {
    let name = if role == "administrator" { "admin" } else { role };
    if name != "admin" {
        station.add_person(name, role);
    }
    Browser::logged_in(serving, name)
}

/// Sends a form of a page, with the page's token.
fn send(browser: &mut Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.get(page).csrf();
    browser.post(action, &[&[("csrf", csrf.as_str())], fields].concat())
}

fn state(station: &Station, row: u64) -> String {
    station.sqlite(&format!("SELECT state FROM outbox WHERE id = {row}"))
}

fn becomes(station: &Station, row: u64, wanted: &str) {
    wait_for(&format!("row {row} that is {wanted}"), || (state(station, row) == wanted).then_some(()));
}

fn product(station: &Station) -> Product {
    Product::parse(&station.ok(&["product", "show", "demo-gateway"])).unwrap()
}

/// Enrolls somebody else's certificate under the gateway's ID.
fn squat(station: &Station, azure: &Azure) {
    let registration_id: RegistrationId = GATEWAY.parse().unwrap();
    let identity = DeviceIdentity { device_id: DeviceId::from(&registration_id), registration_id };
    let foreign = AttestationMechanism::certificates(&Pair::one(
        include_str!("../../fixtures/dps/leaf.pem").to_owned(),
    ))
    .unwrap();
    let foreign = IndividualEnrollment::new(&product(station).enroll, &identity, foreign);
    azure.client().create(&foreign, clock::now()).unwrap();
}

/// A gateway that passed at the terminal; its row waits.
fn passed_gateway(station: &Station) {
    let bench = Bench::plug(station, 1, "GW", &[]);
    station.ok(&["provision", "--port", bench.port(), "--product", "demo-gateway"]);
}

#[test]
fn a_conflict_is_looked_at_amended_and_released_and_azure_has_what_was_amended() {
    let station = Station::found();
    let azure = Azure::of(&station);
    squat(&station, &azure);
    passed_gateway(&station);
    let serving = station.serve();
    becomes(&station, 1, "conflict");
    let mut engineer = as_role(&station, &serving, "engineer");

    let list = engineer.get("/outbox?state=conflict");
    assert_eq!(list.status, 200);
    for part in [GATEWAY, "LS-AZ-04", "data-row=\"1\"", "href=\"/runs/1\""] {
        assert!(list.body.contains(part), "{part}: {}", list.body);
    }
    let seen = send(&mut engineer, "/outbox/1", "/outbox/1/look", &[]);
    assert_eq!(seen.status, 200);
    assert!(seen.body.contains("id=\"at-azure\"") && seen.body.contains("sha256Thumbprint"), "{}", seen.body);
    assert!(!seen.body.contains("primaryKey"), "{}", seen.body);

    // what is typed is not lost when something is wrong with it
    let bad = [
        ("allocation", "static"),
        ("hubs", "not a host;"),
        ("tags", "{\"site\":\"north\"}"),
        ("desired", "[1]"),
        ("reason", "wrong hub"),
    ];
    let refused = send(&mut engineer, "/outbox/1", "/outbox/1/amend", &bad);
    assert_eq!(refused.status, 422);
    for part in ["LS-AZ-12", "not a host", "not a JSON object", "value=\"wrong hub\"", "north"] {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    assert!(station.events("enrollment-amended").is_empty());
    assert_eq!(station.events("refused").len(), 1);

    let good = [
        ("allocation", "static"),
        ("hubs", HUB),
        ("tags", "{\"site\":\"north\"}"),
        ("desired", ""),
        ("reason", "wrong hub"),
    ];
    send(&mut engineer, "/outbox/1", "/outbox/1/amend", &good).goes_to("/outbox/1");
    let amended = &station.events("enrollment-amended")[0];
    assert_eq!((&amended["reason"], &amended["actor"]["name"]), (&"wrong hub".into(), &"engineer".into()));
    assert!(amended["amendment"].as_str().unwrap().contains(HUB), "{amended}");
    assert_eq!(state(&station, 1), "conflict");
    let page = engineer.get("/outbox/1");
    assert!(page.body.contains(HUB), "{}", page.body);

    // released while the foreign record stands, it is in conflict again; nothing foreign is overwritten
    send(&mut engineer, "/outbox/1", "/outbox/1/release", &[("reason", "again")]).goes_to("/outbox/1");
    wait_for("the second conflict", || (station.events("enrollment-conflict").len() == 2).then_some(()));
    becomes(&station, 1, "conflict");
    assert_eq!(station.events("enrollment-retried")[0]["reason"], "again");
    assert_eq!(serving.end().exit, 0);
    assert_eq!(station.run(&["audit", "verify"]).exit, 0);
}

#[test]
fn what_is_parked_is_amended_and_sent_as_amended() {
    let station = Station::found();
    let azure = Azure::of(&station);
    let good = std::fs::read_to_string(station.beside("dps")).unwrap();
    let (head, _) = good.split_once("SharedAccessKey=").unwrap();
    let bad = station.write("bad", &format!("{head}SharedAccessKey=AAECAwQFBgcICQoLDA0ODw=="));
    station.ok(&["secret", "set", "dps", "--file", &bad]);
    passed_gateway(&station);
    station.refused(1, "LS-AZ-03", &["enroll", "push"]);
    station.ok(&["secret", "set", "dps", "--file", station.beside("dps").to_str().unwrap()]);
    let serving = station.serve();
    let mut engineer = as_role(&station, &serving, "engineer");
    let fields = [
        ("allocation", "static"),
        ("hubs", HUB),
        ("tags", "{\"site\":\"north\"}"),
        ("desired", "{\"interval\":30}"),
        ("reason", "tags were missing"),
    ];
    send(&mut engineer, "/outbox/1", "/outbox/1/amend", &fields).goes_to("/outbox/1");
    // without a reason nothing happens
    let place = "/outbox?state=parked";
    let nothing = [("state", "parked"), ("reason", "  ")];
    send(&mut engineer, place, "/outbox/release", &nothing).goes_to(place);
    assert!(engineer.get(place).body.contains("LS-SET-11"));
    assert_eq!(state(&station, 1), "parked");
    let all = [("state", "parked"), ("reason", "the key is right now")];
    send(&mut engineer, place, "/outbox/release", &all).goes_to(place);
    becomes(&station, 1, "sent");
    let enrolled = azure.enrollment(GATEWAY).unwrap();
    let twin = enrolled.initial_twin.unwrap();
    assert_eq!((&twin.tags["site"], &twin.properties.desired["interval"]), (&"north".into(), &30.into()));
    assert_eq!(serving.end().exit, 0);
    assert_eq!(station.run(&["audit", "verify"]).exit, 0);
}

#[test]
fn send_now_brings_the_next_try_forward_but_not_into_the_time_azure_asked_for() {
    let station = Station::found();
    let azure = Azure::of(&station);
    azure.faults().outage(true);
    passed_gateway(&station);
    let serving = station.serve();
    wait_for("a row put off far", || {
        let attempts = station.sqlite("SELECT attempts FROM outbox WHERE id = 1");
        (attempts.parse::<u64>().unwrap() >= 4).then_some(())
    });
    let mut engineer = as_role(&station, &serving, "engineer");
    azure.faults().outage(false);
    let list = engineer.get("/outbox");
    assert!(list.body.contains("id=\"last-error\"") && list.body.contains("LS-AZ-01"), "{}", list.body);
    send(&mut engineer, "/outbox", "/outbox/send-now", &[]).goes_to("/outbox");
    becomes(&station, 1, "sent");
    assert_eq!(station.events("enrollment-hastened").len(), 1);
    assert_eq!(serving.end().exit, 0);

    azure.faults().throttle_next(1, Duration::from_secs(40));
    station.ok(&["run", "supersede", "1"]);
    let serving = station.serve();
    wait_for("patience", || {
        (station.sqlite("SELECT last_code FROM outbox WHERE id = 2") == "LS-AZ-02").then_some(())
    });
    let mut engineer = Browser::logged_in(&serving, "engineer");
    let asked = azure.requests().len();
    send(&mut engineer, "/outbox", "/outbox/send-now", &[]).goes_to("/outbox");
    assert!(engineer.get("/outbox").body.contains("LS-AZ-02"));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(azure.requests().len(), asked, "nothing was asked before the time");
    assert_eq!(station.events("enrollment-hastened").len(), 1);
}

#[test]
fn a_cancelled_enrollment_is_never_sent() {
    let station = Station::found();
    let azure = Azure::of(&station);
    azure.faults().outage(true);
    passed_gateway(&station);
    let serving = station.serve();
    let mut engineer = as_role(&station, &serving, "engineer");
    let page = engineer.get("/outbox/1");
    assert!(page.body.contains("id=\"cancel\"") && !page.body.contains("id=\"amend\""), "{}", page.body);
    // while Azure asks for patience nothing is on its way; what is on its way may come to be in spite of it
    azure.faults().throttle_next(1, PATIENCE);
    azure.faults().outage(false);
    wait_for("patience", || {
        (station.sqlite("SELECT last_code FROM outbox WHERE id = 1") == "LS-AZ-02").then_some(())
    });
    let asked = std::time::Instant::now();
    let why = [("reason", "sold without a cloud")];
    send(&mut engineer, "/outbox/1", "/outbox/1/cancel", &why).goes_to("/outbox/1");
    assert!(asked.elapsed() < PATIENCE, "the machine is too slow to say what came first");
    assert_eq!(state(&station, 1), "cancelled");
    let event = &station.events("enrollment-cancelled")[0];
    assert_eq!((&event["reason"], &event["operation"]), (&why[0].1.into(), &"create".into()));
    std::thread::sleep((PATIENCE + Duration::from_secs(3)).saturating_sub(asked.elapsed()));
    assert_eq!((azure.enrollments(), state(&station, 1)), (0, "cancelled".to_owned()));
    // what is settled is not decided again
    send(&mut engineer, "/outbox/1", "/outbox/1/cancel", &why).goes_to("/outbox/1");
    assert!(engineer.get("/outbox/1").body.contains("LS-AZ-10"));
    assert_eq!(serving.end().exit, 0);
    assert_eq!(station.run(&["audit", "verify"]).exit, 0);
}

#[test]
fn what_keeps_a_credential_out_is_not_cancelled_by_an_engineer_and_under_a_group_by_nobody() {
    let station = Station::found();
    let azure = Azure::of(&station);
    station.ok(&["key", "add", "demo-sensors"]);
    azure.faults().outage(true);
    // row 1 blocks a derived key that did not pass
    let bench =
        Bench::plug(&station, 1, "SE", &["--model", "demo-sensor", "--seed", "7", "--fault", "bad-proof"]);
    let failed = station.run(&["provision", "--port", bench.port(), "--product", "demo-sensor"]);
    assert_eq!(failed.exit, 1, "{failed:?}");
    drop(bench);
    // row 3 blocks a certificate that was superseded after row 2 had enrolled it
    passed_gateway(&station);
    station.ok(&["run", "supersede", "2"]);
    assert_eq!(station.sqlite("SELECT operation FROM outbox WHERE state = 'waiting'"), "disable\ndisable");
    let serving = station.serve();
    let mut engineer = as_role(&station, &serving, "engineer");
    let mut admin = as_role(&station, &serving, "administrator");
    let why = [("reason", "no DPS any more")];

    send(&mut engineer, "/outbox/3", "/outbox/3/cancel", &why).goes_to("/outbox/3");
    assert!(engineer.get("/outbox/3").body.contains("LS-AUTH-02"));
    assert_eq!(send(&mut engineer, "/outbox/3", "/outbox/3/cancel-block", &why).status, 403);
    assert_eq!(state(&station, 3), "waiting");
    let page = admin.get("/outbox/3");
    assert!(page.body.contains("action=\"/outbox/3/cancel-block\""), "{}", page.body);
    send(&mut admin, "/outbox/3", "/outbox/3/cancel-block", &why).goes_to("/outbox/3");
    assert_eq!(state(&station, 3), "cancelled");

    let page = admin.get("/outbox/1");
    assert!(
        page.body.contains("id=\"never-cancelled\"") && !page.body.contains("cancel-block"),
        "{}",
        page.body
    );
    send(&mut admin, "/outbox/1", "/outbox/1/cancel-block", &why).goes_to("/outbox/1");
    assert!(admin.get("/outbox/1").body.contains("LS-AZ-11"));
    assert_eq!(state(&station, 1), "waiting");
    azure.faults().outage(false);
    send(&mut admin, "/outbox", "/outbox/send-now", &[]).goes_to("/outbox");
    becomes(&station, 1, "sent");
    let blocked = station.sqlite("SELECT registration_id FROM outbox WHERE id = 1");
    assert!(!azure.enrollment(&blocked).unwrap().is_enabled());
}

#[test]
fn operators_see_no_outbox_and_auditors_change_nothing_in_it() {
    let station = Station::found();
    let azure = Azure::of(&station);
    azure.faults().outage(true);
    passed_gateway(&station);
    let serving = station.serve();
    let mut operator = as_role(&station, &serving, "operator");
    for path in ["/outbox", "/outbox/1"] {
        assert_eq!(operator.get(path).status, 403, "{path}");
    }
    let mut auditor = as_role(&station, &serving, "auditor");
    let page = auditor.get("/outbox/1");
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("action=\"/outbox"), "{}", page.body);
    let before = station.events("refused").len();
    for action in ["send-now", "release", "1/release", "1/amend", "1/cancel", "1/cancel-block", "1/look"] {
        let fields = [("reason", "because"), ("state", "parked")];
        let answer = send(&mut auditor, "/outbox", &format!("/outbox/{action}"), &fields);
        assert_eq!(answer.status, 403, "{action}");
    }
    assert_eq!(station.events("refused").len(), before + 7, "each is on record");
    assert_eq!(state(&station, 1), "waiting");
    assert_eq!(auditor.get("/outbox/99").status, 404);
}

#[test]
fn a_long_outbox_is_read_page_by_page() {
    let station = Station::found();
    station.sqlite(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
         INSERT INTO outbox (registration_id, operation, body, state, next_try, created)
         SELECT 'sn-' || i, 'create', '{}', 'parked', 0, 0 FROM n",
    );
    let serving = station.serve();
    let mut admin = as_role(&station, &serving, "administrator");
    let rows = |page: &Answer| page.body.matches("data-row=").count();
    let mut path = "/outbox?state=parked".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = admin.get(&path);
        assert_eq!(page.status, 200);
        seen.push(rows(&page));
        let Some((before, _)) = page.body.split_once("\" rel=\"next\"") else { break };
        path = before.rsplit_once('"').unwrap().1.replace("&#38;", "&").replace("&amp;", "&");
    }
    assert_eq!(seen, [50, 50, 20]);
    assert_eq!(rows(&admin.get("/outbox?state=sent")), 0);
}
