//! Webhooks: other systems are told what the log says, signed, in order, at least once, through refusals and kills.

pub mod receiver;

use std::process::Command;
use std::time::Duration;

use self::receiver::{Arrived, Receiver};
use crate::api::caller::{Caller, token};
use crate::factory::bench::Bench;
use crate::factory::{Station, entries, process, wait_for};
use crate::pages::browser::Browser;

/// The secret that signs.
const SECRET: &str = "a secret of two";

/// Adds a webhook to the settings and its secret to the vault.
fn webhook(station: &Station, name: &str, url: &str, events: &str) {
    let path = station.folder().join("station.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str(&format!(
        "\n[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\nevents = {events}\ntimeout_seconds = 2\n"
    ));
    std::fs::write(path, text).unwrap();
    let file = station.write("webhook-secret", SECRET);
    station.ok(&["secret", "set", &format!("webhook-{name}"), "--file", &file]);
}

/// The signature as OpenSSL computes it.
fn is_signed(arrived: &Arrived) {
    let header = arrived.header("x-lineside-signature");
    let (time, tag) =
        header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).expect("time and tag");
    let place = tempfile::tempdir().unwrap();
    let message = place.path().join("message");
    std::fs::write(&message, format!("{time}.{}", arrived.text)).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-hmac", SECRET, "-r"]).arg(&message);
    let ended = process::run(openssl);
    assert_eq!(ended.out.split(' ').next(), Some(tag), "{ended:?}");
}

#[test]
fn verdicts_and_checkpoints_arrive_signed_and_in_order_however_often_the_receiver_refuses() {
    let station = Station::found();
    for slot in ["1", "2", "3"] {
        station.add_slot(&format!("slot-{slot}"), &format!("GW0000{slot}"));
    }
    station.release("lot", "demo-gateway", 3, 0);
    let receiver = Receiver::start();
    webhook(&station, "mes", &receiver.url, "[\"run-finished\", \"checkpoint\"]");
    receiver.answer(503);
    let read = token(&station, "monitor", "read");
    let serving = station.serve();
    let _bench = Bench::plug(&station, 3, "GW", &[]);
    wait_for("three attempts in vain", || (receiver.all().len() >= 3).then_some(()));
    assert!(receiver.taken().is_empty());
    let mut browser = Browser::logged_in(&serving, "admin");
    let warned = |page: &str| page.contains("Webhook mes has been down since");
    wait_for("a warning that everybody sees", || warned(&browser.get("/").body).then_some(()));
    let mut monitor = Caller::at(&serving.url, Some(&read));
    let warnings = monitor.get("/api/v1/status").json()["warnings"].to_string();
    assert!(warnings.contains("Webhook mes has been down since") && warnings.contains("503"), "{warnings}");
    monitor.all_as_documented();
    let code = station.sqlite("SELECT last_code FROM webhook");
    assert_eq!(code, "LS-HOOK-02");
    browser.post("/language", &[("language", "de"), ("place", "/")]).goes_to("/");
    for place in ["/", "/work-orders"] {
        let page = browser.get(place).body;
        assert!(page.contains("Webhook mes ist seit") && !warned(&page), "{page}");
    }
    browser.post("/language", &[("language", "en"), ("place", "/")]).goes_to("/");
    receiver.answer(302);
    let before = receiver.all().len();
    wait_for("a redirect that is not followed", || (receiver.all().len() > before).then_some(()));
    receiver.answer(200);
    let verdicts = || {
        let taken: Vec<Arrived> = receiver.taken();
        taken.into_iter().filter(|arrived| arrived.json()["entry"].is_object()).collect::<Vec<_>>()
    };
    wait_for("three verdicts", || (verdicts().len() == 3).then_some(()));
    wait_for("no warning any more", || (!warned(&browser.get("/").body)).then_some(()));

    let log = entries(station.folder());
    let mut last = 0;
    for arrived in verdicts() {
        let body = arrived.json();
        let seq = body["seq"].as_u64().unwrap();
        assert!(seq > last && body["index"] == seq - 1, "{body}");
        assert_eq!(body["entry"], log[usize::try_from(seq).unwrap() - 1]);
        assert_eq!(body["entry"]["event"], "run-finished");
        let text = station.sqlite(&format!("SELECT entry FROM audit WHERE seq = {seq}"));
        assert!(arrived.text.contains(&text), "the entry can be hashed as it stands there");
        let delivery = arrived.header("x-lineside-delivery");
        assert!(delivery.ends_with(&format!("/{seq}")), "{delivery}");
        is_signed(&arrived);
        last = seq;
    }
    station.ok(&["audit", "checkpoint"]);
    let checkpoint = wait_for("a checkpoint that covers them", || {
        let mut taken = receiver.taken().into_iter().rev();
        taken.find(|a| a.json()["checkpoint"]["size"].as_u64().is_some_and(|size| size >= last))
    });
    is_signed(&checkpoint);
    let note = station.write("note", checkpoint.json()["checkpoint"]["note"].as_str().unwrap());
    let report = station.json(&["audit", "verify", "--checkpoint", &note]);
    assert_eq!(report["sound"], true, "{report}");
    serving.end();
}

