use super::decide::{amend, cancel, hasten, release, release_some};
use super::settle::{conflict, failed, park, sent, sent_all_the_same};
use super::*;
use crate::domain::product::Credential;
use crate::domain::verdict::Verdict;
use crate::store::testing::{Bench, actor, at, unit};

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

fn sound(bench: &Bench) -> bool {
    let verified = bench
        .store
        .read(|reader| crate::store::audit::verify::verify(reader, &Default::default(), &mut |_, _| {}));
    verified.unwrap().sound()
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
fn a_row_that_waits_for_a_person_holds_back_what_came_after_it() {
    for decide in [park, conflict] {
        let bench = Bench::new();
        let disable = queued(&bench, "a", Operation::Disable, 1);
        bench.store.change(&actor(), at(2), |change| decide(change, disable, "no", None)).unwrap();
        let create = queued(&bench, "a", Operation::Create, 3);
        let other = queued(&bench, "b", Operation::Create, 3);
        assert_eq!(due_ids(&bench, 9), [other]);
        let holder = |row| {
            let row = bench.store.read(|reader| get(reader, row)).unwrap().unwrap();
            bench.store.read(|reader| held_by(reader, &row)).unwrap().map(|older| older.id)
        };
        assert_eq!([disable, create, other].map(holder), [None, Some(disable), None]);
        bench.store.change(&actor(), at(4), |change| release(change, disable, None)).unwrap();
        assert_eq!(due_ids(&bench, 9), [other, disable]);
        bench.store.change(&actor(), at(5), |change| sent(change, disable, "disabled")).unwrap();
        assert_eq!(due_ids(&bench, 9), [create, other]);
        assert_eq!(holder(create), None);
    }
}

#[test]
fn the_clouds_wish_for_patience_lasts_as_long_as_it_asked() {
    let bench = Bench::new();
    let row = queued(&bench, "a", Operation::Create, 1);
    let until = |second| bench.store.read(|reader| patience(reader, at(second))).unwrap();
    failed(&bench.store, row, at(500), Some(Code::CloudUnreachable), "no route").unwrap();
    assert_eq!(until(2), None);
    failed(&bench.store, row, at(86_400), Some(Code::CloudThrottled), "429").unwrap();
    assert_eq!((until(2), until(86_399)), (Some(at(86_400)), Some(at(86_400))));
    assert_eq!(until(86_400), None);
}

#[test]
fn an_id_was_blocked_once_a_device_was_disabled_under_it() {
    let bench = Bench::new();
    let blocked = || bench.store.read(|reader| was_blocked(reader, &id("a"))).unwrap();
    queued(&bench, "a", Operation::Create, 1);
    queued(&bench, "b", Operation::Disable, 1);
    assert!(!blocked());
    let first = queued(&bench, "a", Operation::Disable, 2);
    let second = queued(&bench, "a", Operation::Disable, 3);
    assert_eq!(state(&bench, first), OutboxState::Cancelled);
    assert!(blocked());
    bench.store.change(&actor(), at(4), |change| sent(change, second, "disabled")).unwrap();
    assert!(blocked());
}

#[test]
fn what_is_still_to_be_derived_from_a_group_key_is_counted() {
    let bench = Bench::with_order();
    let group = |name: &str| name.parse::<Name>().unwrap();
    let credential = Credential::GroupKey { group: group("plant") };
    let run = bench.reserve(&unit(1), &credential).unwrap().run;
    let counts = |name: &str| {
        let name = group(name);
        let read = |r: &Reader<'_>| {
            Ok::<_, StoreError>((open_under_group(r, &name)?, runs::count_unfinished_under(r, &name)?))
        };
        bench.store.read(read).unwrap()
    };
    assert_eq!((counts("plant"), counts("other")), ((0, 1), (0, 0)));
    bench.finish(run, Verdict::Fail).unwrap();
    let registration_id = unit(1).identity.registration_id;
    let queue_it = |operation| {
        let queued = Queued { registration_id: &registration_id, operation, run: Some(run), body: "{}" };
        bench.store.change(&actor(), at(5), |change| queue(change, &queued)).unwrap()
    };
    queue_it(Operation::Disable);
    assert_eq!(counts("plant"), (0, 0), "whom to block is no matter of keys");
    let create = queue_it(Operation::Create);
    assert_eq!(counts("plant"), (1, 0));
    bench.store.change(&actor(), at(6), |change| park(change, create, "400", None)).unwrap();
    assert_eq!((counts("plant"), counts("other")), ((1, 0), (0, 0)));
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
    assert!(sound(&bench));
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
    bench.store.change(&actor(), at(5), |change| release(change, one, None)).unwrap();
    let again = bench.store.change(&actor(), at(5), |change| release(change, one, None));
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "it waits already");
    let some = |state, after| {
        bench.store.change(&actor(), at(6), |change| release_some(change, state, after, None)).unwrap()
    };
    assert!(some(OutboxState::Conflict, 0).is_empty() && some(OutboxState::Parked, two).is_empty());
    assert!(some(OutboxState::Waiting, 0).is_empty() && some(OutboxState::Sent, 0).is_empty());
    assert_eq!(some(OutboxState::Parked, one), [two]);
    assert_eq!(due_ids(&bench, 9).len(), 3);
}

