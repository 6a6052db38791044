//! The order of events as the kernel saw it: what must be on record is durable before what follows from it leaves
//! the program. Watched with strace, so nothing here relies on what the program says of itself.

mod trace;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use x509_cert::Certificate;
use x509_cert::der::Encode;

use self::trace::{Call, first};
use crate::crash::plant::{Device, Kind, Plant};
use crate::crash::{GATEWAY, SENSOR};

/// Shows that the transaction of the write-ahead log that first holds `record` is durable before any of `followers`
/// begins to be written (to this file, or to any). Says where in the trace these two are.
fn durable_before(
    calls: &[Call],
    log: &str,
    record: &[u8],
    followers: &[&[u8]],
    to: Option<&str>,
) -> Result<(usize, usize), String> {
    let recorded = first(calls, Some(log), &[record]).ok_or("the record is never written")?;
    let durable = durable(calls, log, recorded)?;
    let followed = first(calls, to, followers).ok_or("what follows is never written")?;
    if followed < durable {
        let place = match &calls[followed] {
            Call::Write { to, .. } | Call::Sync { of: to } => to,
        };
        return Err(format!(
            "call {followed} writes to {place}, but the record is durable with call {durable}"
        ));
    }
    Ok((durable, followed))
}

/// The sync that makes the transaction durable in which this write to the log is. SQLite writes a frame as a header
/// of 24 bytes and a page; the header of a transaction's last frame holds the database's size in pages.
fn durable(calls: &[Call], log: &str, write: usize) -> Result<usize, String> {
    let mut commits = false;
    let mut committed = None;
    for (at, call) in calls.iter().enumerate() {
        match call {
            Call::Write { to, bytes } if to == log => {
                if commits && at >= write && committed.is_none() {
                    committed = Some(at);
                }
                commits = bytes.len() == 24 && bytes[4..8] != [0; 4];
            }
            Call::Sync { of } if of == log && committed.is_some() => return Ok(at),
            Call::Write { .. } | Call::Sync { .. } => {}
        }
    }
    Err(match committed {
        Some(at) => format!("the transaction that ends with call {at} is never synced"),
        None => "the record's transaction is never committed".to_owned(),
    })
}

/// One device provisioned under strace.
struct Watched {
    plant: Plant,
    calls: Vec<Call>,
    report: Value,
}

impl Watched {
    fn provision(kind: &Kind) -> Watched {
        let plant = Plant::found(kind, 1, 0);
        let file = plant.path("trace");
        let port = plant.devices[0].port.to_str().unwrap().to_owned();
        let strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", trace::CALLS, "-o"];
        let strace = [&strace[..], &[file.to_str().unwrap()]].concat();
        let report = plant.cli_under(&strace, &["provision", "--port", &port, "--product", kind.product]);
        assert_eq!(report["verdict"], "PASS", "{report}");
        let calls = trace::read(&std::fs::read_to_string(file).unwrap());
        Watched { plant, calls, report }
    }

    fn device(&self) -> &Device {
        &self.plant.devices[0]
    }

    /// The database's write-ahead log, and the line to the device.
    fn places(&self) -> (String, String) {
        let folder = self.plant.path("station").canonicalize().unwrap();
        let line = self.device().port.canonicalize().unwrap();
        (folder.join("station.db-wal").to_str().unwrap().to_owned(), line.to_str().unwrap().to_owned())
    }

    /// A trace that lacks the syncs, or has them elsewhere, shows nothing.
    fn fails_without_its_syncs(&self, check: impl Fn(&[Call]) -> Result<(usize, usize), String>) {
        let is_sync = |call: &Call| matches!(call, Call::Sync { .. });
        let unsynced: Vec<Call> = self.calls.iter().filter(|call| !is_sync(call)).cloned().collect();
        check(&unsynced).unwrap_err();
        let syncs = self.calls.iter().filter(|call| is_sync(call));
        check(&syncs.clone().chain(&unsynced).cloned().collect::<Vec<_>>()).unwrap_err();
        check(&unsynced.iter().chain(syncs).cloned().collect::<Vec<_>>()).unwrap_err();
        let mut backwards = self.calls.clone();
        backwards.reverse();
        check(&backwards).unwrap_err();
    }
}

#[test]
fn an_intent_is_durable_before_its_signature_goes_anywhere_and_the_certificate_before_the_device_gets_it() {
    let watched = Watched::provision(&GATEWAY);
    let (log, line) = watched.places();
    let run = watched.plant.cli(&["run", "show", &watched.report["run"].to_string()]);
    let serial = run["certificate"]["serial"].as_str().unwrap();
    let pem = watched.plant.cli(&["ca", "export", serial])["chain_pem"].as_str().unwrap().to_owned();
    let leaf = Certificate::load_pem_chain(pem.as_bytes()).unwrap().swap_remove(0);
    // in DER: a sequence of two integers, of which the first begins within 5 bytes
    let signature = leaf.signature().raw_bytes()[5..37].to_vec();
    let text = BASE64.encode(leaf.to_der().unwrap());
    // the end of it is all signature; PEM breaks it after 64 characters
    let columns: Vec<&str> = pem.split("-----END").next().unwrap().lines().skip(1).collect();
    assert_eq!(columns.concat(), text);
    let digest = run["certificate"]["sha256"].as_str().unwrap();
    let column = columns.iter().rfind(|column| column.len() == 64).unwrap().as_bytes();
    let from_the_signature = [signature.as_slice(), digest.as_bytes(), column];

    let intent = |calls: &[Call]| durable_before(calls, &log, serial.as_bytes(), &from_the_signature, None);
    let (intended, left) = intent(&watched.calls).unwrap();
    let certificate = columns[0].as_bytes();
    let sent = |calls: &[Call]| durable_before(calls, &log, &signature, &[certificate], Some(&line));
    let (recorded, sent_at) = sent(&watched.calls).unwrap();
    assert!(
        intended < left && left < recorded && recorded < sent_at,
        "{intended} {left} {recorded} {sent_at}"
    );
    watched.fails_without_its_syncs(intent);
    watched.fails_without_its_syncs(sent);
}

