//! The pages of devices and runs: found by every key, proven from the outside, decided about by those who may.

use std::fs;
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

use crate::audit_tampering::merkle;
use crate::factory::bench::Bench;
use crate::factory::{Station, process};
use crate::pages::browser::{Answer, Browser, encoded};

/// A station with two gateways that passed, and a person for each role.
fn plant() -> (Station, Bench) {
    let station = Station::found();
    for (name, role) in [("ada", "engineer"), ("bob", "operator"), ("eve", "auditor")] {
        station.add_person(name, role);
    }
    let bench = Bench::plug(&station, 2, "GW", &[]);
    for port in &bench.ports {
        provision(&station, port.to_str().unwrap());
    }
    (station, bench)
}

fn provision(station: &Station, port: &str) {
    station.ok(&["provision", "--port", port, "--product", "demo-gateway"]);
}

fn find(browser: &mut Browser, text: &str) -> Answer {
    browser.get(&format!("/devices/find?q={}", encoded(text)))
}

/// The serial numbers a list shows, in its order.
fn listed(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let rows = page.body.split("<tr class=\"device\"").skip(1);
    rows.map(|row| {
        let (_, rest) = row.split_once("<a class=\"mono\"").expect("a link to the device");
        rest.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()
    })
    .collect()
}

fn fingerprint(station: &Station, der: &[u8], digest: &str) -> String {
    let path = station.beside("certificate.der");
    fs::write(&path, der).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-inform", "DER", "-noout", "-fingerprint", digest, "-in"]).arg(&path);
    let ended = process::run(openssl);
    assert_eq!(ended.exit, 0, "{ended:?}");
    ended.out.trim().split_once('=').expect("name=value").1.to_owned()
}

#[test]
fn a_device_is_found_by_every_key_it_has() {
    let (station, _bench) = plant();
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "ada");
    let row = station.sqlite(
        "SELECT mac, device.registration_id, certificate.serial FROM device
         JOIN certificate ON certificate.device = device.id WHERE device.id = 2",
    );
    let row: Vec<&str> = row.split('|').collect();
    let der = browser.get(&format!("/devices/2/certificates/{}/der", row[2]));
    assert_eq!(der.header("content-type"), Some("application/pkix-cert"));
    let sha1 = fingerprint(&station, &der.bytes, "-sha1");
    let sha256 = fingerprint(&station, &der.bytes, "-sha256");
    assert!(sha1.contains(':') && sha1.len() == 59, "{sha1}");
    for key in [
        "gw00002",
        row[0],
        &row[0].replace(':', "").to_uppercase(),
        row[1],
        row[2],
        &sha1,
        &sha1.replace(':', "").to_lowercase(),
        &sha256,
        &sha256.replace(':', ""),
    ] {
        find(&mut browser, key).goes_to("/devices/2");
    }

    // as one types: the beginning of serial numbers, and a part of a page only
    let part = browser.get_part("/devices?q=gw0000");
    assert_eq!(listed(&part), ["GW00001", "GW00002"]);
    assert!(!part.body.contains("<html") && !part.body.contains("<nav"), "{}", part.body);
    assert_eq!(listed(&browser.get_part(&format!("/devices?q={}", encoded(&sha1)))), ["GW00002"]);
    assert_eq!(listed(&browser.get("/devices")), ["GW00002", "GW00001"], "newest first");
    find(&mut browser, "gw0").goes_to("/devices?q=gw0");

    // two clicks: the list, the device
    let page = browser.get("/devices/2");
    for text in [row[0], row[1], row[2], &sha1.replace(':', "").to_lowercase(), "CN=gw-gw00002", "PASS"] {
        assert!(page.body.contains(text), "{text} is not on the page");
    }
    let chain = browser.get(&format!("/devices/2/certificates/{}/chain", row[2]));
    assert_eq!(chain.body.matches("-----BEGIN CERTIFICATE-----").count(), 2);
    let other = browser.get(&format!("/devices/1/certificates/{}/pem", row[2]));
    assert_eq!(other.status, 404, "a certificate of another device");
}

