use super::*;
use crate::domain::code::Code;
use crate::store::runs::finish::{self, Failure};
use crate::store::testing::{Bench, actor, at, unit, x509};

/// A run that ended before its device was reserved.
fn early(bench: &Bench, second: i64, serial: Option<&str>, verdict: Verdict) {
    let order: Name = "lot-1".parse().unwrap();
    let failure = Failure {
        steps: None,
        product: None,
        product_digest: None,
        work_order: Some(&order),
        slot: None,
        serial,
        person: "ada",
        started: at(second),
        verdict,
        stage: Stage::Identify,
        code: Some(Code::Silent),
        message: "It said nothing.",
    };
    bench.store.change(&actor(), at(second), |change| finish::record_failure(change, &failure)).unwrap();
}

fn all(bench: &Bench, scope: &Scope) -> Vec<(Verdict, bool, bool)> {
    let mut found = Vec::new();
    bench
        .store
        .read(|r| each(r, scope, |run| found.push((run.verdict, run.first_try, run.first_pass))))
        .unwrap();
    found
}

#[test]
fn a_first_try_is_the_first_of_its_unit_however_the_unit_is_known() {
    let bench = Bench::with_order();
    // unit 1: refused before it was reserved, then it fails, then it fails again
    early(&bench, 2, Some("sn-1001"), Verdict::Fail);
    for _ in 0..2 {
        let run = bench.reserve(&unit(1), &x509()).unwrap().run;
        bench.finish(run, Verdict::Fail).unwrap();
    }
    // a unit that never said who it is counts each time; one that is not ours never
    early(&bench, 20, None, Verdict::Fail);
    early(&bench, 21, None, Verdict::Error);
    early(&bench, 22, Some("OTHER"), Verdict::Skipped);
    // unit 1 once more, this time not reserved
    early(&bench, 23, Some("SN-1001"), Verdict::Fail);
    for scope in [Scope::WorkOrder("lot-1".parse().unwrap()), Scope::Span(at(0), at(100))] {
        let tries: Vec<_> = all(&bench, &scope).into_iter().map(|(_, first, _)| first).collect();
        assert_eq!(tries, [true, false, false, true, true, false, false], "{scope:?}");
    }
    // what lies before the span is another shift's
    let late = all(&bench, &Scope::Span(at(20), at(100)));
    assert_eq!(late.iter().filter(|(_, first, _)| *first).count(), 3);
    assert!(all(&bench, &Scope::Span(at(100), at(200))).is_empty());
}

#[test]
fn lists_go_on_where_they_ended_and_counts_agree_with_them() {
    let bench = Bench::with_order();
    for second in 10..17 {
        early(&bench, second, None, Verdict::Fail);
    }
    let order: Name = "lot-1".parse().unwrap();
    for scope in [Scope::WorkOrder(order.clone()), Scope::Span(at(0), at(100))] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let lines = bench.store.read(|r| runs_after(r, &scope, after, 3)).unwrap();
            let Some(last) = lines.last() else { break };
            after = Some((last.finished, last.id));
            seen.extend(lines.iter().map(|line| line.id));
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
        let newest: Vec<u64> =
            bench.store.read(|r| not_passed(r, &scope, 2)).unwrap().iter().map(|line| line.id).collect();
        assert_eq!(newest, [7, 6]);
    }
    let counts = bench.store.read(|r| not_passed_counts(r, &order)).unwrap();
    assert_eq!(counts.iter().map(|kind| kind.count).collect::<Vec<_>>(), [7]);
    let extent = bench.store.read(|r| extent(r, &order)).unwrap();
    assert_eq!(extent, Some((at(10), at(16))));
    assert_eq!(bench.store.read(|r| super::extent(r, &"none".parse().unwrap())).unwrap(), None);
}
