//! A certificate in an enrollment: read from the three texts that clients send, and described in the `info`
//! that the service fills in.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::BasicConstraints;

use crate::domain::utc_time::UtcTime;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// A certificate as it was enrolled or presented.
#[derive(Debug)]
pub(super) struct Certificate {
    /// Its DER form.
    pub(super) der: CertificateDer<'static>,
    parsed: x509_cert::Certificate,
}

/// Why a text holds no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadCertificate {
    /// Neither PEM nor base64.
    #[error("the certificate is neither PEM text nor base64")]
    Text,
    /// A chain; DPS wants one certificate.
    #[error("the text holds {0} certificates instead of one")]
    Several(usize),
    /// What was decoded is no X.509 certificate.
    #[error("the decoded bytes are no X.509 certificate: {0}")]
    Der(#[from] x509_cert::der::Error),
}

/// `X509CertificateInfo` of the OpenAPI document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CertificateInfo {
    subject_name: String,
    sha1_thumbprint: String,
    sha256_thumbprint: String,
    issuer_name: String,
    not_before_utc: UtcTime,
    not_after_utc: UtcTime,
    serial_number: String,
    version: u8,
}

impl Certificate {
    /// From PEM text, base64 of DER, or base64 of a PEM file.
    pub(super) fn from_text(text: &str) -> Result<Certificate, BadCertificate> {
        if text.contains(BEGIN) {
            return Certificate::from_pem(text);
        }
        let packed: String = text.chars().filter(|ch| !ch.is_ascii_whitespace()).collect();
        let bytes = STANDARD.decode(packed).map_err(|_| BadCertificate::Text)?;
        match std::str::from_utf8(&bytes) {
            Ok(inner) if inner.contains(BEGIN) => Certificate::from_pem(inner),
            Ok(_) | Err(_) => Certificate::from_der(bytes.into()),
        }
    }

    fn from_pem(text: &str) -> Result<Certificate, BadCertificate> {
        match text.matches(BEGIN).count() {
            1 => {
                let der =
                    CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| BadCertificate::Text)?;
                Certificate::from_der(der)
            }
            several => Err(BadCertificate::Several(several)),
        }
    }

    /// From DER.
    pub(super) fn from_der(der: CertificateDer<'static>) -> Result<Certificate, BadCertificate> {
        let parsed = x509_cert::Certificate::from_der(&der)?;
        Ok(Certificate { der, parsed })
    }

    /// What the service answers about it.
    pub(super) fn info(&self) -> CertificateInfo {
        let tbs = self.parsed.tbs_certificate();
        CertificateInfo {
            subject_name: tbs.subject().to_string(),
            sha1_thumbprint: thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der),
            sha256_thumbprint: thumbprint(&digest::SHA256, &self.der),
            issuer_name: tbs.issuer().to_string(),
            not_before_utc: self.not_before(),
            not_after_utc: self.not_after(),
            serial_number: hex::encode_upper(tbs.serial_number().as_bytes()),
            version: match tbs.version() {
                x509_cert::Version::V1 => 1,
                x509_cert::Version::V2 => 2,
                x509_cert::Version::V3 => 3,
            },
        }
    }

    fn not_before(&self) -> UtcTime {
        let time = self.parsed.tbs_certificate().validity().not_before.to_unix_duration();
        UtcTime::from_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
    }

    fn not_after(&self) -> UtcTime {
        let time = self.parsed.tbs_certificate().validity().not_after.to_unix_duration();
        UtcTime::from_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
    }

    /// Whether it is valid at this moment; both ends belong to it (RFC 5280 §4.1.2.5).
    pub(super) fn is_valid_at(&self, now: UtcTime) -> bool {
        self.not_before() <= now && now.seconds() <= self.not_after().seconds()
    }

    /// The subject's first CN.
    pub(super) fn common_name(&self) -> Option<String> {
        let name = self.parsed.tbs_certificate().subject().common_name().ok()??;
        Some(name.value().into_owned())
    }

    /// Whether it may sign other certificates (basicConstraints CA:TRUE).
    pub(super) fn is_ca(&self) -> bool {
        let found = self.parsed.tbs_certificate().get_extension::<BasicConstraints>();
        matches!(found, Ok(Some((_, BasicConstraints { ca: true, .. }))))
    }

    /// Whether `issuer` stands in this certificate's issuer field; no signature is checked.
    pub(super) fn names_issuer(&self, issuer: &Certificate) -> bool {
        let ours = self.parsed.tbs_certificate().issuer().to_der();
        let theirs = issuer.parsed.tbs_certificate().subject().to_der();
        matches!((ours, theirs), (Ok(ours), Ok(theirs)) if ours == theirs)
    }
}

fn thumbprint(algorithm: &'static digest::Algorithm, der: &[u8]) -> String {
    hex::encode_upper(digest::digest(algorithm, der))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // recorded from the Node SDK's service client
    const RECORDED: &str = include_str!("../../../fixtures/dps/node-enrollment-x509.json");

    fn pem() -> String {
        let body: serde_json::Value = serde_json::from_str(RECORDED).unwrap();
        let at = "/attestation/x509/clientCertificates/primary/certificate";
        body.pointer(at).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn all_three_texts_give_the_same_certificate() {
        let pem = pem();
        let one = Certificate::from_text(&pem).unwrap();
        let bare: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        assert_eq!(Certificate::from_text(&bare).unwrap().der, one.der);
        assert_eq!(Certificate::from_text(&STANDARD.encode(&pem)).unwrap().der, one.der);
    }

    #[test]
    fn the_info_says_what_openssl_says() {
        // openssl x509 -noout -subject -issuer -serial -fingerprint -dates
        let info = Certificate::from_text(&pem()).unwrap().info();
        assert_eq!(info.subject_name, "CN=sn-0001");
        assert_eq!(info.issuer_name, "CN=Lab Device Intermediate");
        assert_eq!(info.serial_number, "6E2F6DF3EDD95A243329A314DF6F56B5E6CE55DA");
        assert_eq!(info.sha1_thumbprint, "49C1BE9E4687DEBC1C442495F45BB7C1F5423D02");
        assert_eq!(info.sha256_thumbprint.len(), 64);
        assert_eq!(info.not_before_utc.to_string(), "2026-11-22T12:23:12.000Z");
        assert_eq!(info.version, 3);
    }

    #[test]
    fn chains_and_rubbish_are_refused() {
        let two = format!("{0}{0}", pem());
        assert!(matches!(Certificate::from_text(&two), Err(BadCertificate::Several(2))));
        assert!(matches!(Certificate::from_text("not base64!"), Err(BadCertificate::Text)));
        assert!(matches!(Certificate::from_text("AAAA"), Err(BadCertificate::Der(_))));
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics(text in "(-----BEGIN CERTIFICATE-----)?[A-Za-z0-9+/=\\PC]{0,60}") {
            let _ = Certificate::from_text(&text);
        }
    }
}
