//! Announced devices in the records: when they count, how they are read, and how an import that came to nothing goes.

use super::canonical::RowsDigest;
use super::contradiction::{Contradiction, Respect, of_claim};
use super::keys::{Key, KeyKind};
use super::writing::{self, NewRow};
use super::*;
use crate::domain::audit_event::AuditEvent;
use crate::domain::batch::{BatchKind, BatchState};
use crate::store::batches::{self, Ended, NewBatch};
use crate::store::devices::standing::Claim;
use crate::store::testing::{Bench, actor, at, unit};

fn begin(bench: &Bench) -> u64 {
    let asked = serde_json::json!({});
    let new = NewBatch {
        kind: BatchKind::Import,
        input: "in.csv",
        output: "",
        input_digest: None,
        asked: &asked,
        work_order: None,
        person: "ada",
    };
    bench.store.change(&actor(), at(5), |change| batches::begin(change, &new)).unwrap()
}

fn row(line: u64, serial: &str, mac: Option<&str>, extra: &[&str]) -> NewRow {
    let extra = serde_json::Value::from(extra).to_string();
    NewRow { line, serial: Some(serial.to_owned()), mac: mac.map(str::to_owned), extra, ..NewRow::default() }
}

fn write(bench: &Bench, batch: u64, rows: &[NewRow]) -> RowsDigest {
    let first = bench.store.read(writing::next_id).unwrap();
    writing::write_rows(&bench.store, batch, first, rows).unwrap();
    let (mut keys, mut digest) = (Vec::new(), RowsDigest::default());
    for (id, row) in (first..).zip(rows) {
        digest.add(&row.as_row());
        Key::each(&row.as_row(), |_, key| keys.push((key.start, id)));
    }
    keys.sort_unstable();
    writing::write_keys(&bench.store, &keys).unwrap();
    digest
}

fn end(bench: &Bench, batch: u64, state: BatchState, rows: RowsDigest) -> Result<(), StoreError> {
    let code = (state == BatchState::Failed).then_some(crate::domain::code::Code::Interrupted);
    let ended = Ended { state, good: 0, refused: 0, code, input_digest: None, output_digest: None };
    bench.store.change(&actor(), at(6), |change| {
        if state == BatchState::Done {
            writing::vouch(change, batch, &["Site", "note"], rows.rows(), &rows.finish())?;
        }
        batches::end(change, batch, &ended)
    })
}

fn all(bench: &Bench, filter: &Filter<'_>) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    bench
        .store
        .read(|reader| {
            each(reader, filter, |row| {
                found.push((row.line, row.serial.map(String::from).unwrap_or_default()));
                Ok::<_, StoreError>(())
            })
        })
        .unwrap();
    found
}

#[test]
fn rows_count_once_their_batch_is_done_and_are_read_in_order() {
    let bench = Bench::new();
    let batch = begin(&bench);
    let digest = write(&bench, batch, &[row(2, "SN-1", None, &["x", ""]), row(3, "SN-2", None, &["", "y"])]);
    assert!(all(&bench, &Filter::default()).is_empty());
    let (serial, id): (SerialNumber, RegistrationId) = ("sn-1".parse().unwrap(), "a".parse().unwrap());
    assert!(bench.store.read(|r| of_device(r, &serial, &id)).unwrap().is_empty());
    end(&bench, batch, BatchState::Done, digest).unwrap();
    let rows = [(2, "SN-1".to_owned()), (3, "SN-2".to_owned())];
    assert_eq!(all(&bench, &Filter::default()), rows);
    assert_eq!(all(&bench, &Filter { after: 1, ..Filter::default() }), rows[1..]);
    assert_eq!(all(&bench, &Filter { most: Some(1), ..Filter::default() }), rows[..1]);
    assert!(all(&bench, &Filter { batch: Some(9), ..Filter::default() }).is_empty());
    let cells = bench.store.read(|r| cells_of(r, &serial, &id, &["site", "SITE", "note", "none"])).unwrap();
    let expected = [("SITE", "x"), ("site", "x")].map(|(name, cell)| (name.to_owned(), cell.to_owned()));
    assert_eq!(cells.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(bench.store.read(|r| names(r, batch)).unwrap(), ["Site", "note"]);
    let late = writing::write_rows(&bench.store, batch, 9, &[row(4, "SN-3", None, &[])]);
    assert!(matches!(late, Err(StoreError::Conflict { .. })), "a batch that has ended takes no more");
}

#[test]
fn what_came_to_nothing_goes_with_its_keys_and_nothing_else_does() {
    let bench = Bench::new();
    let first = begin(&bench);
    let kept = write(&bench, first, &[row(2, "SN-1", None, &[])]);
    end(&bench, first, BatchState::Done, kept).unwrap();
    let second = begin(&bench);
    let rows: Vec<NewRow> = (2..80).map(|line| row(line, &format!("X{line}"), None, &[])).collect();
    let digest = write(&bench, second, &rows);
    let begins = bench.store.read(|r| writing::first_row(r, second)).unwrap();
    assert_eq!(begins, Some(2));
    let looked = writing::remove_keys(&bench.store, second, 2, (i64::MIN, i64::MIN)).unwrap();
    assert_eq!(writing::remove_keys(&bench.store, second, 2, looked.unwrap()).unwrap(), None);
    assert!(writing::remove_rows(&bench.store, second, 2).unwrap());
    assert!(!writing::remove_rows(&bench.store, second, 2).unwrap());
    end(&bench, second, BatchState::Failed, digest).unwrap();
    assert!(writing::remove_rows(&bench.store, first, 1).is_err(), "what is done stays");
    assert!(writing::remove_keys(&bench.store, first, 1, (i64::MIN, i64::MIN)).is_err());
    let count =
        |table: &str| bench.store.read(|r| r.count(&format!("SELECT count(*) FROM {table}"), [])).unwrap();
    assert_eq!((count("announced"), count("announced_key")), (1, 1));
    assert_eq!(bench.store.read(writing::next_id).unwrap(), 2);
}

#[test]
fn a_key_is_a_hint_and_the_row_decides() {
    let bench = Bench::new();
    let batch = begin(&bench);
    let one = unit(1);
    let mac = one.mac.to_string();
    let digest = write(&bench, batch, &[row(2, "SN-9", Some(&mac), &[]), row(3, "other", None, &[])]);
    // as if another serial number had the same start
    let start = Key::of(KeyKind::Serial, one.serial.folded().as_bytes()).start;
    writing::write_keys(&bench.store, &[(start, 2), (start, 77)]).unwrap();
    end(&bench, batch, BatchState::Done, digest).unwrap();
    let found = |claim: &Claim<'_>| bench.store.read(|r| of_claim(r, claim, None)).unwrap();
    let claim = Claim { serial: &one.serial, mac: Some(&one.mac), identity: &one.identity };
    let alarm = found(&claim).expect("the MAC is announced for SN-9");
    let Contradiction::Others { respect, owner, line, .. } = &alarm else { panic!("{alarm}") };
    assert_eq!((*respect, owner.as_str(), *line), (Respect::Key(KeyKind::Mac), "SN-9", 2));
    assert!(matches!(alarm.alarm(), Some(AuditEvent::AnnouncementAlarm(_))));
    assert_eq!(found(&Claim { mac: None, ..claim }), None);
}
