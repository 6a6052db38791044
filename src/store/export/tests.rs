use super::*;
use crate::store::testing::{Bench, plan};

fn all() -> Parts {
    Parts { run: true, certificate: true, der: true, secondary: true }
}

/// Number, verdict and certificate of each device of a selection.
fn rows(lane: &Lane, selection: &Selection, parts: Parts) -> Vec<(u64, Option<String>, Option<String>)> {
    let query = Query::new(selection, parts);
    let mut rows = Vec::new();
    let Some(bounds) = lane.bounds(&query).unwrap() else { return rows };
    lane.read(&query, bounds, |found| {
        let text = |text: Option<&str>| text.map(str::to_owned);
        rows.push((found.id()?.unwrap(), text(found.verdict()?), text(found.cert_serial()?)));
        Ok::<(), StoreError>(())
    })
    .unwrap();
    rows
}

#[test]
fn a_device_comes_with_its_newest_run_and_the_certificate_it_stands_under() {
    let bench = Bench::with_order();
    bench.pass(1);
    let failed = bench.intend(2).unwrap().run;
    bench.issued(crate::store::testing::cert_serial(2)).unwrap();
    bench.finish(failed, Verdict::Fail).unwrap();
    bench.intend(3).unwrap();
    let lane = &lanes(&bench.path(), 1).unwrap()[0];
    let serial = crate::store::testing::cert_serial(1).to_string();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        rows(lane, &Selection::default(), all()),
        [(1, text("PASS"), Some(serial.clone())), (2, text("FAIL"), None), (3, None, None)],
        "neither a certificate that was withdrawn nor one that is only intended is one to stand under"
    );
    let passed = Selection { verdict: Some(Verdict::Pass), ..Selection::default() };
    let only_device = Parts::default();
    assert_eq!(rows(lane, &passed, only_device), [(1, None, None)], "what was not asked for is not there");
    let order = |name: &str| Selection { work_order: Some(name.parse().unwrap()), ..Selection::default() };
    assert_eq!(rows(lane, &order("lot-1"), all()).len(), 3);
    assert_eq!(rows(lane, &order("lot-2"), all()), []);
    assert_eq!(lane.company().unwrap().as_deref(), Some("Example"));
}

#[test]
fn several_lanes_see_one_state_whatever_is_changed_meanwhile() {
    let bench = Bench::with_order();
    bench.pass(1);
    let lanes = lanes(&bench.path(), 2).unwrap();
    assert_eq!(lanes.len(), 2);
    bench.pass(2);
    for lane in &lanes {
        assert_eq!(rows(lane, &Selection::default(), all()).len(), 1);
    }
}

#[test]
fn no_part_of_a_million_rows_is_searched_without_an_index() {
    let everything = Selection {
        announced: false,
        work_order: Some("lot-1".parse().unwrap()),
        verdict: Some(Verdict::Pass),
        state: Some(DeviceState::Provisioned),
        from: Some(UtcTime::from_millis(1)),
        until: Some(UtcTime::from_millis(2)),
    };
    let announced =
        Selection { announced: true, work_order: everything.work_order.clone(), ..Selection::default() };
    for (selection, first) in [(Selection::default(), "d"), (everything, "d"), (announced, "a")] {
        let query = Query::new(&selection, all());
        let steps = plan(&query.sql);
        assert!(steps[0].starts_with(&format!("SEARCH {first} USING INTEGER PRIMARY KEY")), "{steps:?}");
        assert!(
            !steps.iter().any(|step| step.starts_with("SCAN") || step.contains("TEMP B-TREE")),
            "{steps:?}"
        );
    }
}
