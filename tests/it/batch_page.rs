//! The batches' pages: files that come in and are looked through, keys and records that go out, who may do so, and what
//! is left on the station.

mod issuing;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::factory::process;
use crate::factory::{Station, wait_for};
use crate::pages::browser::{Answer, Browser};

/// Where files lie that somebody works with.
fn uploads(station: &Station) -> Vec<PathBuf> {
    let folder = station.folder().join("exports/uploads");
    fs::read_dir(folder).map(|read| read.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

/// Sends a file from the page of batches; the answer leads to its job.
fn upload(browser: &mut Browser, fields: &[(&str, &str)], file: (&str, &[u8])) -> Answer {
    let csrf = browser.get("/batches").csrf();
    browser.upload("/batches/upload", &[&[("csrf", csrf.as_str())], fields].concat(), file)
}

/// The job that an answer leads to.
#[track_caller]
fn job(answer: &Answer) -> String {
    let place = answer.header("location").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(answer.status == 303 && place.starts_with("/batches/jobs/"), "{answer:?}");
    place.to_owned()
}

/// Waits until a job is at a place where its part of the page shows this.
fn shows(browser: &mut Browser, job: &str, sign: &str) -> Answer {
    let part = format!("{job}/progress");
    wait_for(sign, || Some(browser.get(&part)).filter(|answer| answer.body.contains(sign)))
}

/// Says what is to be done with the file of a job.
fn decide(browser: &mut Browser, job: &str, what: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.get(job).csrf();
    browser.post(&format!("{job}/{what}"), &[&[("csrf", csrf.as_str())], fields].concat())
}

/// The number of the batch that the page of a job that has ended leads to.
#[track_caller]
fn number(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("href=\"/batches/").unwrap_or_else(|| panic!("{}", page.body));
    rest.split_once('"').unwrap().0.to_owned()
}

/// A station with a group key and people; the key's base64.
fn with_group() -> (Station, String) {
    let station = Station::found();
    station.add_person("bob", "engineer");
    station.add_person("cleo", "auditor");
    station.add_person("ada", "operator");
    let key = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
    let file = station.write("group", key);
    station.ok(&["key", "add", "line-keys", "--primary-file", &file]);
    (station, key.to_owned())
}

/// What openssl and base64 make of a group key and an ID.
fn derived(station: &Station, key: &str, id: &str) -> String {
    let key = station.write("key", key);
    let id = station.write("id", id);
    let mut shell = Command::new("sh");
    let script = "hex=$(base64 -d \"$0\" | od -An -v -tx1 | tr -d ' \\n'); \
                  openssl dgst -sha256 -mac HMAC -macopt hexkey:$hex -binary \"$1\" | base64";
    shell.args(["-c", script, &key, &id]);
    process::run(shell).out.trim().to_owned()
}

#[test]
fn keys_are_derived_from_a_table_that_was_looked_through() {
    let (station, key) = with_group();
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    let table = b"registration_id;note\nsn-1;a\nsn 2;b\nSN-3;c\nsn-1;d\n";
    let ask = [("kind", "derive"), ("group", "line-keys")];
    let job = job(&upload(&mut bob, &ask, ("lot 7.csv", table)));
    let preview = shows(&mut bob, &job, "id=\"preview\"");
    for sign in
        ["<dd class=\"mono\" id=\"understood\">registration_id", "id=\"kept\">note", "LS-ID-04", ">3</th>"]
    {
        assert!(preview.body.contains(sign), "{sign}: {}", preview.body);
    }
    assert!(preview.body.contains("id=\"take-good\"") && !preview.body.contains("id=\"do-it\""));
    assert!(preview.body.contains("keys in clear"), "{}", preview.body);
    assert!(station.events("batch-started").is_empty(), "looking does nothing");

    decide(&mut bob, &job, "go", &[("partial", "yes")]).goes_to(&job);
    let end = shows(&mut bob, &job, "id=\"to-batch\"");
    let batch = number(&end);
    let page = bob.get(&format!("/batches/{batch}"));
    for sign in ["lot_7-keys.csv", "lot_7.csv", "keys in clear", "line-keys", "id=\"clear\""] {
        assert!(page.body.contains(sign), "{sign}: {}", page.body);
    }
    assert!(station.events("batch-file-taken").is_empty());
    let keys = bob.get(&format!("/batches/{batch}/files/lot_7-keys.csv"));
    assert_eq!((keys.status, keys.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    assert_eq!(keys.header("content-disposition"), Some("attachment; filename=\"lot_7-keys.csv\""));
    let lines: Vec<&str> = keys.body.lines().collect();
    assert_eq!(lines.len(), 4, "{}", keys.body);
    assert_eq!(lines[1], format!("sn-1;a;{}", derived(&station, &key, "sn-1")));
    assert_eq!(lines[2], format!("SN-3;c;{}", derived(&station, &key, "sn-3")));
    let taken = station.events("batch-file-taken");
    assert_eq!((taken.len(), &taken[0]["file"]), (1, &"lot_7-keys.csv".into()));
    assert_eq!(
        (&taken[0]["actor"]["name"], &taken[0]["batch"]),
        (&"bob".into(), &batch.parse::<u64>().unwrap().into())
    );

    let folder = station.folder().join("exports/batches").join(&batch);
    for file in fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    assert!(uploads(&station).is_empty(), "{:?}", uploads(&station));

    // an auditor sees it and takes nothing along
    let mut cleo = Browser::logged_in(&serving, "cleo");
    let seen = cleo.get(&format!("/batches/{batch}"));
    assert!(seen.body.contains("lot_7-keys.csv") && !seen.body.contains("/files/"), "{}", seen.body);
    assert_eq!(cleo.get(&format!("/batches/{batch}/files/lot_7-keys.csv")).status, 403);

    // only what this batch wrote is handed out
    for name in
        ["lot_7.csv", "..%2F..%2F..%2Fvault.age", "%2e%2e", "station.db", "lot_7-keys.csv%00", ".hidden"]
    {
        assert_eq!(bob.get(&format!("/batches/{batch}/files/{name}")).status, 404, "{name}");
    }
    assert_eq!(bob.get("/batches/999/files/lot_7-keys.csv").status, 404);
    let place = format!("/batches/{batch}");
    bob.fill_in(&place, &format!("{place}/clear"), &[]).goes_to(&place);
    assert!(!folder.exists());
    assert_eq!(bob.get(&format!("/batches/{batch}/files/lot_7-keys.csv")).status, 404);
    assert_eq!(station.events("batch-files-cleared").len(), 1);
    station.ok(&["audit", "verify"]);
}

#[test]
fn a_table_is_imported_whole_or_with_its_good_rows() {
    let (station, _) = with_group();
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    let table = b"serial;mac;hall\nSN-1;02:4c:53:01:00:01;west\n1.23E+11;;west\nSN-2;;east\n";
    let job = job(&upload(&mut bob, &[("kind", "import"), ("product", "")], ("lot.csv", table)));
    let preview = shows(&mut bob, &job, "id=\"preview\"");
    for sign in
        ["serial, mac", "id=\"kept\">hall", "LS-CSV-03", "turned it into a number", "id=\"take-good\""]
    {
        assert!(preview.body.contains(sign), "{sign}: {}", preview.body);
    }
    assert_eq!(station.sqlite("SELECT count(*) FROM announced"), "0");
    // whoever takes all of it, whatever the page offers, gets nothing taken
    decide(&mut bob, &job, "go", &[]).goes_to(&job);
    let end = shows(&mut bob, &job, "id=\"to-batch\"");
    assert!(end.body.contains("Nothing of this file was taken"), "{}", end.body);
    assert_eq!(station.sqlite("SELECT count(*) FROM announced"), "0");
    let batch = number(&end);
    let result = bob.get(&format!("/batches/{batch}/files/lot.csv.result.csv"));
    assert!(
        result.status == 200 && result.body.contains("SN-1;02:4c:53:01:00:01;west;not-taken"),
        "{result:?}"
    );
    assert!(station.events("batch-file-taken").is_empty(), "it holds no keys");

    let mended = result.body.replace("1.23E+11", "SN-3");
    let job = self::job(&upload(&mut bob, &[("kind", "import")], ("lot.csv.result.csv", mended.as_bytes())));
    assert!(shows(&mut bob, &job, "id=\"preview\"").body.contains("id=\"do-it\""));
    decide(&mut bob, &job, "go", &[]).goes_to(&job);
    let end = shows(&mut bob, &job, "id=\"to-batch\"");
    assert!(end.body.contains("Done"), "{}", end.body);
    assert_eq!(station.sqlite("SELECT group_concat(serial) FROM announced"), "SN-1,SN-3,SN-2");
    let german = bob.post("/language", &[("language", "de"), ("place", "/batches")]);
    german.goes_to("/batches");
    let page = bob.get("/batches");
    assert!(page.body.contains("Einlesen") && page.body.contains("Gescheitert"), "{}", page.body);
}

#[test]
fn who_may_not_sends_no_file_and_a_form_from_elsewhere_is_not_read() {
    let (station, _) = with_group();
    let serving = station.serve();
    let ask = [("kind", "derive"), ("group", "line-keys")];
    let table = ("in.csv", &b"registration_id\nsn-1\n"[..]);
    for (name, status) in [("ada", 403), ("cleo", 403)] {
        let mut browser = Browser::logged_in(&serving, name);
        let fields = [&[("csrf", "guessed")], &ask[..]].concat();
        assert_eq!(browser.upload("/batches/upload", &fields, table).status, status, "{name}");
    }
    assert_eq!(station.events("refused").len(), 2, "both are on record");
    let mut bob = Browser::logged_in(&serving, "bob");
    let csrf = bob.get("/batches").csrf();
    let late = [&ask[..], &[("csrf", csrf.as_str())]].concat();
    let wrong = [&[("csrf", "00000000000000000000000000000000")], &ask[..]].concat();
    for fields in [&late[..], &wrong[..], &ask[..], &[]] {
        assert_eq!(bob.upload("/batches/upload", fields, table).status, 409, "{fields:?}");
    }
    let mut stranger = Browser::at(&serving.url);
    stranger.upload("/batches/upload", &[("csrf", &csrf)], table).goes_to("/login");
    assert!(uploads(&station).is_empty(), "{:?}", uploads(&station));
    assert_eq!(Browser::logged_in(&serving, "ada").get("/batches").status, 403);
    let auditor = Browser::logged_in(&serving, "cleo").get("/batches");
    assert!(auditor.status == 200 && !auditor.body.contains("id=\"derive\""), "{}", auditor.body);
}

#[test]
fn what_cannot_be_used_is_told_and_leaves_nothing() {
    let (station, _) = with_group();
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    let ask = [("kind", "derive"), ("group", "line-keys")];

    let csrf = bob.get("/batches").csrf();
    let fields = [&[("csrf", csrf.as_str())], &ask[..]].concat();
    bob.upload_begun("/batches/upload", &fields, 600 * 1024 * 1024).goes_to("/batches");
    assert!(bob.get("/batches").body.contains("LS-CSV-42"));
    for (fields, code) in [
        (&[("kind", "everything")][..], "LS-SET-07"),
        (&[("kind", "derive"), ("group", "../keys")], "LS-SET-06"),
    ] {
        upload(&mut bob, fields, ("in.csv", b"registration_id\nsn-1\n")).goes_to("/batches");
        let page = bob.get("/batches");
        assert!(page.body.contains(code), "{code}: {}", page.body);
    }
    assert!(uploads(&station).is_empty(), "{:?}", uploads(&station));

    // a hostile name is made harmless; a file that is no table is told on its page
    let name = "../../../\"evil\r\nX-Header: 1.csv";
    let job = job(&upload(&mut bob, &ask, (name, b"PK\x03\x04 a spreadsheet")));
    let fault = shows(&mut bob, &job, "id=\"fault\"");
    assert!(fault.body.contains("LS-CSV-01"), "{}", fault.body);
    let folders = uploads(&station);
    assert_eq!(folders.len(), 1, "{folders:?}");
    let inside: Vec<_> = fs::read_dir(&folders[0]).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(inside, ["_22evil_0D_0AX-Header__1.csv"], "{inside:?}");
    decide(&mut bob, &job, "cancel", &[]).goes_to("/batches");
    assert!(uploads(&station).is_empty());
    assert_eq!(bob.get(&job).status, 404);

    // four files wait at most, until somebody decides
    let jobs: Vec<String> =
        (0..4).map(|_| self::job(&upload(&mut bob, &ask, ("in.csv", b"registration_id\nsn-1\n")))).collect();
    upload(&mut bob, &ask, ("in.csv", b"registration_id\nsn-1\n")).goes_to("/batches");
    assert!(bob.get("/batches").body.contains("LS-CSV-41"));
    for job in &jobs {
        shows(&mut bob, job, "id=\"give-up\"");
    }
    decide(&mut bob, &jobs[0], "cancel", &[]).goes_to("/batches");
    self::job(&upload(&mut bob, &ask, ("in.csv", b"registration_id\nsn-1\n")));
    // what nobody decided about is gone once the station starts again
    serving.end();
    assert!(!uploads(&station).is_empty());
    let _serving = station.serve();
    assert!(uploads(&station).is_empty());
    assert!(station.events("batch-started").is_empty());
}

#[test]
fn a_batch_is_watched_and_cancelled_and_is_the_only_one() {
    let (station, _) = with_group();
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    let mut admin = Browser::logged_in(&serving, "admin");
    let rows: String = (0..400_000).map(|row| format!("sn-{row:08},{}\n", "x".repeat(60))).collect();
    let table = format!("registration_id,note\n{rows}");
    let ask = [("kind", "derive"), ("group", "line-keys")];
    let long = job(&upload(&mut bob, &ask, ("long.csv", table.as_bytes())));
    let short = job(&upload(&mut admin, &ask, ("short.csv", b"registration_id\nsn-1\n")));
    shows(&mut bob, &long, "id=\"do-it\"");
    shows(&mut admin, &short, "id=\"do-it\"");
    decide(&mut bob, &long, "go", &[]).goes_to(&long);
    let watched = admin.get(&format!("{long}/progress"));
    assert!(watched.body.contains("<progress") && watched.body.contains("hx-get"), "{}", watched.body);
    decide(&mut admin, &short, "go", &[]).goes_to(&short);
    let refused = admin.get(&short);
    assert!(refused.body.contains("LS-CSV-40") && refused.body.contains("id=\"do-it\""), "{}", refused.body);
    // whoever else may do it cancels it, too
    decide(&mut admin, &long, "cancel", &[]).goes_to(&long);
    let end = shows(&mut bob, &long, "id=\"to-batch\"");
    assert!(end.body.contains("Cancelled"), "{}", end.body);
    let batch = number(&end);
    assert_eq!(station.sqlite(&format!("SELECT state FROM batch WHERE id = {batch}")), "cancelled");
    assert!(!bob.get(&format!("/batches/{batch}")).body.contains("/files/"), "nothing partial is left");
    decide(&mut admin, &short, "go", &[]).goes_to(&short);
    shows(&mut admin, &short, "id=\"to-batch\"");
    // it is not done twice
    decide(&mut admin, &short, "go", &[]).goes_to(&short);
    assert_eq!(station.sqlite("SELECT count(*) FROM batch"), "2");
}

#[test]
fn records_are_exported_from_the_page() {
    let (station, _) = with_group();
    let serving = station.serve();
    let mut bob = Browser::logged_in(&serving, "bob");
    let form = |fields: &[(&'static str, &'static str)]| {
        let usual = [("format", "csv"), ("work_order", ""), ("verdict", ""), ("from", ""), ("until", "")];
        [&usual[..], fields].concat()
    };
    let begun = bob.fill_in("/batches", "/batches/export", &form(&[("columns", "serial, mac")]));
    let end = shows(&mut bob, &job(&begun), "id=\"to-batch\"");
    let batch = number(&end);
    let file = bob.get(&format!("/batches/{batch}/files/devices.csv"));
    assert_eq!((file.status, file.body.as_str()), (200, "serial,mac\n"));
    let record = bob.get(&format!("/batches/{batch}"));
    assert!(record.body.contains("bob") && !record.body.contains("keys in clear"), "{}", record.body);
    let entries = bob.get(&format!("/audit?text=%22batch%22%3A{batch}%2C"));
    assert!(entries.body.contains("Batch begun") && entries.body.contains("Batch ended"), "{}", entries.body);
    bob.fill_in("/batches", "/batches/export", &form(&[("columns", "serial,colour")])).goes_to("/batches");
    assert!(bob.get("/batches").body.contains("LS-CSV-30"));
    let listed = bob.get("/batches");
    assert!(listed.body.contains(&format!("data-batch=\"{batch}\"")), "{}", listed.body);
}