#[test]
fn filters_and_hostile_questions() {
    let (station, _bench) = plant();
    station.ok(&["run", "quarantine", "1", "--reason", "a crack"]);
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "ada");
    assert_eq!(listed(&browser.get("/devices?state=quarantined")), ["GW00001"]);
    assert_eq!(listed(&browser.get("/devices?state=provisioned")), ["GW00002"]);
    assert_eq!(listed(&browser.get("/devices?q=gw&state=quarantined")), ["GW00001"]);
    assert_eq!(listed(&browser.get("/devices?before=2")), ["GW00001"]);
    let order = station.sqlite("SELECT work_order FROM run WHERE id = 2");
    assert_eq!(listed(&browser.get(&format!("/devices?order={}", encoded(&order)))), ["GW00002"]);
    for hostile in [
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "%",
        "\u{0}\u{10ffff}\n",
        &"9".repeat(4000),
        &"ab:".repeat(20),
        "%%%'\";--",
    ] {
        let page = browser.get(&format!("/devices?q={}", encoded(hostile)));
        assert!(listed(&page).is_empty(), "{hostile}");
        assert!(!page.body.contains("<script>alert"), "{hostile}");
        let found = find(&mut browser, hostile);
        assert!(
            found.status == 303 && found.header("location").unwrap().starts_with("/devices"),
            "{found:?}"
        );
    }
    for nothing in ["/devices/99", "/devices/x", "/devices/-1", "/runs/99", "/runs/x", "/devices/99/proof"] {
        assert_eq!(browser.get(nothing).status, 404, "{nothing}");
    }
    assert_eq!(browser.get("/devices?before=x").status, 400);
}

#[test]
fn the_proof_of_a_device_convinces_somebody_who_holds_the_verifier_key_only() {
    let (station, _bench) = plant();
    station.ok(&["audit", "checkpoint"]);
    let vkey = fs::read_to_string(station.folder().join("ca/audit.vkey")).unwrap();
    let proven = station.json(&["audit", "prove", "GW00002"]);
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "eve");
    let answer = browser.get("/devices/2/proof");
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
    let document: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(document["vkey"], vkey.trim());
    assert_eq!(document["device"]["serial"], "GW00002");
    let entries = document["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 4, "{document}");
    for (entry, known) in entries.iter().zip(proven.as_array().unwrap()) {
        assert_eq!((&entry["seq"], &entry["entry"]), (&known["seq"], &known["entry"]));
        let path = entry["path"].as_array().unwrap().iter().map(|hash| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(hash.as_str().unwrap(), &mut bytes).unwrap();
            bytes
        });
        let path: Vec<merkle::Hash> = path.collect();
        let (_, note) = entry["proof"].as_str().unwrap().split_once("\n\n").unwrap();
        let head = merkle::open_checkpoint(note, &vkey).unwrap();
        let leaf = merkle::leaf(entry["entry"].as_str().unwrap().as_bytes());
        let index = entry["index"].as_u64().unwrap();
        assert_eq!(merkle::root_of_path(leaf, index, head.size, &path), Some(head.root));
        assert_eq!(entry["size"], head.size);
        assert!(BASE64_STANDARD.decode(note.lines().nth(2).unwrap()).is_ok());
    }
    let page = browser.get("/devices/2");
    assert_eq!(page.body.matches("included in checkpoint of size").count(), 4, "{}", page.body);

    // somebody changes an entry that was signed: the page says that it does not hold
    let seq = entries[2]["seq"].as_u64().unwrap();
    station.sqlite(&format!("UPDATE audit SET entry = replace(entry, 'PASS', 'FAIL') WHERE seq = {seq}"));
    let page = browser.get("/devices/2");
    assert_eq!(page.body.matches("included in checkpoint of size").count(), 3);
    assert!(page.body.contains("is not what the checkpoint vouches for"), "{}", page.body);
}

#[test]
fn those_who_may_not_decide_are_refused_on_record() {
    let (station, _bench) = plant();
    let serving = station.serve();
    let mut operator = Browser::logged_in(&serving, "bob");
    for page in ["/devices", "/devices/1", "/devices/find?q=GW00001", "/runs/1", "/devices/1/proof"] {
        assert_eq!(operator.get(page).status, 403, "{page}");
    }
    let csrf = operator.get("/").csrf();
    let decision = [("csrf", csrf.as_str()), ("run", "1"), ("decision", "scrap"), ("reason", "because")];
    assert_eq!(operator.post("/devices/1/decide", &decision).status, 403);

    let mut auditor = Browser::logged_in(&serving, "eve");
    let page = auditor.get("/devices/1");
    assert!(page.status == 200 && !page.body.contains("/devices/1/decide"), "{}", page.body);
    let csrf = page.csrf();
    let decision = [("csrf", csrf.as_str()), ("run", "1"), ("decision", "scrap"), ("reason", "because")];
    assert_eq!(auditor.post("/devices/1/decide", &decision).status, 403);
    let certificate = station.sqlite("SELECT serial FROM certificate WHERE device = 1");
    let revocation =
        [("csrf", csrf.as_str()), ("certificate", certificate.as_str()), ("reason", "keyCompromise")];
    assert_eq!(auditor.post("/devices/1/revoke", &revocation).status, 403);

    let mut stranger = Browser::at(&serving.url);
    stranger.get("/devices/1").goes_to("/login");
    assert_eq!(station.sqlite("SELECT group_concat(state) FROM device"), "provisioned,provisioned");
    let refusals = station.events("refused");
    let by = |name: &str| refusals.iter().filter(|entry| entry["actor"]["name"] == name).count();
    assert_eq!((by("bob"), by("eve")), (1, 2), "{refusals:?}");
    assert!(refusals.iter().all(|entry| entry["code"] == "LS-AUTH-02"));
}

