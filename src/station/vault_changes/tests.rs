use super::*;
use crate::station::testing::{Bench, now};
use crate::store::audit::log;

const ENTRY: &str = "secret/console";

fn name() -> Name {
    "console".parse().unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn set(bench: &Bench, vault: &mut Vault, text: &str) -> Result<(), VaultChangeError> {
    set_secret(&bench.store, vault, &name(), secret(text), &Actor::Station, now())
}

fn recorded(bench: &Bench) -> Option<Digest> {
    bench.store.read(|r| secret_checks::get(r, ENTRY)).unwrap()
}

fn settled(bench: &Bench) -> usize {
    let entries = bench
        .store
        .read(|r| (1..=log::size(r)?).map(|seq| log::entry(r, seq)).collect::<Result<Vec<_>, StoreError>>());
    entries.unwrap().into_iter().flatten().filter(|text| text.contains("secret-settled")).count()
}

#[test]
fn a_crash_after_the_vault_was_written_is_settled_at_the_next_unlock() {
    let bench = Bench::new();
    for (round, text) in ["the first", "another"].into_iter().enumerate() {
        let mut unlocked = bench.unlock().unwrap();
        announce(&bench.store, ENTRY, &Actor::Station, now()).unwrap();
        unlocked.vault.set_secret(name(), secret(text)).unwrap();
        drop(unlocked);

        let unlocked = bench.unlock().unwrap();
        assert_eq!(unlocked.vault.secret(&name()).unwrap().expose(), text.as_bytes());
        let value = unlocked.vault.check_value(&Entry::Secret(name())).unwrap();
        assert_eq!((recorded(&bench), settled(&bench)), (Some(value), round + 1));
    }
    bench.unlock().unwrap();
    assert_eq!(settled(&bench), 2, "once settled, there is nothing more to settle");
}

#[test]
fn a_crash_before_the_vault_was_written_leaves_a_secret_that_is_known_to_be_absent() {
    let bench = Bench::new();
    announce(&bench.store, ENTRY, &Actor::Station, now()).unwrap();
    let mut unlocked = bench.unlock().unwrap();
    assert_eq!((recorded(&bench), settled(&bench)), (Some(absent()), 1));
    set(&bench, &mut unlocked.vault, "at last").unwrap();
    bench.unlock().unwrap();
}

#[test]
fn a_write_that_failed_is_left_to_the_next_unlock() {
    let bench = Bench::new();
    let mut unlocked = bench.unlock().unwrap();
    set(&bench, &mut unlocked.vault, "old").unwrap();
    // a folder lies where the new file is to be written
    let in_the_way = bench.folder.path().join(".vault.age.new");
    std::fs::create_dir(&in_the_way).unwrap();
    let failed = set(&bench, &mut unlocked.vault, "new").unwrap_err();
    assert!(matches!(failed, VaultChangeError::Vault(VaultError::Write { .. })), "{failed}");
    assert_eq!(recorded(&bench), Some(in_change()), "nobody knows which file a power cut would leave");
    std::fs::remove_dir(&in_the_way).unwrap();
    // the rename was done after all
    unlocked.vault.set_secret(name(), secret("new")).unwrap();
    let unlocked = bench.unlock().unwrap();
    assert_eq!(unlocked.vault.secret(&name()).unwrap().expose(), b"new");
    assert_eq!(recorded(&bench), Some(unlocked.vault.check_value(&Entry::Secret(name())).unwrap()));
}

#[test]
fn what_the_records_do_not_know_does_not_open() {
    let bench = Bench::new();
    let mut unlocked = bench.unlock().unwrap();
    unlocked.vault.set_secret(name(), secret("from elsewhere")).unwrap();
    let refused = bench.unlock().map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), Code::CheckValueWrong, "{refused}");
    assert!(refused.to_string().contains(ENTRY), "{refused}");
}

#[test]
fn a_change_that_is_refused_leaves_the_records_as_they_were() {
    let bench = Bench::new();
    let mut unlocked = bench.unlock().unwrap();
    assert!(set(&bench, &mut unlocked.vault, "").is_err());
    assert_eq!(recorded(&bench), Some(absent()));
    set(&bench, &mut unlocked.vault, "good").unwrap();
    let before = recorded(&bench);
    assert!(set(&bench, &mut unlocked.vault, "").is_err());
    assert_eq!(recorded(&bench), before);
    bench.unlock().unwrap();
    assert_eq!(settled(&bench), 0);
}
