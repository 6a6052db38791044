//! Tampering with the records, as somebody with the file and the sqlite3 shell would: whatever they change,
//! `lineside audit verify` finds it and names it; what somebody with the vault itself can forge is found by what
//! was kept elsewhere.

mod forger;
pub mod merkle;
mod outside;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::factory::bench::Bench;
use crate::factory::process::{self, Ended};
use crate::factory::{self, Station};

/// A station that has provisioned two devices, issued a CRL and signed a checkpoint over all of it.
fn plant() -> Station {
    let station = Station::found();
    let bench = Bench::plug(&station, 2, "GW", &[]);
    for port in &bench.ports {
        station.ok(&["provision", "--port", port.to_str().unwrap(), "--product", "demo-gateway"]);
    }
    station.ok(&["ca", "crl"]);
    station.ok(&["audit", "checkpoint"]);
    station
}

/// The checkpoint the station signed last, as a file to be kept elsewhere.
fn newest_checkpoint(folder: &Path) -> PathBuf {
    let notes = fs::read_dir(folder.join("checkpoints")).unwrap().map(|entry| entry.unwrap().path());
    notes.max().expect("a checkpoint was signed")
}

/// `audit verify` over a folder, without any passphrase.
fn verify(folder: &Path, words: &[&str]) -> Ended {
    let mut command = factory::lineside();
    command.args(["audit", "verify"]).arg(folder).args(words);
    process::run(command)
}

/// It must find something; the problems as JSON, and that the text for a person says the same.
fn problems(folder: &Path, words: &[&str]) -> Vec<Value> {
    let text = verify(folder, words);
    text.is_refused(1, "LS-AUDIT-01");
    assert!(text.out.trim_end().ends_with("NOT SOUND"), "{text:?}");
    let json = verify(folder, &[words, &["--json"]].concat());
    json.is_refused(1, "LS-AUDIT-01");
    let report: Value = serde_json::from_str(&json.out).expect("one JSON document");
    assert_eq!(report["sound"], false);
    let found = report["problems"].as_array().unwrap().clone();
    for problem in &found {
        let what = problem["what"].as_str().unwrap();
        assert!(text.out.contains(what), "{what:?} is not in {}", text.out);
    }
    found
}

/// Some problem must concern this entry.
fn names_entry(found: &[Value], seq: u64) {
    assert!(found.iter().any(|problem| problem["seq"] == seq), "entry {seq} is not named: {found:?}");
}

/// Does something to a copy of the database in the sqlite3 shell and returns what is found.
fn tampered(station: &Station, name: &str, sql: &str) -> Vec<Value> {
    let copy = station.copy(name);
    factory::sqlite(&copy, sql);
    let found = problems(&copy, &[]);
    fs::remove_dir_all(copy).unwrap();
    found
}

fn size(station: &Station) -> u64 {
    station.sqlite("SELECT max(seq) FROM audit").parse().unwrap()
}

#[test]
fn an_untouched_log_is_sound_and_says_how_far_it_is_covered() {
    let station = plant();
    let alone = verify(station.folder(), &[]);
    assert_eq!(alone.exit, 0, "{alone:?}");
    assert!(alone.out.contains("by no checkpoint kept elsewhere"), "{}", alone.out);
    let note = newest_checkpoint(station.folder());
    let (note, size) = (note.to_str().unwrap(), size(&station));
    let covered = verify(station.folder(), &["--checkpoint", note]);
    assert_eq!(covered.exit, 0, "{covered:?}");
    assert!(covered.out.contains(&format!("entries up to {size} by a checkpoint")), "{}", covered.out);
    assert!(covered.out.contains("only as strong as the vault"), "{}", covered.out);
}

