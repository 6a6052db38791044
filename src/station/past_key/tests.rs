use std::time::Duration;

use super::*;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::station::ca_warnings::{self, Warning};
use crate::station::testing::{Bench, now};
use crate::station::{installation, keys, second_person};
use crate::vault::root_key;

fn passphrase() -> Secret {
    Secret::new(b"a passphrase".to_vec())
}

fn admin() -> Administering {
    Administering::at_the_terminal(Actor::Station)
}

fn alone(bench: &Bench) -> Confirmation {
    second_person::confirm(&bench.store, false, (&admin(), None), None, "a test", now()).unwrap()
}

fn vault(bench: &Bench) -> Vault {
    keys::unlock_vault(&bench.folder, &bench.store, &passphrase(), &Actor::Station, now()).unwrap()
}

fn place(bench: &Bench) -> Place<'_> {
    Place { folder: &bench.folder, store: &bench.store, station: &bench.settings.name }
}

fn renew(bench: &Bench) -> CertificateFacts {
    let root_pem = bench.folder.read(&bench.folder.ca("root.pem")).unwrap();
    let root_key = root_key::open_root_key(bench.folder.path(), &passphrase()).unwrap();
    let root = Issuer::load(&root_pem, &root_key).unwrap();
    let confirmed = alone(bench);
    let installed =
        installation::renew(&place(bench), &mut vault(bench), &admin(), &confirmed, &root, now()).unwrap();
    installed.facts
}

fn forgotten(bench: &Bench, named: &str, now: UtcTime) -> Result<Forgotten, CannotForget> {
    forget(&place(bench), &mut vault(bench), &admin(), &alone(bench), (named, false), now)
}

fn is_kept(bench: &Bench, number: u32) -> bool {
    bench.store.read(|reader| whereabouts(reader, number)).unwrap() == Whereabouts::Kept
}

fn long_after() -> UtcTime {
    now().plus(Duration::from_secs(30 * 366 * 86_400))
}

#[test]
fn a_ca_that_has_ended_loses_its_key_without_another_list_and_is_not_warned_of_any_more() {
    let bench = Bench::new();
    renew(&bench);
    let lists = || bench.store.read(crl::next_number).unwrap();
    let before = lists();
    let may_go = || {
        let warnings = ca_warnings::all(&bench.folder, &bench.store, long_after()).unwrap();
        warnings.iter().any(|warning| matches!(warning, Warning::KeyMayGo(name) if name == "issuing-1"))
    };
    assert!(may_go() && is_kept(&bench, 1));
    assert!(
        ca_warnings::all(&bench.folder, &bench.store, now())
            .unwrap()
            .iter()
            .all(|warning| { !matches!(warning, Warning::KeyMayGo(_)) })
    );
    let Forgotten { name, last_list, .. } = forgotten(&bench, "issuing-1", long_after()).unwrap();
    assert_eq!((name.as_str(), last_list, lists()), ("issuing-1", None, before));
    assert!(!may_go() && !is_kept(&bench, 1));
    assert!(vault(&bench).past_issuing_numbers().next().is_none());
}

#[test]
fn the_number_of_a_forgotten_ca_is_never_given_again() {
    let bench = Bench::new();
    renew(&bench);
    let second = renew(&bench);
    assert!(second.subject.contains("G3"), "{}", second.subject);
    // nothing was issued, so nothing of theirs is in use
    for named in ["issuing-1", "issuing-2"] {
        assert!(forgotten(&bench, named, now()).unwrap().last_list.is_some());
    }
    let unlocked = bench.unlock().unwrap();
    assert_eq!((unlocked.past.len(), unlocked.forgotten.len()), (0, 2));
    let third = renew(&bench);
    assert!(third.subject.contains("G4"), "{}", third.subject);
    let numbers: Vec<String> = vault(&bench).past_issuing_numbers().map(ToString::to_string).collect();
    assert_eq!(numbers, ["3"]);
    let kept = |number: u32| bench.folder.read(&bench.folder.ca(&format!("issuing-{number}.pem"))).unwrap();
    assert!(kept(1) != kept(2) && kept(2) != kept(3));
    assert_eq!(Certificate::from_pem(&kept(3)).unwrap().sha256(), second.sha256);
}

#[test]
fn a_ca_is_found_by_file_serial_number_and_fingerprint_and_the_present_one_is_refused() {
    let bench = Bench::new();
    let of = |file: &str| {
        let pem = bench.folder.read(&bench.folder.ca(file)).unwrap();
        let facts = CertificateFacts::read(&Certificate::from_pem(&pem).unwrap()).unwrap();
        let sha256 = facts.sha256.to_string().to_uppercase();
        let pairs: Vec<&str> = (0..sha256.len()).step_by(2).map(|at| &sha256[at..at + 2]).collect();
        [facts.serial.to_uppercase(), pairs.join(":")]
    };
    let named = of("issuing.pem");
    for present in [&named[0], &named[1], "issuing"] {
        let refused = forgotten(&bench, present, long_after()).unwrap_err();
        assert_eq!(refused.code(), Code::PresentKey, "{present}");
    }
    renew(&bench);
    for named in &named {
        assert_eq!(find(&bench.folder, named).unwrap().0, 1, "{named}");
    }
    for unknown in ["issuing-2", "root", "", "0", "1", "ab"] {
        let refused = forgotten(&bench, unknown, long_after()).unwrap_err();
        assert_eq!(refused.code(), Code::NoPastKey, "{unknown}");
    }
    assert!(is_kept(&bench, 1));
}

#[test]
fn whoever_loaded_the_key_before_it_was_erased_makes_no_list_with_it_any_more() {
    let bench = Bench::new();
    renew(&bench);
    let loaded = bench.unlock().unwrap();
    forgotten(&bench, "issuing-1", now()).unwrap();
    let file = bench.folder.ca("crl-1.pem");
    let (last, lists) = (bench.folder.read(&file).unwrap(), bench.store.read(crl::next_number).unwrap());
    let made =
        revocation::issue_crl(&bench.folder, &bench.store, &loaded.issuer, &loaded.past, &Actor::Station);
    assert!(matches!(made, Err(CrlFailed::Replaced)), "{made:?}");
    assert_eq!(
        (bench.folder.read(&file).unwrap(), bench.store.read(crl::next_number).unwrap()),
        (last, lists)
    );
    // one that opens the station now lists what is left
    let loaded = bench.unlock().unwrap();
    let made =
        revocation::issue_crl(&bench.folder, &bench.store, &loaded.issuer, &loaded.past, &Actor::Station);
    assert_eq!(made.unwrap().forgotten.len(), 1);
}

#[test]
fn a_last_list_is_one_that_counts_to_the_end_of_its_ca() {
    let bench = Bench::new();
    renew(&bench);
    let loaded = bench.unlock().unwrap();
    let (folder, store, issuer, past) = (&bench.folder, &bench.store, &loaded.issuer, &loaded.past);
    let last = || store.read(|reader| is_last(reader, &past[0].issuer)).unwrap();
    revocation::issue_crl(folder, store, issuer, past, &Actor::Station).unwrap();
    assert!(!last());
    revocation::issue_last(folder, store, issuer, past, &past[0].number, &Actor::Station).unwrap();
    assert!(last());
    let present = || store.read(|reader| is_last(reader, issuer)).unwrap();
    assert!(!present(), "the others' are ordinary ones");
    // made by another process after that
    revocation::issue_crl(folder, store, issuer, past, &Actor::Station).unwrap();
    assert!(!last());
}
