use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::azure::sas::SasToken;
use crate::domain::hmac_key::HmacKey;
use crate::domain::secret::Secret;

fn host(text: &str) -> Resource {
    Resource::Host(text.to_owned())
}

fn device(id_scope: &str, id: &str) -> Resource {
    Resource::DpsRegistration { id_scope: id_scope.to_owned(), registration_id: id.parse().unwrap() }
}

fn at(seconds: i64) -> UtcTime {
    UtcTime::from_seconds(seconds)
}

/// A token as another client would spell it.
fn spelled(key: &[u8], sr: &str, se: &str, skn: &str) -> String {
    let sig = STANDARD.encode(*HmacKey::new(key).tag(&[sr.as_bytes(), b"\n", se.as_bytes()]));
    format!("SharedAccessSignature sr={sr}&sig={}{skn}&se={se}", percent::encode(&sig))
}

#[derive(Deserialize)]
struct Vector {
    key: String,
    id_scope: String,
    registration_id: String,
    policy: String,
    expires: i64,
    token: String,
}

#[test]
fn the_recomputed_vector_holds() {
    let vector: Vector = serde_json::from_str(include_str!("../../../../fixtures/sas-token.json")).unwrap();
    let key = SasKey::parse(&vector.key.into()).unwrap_or_else(|e| panic!("{e}"));
    let resource = device(&vector.id_scope, &vector.registration_id);
    let token = SasToken::new(&resource, &key, Some(&vector.policy), at(vector.expires));
    assert_eq!(std::str::from_utf8(token.header().expose()).unwrap(), vector.token);
    assert_eq!(verify(&vector.token, &key, &resource, at(vector.expires - 1)), Ok(()));
}

#[test]
fn each_clients_spelling_is_verified_over_itself() {
    let key = SasKey::from_bytes(b"sixteen byte key");
    let expected = device("0ne00000LAB", "sn-0001:ab");
    for sr in [
        "0ne00000LAB/registrations/SN-0001:AB",
        "0ne00000LAB%2Fregistrations%2Fsn-0001%3Aab",
        "0ne00000LAB%2fregistrations%2fsn-0001%3aab",
        "0ne00000lab%2Fregistrations%2Fsn-0001%3Aab",
    ] {
        for skn in ["&skn=registration", ""] {
            let token = spelled(b"sixteen byte key", sr, "1000", skn);
            assert_eq!(verify(&token, &key, &expected, at(999)), Ok(()), "{token}");
        }
    }
    // the signature is over the spelling: another one under the same signature is not believed
    let raw = spelled(b"sixteen byte key", "0ne00000LAB/registrations/sn-0001:ab", "1000", "");
    let respelled = raw.replace("/registrations/", "%2Fregistrations%2F");
    assert_eq!(verify(&respelled, &key, &expected, at(999)), Err(BadToken::Signature));
}

#[test]
fn a_service_token_covers_its_host_by_whole_segments() {
    for (named, asked, good) in [
        ("plant.example", "plant.example", true),
        ("Plant.Example", "plant.example/enrollments/x", true),
        ("plant.example/enrollments", "plant.example/enrollments/x", true),
        ("127.0.0.1:8443", "127.0.0.1:8443", true),
        ("127.0.0.1", "127.0.0.1:8443", true),
        ("127.0.0.1:8444", "127.0.0.1:8443", false),
        ("plant.example/enroll", "plant.example/enrollments/x", false),
        ("plant.example/enrollments/x", "plant.example/enrollments", false),
        ("plant.exampl", "plant.example", false),
        ("plant.example.evil", "plant.example", false),
        ("", "plant.example", false),
        ("/", ":1", false),
    ] {
        assert_eq!(covers(named, asked), good, "{named} for {asked}");
    }
}

#[test]
fn a_token_for_one_kind_is_none_for_another() {
    let key = SasKey::from_bytes(b"sixteen byte key");
    let token = SasToken::new(&host("plant.example"), &key, Some("owner"), at(1000));
    let text = std::str::from_utf8(token.header().expose()).unwrap();
    assert_eq!(PresentedToken::parse(text).ok().unwrap().policy(), Some("owner"));
    assert_eq!(verify(text, &key, &host("plant.example"), at(999)), Ok(()));
    assert!(matches!(verify(text, &key, &host("other.example"), at(1)), Err(BadToken::OtherResource { .. })));
    assert_eq!(verify(text, &key, &device("0ne", "a"), at(1)), Err(BadToken::Policy("owner".to_owned())));
    assert_eq!(verify(text, &key, &host("plant.example"), at(1000)), Err(BadToken::Expired { at: at(1000) }));
    let other = SasKey::from_bytes(b"sixteen byte kez");
    assert_eq!(verify(text, &other, &host("plant.example"), at(1)), Err(BadToken::Signature));
    let longer = text.replace("se=1000", "se=9000");
    assert_eq!(verify(&longer, &key, &host("plant.example"), at(1)), Err(BadToken::Signature));
}

#[test]
fn broken_tokens_are_named() {
    for (text, fault) in [
        ("Bearer x", BadToken::NotSas),
        ("SharedAccessSignature sig=a&se=1", BadToken::Missing("sr")),
        ("SharedAccessSignature sr=a&se=1", BadToken::Missing("sig")),
        ("SharedAccessSignature sr=a&sig=b", BadToken::Missing("se")),
        ("SharedAccessSignature sr=a&sr=b&sig=b&se=1", BadToken::Twice("sr")),
        ("SharedAccessSignature sr=a&sig=b&se=-1", BadToken::Garbled("se")),
        ("SharedAccessSignature sr=a&sig=b&se=99999999999999999999", BadToken::Garbled("se")),
        ("SharedAccessSignature sr=a&sig=AAAA&se=1", BadToken::Garbled("sig")),
    ] {
        assert_eq!(PresentedToken::parse(text).err(), Some(fault), "{text}");
    }
    let long = "x".repeat(LONGEST + 1);
    assert_eq!(PresentedToken::parse(&long).err(), Some(BadToken::TooLong(LONGEST + 1)));
}

proptest! {
    #[test]
    fn what_is_signed_is_believed_until_it_ends(
        key in prop::collection::vec(any::<u8>(), 1..100),
        id in "[a-z0-9]([a-z0-9._:-]{0,40}[a-z0-9])?",
        seconds in 1i64..4_000_000_000,
    ) {
        let resource = device("0ne00000LAB", &id);
        let sas_key = SasKey::parse(&Secret::from(STANDARD.encode(&key))).ok().unwrap();
        let token = SasToken::new(&resource, &sas_key, Some("registration"), at(seconds));
        let text = std::str::from_utf8(token.header().expose()).unwrap();
        prop_assert_eq!(verify(text, &sas_key, &resource, at(seconds - 1)), Ok(()));
        let over = verify(text, &sas_key, &resource, at(seconds));
        prop_assert_eq!(over, Err(BadToken::Expired { at: at(seconds) }));
    }

    #[test]
    fn hostile_text_never_panics(text in "(SharedAccessSignature )?[srigekn=&%0-9a-f/:\\PC]{0,80}") {
        let _ = verify(&text, &SasKey::from_bytes(b"k"), &host("h"), at(0));
    }
}
