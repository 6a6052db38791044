use super::*;
use crate::domain::audit_event::AuditEvent;
use crate::domain::person::Actor;
use crate::store::Store;
use crate::store::testing::{Bench, actor, at};

/// Ninety entries by ada, ten by bob, a second apart, behind the first one.
fn bench() -> Bench {
    let bench = Bench::new();
    for n in 1..=100 {
        let bob = Actor::Person { name: "bob".parse().unwrap() };
        let who = if n % 10 == 0 { bob } else { actor() };
        record(&bench.store, &who, n);
    }
    bench
}

fn record(store: &Store, who: &Actor, n: i64) {
    store
        .change(who, at(n), |change| {
            let name = format!("secret-{n}");
            change.record(if n % 2 == 0 {
                AuditEvent::SecretSet { name }
            } else {
                AuditEvent::SecretUnchanged { name }
            });
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn look(bench: &Bench, filter: &Filter, before: Option<u64>, limit: usize) -> Found {
    bench.store.read(|r| search(r, filter, before, limit)).unwrap()
}

fn numbers(found: &Found) -> Vec<u64> {
    found.entries.iter().map(|(seq, _)| *seq).collect()
}

#[test]
fn everything_comes_newest_first_page_by_page() {
    let bench = bench();
    let size = bench.store.read(log::size).unwrap();
    let first = look(&bench, &Filter::default(), None, 40);
    assert_eq!(numbers(&first), (size - 39..=size).rev().collect::<Vec<_>>());
    let second = look(&bench, &Filter::default(), first.further, 400);
    assert_eq!(numbers(&second), (1..size - 39).rev().collect::<Vec<_>>());
    assert_eq!(second.further, None);
}

#[test]
fn each_filter_finds_its_own_and_together_they_narrow() {
    let bench = bench();
    let actor = Filter { actor: "BOB".to_owned(), ..Filter::default() };
    assert_eq!(look(&bench, &actor, None, 99).entries.len(), 10);
    let set = Filter { events: vec!["secret-set".to_owned()], ..Filter::default() };
    assert_eq!(look(&bench, &set, None, 99).entries.len(), 50);
    let text = Filter { text: "SECRET-77".to_owned(), ..Filter::default() };
    let found = look(&bench, &text, None, 99);
    assert_eq!((found.entries.len(), found.further), (1, None));
    let span = Filter { from: Some(at(20)), until: Some(at(31)), ..Filter::default() };
    assert_eq!(look(&bench, &span, None, 99).entries.len(), 11);
    let all = Filter { actor: "bob".to_owned(), events: set.events, text: "secret-3".to_owned(), ..span };
    let found = look(&bench, &all, None, 99);
    assert!(found.entries.len() == 1 && found.entries[0].1.contains("secret-30"), "{found:?}");
}

#[test]
fn no_more_than_so_many_entries_are_looked_at() {
    let bench = Bench::new();
    let entries = u64::from(LOOKED_AT) + 500;
    bench
        .store
        .change(&actor(), at(1), |change| {
            for n in 0..entries {
                change.record(AuditEvent::SecretSet { name: format!("secret-{n}") });
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let oldest = Filter { text: "\"secret-0\"".to_owned(), ..Filter::default() };
    let first = look(&bench, &oldest, None, 50);
    assert_eq!((first.entries.len(), first.looked_at), (0, u64::from(LOOKED_AT)));
    let second = look(&bench, &oldest, first.further, 50);
    assert_eq!((second.entries.len(), second.further), (1, None));
}
