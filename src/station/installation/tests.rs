use super::*;
use crate::ca::key::KeyPair;
use crate::ca::public_key::KeyKind;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::station::issuing_keys;
use crate::station::keys;
use crate::station::testing::{Bench, now};
use crate::vault::root_key;

/// A renewal that stands still before its certificate is laid down: vault, certificate, root.
fn under_way(bench: &Bench) -> (Vault, Certificate, Certificate) {
    let passphrase = Secret::new(b"a passphrase".to_vec());
    let actor = Actor::Station;
    let mut vault = keys::unlock_vault(&bench.folder, &bench.store, &passphrase, &actor, now()).unwrap();
    let station = &bench.settings.name;
    let place = Place { folder: &bench.folder, store: &bench.store, station };
    let key = await_certificate(&place, &mut vault, &actor, now()).unwrap();
    let root_pem = bench.folder.read(&bench.folder.ca("root.pem")).unwrap();
    let root_key = root_key::open_root_key(bench.folder.path(), &passphrase).unwrap();
    let root = Issuer::load(&root_pem, &root_key).unwrap();
    let company = company(&bench.store).unwrap();
    let name = ceremony::issuing_name(&company, station, 2).unwrap();
    let made = ceremony::certify_issuing(&root, &company, name, key.public_key(), now(), [7; 10]).unwrap();
    (vault, made, root.certificate().clone())
}

fn lay_down(bench: &Bench, made: &Certificate, root: &Certificate) {
    keep(&bench.folder, "issuing", &"1".parse().unwrap(), None).unwrap();
    write(&bench.folder, STAGED_ROOT, &root.pem()).unwrap();
    write(&bench.folder, STAGED, &made.pem()).unwrap();
}

fn held(made: &Certificate) -> Held {
    let issuing_key = made.public_key().unwrap().digest();
    Held {
        act: Act::Renewal,
        second: None,
        issuing_key,
        token_object: None,
        certificates: Vec::new(),
        warnings: Vec::new(),
    }
}

fn in_use(bench: &Bench) -> Certificate {
    issuers::certificate(&bench.folder, "issuing.pem").unwrap().unwrap()
}

fn nothing_lies_about(bench: &Bench) {
    assert!(!bench.folder.ca(STAGED).exists() && !bench.folder.ca(STAGED_ROOT).exists());
}

#[test]
fn what_was_cut_off_before_it_went_on_record_never_was() {
    let bench = Bench::new();
    let before = in_use(&bench);
    let (vault, made, root) = under_way(&bench);
    lay_down(&bench, &made, &root);
    drop(vault);
    let unlocked = bench.unlock().unwrap();
    assert_eq!(*unlocked.issuer.certificate(), before);
    assert_eq!(in_use(&bench), before);
    assert!(unlocked.past.is_empty());
    nothing_lies_about(&bench);
    // the key waits on for its certificate
    assert!(unlocked.vault.next_issuing_key().is_ok());
}

/// From now on the key of this certificate signs, as the records and the vault have it.
fn promote(bench: &Bench, vault: &mut Vault, made: &Certificate) -> Result<u64, VaultChangeError> {
    let number = "1".parse().unwrap();
    vault_changes::promote_issuing_key(&bench.store, vault, &number, &held(made), &Actor::Station, now())
}

#[test]
fn what_was_cut_off_after_it_went_on_record_is_carried_through() {
    let bench = Bench::new();
    let before = in_use(&bench);
    let (mut vault, made, root) = under_way(&bench);
    lay_down(&bench, &made, &root);
    // the disk is full just when the vault is to be written
    let place = bench.folder.path().join("vault.age");
    let saved = std::fs::read(&place).unwrap();
    promote(&bench, &mut vault, &made).unwrap();
    drop(vault);
    std::fs::write(&place, saved).unwrap();

    let unlocked = bench.unlock().unwrap();
    assert_eq!(*unlocked.issuer.certificate(), made);
    assert_eq!(in_use(&bench), made);
    assert_eq!(*unlocked.past[0].issuer.certificate(), before);
    assert!(unlocked.vault.next_issuing_key().is_err());
    nothing_lies_about(&bench);
    bench.unlock().unwrap();
}

#[test]
fn the_vault_says_which_ca_signs_while_the_files_are_not_there_yet() {
    let bench = Bench::new();
    let (mut vault, made, root) = under_way(&bench);
    lay_down(&bench, &made, &root);
    promote(&bench, &mut vault, &made).unwrap();
    drop(vault);
    // a process beside the one that installs
    let passphrase = Secret::new(b"a passphrase".to_vec());
    let beside =
        keys::unlock_beside(&bench.folder, &bench.store, &passphrase, &Actor::Station, now()).unwrap();
    assert_eq!(*beside.issuer.certificate(), made);
    assert_ne!(in_use(&bench), made);
    // the next one that holds the lock brings the files up
    let unlocked = bench.unlock().unwrap();
    assert_eq!((in_use(&bench), unlocked.past.len()), (made, 1));
    nothing_lies_about(&bench);
}

#[test]
fn a_key_pair_is_told_from_another() {
    let bench = Bench::new();
    let other = KeyPair::generate(KeyKind::EcP384).unwrap().pkcs8().unwrap();
    let unlocked = bench.unlock().unwrap();
    assert!(issuing_keys::belong_together(&in_use(&bench), unlocked.vault.issuing_key().unwrap()).unwrap());
    assert!(!issuing_keys::belong_together(&in_use(&bench), &other).unwrap());
}

#[test]
fn no_ca_is_installed_while_the_clock_stands_before_the_log() {
    let bench = Bench::new();
    let (mut vault, made, _) = under_way(&bench);
    let tomorrow = now().plus(std::time::Duration::from_secs(86_400));
    vault_changes::set_secret(
        &bench.store,
        &mut vault,
        &"other".parse().unwrap(),
        Secret::new(b"value".to_vec()),
        &Actor::Station,
        tomorrow,
    )
    .unwrap();
    let before = bench.store.read(log::size).unwrap();
    let refused = promote(&bench, &mut vault, &made);
    assert!(matches!(refused, Err(VaultChangeError::Clock(_))), "{refused:?}");
    assert_eq!(bench.store.read(log::size).unwrap(), before);
    assert!(vault.next_issuing_key().is_ok());
}
