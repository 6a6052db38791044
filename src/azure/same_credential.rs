//! Whether two records enroll the same credential: what decides between "it is there already" and an alarm.

use super::certificate_text;
use super::enrollment::{
    AttestationMechanism, AttestationType, CertificateWithInfo, Certificates, SymmetricKey, X509,
};
use crate::domain::digest::Digest;

/// How the credential at Azure differs from ours, as a sentence for a person; keys are never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// Another kind of attestation.
    #[error("Azure has an attestation of kind {theirs:?} under this ID, ours is {ours:?}")]
    Kind {
        /// What we would enroll.
        ours: AttestationType,
        /// What is enrolled.
        theirs: AttestationType,
    },
    /// A symmetric key differs, or is not shown.
    #[error("Azure has another {0} key under this ID")]
    Key(&'static str),
    /// The certificate differs.
    #[error("Azure has the certificate with SHA-256 {theirs} under this ID, ours has {ours}")]
    Certificate {
        /// Of ours.
        ours: Digest,
        /// Of the one that is enrolled.
        theirs: Digest,
    },
    /// No certificate of a device is enrolled, or none that can be read.
    #[error("Azure has no certificate under this ID that could be compared with ours")]
    NoCertificate,
    /// A second certificate is enrolled besides ours.
    #[error("Azure has a second certificate under this ID that is not ours")]
    SecondCertificate,
    /// Only one of our two certificates is enrolled.
    #[error("Azure has only one of our two certificates under this ID")]
    OneOfTwo,
    /// Certificate authorities stand where the device's certificate should.
    #[error("Azure accepts every certificate of certain authorities under this ID")]
    Authorities,
    /// What we would enroll is not a credential that can be compared.
    #[error("our own record has no {0} to compare")]
    Ours(&'static str),
}

/// Compares what is enrolled (`theirs`, with keys from the attestation mechanism) with what we would enroll.
pub fn compare(ours: &AttestationMechanism, theirs: &AttestationMechanism) -> Result<(), Difference> {
    if ours.kind != theirs.kind {
        return Err(Difference::Kind { ours: ours.kind, theirs: theirs.kind });
    }
    match ours.kind {
        AttestationType::SymmetricKey => {
            compare_keys(ours.symmetric_key.as_ref(), theirs.symmetric_key.as_ref())
        }
        AttestationType::X509 => compare_certificates(ours.x509.as_ref(), theirs.x509.as_ref()),
        AttestationType::Tpm | AttestationType::None => Err(Difference::Ours("key or certificate")),
    }
}

fn compare_keys(ours: Option<&SymmetricKey>, theirs: Option<&SymmetricKey>) -> Result<(), Difference> {
    let ours = ours.ok_or(Difference::Ours("key"))?;
    let theirs = theirs.ok_or(Difference::Key("primary"))?;
    for (which, our_key, their_key) in [
        ("primary", &ours.primary_key, &theirs.primary_key),
        ("secondary", &ours.secondary_key, &theirs.secondary_key),
    ] {
        let our_key = our_key.as_ref().filter(|key| !key.is_empty()).ok_or(Difference::Ours("key"))?;
        if !their_key.as_ref().is_some_and(|their_key| our_key.same_key(their_key)) {
            return Err(Difference::Key(which));
        }
    }
    Ok(())
}

fn compare_certificates(ours: Option<&X509>, theirs: Option<&X509>) -> Result<(), Difference> {
    let no_ours = Difference::Ours("certificate");
    let our_certificates = ours.and_then(|x509| x509.client_certificates.as_ref()).ok_or(no_ours.clone())?;
    let our_primary = our_certificates.primary.as_ref().and_then(thumbprint).ok_or(no_ours)?;
    let mut ours = vec![our_primary];
    ours.extend(our_certificates.secondary.as_ref().and_then(thumbprint));
    let theirs = theirs.ok_or(Difference::NoCertificate)?;
    if theirs.other.values().any(|value| !value.is_null()) {
        return Err(Difference::Authorities);
    }
    let Certificates { primary, secondary } =
        theirs.client_certificates.as_ref().ok_or(Difference::NoCertificate)?;
    let mut enrolled = Vec::new();
    for certificate in [primary, secondary].into_iter().flatten() {
        // a slot with neither text nor thumbprint is empty
        if certificate.certificate.is_some() || certificate.info.is_some() {
            enrolled.push(thumbprint(certificate).ok_or(Difference::NoCertificate)?);
        }
    }
    let all_there = ours.iter().all(|one| enrolled.contains(one));
    match enrolled.iter().find(|one| !ours.contains(one)) {
        _ if enrolled.is_empty() => Err(Difference::NoCertificate),
        None if all_there => Ok(()),
        None => Err(Difference::OneOfTwo),
        Some(_) if all_there => Err(Difference::SecondCertificate),
        Some(theirs) => Err(Difference::Certificate { ours: our_primary, theirs: *theirs }),
    }
}

/// SHA-256 of the certificate: of its text if there is one, else as the service states it.
fn thumbprint(certificate: &CertificateWithInfo) -> Option<Digest> {
    if let Some(text) = &certificate.certificate {
        return certificate_text::der(text).ok().map(|der| Digest::of(&der));
    }
    let stated = certificate.info.as_ref()?.sha256_thumbprint.as_ref()?;
    let digits: String = stated.chars().filter(|c| !matches!(c, ':' | ' ' | '-')).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
