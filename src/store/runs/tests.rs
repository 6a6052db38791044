use super::decide::{DecideError, Decision, decide};
use super::reserve::{DuplicateKind, ReserveError};
use super::*;
use crate::domain::audit_event::AuditEvent;
use crate::domain::pair::{Pair, Which};
use crate::domain::revocation_reason::RevocationReason;
use crate::store::certificates::issue::{IntendError, RevokeError, revoke};
use crate::store::certificates::{self, CertificateState};
use crate::store::devices::DeviceState;
use crate::store::devices::standing::{Claim, Standing, standing};
use crate::store::testing::{Bench, Failed, actor, at, cert_serial, plan, unit, x509};
use crate::store::work_orders::{self, NewWorkOrder, WorkOrderError, closing};

fn device(bench: &Bench, n: u8) -> Device {
    bench.store.read(|reader| devices::by_serial(reader, &unit(n).serial)).unwrap().unwrap()
}

fn state_of(bench: &Bench, n: u8) -> CertificateState {
    bench.store.read(|reader| certificates::get(reader, &cert_serial(n))).unwrap().unwrap().state
}

fn order(bench: &Bench) -> work_orders::Progress {
    bench.store.read(work_orders::active).unwrap().unwrap()
}

fn decided(
    bench: &Bench,
    run: u64,
    decision: Decision,
) -> Result<crate::store::runs::finish::Accounted, DecideError> {
    bench.store.change(&actor(), at(5), |change| decide(change, run, decision, "as agreed"))
}

fn refused(bench: &Bench, unit: &crate::store::testing::Unit) -> ReserveError {
    let before = bench.entries();
    let Err(Failed::Reserve(error)) = bench.reserve(unit, &x509()) else { panic!("it was reserved") };
    assert_eq!(bench.entries(), before);
    error
}

#[test]
fn a_device_goes_from_reservation_to_pass() {
    let bench = Bench::with_order();
    let run = bench.pass(1);
    let device = device(&bench, 1);
    assert_eq!((device.state, device.mac), (DeviceState::Provisioned, Some(unit(1).mac)));
    let row = bench.store.read(|reader| get(reader, run)).unwrap().unwrap();
    let ending = row.ending.unwrap();
    assert_eq!((ending.verdict, ending.at, row.stage), (Verdict::Pass, at(4), Stage::Finished));
    assert_eq!(ending.proof.as_deref(), Some("sign-nonce"));
    let live =
        bench.store.read(|reader| certificates::live(reader, device.id, Which::Primary)).unwrap().unwrap();
    assert_eq!((live.serial, live.run), (cert_serial(1), run));
    assert_eq!(live.sha256, live.der.as_deref().map(Digest::of));
    let progress = order(&bench);
    assert_eq!((progress.issued, progress.passed), (1, 1));
    assert!(
        matches!(refused(&bench, &unit(1)), ReserveError::AlreadyPassed { run: passed } if passed == run)
    );
}

#[test]
fn each_kind_of_duplicate_is_an_alarm_of_its_own() {
    let bench = Bench::with_order();
    bench.pass(1);
    let known = device(&bench, 1).id;
    type Mix = fn(&mut crate::store::testing::Unit);
    let mixes: [(DuplicateKind, Mix); 3] = [
        (DuplicateKind::Serial, |unit_2| unit_2.serial = "sn-1001".parse().unwrap()),
        (DuplicateKind::Mac, |unit_2| unit_2.mac = unit(1).mac),
        (DuplicateKind::RegistrationId, |unit_2| unit_2.identity = unit(1).identity),
    ];
    for (expected, mix) in mixes {
        let mut second = unit(2);
        mix(&mut second);
        let error = refused(&bench, &second);
        let Some(AuditEvent::DuplicateAlarm { kind, known_device, .. }) = error.alarm() else {
            panic!("{error}")
        };
        assert_eq!((kind, known_device), (expected.to_string(), known));
    }
    let mut second = unit(2);
    second.identity.device_id = "sn-1001".parse().unwrap();
    let error = refused(&bench, &second);
    assert!(matches!(error, ReserveError::Duplicate { kind: DuplicateKind::DeviceId, .. }), "{error}");
    // the same key on another device
    let Err(Failed::Intend(error)) = bench.intend_as(&unit(2), cert_serial(2), 1) else { panic!() };
    assert!(matches!(error, IntendError::DuplicateKey { known_device, .. } if known_device == known));
    assert!(bench.store.read(|reader| devices::by_serial(reader, &unit(2).serial)).unwrap().is_none());
    assert_eq!(order(&bench).issued, 1);
}

