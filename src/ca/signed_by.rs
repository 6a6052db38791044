//! Whether one certificate signed another, whatever kind of key signed it: roots come from other people's CAs, too.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{self, Decode, Encode};

use super::certificate::Certificate;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The signature algorithms that are taken: ECDSA (RFC 5758 §3.2) and RSA PKCS#1 v1.5 (RFC 4055 §5), with SHA-2.
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotSigned {
    /// Signed in a way that is not taken, SHA-1 among them.
    Algorithm(ObjectIdentifier),
    /// Not the signature of this key over this body.
    Wrong,
}

/// Checks that the key of `issuer` made the signature of `certificate`. Names and dates are for the caller.
pub(super) fn check(certificate: &Certificate, issuer: &Certificate) -> Result<(), NotSigned> {
    let wrong = |_: der::Error| NotSigned::Wrong;
    let signed = x509_cert::Certificate::from_der(certificate.der()).map_err(wrong)?;
    let issuer = x509_cert::Certificate::from_der(issuer.der()).map_err(wrong)?;
    let key = issuer.tbs_certificate().subject_public_key_info();
    let used = signed.signature_algorithm().oid;
    let curve = key.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    let algorithm: &dyn VerificationAlgorithm = match (key.algorithm.oid, curve, used) {
        (EC, Some(P256), ECDSA_SHA256) => &signature::ECDSA_P256_SHA256_ASN1,
        (EC, Some(P256), ECDSA_SHA384) => &signature::ECDSA_P256_SHA384_ASN1,
        (EC, Some(P256), ECDSA_SHA512) => &signature::ECDSA_P256_SHA512_ASN1,
        (EC, Some(P384), ECDSA_SHA256) => &signature::ECDSA_P384_SHA256_ASN1,
        (EC, Some(P384), ECDSA_SHA384) => &signature::ECDSA_P384_SHA384_ASN1,
        (EC, Some(P384), ECDSA_SHA512) => &signature::ECDSA_P384_SHA512_ASN1,
        (EC, Some(P521), ECDSA_SHA256) => &signature::ECDSA_P521_SHA256_ASN1,
        (EC, Some(P521), ECDSA_SHA384) => &signature::ECDSA_P521_SHA384_ASN1,
        (EC, Some(P521), ECDSA_SHA512) => &signature::ECDSA_P521_SHA512_ASN1,
        (RSA, _, RSA_SHA256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (RSA, _, RSA_SHA384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (RSA, _, RSA_SHA512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        _ => return Err(NotSigned::Algorithm(used)),
    };
    // signed again as it was encoded: `from_der` takes DER only, so this is what stood there
    let body = signed.tbs_certificate().to_der().map_err(wrong)?;
    let made = signed.signature().as_bytes().ok_or(NotSigned::Wrong)?;
    let key = key.subject_public_key.as_bytes().ok_or(NotSigned::Wrong)?;
    UnparsedPublicKey::new(algorithm, key).verify(&body, made).map_err(|_| NotSigned::Wrong)
}
