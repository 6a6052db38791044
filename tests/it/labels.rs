//! Labels on a real line: what was printed is rendered by somebody else's code and read by other people's readers,
//! and held against the records. Printers that are out, that break off, and values that would be commands.

mod paper;
mod printer;

use std::fs;

use self::printer::{Manner, Printer, free_address};
use crate::factory::bench::Bench;
use crate::factory::{Station, wait_for};
use crate::pages::browser::Browser;

/// A station with a printer and a product of its own, `labelled`: a ready recipe with this label.
fn station(printer: &str, ready: &str, label: &str) -> Station {
    let station = Station::found();
    let settings = station.folder().join("station.toml");
    let mut text = fs::read_to_string(&settings).unwrap();
    text.push_str(&format!("\n[[printer]]\nname = \"labels\"\n{printer}\n"));
    fs::write(settings, text).unwrap();
    fs::create_dir_all(station.folder().join("products")).unwrap();
    fs::write(station.folder().join("products/labelled.toml"), recipe(&station, ready, label)).unwrap();
    station
}

fn recipe(station: &Station, ready: &str, label: &str) -> String {
    let text = station.ok(&["product", "show", ready]);
    let text = text.replacen(&format!("name = \"{ready}\""), "name = \"labelled\"", 1);
    format!("{text}\n[label]\nprinter = \"labels\"\n{label}\n")
}

fn template(station: &Station, text: &str) {
    fs::create_dir_all(station.folder().join("templates")).unwrap();
    fs::write(station.folder().join("templates/own.zpl"), text).unwrap();
}

fn wait_until(station: &Station, what: &str, sql: &str, value: &str) {
    wait_for(what, || (station.sqlite(sql) == value).then_some(()));
}

fn is_sound(station: &Station) {
    let report = station.ok(&["audit", "verify"]);
    assert!(!report.is_empty());
}

#[test]
fn a_line_prints_what_the_records_say_and_the_preview_shows_the_same() {
    let station = station("file = \"labels/\"", "demo-gateway", "template = \"device-qr.zpl\"\ncopies = 2");
    for n in 1..=2 {
        station.add_slot(&format!("slot-{n}"), &format!("GW_0000{n}"));
    }
    station.release("lot", "labelled", 2, 0);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 2, "GW_", &["--model", "demo-gateway"]);
    wait_until(&station, "four labels", "SELECT count(*) FROM label WHERE state = 'printed'", "4");
    let rows = station.sqlite(
        "SELECT label.run, copy, serial, digest, ifnull(zpl, '-') FROM label JOIN device ON device.id = label.device ORDER BY label.id",
    );
    for row in rows.lines() {
        let [run, copy, serial, digest, zpl] = row.split('|').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        assert_eq!(zpl, "-", "ZPL is kept until it is printed");
        let file =
            format!("labels/{:08}-{:02}.zpl", run.parse::<u64>().unwrap(), copy.parse::<u64>().unwrap());
        let printed = fs::read_to_string(station.folder().join(file)).unwrap();
        assert_eq!(lineside::domain::digest::Digest::of(printed.as_bytes()).to_string(), digest);
        let paper = paper::print(&printed);
        assert_eq!((paper.labels.len(), paper.qr(0)), (1, vec![serial.to_owned()]));
    }
    assert_eq!(station.events("label-printed").len(), 4);
    let mut browser = Browser::logged_in(&serving, "admin");
    let page = browser.get("/labels/preview?run=1");
    let serial = station.sqlite("SELECT serial FROM run JOIN device ON device.id = device WHERE run.id = 1");
    assert_eq!(paper::draw(&page.body).qr(0), [serial]);
    let sample = browser.get("/labels/preview?product=labelled");
    assert_eq!(paper::draw(&sample.body).qr(0), ["SAMPLE_0042"]);
    let list = browser.get("/labels");
    assert_eq!(list.body.matches("data-state=\"printed\"").count(), 4, "{}", list.body);
    for nothing in ["run=99", "product=demo-sensor", "product=none"] {
        assert_eq!(browser.get(&format!("/labels/preview?{nothing}")).status, 422, "{nothing}");
    }
    assert_eq!(browser.get("/labels/preview").status, 404);
    is_sound(&station);
}

