use super::super::checkpoint::{self, CheckpointError, CheckpointKey};
use super::super::log::Appender;
use super::*;
use crate::domain::secret::Secret;
use crate::store::testing::{Bench, ORIGIN, actor, at, cert_serial, unit};
use rusqlite::Connection;

struct Evidence {
    bench: Bench,
    key: CheckpointKey,
    skey: Secret,
    /// The checkpoint that left the station, after two devices.
    outside: String,
    size: u64,
}

/// A station with two devices under a checkpoint kept elsewhere, and a third after it.
fn station() -> Evidence {
    let bench = Bench::with_order();
    let (skey, vkey) = CheckpointKey::generate(ORIGIN, [7; 32]).unwrap();
    let key = CheckpointKey::load(&skey).unwrap();
    assert_eq!(key.vkey(), vkey);
    bench.pass(1);
    bench.pass(2);
    let checkpoint = checkpoint::sign(&bench.store, &key, at(10)).unwrap();
    bench.pass(3);
    Evidence { bench, key, skey, outside: checkpoint.note, size: checkpoint.size }
}

impl Evidence {
    fn verify(&self) -> Report {
        let options =
            Options { vkey: Some(self.key.vkey().to_owned()), checkpoints: vec![self.outside.clone()] };
        self.bench.store.read(|reader| verify(reader, &options, &mut |_, _| {})).unwrap()
    }

    /// What is found without anything kept elsewhere.
    fn verify_alone(&self) -> Report {
        let options = Options::default();
        self.bench.store.read(|reader| verify(reader, &options, &mut |_, _| {})).unwrap()
    }

