use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::check::Entry;
use super::*;
use crate::domain::code::{Code, Coded};
use crate::domain::pair::Which;

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn group(primary: u8, secondary: u8) -> GroupKey {
    GroupKey::from_random(&Zeroizing::new([primary; 64]), &Zeroizing::new([secondary; 64]))
}

fn created() -> (TempDir, Vault, Secret) {
    let folder = tempfile::tempdir().unwrap();
    match Vault::create(folder.path(), &secret("pass")) {
        Ok((vault, recovery)) => (folder, vault, recovery),
        Err(error) => panic!("{error}"),
    }
}

fn fault<T>(result: Result<T, VaultError>) -> VaultError {
    result.err().unwrap()
}

fn filled() -> (TempDir, Vault, Secret) {
    let (folder, mut vault, recovery) = created();
    vault.set_issuing_key(Secret::new(vec![0, 255, 7])).unwrap();
    vault.set_checkpoint_key(secret("PRIVATE+KEY+line+…")).unwrap();
    vault.set_secret(name("dps"), secret("HostName=…")).unwrap();
    vault.add_group_key(name("plant-1"), group(1, 2)).unwrap();
    (folder, vault, recovery)
}

fn assert_filled(vault: &Vault) {
    assert_eq!(vault.issuing_key().ok().unwrap().expose(), [0, 255, 7]);
    assert_eq!(vault.checkpoint_key().ok().unwrap().expose(), "PRIVATE+KEY+line+…".as_bytes());
    assert_eq!(vault.secret(&name("dps")).ok().unwrap().expose(), "HostName=…".as_bytes());
    assert_eq!(vault.group_key(&name("plant-1")).ok().unwrap().bytes(Which::Secondary), [2; 64]);
    assert_eq!(vault.secret_names().collect::<Vec<_>>(), [&name("dps")]);
    assert_eq!(vault.group_key_names().collect::<Vec<_>>(), [&name("plant-1")]);
}

#[test]
fn what_was_stored_is_there_after_unlocking() {
    let (folder, vault, _) = filled();
    assert_filled(&vault);
    let again = Vault::unlock(folder.path(), &secret("pass")).ok().unwrap();
    assert_filled(&again);
    assert_eq!(again.check_values().unwrap(), vault.check_values().unwrap());
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_an_empty_one_makes_nothing() {
    let (folder, ..) = created();
    let wrong = fault(Vault::unlock(folder.path(), &secret("Pass")));
    assert_eq!(wrong.to_string(), "the passphrase does not open vault-key.age");
    assert_eq!(wrong.code(), Code::PassphraseWrong);
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(fault(Vault::create(empty.path(), &secret(""))), VaultError::PassphraseForm));
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
    assert!(matches!(
        fault(Vault::unlock(empty.path(), &secret("pass"))),
        VaultError::Missing { file: VAULT_KEY }
    ));
}

#[test]
fn an_existing_vault_is_never_overwritten() {
    let (folder, ..) = created();
    let before = fs::read(folder.path().join(VAULT)).unwrap();
    assert!(matches!(fault(Vault::create(folder.path(), &secret("x"))), VaultError::Exists { .. }));
    fs::remove_file(folder.path().join(VAULT_KEY)).unwrap();
    assert!(matches!(fault(Vault::create(folder.path(), &secret("x"))), VaultError::Exists { file: VAULT }));
    assert_eq!(fs::read(folder.path().join(VAULT)).unwrap(), before);
}

#[test]
fn the_recovery_identity_opens_it_and_gives_it_a_new_passphrase() {
    let (folder, vault, recovery) = filled();
    let waiting = vault.seal(b"waiting").unwrap();
    fs::remove_file(folder.path().join(VAULT_KEY)).unwrap();
    assert!(recovery.expose().starts_with(b"AGE-SECRET-KEY-1"));
    let recovered = Vault::recover(folder.path(), &recovery).ok().unwrap();
    assert_filled(&recovered);
    assert_eq!(recovered.open(&waiting).ok().unwrap().expose(), b"waiting");
    recovered.set_passphrase(&secret("new")).unwrap();
    let mut again = Vault::unlock(folder.path(), &secret("new")).ok().unwrap();
    assert_filled(&again);
    // a rewritten vault is still sealed to the recovery identity
    again.set_secret(name("later"), secret("x")).unwrap();
    assert!(Vault::recover(folder.path(), &recovery).ok().unwrap().secret(&name("later")).is_ok());

    let stranger = secret_text(&x25519::Identity::generate());
    assert!(matches!(fault(Vault::recover(folder.path(), &stranger)), VaultError::OtherKey { file: VAULT }));
    let nonsense = fault(Vault::recover(folder.path(), &secret("AGE-SECRET-KEY-1QQQ")));
    assert!(matches!(nonsense, VaultError::RecoveryIdentity));
}

