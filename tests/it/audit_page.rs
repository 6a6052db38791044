//! The audit log's pages: entries found and proven, the verification that finds one changed byte, the signed head.

use crate::factory::process;
use crate::factory::{Station, wait_for};
use crate::pages::browser::{Answer, Browser};

/// Has the log verified from the page; the part of the page that tells the result.
fn verify(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.get("/audit").csrf();
    browser.post("/audit/verify", &[&[("csrf", csrf.as_str())], fields].concat()).goes_to("/audit");
    wait_for("the end of the verification", || {
        let part = browser.get("/audit/verification");
        assert_eq!(part.status, 200);
        (!part.body.contains("data-state=\"running\"")).then_some(part)
    })
}

#[test]
fn entries_are_found_by_event_actor_text_and_time() {
    let station = Station::found();
    station.add_person("ada", "engineer");
    let serving = station.serve();
    let mut ada = Browser::logged_in(&serving, "ada");
    let rows = |page: &Answer| page.body.matches("data-seq=").count();
    let all = ada.get("/audit");
    assert_eq!(all.status, 200);
    assert!(rows(&all) > 10 && all.body.contains("Station founded"), "{}", all.body);
    for (query, count) in [
        ("event=person-added", 2),
        ("event=login-accepted&actor=ADA", 1),
        ("event=ca-created&text=issuing", 1),
        ("event=person-added&text=ada&from=2020-01-01T00%3A00", 1),
        ("text=line-1&until=2020-01-01T00%3A00", 0),
        ("actor=nobody-of-that-name", 0),
    ] {
        let page = ada.get(&format!("/audit?{query}"));
        assert_eq!((page.status, rows(&page)), (200, count), "{query}: {}", page.body);
        assert!(page.body.contains("id=\"clear\"") || page.body.contains("href=\"/audit\""), "{query}");
    }
    // what was asked for stands in the form again, and does no harm there
    let page = ada.get("/audit?text=%22%3E%3Cscript%3E");
    assert!(!page.body.contains("<script>") && page.body.contains("script"), "{}", page.body);
    ada.post("/language", &[("language", "en"), ("place", "/\\evil.example/")]).goes_to("/");
    let german = ada.post("/language", &[("language", "de"), ("place", "/audit")]);
    german.goes_to("/audit");
    assert!(ada.get("/audit").body.contains("Station gegründet"));
}

#[test]
fn an_entry_is_shown_with_a_proof_that_holds_in_the_signed_head() {
    let station = Station::found();
    let serving = station.serve();
    let mut admin = Browser::logged_in(&serving, "admin");
    let head = wait_for("a checkpoint", || {
        let page = admin.get("/audit/head");
        page.body.contains("id=\"head-root\"").then_some(page)
    });
    let note = admin.get("/audit/checkpoint");
    assert_eq!(note.header("content-type"), Some("text/plain; charset=utf-8"));
    let vkey = admin.get("/audit/vkey");
    let (note_file, vkey_file) = (station.write("note", &note.body), station.write("vkey", &vkey.body));
    let root: Vec<&str> = note.body.lines().collect();
    assert!(head.body.contains(root[0]) && head.body.contains(root[1]), "{}", head.body);
    // the files that were handed out hold against the log at the command line
    station.ok(&["audit", "verify", "--vkey", &vkey_file, "--checkpoint", &note_file]);

    let page = admin.get("/audit/2");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("id=\"included\"") && page.body.contains("id=\"leaf\""), "{}", page.body);
    let canonical = station.sqlite("SELECT entry FROM audit WHERE seq = 2");
    let leaf = sha256_of_leaf(&station, &canonical);
    assert!(page.body.contains(&leaf), "{leaf}: {}", page.body);
    let proof = admin.get("/audit/2/proof");
    assert!(proof.body.starts_with("c2sp.org/tlog-proof@v1\nindex 1\n"), "{}", proof.body);
    assert!(proof.body.ends_with(&admin.get("/audit/checkpoint").body), "{}", proof.body);
    for path in ["/audit/99999", "/audit/0", "/audit/x", "/audit/99999/proof"] {
        assert_eq!(admin.get(path).status, 404, "{path}");
    }
}

/// SHA-256(0x00 ‖ entry) as the openssl command has it.
fn sha256_of_leaf(station: &Station, entry: &str) -> String {
    let path = station.write("leaf", &format!("\0{entry}"));
    let mut openssl = std::process::Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-r"]).arg(path);
    let out = process::run(openssl).out;
    out.split(' ').next().unwrap().to_owned()
}

