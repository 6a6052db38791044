use super::testing::{Bench, Failed, ORIGIN, actor, at};
use super::*;
use crate::domain::audit_entry::AuditEntry;
use crate::domain::code::{Code, Coded};
use crate::domain::pair::Which;
use crate::domain::person::Role;
use crate::domain::secret::Secret;

fn add(change: &mut Change<'_>, name: &str) -> Result<(), people::PersonError> {
    let password = Secret::from("$argon2id$x".to_owned());
    people::add(change, &name.parse().unwrap(), Role::Administrator, &password, None)
}

#[test]
fn a_store_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Store>();
}

#[test]
fn a_new_station_begins_its_log_and_is_found_again() {
    let bench = Bench::new();
    let first = bench.store.read(|reader| audit::log::entry(reader, 1)).unwrap().unwrap();
    let entry: AuditEntry = serde_json::from_str(&first).unwrap();
    let created = AuditEvent::StationCreated { origin: ORIGIN.into(), company: "Example".into() };
    assert_eq!((entry.event, entry.at), (created, at(0)));
    let path = bench.path();
    assert!(matches!(Store::create(&path, ORIGIN, "x", at(1), &actor()), Err(StoreError::Exists(_))));
    drop(bench.store);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.read(meta::origin).unwrap(), ORIGIN);
    assert_eq!(store.read(meta::created).unwrap(), at(0));
    assert_eq!(store.read(audit::log::last_entry_at).unwrap(), Some(at(0)));
}

#[test]
fn the_database_is_private_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    for file in std::fs::read_dir(bench.folder()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[test]
fn opening_makes_no_station_and_takes_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("station.db");
    assert!(matches!(Store::open(&path), Err(StoreError::Missing(_))));
    assert!(!path.exists());
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::NotOurs(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    for origin in ["", "two words", "a+b"] {
        let other = folder.path().join("other.db");
        let refused = Store::create(&other, origin, "x", at(0), &actor());
        assert!(matches!(refused, Err(StoreError::OriginInvalid(_))), "{origin}");
        assert!(!other.exists());
    }
}

#[test]
fn a_change_that_records_nothing_changes_nothing() {
    let bench = Bench::new();
    let name = "secret/dps";
    let outcome = bench.store.change(&actor(), at(1), |change| {
        secret_checks::set(change, name, &crate::domain::digest::Digest::of(b"x"))
    });
    assert!(matches!(outcome, Err(StoreError::NothingRecorded)));
    assert_eq!(bench.store.read(|reader| secret_checks::get(reader, name)).unwrap(), None);
    assert_eq!(bench.entries(), 1);
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let bench = Bench::new();
    let outcome: Result<(), Failed> = bench.store.change(&actor(), at(1), |change| {
        add(change, "bob")?;
        Err(StoreError::NothingRecorded.into())
    });
    assert!(outcome.is_err());
    assert_eq!(bench.store.read(people::count).unwrap(), 0);
    assert_eq!(bench.entries(), 1);
}

#[test]
fn if_the_entry_cannot_be_written_the_action_does_not_happen() {
    let bench = Bench::new();
    let outcome: Result<(), Failed> = bench.store.change(&actor(), at(1), |change| {
        add(change, "bob")?;
        change.record(AuditEvent::LogExported { entries: 1, folder: "x".repeat(70_000) });
        Ok(())
    });
    assert!(matches!(outcome, Err(Failed::Store(StoreError::TooLong { .. }))));
    assert_eq!(bench.store.read(people::count).unwrap(), 0);
    // a tree that does not belong to its entries takes no more of them
    bench.attack("DELETE FROM audit_hash WHERE idx = 0");
    let outcome: Result<(), Failed> = bench.store.change(&actor(), at(2), |change| Ok(add(change, "bob")?));
    let Err(Failed::Store(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.code(), Code::AuditBroken);
    assert_eq!(bench.store.read(people::count).unwrap(), 0);
}

#[test]
fn a_thread_that_dies_in_a_change_leaves_nothing_and_is_noticed() {
    let bench = Bench::new();
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: Result<(), Failed> = bench.store.change(&actor(), at(1), |change| {
            add(change, "bob")?;
            panic!("on purpose")
        });
    }));
    assert!(died.is_err());
    let outcome: Result<(), Failed> = bench.store.change(&actor(), at(2), |change| Ok(add(change, "eve")?));
    assert!(matches!(outcome, Err(Failed::Store(StoreError::Poisoned))));
    assert_eq!(bench.store.read(people::count).unwrap(), 0);
}

