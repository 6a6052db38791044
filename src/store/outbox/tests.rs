use super::settle::{conflict, failed, park, retry, sent};
use super::*;
use crate::store::testing::{Bench, actor, at};

fn id(text: &str) -> RegistrationId {
    text.parse().unwrap()
}

fn queued(bench: &Bench, name: &str, operation: Operation, second: i64) -> u64 {
    let registration_id = id(name);
    let queued = Queued { registration_id: &registration_id, operation, run: None, body: "{}" };
    bench.store.change(&actor(), at(second), |change| queue(change, &queued)).unwrap()
}

fn due_ids(bench: &Bench, second: i64) -> Vec<u64> {
    let rows = bench.store.read(|reader| due(reader, at(second), 10)).unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn state(bench: &Bench, row: u64) -> OutboxState {
    bench.store.read(|reader| get(reader, row)).unwrap().unwrap().state
}

#[test]
fn operations_on_one_enrollment_never_overtake_each_other() {
    let bench = Bench::new();
    let disable = queued(&bench, "a", Operation::Disable, 1);
    let create = queued(&bench, "a", Operation::Create, 2);
    let other = queued(&bench, "b", Operation::Create, 3);
    assert_eq!(due_ids(&bench, 0), Vec::<u64>::new());
    assert_eq!(due_ids(&bench, 9), [disable, other]);
    failed(&bench.store, disable, at(100), Some(Code::CloudUnreachable), "no route").unwrap();
    assert_eq!(due_ids(&bench, 9), [other]);
    bench.store.change(&actor(), at(10), |change| sent(change, disable, "disabled")).unwrap();
    assert_eq!(due_ids(&bench, 10), [create, other]);
}

#[test]
fn an_attempt_in_vain_is_kept_in_the_books_only() {
    let bench = Bench::new();
    let row = queued(&bench, "a", Operation::Create, 1);
    let entries = bench.entries();
    failed(&bench.store, row, at(30), Some(Code::CloudThrottled), "429").unwrap();
    assert_eq!(bench.entries(), entries);
    let kept = bench.store.read(|reader| get(reader, row)).unwrap().unwrap();
    assert_eq!((kept.attempts, kept.next_try, kept.last_code), (1, at(30), Some(Code::CloudThrottled)));
    let report = bench
        .store
        .read(|reader| crate::store::audit::verify::verify(reader, &Default::default(), &mut |_, _| {}))
        .unwrap();
    assert!(report.sound(), "{report:?}");
}

#[test]
fn disabling_cancels_what_was_not_sent_and_nothing_else() {
    let bench = Bench::new();
    let gone = queued(&bench, "a", Operation::Create, 1);
    bench.store.change(&actor(), at(2), |change| sent(change, gone, "made")).unwrap();
    let waiting = queued(&bench, "a", Operation::Create, 3);
    let other = queued(&bench, "b", Operation::Create, 3);
    let disable = queued(&bench, "a", Operation::Disable, 4);
    let states = [gone, waiting, other, disable].map(|row| state(&bench, row));
    let expected = [OutboxState::Sent, OutboxState::Cancelled, OutboxState::Waiting, OutboxState::Waiting];
    assert_eq!(states, expected);
    assert!(bench.store.change(&actor(), at(5), |change| sent(change, waiting, "late")).is_err());
    assert!(failed(&bench.store, waiting, at(9), None, "late").is_err());
}

#[test]
fn what_a_person_must_decide_waits_until_it_is_retried() {
    let bench = Bench::new();
    let one = queued(&bench, "a", Operation::Create, 1);
    let two = queued(&bench, "b", Operation::Create, 2);
    let three = queued(&bench, "c", Operation::Create, 3);
    let clash = Some(Code::EnrollmentConflict);
    bench.store.change(&actor(), at(4), |change| conflict(change, one, "other key", clash)).unwrap();
    bench.store.change(&actor(), at(4), |change| park(change, two, "400", None)).unwrap();
    assert_eq!(due_ids(&bench, 9), [three]);
    let depth = bench.store.read(depth).unwrap();
    assert_eq!(depth, Depth { waiting: 1, conflict: 1, parked: 1, oldest: Some(at(3)) });
    let listed = bench.store.read(|reader| list(reader, Some(OutboxState::Parked), 9, None)).unwrap();
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [two]);
    assert_eq!(bench.store.change(&actor(), at(5), |change| retry(change, Some(one))).unwrap(), 1);
    assert_eq!(bench.store.change(&actor(), at(6), |change| retry(change, None)).unwrap(), 1);
    assert_eq!(bench.store.change(&actor(), at(7), |change| retry(change, None)).unwrap(), 0);
    assert_eq!(due_ids(&bench, 9).len(), 3);
}

#[test]
fn a_retry_of_many_rows_fits_its_entries() {
    let bench = Bench::new();
    bench
        .store
        .change::<_, StoreError>(&actor(), at(1), |change| {
            for n in 0..1500 {
                let registration_id = id(&format!("unit-{n}"));
                let (operation, run) = (Operation::Create, None);
                let row = Queued { registration_id: &registration_id, operation, run, body: "{}" };
                let row = queue(change, &row)?;
                park(change, row, "400", None)?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(bench.store.change(&actor(), at(2), |change| retry(change, None)).unwrap(), 1500);
}
