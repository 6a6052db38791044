//! The requests in `fixtures/csr`: what becomes of each, and of what is left of them after damage.

use std::panic::catch_unwind;

use super::*;
use crate::ca::public_key::KeyKind;

macro_rules! corpus {
    ($($name:ident = $file:literal;)*) => {
        $(const $name: &[u8] = include_bytes!(concat!("../../../fixtures/csr/", $file));)*
    };
}

corpus! {
    P256 = "p256.der";
    P384_SHA256 = "p384-sha256.der";
    P384_SHA384 = "p384-sha384.der";
    P521_SHA256 = "p521-sha256.der";
    P521_SHA512 = "p521-sha512.der";
    RSA_2048 = "rsa-2048.der";
    RSA_3072 = "rsa-3072.der";
    RSA_4096 = "rsa-4096.der";
    UNKNOWN_EXTENSIONS = "unknown-extensions.der";
    CHALLENGE_PASSWORD = "challenge-password.der";
    OLD_LABEL = "old-label.pem";
    RSA_1024 = "rsa-1024.der";
    RSA_2056 = "rsa-2056.der";
    RSA_4352 = "rsa-4352.der";
    RSA_EXPONENT_3 = "rsa-exponent-3.der";
    RSA_LARGE_EXPONENT = "rsa-large-exponent.der";
    RSA_SMALL_FACTOR = "rsa-small-factor.der";
    RSA_ROCA = "rsa-roca.der";
    RSA_CLOSE_PRIMES = "rsa-close-primes.der";
    RSA_SHA1 = "rsa-sha1.der";
    RSA_PSS_SIGNED = "rsa-pss-signed.der";
    P256_SHA1 = "p256-sha1.der";
    ED25519 = "ed25519.der";
    SECP256K1 = "secp256k1.der";
}

const ACCEPTED: [(&[u8], KeyKind); 11] = [
    (P256, KeyKind::EcP256),
    (P384_SHA256, KeyKind::EcP384),
    (P384_SHA384, KeyKind::EcP384),
    (P521_SHA256, KeyKind::EcP521),
    (P521_SHA512, KeyKind::EcP521),
    (RSA_2048, KeyKind::Rsa2048),
    (RSA_3072, KeyKind::Rsa3072),
    (RSA_4096, KeyKind::Rsa4096),
    (UNKNOWN_EXTENSIONS, KeyKind::EcP256),
    (CHALLENGE_PASSWORD, KeyKind::EcP256),
    (OLD_LABEL, KeyKind::EcP256),
];

/// A request with these bytes in the place of those.
fn patched(csr: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut csr = csr.to_vec();
    csr[at..at + bytes.len()].copy_from_slice(bytes);
    csr
}

/// Where the last byte of the request's public key stands.
fn end_of_key(csr: &[u8]) -> usize {
    let spki = CertReq::from_der(csr).unwrap().info.public_key.to_der().unwrap();
    csr.windows(spki.len()).position(|window| window == spki).unwrap() + spki.len() - 1
}

#[test]
fn good_requests_are_taken_for_what_they_are() {
    for (at, (csr, kind)) in ACCEPTED.into_iter().enumerate() {
        let key = proven_key(csr).unwrap_or_else(|fault| panic!("number {at}: {fault}"));
        assert_eq!(key.public_key().kind(), kind, "number {at}");
    }
}

#[test]
fn each_fault_has_a_code_of_its_own() {
    let rsa_end = end_of_key(RSA_2048);
    // behind the modulus stand tag, length and the three bytes of 65537
    let even_modulus = patched(RSA_2048, rsa_end - 5, &[0]);
    let last = P256.len() - 1;
    let refused: [(&str, &[u8], Code); 21] = [
        ("nothing", b"", Code::CsrGarbage),
        ("no structure", &[0x30, 0x82, 1, 0, 2], Code::CsrGarbage),
        ("cut", &P256[..last], Code::CsrGarbage),
        ("trailing", &[P256, &[0]].concat(), Code::CsrTrailing),
        ("over-size", &vec![0x30; LARGEST_CSR + 1], Code::CsrTooLarge),
        ("bad signature", &patched(P256, last, &[P256[last] ^ 1]), Code::CsrNotPossessed),
        ("bad RSA signature", &patched(RSA_2048, 500, &[RSA_2048[500] ^ 1]), Code::CsrNotPossessed),
        ("PSS", RSA_PSS_SIGNED, Code::CsrSignature),
        ("SHA-1", P256_SHA1, Code::CsrSignature),
        ("SHA-1 with RSA", RSA_SHA1, Code::CsrSignature),
        ("off the curve", &patched(P256, end_of_key(P256), &[P256[end_of_key(P256)] ^ 1]), Code::KeyOffCurve),
        ("Ed25519", ED25519, Code::KeyTypeRefused),
        ("secp256k1", SECP256K1, Code::KeyTypeRefused),
        ("RSA of an odd size", RSA_2056, Code::KeyTypeRefused),
        ("RSA too small", RSA_1024, Code::RsaTooSmall),
        ("RSA too large", RSA_4352, Code::RsaTooLarge),
        ("even modulus", &even_modulus, Code::RsaEvenModulus),
        ("exponent 3", RSA_EXPONENT_3, Code::RsaExponent),
        ("small factor", RSA_SMALL_FACTOR, Code::RsaSmallFactor),
        ("ROCA", RSA_ROCA, Code::RsaRoca),
        ("close primes", RSA_CLOSE_PRIMES, Code::RsaClosePrimes),
    ];
    for (name, csr, code) in refused {
        let fault = proven_key(csr).unwrap_err();
        assert_eq!(fault.code(), code, "{name}: {fault}");
        let sentence = fault.to_string();
        assert!(!sentence.contains('\n') && sentence.len() < 250, "{name}: {sentence}");
    }
    assert_eq!(proven_key(RSA_LARGE_EXPONENT).unwrap_err().code(), Code::RsaExponent);
    // a signature of the other family is no proof
    let rsa_oid = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    assert!(RSA_2048.windows(9).any(|window| window == rsa_oid));
}

