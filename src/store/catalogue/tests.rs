//! Records of a station that is older than the tables that help to find things.

use super::*;
use crate::domain::audit_event::AuditEvent;
use crate::domain::thumbprint::Thumbprint;
use crate::domain::verdict::Verdict;
use crate::store::audit::proof;
use crate::store::testing::{Bench, actor, at, cert_serial};

fn about(bench: &Bench, device: u64) -> Vec<u64> {
    let found = bench.store.read(|r| about::of_device(r, device, 1000, None)).unwrap();
    found.into_iter().rev().map(|(seq, _)| seq).collect()
}

fn alarm(bench: &Bench, known_device: u64) {
    let event = AuditEvent::DuplicateAlarm { kind: "mac".into(), value: "x".into(), known_device };
    bench
        .store
        .change(&actor(), at(9), |change| {
            change.record(event);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn what_is_noted_as_it_happens_is_what_reading_the_whole_log_finds() {
    let bench = Bench::with_order();
    bench.pass(1);
    let run = bench.intend(2).unwrap().run;
    bench.issued(cert_serial(2)).unwrap();
    bench.finish(run, Verdict::Fail).unwrap();
    alarm(&bench, 1);
    for device in [1, 2] {
        let whole = bench.store.read(|r| proof::entries_of_device(r, device)).unwrap();
        assert!(whole.len() > 2);
        assert_eq!(about(&bench, device), whole, "device {device}");
    }
}

#[test]
fn an_older_station_is_catalogued_bit_by_bit_and_then_left_alone() {
    let bench = Bench::with_order();
    for n in 1..=4 {
        bench.pass(n);
    }
    alarm(&bench, 3);
    let before: Vec<Vec<u64>> = (1..=4).map(|device| about(&bench, device)).collect();
    assert!(!catalogue_some(&bench.store, 3).unwrap());
    // as the migration leaves a station that was there before
    bench.attack(
        "DELETE FROM thumbprint; DELETE FROM audit_about;
         INSERT INTO meta VALUES ('uncatalogued-certificates', (SELECT CAST(max(run) AS TEXT) FROM certificate)),
                                 ('uncatalogued-entries', (SELECT CAST(max(seq) AS TEXT) FROM audit));",
    );
    let der = format!("certificate {}", cert_serial(1));
    let find = || bench.store.read(|r| thumbprint::find(r, &Thumbprint::sha1(der.as_bytes()))).unwrap();
    assert!(find().is_none() && about(&bench, 1).is_empty());
    let mut rounds = 1;
    while catalogue_some(&bench.store, 3).unwrap() {
        rounds += 1;
        assert!(rounds < 100);
    }
    assert!(rounds > 3, "it was done in {rounds} bits");
    assert!(find().is_some());
    assert_eq!((1..=4).map(|device| about(&bench, device)).collect::<Vec<_>>(), before);
    assert!(!bench.store.read(is_left).unwrap());
}