#[test]
fn many_rows_are_released_a_few_at_a_time() {
    let bench = Bench::new();
    bench
        .store
        .change::<_, StoreError>(&actor(), at(1), |change| {
            for n in 0..450 {
                let registration_id = id(&format!("unit-{n}"));
                let (operation, run) = (Operation::Create, None);
                let row = Queued { registration_id: &registration_id, operation, run, body: "{}" };
                let row = queue(change, &row)?;
                park(change, row, "400", None)?;
            }
            Ok(())
        })
        .unwrap();
    let (mut after, mut counts) = (0, Vec::new());
    loop {
        let released = bench
            .store
            .change(&actor(), at(2), |change| release_some(change, OutboxState::Parked, after, None))
            .unwrap();
        counts.push(released.len());
        let Some(last) = released.last() else { break };
        after = *last;
    }
    assert_eq!(counts, [200, 200, 50, 0]);
    assert_eq!(bench.store.read(depth).unwrap().waiting, 450);
    assert!(sound(&bench));
}

#[test]
fn what_is_cancelled_stays_so_unless_the_cloud_had_it_already() {
    let bench = Bench::new();
    let id = queued(&bench, "sn-1", Operation::Create, 1);
    let reason = "not wanted".parse().unwrap();
    let too_early = bench.store.change(&actor(), at(2), |change| sent_all_the_same(change, id, "created"));
    assert!(matches!(too_early, Err(StoreError::Conflict { .. })));
    bench.store.change(&actor(), at(2), |change| cancel(change, id, &reason)).unwrap();
    let again = bench.store.change(&actor(), at(3), |change| cancel(change, id, &reason));
    assert!(matches!(again, Err(StoreError::Conflict { .. })));
    let late = bench.store.change(&actor(), at(3), |change| sent(change, id, "created"));
    assert!(matches!(late, Err(StoreError::Conflict { .. })), "the sender is told that it was cancelled");
    bench.store.change(&actor(), at(3), |change| sent_all_the_same(change, id, "created")).unwrap();
    let row = bench.store.read(|reader| get(reader, id)).unwrap().unwrap();
    assert_eq!((row.state, row.sent), (OutboxState::Sent, Some(at(3))));
    assert!(sound(&bench));
}

#[test]
fn only_what_is_parked_or_in_conflict_is_amended_and_hastening_moves_only_what_waits() {
    let bench = Bench::new();
    let id = queued(&bench, "sn-1", Operation::Create, 1);
    let reason = "wrong hub".parse().unwrap();
    let row = bench.store.read(|reader| get(reader, id)).unwrap().unwrap();
    let change_body = |row: &OutboxRow| {
        bench.store.change(&actor(), at(2), |change| amend(change, row, "{\"a\":1}", "{}", &reason))
    };
    assert!(matches!(change_body(&row), Err(StoreError::Conflict { .. })), "it may be on its way");
    failed(&bench.store, id, at(90), None, "away").unwrap();
    assert_eq!(bench.store.change(&actor(), at(3), hasten).unwrap(), 1);
    assert_eq!(bench.store.read(|reader| get(reader, id)).unwrap().unwrap().next_try, at(3));
    bench.store.change(&actor(), at(4), |change| park(change, id, "refused", None)).unwrap();
    assert_eq!(bench.store.change(&actor(), at(5), hasten).unwrap(), 0);
    change_body(&row).unwrap();
    assert!(matches!(change_body(&row), Err(StoreError::Conflict { .. })), "somebody else was faster");
    assert_eq!(bench.store.read(|reader| get(reader, id)).unwrap().unwrap().body, "{\"a\":1}");
    assert!(sound(&bench));
}