#[test]
fn verify_now_finds_one_changed_byte_and_says_so_on_record() {
    let station = Station::found();
    station.add_person("vera", "auditor");
    let serving = station.serve();
    let mut auditor = Browser::logged_in(&serving, "vera");
    assert!(auditor.get("/audit").body.contains("data-state=\"never\""));
    let sound = verify(&mut auditor, &[]);
    assert!(sound.body.contains("data-state=\"sound\"") && sound.body.contains("vera"), "{}", sound.body);
    let event = &station.events("log-verified")[0];
    assert_eq!((&event["problems"], &event["actor"]["name"]), (&0.into(), &"vera".into()));

    let note =
        wait_for("a checkpoint", || Some(auditor.get("/audit/checkpoint")).filter(|a| a.status == 200));
    let brought = verify(&mut auditor, &[("checkpoint", &note.body.replace('\n', "\r\n"))]);
    assert!(brought.body.contains("data-state=\"sound\""), "{}", brought.body);
    assert!(station.events("log-verified")[1]["covered-until"].as_u64().unwrap() > 0);
    let garbage = verify(&mut auditor, &[("checkpoint", "not a note")]);
    assert!(garbage.body.contains("data-state=\"not-sound\""), "{}", garbage.body);

    station.sqlite("UPDATE audit SET entry = replace(entry, '\"Example\"', '\"Exbmple\"') WHERE seq = 1");
    let broken = verify(&mut auditor, &[]);
    assert!(broken.body.contains("data-state=\"not-sound\""), "{}", broken.body);
    assert!(broken.body.contains("entry 1 is not what was written"), "{}", broken.body);
    let event = station.events("log-verified").pop().unwrap();
    assert_eq!(event["problems"], 1, "{event}");
    station.sqlite("UPDATE audit SET entry = replace(entry, '\"Exbmple\"', '\"Example\"') WHERE seq = 1");
    station.sqlite("UPDATE person SET role = 'administrator' WHERE name = 'vera'");
    let broken = verify(&mut auditor, &[]);
    assert!(broken.body.contains("person/vera"), "a changed row is found, too: {}", broken.body);
}

#[test]
fn one_verification_runs_at_a_time_and_can_be_stopped() {
    let station = Station::found();
    // rows that nobody vouches for: they take a while to be compared
    station.sqlite(
        "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
         INSERT INTO crl (number, der, this_update, next_update) SELECT i, zeroblob(200), 1, 2 FROM n",
    );
    let serving = station.serve();
    let mut admin = Browser::logged_in(&serving, "admin");
    let csrf = admin.get("/audit").csrf();
    let token = [("csrf", csrf.as_str())];
    admin.post("/audit/verify", &token).goes_to("/audit");
    let page = admin.get("/audit");
    assert!(page.body.contains("data-state=\"running\"") && page.body.contains("hx-get"), "{}", page.body);
    admin.post("/audit/verify", &token).goes_to("/audit");
    assert!(admin.get("/audit").body.contains("LS-AUDIT-06"));
    admin.post("/audit/stop", &token).goes_to("/audit");
    let page = admin.get("/audit");
    assert!(page.body.contains("data-state=\"stopped\""), "{}", page.body);
    assert!(station.events("log-verified").is_empty(), "what did not end has no result");
}

#[test]
fn operators_read_no_log_and_the_batches_lead_to_what_left_otherwise() {
    let station = Station::found();
    station.add_person("bob", "operator");
    station.ok(&["key", "add", "lot"]);
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    for path in ["/audit", "/audit/1", "/audit/1/proof", "/audit/head", "/audit/checkpoint", "/batches"] {
        assert_eq!(bob.get(path).status, 403, "{path}");
    }
    let csrf = bob.get("/").csrf();
    assert_eq!(bob.post("/audit/verify", &[("csrf", &csrf)]).status, 403);
    let mut admin = Browser::logged_in(&serving, "admin");
    station.ok(&["key", "derive", "lot", "sn-1", "sn-2"]);
    let batches = admin.get("/batches");
    assert!(batches.body.contains("class=\"empty\""), "no batch: {}", batches.body);
    for event in ["group-key-derived", "log-exported"] {
        assert!(batches.body.contains(&format!("href=\"/audit?event={event}\"")), "{}", batches.body);
    }
    let listed = admin.get("/audit?event=group-key-derived");
    assert_eq!(listed.body.matches("data-seq=").count(), 1, "{}", listed.body);
}
