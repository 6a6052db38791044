use std::fs;
use std::time::Duration;

use super::*;
use crate::ca::ceremony;
use crate::ca::crl;
use crate::ca::throwaway::ThrowawayCa;
use crate::domain::audit_event::AuditEvent;
use crate::station::authority::Administering;
use crate::station::possession::{self, Ask};
use crate::station::testing::Bench;
use crate::store::crl::CrlRow;

fn on_disk(bench: &Bench) -> String {
    bench.folder.read(&bench.folder.ca("crl.pem")).unwrap()
}

fn newest(bench: &Bench) -> CrlRow {
    bench.store.read(crate::store::crl::latest).unwrap().unwrap()
}

#[test]
fn who_writes_late_writes_the_newest_list() {
    let bench = Bench::new();
    let issuer = bench.unlock().unwrap().issuer;
    issue_crl(&bench.folder, &bench.store, &issuer, &[], &Actor::Station).unwrap();
    let older = on_disk(&bench);
    issue_crl(&bench.folder, &bench.store, &issuer, &[], &Actor::Station).unwrap();
    assert_ne!(on_disk(&bench), older);
    // the one that issued the older list was held up before it wrote
    on_file::put_back(&bench.folder, &bench.store, &issuer, &[]).unwrap();
    assert_eq!(on_disk(&bench), crl::pem(&newest(&bench).der));
}

#[test]
fn lists_issued_at_once_leave_the_one_with_the_greatest_number() {
    let bench = Bench::new();
    let issuer = bench.unlock().unwrap().issuer;
    let before = newest(&bench).number;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // each with a store of its own, as processes have
            scope.spawn(|| {
                let store = Store::open(&bench.folder.database()).unwrap();
                for _ in 0..5 {
                    issue_crl(&bench.folder, &store, &issuer, &[], &Actor::Station).unwrap();
                }
            });
        }
    });
    assert_eq!(newest(&bench).number, before + 20);
    assert_eq!(on_disk(&bench), crl::pem(&newest(&bench).der));
}

/// A root that ended more than thirty years ago, and an issuing CA that it is the root of.
fn ended(name: &str) -> Issuer {
    let long_ago = UtcTime::from_seconds(0);
    let root = ceremony::make_root(&"Example".parse().unwrap(), long_ago, [9; 10]).unwrap();
    let (company, station) = ("Example".parse().unwrap(), name.parse().unwrap());
    let certificate = root.certificate.clone();
    let above = ceremony::make_root(&company, clock::now(), [8; 10]).unwrap().into_issuer().unwrap();
    let issuing = ceremony::make_issuing(&above, &company, &station, clock::now(), [7; 10]).unwrap();
    issuing.into_issuer().unwrap().under(&certificate)
}

#[test]
fn a_ca_that_has_ended_gets_no_list_and_stops_no_other_one() {
    let bench = Bench::new();
    let issuer = bench.unlock().unwrap().issuer;
    let number = |text: &str| text.parse::<Name>().unwrap();
    let alive = std::sync::Arc::into_inner(ThrowawayCa::made_now().issuer).unwrap();
    let past = [
        PastIssuer { number: number("1"), issuer: ended("line-7") },
        PastIssuer { number: number("2"), issuer: alive },
    ];
    let before = newest(&bench).number;
    let issued = issue_crl(&bench.folder, &bench.store, &issuer, &past, &Actor::Station).unwrap();
    assert_eq!(issued.present, Ok((before + 2, 0)));
    let gone: Vec<&str> = issued.ended.iter().map(|one| &*one.subject).collect();
    assert_eq!(gone, [past[0].issuer.subject()]);
    assert!(!bench.folder.ca("crl-1.pem").exists());
    let of_second = bench.folder.read(&bench.folder.ca("crl-2.pem")).unwrap();
    assert_ne!(of_second, on_disk(&bench));
    assert_eq!(on_disk(&bench), crl::pem(&newest(&bench).der));

    // a CA that stands alone and has ended
    let only = ended("line-7");
    let issued = issue_crl(&bench.folder, &bench.store, &only, &[], &Actor::Station).unwrap();
    assert_eq!(issued.present.unwrap_err().code(), Code::IssuerExpired);
    assert_eq!(newest(&bench).number, before + 2);
}

