//! Proof of possession: Azure takes a CA's certificate only from somebody who can sign with its key. It gives a
//! code; a certificate whose CN is that code, signed directly by the CA, is the proof.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, KeyIdMethod, KeyUsagePurpose, SerialNumber};

use super::body::{Body, NotEncodable};
use super::ceremony::key_id;
use super::certificate::Certificate;
use super::issuer::Issuer;
use super::key::{BadKeyPair, KeyPair};
use super::profile::proof::ProofProfile;
use super::signer::SignFailed;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;

/// The fewest characters of a code: Azure's have 48.
pub const SHORTEST_CODE: usize = 32;
/// The most characters of a code: those of a CN (X.520 ub-common-name).
pub const LONGEST_CODE: usize = 64;

/// A verification code as Azure gives it: 32 to 64 letters and digits. No separators: a device's name, for which
/// this CA must sign nothing here, hardly ever looks like that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationCode(String);

/// Why a text is no verification code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a verification code is {SHORTEST_CODE} to {LONGEST_CODE} letters and digits without spaces or dashes, this has {0} characters"
)]
pub struct BadVerificationCode(usize);

impl Coded for BadVerificationCode {
    fn code(&self) -> Code {
        Code::VerificationCodeInvalid
    }
}

impl VerificationCode {
    /// The code, exactly as it goes into the certificate.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VerificationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for VerificationCode {
    type Err = BadVerificationCode;
    /// White space around the code, from copying it, is dropped; nothing else is changed.
    fn from_str(text: &str) -> Result<VerificationCode, BadVerificationCode> {
        let text = text.trim();
        let fits = (SHORTEST_CODE..=LONGEST_CODE).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Ok(VerificationCode(text.to_owned()));
        }
        Err(BadVerificationCode(text.chars().count()))
    }
}

/// Why there is no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// The CA is not valid now.
    #[error("the CA is valid from {from} until {until}, and it is {now}")]
    NotValid {
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

impl Coded for NotProven {
    fn code(&self) -> Code {
        match self {
            NotProven::NotValid { .. } => Code::IssuerExpired,
            NotProven::Key(_) | NotProven::NotEncodable(_) => Code::SignFailed,
            NotProven::NotSigned(failed) => failed.code(),
        }
    }
}

/// A proof that is to be signed.
pub struct PreparedProof<'a> {
    issuer: &'a Issuer,
    body: Body,
}

impl PreparedProof<'_> {
    /// Digest of the exact bytes that are to be signed.
    pub fn to_be_signed(&self) -> Digest {
        Digest::of(&self.body)
    }

    /// Signs it.
    pub fn sign(self) -> Result<Certificate, NotProven> {
        Ok(Certificate::from_der(self.issuer.seal(&self.body)?).map_err(SignFailed::from)?)
    }
}

