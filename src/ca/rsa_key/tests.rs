//! Each weakness by a number that has it, and numbers that have none.

use super::*;
use proptest::prelude::*;

const USUAL: [u8; 3] = [1, 0, 1];

fn check(modulus: &BigUint, exponent: &[u8]) -> Result<(), WeakRsa> {
    RsaNumbers { modulus: &modulus.to_bytes_be(), exponent }.check()
}

/// 2^(bits - 1) and what lies above it, so that none of the tests stumbles over the size.
fn with_bits(bits: u32, seed: u64) -> BigUint {
    let mut state = seed | 1;
    let mut bytes: Vec<u8> = (0..bits / 8)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()[3]
        })
        .collect();
    bytes[0] |= 0xc0;
    *bytes.last_mut().unwrap() |= 1;
    BigUint::from_bytes_be(&bytes)
}

/// The number at or above this one that no small prime divides and that bears no mark.
fn clean(mut number: BigUint) -> BigUint {
    while check(&number, &USUAL).is_err() {
        number += 2u32;
    }
    number
}

#[test]
fn the_size_is_judged_before_anything_else() {
    let one = |bits: u32| BigUint::from(1u32) << (bits - 1);
    assert_eq!(check(&one(2047), &USUAL), Err(WeakRsa::TooSmall(2047)));
    assert_eq!(check(&one(2048), &USUAL), Err(WeakRsa::EvenModulus));
    assert_eq!(check(&one(4096), &USUAL), Err(WeakRsa::EvenModulus));
    assert_eq!(check(&one(4097), &USUAL), Err(WeakRsa::TooLarge(4097)));
    assert_eq!(RsaNumbers { modulus: &[], exponent: &[] }.check(), Err(WeakRsa::TooSmall(0)));
}

#[test]
fn the_exponent_is_odd_and_neither_small_nor_huge() {
    let modulus = clean(with_bits(2048, 7));
    for (exponent, accepted) in [
        (&[][..], false),
        (&[3], false),
        (&[0xff, 0xff], false),
        (&[1, 0, 0], false),
        (&[1, 0, 1], true),
        (&[1, 0, 2], false),
        (&[1, 0, 0, 0, 1], true),
        (&[2, 0, 0, 0, 1], false),
        (&[1; 33], false),
    ] {
        let expected = if accepted { Ok(()) } else { Err(WeakRsa::Exponent) };
        assert_eq!(check(&modulus, exponent), expected, "{exponent:?}");
    }
}

#[test]
fn a_modulus_with_a_small_factor_is_refused_by_its_least_one() {
    for (factor, other) in [(3u32, 5u32), (163, 991), (997, 1)] {
        let mut rest = with_bits(2048, u64::from(factor)) / factor / other | BigUint::from(1u32);
        while small_primes().iter().any(|prime| (&rest % prime) == BigUint::ZERO) {
            rest += 2u32;
        }
        assert_eq!(check(&(rest * factor * other), &USUAL), Err(WeakRsa::SmallFactor(factor)));
    }
    assert_eq!(small_primes().len(), 167, "primes below 1000 without 2");
}

#[test]
fn a_power_of_65537_modulo_the_first_primes_has_the_mark() {
    let first: BigUint = small_primes().iter().take_while(|prime| **prime <= LAST_ROCA_PRIME).product();
    let high = with_bits(2048, 11) / &first * &first;
    let mut marked = 0;
    for power in 1..200u32 {
        let modulus = &high + BigUint::from(LEAST_EXPONENT).modpow(&BigUint::from(power), &first);
        let modulus = if modulus.bit(0) { modulus } else { modulus + &first };
        match check(&modulus, &USUAL) {
            Err(WeakRsa::Roca) => marked += 1,
            // primes after the last of them may divide it
            Err(WeakRsa::SmallFactor(prime)) if prime > LAST_ROCA_PRIME => {}
            other => panic!("{power}: {other:?}"),
        }
    }
    assert!(marked > 100, "{marked}");
}

#[test]
fn numbers_drawn_at_random_have_no_mark_and_no_close_factors() {
    for seed in 1..60 {
        let modulus = with_bits(2048, seed * 0x9e37_79b9);
        match check(&modulus, &USUAL) {
            Ok(()) | Err(WeakRsa::SmallFactor(_)) => {}
            other => panic!("{modulus}: {other:?}"),
        }
    }
}

#[test]
fn factors_are_found_in_so_many_steps_and_no_more() {
    let root = with_bits(1024, 5);
    // (root + d)² - d² has the factors root and root + 2d; the first step is at the rounded-up square root of it
    assert!(has_close_primes(&(&root * &root)));
    assert!(has_close_primes(&(&root * (&root + 2u32))));
    let gap = BigUint::from(1u32) << 515u32;
    assert!(has_close_primes(&(&root * (&root + &gap))));
    let far = BigUint::from(1u32) << 600u32;
    assert!(!has_close_primes(&(&root * (&root + &far))));
}

#[test]
fn squares_are_squares() {
    for root in 0..3000u64 {
        let square = BigUint::from(root * root);
        assert!(is_square(&square), "{root}");
        assert_eq!(is_square(&(square + 1u32)), root == 0, "{root}");
    }
}

proptest! {
    #[test]
    fn a_remainder_is_that_of_long_division(bytes in proptest::collection::vec(any::<u8>(), 0..70), by in 1u32..100_000) {
        let expected = BigUint::from_bytes_be(&bytes) % by;
        prop_assert_eq!(BigUint::from(rest(&bytes, by)), expected);
    }

    #[test]
    fn any_numbers_are_judged_without_a_panic(
        modulus in proptest::collection::vec(any::<u8>(), 0..600),
        exponent in proptest::collection::vec(any::<u8>(), 0..9),
    ) {
        let judged = RsaNumbers { modulus: &modulus, exponent: &exponent }.check();
        prop_assert!(judged.is_err() || (2048..=4096).contains(&bits(&modulus)));
    }
}
