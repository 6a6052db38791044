//! Whether one certificate signed another, whatever kind of key signed it: roots come from other people's CAs, too.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{self, Decode, Reader, SliceReader};

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
    // what the signature covers says how it was made; the same outside of it anybody could change
    if signed.tbs_certificate().signature() != signed.signature_algorithm() {
        return Err(NotSigned::Wrong);
    }
    let body = signed_part(certificate.der()).map_err(wrong)?;
    let made = signed.signature().as_bytes().ok_or(NotSigned::Wrong)?;
    let key = key.subject_public_key.as_bytes().ok_or(NotSigned::Wrong)?;
    UnparsedPublicKey::new(algorithm, key).verify(body, made).map_err(|_| NotSigned::Wrong)
}

/// The bytes that the signature covers, as they came: encoding them anew might mend what was signed.
fn signed_part(der: &[u8]) -> Result<&[u8], der::Error> {
    let whole = AnyRef::from_der(der)?;
    SliceReader::new(whole.value())?.tlv_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::throwaway::ThrowawayCa;
    use x509_cert::der::{Encode, Tag};

    #[test]
    fn how_it_is_signed_is_said_twice_alike() {
        let ca = ThrowawayCa::made_now();
        let good = ca.issuer.certificate();
        assert_eq!(check(good, &ca.root), Ok(()));
        let whole = AnyRef::from_der(good.der()).unwrap();
        let mut parts = SliceReader::new(whole.value()).unwrap();
        let body = parts.tlv_bytes().unwrap();
        let algorithm = parts.tlv_bytes().unwrap();
        let signature = parts.tlv_bytes().unwrap();
        let sequence = |content: &[u8]| AnyRef::new(Tag::Sequence, content).unwrap().to_der().unwrap();
        let again = sequence(&[body, algorithm, signature].concat());
        assert_eq!(again, good.der());
        // the same algorithm, with a parameter that the body does not know of
        let other = sequence(&[&algorithm[2..], &[0x05, 0x00]].concat());
        let changed = Certificate::from_der(sequence(&[body, &other, signature].concat())).unwrap();
        assert_eq!(check(&changed, &ca.root), Err(NotSigned::Wrong));
    }
}