#[test]
fn a_printer_that_is_out_worries_people_not_the_line_and_prints_once_when_it_is_back() {
    let address = free_address();
    let station =
        station(&format!("address = \"{address}\""), "demo-gateway", "template = \"device-datamatrix.zpl\"");
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "labelled", 1, 0);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    wait_until(&station, "a PASS", "SELECT count(*) FROM run WHERE verdict = 'PASS'", "1");
    let mut browser = Browser::logged_in(&serving, "admin");
    for place in ["/", "/labels"] {
        wait_for("a worry about the printer", || {
            let page = browser.get(place);
            (page.body.contains("class=\"warning\"") && page.body.contains(&address.to_string()))
                .then_some(())
        });
    }
    // in the language of whoever looks
    browser.post("/language", &[("language", "de"), ("place", "/labels")]).goes_to("/labels");
    for place in ["/", "/labels", "/work-orders"] {
        let page = browser.get(place).body;
        assert!(page.contains("Drucker labels: ") && !page.contains("cannot be reached"), "{page}");
    }
    let waits = || station.sqlite("SELECT state, copy FROM label");
    assert_eq!(waits(), "waiting|1");

    let printer = Printer::switch_on(address, Manner::Prints);
    let zpl = printer.next();
    assert_eq!(paper::print(&zpl).data_matrix(0), "GW00001");
    wait_until(&station, "the label to be put down", "SELECT state FROM label", "printed");
    printer.rests();
    wait_for("the worry to end", || {
        (!browser.get("/labels").body.contains("class=\"warning\"")).then_some(())
    });
    let shown = browser.get("/labels/preview?run=1");
    assert_eq!(paper::draw(&shown.body).data_matrix(0), "GW00001");
    assert_eq!(station.events("label-printed").len(), 1);
    assert_eq!(station.events("label-failed").len(), 0);
    is_sound(&station);
}

#[test]
fn another_copy_is_counted_has_its_reason_on_record_and_no_value_becomes_a_command() {
    let address = free_address();
    let station =
        station(&format!("address = \"{address}\""), "demo-sensor", "template = \"own.zpl\"\ncopies = 1");
    let own = "^XA^CI28^PW400^LL200^FO10,20^BQN,2,3^FH_^FDMA,{{ serial }} {{ copy }}{% if reprint %} {{ reason }}{% endif %}^FS^FO200,150^BY1^BCN,40,N^FH_^FD{{ serial|code128 }}^FS^XZ";
    template(&station, own);
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let file = station.write("group-key", key);
    station.ok(&["key", "add", "demo-sensors", "--primary-file", &file, "--secondary-file", &file]);
    let password = station.write("other-password", "another long password");
    for (name, role) in [("bob", "operator"), ("eve", "auditor")] {
        station.ok(&["user", "add", name, "--role", role, "--password-file", &password]);
    }
    station.add_slot("slot-1", "SE00001");
    station.release("lot", "labelled", 1, 0);
    let printer = Printer::switch_on(address, Manner::Prints);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "SE", &["--model", "demo-sensor"]);
    let first = paper::print(&printer.next());
    assert_eq!((first.qr(0), first.code128(0)), (vec!["SE00001 1".to_owned()], vec!["SE00001".to_owned()]));

    let mut bob = Browser::at(&serving.url);
    bob.log_in("bob", "another long password").goes_to("/");
    let csrf = bob.get("/labels").csrf();
    let hostile = "torn^XZ~JA^XA^FO9,9^BQN,2,9^FDMA,forged^FS_5E";
    let ask = |browser: &mut Browser, csrf: &str, device: &str, reason: &str| {
        browser.post("/labels/reprint", &[("csrf", csrf), ("device", device), ("reason", reason)])
    };
    ask(&mut bob, &csrf, "se00001", hostile).goes_to("/labels");
    assert!(bob.get("/labels").body.contains("Copy 2 of run 1"));
    let zpl = printer.next();
    assert_eq!((zpl.matches("^X").count(), zpl.matches('~').count()), (2, 0), "{zpl}");
    let second = paper::print(&zpl);
    assert_eq!((second.labels.len(), second.qr(0)), (1, vec![format!("SE00001 2 {hostile}")]));
    // the run and the device lead to the label
    let mut admin = Browser::logged_in(&serving, "admin");
    for place in ["/runs/1", "/devices/1"] {
        let page = admin.get(place).body;
        let link = "<a id=\"label\" href=\"/labels/preview?run=1\">Label of run 1</a>";
        assert!(page.contains(link) && page.contains("href=\"/labels\">2 on record</a>"), "{page}");
    }
    let asked = station.events("label-reprinted");
    assert_eq!((asked.len(), &asked[0]["copy"], &asked[0]["reason"]), (1, &2.into(), &hostile.into()));
    assert_eq!(asked[0]["actor"]["name"], "bob");

    for (device, reason, code) in [("SE00001", " ", "LS-SET-11"), ("SE00099", "torn", "LS-LABEL-03")] {
        ask(&mut bob, &csrf, device, reason).goes_to("/labels");
        let page = bob.get("/labels");
        assert!(page.body.contains(code), "{}", page.body);
    }
    let mut eve = Browser::at(&serving.url);
    eve.log_in("eve", "another long password").goes_to("/");
    let page = eve.get("/labels");
    assert!(!page.body.contains("/labels/reprint") && page.body.contains("data-label=\"2\""));
    assert_eq!(ask(&mut eve, &page.csrf(), "SE00001", "torn").status, 403);
    assert_eq!(station.sqlite("SELECT count(*) FROM label"), "2");
    printer.rests();
    is_sound(&station);
}

