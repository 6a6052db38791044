//! Search by every key, paging without gaps, and the query plans behind it.

use super::*;
use crate::domain::verdict::Verdict;
use crate::store::testing::{Bench, cert_serial, plan};

fn numbers<K>(listed: &Listed<K>) -> Vec<u64> {
    listed.devices.iter().map(|(device, _)| device.id).collect()
}

fn list(bench: &Bench, wanted: &Wanted, limit: u32, before: Option<u64>) -> Listed<u64> {
    bench.store.read(|r| newest(r, wanted, limit, before)).unwrap()
}

fn wanted(state: Option<DeviceState>, order: Option<&str>) -> Wanted {
    Wanted { state, work_order: order.map(|name| name.parse().unwrap()) }
}

#[test]
fn a_device_is_found_by_every_key_it_has() {
    let bench = Bench::with_order();
    for n in 1..=3 {
        bench.pass(n);
    }
    let der = format!("certificate {}", cert_serial(2));
    let sha1 = Thumbprint::sha1(der.as_bytes()).to_string().to_uppercase();
    let colons = sha1.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect::<Vec<_>>();
    for key in [
        "SN-1002".to_owned(),
        " sn-1002 ".to_owned(),
        "0200.0000.0102".to_owned(),
        cert_serial(2).to_string(),
        colons.join(":"),
        Thumbprint::sha256(der.as_bytes()).to_string(),
    ] {
        let found = bench.store.read(|r| exact(r, &key)).unwrap();
        assert_eq!(found.map(|device| device.id), Some(2), "{key}");
    }
    for nothing in ["", "SN-100", "%", "' OR 1=1 --", &"f".repeat(40), &"f".repeat(64), &"f".repeat(500)] {
        assert_eq!(bench.store.read(|r| exact(r, nothing)).unwrap(), None, "{nothing}");
    }
}

#[test]
fn pages_follow_each_other_without_gap_or_repeat() {
    let bench = Bench::with_order();
    for n in 1..=3 {
        bench.pass(n);
    }
    bench.order("lot-2", 5, 0, &[]).unwrap();
    for n in 4..=5 {
        let run = bench.intend(n).unwrap().run;
        bench.finish(run, Verdict::Quarantine).unwrap();
    }
    let first = list(&bench, &Wanted::default(), 2, None);
    assert_eq!((numbers(&first), first.next), (vec![5, 4], Some(4)));
    let second = list(&bench, &Wanted::default(), 2, first.next);
    assert_eq!((numbers(&second), second.next), (vec![3, 2], Some(2)));
    let third = list(&bench, &Wanted::default(), 2, second.next);
    assert_eq!((numbers(&third), third.next), (vec![1], None));

    let quarantined = Some(DeviceState::Quarantined);
    assert_eq!(numbers(&list(&bench, &wanted(quarantined, None), 9, None)), [5, 4]);
    assert_eq!(numbers(&list(&bench, &wanted(quarantined, Some("lot-2")), 9, None)), [5, 4]);
    assert!(numbers(&list(&bench, &wanted(quarantined, Some("lot-1")), 9, None)).is_empty());
    let provisioned = Some(DeviceState::Provisioned);
    assert_eq!(numbers(&list(&bench, &wanted(provisioned, None), 9, None)), [3, 2, 1]);
    assert_eq!(numbers(&list(&bench, &wanted(provisioned, Some("lot-1")), 9, None)), [3, 2, 1]);
    let lot = list(&bench, &wanted(None, Some("lot-1")), 2, None);
    assert_eq!(numbers(&lot), [3, 2]);
    assert_eq!(numbers(&list(&bench, &wanted(None, Some("lot-1")), 2, lot.next)), [1]);
}

#[test]
fn a_device_that_ran_twice_under_an_order_is_listed_once() {
    let bench = Bench::with_order();
    let run = bench.intend(1).unwrap().run;
    bench.finish(run, Verdict::Fail).unwrap();
    bench.pass(2);
    let again = bench.intend_as(&crate::store::testing::unit(1), cert_serial(9), 9).unwrap().run;
    let listed = list(&bench, &wanted(None, Some("lot-1")), 9, None);
    assert_eq!(numbers(&listed), [1, 2]);
    assert_eq!(listed.devices[0].1.as_ref().unwrap().id, again);
}

#[test]
fn serial_numbers_that_begin_alike_are_paged_in_their_order() {
    let bench = Bench::with_order();
    for n in [3, 1, 2] {
        bench.pass(n);
    }
    let search = |prefix: &str, wanted: &Wanted, limit, after: Option<&str>| {
        bench.store.read(|r| by_prefix(r, prefix, wanted, limit, after)).unwrap()
    };
    let all = Wanted::default();
    let serials = |listed: &Listed<String>| -> Vec<String> {
        listed.devices.iter().map(|(device, _)| device.serial.to_string()).collect()
    };
    let first = search("Sn-10", &all, 2, None);
    assert_eq!(serials(&first), ["SN-1001", "SN-1002"]);
    let second = search("Sn-10", &all, 2, first.next.as_deref());
    assert_eq!((serials(&second), second.next), (vec!["SN-1003".to_owned()], None));
    for nothing in ["", "SN-11", "sn_1", "sn-1%", "\u{10ffff}"] {
        assert!(serials(&search(nothing, &all, 5, None)).is_empty(), "{nothing}");
    }
    let none = wanted(Some(DeviceState::Scrapped), None);
    assert_eq!(search("sn", &none, 5, None), Listed { devices: Vec::new(), next: None });
    let in_order = wanted(Some(DeviceState::Provisioned), Some("lot-1"));
    let page = search("sn", &in_order, 2, None);
    assert_eq!(serials(&page), ["SN-1001", "SN-1002"]);
    assert_eq!(serials(&search("sn", &in_order, 2, page.next.as_deref())), ["SN-1003"]);
}

#[test]
fn every_question_is_a_seek() {
    let mut queries = vec![
        prefix_sql(),
        // as `runs::list` asks for the runs of one device, and `runs::newest_of` for the newest
        "SELECT id FROM run WHERE run.id < ? AND run.device = ? ORDER BY run.id DESC LIMIT ?".to_owned(),
        "SELECT id FROM run WHERE device = ?1 ORDER BY id DESC LIMIT 1".to_owned(),
    ];
    for state in [None, Some(DeviceState::Provisioned), Some(DeviceState::Quarantined)] {
        for order in [None, Some("lot-1")] {
            queries.push(newest_sql(&wanted(state, order)).sql);
        }
    }
    for sql in queries {
        let plan = plan(&sql);
        assert!(!plan.is_empty());
        for step in &plan {
            assert!(!step.starts_with("SCAN") && !step.contains("TEMP B-TREE"), "{sql}\n{plan:#?}");
        }
    }
    assert!(
        plan("SELECT id FROM run WHERE id < ? AND device = ? ORDER BY id DESC")[0].contains("run_device")
    );
}
