//! Which pairs of certificate and key are an issuer, with certificates made by the openssl command.

use super::*;
use crate::ca::public_key::KeyKind;
use crate::ca::throwaway::{OpenSsl, ThrowawayCa};

/// A self-signed certificate with these extensions, and its key.
fn self_signed(curve: &str, subject: &str, extensions: &[&str]) -> (String, Secret) {
    let openssl = OpenSsl::in_new_folder();
    let curve = format!("ec_paramgen_curve:{curve}");
    openssl.run(&["genpkey", "-algorithm", "EC", "-pkeyopt", &curve, "-out", "key.pem"]);
    openssl.run(&["pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER", "-out", "key.der"]);
    openssl.write("none.cnf", b"[req]\ndistinguished_name=dn\n[dn]\n");
    let mut arguments =
        vec!["req", "-x509", "-config", "none.cnf", "-key", "key.pem", "-subj", subject, "-utf8"];
    for extension in extensions {
        arguments.extend(["-addext", extension]);
    }
    (openssl.run(&arguments), Secret::new(openssl.read("key.der")))
}

const CA: &str = "basicConstraints=critical,CA:TRUE";
const SIGN: &str = "keyUsage=critical,keyCertSign,cRLSign";
const KEY_ID: &str = "subjectKeyIdentifier=hash";

#[test]
fn a_ca_made_elsewhere_is_loaded() {
    let (pem, key) = self_signed("P-384", "/C=DE/O=Corp GmbH/CN=Corp Sub CA", &[CA, SIGN, KEY_ID]);
    let issuer = Issuer::load(&pem, &key).unwrap();
    assert_eq!(issuer.subject(), "CN=Corp Sub CA,O=Corp GmbH,C=DE");
    assert_eq!(issuer.key_id().len(), 20);
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&issuer);
}

#[test]
fn what_is_no_ca_or_may_not_sign_is_refused() {
    let load = |extensions: &[&str]| {
        let (pem, key) = self_signed("P-384", "/CN=x", extensions);
        Issuer::load(&pem, &key).err().unwrap()
    };
    let name = "CN=x".to_owned();
    assert_eq!(load(&[SIGN, KEY_ID]), BadIssuer::NotCa(name.clone()));
    assert_eq!(load(&["basicConstraints=CA:FALSE", SIGN, KEY_ID]), BadIssuer::NotCa(name.clone()));
    let lacks = |usage| BadIssuer::MayNotSign { subject: "CN=x".to_owned(), usage };
    assert_eq!(load(&[CA, KEY_ID]), lacks("keyCertSign"));
    assert_eq!(load(&[CA, "keyUsage=keyCertSign", KEY_ID]), lacks("cRLSign"));
    assert_eq!(load(&[CA, SIGN, "subjectKeyIdentifier=none"]), BadIssuer::NoKeyId(name));
}

#[test]
fn another_curve_is_refused() {
    let (pem, key) = self_signed("P-256", "/CN=x", &[CA, SIGN, KEY_ID]);
    let wrong = BadIssuer::Signer(SignFailed::WrongKey(KeyKind::EcP256));
    assert_eq!(Issuer::load(&pem, &key).err(), Some(wrong));
    let (pem, key) = self_signed("P-521", "/CN=x", &[CA, SIGN, KEY_ID]);
    assert!(matches!(Issuer::load(&pem, &key).err(), Some(BadIssuer::PrivateKey(_))));
}

#[test]
fn a_key_of_another_pair_is_refused() {
    let ca = ThrowawayCa::made_now();
    let other = KeyPair::generate(KeyKind::EcP384).unwrap().pkcs8().unwrap();
    let refused = Issuer::load(&ca.root.pem(), &other).err().unwrap();
    assert!(matches!(refused, BadIssuer::KeyMismatch(_)));
    assert_eq!(refused.code(), Code::IssuerInvalid);
}

#[test]
fn a_name_that_cannot_be_copied_exactly_is_refused() {
    for subject in ["/DC=com/DC=corp/CN=x", "/OU=a+CN=x"] {
        let (pem, key) = self_signed("P-384", subject, &[CA, SIGN, KEY_ID]);
        assert!(matches!(Issuer::load(&pem, &key).err(), Some(BadIssuer::Name(_))), "{subject}");
    }
}
