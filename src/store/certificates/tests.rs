use super::*;
use crate::domain::verdict::Verdict;
use crate::store::audit::verify::{Options, verify};
use crate::store::certificates::issue::{IntendError, RevokeError, revoke};
use crate::store::crl::{self, CrlRow};
use crate::store::error::StoreError;
use crate::store::runs::decide::{Decision, decide};
use crate::store::testing::{Bench, Failed, actor, at, cert_serial, unit};

fn pair<T>(primary: T, secondary: T) -> Pair<T> {
    Pair { primary, secondary: Some(secondary) }
}

/// Device 1 with certificates 1 and 2; its run.
fn with_two(bench: &Bench) -> u64 {
    let run = bench.intend_pair(&unit(1), pair((cert_serial(1), 1), (cert_serial(2), 2))).unwrap().run;
    bench.issued_pair(pair(cert_serial(1), cert_serial(2))).unwrap();
    bench.finish(run, Verdict::Pass).unwrap();
    run
}

fn states(bench: &Bench) -> Vec<(u8, &'static str, Option<CertSerial>)> {
    let all = bench.store.read(|r| by_device(r, 1)).unwrap();
    let number = |serial: CertSerial| (1..20).find(|n| cert_serial(*n) == serial).unwrap();
    all.into_iter().map(|row| (number(row.serial), row.state.as_str(), row.successor)).collect()
}

#[test]
fn a_device_has_two_certificates_and_the_log_vouches_for_both() {
    let bench = Bench::with_order();
    let run = with_two(&bench);
    let of_run = bench.store.read(|r| by_run(r, run)).unwrap().unwrap();
    assert_eq!(of_run.as_ref().map(|_, row| row.serial), pair(cert_serial(1), cert_serial(2)));
    for (which, serial) in [(Which::Primary, cert_serial(1)), (Which::Secondary, cert_serial(2))] {
        let found = bench.store.read(|r| live(r, 1, which)).unwrap().unwrap();
        assert_eq!((found.serial, found.which), (serial, which));
        let der = format!("certificate {serial}");
        let thumbprint = crate::domain::thumbprint::Thumbprint::sha1(der.as_bytes());
        assert_eq!(bench.store.read(|r| thumbprint::find(r, &thumbprint)).unwrap().unwrap().serial, serial);
    }
    let report =
        |bench: &Bench| bench.store.read(|r| verify(r, &Options::default(), &mut |_, _| {})).unwrap();
    assert!(report(&bench).problems.is_empty());
    bench.attack("UPDATE certificate SET which = 'spare' WHERE which = 'secondary'");
    assert!(!report(&bench).problems.is_empty(), "which one it is is vouched for");
}

#[test]
fn both_are_put_on_record_together_or_not_at_all() {
    let bench = Bench::with_order();
    let run = bench.intend_pair(&unit(1), pair((cert_serial(1), 1), (cert_serial(2), 2))).unwrap().run;
    for wrong in [Pair::one(cert_serial(1)), pair(cert_serial(1), cert_serial(3))] {
        let refused = bench.issued_pair(wrong).unwrap_err();
        assert!(matches!(refused, StoreError::Conflict { table: "certificate", .. }), "{refused}");
    }
    assert_eq!(states(&bench), [(1, "intended", None), (2, "intended", None)]);
    assert!(bench.finish(run, Verdict::Pass).is_err(), "nothing of it is on record");
    bench.finish(run, Verdict::Fail).unwrap();
    assert_eq!(states(&bench), [(1, "void", None), (2, "void", None)]);
    let listed: Vec<CertSerial> =
        bench.store.read(not_live).unwrap().into_iter().map(|one| one.serial).collect();
    assert_eq!(listed, [cert_serial(1), cert_serial(2)]);
}

#[test]
fn each_is_succeeded_by_one_of_its_kind() {
    let bench = Bench::with_order();
    let supersede =
        |run| bench.store.change(&actor(), at(5), |c| decide(c, run, Decision::Supersede, "again"));
    supersede(with_two(&bench)).unwrap();
    // a run that fails succeeds nothing
    let failed = bench.intend_pair(&unit(1), pair((cert_serial(3), 3), (cert_serial(4), 4))).unwrap().run;
    bench.issued_pair(pair(cert_serial(3), cert_serial(4))).unwrap();
    bench.finish(failed, Verdict::Fail).unwrap();
    let run = bench.intend_pair(&unit(1), pair((cert_serial(5), 5), (cert_serial(6), 6))).unwrap().run;
    bench.issued_pair(pair(cert_serial(5), cert_serial(6))).unwrap();
    bench.finish(run, Verdict::Pass).unwrap();
    assert_eq!(
        states(&bench)[..2],
        [(1, "superseded", Some(cert_serial(5))), (2, "superseded", Some(cert_serial(6))),]
    );
    supersede(run).unwrap();
    // then one alone, which takes the place of both
    bench.intend_as(&unit(1), cert_serial(7), 7).unwrap();
    bench.issued(cert_serial(7)).unwrap();
    assert_eq!(
        states(&bench)[4..],
        [
            (5, "superseded", Some(cert_serial(7))),
            (6, "superseded", Some(cert_serial(7))),
            (7, "issued", None),
        ]
    );
    assert_eq!(states(&bench)[0].2, Some(cert_serial(5)), "what passed stays the successor");
}

#[test]
fn a_compromised_key_gets_no_certificate_again_even_if_it_becomes_known_late() {
    let bench = Bench::with_order();
    let run = bench.pass(1);
    bench.store.change(&actor(), at(5), |c| decide(c, run, Decision::Supersede, "again")).unwrap();
    let first = bench.store.read(|r| get(r, &cert_serial(1))).unwrap().unwrap();
    let revoke_for = |reason| bench.store.change(&actor(), at(6), |c| revoke(c, &cert_serial(1), reason));
    let other = revoke_for(RevocationReason::CessationOfOperation).unwrap_err();
    assert!(matches!(other, RevokeError::Already { .. }), "{other}");
    let unlisted = || bench.store.read(crl::unlisted).unwrap();
    let list_at = |number, second| {
        let list = CrlRow { number, der: vec![1], this_update: at(second), next_update: at(second + 1000) };
        bench.store.change(&actor(), at(second), |c| crl::add(c, &list, 1)).unwrap();
    };
    assert_eq!(unlisted(), 1);
    list_at(1, 6);
    assert_eq!(unlisted(), 0);
    let row = revoke_for(RevocationReason::KeyCompromise).unwrap();
    assert_eq!(unlisted(), 1, "the list does not say yet what became of it");
    list_at(2, 7);
    assert_eq!(unlisted(), 0);
    assert_eq!((row.state, row.reason), (CertificateState::Revoked, Some(RevocationReason::KeyCompromise)));
    assert_eq!(row.revoked_at, first.revoked_at, "it was not believed since then");
    let refused = bench.intend_as(&unit(1), cert_serial(2), 1).unwrap_err();
    assert!(matches!(refused, Failed::Intend(IntendError::Compromised { .. })), "{refused:?}");
    bench.intend_as(&unit(1), cert_serial(3), 3).unwrap();
}
