//! A chunk from its intent to the record, or to the CRL.

use super::commit::{Common, IssuedCertificate, IssuedRow, commit};
use super::*;
use crate::domain::batch::BatchKind;
use crate::domain::mac_address::MacAddress;
use crate::domain::pair::Pair;
use crate::domain::product::KeyOrigin;
use crate::domain::thumbprint::Thumbprint;
use crate::store::audit::verify;
use crate::store::batches::{self, NewBatch};
use crate::store::runs::decide::Decision;
use crate::store::runs::reserve::ReserveError;
use crate::store::runs::{self, CredentialKind};
use crate::store::testing::{Bench, Unit, actor, at, cert_serial, unit};
use crate::store::{certificates, devices, recipes, work_orders};

const PROFILE: &str = "validity = 1\n";

fn begun(bench: &Bench) -> u64 {
    let asked = serde_json::json!({});
    let new = NewBatch {
        kind: BatchKind::Issue,
        input: "in.csv",
        output: "out.csv",
        input_digest: Some(&Digest::of(b"in")),
        asked: &asked,
        work_order: None,
        person: "ada",
    };
    bench
        .store
        .change(&actor(), at(2), |change| {
            recipes::keep_profile(change, &"device-p256".parse().unwrap(), PROFILE)?;
            batches::begin(change, &new)
        })
        .unwrap()
}

fn intents(units: std::ops::Range<u8>) -> Vec<BulkIntent> {
    let intent = |n: u8| BulkIntent {
        serial: cert_serial(n),
        to_be_signed: Digest::of(&[n, 1]),
        public_key: Digest::of(&[n]),
    };
    units.map(intent).collect()
}

fn intended(bench: &Bench, batch: u64, number: u64, intents: &[BulkIntent]) -> (u64, usize) {
    intended_by(1, bench, batch, number, intents)
}

/// With so many certificates a unit.
fn intended_by(copies: u8, bench: &Bench, batch: u64, number: u64, intents: &[BulkIntent]) -> (u64, usize) {
    let (lot, product) = ("lot-1".parse().unwrap(), "gateway-7".parse().unwrap());
    let taken = bench.store.change(&actor(), at(3), |change| {
        let permits =
            quota::take(change, &lot, &product, batch, intents.len() / usize::from(copies), copies == 2)?;
        assert!(permits.iter().all(|permit| permit.count() == u64::from(copies)));
        let chunk = NewChunk {
            batch,
            number,
            work_order: &lot,
            product: None,
            profile: &Digest::of(PROFILE.as_bytes()),
            intents,
            refused: 1,
        };
        Ok::<_, ReserveError>((intend(change, &chunk)?, permits.len()))
    });
    taken.unwrap()
}

/// One certificate for each unit, or two if there are as many intents.
fn committed(bench: &Bench, batch: u64, row: u64, units: &[Unit], intents: &[BulkIntent]) -> Vec<u64> {
    let ders: Vec<String> = intents.iter().map(|intent| format!("certificate {}", intent.serial)).collect();
    let digests: Vec<Digest> = ders.iter().map(|der| Digest::of(der.as_bytes())).collect();
    let thumbprints: Vec<Thumbprint> = ders.iter().map(|der| Thumbprint::sha1(der.as_bytes())).collect();
    let lot = "lot-1".parse().unwrap();
    let common = Common {
        batch,
        chunk: 1,
        row,
        product: None,
        work_order: &lot,
        profile: &Digest::of(PROFILE.as_bytes()),
        person: "ada",
        credential: &CredentialKind::X509 { key: KeyOrigin::Station },
        started: at(3),
        ends: Ends { input: 10, output: 20, refused: 5, bundle: 0 },
    };
    let known: Vec<_> =
        units.iter().map(|unit| bench.store.read(|r| devices::by_serial(r, &unit.serial)).unwrap()).collect();
    let certificates: Vec<IssuedCertificate<'_>> = intents
        .iter()
        .zip(ders.iter().zip(digests.iter().zip(&thumbprints)))
        .map(|(intent, (der, (digest, thumbprint)))| IssuedCertificate {
            cert_serial: &intent.serial,
            to_be_signed: &intent.to_be_signed,
            public_key: &intent.public_key,
            der: der.as_bytes(),
            sha1: thumbprint,
            sha256: digest,
            not_before: at(0),
            not_after: at(1_000_000),
        })
        .collect();
    let rows: Vec<IssuedRow<'_>> = units
        .iter()
        .zip(&known)
        .zip(certificates.chunks(intents.len() / units.len()))
        .map(|((unit, known), certificates)| IssuedRow {
            serial: &unit.serial,
            mac: Some(&unit.mac),
            identity: &unit.identity,
            known: known.as_ref(),
            certificates: Pair { primary: certificates[0], secondary: certificates.get(1).copied() },
        })
        .collect();
    bench.store.change(&actor(), at(4), |change| commit(change, &common, &rows)).unwrap()
}

