//! A Linux console whose device makes a key for each of its two certificates.

use std::os::unix::fs::PermissionsExt;

use lineside::device::driver::CsrKey;
use lineside::domain::pair::Which;
use p256::ecdsa::signature::Verifier;
use x509_cert::der::{Decode, Encode};

use super::{Console, SH, challenge, clean};

#[test]
fn a_device_with_two_keys_proves_both_and_is_left_with_nothing_else() {
    let console = Console::start(SH, clean);
    let (first, second) = (console.file("etc/keys/device.key"), console.file("etc/keys/second.key"));
    let product = console.recipe(&format!(
        "[credential]\nkind = \"x509\"\ncopies = 2\nkey_path = \"{first}\"\nsecondary_key_path = \"{second}\"\n\
         [[inject]]\npath = \"{}\"\ntemplate = \"secondary-chain\"\n[prove]\nmethod = \"sign-nonce\"",
        console.file("etc/second.pem")
    ));
    let mut driver = console.driver(&product);
    driver.identify().unwrap();
    let both = [Which::Primary, Which::Secondary];
    let key_of = |csr: &[u8]| x509_cert::request::CertReq::from_der(csr).unwrap().info.public_key;
    let keys = both.map(|which| key_of(&driver.request_csr(which, "sn-17", CsrKey::P256, false).unwrap()));
    assert_ne!(keys[0], keys[1]);
    let reused = key_of(&driver.request_csr(Which::Secondary, "sn-17", CsrKey::P256, true).unwrap());
    assert_eq!(reused, keys[1]);
    driver.commit().unwrap();
    for (which, key) in both.into_iter().zip(&keys) {
        let signature = driver.prove_signature(which, &challenge()).unwrap();
        let spki = key.to_der().unwrap();
        let key =
            <p256::ecdsa::VerifyingKey as p256::pkcs8::DecodePublicKey>::from_public_key_der(&spki).unwrap();
        let signature = p256::ecdsa::DerSignature::try_from(signature.as_slice()).unwrap();
        key.verify(&challenge().message(), &signature).unwrap();
    }
    for key in [&first, &second] {
        assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }

    // a run that fails takes both pending keys away and leaves those in use
    for which in both {
        driver.request_csr(which, "sn-17", CsrKey::P256, false).unwrap();
    }
    driver.abandon();
    let mut left: Vec<_> = std::fs::read_dir(console.folder.path().join("etc/keys"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["device.key", "second.key"]);
}
