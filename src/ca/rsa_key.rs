//! RSA keys that others made: their size, and the known ways in which makers got them wrong. A key that fails here
//! gives its secret to whoever looks, so no certificate may vouch for it.

use std::sync::LazyLock;

use num_bigint::BigUint;
use x509_cert::der::asn1::{AnyRef, UintRef};
use x509_cert::der::{self, Decode, Reader};

use crate::domain::code::{Code, Coded};

/// The fewest bits of a modulus (NIST SP 800-131A).
pub const SMALLEST_MODULUS: usize = 2048;
/// The most bits of a modulus: larger ones cost handshakes more than they give.
pub const LARGEST_MODULUS: usize = 4096;
/// The least public exponent (FIPS 186-5 §A.1.1).
pub const LEAST_EXPONENT: u32 = 65_537;
/// The most bits of the public exponent: libraries that check signatures take no more.
pub const LARGEST_EXPONENT: usize = 33;
/// Steps of Fermat's method that a modulus must withstand. Primes drawn at random differ in their first 100 bits
/// (FIPS 186-5 §A.1.3), which as good as no number of steps would find.
const FERMAT_STEPS: usize = 100;
/// Primes below this are looked for in the modulus.
const SMALL_PRIMES_BELOW: u32 = 1000;
/// The last of the primes whose remainders give the mark of ROCA away, in keys of any size.
const LAST_ROCA_PRIME: u32 = 167;

/// Why an RSA key is not certified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakRsa {
    /// Too few bits.
    #[error("the RSA key has {0} bits, at least {SMALLEST_MODULUS} are needed")]
    TooSmall(usize),
    /// Too many bits.
    #[error("the RSA key has {0} bits, at most {LARGEST_MODULUS} are accepted")]
    TooLarge(usize),
    /// The modulus is even.
    #[error("the RSA key's modulus is even, so it is not the product of two large primes")]
    EvenModulus,
    /// The public exponent is even, small or huge.
    #[error(
        "the RSA key's public exponent is not an odd number from {LEAST_EXPONENT} up to {LARGEST_EXPONENT} bits"
    )]
    Exponent,
    /// A small prime divides the modulus.
    #[error("the RSA key's modulus is divisible by {0}, so it is not the product of two large primes")]
    SmallFactor(u32),
    /// Made by a library whose primes can be computed (CVE-2017-15361).
    #[error("the RSA key has the mark of a chip whose keys can be computed from their public part (ROCA)")]
    Roca,
    /// The primes lie close to each other.
    #[error(
        "the RSA key's two primes lie so close together that the key can be computed from its public part"
    )]
    ClosePrimes,
}

impl Coded for WeakRsa {
    fn code(&self) -> Code {
        match self {
            WeakRsa::TooSmall(_) => Code::RsaTooSmall,
            WeakRsa::TooLarge(_) => Code::RsaTooLarge,
            WeakRsa::EvenModulus => Code::RsaEvenModulus,
            WeakRsa::Exponent => Code::RsaExponent,
            WeakRsa::SmallFactor(_) => Code::RsaSmallFactor,
            WeakRsa::Roca => Code::RsaRoca,
            WeakRsa::ClosePrimes => Code::RsaClosePrimes,
        }
    }
}

/// The two numbers of an RSA public key, big-endian without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RsaNumbers<'a> {
    /// n.
    pub(super) modulus: &'a [u8],
    /// e.
    pub(super) exponent: &'a [u8],
}