#[test]
fn a_killed_station_tells_what_it_had_not_told_and_nothing_from_before_the_webhook() {
    let station = Station::found();
    station.release("old", "demo-gateway", 1, 0);
    let receiver = Receiver::start();
    webhook(&station, "mes", &receiver.url, "[\"work-order-added\", \"work-order-closed\"]");
    station.serve().end();
    for n in 1..=3 {
        station.ok(&[
            "work-order",
            "add",
            &format!("lot-{n}"),
            "--product",
            "demo-gateway",
            "--quantity",
            "1",
        ]);
    }
    receiver.answer(500);
    let serving = station.serve();
    wait_for("an attempt", || (!receiver.all().is_empty()).then_some(()));
    drop(serving); // killed
    receiver.answer(200);
    let serving = station.serve();
    let names = || -> Vec<String> {
        receiver.taken().iter().map(|a| a.json()["entry"]["name"].as_str().unwrap().to_owned()).collect()
    };
    wait_for("three orders", || (names().len() == 3).then_some(()));
    assert_eq!(names(), ["lot-1", "lot-2", "lot-3"]);
    let ended = serving.end();
    assert!(!ended.err.contains(SECRET), "{}", ended.err);
    let told = receiver.all().len();
    station.serve().end();
    assert_eq!(receiver.all().len(), told, "what was taken is not told again");
    let audit: Vec<String> = entries(station.folder()).iter().map(ToString::to_string).collect();
    assert!(!audit.iter().any(|entry| entry.contains("webhook\"") || entry.contains("delivery")));
}

#[test]
fn a_locked_station_and_one_without_the_secret_send_nothing() {
    let station = Station::found();
    let receiver = Receiver::start();
    webhook(&station, "mes", &receiver.url, "[\"*\"]");
    let locked = station.serve_locked();
    station.ok(&["work-order", "add", "lot", "--product", "demo-gateway", "--quantity", "1"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(receiver.all().is_empty(), "{:?}", receiver.all());
    locked.end();
    station.set("timeout_seconds = 2\n", "timeout_seconds = 2\nsecret = \"vault:other\"\n");
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "admin");
    wait_for("a warning that names the secret", || {
        browser
            .get("/")
            .body
            .contains("LS-VAULT-05")
            .then_some(())
            .or_else(|| browser.get("/").body.contains("lineside secret set NAME").then_some(()))
    });
    assert!(receiver.all().is_empty());
    serving.end();
    let file = station.write("other", SECRET);
    station.ok(&["secret", "set", "other", "--file", &file]);
    let serving = station.serve();
    wait_for("the log", || receiver.taken().iter().find(|a| a.json()["entry"]["name"] == "lot").cloned());
    serving.end();
}

#[test]
fn a_receiver_is_left_alone_as_long_as_it_asks_but_not_for_ever() {
    let station = Station::found();
    let (soon, late) = (Receiver::start(), Receiver::start());
    for (name, receiver, asked) in [("soon", &soon, "4"), ("late", &late, "99999")] {
        webhook(&station, name, &receiver.url, "[\"work-order-added\"]");
        receiver.answer(429);
        receiver.ask(asked);
    }
    let serving = station.serve();
    station.ok(&["work-order", "add", "lot", "--product", "demo-gateway", "--quantity", "1"]);
    // milliseconds from the first refusal to the next attempt: what was asked, and a quarter of it at most
    for (name, range) in [("soon", 4000..=5000), ("late", 3_600_000..=4_500_000)] {
        let sql = format!("SELECT next_try - since FROM webhook WHERE name = '{name}' AND attempts = 1");
        let wait: i64 = wait_for("a refusal", || station.sqlite(&sql).parse().ok());
        assert!(range.contains(&wait), "{name}: {wait} ms");
    }
    soon.answer(200);
    wait_for("the order", || (soon.taken().len() == 1).then_some(()));
    assert_eq!((soon.all().len(), late.all().len()), (2, 1));
    serving.end();
}