#[test]
fn files_that_are_older_than_the_records_are_brought_up_to_them() {
    let bench = Bench::new();
    let issuer = bench.unlock().unwrap().issuer;
    let alive = std::sync::Arc::into_inner(ThrowawayCa::made_now().issuer).unwrap();
    let past = [PastIssuer { number: "1".parse().unwrap(), issuer: alive }];
    let files = ["crl.pem", "crl-1.pem"].map(|file| bench.folder.ca(file));
    let issue = || issue_crl(&bench.folder, &bench.store, &issuer, &past, &Actor::Station).unwrap();
    issue();
    let older = files.each_ref().map(|file| fs::read(file).unwrap());
    std::thread::sleep(Duration::from_millis(5));
    issue();
    let newer = files.each_ref().map(|file| fs::read(file).unwrap());
    assert!(older[0] != newer[0] && older[1] != newer[1]);
    fs::write(&files[0], &older[0]).unwrap();
    fs::remove_file(&files[1]).unwrap();
    on_file::put_back(&bench.folder, &bench.store, &issuer, &past).unwrap();
    assert!(files.each_ref().map(|file| fs::read(file).unwrap()) == newer);
}

#[test]
fn a_ca_that_is_not_the_present_one_any_more_signs_no_list() {
    let bench = Bench::new();
    let issuer = bench.unlock().unwrap().issuer;
    let before = (newest(&bench).number, on_disk(&bench));
    let issuing = bench.folder.ca("issuing.pem");
    let another = ThrowawayCa::made_now().issuer;
    let own = fs::read(&issuing).unwrap();
    fs::write(&issuing, another.certificate().pem()).unwrap();
    let refused = issue_crl(&bench.folder, &bench.store, &issuer, &[], &Actor::Station);
    assert!(matches!(refused, Err(CrlFailed::Replaced)), "{refused:?}");
    assert_eq!((newest(&bench).number, on_disk(&bench)), before);
    fs::write(&issuing, own).unwrap();
    issue_crl(&bench.folder, &bench.store, &issuer, &[], &Actor::Station).unwrap();
}

#[test]
fn nothing_is_listed_revoked_or_proven_while_the_clock_stands_before_the_log() {
    let bench = Bench::new();
    let issuer = bench.unlock().unwrap().issuer;
    let before = newest(&bench).number;
    let tomorrow = clock::now().plus(Duration::from_secs(86_400));
    let entry = |at| {
        bench.store.change(&Actor::Station, at, |change| {
            change.record(AuditEvent::VaultUnlocked);
            Ok::<_, StoreError>(())
        })
    };
    entry(tomorrow).unwrap();
    let listed = issue_crl(&bench.folder, &bench.store, &issuer, &[], &Actor::Station).unwrap_err();
    assert_eq!(listed.code(), Code::ClockBehind);
    assert_eq!(newest(&bench).number, before);

    let code = "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F5";
    let ask = Ask { role: "issuing", issuer: &issuer, code, profile: None, second: None };
    let admin = Administering::at_the_terminal(Actor::Station);
    let proven = possession::prove(&bench.folder, &bench.store, &admin, clock::now(), &ask).unwrap_err();
    assert_eq!(proven.code(), Code::ClockBehind);

    entry(tomorrow).unwrap();
    let engineer = Engineering::at_the_terminal(Actor::Station);
    let serial = CertSerial::new(clock::now(), [1; 10]);
    let reason = RevocationReason::Superseded;
    let revoked = revoke(&bench.store, &engineer, clock::now(), &serial, reason).unwrap_err();
    assert_eq!(revoked.code(), Code::ClockBehind);
}
