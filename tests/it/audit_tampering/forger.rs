//! Somebody who has the database *and* the vault: rewrites an entry, computes every hash anew and signs the result
//! with the station's own key. Nothing inside the station can tell; what was kept elsewhere can.

use std::fs;
use std::path::Path;

use lineside::domain::secret::Secret;
use lineside::station::clock;
use lineside::store::Store;
use lineside::store::audit::checkpoint::{self, CheckpointKey};
use lineside::vault::Vault;
use rusqlite::Connection;
use serde_json::Value;

use super::merkle::{self, Hash};
use super::{names_entry, newest_checkpoint, plant, problems, verify};
use crate::factory::PASSPHRASE;

/// Puts another person into an entry of the past and makes tree and checkpoints fit; which entry.
fn rewrite(folder: &Path, key: &CheckpointKey) -> u64 {
    let database = folder.join("station.db");
    let connection = Connection::open(&database).unwrap();
    let (seq, text): (u64, String) = connection
        .query_row(
            "SELECT seq, entry FROM audit WHERE json_extract(entry, '$.event') = 'run-finished' ORDER BY seq",
            [],
            |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)),
        )
        .unwrap();
    let mut entry: Value = serde_json::from_str(&text).unwrap();
    entry["actor"]["os_user"] = "somebody else".into();
    connection
        .execute("UPDATE audit SET entry = ?1 WHERE seq = ?2", (entry.to_string(), seq.cast_signed()))
        .unwrap();

    connection.execute_batch("DELETE FROM audit_hash; DELETE FROM checkpoint").unwrap();
    let mut entries = connection.prepare("SELECT entry FROM audit ORDER BY seq").unwrap();
    let entries: Vec<String> = entries.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut stored: Vec<Hash> = Vec::new();
    let mut complete: Vec<Hash> = Vec::new(); // roots of complete subtrees, the largest first
    for (number, entry) in (1_u64..).zip(&entries) {
        complete.push(merkle::leaf(entry.as_bytes()));
        stored.extend(complete.last());
        for _ in 0..number.trailing_zeros() {
            let (right, left) = (complete.pop().unwrap(), complete.pop().unwrap());
            complete.push(merkle::node(left, right));
            stored.extend(complete.last());
        }
    }
    let mut insert = connection.prepare("INSERT INTO audit_hash (idx, hash) VALUES (?1, ?2)").unwrap();
    for (index, hash) in (0_i64..).zip(&stored) {
        insert.execute((index, hash)).unwrap();
    }

    fs::remove_dir_all(folder.join("checkpoints")).unwrap();
    fs::create_dir(folder.join("checkpoints")).unwrap();
    let signed = checkpoint::sign(&Store::open(&database).unwrap(), key, clock::now()).unwrap();
    fs::write(folder.join(format!("checkpoints/{:012}.txt", signed.size)), signed.note).unwrap();
    seq
}

#[test]
fn a_log_rewritten_and_signed_with_the_stations_own_key_is_found_by_a_checkpoint_kept_elsewhere() {
    let station = plant();
    let note = fs::read_to_string(newest_checkpoint(station.folder())).unwrap();
    let note = station.write("elsewhere.txt", &note);
    let vault = Vault::unlock(station.folder(), &Secret::from(PASSPHRASE.to_owned())).unwrap();
    let key = CheckpointKey::load(vault.checkpoint_key().unwrap()).unwrap();
    let seq = rewrite(station.folder(), &key);

    let inside = verify(station.folder(), &[]);
    assert_eq!(inside.exit, 0, "the forgery is perfect as long as one looks inside only: {inside:?}");
    assert!(inside.out.contains("the whole log is only as strong as the vault"), "{}", inside.out);
    let found = problems(station.folder(), &["--checkpoint", &note]);
    let what = found[0]["what"].as_str().unwrap();
    assert!(what.contains("was rewritten") && what.contains("kept elsewhere"), "{what}");
    // one checkpoint tells that something up to it is wrong, not what
    names_entry(&found, 1);
    assert!(seq > 1);
}

#[test]
fn a_log_rewritten_under_a_new_key_is_found_by_a_verifier_key_kept_elsewhere() {
    let station = plant();
    let old = fs::read_to_string(station.folder().join("ca/audit.vkey")).unwrap();
    let origin = station.sqlite("SELECT value FROM meta WHERE key = 'origin'");
    let (private, public) = CheckpointKey::generate(&origin, [9; 32]).unwrap();
    rewrite(station.folder(), &CheckpointKey::load(&private).unwrap());
    fs::write(station.folder().join("ca/audit.vkey"), public).unwrap();

    let inside = verify(station.folder(), &[]);
    assert_eq!(inside.exit, 0, "{inside:?}");
    let vkey = station.write("elsewhere.vkey", &old);
    let found = problems(station.folder(), &["--vkey", &vkey]);
    assert!(found[0]["what"].as_str().unwrap().contains("not signed by this verifier key"), "{found:?}");
}