#[test]
fn a_damaged_or_cut_file_is_an_error_at_every_byte() {
    let (folder, vault, recovery) = created();
    drop(vault);
    let path = folder.path().join(VAULT);
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut bent = whole.clone();
        bent[at] ^= 1;
        fs::write(&path, &bent).unwrap();
        let error = fault(Vault::recover(folder.path(), &recovery));
        let known =
            matches!(error, VaultError::Damaged { file: VAULT } | VaultError::OtherKey { file: VAULT });
        assert!(known, "byte {at}: {error}");
        fs::write(&path, &whole[..at]).unwrap();
        let cut = fault(Vault::recover(folder.path(), &recovery));
        assert_eq!(cut.code(), Code::VaultDamaged, "cut at {at}: {cut}");
    }
    fs::write(&path, &whole).unwrap();
    assert!(Vault::recover(folder.path(), &recovery).is_ok());

    let key_path = folder.path().join(VAULT_KEY);
    let key_file = fs::read(&key_path).unwrap();
    fs::write(&key_path, &key_file[..key_file.len() - 1]).unwrap();
    assert!(matches!(
        fault(Vault::unlock(folder.path(), &secret("pass"))),
        VaultError::Damaged { file: VAULT_KEY }
    ));
}

#[test]
fn a_file_that_asks_for_gigabytes_is_refused_at_once() {
    let (folder, ..) = created();
    let path = folder.path().join(VAULT_KEY);
    let text = fs::read(&path).unwrap();
    let at = text.windows(4).position(|w| w == b" 16\n").unwrap();
    let greedy: Vec<u8> = [&text[..at], b" 30\n", &text[at + 4..]].concat();
    fs::write(&path, greedy).unwrap();
    let error = fault(Vault::unlock(folder.path(), &secret("pass")));
    assert!(matches!(error, VaultError::WorkFactor { found: 30, most: 18, .. }), "{error}");
}

#[test]
fn an_oversized_file_is_not_read() {
    let (folder, _, recovery) = created();
    let file = fs::File::create(folder.path().join(VAULT)).unwrap();
    file.set_len(age_file::LARGEST + 1).unwrap();
    assert!(matches!(fault(Vault::recover(folder.path(), &recovery)), VaultError::TooLarge { .. }));
}

#[test]
fn only_the_owner_may_read_the_files() {
    let (folder, vault, _) = filled();
    vault.set_passphrase(&secret("other")).unwrap();
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap()).collect();
    assert_eq!(files.len(), 2);
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

#[test]
fn no_key_stands_in_clear_in_the_folder() {
    let (folder, mut vault, _) = created();
    let (primary, secondary): ([u8; 64], [u8; 64]) = (
        std::array::from_fn(|i| u8::try_from(i).unwrap()),
        std::array::from_fn(|i| u8::try_from(200 - i).unwrap()),
    );
    let key = GroupKey::from_random(&Zeroizing::new(primary), &Zeroizing::new(secondary));
    vault.add_group_key(name("g"), key).unwrap();
    let sealed = vault.seal(&primary).unwrap();
    fs::write(folder.path().join("row"), sealed).unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        for key in [primary, secondary] {
            let base64 = super::base64_bytes::encode(&key);
            let shapes = [
                key[..8].to_vec(),
                base64.as_bytes()[..12].to_vec(),
                hex::encode(&key[..8]).into_bytes(),
                hex::encode_upper(&key[..8]).into_bytes(),
            ];
            for shape in shapes {
                assert!(!bytes.windows(shape.len()).any(|w| w == shape));
            }
        }
    }
}

#[test]
fn a_change_that_cannot_be_written_changes_nothing() {
    let (folder, mut vault, _) = filled();
    let away = folder.path().with_extension("away");
    fs::rename(folder.path(), &away).unwrap();
    let error = fault(vault.set_secret(name("dps"), secret("new")));
    assert!(matches!(error, VaultError::Write { file: VAULT, .. }), "{error}");
    assert_eq!(error.code(), Code::VaultUnwritable);
    assert!(vault.rotate_group_key(&name("plant-1"), group(8, 9)).is_err());
    assert!(vault.add_group_key(name("plant-2"), group(8, 9)).is_err());
    fs::rename(&away, folder.path()).unwrap();
    assert_filled(&vault);
    assert_filled(&Vault::unlock(folder.path(), &secret("pass")).ok().unwrap());
}

#[test]
fn a_group_key_is_added_once_and_rotated_only_if_known() {
    let (_folder, mut vault, _) = filled();
    let taken = fault(vault.add_group_key(name("plant-1"), group(5, 6)));
    assert_eq!(taken.to_string(), "the vault holds a group key “plant-1” already");
    assert_eq!(fault(vault.rotate_group_key(&name("plant-2"), group(5, 6))).code(), Code::SecretUnknown);
    assert_filled(&vault);
    vault.rotate_group_key(&name("plant-1"), group(5, 6)).unwrap();
    assert_eq!(vault.group_key(&name("plant-1")).ok().unwrap().bytes(Which::Primary), [5; 64]);
    assert_eq!(fault(vault.secret(&name("hub"))).code(), Code::SecretUnknown);
    let empty = fault(vault.set_secret(name("x"), Secret::new(Vec::new())));
    assert!(matches!(empty, VaultError::SecretLength { found: 0, .. }));
}

