//! The certificate of the station's own pages: signed by its own key, by no CA of devices.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
    SerialNumber,
};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::certificate::{BadCertificate, Certificate};
use super::inspect::CertificateFacts;
use super::key::{BadKeyPair, KeyPair};
use super::public_key::KeyKind;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;

/// How long it is valid: five years.
pub const VALIDITY: Duration = Duration::from_secs(5 * 365 * 86_400);
/// It begins a day early, for browsers whose clock is behind.
const BACKDATE: Duration = Duration::from_secs(86_400);

/// A certificate for the pages and its private key, PKCS#8 in PEM.
pub struct WebCertificate {
    /// The certificate.
    pub certificate: Certificate,
    /// The key.
    pub key_pem: Secret,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// No key.
    #[error(transparent)]
    Key(#[from] BadKeyPair),
    /// It could not be made.
    #[error("the certificate of the pages could not be made: {0}")]
    Refused(#[from] rcgen::Error),
    /// It cannot be read back.
    #[error(transparent)]
    Unreadable(#[from] BadCertificate),
}

impl Coded for NotMade {
    fn code(&self) -> Code {
        Code::SignFailed
    }
}

/// Makes one on P-256 for these host names and addresses, valid from now on for [`VALIDITY`]. The random bytes are
/// for its serial number.
pub fn make(names: &[String], now: UtcTime, random: [u8; 10]) -> Result<WebCertificate, NotMade> {
    let key = KeyPair::generate(KeyKind::EcP256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Lineside station");
    for name in names {
        params.subject_alt_names.push(match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.as_str().try_into()?),
        });
    }
    params.serial_number = Some(SerialNumber::from_slice(CertSerial::new(now, random).as_bytes()));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = now.minus(BACKDATE).to_offset();
    params.not_after = now.plus(VALIDITY).to_offset();
    let signer = rcgen::KeyPair::try_from(key.pkcs8()?.expose())?;
    let signed = params.self_signed(&signer)?;
    Ok(WebCertificate {
        certificate: Certificate::from_der(signed.der().to_vec())?,
        key_pem: key.pkcs8_pem()?,
    })
}

/// The host names and addresses a certificate is for.
pub fn names(certificate: &Certificate) -> Result<Vec<String>, BadCertificate> {
    let parsed = x509_cert::Certificate::from_der(certificate.der())?;
    let Some((_, names)) = parsed.tbs_certificate().get_extension::<SubjectAltName>()? else {
        return Ok(Vec::new());
    };
    let text = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(octets) => match octets.as_bytes() {
            bytes if bytes.len() == 4 => <[u8; 4]>::try_from(bytes).ok().map(|b| IpAddr::from(b).to_string()),
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|b| IpAddr::from(b).to_string()),
        },
        // other kinds name no host of ours
        _ => None,
    };
    Ok(names.0.iter().filter_map(text).collect())
}

/// Whether a certificate names this CA as its issuer.
pub fn comes_from(certificate: &Certificate, ca: &Certificate) -> Result<bool, BadCertificate> {
    let (facts, ca) = (CertificateFacts::read(certificate)?, CertificateFacts::read(ca)?);
    let key = facts.authority_key_id.is_some() && facts.authority_key_id == ca.subject_key_id;
    Ok(key || facts.issuer == ca.subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::throwaway::{OpenSsl, ThrowawayCa, now};

    #[test]
    fn it_is_for_the_names_it_was_made_for_and_openssl_accepts_it() {
        let wanted = ["line-1.plant", "localhost", "192.0.2.7", "2001:db8::7"].map(str::to_owned);
        let made = make(&wanted, now(), [5; 10]).unwrap();
        assert_eq!(names(&made.certificate).unwrap(), wanted);
        let facts = CertificateFacts::read(&made.certificate).unwrap();
        assert!(!facts.basic_constraints.unwrap().ca);
        assert_eq!(facts.extended_key_usage, ["serverAuth"]);
        assert_eq!(facts.not_after, now().plus(VALIDITY));
        let openssl = OpenSsl::in_new_folder();
        openssl.write("tls.pem", made.certificate.pem().as_bytes());
        let at = now().seconds().to_string();
        let verify = ["verify", "-partial_chain", "-purpose", "sslserver", "-attime", &at];
        for name in ["-verify_hostname line-1.plant", "-verify_ip 192.0.2.7"] {
            let name: Vec<&str> = name.split(' ').collect();
            let words = [&verify[..], &name, &["-CAfile", "tls.pem", "tls.pem"]].concat();
            assert_eq!(openssl.run(&words), "tls.pem: OK\n");
        }
        let wrong = [&verify[..], &["-verify_ip", "192.0.2.8", "-CAfile", "tls.pem", "tls.pem"]].concat();
        assert!(openssl.attempt(&wrong).is_err());
    }

    #[test]
    fn one_of_the_device_ca_is_known_as_such() {
        let ca = ThrowawayCa::made_now();
        let device = ca.prepare(KeyKind::EcP256, "sn-1").1.sign().unwrap();
        assert!(comes_from(&device, ca.issuer.certificate()).unwrap());
        assert!(comes_from(ca.issuer.certificate(), &ca.root).unwrap());
        let own = make(&["localhost".to_owned()], now(), [5; 10]).unwrap().certificate;
        assert!(!comes_from(&own, ca.issuer.certificate()).unwrap());
        assert!(!comes_from(&own, &ca.root).unwrap());
    }
}