    /// Makes the tree fit whatever the entries are now, and signs it anew with the stolen key.
    fn rehash_and_sign(&self) {
        let mut connection = Connection::open(self.bench.path()).unwrap();
        let texts: Vec<String> = {
            let mut statement = connection.prepare("SELECT entry FROM audit ORDER BY seq").unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let transaction = connection.transaction().unwrap();
        transaction
            .execute_batch("DELETE FROM audit; DELETE FROM audit_hash; DELETE FROM checkpoint")
            .unwrap();
        let reader = Reader::new(&transaction);
        let mut appender = Appender::new(&reader).unwrap();
        for text in texts {
            appender.append_text(&text).unwrap();
        }
        transaction.commit().unwrap();
        let key = CheckpointKey::load(&self.skey).unwrap();
        checkpoint::sign(&self.bench.store, &key, at(11)).unwrap();
    }
}

fn named(report: &Report) -> Vec<Option<u64>> {
    report.problems.iter().map(|problem| problem.seq).collect()
}

fn says(report: &Report, words: &str) -> bool {
    report.problems.iter().any(|problem| problem.what.contains(words))
}

#[test]
fn an_untouched_station_is_sound_and_says_how_far_it_is_covered() {
    let station = station();
    let report = station.verify();
    assert!(report.sound(), "{report:?}");
    assert_eq!(report.covered_until, Some(station.size));
    assert_eq!(report.entries, station.bench.entries());
    assert!(report.signatures_checked && report.entries > station.size);
    // device, run and certificate of three, and the work order
    assert_eq!(report.rows, 10);
    let alone = station.verify_alone();
    assert!(alone.sound() && alone.covered_until.is_none() && alone.root == report.root);
}

#[test]
fn one_changed_byte_names_its_entry() {
    let station = station();
    station.bench.attack("UPDATE audit SET entry = replace(entry, '\"PASS\"', '\"PASs\"') WHERE seq = 7");
    let report = station.verify_alone();
    assert_eq!(named(&report), [Some(7)]);
    assert!(says(&report, "entry 7 is not what was written"), "{report:?}");
}

#[test]
fn a_deleted_entry_is_named() {
    let station = station();
    station.bench.attack("DELETE FROM audit WHERE seq = 5");
    let report = station.verify_alone();
    assert!(says(&report, "entry 5 is missing"), "{report:?}");
    assert!(named(&report).iter().all(|seq| *seq == Some(5) || seq.is_none()), "{report:?}");
}

#[test]
fn a_deleted_entry_with_all_others_moved_up_is_found() {
    let station = station();
    station.bench.attack(
        "DELETE FROM audit WHERE seq = 5;
         UPDATE audit SET seq = -seq WHERE seq > 5; UPDATE audit SET seq = -seq - 1 WHERE seq < 0",
    );
    let report = station.verify_alone();
    assert_eq!(named(&report).first(), Some(&Some(5)));
    assert!(says(&report, "is missing"), "{report:?}");
}

#[test]
fn an_inserted_entry_is_found() {
    let station = station();
    station.bench.attack(
        "UPDATE audit SET seq = -seq WHERE seq > 5; UPDATE audit SET seq = -seq + 1 WHERE seq < 0;
         INSERT INTO audit SELECT 6, entry FROM audit WHERE seq = 3",
    );
    let report = station.verify_alone();
    assert_eq!(named(&report).first(), Some(&Some(6)));
    station.bench.attack("DELETE FROM audit; INSERT INTO audit VALUES (9000000000000, '{}')");
    assert!(!station.verify_alone().sound());
}

#[test]
fn two_swapped_entries_are_both_named() {
    let station = station();
    station.bench.attack(
        "UPDATE audit SET seq = -1 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 8;
         UPDATE audit SET seq = 8 WHERE seq = -1",
    );
    let report = station.verify_alone();
    let entries: Vec<_> = named(&report).into_iter().flatten().collect();
    assert!(entries.contains(&4) && entries.contains(&8), "{report:?}");
}

#[test]
fn a_truncated_log_is_behind_its_checkpoint() {
    let station = station();
    // everything the last entries left behind is taken away as well
    let keep = station.size - 2;
    let hashes = tlog_tiles::tlog::stored_hash_count(keep);
    station.bench.attack(&format!(
        "DELETE FROM audit WHERE seq > {keep}; DELETE FROM audit_hash WHERE idx >= {hashes};
         DELETE FROM checkpoint"
    ));
    let report = station.verify();
    assert!(says(&report, &format!("was cut off: it holds {keep} entries")), "{report:?}");
    let vkey = station.key.vkey();
    let checked = station.bench.store.read(|reader| checkpoint::check(reader, &station.outside, vkey));
    assert!(matches!(checked, Err(CheckpointError::Behind { entries, .. }) if entries == keep));
}

#[test]
fn a_rewritten_rehashed_and_signed_log_does_not_fit_the_checkpoint_kept_elsewhere() {
    let station = station();
    station.bench.attack("UPDATE audit SET entry = replace(entry, '\"ada\"', '\"bob\"') WHERE seq = 6");
    station.rehash_and_sign();
    assert!(station.verify_alone().sound(), "nothing inside the folder tells");
    let report = station.verify();
    assert!(says(&report, "was rewritten"), "{report:?}");
    assert_eq!(report.covered_until, None);
    let vkey = station.key.vkey();
    let checked = station.bench.store.read(|reader| checkpoint::check(reader, &station.outside, vkey));
    assert!(matches!(checked, Err(CheckpointError::Rewritten { .. })));
}

#[test]
fn the_signer_refuses_a_log_that_does_not_continue_what_it_signed() {
    let station = station();
    let hash = tlog_tiles::tlog::stored_hash_index(0, 0);
    station.bench.attack(&format!("UPDATE audit_hash SET hash = zeroblob(32) WHERE idx >= {hash}"));
    let refused = checkpoint::sign(&station.bench.store, &station.key, at(12));
    assert!(matches!(refused, Err(CheckpointError::Rewritten { .. })), "{refused:?}");
}

#[test]
fn a_changed_node_of_the_tree_is_found() {
    let station = station();
    station.bench.attack("UPDATE audit_hash SET hash = zeroblob(32) WHERE idx = 2");
    let report = station.verify_alone();
    assert!(says(&report, "above entry 2"), "{report:?}");
    station.bench.attack("DELETE FROM audit_hash WHERE idx = (SELECT max(idx) FROM audit_hash)");
    assert!(!station.verify_alone().sound());
}

#[test]
fn changed_deleted_and_added_rows_are_named() {
    let serial = cert_serial(1).to_string();
    for (attack, words) in [
        (
            format!("UPDATE certificate SET not_after = not_after + 1 WHERE serial = '{serial}'"),
            "is not as entry",
        ),
        (
            format!("UPDATE certificate SET state = 'issued', revoked_at = 5 WHERE serial = '{serial}'"),
            "is not as entry",
        ),
        (format!("DELETE FROM certificate WHERE serial = '{serial}'"), "is gone; entry"),
        (
            format!("UPDATE certificate SET serial = '{}' WHERE serial = '{serial}'", cert_serial(99)),
            "is not in the log",
        ),
    ] {
        let station = station();
        station.bench.attack(&attack);
        let report = station.verify_alone();
        assert!(says(&report, words) && says(&report, "certificate/"), "{attack}: {report:?}");
    }
    for (attack, words) in [
        ("UPDATE device SET mac = '02:00:00:00:00:77' WHERE id = 2", "device/2 is not as entry"),
        ("UPDATE run SET verdict = 'FAIL' WHERE id = 2", "run/2 is not as entry"),
        ("UPDATE work_order SET quantity = 500", "work_order/lot-1 is not as entry"),
        (
            "INSERT INTO work_order_serial (work_order, serial_folded) VALUES ('lot-1', 'x')",
            "serial numbers of work_order/lot-1",
        ),
        (
            "INSERT INTO person VALUES ('eve', 'administrator', 'x', 0, 1, NULL)",
            "person/eve is not in the log",
        ),
        ("UPDATE public_key SET device = 3 WHERE device = 1", "public key of certificate/"),
        ("UPDATE product SET text = text || ' '", "content of product/"),
        ("DELETE FROM product", "is gone, which run/1 and 2 others followed"),
        ("DELETE FROM profile", "is gone, which certificate/"),
        ("UPDATE meta SET value = 'other' WHERE key = 'origin'", "does not begin the log"),
        ("UPDATE checkpoint SET note = 'x'", "is not good"),
    ] {
        let station = station();
        station.bench.attack(attack);
        let report = station.verify_alone();
        assert!(says(&report, words), "{attack}: {report:?}");
    }
}

#[test]
fn a_certificate_swapped_together_with_its_digest_is_found() {
    let station = station();
    station.bench.attack("UPDATE certificate SET der = x'00' WHERE device = 1");
    assert!(says(&station.verify_alone(), "does not have the digest on record"));
    let digest = Digest::of(&[0]);
    station.bench.attack(&format!("UPDATE certificate SET sha256 = '{digest}' WHERE device = 1"));
    let report = station.verify_alone();
    assert!(says(&report, "is not as entry") && !says(&report, "digest on record"), "{report:?}");
}

#[test]
fn notes_of_other_keys_and_logs_are_not_taken() {
    let station = station();
    let (_, other) = CheckpointKey::generate(ORIGIN, [8; 32]).unwrap();
    let checked = station.bench.store.read(|reader| checkpoint::check(reader, &station.outside, &other));
    assert!(matches!(checked, Err(CheckpointError::SignatureWrong)));
    let options = Options { vkey: Some(other), checkpoints: vec![station.outside.clone()] };
    let report = station.bench.store.read(|reader| verify(reader, &options, &mut |_, _| {})).unwrap();
    assert!(says(&report, "not signed by this verifier key") && report.covered_until.is_none());
    let (skey, _) = CheckpointKey::generate("another/log", [7; 32]).unwrap();
    let stranger = CheckpointKey::load(&skey).unwrap();
    let refused = checkpoint::sign(&station.bench.store, &stranger, at(12));
    assert!(matches!(refused, Err(CheckpointError::OtherOrigin { .. })));
    for bad in ["", "PRIVATE+KEY+a+00000000+AQ==", "x+y"] {
        assert!(CheckpointKey::load(&Secret::from(bad.to_owned())).is_err(), "{bad}");
    }
}

#[test]
fn a_checkpoint_without_news_is_the_last_one() {
    let station = station();
    let one = checkpoint::sign(&station.bench.store, &station.key, at(20)).unwrap();
    let two = checkpoint::sign(&station.bench.store, &station.key, at(30)).unwrap();
    assert_eq!(one, two);
    assert_eq!(one.size, station.bench.entries());
    let latest = station.bench.store.read(checkpoint::latest).unwrap().unwrap();
    assert_eq!(latest, (one.size, at(20), one.note));
}

#[test]
fn many_problems_are_counted_and_not_all_named() {
    let station = station();
    for _ in 0..300 {
        station
            .bench
            .store
            .change::<_, StoreError>(&actor(), at(9), |change| {
                change.record(crate::domain::audit_event::AuditEvent::VaultUnlocked);
                Ok(())
            })
            .unwrap();
    }
    station.bench.attack("UPDATE audit SET entry = entry || ' '");
    let report = station.verify_alone();
    assert_eq!(report.problems.len(), MOST_PROBLEMS);
    assert!(report.further_problems > 100);
}

#[test]
fn a_unit_is_found_in_the_entries_that_speak_of_it() {
    use super::super::proof::{self, ProofError};
    let station = station();
    let read = &station.bench.store;
    let entries = read.read(|reader| proof::entries_of_device(reader, 2)).unwrap();
    let texts: Vec<String> = entries
        .iter()
        .map(|seq| read.read(|reader| super::super::log::entry(reader, *seq)).unwrap().unwrap())
        .collect();
    assert_eq!(texts.len(), 3, "intent, certificate, verdict");
    let other = unit(1).identity.registration_id.to_string();
    assert!(texts.iter().all(|text| !text.contains(&other)));
    for seq in entries {
        let proof = read.read(|reader| proof::inclusion(reader, seq)).unwrap();
        proof.check(station.key.vkey()).unwrap();
        assert!(proof.to_text().starts_with(&format!("c2sp.org/tlog-proof@v1\nindex {}\n", seq - 1)));
        assert!(proof.to_text().ends_with(&format!("\n\n{}", station.outside)));
        let mut forged = proof.clone();
        forged.entry.push(' ');
        assert!(matches!(forged.check(station.key.vkey()), Err(ProofError::Wrong { .. })));
    }
    let last = station.bench.entries();
    let early = read.read(|reader| proof::inclusion(reader, last));
    assert!(matches!(early, Err(ProofError::NotSigned { signed, .. }) if signed == station.size));
    let unknown = read.read(|reader| proof::inclusion(reader, last + 1));
    assert!(matches!(unknown, Err(ProofError::Unknown { .. })));
}
