//! One key, one spelling; and what is no key.

use super::*;
use crate::ca::key::KeyPair;
use proptest::prelude::*;

#[test]
fn a_key_has_one_spelling_whether_its_point_comes_compressed_or_not() {
    for kind in KeyKind::MADE_HERE {
        let key = KeyPair::generate(kind).unwrap().public_key().clone();
        let again = PublicKey::from_spki_der(key.spki_der()).unwrap();
        assert_eq!((again.kind(), again.digest()), (kind, key.digest()));
        let point = key.key_bytes();
        let mut compressed = vec![2 + (point[point.len() - 1] & 1)];
        compressed.extend_from_slice(&point[1..=(point.len() - 1) / 2]);
        assert_eq!(PublicKey::from_point(kind, &compressed).unwrap(), key);
    }
}

#[test]
fn a_point_off_the_curve_is_refused() {
    for kind in KeyKind::MADE_HERE {
        let mut spki = KeyPair::generate(kind).unwrap().public_key().spki_der().to_vec();
        *spki.last_mut().unwrap() ^= 1;
        assert_eq!(PublicKey::from_spki_der(&spki), Err(BadPublicKey::NotOnCurve(kind)));
        assert_eq!(PublicKey::from_point(kind, &[0]), Err(BadPublicKey::NotOnCurve(kind)));
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let mut spki = KeyPair::generate(KeyKind::EcP256).unwrap().public_key().spki_der().to_vec();
    spki.push(0);
    assert!(matches!(PublicKey::from_spki_der(&spki), Err(BadPublicKey::Garbage(_))));
}

#[test]
fn each_kind_is_read_back() {
    for kind in KeyKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
    assert!("rsa-1024".parse::<KeyKind>().is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(PublicKey::from_spki_der(&bytes).is_err());
    }
}