impl<'a> RsaNumbers<'a> {
    /// From a DER RSAPublicKey (RFC 8017 §A.1.1): two positive numbers in their shortest form, nothing behind them.
    pub(super) fn read(der: &'a [u8]) -> Result<RsaNumbers<'a>, der::Error> {
        AnyRef::from_der(der)?.sequence(|reader| {
            let modulus: UintRef<'a> = reader.decode()?;
            let exponent: UintRef<'a> = reader.decode()?;
            Ok(RsaNumbers { modulus: modulus.as_bytes(), exponent: exponent.as_bytes() })
        })
    }

    /// Bits of the modulus.
    pub(super) fn bits(&self) -> usize {
        bits(self.modulus)
    }

    /// Refuses a modulus that is too small or too large.
    pub(super) fn check_size(&self) -> Result<(), WeakRsa> {
        match self.bits() {
            few @ ..SMALLEST_MODULUS => Err(WeakRsa::TooSmall(few)),
            SMALLEST_MODULUS..=LARGEST_MODULUS => Ok(()),
            many => Err(WeakRsa::TooLarge(many)),
        }
    }

    /// Refuses every known weakness; the cost is bounded by the size, which is checked first.
    pub(super) fn check(&self) -> Result<(), WeakRsa> {
        self.check_size()?;
        if is_even(self.modulus) {
            return Err(WeakRsa::EvenModulus);
        }
        let exponent = BigUint::from_bytes_be(self.exponent);
        if is_even(self.exponent)
            || exponent < BigUint::from(LEAST_EXPONENT)
            || bits(self.exponent) > LARGEST_EXPONENT
        {
            return Err(WeakRsa::Exponent);
        }
        if let Some(prime) = small_primes().iter().find(|prime| rest(self.modulus, **prime) == 0) {
            return Err(WeakRsa::SmallFactor(*prime));
        }
        if has_roca_mark(self.modulus) {
            return Err(WeakRsa::Roca);
        }
        match has_close_primes(&BigUint::from_bytes_be(self.modulus)) {
            true => Err(WeakRsa::ClosePrimes),
            false => Ok(()),
        }
    }
}

fn bits(number: &[u8]) -> usize {
    let number = BigUint::from_bytes_be(number);
    usize::try_from(number.bits()).unwrap_or(usize::MAX)
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|last| last % 2 == 0)
}

/// The number modulo one of at most 32 bits.
fn rest(number: &[u8], modulus: u32) -> u32 {
    let modulus = u64::from(modulus.max(1));
    let rest = number.chunks(4).fold(0, |rest, part| {
        part.iter().fold(rest, |rest: u64, byte| rest << 8 | u64::from(*byte)) % modulus
    });
    u32::try_from(rest).unwrap_or(u32::MAX)
}

/// Odd primes below [`SMALL_PRIMES_BELOW`].
fn small_primes() -> &'static [u32] {
    static PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
        let is_prime =
            |number: &u32| (2..*number).take_while(|by| by * by <= *number).all(|by| number % by != 0);
        (3..SMALL_PRIMES_BELOW).filter(is_prime).collect()
    });
    &PRIMES
}

/// For each prime up to [`LAST_ROCA_PRIME`], whether each remainder is a power of 65537.
static ROCA_REMAINDERS: LazyLock<Vec<(u32, Vec<bool>)>> = LazyLock::new(|| {
    let powers = |prime: u32| {
        let mut among = vec![false; usize::try_from(prime).unwrap_or_default()];
        let mut power = 1;
        while let Some(found) =
            among.get_mut(usize::try_from(power).unwrap_or(usize::MAX)).filter(|found| !**found)
        {
            *found = true;
            power = power * (LEAST_EXPONENT % prime) % prime;
        }
        (prime, among)
    };
    small_primes().iter().copied().take_while(|prime| *prime <= LAST_ROCA_PRIME).map(powers).collect()
});

/// Chips of one maker drew primes of the form k·M + 65537^a mod M, where M is the product of the first primes (M. Nemec
/// et al., “The Return of Coppersmith's Attack”, 2017). So is the product of two of them a power of 65537 modulo each of
/// these primes, which a number drawn at random hardly ever is: one in 2^27.
fn has_roca_mark(modulus: &[u8]) -> bool {
    ROCA_REMAINDERS.iter().all(|(prime, powers)| {
        let rest = usize::try_from(rest(modulus, *prime)).unwrap_or(usize::MAX);
        powers.get(rest).copied().unwrap_or_default()
    })
}

/// Fermat's method: an odd product of two numbers close to each other is the difference of two squares, the greater of
/// which is hardly above it.
fn has_close_primes(modulus: &BigUint) -> bool {
    let mut root = modulus.sqrt();
    if &root * &root < *modulus {
        root += 1u32;
    }
    let mut difference = &root * &root - modulus;
    for _ in 0..FERMAT_STEPS {
        if is_square(&difference) {
            return true;
        }
        difference += &root * 2u32 + 1u32;
        root += 1u32;
    }
    false
}

/// Most numbers are told from squares by small remainders alone.
fn is_square(number: &BigUint) -> bool {
    let may_be = [64u32, 63, 65, 11].into_iter().all(|by| {
        let rest = number % by;
        (0..by).any(|root| BigUint::from(root * root % by) == rest)
    });
    may_be && {
        let root = number.sqrt();
        &root * &root == *number
    }
}

#[cfg(test)]
mod tests;