#[test]
fn check_values_tell_entries_apart_and_notice_another_vault() {
    let (_folder, mut vault, _) = filled();
    vault.set_secret(name("plant-1"), secret("HostName=…")).unwrap();
    assert_eq!(fault(vault.manifest_key()).code(), Code::SecretUnknown, "an older vault has none");
    vault.set_manifest_key(secret("HostName=…")).unwrap();
    let values = vault.check_values().unwrap();
    let keys: Vec<&str> = values.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "checkpoint-key",
            "group-key/plant-1",
            "issuing-key",
            "manifest-key",
            "secret/dps",
            "secret/plant-1"
        ]
    );
    assert_eq!(values.values().collect::<HashSet<_>>().len(), 6, "equal secrets have unlike values");
    let again = Vault::unlock(&vault.folder, &secret("pass")).ok().unwrap();
    assert_eq!(again.manifest_key().unwrap().expose(), "HostName=…".as_bytes());
    assert_eq!(values["secret/dps"], vault.check_value(&Entry::Secret(name("dps"))).unwrap());
    vault.verify_check_values(&values).unwrap();
    vault.verify_check_values(&BTreeMap::new()).unwrap();

    vault.set_secret(name("dps"), secret("changed")).unwrap();
    let error = fault(vault.verify_check_values(&values));
    assert_eq!(error.to_string(), "these secrets are not the ones on record: secret/dps");
    let (_other_folder, other, _) = filled();
    let VaultError::CheckValues { entries } = fault(other.verify_check_values(&values)) else {
        panic!("another kind of error");
    };
    assert_eq!(entries.len(), 6);
}

#[test]
fn sealed_text_opens_only_whole_and_in_its_own_vault() {
    let (_folder, vault, _) = created();
    let sealed = vault.seal(b"an individual key").unwrap();
    assert!(sealed.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    assert_eq!(vault.open(&sealed).ok().unwrap().expose(), b"an individual key");
    assert_ne!(vault.seal(b"an individual key").unwrap(), sealed);
    for cut in 0..sealed.len() - 1 {
        assert!(vault.open(&sealed[..cut]).is_err(), "cut at {cut}");
    }
    let (_other_folder, other, _) = created();
    assert!(matches!(fault(other.open(&sealed)), VaultError::SealedText));
    assert!(vault.open("").is_err());
}

proptest! {
    #[test]
    fn contents_come_back_as_they_were(
        issuing in proptest::option::of(prop::collection::vec(any::<u8>(), 1..200)),
        checkpoint in proptest::option::of(prop::collection::vec(any::<u8>(), 1..200)),
        secrets in prop::collection::btree_map("[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}", prop::collection::vec(any::<u8>(), 1..100), 0..6),
        groups in prop::collection::btree_map("[a-z0-9]{1,9}", (prop::collection::vec(any::<u8>(), 16..=64), prop::collection::vec(any::<u8>(), 16..=64)), 0..4),
    ) {
        let mut contents = Contents::new(secret("identity"), "age1recovery".to_owned());
        contents.issuing_key = issuing.clone().map(Secret::new);
        contents.checkpoint_key = checkpoint.clone().map(Secret::new);
        contents.secrets = secrets.iter().map(|(n, s)| (name(n), Secret::new(s.clone()))).collect();
        for (n, (primary, secondary)) in &groups {
            let key = GroupKey::from_bytes(Secret::new(primary.clone()), Secret::new(secondary.clone()));
            contents.group_keys.insert(name(n), key.ok().unwrap());
        }
        let json = contents.to_json().unwrap();
        let again = Contents::parse(&json, VAULT).ok().unwrap();
        prop_assert_eq!(again.station_identity.expose(), b"identity");
        prop_assert_eq!(&again.recovery_recipient, "age1recovery");
        prop_assert_eq!(again.check_key.expose(), contents.check_key.expose());
        prop_assert_eq!(again.issuing_key.as_ref().map(|s| s.expose().to_vec()), issuing);
        prop_assert_eq!(again.checkpoint_key.as_ref().map(|s| s.expose().to_vec()), checkpoint);
        let found: BTreeMap<String, Vec<u8>> = again.secrets.iter().map(|(n, s)| (n.to_string(), s.expose().to_vec())).collect();
        prop_assert_eq!(found, secrets);
        let found: BTreeMap<String, (Vec<u8>, Vec<u8>)> = again.group_keys.iter()
            .map(|(n, k)| (n.to_string(), (k.bytes(Which::Primary).to_vec(), k.bytes(Which::Secondary).to_vec()))).collect();
        prop_assert_eq!(found, groups);
    }

    #[test]
    fn hostile_contents_never_panic(text in "\\PC{0,200}") {
        prop_assert!(Contents::parse(&Secret::from(text), VAULT).is_err());
    }
}

#[test]
fn a_newer_vault_is_left_alone() {
    let error = fault(Contents::parse(&secret(r#"{"format":2,"more":1}"#), VAULT));
    assert!(matches!(error, VaultError::TooNew { found: 2, ours: 1 }));
}
