//! The ceremony: a root that is used once and put away, and under it the CA that issues for one station.

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyIdMethod, KeyUsagePurpose, SerialNumber};

use super::body::{self, NotEncodable};
use super::ca_key::CaKey;
use super::certificate::Certificate;
use super::company::Company;
use super::issuer::{BadIssuer, Issuer};
use super::key::{BadKeyPair, KeyPair};
use super::pem;
use super::public_key::{KeyKind, PublicKey};
use super::signer::{self, SignFailed, SigningKey};
use super::token::TokenKey;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;

const DAY: Duration = Duration::from_secs(86_400);
/// How long a root is valid: 25 years.
pub const ROOT_VALIDITY: Duration = Duration::from_secs(9131 * 86_400);
/// How long an issuing CA is valid at most: 10 years; never longer than its root.
pub const ISSUING_VALIDITY: Duration = Duration::from_secs(3652 * 86_400);
/// CA certificates begin a day early, so that a clock put right afterwards does not stand before them.
pub const CA_BACKDATE: Duration = DAY;
/// X.520 ub-common-name.
const LONGEST_CN: usize = 64;

/// A new CA: its certificate, and the key that goes to its own sealed file and nowhere else.
pub struct NewCa {
    /// The private key.
    pub key: KeyPair,
    /// The certificate.
    pub certificate: Certificate,
}

impl NewCa {
    /// Ready to sign.
    pub fn into_issuer(self) -> Result<Issuer, BadIssuer> {
        Issuer::new(self.certificate, self.key)
    }
}

/// Why no CA was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyFailed {
    /// Company and station together are too long.
    #[error(
        "the CA's name “{name}” has {length} characters, a certificate holds 64; shorten the company or the station"
    )]
    NameTooLong {
        /// The name that was formed.
        name: String,
        /// Its length.
        length: usize,
    },
    /// The root cannot have a CA under it.
    #[error("“{0}” is not a root: its certificate allows no CA below it")]
    NotARoot(String),
    /// The root is expired or not yet valid.
    #[error("the root is valid from {from} to {until}, and it is {now}")]
    RootNotValid {
        /// First moment.
        from: UtcTime,
        /// Last moment.
        until: UtcTime,
        /// The station's time.
        now: UtcTime,
    },
    /// No key.
    #[error("{0}")]
    Key(#[from] BadKeyPair),
    /// No body.
    #[error("{0}")]
    NotEncodable(#[from] NotEncodable),
    /// No signature.
    #[error("{0}")]
    NotSigned(#[from] SignFailed),
}

impl Coded for CeremonyFailed {
    fn code(&self) -> Code {
        match self {
            CeremonyFailed::NameTooLong { .. } => Code::NameInvalid,
            CeremonyFailed::NotARoot(_) => Code::IssuerInvalid,
            CeremonyFailed::RootNotValid { .. } => Code::IssuerExpired,
            CeremonyFailed::NotSigned(failed) => failed.code(),
            CeremonyFailed::Key(_) | CeremonyFailed::NotEncodable(_) => Code::SignFailed,
        }
    }
}

/// A self-signed root on P-384, valid for [`ROOT_VALIDITY`]: `O={company}, CN={company} Device Root CA`. The random
/// bytes are for its serial number.
pub fn make_root(company: &Company, now: UtcTime, random: [u8; 10]) -> Result<NewCa, CeremonyFailed> {
    let key = KeyPair::generate(KeyKind::EcP384)?;
    let mut params = ca_params(company, format!("{company} Device Root CA"), key.public_key(), now, random)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = now.plus(ROOT_VALIDITY).to_offset();
    let body = body::certificate(&params, key.public_key(), &params, key.public_key())?;
    let certificate = Certificate::from_der(signer::seal(&key, &body)?).map_err(SignFailed::from)?;
    Ok(NewCa { key, certificate })
}

/// An issuing CA on P-384 for one station, with a new key. See [`certify_issuing`].
pub fn make_issuing(
    root: &Issuer,
    company: &Company,
    station: &Name,
    now: UtcTime,
    random: [u8; 10],
) -> Result<NewCa, CeremonyFailed> {
    let key = KeyPair::generate(KeyKind::EcP384)?;
    let name = issuing_name(company, station, 1)?;
    let certificate = certify_issuing(root, company, name, key.public_key(), now, random)?;
    Ok(NewCa { key, certificate })
}

/// The same over a key that was made in a token.
pub fn make_issuing_in_token(
    root: &Issuer,
    company: &Company,
    station: &Name,
    key: &TokenKey,
    now: UtcTime,
    random: [u8; 10],
) -> Result<Certificate, CeremonyFailed> {
    certify_issuing(root, company, issuing_name(company, station, 1)?, key.public_key(), now, random)
}

/// The CN of a station's issuing CA: `{company} Issuing CA {station}`, and from the second one on its generation
/// (counted from 1) behind it, for two CAs are never to have one name.
pub fn issuing_name(company: &Company, station: &Name, generation: u32) -> Result<String, CeremonyFailed> {
    let first = format!("{company} Issuing CA {station}");
    let name = if generation > 1 { format!("{first} G{generation}") } else { first };
    let length = name.chars().count();
    if length > LONGEST_CN {
        return Err(CeremonyFailed::NameTooLong { name, length });
    }
    Ok(name)
}

/// The request (PKCS#10, PEM) of an issuing CA of this name, for a root elsewhere. It asks for what the root should
/// grant: a CA with none below it, that signs certificates and lists.
pub fn request_issuing(company: &Company, name: String, key: &CaKey) -> Result<String, CeremonyFailed> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, company.as_str());
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id(key.public_key()));
    let body = body::request(&params, key.public_key())?;
    Ok(pem::encode("CERTIFICATE REQUEST", &signer::seal(key.signing(), &body)?))
}

