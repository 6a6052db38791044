//! Requests as the openssl command makes them, and what becomes of them when they are tampered with.

use super::*;
use crate::ca::public_key::KeyKind;
use crate::ca::throwaway::OpenSsl;
use proptest::prelude::*;
use std::sync::LazyLock;

const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
const P521: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"];
const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

static USUAL: LazyLock<Vec<u8>> = LazyLock::new(|| OpenSsl::in_new_folder().csr(P256, &["-sha256"]));

/// The key that the openssl command reads from the same request.
fn judged(openssl: &OpenSsl) -> Vec<u8> {
    let pem = openssl.run(&["req", "-in", "csr.der", "-inform", "DER", "-noout", "-pubkey", "-verify"]);
    pem::decode(pem.as_bytes(), &["PUBLIC KEY"]).unwrap()
}

#[test]
fn the_key_of_a_request_is_kept_whatever_hash_it_is_signed_with() {
    let kinds =
        [(KeyKind::EcP256, P256), (KeyKind::EcP384, P384), (KeyKind::EcP521, P521), (KeyKind::Rsa2048, RSA)];
    for (kind, algorithm) in kinds {
        for hash in ["-sha256", "-sha384", "-sha512"] {
            let openssl = OpenSsl::in_new_folder();
            let csr = openssl.csr(algorithm, &[hash]);
            let key = proven_key(&csr).unwrap();
            assert_eq!(key.public_key().kind(), kind);
            assert_eq!(key.public_key().spki_der(), judged(&openssl), "{kind} {hash}");
        }
    }
}

#[test]
fn pem_and_unknown_extensions_are_accepted() {
    let openssl = OpenSsl::in_new_folder();
    let more = [
        "-sha256",
        "-addext",
        "1.3.6.1.4.1.99999.7=critical,DER:0401ff",
        "-addext",
        "basicConstraints=CA:TRUE",
    ];
    let key = proven_key(&openssl.csr(P256, &more)).unwrap();
    let pem = openssl.run(&["req", "-in", "csr.der", "-inform", "DER"]);
    assert_eq!(proven_key(pem.as_bytes()).unwrap(), key);
    let old = openssl.run(&["req", "-in", "csr.der", "-inform", "DER", "-newhdr", "-text"]);
    assert!(old.contains("BEGIN NEW CERTIFICATE REQUEST"));
    assert_eq!(proven_key(old.replace('\n', "\r\n").as_bytes()).unwrap(), key);
}

#[test]
fn a_compressed_point_becomes_the_usual_spelling() {
    let openssl = OpenSsl::in_new_folder();
    let compressed = [P256, &["-pkeyopt", "ec_param_enc:named_curve"]].concat();
    openssl.csr(&compressed, &[]);
    openssl.run(&["ec", "-in", "key.pem", "-conv_form", "compressed", "-out", "short.pem"]);
    let request =
        ["req", "-new", "-key", "short.pem", "-subj", "/CN=x", "-outform", "DER", "-out", "short.der"];
    openssl.run(&request);
    let (short, usual) = (openssl.read("short.der"), openssl.read("csr.der"));
    assert!(short.len() < usual.len());
    assert_eq!(proven_key(&short).unwrap(), proven_key(&usual).unwrap());
}

#[test]
fn other_keys_are_refused_by_name() {
    let refused = |kind: &[&str], name: &str| {
        let fault = proven_key(&OpenSsl::in_new_folder().csr(kind, &[])).unwrap_err();
        assert_eq!(fault, BadCsr::Key(BadPublicKey::Unsupported(name.to_owned())));
        assert_eq!(fault.code(), Code::KeyTypeRefused);
    };
    refused(&["-algorithm", "ED25519"], "an Ed25519 key");
    let explicit = [P256, &["-pkeyopt", "ec_param_enc:explicit"]].concat();
    refused(&explicit, "an EC key without a named curve");
}

#[test]
fn a_signature_with_sha1_is_refused() {
    let fault = proven_key(&OpenSsl::in_new_folder().csr(P256, &["-sha1"])).unwrap_err();
    assert_eq!(fault, BadCsr::UnsupportedSignature(ObjectIdentifier::new_unwrap("1.2.840.10045.4.1")));
}

#[test]
fn a_request_not_signed_by_its_own_key_is_refused() {
    // the name is signed, so another name makes it another request
    let mut csr = USUAL.clone();
    let at = csr.windows(7).position(|window| window == b"mallory").unwrap();
    csr[at] = b'M';
    assert_eq!(proven_key(&csr), Err(BadCsr::NotPossessed));
    assert_eq!(proven_key(&csr).unwrap_err().code(), Code::CsrNotPossessed);
    let mut csr = USUAL.clone();
    *csr.last_mut().unwrap() ^= 1;
    assert_eq!(proven_key(&csr), Err(BadCsr::NotPossessed));
    // another key in the place of the first
    let other = KeyPair::generate(KeyKind::EcP256).unwrap();
    let spki = proven_key(&USUAL).unwrap().public_key().spki_der().to_vec();
    let mut csr = USUAL.clone();
    let at = csr.windows(spki.len()).position(|window| window == spki).unwrap();
    csr[at..at + spki.len()].copy_from_slice(other.public_key().spki_der());
    assert_eq!(proven_key(&csr), Err(BadCsr::NotPossessed));
    // a point beside the curve
    csr[at + spki.len() - 1] ^= 1;
    assert_eq!(proven_key(&csr), Err(BadCsr::Key(BadPublicKey::NotOnCurve(KeyKind::EcP256))));
}

#[test]
fn too_much_and_trailing_bytes_are_refused() {
    let mut csr = USUAL.clone();
    csr.extend_from_slice(b"\0\0");
    assert_eq!(proven_key(&csr), Err(BadCsr::TrailingBytes(2)));
    let mut text = pem::encode("CERTIFICATE REQUEST", &USUAL);
    assert!(proven_key(text.as_bytes()).is_ok());
    text.push_str("\nroot@device:~# ");
    assert_eq!(proven_key(text.as_bytes()), Err(BadCsr::TrailingBytes(14)));
    assert_eq!(proven_key(&vec![0x30; LARGEST_CSR + 1]), Err(BadCsr::TooLarge(LARGEST_CSR + 1)));
}

#[test]
fn garbage_is_refused() {
    assert!(matches!(proven_key(b""), Err(BadCsr::Pem(BadPem::NoBlock(_)))));
    assert!(matches!(proven_key(b"0"), Err(BadCsr::Pem(BadPem::NoBlock(_)))));
    assert!(matches!(proven_key(b"\x30\x82\x01"), Err(BadCsr::Garbage(_))));
    let certificate = pem::encode("CERTIFICATE", &USUAL);
    assert!(matches!(proven_key(certificate.as_bytes()), Err(BadCsr::Pem(BadPem::Label { .. }))));
}

proptest! {
    #[test]
    fn no_changed_byte_leaves_the_request_standing_with_another_key(at in 0usize..400, value in any::<u8>()) {
        let mut csr = USUAL.clone();
        let at = at % csr.len();
        prop_assume!(csr[at] != value);
        csr[at] = value;
        prop_assert!(proven_key(&csr).is_err(), "byte {}", at);
    }

    #[test]
    fn a_cut_request_is_refused(length in 0usize..400) {
        let length = length % USUAL.len();
        prop_assert!(proven_key(&USUAL[..length]).is_err());
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(proven_key(&bytes).is_err());
        let der = [&[0x30, 0x82][..], &bytes].concat();
        prop_assert!(proven_key(&der).is_err());
    }
}