#[test]
fn a_device_is_known_again_when_its_mac_is_not_asked_for() {
    let bench = Bench::with_order();
    let one = unit(1);
    let claim = Claim { serial: &one.serial, mac: None, identity: &one.identity };
    assert_eq!(bench.store.read(|reader| standing(reader, &claim)).unwrap(), Standing::New);
    let run = bench.intend(1).unwrap().run;
    bench.finish(run, Verdict::Fail).unwrap();
    let found = bench.store.read(|reader| standing(reader, &claim)).unwrap();
    assert_eq!(found, Standing::Known(device(&bench, 1)));
}

#[test]
fn an_order_gives_no_more_than_its_quota_and_only_for_its_own() {
    let bench = Bench::new();
    let none = refused(&bench, &unit(1));
    assert!(matches!(none, ReserveError::WorkOrderUnknown(_)), "{none}");
    bench.order("lot-1", 1, 1, &[unit(1).serial, unit(2).serial]).unwrap();
    let stranger = refused(&bench, &unit(3));
    assert!(matches!(stranger, ReserveError::SerialNotAllowed { .. }), "{stranger}");
    for _ in 0..2 {
        // a retry of the same device draws on the spare
        let run = bench.reserve(&unit(1), &x509()).unwrap().run;
        bench.finish(run, Verdict::Error).unwrap();
    }
    let spent = refused(&bench, &unit(2));
    assert!(matches!(spent, ReserveError::QuotaSpent { quota: 2, .. }), "{spent}");
    bench.order("lot-2", 1, 0, &[]).unwrap();
    assert_eq!(order(&bench).order.name.as_str(), "lot-2");
    let lot_1 = "lot-1".parse().unwrap();
    let short = bench.store.change(&actor(), at(6), |change| closing::close(change, &lot_1, false));
    assert!(matches!(short, Err(WorkOrderError::Short { passed: 0, quantity: 1, .. })));
    bench.store.change(&actor(), at(6), |change| closing::close(change, &lot_1, true)).unwrap();
    let again = bench.store.change(&actor(), at(6), |change| work_orders::activate(change, &lot_1, "ada"));
    assert!(matches!(again, Err(WorkOrderError::State { .. })));
    let names: Vec<_> = bench
        .store
        .read(|reader| work_orders::list(reader, 10, Some(&"lot-2".parse().unwrap())))
        .unwrap()
        .into_iter()
        .map(|progress| progress.order.name.to_string())
        .collect();
    assert_eq!(names, ["lot-1"]);
}

#[test]
fn an_order_for_the_terminal_leaves_the_active_one_alone_and_serves_no_slot() {
    let bench = Bench::with_order();
    let (name, product) = ("single-1".parse().unwrap(), "gateway-7".parse().unwrap());
    let alone = NewWorkOrder { name: &name, product: &product, quantity: 1, spare: 0, serials: &[] };
    bench
        .store
        .change(&actor(), at(2), |change| {
            work_orders::add(change, &alone)?;
            work_orders::release(change, &name, "ada")
        })
        .unwrap();
    assert_eq!(order(&bench).order.name.as_str(), "lot-1");
    let take = |slot: Option<&Name>| {
        bench.store.change(&actor(), at(3), |change| {
            work_orders::take_unit(change, &name, &product, &unit(1).serial, slot)?;
            change.record(AuditEvent::VaultUnlocked);
            Ok::<_, ReserveError>(())
        })
    };
    let slot = take(Some(&"slot-1".parse().unwrap())).unwrap_err();
    assert!(matches!(slot, ReserveError::WorkOrderNotActive { state: "paused", .. }), "{slot}");
    take(None).unwrap();
    let spent = take(None).unwrap_err();
    assert!(matches!(spent, ReserveError::QuotaSpent { quota: 1, .. }), "{spent}");
}