#[test]
fn rows_go_to_the_entry_after_them_and_the_rest_to_the_last() {
    let bench = Bench::new();
    bench
        .store
        .change::<_, Failed>(&actor(), at(1), |change| {
            add(change, "bob")?;
            add(change, "eve")?;
            people::disable(change, &"bob".parse().unwrap())?;
            secret_checks::set(change, "secret/dps", &crate::domain::digest::Digest::of(b"x"))?;
            Ok(())
        })
        .unwrap();
    let named = |seq| {
        let text = bench.store.read(|reader| audit::log::entry(reader, seq)).unwrap().unwrap();
        let entry: AuditEntry = serde_json::from_str(&text).unwrap();
        entry.rows.into_keys().collect::<Vec<_>>()
    };
    // bob's row was changed again by the third event, which alone vouches for it
    assert!(named(2).is_empty());
    assert_eq!(named(3), ["person/eve"]);
    assert_eq!(named(4), ["person/bob", "secret_check/secret/dps"]);
}

#[test]
fn there_is_always_an_administrator_and_names_differ_by_more_than_case() {
    let bench = Bench::new();
    let disable = |name: &str| {
        bench.store.change(&actor(), at(2), |change| people::disable(change, &name.parse().unwrap()))
    };
    bench.store.change(&actor(), at(1), |change| add(change, "bob")).unwrap();
    let again = bench.store.change(&actor(), at(1), |change| add(change, "BOB"));
    assert!(matches!(again, Err(people::PersonError::Exists(_))));
    assert!(matches!(disable("bob"), Err(people::PersonError::LastAdministrator(_))));
    bench.store.change(&actor(), at(1), |change| add(change, "eve")).unwrap();
    disable("Bob").unwrap();
    assert!(matches!(disable("bob"), Err(people::PersonError::Disabled(_))));
    assert!(matches!(disable("eve"), Err(people::PersonError::LastAdministrator(_))));
    let name = "EVE".parse().unwrap();
    let (person, password) = bench.store.read(|reader| people::login(reader, &name)).unwrap().unwrap();
    assert_eq!((person.name.as_str(), password.expose()), ("eve", b"$argon2id$x".as_slice()));
}

#[test]
fn a_row_that_does_not_parse_is_an_error_and_no_guess() {
    let bench = Bench::with_order();
    bench.pass(1);
    bench.attack("UPDATE device SET registration_id = 'no good' WHERE id = 1");
    let error = bench.store.read(|reader| devices::get(reader, 1)).unwrap_err();
    assert_eq!(error.code(), Code::RecordsUnreadable);
    assert!(error.to_string().contains("device_registration"), "{error}");
}

#[test]
fn a_copy_is_inspected_without_being_changed() {
    let bench = Bench::with_order();
    bench.pass(1);
    let path = bench.path();
    drop(bench.store);
    let before = std::fs::read(&path).unwrap();
    let entries = inspect(&path, audit::log::size).unwrap();
    assert!(entries > 4);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let missing = inspect(&path.with_extension("none"), audit::log::size);
    assert!(matches!(missing, Err(StoreError::Missing(_))));
}

#[test]
fn a_full_disk_is_said_to_be_one_and_nothing_is_written() {
    let bench = Bench::new();
    {
        let writer = bench.store.writer.lock().unwrap();
        let pages: i64 = writer.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        writer.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    }
    let outcome: Result<(), StoreError> = bench.store.change(&actor(), at(1), |change| {
        for n in 0..200 {
            change.record(AuditEvent::LogExported { entries: n, folder: "x".repeat(1000) });
        }
        Ok(())
    });
    assert_eq!(outcome.unwrap_err().code(), Code::DiskFull);
    assert_eq!(bench.entries(), 1);
}

#[test]
fn revocation_lists_are_numbered_without_gaps() {
    let bench = Bench::new();
    let row = |number| crl::CrlRow { number, der: vec![1, 2], this_update: at(1), next_update: at(9) };
    assert_eq!(bench.store.read(crl::next_number).unwrap(), 1);
    bench.store.change(&actor(), at(1), |change| crl::add(change, &row(1), 0)).unwrap();
    for number in [1, 3] {
        let refused = bench.store.change(&actor(), at(2), |change| crl::add(change, &row(number), 0));
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    }
    assert_eq!(bench.store.read(crl::latest).unwrap(), Some(row(1)));
}

#[test]
fn recipes_are_kept_as_they_were_used() {
    let bench = Bench::with_order();
    bench.pass(1);
    let digest = crate::domain::digest::Digest::of(testing::RECIPE.as_bytes());
    let (name, text) = bench.store.read(|reader| recipes::product_text(reader, &digest)).unwrap().unwrap();
    assert_eq!((name.as_str(), text.as_str()), ("gateway-7", testing::RECIPE));
    let live = bench.store.read(|reader| certificates::live(reader, 1, Which::Primary)).unwrap().unwrap();
    let (name, text) =
        bench.store.read(|reader| recipes::profile_text(reader, &live.profile)).unwrap().unwrap();
    assert_eq!((name.as_str(), text.as_str()), ("device-p256", "validity = 1\n"));
}
