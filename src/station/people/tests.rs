//! Who is let in, and what becomes of those who guess.

use super::*;
use crate::station::authority::{Administering, Authority};
use crate::station::testing::{Bench, now};
use crate::station::{second_person, staff};
use crate::store::audit::log;

fn knock(from: &str) -> Knock {
    Knock { from: from.to_owned(), instead_of: None, now: now() }
}

/// Somebody who is logged in and scans.
fn scanning(person: &str) -> Knock {
    Knock { instead_of: Some(person.parse().unwrap()), ..knock("192.0.2.7") }
}

fn text(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

/// A station with the operators ada, who has a card, and bob, who has none.
fn bench() -> Bench {
    let bench = Bench::new();
    let (store, authority) = (&bench.store, Administering::at_the_terminal(Actor::Station));
    for name in ["ada", "bob"] {
        let name = name.parse().unwrap();
        let alone =
            second_person::alone(store, false, &authority, Role::Operator, "a person", now()).unwrap();
        let who = (&name, Role::Operator);
        staff::add(store, &authority, &alone, who, &text("a long password"), now()).unwrap();
    }
    staff::enrol_badge(store, &authority, &"ada".parse().unwrap(), &text("0012345678"), now()).unwrap();
    bench
}

#[test]
fn a_name_in_other_letters_is_the_same_door_and_another_address_another_one() {
    let bench = Bench::new();
    let door = LoginDoor::default();
    let try_as =
        |name: &str, from: &str| login(&bench.store, &door, &knock(from), name, &text("guess")).unwrap_err();
    for name in ["admin", "Admin", "ADMIN", "aDmin", "adMin"] {
        assert!(matches!(try_as(name, "192.0.2.7"), LoginError::Refused), "{name}");
    }
    for _ in 0..50 {
        assert!(matches!(try_as("admiN", "192.0.2.7"), LoginError::Closed));
    }
    let admin = login(&bench.store, &door, &knock("192.0.2.8"), "admin", &text("a long password")).unwrap();
    assert_eq!(admin.person.name.as_str(), "admin", "one address shuts nobody out");
}

#[test]
fn what_was_typed_as_a_name_is_written_down_only_if_it_is_one() {
    let bench = bench();
    let door = LoginDoor::default();
    let typed = ["LSB-0123456789ABCDEFGHJK", "a-password-of-mine", "Ada", "ada", "two words"];
    for name in typed {
        let refused = login(&bench.store, &door, &knock("192.0.2.7"), name, &text("guess"));
        assert!(matches!(refused, Err(LoginError::Refused)), "{name}");
    }
    door.settle_at_end(&bench.store, now()).unwrap();
    let entries = bench.store.read(|r| log::page(r, 1000, None)).unwrap();
    let log: Vec<&str> = entries.iter().map(|(_, entry)| entry.as_str()).collect();
    let told = |name: &str| log.iter().filter(|entry| entry.contains(&format!("\"{name}\""))).count();
    assert_eq!((told("(not a name)"), told("LSB-0123456789ABCDEFGHJK")), (2, 0));
    assert!(log.iter().all(|entry| !entry.contains("a-password-of-mine")));
    let adas = log.iter().filter(|entry| entry.contains("login-refused") && entry.contains("\"ada\""));
    assert_eq!(adas.count(), 2);
}

#[test]
fn guessed_badges_close_the_door_of_one_address_and_never_that_of_a_made_one() {
    let bench = bench();
    let (store, door) = (&bench.store, LoginDoor::default());
    let authority = Administering::at_the_terminal(Actor::Station);
    let badge = staff::make_badge(store, &authority, &"bob".parse().unwrap(), now()).unwrap();
    let try_at = |badge: &Secret, from: &str| login_by_badge(store, &door, &knock(from), badge);
    for n in 0..20 {
        let unknown = try_at(&text(&format!("LSB-000000000000000000{n:02}")), "192.0.2.7");
        assert!(matches!(unknown, Err(LoginError::BadgeUnknown)), "{n}");
    }
    for n in 0..10 {
        let guess = try_at(&text(&format!("001234560{n}")), "192.0.2.7");
        let right = if n < 5 {
            matches!(guess, Err(LoginError::BadgeUnknown))
        } else {
            matches!(guess, Err(LoginError::Closed))
        };
        assert!(right, "{n}");
    }
    assert!(matches!(try_at(&text("0012345678"), "192.0.2.7"), Err(LoginError::Closed)));
    assert!(try_at(&text("0012345678"), "192.0.2.8").is_ok(), "one address shuts nobody else out");
    assert!(try_at(badge.text(), "192.0.2.7").is_ok());
    // what only begins like a made badge is guessed as easily as a card
    assert!(matches!(try_at(&text("LSB-01"), "192.0.2.7"), Err(LoginError::Closed)));
}

#[test]
fn a_card_comes_before_everything_else_and_walking_card_numbers_ends_soon() {
    let bench = bench();
    let (store, door) = (&bench.store, LoginDoor::default());
    let look = |who: &str, scanned: &str, label: bool| {
        let found = login_if_badge(store, &door, &scanning(who), &text(scanned), || label);
        found.map(|found| found.map(|who| who.person.name.to_string()))
    };
    // labels that are understood are no guesses, but each is a look
    for n in 0..55 {
        assert!(matches!(look("bob", &format!("SN-{n:04}"), true), Ok(None)), "{n}");
    }
    for n in 0..5 {
        assert!(matches!(look("bob", &format!("001234560{n}"), false), Ok(None)), "{n}");
    }
    for scanned in ["0012345678", "SN-0017", "0012345609"] {
        assert!(matches!(look("bob", scanned, true), Err(LoginError::Wait)), "{scanned}");
    }
    assert!(matches!(look("bob", "short", false), Ok(None)), "this can be no badge");
    assert_eq!(look("cleo", "0012345678", true).unwrap().as_deref(), Some("ada"), "a door of her own");
    for n in 0..5 {
        assert!(matches!(look("dora", &format!("001234560{n}"), false), Ok(None)), "{n}");
    }
    assert!(matches!(look("dora", "0012345678", false), Err(LoginError::Wait)), "with looks left");
    // strangers at the log-in page meet doors of their own
    assert!(login_by_badge(store, &door, &knock("192.0.2.7"), &text("0012345678")).is_ok());
    let told: u64 = door.failures.last_untold().into_iter().map(|(_, times)| times).sum();
    assert_eq!(told + 1, 5 + 5 + 1, "each guess is counted once, and no label");
}

#[test]
fn a_badge_of_somebody_who_left_opens_nothing_and_may_be_given_on() {
    let bench = bench();
    let (store, door) = (&bench.store, LoginDoor::default());
    let look = |scanned: &str| {
        let found = login_if_badge(store, &door, &scanning("bob"), &text(scanned), || true).unwrap();
        found.map(|who| who.person.name.to_string())
    };
    let authority = Administering::at_the_terminal(Actor::Station);
    assert_eq!(look("0012345678").as_deref(), Some("ada"));
    staff::disable(store, &authority, &"ada".parse().unwrap(), now()).unwrap();
    assert_eq!(look("0012345678"), None);
    let refused = login_by_badge(store, &door, &knock("192.0.2.7"), &text("0012345678")).unwrap_err();
    assert!(matches!(refused, LoginError::BadgeUnknown));
    staff::enrol_badge(store, &authority, &"bob".parse().unwrap(), &text("0012345678"), now()).unwrap();
    assert_eq!(look("0012345678").as_deref(), Some("bob"));
}

#[test]
fn while_no_badge_was_ever_given_nothing_is_looked_up() {
    let bench = Bench::new();
    let door = LoginDoor::default();
    for n in 0..100 {
        let found =
            login_if_badge(&bench.store, &door, &scanning("bob"), &text(&format!("SN-{n:04}")), || false);
        assert!(matches!(found, Ok(None)), "{n}");
    }
    assert!(door.failures.last_untold().is_empty());
}

#[test]
fn where_two_administrators_are_the_rule_one_alone_makes_no_other_one() {
    let bench = bench();
    let (store, given) = (&bench.store, text("another long password"));
    let [eve, ada] = ["eve", "ada"].map(|name| name.parse::<Name>().unwrap());
    let alice = Person { name: "alice".parse().unwrap(), role: Role::Administrator };
    let authority = Administering::of(&alice).unwrap();
    let alone =
        |rule: bool, role: Role| second_person::alone(store, rule, &authority, role, "new person eve", now());
    assert!(alone(true, Role::Administrator).is_err());
    let confirmed = alone(true, Role::Engineer).unwrap();
    assert_eq!(confirmed.second(), None);
    staff::add(
        store,
        &authority,
        &alone(false, Role::Administrator).unwrap(),
        (&eve, Role::Administrator),
        &given,
        now(),
    )
    .unwrap();
    let set = |rule: bool, name: &Name| staff::set_password(store, rule, &authority, name, &given, now());
    let refused = set(true, &eve).unwrap_err();
    assert_eq!(refused.code(), Code::SecondNeeded);
    set(true, &ada).unwrap();
    set(false, &eve).unwrap();
}
