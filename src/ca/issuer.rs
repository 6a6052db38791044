//! The issuing CA, loaded: certificate and private key, wherever that lies, found to belong together and to be allowed to sign
//! before the first device asks.

use rcgen::{CertificateParams, CertificateRevocationListParams, KeyIdMethod, KeyUsagePurpose};
use x509_cert::TbsCertificate;
use x509_cert::der::{self, Decode};
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::body::{self, Body, NotEncodable};
use super::ca_key::CaKey;
use super::certificate::{BadCertificate, Certificate};
use super::inspect::CertificateFacts;
use super::key::{BadKeyPair, KeyPair};
use super::public_key::{BadPublicKey, PublicKey};
use super::signer::{self, SignFailed, SigningKey};
use super::token::TokenKey;
use super::token::pin::Pin;
use super::token::uri::TokenUri;
use crate::domain::code::{Code, Coded};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;

/// The key usages that an issuing CA needs.
pub const USAGES: [&str; 2] = ["keyCertSign", "cRLSign"];

/// Why certificate and key make no issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadIssuer {
    /// The certificate cannot be read.
    #[error("issuing CA: {0}")]
    Certificate(#[from] BadCertificate),
    /// The certificate's key is not one we sign with.
    #[error("issuing CA: {0}")]
    PublicKey(#[from] BadPublicKey),
    /// The private key cannot be read.
    #[error("issuing CA: {0}")]
    PrivateKey(#[from] BadKeyPair),
    /// The private key is of the wrong kind.
    #[error("issuing CA: {0}")]
    Signer(#[from] SignFailed),
    /// Certificate and key are of two pairs.
    #[error("the private key does not belong to the issuing CA's certificate “{0}”")]
    KeyMismatch(String),
    /// Basic constraints do not say CA.
    #[error("“{0}” is not the certificate of a CA")]
    NotCa(String),
    /// A key usage is missing.
    #[error("the issuing CA's certificate “{subject}” lacks the key usage {usage}")]
    MayNotSign {
        /// Whose certificate.
        subject: String,
        /// What is missing.
        usage: &'static str,
    },
    /// It has no subject key identifier, which every CA must have (RFC 5280 §4.2.1.2).
    #[error("the issuing CA's certificate “{0}” has no subject key identifier")]
    NoKeyId(String),
    /// Its name cannot be copied exactly into the certificates below it.
    #[error(
        "the issuing CA's name “{0}” is of a form that cannot be copied exactly: one attribute a level, none twice"
    )]
    Name(String),
}

impl Coded for BadIssuer {
    fn code(&self) -> Code {
        Code::IssuerInvalid
    }
}

/// A CA on P-384 that can sign certificates and CRLs. `Send` and `Sync`.
pub struct Issuer {
    certificate: Certificate,
    until: UtcTime,
    facts: CertificateFacts,
    key_id: Vec<u8>,
    /// Name, key identifier and usages in rcgen's words.
    identity: CertificateParams,
    key: Box<dyn SigningKey>,
}

impl Issuer {
    /// From its certificate in PEM and its private key as PKCS#8 DER.
    pub fn load(certificate_pem: &str, key: &Secret) -> Result<Issuer, BadIssuer> {
        Issuer::new(Certificate::from_pem(certificate_pem)?, KeyPair::from_pkcs8(key)?)
    }

    /// Checks that this is a CA that may sign certificates and CRLs, on P-384, and that the key is its own.
    /// Whether it is valid now is asked at each use.
    pub fn new(certificate: Certificate, key: impl Into<CaKey>) -> Result<Issuer, BadIssuer> {
        Issuer::over(certificate, key.into().into_signing())
    }

    /// From its certificate and the place of its private key in a token. The token is not asked before
    /// something is signed; it must then hold the certificate's key.
    pub fn load_in_token(certificate: Certificate, place: &TokenUri, pin: Pin) -> Result<Issuer, BadIssuer> {
        let public_key = certificate.public_key()?;
        Issuer::new(certificate, TokenKey::new(place.clone(), pin, public_key))
    }

    fn over(certificate: Certificate, key: Box<dyn SigningKey>) -> Result<Issuer, BadIssuer> {
        let facts = CertificateFacts::read(&certificate)?;
        if !facts.basic_constraints.is_some_and(|basic| basic.ca) {
            return Err(BadIssuer::NotCa(facts.subject));
        }
        for usage in USAGES {
            if !facts.key_usage.contains(&usage) {
                return Err(BadIssuer::MayNotSign { subject: facts.subject, usage });
            }
        }
        let public_key = certificate.public_key()?;
        if public_key != *key.public_key() {
            return Err(BadIssuer::KeyMismatch(facts.subject));
        }
        signer::must_be_p384(&public_key)?;
        let parsed = x509_cert::Certificate::from_der(certificate.der()).map_err(BadCertificate::from)?;
        let body = parsed.tbs_certificate();
        let (_, key_id) = body
            .get_extension::<SubjectKeyIdentifier>()
            .map_err(BadCertificate::from)?
            .ok_or_else(|| BadIssuer::NoKeyId(facts.subject.clone()))?;
        let key_id = key_id.0.as_bytes().to_vec();
        let bad_name = || BadIssuer::Name(facts.subject.clone());
        let mut identity = CertificateParams::default();
        identity.distinguished_name = body::distinguished_name(body.subject()).ok_or_else(bad_name)?;
        identity.key_identifier_method = KeyIdMethod::PreSpecified(key_id.clone());
        identity.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        // the name below must be the name here to the byte, or no chain is ever found: try it
        let trial = trial_issuer_name(&identity, &public_key).ok_or_else(bad_name)?;
        if trial != *body.subject() {
            return Err(bad_name());
        }
        let until = certificate.not_after();
        Ok(Issuer { certificate, until, facts, key_id, identity, key })
    }

    /// The same under this root, with which its chain ends.
    pub fn under(mut self, root: &Certificate) -> Issuer {
        self.until = self.until.min(root.not_after());
        self
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What its certificate says.
    pub fn facts(&self) -> &CertificateFacts {
        &self.facts
    }

    /// Its name in the form of RFC 4514.
    pub fn subject(&self) -> &str {
        &self.facts.subject
    }

    /// The first second it may sign in.
    pub fn not_before(&self) -> UtcTime {
        self.certificate.not_before()
    }

    /// The last second it may sign in, and what it signs counts for anything: its own, or that of the root it is
    /// [`under`](Issuer::under).
    pub fn not_after(&self) -> UtcTime {
        self.until
    }

    /// Its subject key identifier, which certificates and CRLs below carry as authority key identifier.
    pub fn key_id(&self) -> &[u8] {
        &self.key_id
    }

    /// Its public key.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// Refuses if the key cannot be used right now, so that nothing is begun for which no signature would be had.
    pub fn ready(&self) -> Result<(), SignFailed> {
        self.key.ready()
    }

    /// How many certificates are to be intended at once at most, if the key may fail between them.
    pub fn at_once(&self) -> Option<usize> {
        self.key.at_once()
    }

    pub(super) fn certificate_body(
        &self,
        params: &CertificateParams,
        subject_key: &PublicKey,
    ) -> Result<Body, NotEncodable> {
        body::certificate(params, subject_key, &self.identity, self.public_key())
    }

    pub(super) fn crl_body(&self, params: &CertificateRevocationListParams) -> Result<Body, NotEncodable> {
        body::crl(params, &self.identity, self.public_key())
    }

    pub(super) fn seal(&self, body: &Body) -> Result<Vec<u8>, SignFailed> {
        signer::seal(self.key.as_ref(), body)
    }

    pub(super) fn seal_unsampled(&self, body: &Body) -> Result<Vec<u8>, SignFailed> {
        signer::seal_unsampled(self.key.as_ref(), body)
    }
}

fn trial_issuer_name(identity: &CertificateParams, key: &PublicKey) -> Option<x509_cert::name::Name> {
    let body = body::certificate(&CertificateParams::default(), key, identity, key).ok()?;
    let body: Result<TbsCertificate, der::Error> = TbsCertificate::from_der(&body);
    Some(body.ok()?.issuer().clone())
}

#[cfg(test)]
mod tests;