#[test]
fn the_intent_of_a_derived_key_is_durable_before_the_device_gets_the_key() {
    let watched = Watched::provision(&SENSOR);
    let (log, line) = watched.places();
    let id = watched.device().registration_id.as_str();
    let derived = watched.plant.cli(&["key", "derive", "demo-sensors", id]);
    let key = derived[0]["key"].as_str().unwrap();
    let raw = BASE64.decode(key).unwrap();
    // the registration ID is written for the first time with the intent
    let intent = |calls: &[Call]| durable_before(calls, &log, id.as_bytes(), &[key.as_bytes(), &raw], None);
    let (_, left) = intent(&watched.calls).unwrap();
    assert_eq!(
        first(&watched.calls, Some(&line), &[key.as_bytes()]),
        Some(left),
        "it goes to the device alone"
    );
    watched.fails_without_its_syncs(intent);
}

/// A trace as strace writes it.
fn trace_of(lines: &[&str]) -> Vec<Call> {
    let hex = |text: &str| text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let mut text = String::new();
    for line in lines {
        // between braces stands what strace shows as hexadecimal
        let mut rest = *line;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, after) = after.split_once('}').unwrap();
            text.push_str(&format!("{before}{}", hex(inside)));
            rest = after;
        }
        text.push_str(&format!("{rest}\n"));
    }
    trace::read(&text)
}

const HEADER: &str = r#"7 pwrite64(4<{wal}>, "{page}\x00\x00\x00\x00{sixteen bytes...}", 24, 32) = 24"#;
const RECORD: &str = r#"7 pwrite64(4<{wal}>, "{..record..}", 10, 56) = 10"#;
const COMMIT: &str = r#"7 pwrite64(4<{wal}>, "{page}\x00\x00\x00\x09{sixteen bytes...}", 24, 66) = 24"#;
const PAGE: &str = r#"7 pwrite64(4<{wal}>, "{other page}", 10, 90) = 10"#;
const SYNC: &str = "7 fdatasync(4<{wal}>) = 0";
const FOLLOWS: &str = r#"8 write(5<{line}>, "{secret}", 6) = 6"#;

fn judged(lines: &[&str]) -> Result<(usize, usize), String> {
    durable_before(&trace_of(lines), "wal", b"record", &[b"secret"], None)
}

#[test]
fn a_trace_in_any_other_order_is_not_believed() {
    let right = [HEADER, RECORD, COMMIT, PAGE, SYNC, FOLLOWS];
    assert_eq!(judged(&right), Ok((4, 5)));
    // every place but its own for the sync, and for what follows
    for place in 0..4 {
        let mut early_sync = vec![HEADER, RECORD, COMMIT, PAGE, FOLLOWS];
        early_sync.insert(place, SYNC);
        assert!(judged(&early_sync).unwrap_err().contains("never synced"), "{place}");
    }
    for place in 0..5 {
        let mut early = vec![HEADER, RECORD, COMMIT, PAGE, SYNC];
        early.insert(place, FOLLOWS);
        assert!(judged(&early).unwrap_err().contains("writes to line"), "{place}");
    }
    for missing in [COMMIT, SYNC, RECORD, FOLLOWS] {
        judged(&right.iter().copied().filter(|line| *line != missing).collect::<Vec<_>>()).unwrap_err();
    }
    let elsewhere = "7 fdatasync(6<{database}>) = 0";
    judged(&[HEADER, RECORD, COMMIT, PAGE, elsewhere, FOLLOWS]).unwrap_err();
    let failed = "7 fdatasync(4<{wal}>) = -1 EIO (Input/output error)";
    judged(&[HEADER, RECORD, COMMIT, PAGE, failed, FOLLOWS]).unwrap_err();
}

#[test]
fn a_sync_counts_when_it_has_ended_and_a_write_when_it_has_begun() {
    let begun = "7 fdatasync(4<{wal}> <unfinished ...>";
    let ended = "7 <... fdatasync resumed>) = 0";
    assert_eq!(judged(&[HEADER, RECORD, COMMIT, PAGE, begun, ended, FOLLOWS]), Ok((4, 5)));
    judged(&[HEADER, RECORD, COMMIT, PAGE, begun, FOLLOWS, ended]).unwrap_err();
    judged(&[HEADER, RECORD, COMMIT, PAGE, begun, "7 <... fdatasync resumed>) = -1 EIO (x)", FOLLOWS])
        .unwrap_err();
    let writes = r#"8 write(5<{line}>, "{secret}", 6 <unfinished ...>"#;
    let written = "8 <... write resumed>) = 6";
    judged(&[HEADER, RECORD, COMMIT, PAGE, writes, SYNC, written]).unwrap_err();
    assert_eq!(judged(&[HEADER, RECORD, COMMIT, PAGE, SYNC, writes, written]), Ok((4, 5)));
    // a text in two writes is found where it begins
    let halves = [r#"8 write(5<{line}>, "{sec}", 3) = 3"#, r#"8 write(5<{line}>, "{ret}", 3) = 3"#];
    judged(&[HEADER, RECORD, COMMIT, PAGE, halves[0], SYNC, halves[1]]).unwrap_err();
    assert_eq!(judged(&[HEADER, RECORD, COMMIT, PAGE, SYNC, halves[0], halves[1]]), Ok((4, 5)));
}
