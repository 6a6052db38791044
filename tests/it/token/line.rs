//! A station whose issuing key was made in a token, device by device: it issues, the token is pulled, and it goes on.

use std::process::Command;

use crate::factory::bench::Bench;
use crate::factory::token::{OBJECT, TOKEN, Token};
use crate::factory::{Station, process, wait_for};

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
    token.configure("slots.mechanisms = -CKM_ECDSA\n");
    init(&token.uri(&token.module)).is_refused(1, "LS-TOKEN-11");
}

#[test]
fn without_its_token_the_line_says_error_other_slots_go_on_and_the_next_device_finds_it_again() {
    let token = Token::new();
    let station = token.found_station(&token.module);
    station.add_slot("slot-1", "GW00001");
    station.add_slot("slot-2", "GX00001");
    station.add_slot("slot-3", "GY00001");
    station.release("lot", "demo-gateway", 3, 0);
    let serving = station.serve();
    let passed = || station.sqlite("SELECT count(*) FROM run WHERE verdict = 'PASS'");
    let _first = Bench::plug(&station, 1, "GW", &["--seed", "1"]);
    wait_for("a device that passes", || (passed() == "1").then_some(()));

    token.pull();
    {
        let _second = Bench::plug(&station, 1, "GX", &["--seed", "2"]);
        wait_for("a verdict without the token", || (last_run(&station) != "PASS|").then_some(()));
        let ended = last_run(&station);
        assert!(ended.starts_with("ERROR|LS-TOKEN-"), "{ended}");
        println!("{ended}: {}", station.sqlite("SELECT message FROM run ORDER BY id DESC LIMIT 1"));
    }
    assert_eq!(
        station.sqlite("SELECT count(*) FROM certificate WHERE state <> 'issued'"),
        "0",
        "no number is spent"
    );

    token.put_back();
    let _third = Bench::plug(&station, 1, "GY", &["--seed", "3"]);
    wait_for("a device that passes again", || (passed() == "2").then_some(()));
    assert_eq!(serving.end().exit, 0, "the program was never started anew");
    station.ok(&["audit", "verify"]);
}