#[test]
fn every_ending_but_a_pass_accounts_for_the_certificate() {
    for (verdict, state) in [
        (Verdict::Fail, DeviceState::New),
        (Verdict::Error, DeviceState::New),
        (Verdict::Aborted, DeviceState::New),
        (Verdict::Quarantine, DeviceState::Quarantined),
        (Verdict::Scrap, DeviceState::Scrapped),
    ] {
        let bench = Bench::with_order();
        let intended = bench.intend(1).unwrap().run;
        let accounted = bench.finish(intended, verdict).unwrap();
        assert_eq!(accounted.certificates, [(cert_serial(1), CertificateState::Void)]);
        assert!(!accounted.was_live);
        assert_eq!(device(&bench, 1).state, state);
        assert!(bench.issued(cert_serial(1)).is_err(), "a void intent is never signed");

        let issued = bench.intend(2).unwrap().run;
        bench.issued(cert_serial(2)).unwrap();
        let accounted = bench.finish(issued, verdict).unwrap();
        assert_eq!(accounted.certificates, [(cert_serial(2), CertificateState::Revoked)]);
        assert!(accounted.was_live);
        assert!(bench.finish(issued, verdict).is_err(), "a verdict stands");
        let listed = bench.store.read(certificates::not_live).unwrap();
        assert_eq!(listed.len(), 2);
        assert!(
            listed.iter().all(|one| one.reason == RevocationReason::CessationOfOperation && one.at == at(4))
        );
    }
}

#[test]
fn nothing_passes_without_a_credential_on_record() {
    let bench = Bench::with_order();
    let run = bench.intend(1).unwrap().run;
    assert!(matches!(bench.finish(run, Verdict::Pass), Err(StoreError::Conflict { .. })));
    bench.issued(cert_serial(1)).unwrap();
    assert!(bench.issued(cert_serial(1)).is_err(), "a certificate is put on record once");
    bench.finish(run, Verdict::Pass).unwrap();
}

#[test]
fn a_derived_key_is_accounted_for_as_well() {
    let bench = Bench::with_order();
    let group = Credential::GroupKey { group: "line-key".parse().unwrap() };
    let failed = bench.reserve(&unit(1), &group).unwrap().run;
    let accounted = bench.finish(failed, Verdict::Fail).unwrap();
    assert!(accounted.was_live && accounted.certificates.is_empty());
    let passed = bench.reserve(&unit(2), &group).unwrap().run;
    assert!(!bench.finish(passed, Verdict::Pass).unwrap().was_live);
    let row = bench.store.read(|reader| get(reader, passed)).unwrap().unwrap();
    assert_eq!(row.credential, Some(CredentialKind::GroupKey { group: "line-key".parse().unwrap() }));
    assert!(decided(&bench, passed, Decision::Supersede).unwrap().was_live);
}

#[test]
fn a_run_that_broke_off_waits_for_a_decision_and_is_resumed() {
    let bench = Bench::with_order();
    let run = bench.intend(1).unwrap().run;
    assert!(matches!(refused(&bench, &unit(1)), ReserveError::Unfinished { run: open } if open == run));
    assert!(matches!(decided(&bench, run, Decision::Resume), Err(DecideError::NotResumable { .. })));
    bench.issued(cert_serial(1)).unwrap();
    assert_eq!(bench.store.read(count_unfinished).unwrap(), 1);
    decided(&bench, run, Decision::Resume).unwrap();
    assert!(matches!(refused(&bench, &unit(1)), ReserveError::Resumable { run: open } if open == run));
    let one = unit(1);
    let claim = Claim { serial: &one.serial, mac: Some(&one.mac), identity: &one.identity };
    let standing = bench.store.read(|reader| standing(reader, &claim)).unwrap();
    assert!(matches!(standing, Standing::Resume { run: ref open, .. } if open.id == run && open.resume));
    let take_up = || bench.store.change(&actor(), at(9), |change| reserve::take_up(change, run, None, "ada"));
    take_up().unwrap();
    assert!(matches!(take_up(), Err(ReserveError::Unfinished { run: open }) if open == run));
    assert!(matches!(refused(&bench, &unit(1)), ReserveError::Unfinished { .. }));
    bench.finish(run, Verdict::Pass).unwrap();
    assert_eq!(state_of(&bench, 1), CertificateState::Issued);
    assert!(bench.store.read(|reader| unfinished(reader, 10)).unwrap().is_empty());
}

