//! Certificates as they are kept: DER that was read once and found whole, with the few facts that everybody asks
//! for. What else a certificate says is in [`super::inspect`].

use x509_cert::der::{self, Decode, Encode};
use x509_cert::ext::pkix::name::DirectoryString;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};

use super::pem::{self, BadPem};
use super::public_key::{BadPublicKey, PublicKey};
use crate::domain::cert_serial::{BadCertSerial, CertSerial};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;

/// The most bytes of DER a certificate may have.
pub const LARGEST_CERTIFICATE: usize = 64 * 1024;

/// Why bytes are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// Too many bytes.
    #[error("the certificate has {0} bytes, at most 65536 are read")]
    TooLarge(usize),
    /// Not a DER certificate.
    #[error("the certificate cannot be read: {0}")]
    Garbage(#[from] der::Error),
    /// Not a PEM certificate.
    #[error("the certificate cannot be read: {0}")]
    Pem(#[from] BadPem),
}

impl Coded for BadCertificate {
    fn code(&self) -> Code {
        Code::CertificateInvalid
    }
}

/// An X.509 certificate (RFC 5280), ours or somebody else's. That it can be read says nothing of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    serial: Vec<u8>,
    subject_cn: Option<String>,
    spki: Vec<u8>,
    not_before: UtcTime,
    not_after: UtcTime,
}

impl Certificate {
    /// Takes the DER of one certificate, at most [`LARGEST_CERTIFICATE`] bytes, nothing behind it.
    pub fn from_der(der: Vec<u8>) -> Result<Certificate, BadCertificate> {
        if der.len() > LARGEST_CERTIFICATE {
            return Err(BadCertificate::TooLarge(der.len()));
        }
        let parsed = x509_cert::Certificate::from_der(&der)?;
        let body = parsed.tbs_certificate();
        Ok(Certificate {
            serial: body.serial_number().as_bytes().to_vec(),
            subject_cn: body.subject().common_name()?.map(text),
            spki: body.subject_public_key_info().to_der()?,
            not_before: moment(body.validity().not_before),
            not_after: moment(body.validity().not_after),
            der,
        })
    }

    /// Takes the PEM of one certificate; text before it is passed over.
    pub fn from_pem(text: &str) -> Result<Certificate, BadCertificate> {
        if text.len() > 2 * LARGEST_CERTIFICATE {
            return Err(BadCertificate::TooLarge(text.len()));
        }
        Certificate::from_der(pem::decode(text.as_bytes(), &["CERTIFICATE"])?)
    }

    /// The certificate itself.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// As PEM, ending with a line feed.
    pub fn pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    /// SHA-256 of the DER: its fingerprint.
    pub fn sha256(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// Its serial number, if it is one of ours (16 bytes).
    pub fn serial(&self) -> Result<CertSerial, BadCertSerial> {
        CertSerial::from_bytes(&self.serial)
    }

    /// How it is signed, such as `ECDSA with SHA-384`; the object identifier if that is nothing we know.
    pub fn signature_name(&self) -> String {
        let parsed = x509_cert::Certificate::from_der(&self.der).ok();
        let oid = parsed.map(|parsed| parsed.signature_algorithm().oid.to_string()).unwrap_or_default();
        let name = match oid.as_str() {
            "1.2.840.10045.4.1" => "ECDSA with SHA-1",
            "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
            "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
            "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
            "1.2.840.113549.1.1.5" => "RSA with SHA-1",
            "1.2.840.113549.1.1.11" => "RSA with SHA-256",
            "1.2.840.113549.1.1.12" => "RSA with SHA-384",
            "1.2.840.113549.1.1.13" => "RSA with SHA-512",
            other => other,
        };
        name.to_owned()
    }

    /// Whether it names the subject of that one as its issuer, to the byte.
    pub fn names_issuer(&self, issuer: &Certificate) -> bool {
        let parsed = |one: &Certificate| x509_cert::Certificate::from_der(&one.der);
        match (parsed(self), parsed(issuer)) {
            (Ok(ours), Ok(theirs)) => ours.tbs_certificate().issuer() == theirs.tbs_certificate().subject(),
            _ => false,
        }
    }

    /// Whether that one issued it, by the key identifiers (RFC 5280 §4.2.1.1); without any, by the names.
    pub fn is_issued_by(&self, issuer: &Certificate) -> bool {
        match (self.authority_key_id(), issuer.subject_key_id()) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.names_issuer(issuer),
        }
    }

    fn authority_key_id(&self) -> Option<Vec<u8>> {
        let parsed = x509_cert::Certificate::from_der(&self.der).ok()?;
        let found = parsed.tbs_certificate().get_extension::<AuthorityKeyIdentifier>().ok()??;
        found.1.key_identifier.map(|id| id.as_bytes().to_vec())
    }

    fn subject_key_id(&self) -> Option<Vec<u8>> {
        let parsed = x509_cert::Certificate::from_der(&self.der).ok()?;
        let found = parsed.tbs_certificate().get_extension::<SubjectKeyIdentifier>().ok()??;
        Some(found.1.0.as_bytes().to_vec())
    }