#[test]
fn rework_from_the_page_gives_a_new_identity_and_both_are_told() {
    let (station, bench) = plant();
    let serving = station.serve();
    let mut engineer = Browser::logged_in(&serving, "ada");
    let page = engineer.get("/devices/1");
    for offered in ["action-supersede", "action-quarantine", "action-scrap", "action-revoke"] {
        assert!(page.body.contains(offered), "{offered}");
    }
    assert!(!page.body.contains("action-resume"));
    let csrf = page.csrf();
    let decide = |engineer: &mut Browser, run: &str, decision: &str, reason: &str| {
        let form = [("csrf", csrf.as_str()), ("run", run), ("decision", decision), ("reason", reason)];
        engineer.post("/devices/1/decide", &form)
    };
    decide(&mut engineer, "1", "supersede", "  ").goes_to("/devices/1");
    assert!(engineer.get("/devices/1").body.contains("LS-SET-11"));
    assert_eq!(decide(&mut engineer, "2", "scrap", "of another device").status, 404);
    assert_eq!(decide(&mut engineer, "1", "promote", "no such thing").status, 404);
    decide(&mut engineer, "1", "resume", "it has its verdict").goes_to("/devices/1");
    assert!(engineer.get("/devices/1").body.contains("LS-RUN-02"));
    assert_eq!(station.events("refused").len(), 2);

    decide(&mut engineer, "1", "supersede", "wrong <antenna>").goes_to("/devices/1");
    let page = engineer.get("/devices/1");
    assert!(page.body.contains("GW00001 may be run again."), "{}", page.body);
    assert!(!page.body.contains("action-supersede") && page.body.contains("action-scrap"));
    let event = &station.events("run-superseded")[0];
    assert_eq!((&event["reason"], &event["actor"]["name"]), (&"wrong <antenna>".into(), &"ada".into()));
    assert!(page.body.contains("wrong &#60;antenna&#62;"), "the reason stands in the entry, escaped");
    serving.end();

    provision(&station, bench.port());
    let serving = station.serve();
    let mut auditor = Browser::logged_in(&serving, "eve");
    let page = auditor.get("/devices/1");
    let serials = station.sqlite("SELECT serial FROM certificate WHERE device = 1 ORDER BY run");
    let (old, new) = serials.split_once('\n').unwrap();
    for (word, serial) in [("Successor", new), ("Predecessor", old)] {
        let link = format!("<dt>{word}</dt><dd><a class=\"mono\" href=\"#certificate-{serial}\"");
        assert!(page.body.contains(&link), "{link}");
    }
    assert!(page.body.contains("superseded") && page.body.contains("data-run=\"3\""));
    let states: Vec<&str> = page.body.split("data-outbox=").skip(1).collect();
    assert_eq!(states.len(), 3, "enrolled, disabled, enrolled again");
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_revoked_certificate_shows_and_stays() {
    let (station, _bench) = plant();
    let serving = station.serve();
    let mut engineer = Browser::logged_in(&serving, "ada");
    let csrf = engineer.get("/devices/1").csrf();
    let certificate = station.sqlite("SELECT serial FROM certificate WHERE device = 1");
    let revoke = |engineer: &mut Browser, device: &str, reason: &str| {
        let form = [("csrf", csrf.as_str()), ("certificate", certificate.as_str()), ("reason", reason)];
        engineer.post(&format!("/devices/{device}/revoke"), &form)
    };
    assert_eq!(revoke(&mut engineer, "2", "keyCompromise").status, 404, "of another device");
    revoke(&mut engineer, "1", "").goes_to("/devices/1");
    assert!(engineer.get("/devices/1").body.contains("LS-SET-11"));
    revoke(&mut engineer, "1", "keyCompromise").goes_to("/devices/1");
    let page = engineer.get("/devices/1");
    assert!(page.body.contains(&format!("Certificate {certificate} is revoked.")), "{}", page.body);
    assert!(page.body.contains("the device&#39;s key is known to others"), "{}", page.body);
    assert!(!page.body.contains("action-revoke"));
    assert_eq!(station.sqlite("SELECT state FROM certificate WHERE device = 1"), "revoked");
    assert_eq!(station.sqlite("SELECT operation FROM outbox ORDER BY id DESC LIMIT 1"), "disable");
    revoke(&mut engineer, "1", "keyCompromise").goes_to("/devices/1");
    assert!(engineer.get("/devices/1").body.contains("LS-CA-11"));
    assert_eq!(station.events("refused").len(), 1);
}

#[test]
fn a_run_shows_its_steps_its_recipe_and_its_entries() {
    let (station, bench) = plant();
    // the device has its identity: a run that ends before it is reserved
    let again = station.run(&["provision", "--port", bench.port(), "--product", "demo-gateway"]);
    assert_eq!(again.exit, 1);
    station.ok(&["audit", "checkpoint"]);
    let steps = station.sqlite("SELECT steps FROM run WHERE id = 1");
    let steps: Vec<(String, u64)> = serde_json::from_str(&steps).unwrap();
    let names: Vec<&str> = steps.iter().map(|(name, _)| name.as_str()).collect();
    let spine = ["identify", "prepare", "intended", "issued", "inject", "read-back", "prove", "finished"];
    assert_eq!(names, spine);
    assert!(steps.is_sorted_by_key(|(_, millis)| *millis) && steps[0].1 < 1000, "{steps:?}");
    let shown = station.json(&["run", "show", "1"]);
    let took = shown["steps"].as_array().expect("its steps");
    for ((step, pair), name) in took.iter().zip(steps.windows(2)).zip(spine) {
        assert_eq!((step["step"].as_str(), step["after_millis"].as_u64()), (Some(name), Some(pair[0].1)));
        assert_eq!(step["took_millis"].as_u64(), Some(pair[1].1 - pair[0].1));
    }
    assert_eq!(took.len(), spine.len() - 1);
    assert!(station.ok(&["run", "show", "1"]).contains("identify "), "in words, too");
    let skipped = station.sqlite("SELECT device IS NULL, verdict, steps FROM run WHERE id = 3");
    assert!(skipped.starts_with("1|SKIPPED|[[\"identify\",0],[\"finished\","), "{skipped}");

    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "eve");
    let page = browser.get("/runs/1");
    for text in [
        "Run 1",
        "PASS",
        "GW00001",
        "the device signed with its key",
        "read back",
        "name = &#34;demo-gateway&#34;",
    ] {
        assert!(page.body.contains(text), "{text} is not in {}", page.body);
    }
    assert!(!page.body.contains("/labels/preview"), "its recipe has no label");
    assert_eq!(page.body.matches("data-entry=").count(), 4, "its own entries only");
    assert_eq!(page.body.matches("included in checkpoint").count(), 4);
    let page = browser.get("/runs/3");
    assert!(page.body.contains("SKIPPED") && page.body.contains("LS-RUN-05"), "{}", page.body);
    assert_eq!(page.body.matches("data-entry=").count(), 1);
    for language in ["de", "zh", "es"] {
        browser.post("/language", &[("language", language), ("place", "/devices/1")]).goes_to("/devices/1");
        for place in ["/devices", "/devices/1", "/runs/1"] {
            let page = browser.get(place);
            assert!(page.status == 200 && page.body.contains(&format!("<html lang=\"{language}")), "{place}");
        }
    }
    station.ok(&["audit", "verify"]);
}

