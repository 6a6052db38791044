//! The three texts in which clients hand a certificate to DPS, and the one certificate behind them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::der::{AnyRef, Decode, Tag, Tagged};

use crate::domain::code::{Code, Coded};

/// The longest text that is read, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// Why a text is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificateText {
    /// Longer than any certificate.
    #[error("the certificate has {0} characters, more than {LONGEST}")]
    TooLong(usize),
    /// Neither PEM nor base64.
    #[error("the certificate is neither PEM nor base64")]
    NotBase64,
    /// PEM with no certificate or with several.
    #[error("the PEM text holds {0} certificates; one is needed")]
    Count(usize),
    /// What it holds is not one DER sequence.
    #[error("the certificate is not DER")]
    NotDer,
}

impl Coded for BadCertificateText {
    fn code(&self) -> Code {
        Code::EnrollmentInvalid
    }
}

/// The DER behind a text: PEM, base64 of the DER without the BEGIN and END lines, or base64 of a whole PEM
/// file. Its signature and content are not judged.
pub fn der(text: &str) -> Result<Vec<u8>, BadCertificateText> {
    if text.len() > LONGEST {
        return Err(BadCertificateText::TooLong(text.len()));
    }
    let der = if text.contains("-----BEGIN ") {
        from_pem(text.as_bytes())?
    } else {
        let dense: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        let bytes = STANDARD.decode(dense).map_err(|_| BadCertificateText::NotBase64)?;
        if bytes.trim_ascii_start().starts_with(b"-----BEGIN ") { from_pem(&bytes)? } else { bytes }
    };
    match AnyRef::from_der(&der) {
        Ok(any) if any.tag() == Tag::Sequence => Ok(der),
        _ => Err(BadCertificateText::NotDer),
    }
}

fn from_pem(pem: &[u8]) -> Result<Vec<u8>, BadCertificateText> {
    let mut certificates = Vec::new();
    for found in CertificateDer::pem_slice_iter(pem) {
        certificates.push(found.map_err(|_| BadCertificateText::NotBase64)?);
    }
    match <[CertificateDer; 1]>::try_from(certificates) {
        Ok([one]) => Ok(one.to_vec()),
        Err(other) => Err(BadCertificateText::Count(other.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PEM: &str = include_str!("../../fixtures/dps/leaf.pem");

    #[test]
    fn all_three_texts_are_the_same_certificate() {
        let expected = der(PEM).unwrap();
        let bare: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(der(&bare), Ok(expected.clone()));
        assert_eq!(der(&STANDARD.encode(PEM)), Ok(expected.clone()));
        assert_eq!(der(&PEM.replace('\n', "\r\n")), Ok(expected));
    }

    #[test]
    fn anything_else_is_named() {
        assert_eq!(der(&PEM.repeat(2)), Err(BadCertificateText::Count(2)));
        assert_eq!(der(""), Err(BadCertificateText::NotDer));
        assert_eq!(der("AAAA"), Err(BadCertificateText::NotDer));
        assert_eq!(der("not a certificate"), Err(BadCertificateText::NotBase64));
        assert_eq!(der(&"A".repeat(LONGEST + 1)), Err(BadCertificateText::TooLong(LONGEST + 1)));
        let mut trailing = der(PEM).unwrap();
        trailing.push(0);
        assert_eq!(der(&STANDARD.encode(trailing)), Err(BadCertificateText::NotDer));
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics(text in "(-----BEGIN CERTIFICATE-----\n)?[A-Za-z0-9+/=\n\\PC]{0,80}") {
            let _ = der(&text);
        }
    }
}
