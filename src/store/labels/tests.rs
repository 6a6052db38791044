use super::*;
use crate::store::audit::verify;
use crate::store::testing::{Bench, actor, at, plan};

fn printer() -> Name {
    "labels".parse().unwrap()
}

fn queue_one(bench: &Bench, run: u64, zpl: Result<&str, &str>) -> Result<u64, StoreError> {
    bench.store.change(&actor(), at(5), |change| {
        let copy = next_copy(change, run)?;
        let printer = printer();
        let new = NewLabel { run, device: 1, copy, printer: &printer, person: "ada", reason: None, zpl };
        let id = queue(change, &new)?;
        change.record(AuditEvent::VaultUnlocked);
        Ok(id)
    })
}

fn change(
    bench: &Bench,
    work: impl FnOnce(&mut Change<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    bench.store.change(&actor(), at(6), work)
}

fn label(bench: &Bench, id: u64) -> Label {
    bench.store.read(|r| get(r, id)).unwrap().unwrap()
}

#[test]
fn labels_are_printed_in_order_once_and_counted() {
    let bench = Bench::with_order();
    let run = bench.pass(1);
    let first = queue_one(&bench, run, Ok("^XA1^XZ")).unwrap();
    let second = queue_one(&bench, run, Ok("^XA2^XZ")).unwrap();
    let next = || bench.store.read(|r| next_for(r, &printer())).unwrap();
    assert_eq!(next().unwrap().id, first);
    tried(&bench.store, first, "out").unwrap();
    assert_eq!((label(&bench, first).attempts, next().unwrap().id), (1, first));
    change(&bench, |c| printed(c, &label(&bench, first))).unwrap();
    assert!(change(&bench, |c| printed(c, &label(&bench, first))).is_err(), "it is printed once");
    let done = label(&bench, first);
    assert_eq!((done.state, done.zpl, done.printed), (LabelState::Printed, None, Some(at(6))));
    assert_eq!(done.digest, Some(Digest::of(b"^XA1^XZ")));
    assert_eq!(next().unwrap().id, second);
    assert_eq!(next().unwrap().copy, 2);
    assert_eq!(bench.store.read(|r| next_copy(r, run)).unwrap(), 3);
    let numbers = |open, before| -> Vec<u64> {
        bench.store.read(|r| list(r, open, 10, before)).unwrap().iter().map(|label| label.id).collect()
    };
    assert_eq!(numbers(false, None), [second, first]);
    assert_eq!(numbers(true, None), [second]);
    assert_eq!(numbers(false, Some(second)), [first]);
    assert_eq!(bench.store.read(|r| of_run(r, run, 10)).unwrap().len(), 2);
}

#[test]
fn a_label_that_failed_waits_again_only_when_told_to() {
    let bench = Bench::with_order();
    let run = bench.pass(1);
    let id = queue_one(&bench, run, Err("the template is gone")).unwrap();
    let failed_one = label(&bench, id);
    assert_eq!((failed_one.state, failed_one.digest), (LabelState::Failed, None));
    assert!(bench.store.read(|r| next_for(r, &printer())).unwrap().is_none());
    assert_eq!(bench.store.read(|r| open(r, &printer(), LabelState::Failed)).unwrap(), 1);
    change(&bench, |c| retry(c, &label(&bench, id), &printer(), "^XA^XZ")).unwrap();
    assert!(change(&bench, |c| retry(c, &label(&bench, id), &printer(), "^XA^XZ")).is_err());
    assert_eq!(bench.store.read(|r| next_for(r, &printer())).unwrap().unwrap().id, id);
    change(&bench, |c| failed(c, &label(&bench, id), "it may have been printed")).unwrap();
    assert_eq!(label(&bench, id).last_error.as_deref(), Some("it may have been printed"));
    assert!(tried(&bench.store, id, "out").is_err());
}

#[test]
fn labels_of_printers_that_are_gone_are_found() {
    let bench = Bench::with_order();
    let run = bench.pass(1);
    let id = queue_one(&bench, run, Ok("^XA^XZ")).unwrap();
    let (known, other) = (printer(), "other".parse().unwrap());
    let elsewhere = |names: &[&Name]| bench.store.read(|r| waiting_elsewhere(r, names, 9)).unwrap();
    assert!(elsewhere(&[&other, &known]).is_empty());
    assert_eq!(elsewhere(&[&other])[0].id, id);
}

#[test]
fn the_log_vouches_for_labels() {
    let bench = Bench::with_order();
    let run = bench.pass(1);
    queue_one(&bench, run, Ok("^XA^XZ")).unwrap();
    let problems = || {
        let report =
            bench.store.read(|r| verify::verify(r, &verify::Options::default(), &mut |_, _| {})).unwrap();
        format!("{:?}", report.problems)
    };
    assert_eq!(problems(), "[]");
    bench.attack("UPDATE label SET copy = 7");
    assert!(problems().contains("label/1"), "{}", problems());
}

#[test]
fn a_label_that_is_settled_is_neither_printed_nor_in_the_way_any_more() {
    let bench = Bench::with_order();
    let run = bench.pass(1);
    let waits = queue_one(&bench, run, Ok("^XA^XZ")).unwrap();
    let doubtful = queue_one(&bench, run, Err("it may have been printed")).unwrap();
    for id in [waits, doubtful] {
        change(&bench, |c| settle(c, &label(&bench, id), "it came out")).unwrap();
        let now = label(&bench, id);
        assert_eq!((now.state, now.settled.as_deref()), (LabelState::Settled, Some("it came out")));
        assert_eq!((now.zpl, now.printed), (None, None));
        assert!(change(&bench, |c| settle(c, &label(&bench, id), "twice")).is_err());
        assert!(change(&bench, |c| printed(c, &label(&bench, id))).is_err());
        assert!(change(&bench, |c| retry(c, &label(&bench, id), &printer(), "^XA^XZ")).is_err());
    }
    let left = bench.store.read(|r| {
        Ok::<_, StoreError>((open(r, &printer(), LabelState::Failed)?, list(r, true, 9, None)?.len()))
    });
    assert_eq!(left.unwrap(), (0, 0));
    assert_eq!(bench.store.read(|r| list(r, false, 9, None)).unwrap().len(), 2);
    assert!(bench.store.read(|r| next_for(r, &printer())).unwrap().is_none());
}

#[test]
fn what_is_not_printed_is_found_among_a_million_that_are() {
    let steps = plan(&list_sql(true));
    assert!(steps[0].contains("SEARCH label USING INDEX label_unsettled (id<?)"), "{steps:?}");
    assert!(steps.iter().all(|step| !step.contains("TEMP B-TREE")), "{steps:?}");
    let steps = plan(&list_sql(false));
    assert!(steps[0].contains("SEARCH label USING INTEGER PRIMARY KEY"), "{steps:?}");
    let counted = plan(&format!("SELECT count(*) FROM label WHERE {OPEN} AND state = ?1 AND printer = ?2"));
    assert!(counted[0].contains("label_open (state=? AND printer=?)"), "{counted:?}");
}