#[test]
fn what_the_cloud_was_told_and_an_alarm_show_behind_any_number_of_newer_entries() {
    let station = Station::found();
    let password = station.beside("password");
    station.ok(&["user", "add", "ada", "--role", "engineer", "--password-file", password.to_str().unwrap()]);
    let bench = Bench::plug(&station, 2, "GW", &["--fault", "1:cloned-key", "--fault", "2:cloned-key"]);
    provision(&station, bench.ports[0].to_str().unwrap());
    let clone = bench.ports[1].to_str().unwrap();
    station.refused(1, "LS-DUP-04", &["provision", "--port", clone, "--product", "demo-gateway"]);
    let key = station.sqlite("SELECT digest FROM public_key WHERE device = 1");
    let serving = station.serve();
    let mut browser = Browser::logged_in(&serving, "ada");
    let shown = |page: &Answer| {
        (
            page.body.contains("data-outbox=\""),
            page.body.contains("id=\"alarms\"") && page.body.contains(&key),
        )
    };
    assert_eq!(shown(&browser.get("/devices/1")), (true, true));
    let csrf = browser.get("/outbox").csrf();
    for _ in 0..52 {
        browser.post("/outbox/send-now", &[("csrf", &csrf)]).goes_to("/outbox");
    }
    station.sqlite(
        "INSERT INTO audit_about SELECT 1, seq FROM audit WHERE entry LIKE '%\"enrollment-hastened\"%'",
    );
    let page = browser.get("/devices/1");
    assert!(page.body.contains("?entries="), "older entries are on another page");
    assert_eq!(shown(&page), (true, true));
}
