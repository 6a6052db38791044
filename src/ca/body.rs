//! The only place that speaks to rcgen: it makes the bytes that are to be signed (certificate bodies and CRL
//! bodies), and gets no key. Signing is [`super::signer`]'s, judging is other libraries'.

use std::cell::RefCell;
use std::ops::Deref;

use rcgen::{
    CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, DnValue, PublicKeyData,
    SignatureAlgorithm, SigningKey,
};
use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Tag, Tagged};
use x509_cert::name::Name;

use super::public_key::{KeyKind, PublicKey};

/// Why a body cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what is to be signed cannot be encoded: {0}")]
pub struct NotEncodable(#[from] rcgen::Error);

/// What may be signed, in DER: only this file forms one, so no key ever signs bytes that somebody chose.
pub(super) struct Body(Vec<u8>);

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
impl Body {
    /// As if memory were faulty.
    pub(super) fn damage(&mut self) {
        if let Some(last) = self.0.last_mut() {
            *last ^= 1;
        }
    }
}

/// The DER TBSCertificate for this subject key, under this issuer (its name, key identifier and usages).
pub(super) fn certificate(
    params: &CertificateParams,
    subject_key: &PublicKey,
    issuer: &CertificateParams,
    issuer_key: &PublicKey,
) -> Result<Body, NotEncodable> {
    let capture = Capture::new(issuer_key);
    params.signed_by(&Key(subject_key), &rcgen::Issuer::from_params(issuer, &capture))?;
    Ok(Body(capture.body.into_inner()))
}

/// The DER TBSCertList under this issuer.
pub(super) fn crl(
    params: &CertificateRevocationListParams,
    issuer: &CertificateParams,
    issuer_key: &PublicKey,
) -> Result<Body, NotEncodable> {
    let capture = Capture::new(issuer_key);
    params.signed_by(&rcgen::Issuer::from_params(issuer, &capture))?;
    Ok(Body(capture.body.into_inner()))
}

/// The DER CertificationRequestInfo (RFC 2986 §4.1) that this key is to sign about itself.
pub(super) fn request(params: &CertificateParams, key: &PublicKey) -> Result<Body, NotEncodable> {
    let capture = Capture::new(key);
    params.serialize_request(&capture)?;
    Ok(Body(capture.body.into_inner()))
}

struct Key<'a>(&'a PublicKey);

impl PublicKeyData for Key<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.key_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.0.kind() {
            KeyKind::EcP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyKind::EcP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            KeyKind::EcP521 => &rcgen::PKCS_ECDSA_P521_SHA512,
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

/// Stands where rcgen wants a key to sign with: keeps the message and gives an empty signature.
struct Capture<'a> {
    key: Key<'a>,
    body: RefCell<Vec<u8>>,
}

impl Capture<'_> {
    fn new(key: &PublicKey) -> Capture<'_> {
        Capture { key: Key(key), body: RefCell::default() }
    }
}

impl PublicKeyData for Capture<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.key.algorithm()
    }
}

impl SigningKey for Capture<'_> {
    fn sign(&self, body: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.body.replace(body.to_vec());
        Ok(Vec::new())
    }
}

/// The same name for rcgen, if rcgen can hold it: one attribute a level, none twice, in today's string types.
pub(super) fn distinguished_name(name: &Name) -> Option<DistinguishedName> {
    let mut copy = DistinguishedName::new();
    for level in name.iter_rdn() {
        let mut attributes = level.iter();
        let attribute = attributes.next()?;
        let kind = DnType::CustomDnType(attribute.oid.arcs().map(u64::from).collect());
        if attributes.next().is_some() || copy.get(&kind).is_some() {
            return None;
        }
        let value = match attribute.value.tag() {
            Tag::Utf8String => {
                DnValue::Utf8String(Utf8StringRef::try_from(&attribute.value).ok()?.as_str().to_owned())
            }
            Tag::PrintableString => DnValue::PrintableString(
                PrintableStringRef::try_from(&attribute.value).ok()?.as_str().try_into().ok()?,
            ),
            Tag::Ia5String => {
                DnValue::Ia5String(Ia5StringRef::try_from(&attribute.value).ok()?.as_str().try_into().ok()?)
            }
            _ => return None,
        };
        copy.push(kind, value);
    }
    (!name.is_empty()).then_some(copy)
}