#[test]
fn one_changed_byte_of_any_entry_is_found_and_the_entry_named() {
    let station = plant();
    let size = size(&station);
    let mut tried = 0;
    for seq in [1, 2, size / 2, size - 1, size] {
        let length: u64 =
            station.sqlite(&format!("SELECT length(entry) FROM audit WHERE seq = {seq}")).parse().unwrap();
        for at in [1, 2, length / 2, length - 1, length] {
            let found = tampered(
                &station,
                "changed",
                &format!(
                    "UPDATE audit SET entry = substr(entry, 1, {at} - 1)
                         || char(unicode(substr(entry, {at}, 1)) + 1) || substr(entry, {at} + 1)
                     WHERE seq = {seq}"
                ),
            );
            names_entry(&found, seq);
            let what = format!("entry {seq} is not what was written");
            assert!(found.iter().any(|problem| problem["what"] == what.as_str()), "{seq} {at}: {found:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 25);
}

#[test]
fn deleted_inserted_swapped_and_cut_off_entries_are_found() {
    let station = plant();
    let size = size(&station);
    let middle = size / 2;
    for seq in [1, middle, size] {
        let found = tampered(&station, "deleted", &format!("DELETE FROM audit WHERE seq = {seq}"));
        names_entry(&found, seq);
    }
    for seq in [1, middle, size + 1] {
        let found = tampered(
            &station,
            "inserted",
            &format!(
                "UPDATE audit SET seq = -seq WHERE seq >= {seq};
                 UPDATE audit SET seq = 1 - seq WHERE seq < 0;
                 INSERT INTO audit SELECT {seq}, entry FROM audit WHERE seq = 4"
            ),
        );
        names_entry(&found, seq);
    }
    for (one, other) in [(1, 2), (middle, size), (size - 1, size)] {
        let found = tampered(
            &station,
            "swapped",
            &format!(
                "UPDATE audit SET seq = -1 WHERE seq = {one};
                 UPDATE audit SET seq = {one} WHERE seq = {other};
                 UPDATE audit SET seq = {other} WHERE seq = -1"
            ),
        );
        names_entry(&found, one);
        names_entry(&found, other);
    }
    let found = tampered(&station, "cut", &format!("DELETE FROM audit WHERE seq > {middle}"));
    names_entry(&found, middle + 1);
}

#[test]
fn a_log_cut_off_with_its_hashes_and_checkpoints_is_found_by_a_checkpoint_kept_elsewhere() {
    let station = plant();
    let size = size(&station);
    let note = fs::read_to_string(newest_checkpoint(station.folder())).unwrap();
    let note = station.write("elsewhere.txt", &note);
    // the last entry, which vouches for a row of its own: the attacker takes that along
    let last = station.sqlite("SELECT json_extract(entry, '$.event') FROM audit ORDER BY seq DESC LIMIT 1");
    assert_eq!(last, "vault-unlocked", "the passphrase for the checkpoint is the last entry");
    let kept = merkle::stored_hashes(size - 1);
    factory::sqlite(
        station.folder(),
        &format!(
            "DELETE FROM audit WHERE seq = {size}; DELETE FROM checkpoint;
             DELETE FROM audit_hash WHERE idx >= {kept}"
        ),
    );
    let alone = verify(station.folder(), &[]);
    assert_eq!(alone.exit, 0, "nothing inside can tell: {alone:?}");
    let found = problems(station.folder(), &["--checkpoint", &note]);
    names_entry(&found, size);
    assert!(found[0]["what"].as_str().unwrap().contains("was cut off"), "{found:?}");
}

#[test]
fn a_changed_or_missing_row_is_found_and_named() {
    let station = plant();
    let serial = station.sqlite("SELECT serial FROM certificate WHERE run = 1");
    let order = station.sqlite("SELECT work_order FROM run WHERE id = 1");
    let certificate = format!("certificate/{serial}");
    let work_order = format!("work_order/{order}");
    let der = station.sqlite("SELECT hex(der) FROM certificate WHERE run = 1");
    let other_der = format!("UPDATE certificate SET der = x'31{}' WHERE run = 1", &der[2..]);
    let changes = [
        ("UPDATE certificate SET not_after = not_after + 1 WHERE run = 1", certificate.as_str()),
        (
            "UPDATE certificate SET state = 'revoked', revoked_at = 1, reason = 'x' WHERE run = 1",
            &certificate,
        ),
        (other_der.as_str(), &certificate),
        ("UPDATE certificate SET registration_id = 'x' WHERE run = 1", &certificate),
        ("DELETE FROM certificate WHERE run = 1", &certificate),
        ("UPDATE device SET mac = '02:00:00:00:00:01' WHERE id = 1", "device/1"),
        ("UPDATE device SET state = 'released' WHERE id = 1", "device/1"),
        ("DELETE FROM device WHERE id = 2", "device/2"),
        (
            "INSERT INTO device SELECT 99, 'X', 'x', NULL, 'x', 'x', state, created FROM device WHERE id = 1",
            "device/99",
        ),
        ("UPDATE run SET person = 'somebody else' WHERE id = 2", "run/2"),
        ("UPDATE run SET verdict = 'FAIL' WHERE id = 1", "run/1"),
        ("DELETE FROM run WHERE id = 1", "run/1"),
        ("UPDATE person SET role = 'auditor'", "person/admin"),
        ("UPDATE person SET password = 'x'", "person/admin"),
        ("UPDATE work_order SET quantity = quantity + 1", &work_order),
        ("UPDATE work_order SET released_by = 'x'", &work_order),
        ("UPDATE outbox SET body = replace(body, 'gw-', 'gx-') WHERE id = 1", "outbox/1"),
        ("UPDATE outbox SET state = 'cancelled' WHERE id = 2", "outbox/2"),
        ("UPDATE crl SET next_update = next_update + 1 WHERE number = 2", "crl/2"),
        ("DELETE FROM secret_check WHERE name = 'issuing-key'", "secret_check/issuing-key"),
        ("UPDATE product SET text = text || ' '", "product/"),
        ("UPDATE profile SET text = text || ' '", "profile/"),
        ("UPDATE public_key SET device = 2 WHERE device = 1", &certificate),
    ];
    for (sql, name) in changes {
        let found = tampered(&station, "row", sql);
        let named = found.iter().any(|problem| problem["what"].as_str().unwrap().contains(name));
        assert!(named, "{sql}: {name} is not named in {found:?}");
    }
}

#[test]
fn a_rolled_back_database_is_not_served_nor_issued_from_and_is_found() {
    let station = Station::found();
    let outside = station.beside("records");
    fs::create_dir(&outside).unwrap();
    station.set(
        "# checkpoint_copies = \"/mnt/records\"",
        &format!("checkpoint_copies = \"{}\"", outside.display()),
    );
    station.sqlite("PRAGMA wal_checkpoint(TRUNCATE)");
    let older = station.copy("older").join("station.db");
    let bench = Bench::plug(&station, 1, "GW", &[]);
    station.ok(&["provision", "--port", bench.port(), "--product", "demo-gateway"]);
    station.ok(&["audit", "checkpoint"]);
    let newest = size(&station);
    let note = fs::read_to_string(newest_checkpoint(station.folder())).unwrap();
    let note = station.write("elsewhere.txt", &note);

    for file in ["station.db", "station.db-wal", "station.db-shm"] {
        // the last two are there only while somebody has the database open
        let _ = fs::remove_file(station.folder().join(file));
    }
    fs::copy(older, station.folder().join("station.db")).unwrap();
    let held = size(&station);
    assert!(held < newest, "{held} {newest}");

    let said = station.refused(1, "LS-AUDIT-02", &["serve", "--listen", "127.0.0.1:0"]);
    assert!(said.contains(&format!("holds {held} entries")), "{said}");
    station.refused(1, "LS-AUDIT-02", &["provision", "--port", bench.port(), "--product", "demo-gateway"]);
    station.refused(1, "LS-AUDIT-02", &["audit", "checkpoint"]);
    assert_eq!(station.sqlite("SELECT count(*) FROM run"), "0", "nothing was issued");
    let found = problems(station.folder(), &["--checkpoint", &note]);
    assert!(found[0]["what"].as_str().unwrap().contains("was cut off"), "{found:?}");

    // the attacker takes the station's own checkpoints along; the copies elsewhere still tell
    fs::remove_dir_all(station.folder().join("checkpoints")).unwrap();
    station.refused(1, "LS-AUDIT-02", &["serve", "--listen", "127.0.0.1:0"]);

    // and once other entries stand where the lost ones stood, it is another log
    for number in 0.. {
        if size(&station) > newest {
            break;
        }
        let name = format!("person-{number}");
        let password = station.beside("password");
        let password = password.to_str().unwrap();
        station.ok(&["user", "add", &name, "--role", "auditor", "--password-file", password]);
    }
    station.refused(1, "LS-AUDIT-01", &["serve", "--listen", "127.0.0.1:0"]);
    let found = problems(station.folder(), &["--checkpoint", &note]);
    assert!(found[0]["what"].as_str().unwrap().contains("was rewritten"), "{found:?}");
}