/// Prepares the certificate that proves possession of this CA's key. Its own key is made here and forgotten: nobody can
/// use the certificate for anything. It is no CA, and no client either; it ends with the CA if that ends before.
pub fn prepare<'a>(
    issuer: &'a Issuer,
    profile: &ProofProfile,
    code: &VerificationCode,
    serial: CertSerial,
    now: UtcTime,
) -> Result<PreparedProof<'a>, NotProven> {
    let now = UtcTime::from_seconds(now.seconds());
    let (from, until) = (issuer.not_before(), issuer.not_after());
    if now < from || now > until {
        return Err(NotProven::NotValid { from, until, now });
    }
    let key = KeyPair::generate(profile.key())?;
    let not_before = now.minus(profile.backdate()).max(from);
    let not_after = not_before.plus(profile.validity()).minus(Duration::from_secs(1)).min(until);
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, code.as_str());
    params.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
    params.not_before = not_before.to_offset();
    params.not_after = not_after.to_offset();
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id(key.public_key()));
    params.use_authority_key_identifier_extension = true;
    let body = issuer.certificate_body(&params, key.public_key())?;
    Ok(PreparedProof { issuer, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::inspect::CertificateFacts;
    use crate::ca::profile::proof::SHIPPED;
    use crate::ca::throwaway::{OpenSsl, ThrowawayCa, now};

    const VALIDITY: Duration = Duration::from_secs(7 * 86_400);
    const CODE: &str = "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F5";

    fn prove(
        issuer: &Issuer,
        profile: &ProofProfile,
        code: &VerificationCode,
        serial: CertSerial,
        now: UtcTime,
    ) -> Result<Certificate, NotProven> {
        prepare(issuer, profile, code, serial, now)?.sign()
    }

    fn shipped() -> ProofProfile {
        ProofProfile::parse(SHIPPED.1).unwrap()
    }

    #[test]
    fn a_code_is_letters_and_digits_of_the_right_number() {
        assert_eq!(format!(" {CODE}\n").parse::<VerificationCode>().unwrap().as_str(), CODE);
        for bad in ["", "A901", "gw-gw00001-mac-02-4c-53-01-00-01-xxxx", &"A".repeat(65), &"é".repeat(32)] {
            assert!(bad.parse::<VerificationCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_proof_names_the_code_and_can_do_nothing_else() {
        let ca = ThrowawayCa::made_now();
        let code: VerificationCode = CODE.parse().unwrap();
        let proof = prove(&ca.issuer, &shipped(), &code, CertSerial::new(now(), [3; 10]), now()).unwrap();
        let facts = CertificateFacts::read(&proof).unwrap();
        assert_eq!(facts.subject, format!("CN={CODE}"));
        assert_eq!(facts.issuer, ca.issuer.subject());
        assert!(!facts.basic_constraints.unwrap().ca);
        assert_eq!(facts.key_usage, ["digitalSignature"]);
        assert!(facts.extended_key_usage.is_empty());
        assert!(proof.not_after().since(proof.not_before()) < VALIDITY);
        let text = SHIPPED.1.replace("days = 7", "days = 1").replace("minutes = 5", "minutes = 0");
        let short =
            ProofProfile::parse(&text.replace("ec-p256\"", "ec-p384\"").replace("or \"ec-p384", "or \""))
                .unwrap();
        let brief = prove(&ca.issuer, &short, &code, CertSerial::new(now(), [3; 10]), now()).unwrap();
        assert_eq!(brief.not_before(), now());
        assert_eq!(brief.not_after(), now().plus(Duration::from_secs(86_399)));
        assert_eq!(brief.public_key().unwrap().kind(), crate::ca::public_key::KeyKind::EcP384);
        let again = prove(&ca.issuer, &shipped(), &code, CertSerial::new(now(), [3; 10]), now()).unwrap();
        assert_ne!(proof.public_key().unwrap(), again.public_key().unwrap(), "a key of its own each time");
        let late = ca.issuer.not_after().plus(Duration::from_secs(1));
        assert!(matches!(
            prove(&ca.issuer, &shipped(), &code, CertSerial::new(now(), [3; 10]), late),
            Err(NotProven::NotValid { .. })
        ));
    }

    #[test]
    fn the_openssl_command_accepts_the_proof_under_the_ca_alone() {
        let ca = ThrowawayCa::made_now();
        let proof =
            prove(&ca.issuer, &shipped(), &CODE.parse().unwrap(), CertSerial::new(now(), [3; 10]), now())
                .unwrap();
        let openssl = OpenSsl::in_new_folder();
        openssl.write("issuing.pem", ca.issuer.certificate().pem().as_bytes());
        openssl.write("root.pem", ca.root.pem().as_bytes());
        openssl.write("proof.pem", proof.pem().as_bytes());
        let verify = |ca: &str, at: UtcTime| {
            let at = at.seconds().to_string();
            let words =
                ["verify", "-x509_strict", "-partial_chain", "-attime", &at, "-CAfile", ca, "proof.pem"];
            openssl.attempt(&words)
        };
        assert_eq!(verify("issuing.pem", now()), Ok("proof.pem: OK\n".to_owned()));
        assert!(verify("root.pem", now()).is_err(), "signed by the issuing CA, not by its root");
        assert!(verify("issuing.pem", now().plus(VALIDITY)).is_err(), "for seven days only");
    }
}