/// Whether other libraries than the one that judged before find the request signed by this key.
fn second_judge(der: &[u8], key: &PublicKey) -> bool {
    use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
    use sha2::Digest as _;
    let request = CertReq::from_der(der).unwrap();
    // encoded anew: what is not the same bytes was not signed in DER
    let signed = request.info.to_der().unwrap();
    let hash = match SIGNATURES.iter().find(|(known, _, _)| *known == request.algorithm.oid).unwrap().1 {
        Hash::Sha256 => sha2::Sha256::digest(&signed).to_vec(),
        Hash::Sha384 => sha2::Sha384::digest(&signed).to_vec(),
        Hash::Sha512 => sha2::Sha512::digest(&signed).to_vec(),
    };
    let (point, signature) = (key.key_bytes(), request.signature.raw_bytes());
    match key.kind() {
        KeyKind::EcP256 => {
            let signature = p256::ecdsa::Signature::from_der(signature).unwrap();
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap();
            key.verify_prehash(&hash, &signature).is_ok()
        }
        KeyKind::EcP384 => {
            let signature = p384::ecdsa::Signature::from_der(signature).unwrap();
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap();
            key.verify_prehash(&hash, &signature).is_ok()
        }
        KeyKind::EcP521 => {
            let signature = p521::ecdsa::Signature::from_der(signature).unwrap();
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap();
            key.verify_prehash(&hash, &signature).is_ok()
        }
        // the padded digest, computed with the two numbers alone
        KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
            let crate::ca::public_key::KeyNumbers::Rsa { modulus, exponent } = key.numbers() else {
                return false;
            };
            let number = num_bigint::BigUint::from_bytes_be;
            let padded = number(signature).modpow(&number(exponent), &number(modulus)).to_bytes_be();
            padded.starts_with(&[1, 0xff, 0xff, 0xff]) && padded.ends_with(&hash)
        }
    }
}

#[test]
fn another_library_agrees_on_every_good_request() {
    for (csr, _) in ACCEPTED {
        let key = proven_key(csr).unwrap();
        assert!(second_judge(&to_der(csr).unwrap(), key.public_key()));
    }
}

/// A small generator of reproducible damage.
struct Damage(u64);

impl Damage {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// One to three wounds: a flipped bit, another byte, a cut, bytes put in or doubled, a length that lies.
    fn inflict(&mut self, csr: &[u8]) -> Vec<u8> {
        let mut csr = csr.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(csr.len().max(1));
            match self.below(7) {
                _ if csr.is_empty() => csr.push(self.byte()),
                0 => csr[at] ^= 1 << self.below(8),
                1 => csr[at] = self.byte(),
                2 => csr.truncate(at),
                3 => {
                    let end = (at + 1 + self.below(8)).min(csr.len());
                    csr.drain(at..end);
                }
                4 => {
                    let byte = self.byte();
                    csr.insert(at, byte);
                }
                5 => {
                    let end = (at + self.below(64)).min(csr.len());
                    let doubled = csr[at..end].to_vec();
                    csr.splice(at..at, doubled);
                }
                _ => {
                    let length = [0x00, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xff][self.below(8)];
                    csr[at] = length;
                }
            }
        }
        csr
    }
}

#[test]
fn damage_never_panics_and_what_is_still_accepted_is_still_proven() {
    const BUDGET: usize = 20_000;
    let mut damage = Damage(0x5eed_0f11_e5ed_5eed);
    let (mut accepted, mut codes) = (0, std::collections::BTreeSet::new());
    for round in 0..BUDGET {
        let (csr, kind) = ACCEPTED[round % ACCEPTED.len()];
        let wounded = damage.inflict(csr);
        let judged = catch_unwind(|| proven_key(&wounded));
        match judged.unwrap_or_else(|_| panic!("round {round} panicked: {}", hex::encode(&wounded))) {
            Ok(key) => {
                accepted += 1;
                assert_eq!(key.public_key().kind(), kind, "round {round}");
                assert_eq!(key, proven_key(csr).unwrap(), "round {round}");
                let der = to_der(&wounded).unwrap();
                assert!(second_judge(&der, key.public_key()), "round {round}: {}", hex::encode(&wounded));
            }
            Err(fault) => {
                codes.insert(fault.code().as_str());
            }
        }
    }
    // text around a PEM block may change; the damage is not so great that everything dies the same death
    assert!(accepted > 0 && accepted < BUDGET / 5, "{accepted} accepted");
    for code in
        [Code::CsrGarbage, Code::CsrTrailing, Code::CsrNotPossessed, Code::KeyOffCurve, Code::KeyTypeRefused]
    {
        assert!(codes.contains(code.as_str()), "{code} never came up: {codes:?}");
    }
}
