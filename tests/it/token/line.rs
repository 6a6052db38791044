//! A station whose issuing key was made in a token, device by device: it issues, the token is pulled, and it goes on.

use std::process::Command;

use crate::factory::bench::Bench;
use crate::factory::token::{OBJECT, TOKEN, Token};
use crate::factory::{Station, process, wait_for};
use crate::pages::browser::Browser;

/// The last run's verdict and code.
fn last_run(station: &Station) -> String {
    station.sqlite("SELECT verdict, coalesce(code, '') FROM run ORDER BY id DESC LIMIT 1")
}

fn provision(station: &Station, port: &str) -> process::Ended {
    station.run(&["provision", "--port", port, "--product", "demo-gateway", "--json"])
}

#[test]
fn the_key_is_made_in_the_token_and_signs_there() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    let objects = token.tool(&["--list-objects", "--type", "privkey"]);
    assert!(objects.contains("sensitive, always sensitive, never extractable, local"), "{objects}");
    assert!(objects.contains(OBJECT) && objects.contains("Usage:      sign\n"), "{objects}");
    assert_eq!(station.sqlite("SELECT count(*) FROM secret_check WHERE name = 'issuing-key'"), "0");
    let shown = station.json(&["ca", "show"]);
    assert_eq!(
        (&shown["issuing_key"]["token"], &shown["issuing_key"]["object"]),
        (&TOKEN.into(), &OBJECT.into())
    );

    let bench = Bench::plug(&station, 1, "GW", &[]);
    let ended = provision(&station, bench.port());
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!(last_run(&station), "PASS|");
    let chain = station.write("chain.pem", &station.ok(&["ca", "export", "GW00001"]));
    let root = station.folder().join("ca/root.pem");
    let mut openssl = Command::new("openssl");
    openssl.args(["verify", "-x509_strict", "-CAfile"]).arg(root).args(["-untrusted", &chain, &chain]);
    let judged = process::run(openssl);
    assert_eq!((judged.exit, judged.out), (0, format!("{chain}: OK\n")), "{}", judged.err);
    // the CA's other signatures come from there, too
    station.ok(&["ca", "crl"]);
    station.ok(&["ca", "prove", "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"]);
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_second_key_of_one_name_and_a_place_that_is_none_are_refused_and_leave_no_station() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    let place = station.beside("second");
    let init = |uri: &str| {
        let mut command = crate::factory::lineside();
        command.envs(token.env()).arg("--station").arg(&place);
        command.arg("--passphrase-file").arg(station.beside("passphrase"));
        command.args(["init", "--password-file"]).arg(station.beside("password"));
        command.args(["--pkcs11", uri, "--pin-file", &station.write("pin", crate::factory::token::PIN)]);
        let ended = process::run(command);
        assert!(!place.exists(), "{ended:?}");
        ended
    };
    init(&token.uri(&token.module)).is_refused(1, "LS-TOKEN-10");
    init(&token.uri(&station.beside("none.so"))).is_refused(1, "LS-TOKEN-02");
    let elsewhere = token.uri(&token.module).replace("token=line", "token=other");
    init(&elsewhere).is_refused(1, "LS-TOKEN-03");
    let with_pin = format!("{}&pin-value=8642", token.uri(&token.module));
    let refused = init(&with_pin);
    refused.is_refused(2, "LS-TOKEN-01");
    assert!(!refused.err.contains("8642"), "{refused:?}");
    // a token without the mechanism is found out before it is asked for a key
    token.configure("slots.mechanisms = CKM_RSA_PKCS\n");
    init(&token.uri(&token.module)).is_refused(1, "LS-TOKEN-11");
}

#[test]
fn without_its_token_each_device_has_its_verdict_and_once_it_is_back_the_line_goes_on() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    for name in ["GA00001", "GB00001", "GB00002", "GC00001", "GD00001", "GE00001"] {
        station.add_slot(name, name);
    }
    station.release("lot", "demo-gateway", 6, 0);
    let serving = station.serve();
    let verdicts = || {
        let runs = station.sqlite("SELECT verdict, coalesce(code, '') FROM run ORDER BY id");
        runs.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let plugged = |count, prefix, seed, runs: usize| {
        let _bench = Bench::plug(&station, count, prefix, &["--seed", seed]);
        wait_for("verdicts", || {
            let verdicts = verdicts();
            (verdicts.len() == runs && verdicts.iter().all(|line| !line.starts_with('|'))).then_some(verdicts)
        })
    };
    assert_eq!(plugged(1, "GA", "1", 1), ["PASS|"]);
    token.pull();
    assert_eq!(plugged(2, "GB", "2", 3)[1..], ["ERROR|LS-TOKEN-03"; 2], "each slot for itself");
    token.put_back();
    assert_eq!(plugged(1, "GC", "3", 4)[3], "PASS|");
    // with all tokens gone the library cannot even begin
    token.pull_all();
    let gone = plugged(1, "GD", "4", 5);
    assert!(gone[4].starts_with("ERROR|LS-TOKEN-"), "{gone:?}");
    token.put_back();
    assert_eq!(plugged(1, "GE", "5", 6)[5], "PASS|");
    assert_eq!(
        station.sqlite("SELECT count(*) FROM certificate WHERE state <> 'issued'"),
        "0",
        "no number is spent"
    );
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "3");
    assert_eq!(serving.end().exit, 0, "the program was never started anew");
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_token_without_the_key_or_with_another_of_its_name_signs_nothing() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    for kind in ["privkey", "pubkey"] {
        token.tool(&["--delete-object", "--type", kind, "--label", OBJECT]);
    }
    station.refused(1, "LS-TOKEN-09", &["ca", "crl"]);
    token.tool(&["--keypairgen", "--key-type", "EC:secp384r1", "--label", OBJECT]);
    let refused = station.refused(1, "LS-TOKEN-09", &["ca", "crl"]);
    assert!(refused.contains("is not that of the issuing CA's certificate"), "{refused}");
    // without the public part only the signature tells
    token.tool(&["--delete-object", "--type", "pubkey", "--label", OBJECT]);
    let refused = station.refused(1, "LS-CA-08", &["ca", "crl"]);
    assert!(refused.contains("did not verify"), "{refused}");
    token.tool(&["--keypairgen", "--key-type", "EC:secp384r1", "--label", OBJECT]);
    let refused = station.refused(1, "LS-TOKEN-09", &["ca", "crl"]);
    assert!(refused.contains("holds 2 private EC keys"), "{refused}");
}

#[test]
fn pages_and_log_say_that_the_token_is_away_and_no_longer_once_it_is_back() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    station.add_slot("left", "GA00001");
    let told = "in a token that cannot be used now";
    token.pull();
    let serving = station.serve();
    assert!(!serving.locked, "it serves all the same");
    let mut admin = Browser::logged_in(&serving, "admin");
    wait_for("the warning", || admin.get("/ca").body.contains(told).then_some(()));
    assert!(admin.get("/").body.contains(told), "the line is told as well");
    token.put_back();
    wait_for("its end", || (!admin.get("/ca").body.contains(told)).then_some(()));
    // nobody asked for a signature meanwhile, and it is there when somebody does
    token.pull();
    wait_for("the warning again", || admin.get("/").body.contains(told).then_some(()));
    token.put_back();
    wait_for("its end again", || (!admin.get("/").body.contains(told)).then_some(()));
    let ended = serving.end();
    assert_eq!(ended.exit, 0);
    assert_eq!(ended.err.matches("nothing can be signed").count(), 2, "{}", ended.err);
    assert_eq!(ended.err.matches("is back").count(), 2, "{}", ended.err);
}