fn is_sound(bench: &Bench) {
    let report =
        bench.store.read(|r| verify::verify(r, &verify::Options::default(), &mut |_, _| ())).unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[test]
fn what_was_written_in_bulk_is_what_single_runs_would_have_written() {
    let bench = Bench::with_order();
    bench.intend(3).unwrap();
    bench.finish(1, crate::domain::verdict::Verdict::Fail).unwrap();
    let batch = begun(&bench);
    let intents = intents(4..6).into_iter().chain(intents(7..8)).collect::<Vec<_>>();
    let (row, permits) = intended(&bench, batch, 1, &intents);
    assert_eq!(permits, 3);
    // the third is the device that failed before
    let units = [unit(4), unit(5), unit(3)];
    let runs = committed(&bench, batch, row, &units, &intents);
    assert_eq!(runs, [2, 3, 4]);
    let (device, run) = bench
        .store
        .read(|r| {
            let device = devices::by_mac(r, &"02:00:00:00:01:05".parse::<MacAddress>().unwrap())?.unwrap();
            Ok::<_, StoreError>((device.clone(), runs::newest_of(r, device.id)?.unwrap()))
        })
        .unwrap();
    assert_eq!((device.state, run.id), (devices::DeviceState::Provisioned, 3));
    let kept = bench.store.read(|r| certificates::by_run(r, 4)).unwrap().unwrap().primary;
    assert_eq!((kept.device, kept.state), (1, certificates::CertificateState::Issued));
    let lot = bench.store.read(|r| work_orders::get(r, &"lot-1".parse().unwrap())).unwrap().unwrap();
    assert_eq!((lot.issued, lot.passed), (4, 3));
    let standing = bench.store.read(|r| standing(r, batch)).unwrap();
    assert_eq!((standing.chunk, standing.certificates, standing.refused), (1, 3, 1));
    assert_eq!(standing.ends, Ends { input: 10, output: 20, refused: 5, bundle: 0 });
    let by = |batch: u64, n: u8| bench.store.read(|r| knows(r, batch, &cert_serial(n))).unwrap();
    assert_eq!((by(batch, 4), by(batch, 3), by(batch + 1, 4)), (true, false, false));
    is_sound(&bench);
    bench.attack("UPDATE run SET person = 'eve' WHERE id = 3");
    let report =
        bench.store.read(|r| verify::verify(r, &verify::Options::default(), &mut |_, _| ())).unwrap();
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
}

#[test]
fn a_chunk_that_is_given_up_is_on_the_crl_and_gives_its_units_back() {
    let bench = Bench::with_order();
    let batch = begun(&bench);
    let chosen = intents(1..4);
    intended(&bench, batch, 1, &chosen);
    let lot = "lot-1".parse().unwrap();
    let issued = || bench.store.read(|r| work_orders::get(r, &lot)).unwrap().unwrap().issued;
    assert_eq!(issued(), 3);
    assert!(bench.store.read(|r| knows(r, batch, &cert_serial(2))).unwrap());
    assert!(!bench.store.read(|r| knows(r, batch, &cert_serial(9))).unwrap());
    assert!(bench.store.read(certificates::not_live).unwrap().is_empty());
    let voided = bench.store.change(&actor(), at(5), |change| void(change, batch, &lot, 1)).unwrap();
    assert_eq!((voided, issued()), (3, 0));
    let unlisted = || bench.store.read(|r| unlisted(r, batch)).unwrap();
    assert_eq!(unlisted(), 3);
    let list = crate::store::crl::CrlRow { number: 1, der: vec![7], this_update: at(6), next_update: at(9) };
    bench.store.change(&actor(), at(6), |change| crate::store::crl::add(change, &list, 3)).unwrap();
    assert_eq!(unlisted(), 0, "they are on the list that was made after them");
    let listed: Vec<_> = bench.store.read(certificates::not_live).unwrap();
    assert_eq!(listed.iter().map(|one| one.serial).collect::<Vec<_>>(), [1, 2, 3].map(cert_serial));
    assert_eq!(bench.store.read(certificates::count_withdrawn).unwrap(), 3);
    assert_eq!(
        bench.store.read(|r| standing(r, batch)).unwrap(),
        Standing { chunk: 1, ..Standing::default() }
    );
    is_sound(&bench);
}

#[test]
fn two_certificates_of_a_row_take_one_unit_and_are_on_record_as_single_runs_write_them() {
    let bench = Bench::with_order();
    let batch = begun(&bench);
    let lot = "lot-1".parse().unwrap();
    let order = || bench.store.read(|r| work_orders::get(r, &lot)).unwrap().unwrap();
    let given_up = intents(11..15);
    assert_eq!(intended_by(2, &bench, batch, 1, &given_up).1, 2);
    assert_eq!(order().issued, 2);
    let voided = bench.store.change(&actor(), at(4), |change| void(change, batch, &lot, 2)).unwrap();
    assert_eq!((voided, order().issued), (4, 0));

    let chosen = intents(1..5);
    let (row, permits) = intended_by(2, &bench, batch, 2, &chosen);
    assert_eq!(permits, 2);
    let runs = committed(&bench, batch, row, &[unit(1), unit(2)], &chosen);
    assert_eq!((runs.as_slice(), order().issued, order().passed), ([1, 2].as_slice(), 2, 2));
    let standing = bench.store.read(|r| standing(r, batch)).unwrap();
    assert_eq!((standing.certificates, standing.good(2)), (4, 2));
    for (run, numbers) in [(1, [1, 2]), (2, [3, 4])] {
        let kept = bench.store.read(|r| certificates::by_run(r, run)).unwrap().unwrap();
        let serials = Pair { primary: cert_serial(numbers[0]), secondary: Some(cert_serial(numbers[1])) };
        assert_eq!(kept.as_ref().map(|_, one| one.serial), serials);
        for (which, one) in kept.each() {
            assert_eq!((one.which, one.device, one.run), (which, run, run));
            let thumbprint = Thumbprint::sha1(one.der.as_ref().unwrap());
            let found = bench.store.read(|r| certificates::thumbprint::find(r, &thumbprint)).unwrap();
            assert_eq!(found.as_ref(), Some(one));
        }
    }
    is_sound(&bench);
    bench.attack(
        "DROP INDEX certificate_live; DROP INDEX certificate_run;
         UPDATE certificate SET which = NULL WHERE which IS NOT NULL AND run = 2",
    );
    let report =
        bench.store.read(|r| verify::verify(r, &verify::Options::default(), &mut |_, _| ())).unwrap();
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
}

#[test]
fn what_a_device_had_before_is_linked_to_what_a_batch_gives_it() {
    let bench = Bench::with_order();
    bench.pass(1);
    let superseded = |change: &mut Change<'_>| runs::decide::decide(change, 1, Decision::Supersede, "again");
    bench.store.change(&actor(), at(3), superseded).unwrap();
    let batch = begun(&bench);
    let chosen = intents(7..9);
    let (row, _) = intended_by(2, &bench, batch, 1, &chosen);
    committed(&bench, batch, row, &[unit(1)], &chosen);
    let before = bench.store.read(|r| certificates::get(r, &cert_serial(1))).unwrap().unwrap();
    assert_eq!(before.successor, Some(cert_serial(7)), "a primary one succeeds a primary one");
    is_sound(&bench);
}

#[test]
fn no_more_units_are_taken_than_there_are() {
    let bench = Bench::with_order();
    let batch = begun(&bench);
    let chosen = intents(1..10);
    let (_, permits) = intended(&bench, batch, 1, &chosen);
    assert_eq!(permits, 7, "five and two to spare");
    let (_, permits) = intended(&bench, batch, 2, &chosen[..1]);
    assert_eq!(permits, 0);
}

#[test]
fn a_key_of_another_device_ends_the_chunk_whole() {
    let bench = Bench::with_order();
    bench.pass(1);
    let batch = begun(&bench);
    let mut chosen = intents(4..6);
    chosen[1].public_key = Digest::of(&[1]);
    let (row, _) = intended(&bench, batch, 1, &chosen);
    let entries = bench.entries();
    let units = [unit(4), unit(5)];
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        committed(&bench, batch, row, &units, &chosen)
    }));
    assert!(outcome.is_err(), "the key is that of device 1");
    assert_eq!(bench.entries(), entries);
}