    /// The bytes of its serial number, without leading zeros.
    pub fn serial_bytes(&self) -> &[u8] {
        &self.serial
    }

    /// The CN of its subject, if it has one.
    pub fn subject_cn(&self) -> Option<&str> {
        self.subject_cn.as_deref()
    }

    /// Its public key, if it is of a kind we certify.
    pub fn public_key(&self) -> Result<PublicKey, BadPublicKey> {
        PublicKey::from_spki_der(&self.spki)
    }

    /// The first second it is valid in.
    pub fn not_before(&self) -> UtcTime {
        self.not_before
    }

    /// The last second it is valid in.
    pub fn not_after(&self) -> UtcTime {
        self.not_after
    }
}

/// The PEM of a certificate, given as DER that nobody needs to look into.
pub fn pem_of(der: &[u8]) -> String {
    pem::encode("CERTIFICATE", der)
}

/// Appends the PEM of a certificate, given as DER, to a buffer: for many of them, without a text for each.
pub fn pem_into(der: &[u8], line_end: &[u8], out: &mut Vec<u8>) {
    pem::encode_into("CERTIFICATE", der, line_end, out);
}

/// Several certificates as one PEM file, in the order given: the device's own first, its issuer's next.
pub fn chain_pem(chain: &[&Certificate]) -> String {
    chain.iter().map(|certificate| certificate.pem()).collect()
}

pub(super) fn moment(time: x509_cert::time::Time) -> UtcTime {
    UtcTime::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
}

fn text(string: DirectoryString) -> String {
    match string {
        DirectoryString::PrintableString(text) => text.to_string(),
        DirectoryString::TeletexString(text) => text.to_string(),
        DirectoryString::Utf8String(text) => text,
        DirectoryString::BmpString(text) => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::public_key::KeyKind;
    use crate::ca::throwaway::{OpenSsl, ThrowawayCa, now};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static USUAL: LazyLock<Certificate> =
        LazyLock::new(|| ThrowawayCa::made_now().prepare(KeyKind::EcP256, "sn-1").1.sign().unwrap());

    #[test]
    fn pem_and_der_are_the_same_certificate() {
        assert_eq!(Certificate::from_pem(&USUAL.pem()).unwrap(), *USUAL);
        assert_eq!(Certificate::from_der(USUAL.der().to_vec()).unwrap(), *USUAL);
        let two = chain_pem(&[&USUAL, &USUAL]);
        assert!(matches!(Certificate::from_pem(&two), Err(BadCertificate::Pem(BadPem::Trailing(_)))));
    }

    #[test]
    fn appended_pem_is_that_of_the_certificate_with_any_end_of_a_line() {
        let mut plain = Vec::new();
        pem_into(USUAL.der(), b"\n", &mut plain);
        assert_eq!(plain, USUAL.pem().into_bytes());
        let mut escaped = Vec::new();
        pem_into(USUAL.der(), b"\\n", &mut escaped);
        assert_eq!(escaped, USUAL.pem().replace('\n', "\\n").into_bytes());
    }

    #[test]
    fn a_foreign_certificate_is_read_though_its_key_and_serial_are_not_ours() {
        let openssl = OpenSsl::in_new_folder();
        let arguments = [
            "req",
            "-x509",
            "-newkey",
            "ed25519",
            "-noenc",
            "-keyout",
            "k.pem",
            "-subj",
            "/O=Corp/CN=Corp Root",
        ];
        let pem = openssl.run(&[&arguments[..], &["-set_serial", "5", "-days", "2"]].concat());
        let certificate = Certificate::from_pem(&pem).unwrap();
        assert_eq!(certificate.subject_cn(), Some("Corp Root"));
        assert_eq!(certificate.serial_bytes(), [5]);
        assert!(certificate.serial().is_err());
        assert!(matches!(certificate.public_key(), Err(BadPublicKey::Unsupported(_))));
        assert_eq!(certificate.not_after().since(certificate.not_before()).as_secs(), 2 * 86_400);
    }

    #[test]
    fn too_many_or_trailing_bytes_are_refused() {
        let size = LARGEST_CERTIFICATE + 1;
        assert_eq!(Certificate::from_der(vec![0x30; size]), Err(BadCertificate::TooLarge(size)));
        let mut der = USUAL.der().to_vec();
        der.push(0);
        assert!(matches!(Certificate::from_der(der), Err(BadCertificate::Garbage(_))));
        assert_eq!(USUAL.not_after(), now().plus(std::time::Duration::from_secs(3650 * 86_400 - 1)));
    }

    proptest! {
        #[test]
        fn a_changed_or_cut_certificate_does_not_panic(at in 0usize..600, value in any::<u8>(), cut in any::<bool>()) {
            let mut der = USUAL.der().to_vec();
            let at = at % der.len();
            der[at] = value;
            if cut {
                der.truncate(at);
                prop_assert!(Certificate::from_der(der).is_err());
            } else if let Ok(read) = Certificate::from_der(der.clone()) {
                prop_assert_eq!(read.der(), &der[..]);
            }
        }
    }
}