#[test]
fn a_key_the_station_made_is_never_resumed() {
    let bench = Bench::with_order();
    let station = Credential::X509 {
        key: KeyOrigin::Station,
        profile: "device-p256".parse().unwrap(),
        key_paths: Pair::one("/k".into()),
    };
    let run = bench.reserve(&unit(1), &station).unwrap().run;
    assert!(matches!(decided(&bench, run, Decision::Resume), Err(DecideError::NotResumable { .. })));
    decided(&bench, run, Decision::Supersede).unwrap();
    let row = bench.store.read(|reader| get(reader, run)).unwrap().unwrap();
    assert_eq!(row.ending.unwrap().verdict, Verdict::Aborted);
    assert_eq!(device(&bench, 1).state, DeviceState::Released);
}

#[test]
fn rework_supersedes_the_pass_and_links_the_successor() {
    let bench = Bench::with_order();
    let first = bench.pass(1);
    let accounted = decided(&bench, first, Decision::Supersede).unwrap();
    assert_eq!(accounted.certificates, [(cert_serial(1), CertificateState::Superseded)]);
    assert!(accounted.was_live);
    assert_eq!((device(&bench, 1).state, order(&bench).passed), (DeviceState::Released, 0));
    assert!(matches!(decided(&bench, first, Decision::Supersede), Err(DecideError::Finished { .. })));
    // the same device keeps its key
    let second = bench.intend_as(&unit(1), cert_serial(9), 1).unwrap().run;
    bench.issued(cert_serial(9)).unwrap();
    bench.finish(second, Verdict::Pass).unwrap();
    let old = bench.store.read(|reader| certificates::get(reader, &cert_serial(1))).unwrap().unwrap();
    assert_eq!((old.successor, old.reason), (Some(cert_serial(9)), Some(RevocationReason::Superseded)));
    let progress = order(&bench);
    assert_eq!((progress.issued, progress.passed), (2, 1));
    assert!(matches!(
        decided(&bench, first, Decision::Scrap),
        Err(DecideError::NotNewest { newest, .. }) if newest == second
    ));
    let all = bench
        .store
        .read(|reader| certificates::by_registration(reader, &unit(1).identity.registration_id))
        .unwrap();
    assert_eq!(all.iter().map(|one| one.serial).collect::<Vec<_>>(), [cert_serial(1), cert_serial(9)]);
}

#[test]
fn a_quarantined_device_is_blocked_until_it_is_released_or_scrapped() {
    let bench = Bench::with_order();
    let run = bench.intend(1).unwrap().run;
    decided(&bench, run, Decision::Quarantine).unwrap();
    assert_eq!(state_of(&bench, 1), CertificateState::Void);
    assert!(matches!(refused(&bench, &unit(1)), ReserveError::Blocked { .. }));
    assert!(matches!(decided(&bench, run, Decision::Resume), Err(DecideError::Finished { .. })));
    decided(&bench, run, Decision::Supersede).unwrap();
    let second = bench.intend_as(&unit(1), cert_serial(8), 1).unwrap().run;
    decided(&bench, second, Decision::Scrap).unwrap();
    assert!(matches!(refused(&bench, &unit(1)), ReserveError::Blocked { state: DeviceState::Scrapped, .. }));
    for decision in [Decision::Supersede, Decision::Quarantine, Decision::Scrap] {
        assert!(matches!(decided(&bench, second, decision), Err(DecideError::Finished { .. })));
    }
    assert!(matches!(decided(&bench, 99, Decision::Scrap), Err(DecideError::Unknown { run: 99 })));
}

#[test]
fn a_certificate_is_revoked_once_and_not_before_it_is_issued() {
    let bench = Bench::with_order();
    let revoked = |n| {
        bench.store.change(&actor(), at(6), |change| {
            revoke(change, &cert_serial(n), RevocationReason::KeyCompromise)
        })
    };
    bench.intend(1).unwrap();
    assert!(matches!(revoked(1), Err(RevokeError::Store(StoreError::Conflict { .. }))));
    bench.issued(cert_serial(1)).unwrap();
    assert_eq!(revoked(1).unwrap().state, CertificateState::Revoked);
    assert!(matches!(revoked(1), Err(RevokeError::Already { .. })));
    assert!(matches!(revoked(7), Err(RevokeError::Unknown(_))));
}