#[test]
fn a_label_that_may_have_been_printed_waits_for_a_person_and_keeps_its_number() {
    let address = free_address();
    let station =
        station(&format!("address = \"{address}\""), "demo-gateway", "template = \"device-qr.zpl\"");
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "labelled", 1, 0);
    let printer = Printer::switch_on(address, Manner::BreaksOffOnce);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    wait_until(&station, "a doubt", "SELECT state FROM label", "failed");
    printer.rests();
    assert_eq!(station.events("label-failed").len(), 1);
    let mut browser = Browser::logged_in(&serving, "admin");
    let page = browser.get("/labels?open=true");
    assert!(page.body.contains("may have been printed") && page.body.contains("data-state=\"failed\""));
    browser.post("/labels/1/retry", &[("csrf", &page.csrf())]).goes_to("/labels");
    assert_eq!(paper::print(&printer.next()).qr(0), ["GW00001"]);
    wait_until(&station, "the label", "SELECT state, copy FROM label", "printed|1");
    let again = browser.post("/labels/1/retry", &[("csrf", &page.csrf())]);
    again.goes_to("/labels");
    assert!(browser.get("/labels").body.contains("LS-DB-04"), "what is printed is not retried");
    is_sound(&station);
}

#[test]
fn a_faulty_label_costs_no_certificate_and_no_label_can_ask_for_a_key() {
    let station = station("file = \"out.zpl\"", "demo-gateway", "template = \"own.zpl\"");
    let faulty = [
        ("^XA^FH_^FD{{ serail }}^FS^XZ", "does not have"),
        ("^XA^FD{{ serial }}^FS^XZ", "^FH_"),
        ("^FH_^FD{{ serial }}^FS", "begins with ^XA"),
        ("^XA^FH_^FD{{ device_key }}^FS^XZ", "does not have"),
        ("^XA^FH_^FD{{ private_key }}^FS^XZ", "does not have"),
        ("^XA{% for n in range(100000) %}{{ n }}{% endfor %}^XZ", "engine ran out of fuel"),
    ];
    let path = station.folder().join("products/labelled.toml");
    for (text, why) in faulty {
        template(&station, text);
        let ended = station.run(&["product", "check", path.to_str().unwrap()]);
        ended.is_refused(1, "LS-SET-01");
        assert!(ended.out.contains(why), "{why}: {}", ended.out);
    }
    template(
        &station,
        "^XA^FH_^FD{% if run > 0 and serial != 'SAMPLE_0042' %}{{ nothing }}{% endif %}^FS^XZ",
    );
    station.ok(&["product", "check", path.to_str().unwrap()]);
    let bench = Bench::plug(&station, 1, "GW", &[]);
    let words = ["provision", "--port", bench.port(), "--product", "labelled"];
    let passed_by = station.run(&words);
    assert_eq!(passed_by.exit, 0, "the rehearsal has no run number yet: {}", passed_by.err);
    assert_eq!(station.sqlite("SELECT state, ifnull(zpl, '-') FROM label"), "failed|-");
    assert_eq!(station.events("label-failed").len(), 1);

    template(&station, "^XA^FH_^FD{% if serial != 'SAMPLE_0042' %}{{ nothing }}{% endif %}^FS^XZ");
    let other = Bench::plug(&station, 1, "GX", &["--seed", "9"]);
    station.refused(1, "LS-LINE-09", &["provision", "--port", other.port(), "--product", "labelled"]);
    assert_eq!(station.sqlite("SELECT count(*) FROM certificate"), "1");

    let elsewhere = recipe(&station, "demo-gateway", "template = \"device-qr.zpl\"")
        .replace("printer = \"labels\"", "printer = \"elsewhere\"");
    let file = station.write("labelled.toml", &elsewhere);
    let ended = station.run(&["product", "check", &file]);
    assert!(ended.exit == 1 && ended.out.contains("no printer named elsewhere"), "{ended:?}");
    is_sound(&station);
}

/// A station with one device that passed and a label of its own on the way to this printer.
fn one_label(address: std::net::SocketAddr) -> Station {
    let station =
        station(&format!("address = \"{address}\""), "demo-gateway", "template = \"device-qr.zpl\"");
    station.add_slot("slot-1", "GW00001");
    station.release("lot", "labelled", 1, 1);
    station
}