/// The certificate of an issuing CA over this key, with no CA below it, valid for [`ISSUING_VALIDITY`] but not longer
/// than the root: `O={company}, CN={name}`. The random bytes are for its serial number.
pub fn certify_issuing(
    root: &Issuer,
    company: &Company,
    name: String,
    key: &PublicKey,
    now: UtcTime,
    random: [u8; 10],
) -> Result<Certificate, CeremonyFailed> {
    if root.facts().basic_constraints.is_some_and(|basic| basic.path_length == Some(0)) {
        return Err(CeremonyFailed::NotARoot(root.subject().to_owned()));
    }
    let (from, until) = (root.not_before(), root.not_after());
    if now < from || now > until {
        return Err(CeremonyFailed::RootNotValid { from, until, now });
    }
    let mut params = ca_params(company, name, key, now, random)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.use_authority_key_identifier_extension = true;
    params.not_before = now.minus(CA_BACKDATE).max(from).to_offset();
    params.not_after = now.plus(ISSUING_VALIDITY).min(until).to_offset();
    let body = root.certificate_body(&params, key)?;
    Ok(Certificate::from_der(root.seal(&body)?).map_err(SignFailed::from)?)
}

fn ca_params(
    company: &Company,
    cn: String,
    key: &PublicKey,
    now: UtcTime,
    random: [u8; 10],
) -> Result<CertificateParams, CeremonyFailed> {
    let length = cn.chars().count();
    if length > LONGEST_CN {
        return Err(CeremonyFailed::NameTooLong { name: cn, length });
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, company.as_str());
    params.distinguished_name.push(DnType::CommonName, cn);
    params.serial_number = Some(SerialNumber::from_slice(CertSerial::new(now, random).as_bytes()));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id(key));
    params.not_before = now.minus(CA_BACKDATE).to_offset();
    Ok(params)
}

/// The leftmost 160 bits of SHA-256 over the SPKI (RFC 7093 §2, method 4 cut as method 1).
pub(super) fn key_id(key: &PublicKey) -> Vec<u8> {
    Digest::of(key.spki_der()).as_bytes().iter().copied().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::inspect::CertificateFacts;
    use crate::ca::throwaway::{OpenSsl, ThrowawayCa, now};

    #[test]
    fn root_and_issuing_ca_are_what_their_certificates_say() {
        let ca = ThrowawayCa::made_now();
        let root = CertificateFacts::read(&ca.root).unwrap();
        assert_eq!(root.subject, "CN=Contoso Gerätebau Device Root CA,O=Contoso Gerätebau");
        assert_eq!(root.issuer, root.subject);
        assert_eq!(root.not_before, now().minus(DAY));
        assert!(root.not_after.since(now()) >= DAY * 365 * 20);
        let issuing = ca.issuer.facts();
        assert_eq!(issuing.subject, "CN=Contoso Gerätebau Issuing CA line-3,O=Contoso Gerätebau");
        assert_eq!(issuing.basic_constraints.unwrap().path_length, Some(0));
        assert_eq!(issuing.authority_key_id, root.subject_key_id);
        assert!(root.basic_constraints.unwrap().critical && issuing.basic_constraints.unwrap().critical);
        assert_eq!(issuing.not_after, now().plus(ISSUING_VALIDITY));
    }

    #[test]
    fn the_openssl_command_accepts_the_chain_in_its_strict_mode() {
        let ca = ThrowawayCa::made_now();
        let openssl = OpenSsl::in_new_folder();
        openssl.write("root.pem", ca.root.pem().as_bytes());
        openssl.write("issuing.pem", ca.issuer.certificate().pem().as_bytes());
        let at = now().seconds().to_string();
        let verify = ["verify", "-x509_strict", "-check_ss_sig", "-attime", &at, "-CAfile", "root.pem"];
        assert_eq!(openssl.run(&[&verify[..], &["root.pem"]].concat()), "root.pem: OK\n");
        assert_eq!(openssl.run(&[&verify[..], &["issuing.pem"]].concat()), "issuing.pem: OK\n");
    }

    #[test]
    fn an_issuing_ca_never_outlives_its_root() {
        let company = "Contoso".parse().unwrap();
        let root = make_root(&company, now(), [1; 10]).unwrap().into_issuer().unwrap();
        let station = "line-3".parse().unwrap();
        let late = now().plus(ROOT_VALIDITY - DAY);
        let issuing = make_issuing(&root, &company, &station, late, [2; 10]).unwrap();
        assert_eq!(issuing.certificate.not_after(), root.not_after());
        let too_late = now().plus(ROOT_VALIDITY + DAY);
        let refused = make_issuing(&root, &company, &station, too_late, [3; 10]).err().unwrap();
        assert_eq!(refused.code(), Code::IssuerExpired);
    }

    #[test]
    fn an_issuing_ca_makes_no_further_ca_and_names_have_an_end() {
        let ca = ThrowawayCa::made_now();
        let company: Company = "Contoso".parse().unwrap();
        let refused = make_issuing(&ca.issuer, &company, &"x".parse().unwrap(), now(), [0; 10]);
        assert!(matches!(refused.err(), Some(CeremonyFailed::NotARoot(_))));
        let root = make_root(&company, now(), [1; 10]).unwrap().into_issuer().unwrap();
        let station = "s".repeat(46).parse().unwrap();
        let refused = make_issuing(&root, &company, &station, now(), [0; 10]);
        assert!(matches!(refused.err(), Some(CeremonyFailed::NameTooLong { length: 65, .. })));
    }
}