#[test]
fn runs_are_listed_newest_first_with_their_devices() {
    let bench = Bench::with_order();
    let runs: Vec<u64> = (1..=3).map(|n| bench.pass(n)).collect();
    let name = "gateway-7".parse().unwrap();
    let failure = finish::Failure {
        product: Some(&name),
        product_digest: None,
        work_order: Some(&"lot-1".parse().unwrap()),
        slot: None,
        serial: Some("SN-1"),
        person: "ada",
        started: at(7),
        verdict: Verdict::Skipped,
        stage: Stage::Identify,
        code: Some(Code::WrongProduct),
        message: "not ours",
        steps: None,
    };
    let skipped =
        bench.store.change(&actor(), at(8), |change| finish::record_failure(change, &failure)).unwrap();
    let listed = |filter: RunFilter, before| -> Vec<u64> {
        let rows = bench.store.read(|reader| list(reader, &filter, 2, before)).unwrap();
        rows.into_iter().map(|(run, _)| run.id).collect()
    };
    assert_eq!(listed(RunFilter::default(), None), [skipped, runs[2]]);
    assert_eq!(listed(RunFilter::default(), Some(runs[2])), [runs[1], runs[0]]);
    let passed = RunFilter { verdict: Some(Verdict::Pass), ..RunFilter::default() };
    assert_eq!(listed(passed, None), [runs[2], runs[1]]);
    let skips = RunFilter { verdict: Some(Verdict::Skipped), ..RunFilter::default() };
    assert_eq!(listed(skips, None), [skipped]);
    let ones =
        RunFilter { device: Some(1), work_order: Some("lot-1".parse().unwrap()), ..RunFilter::default() };
    assert_eq!(listed(ones, None), [runs[0]]);
    for text in ["SN-1002", "02-00-00-00-01-02", "sn-1002"] {
        let found = bench.store.read(|reader| devices::find(reader, text)).unwrap();
        assert_eq!(found.map(|device| device.id), Some(2), "{text}");
    }
}

#[test]
fn runs_without_a_verdict_are_found_without_looking_at_the_others() {
    let steps = plan(&format!("{} ORDER BY run.id DESC LIMIT ?", list_begins(true)));
    assert!(steps[0].contains("run USING INDEX run_unfinished"), "{steps:?}");
    let bench = Bench::with_order();
    bench.pass(1);
    let left = bench.intend(2).unwrap().run;
    let found = bench.store.read(|reader| unfinished(reader, 5)).unwrap();
    assert_eq!(found.iter().map(|(run, _)| run.id).collect::<Vec<_>>(), [left]);
    let of_another = RunFilter { device: Some(1), unfinished: true, ..RunFilter::default() };
    assert!(bench.store.read(|reader| list(reader, &of_another, 5, None)).unwrap().is_empty());
}

#[test]
fn what_is_offered_about_a_device_is_what_can_be_decided() {
    let bench = Bench::with_order();
    let provisioned = bench.pass(1);
    let quarantined = bench.pass(2);
    decided(&bench, quarantined, Decision::Quarantine).unwrap();
    let unfinished = bench.intend(3).unwrap().run;
    bench.issued(cert_serial(3)).unwrap();
    let failed = bench.intend(4).unwrap().run;
    bench.finish(failed, Verdict::Fail).unwrap();
    for number in [provisioned, quarantined, unfinished, failed] {
        for decision in [Decision::Resume, Decision::Supersede, Decision::Quarantine, Decision::Scrap] {
            let row = bench.store.read(|reader| get(reader, number)).unwrap().unwrap();
            let state = bench.store.read(|reader| devices::get(reader, row.device.unwrap())).unwrap();
            let offered = super::decide::possible(&row, state.unwrap().state).contains(&decision);
            // tried and given up: nothing is to come of it
            let tried: Result<(), Failed> = bench.store.change(&actor(), at(6), |change| {
                let carried_out = decide(change, number, decision, "tried").is_ok();
                assert_eq!(offered, carried_out, "{decision:?} of run {number}");
                Err(StoreError::NothingRecorded.into())
            });
            assert!(tried.is_err());
        }
    }
}