#[test]
fn a_label_that_was_sent_is_not_sent_again_while_the_records_cannot_be_written() {
    let address = free_address();
    let station = one_label(address);
    station.sqlite(
        "CREATE TRIGGER stuck BEFORE UPDATE ON label WHEN NEW.state = 'printed'
         BEGIN SELECT RAISE(ABORT, 'the disk says no'); END",
    );
    let printer = Printer::switch_on(address, Manner::Prints);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    printer.next();
    let mut browser = Browser::logged_in(&serving, "admin");
    wait_for("a worry about the records", || {
        browser.get("/labels").body.contains("Label 1 was sent, but this cannot be recorded").then_some(())
    });
    assert_eq!(station.sqlite("SELECT state FROM label"), "waiting");
    station.sqlite("DROP TRIGGER stuck");
    wait_until(&station, "the label to be put down", "SELECT state FROM label", "printed");
    printer.rests();
    assert_eq!(station.events("label-printed").len(), 1);
    wait_for("the worry to end", || {
        (!browser.get("/labels").body.contains("class=\"warning\"")).then_some(())
    });
    is_sound(&station);
}

#[test]
fn a_label_that_did_come_out_is_settled_with_a_reason_and_nobody_is_worried_any_more() {
    let address = free_address();
    let station = one_label(address);
    let password = station.write("other-password", "another long password");
    for (name, role) in [("bob", "operator"), ("eve", "auditor")] {
        station.ok(&["user", "add", name, "--role", role, "--password-file", &password]);
    }
    let printer = Printer::switch_on(address, Manner::BreaksOffOnce);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    wait_until(&station, "a doubt", "SELECT state FROM label", "failed");
    let at = |name: &str| {
        let mut browser = Browser::at(&serving.url);
        browser.log_in(name, "another long password").goes_to("/");
        browser
    };
    let settle = |browser: &mut Browser, reason: &str| {
        let csrf = browser.get("/labels").csrf();
        browser.post("/labels/1/settle", &[("csrf", &csrf), ("reason", reason)])
    };
    let (mut bob, mut eve) = (at("bob"), at("eve"));
    let doubt = "A label was not printed for sure";
    wait_for("a worry", || bob.get("/").body.contains(doubt).then_some(()));
    assert!(bob.get("/labels").body.contains("action=\"/labels/1/settle\""));
    assert!(!eve.get("/labels").body.contains("/labels/1/settle"));
    assert_eq!(settle(&mut eve, "it came out").status, 403);
    settle(&mut bob, " ").goes_to("/labels");
    assert!(bob.get("/labels").body.contains("LS-SET-11"));
    settle(&mut bob, "it came out").goes_to("/labels");
    let page = bob.get("/labels").body;
    assert!(page.contains("data-state=\"settled\"") && page.contains("it came out"), "{page}");
    wait_for("the worry to end", || (!bob.get("/").body.contains(doubt)).then_some(()));
    let settled = station.events("label-settled");
    assert_eq!(
        (settled.len(), &settled[0]["reason"], &settled[0]["actor"]["name"]),
        (1, &"it came out".into(), &"bob".into())
    );
    settle(&mut bob, "twice").goes_to("/labels");
    assert!(bob.get("/labels").body.contains("LS-DB-04"));
    assert_eq!(station.events("refused").last().unwrap()["code"], "LS-DB-04");
    printer.rests();
    is_sound(&station);
}

#[test]
fn no_label_is_made_of_an_identity_that_was_withdrawn() {
    let address = free_address();
    let station = one_label(address);
    let serving = station.serve();
    let _bench = Bench::plug(&station, 1, "GW", &[]);
    wait_until(&station, "a PASS", "SELECT count(*) FROM run WHERE verdict = 'PASS'", "1");
    // its label still waits for the printer when the identity on it goes
    station.ok(&["run", "quarantine", "1", "--reason", "dented"]);
    let printer = Printer::switch_on(address, Manner::Prints);
    wait_until(&station, "the label to be given up", "SELECT state FROM label", "settled");
    let mut browser = Browser::logged_in(&serving, "admin");
    let csrf = browser.get("/labels").csrf();
    for subject in [("run", "1"), ("device", "GW00001")] {
        browser.post("/labels/reprint", &[("csrf", &csrf), subject, ("reason", "torn")]).goes_to("/labels");
        assert!(browser.get("/labels").body.contains("LS-LABEL-06"), "{subject:?}");
    }
    printer.rests();
    assert_eq!(station.sqlite("SELECT count(*) FROM label"), "1");
    assert_eq!(station.events("label-reprinted").len(), 0);
    let refused = station.events("refused");
    assert_eq!(refused.iter().filter(|entry| entry["code"] == "LS-LABEL-06").count(), 2, "{refused:?}");
    is_sound(&station);
}
