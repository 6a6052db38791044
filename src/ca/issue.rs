//! Issuing: a permit, a profile and a proven key become a body that is fixed to the byte and can be put on record,
//! and only then a signature over exactly that body. One permit, one certificate: both are values that are spent.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyUsagePurpose, SanType, SerialNumber,
};

use super::body::{Body, NotEncodable};
use super::ceremony::key_id;
use super::certificate::Certificate;
use super::csr::ProvenKey;
use super::issuer::Issuer;
use super::profile::names::{BadText, Kind};
use super::profile::template::Whom;
use super::profile::{End, NO_END, Profile, Purpose, Usage};
use super::public_key::{KeyKind, PublicKey};
use super::signer::SignFailed;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::registration_id::{BadRegistrationId, RegistrationId};
use crate::domain::utc_time::UtcTime;
use crate::domain::work_order::{IssuePermit, PermitHolder};

/// Why no certificate was prepared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The profile wants another kind of key.
    #[error("profile “{profile}” allows keys of kind {}, not {found}", .allowed.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", "))]
    KeyKind {
        /// The kind offered.
        found: KeyKind,
        /// The kinds allowed.
        allowed: Vec<KeyKind>,
        /// By which profile.
        profile: Name,
    },
    /// The registration ID does not fit a CN.
    #[error("{0}")]
    Cn(#[from] BadRegistrationId),
    /// The issuing CA is not valid yet: the clock is wrong.
    #[error("the issuing CA is valid from {from}, and the station's clock says {now}")]
    IssuerNotYetValid {
        /// First moment.
        from: UtcTime,
        /// The station's time.
        now: UtcTime,
    },
    /// The issuing CA has expired.
    #[error("the issuing CA expired at {until}, and it is {now}")]
    IssuerExpired {
        /// Last moment.
        until: UtcTime,
        /// The station's time.
        now: UtcTime,
    },
    /// The profile's certificates never end, and the issuing CA does.
    #[error(
        "profile “{profile}” makes certificates that never end, and the issuing CA ends at {until}; use another profile, or install an issuing CA that ends at 9999-12-31T23:59:59Z"
    )]
    IssuerEnds {
        /// The profile.
        profile: Name,
        /// Last moment of the CA.
        until: UtcTime,
    },
    /// It would end too late for those who read it.
    #[error(
        "the certificate would end at {until}, and profile “{profile}” wants it to end before {before}; shorten validity_days"
    )]
    EndsTooLate {
        /// The profile.
        profile: Name,
        /// When it would end.
        until: UtcTime,
        /// What it must not reach.
        before: UtcTime,
    },
    /// A name that the profile forms cannot stand in a certificate.
    #[error("the {part} that profile “{profile}” forms: {fault}")]
    Named {
        /// Part of the certificate.
        part: &'static str,
        /// The profile.
        profile: Name,
        /// Why not.
        fault: BadText,
    },
    /// The body cannot be encoded.
    #[error("{0}")]
    NotEncodable(#[from] NotEncodable),
}

impl Coded for Refused {
    fn code(&self) -> Code {
        match self {
            Refused::KeyKind { .. } => Code::KeyTypeRefused,
            Refused::Cn(fault) => fault.code(),
            Refused::IssuerNotYetValid { .. } => Code::ClockBehind,
            Refused::IssuerExpired { .. } => Code::IssuerExpired,
            Refused::IssuerEnds { .. } | Refused::EndsTooLate { .. } => Code::CertificateEnd,
            Refused::Named { .. } => Code::CertificateName,
            Refused::NotEncodable(_) => Code::SignFailed,
        }
    }
}

/// A certificate that lacks nothing but its signature. What it exposes is what the intent on record holds.
#[must_use = "a prepared certificate that is not signed has spent a permit for nothing"]
pub struct Prepared {
    issuer: Arc<Issuer>,
    body: Body,
    to_be_signed: Digest,
    serial: CertSerial,
    public_key: PublicKey,
    registration_id: RegistrationId,
    profile: Digest,
    not_before: UtcTime,
    not_after: UtcTime,
    permit: IssuePermit,
}

/// Forms the certificate body. Every rule is checked here and the permit is spent, whatever comes out.
///
/// The CN is the registration ID, as DPS demands. The validity is the profile's, cut to that of the issuing CA at both ends.
/// Extensions (RFC 5280 §4.2.1): critical basic constraints without CA, critical key usage, extended key usage, authority key
/// identifier, subject key identifier unless the profile leaves it out, and what the profile adds; nothing of a request gets in.
pub fn prepare(
    permit: IssuePermit,
    issuer: &Arc<Issuer>,
    profile: &Profile,
    key: ProvenKey,
    whom: &Whom<'_>,
    serial: CertSerial,
    now: UtcTime,
) -> Result<Prepared, Refused> {
    let key = key.into_public_key();
    if !profile.keys().contains(&key.kind()) {
        return Err(Refused::KeyKind {
            found: key.kind(),
            allowed: profile.keys().to_vec(),
            profile: profile.name().clone(),
        });
    }
    let registration_id = &whom.identity.registration_id;
    registration_id.fits_cn()?;
    // certificates know whole seconds only, and their last second is part of the validity (RFC 5280 §4.1.2.5)
    let now = UtcTime::from_seconds(now.seconds());
    if now < issuer.not_before() {
        return Err(Refused::IssuerNotYetValid { from: issuer.not_before(), now });
    }
    if now > issuer.not_after() {
        return Err(Refused::IssuerExpired { until: issuer.not_after(), now });
    }
    let not_before = now.minus(profile.backdate()).max(issuer.not_before());
    let not_after = last_moment(profile, issuer, now)?;

    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    name(&mut params, profile, issuer, whom)?;
    params.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
    params.not_before = not_before.to_offset();
    params.not_after = not_after.to_offset();
    if profile.subject_key_id() {
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_identifier_method = KeyIdMethod::PreSpecified(key_id(&key));
    } else {
        // rcgen writes basic constraints and this identifier together or not at all
        params.custom_extensions.push(no_ca());
    }
    params.key_usages = profile.key_usage().iter().copied().map(key_usage).collect();
    params.extended_key_usages = profile.extended_key_usage().iter().copied().map(purpose).collect();
    params.use_authority_key_identifier_extension = true;
    let body = issuer.certificate_body(&params, &key)?;
    Ok(Prepared {
        issuer: Arc::clone(issuer),
        to_be_signed: Digest::of(&body),
        body,
        serial,
        public_key: key,
        registration_id: registration_id.clone(),
        profile: profile.digest(),
        not_before,
        not_after,
        permit,
    })
}

fn last_moment(profile: &Profile, issuer: &Issuer, now: UtcTime) -> Result<UtcTime, Refused> {
    let name = || profile.name().clone();
    let until = issuer.not_after();
    can_end(profile, until)?;
    match profile.end() {
        End::Never => Ok(UtcTime::from_seconds(NO_END)),
        End::After(validity) => {
            let until = now.plus(validity).minus(Duration::from_secs(1)).min(until);
            match profile.ends_before() {
                Some(before) if until >= before => {
                    Err(Refused::EndsTooLate { profile: name(), until, before })
                }
                Some(_) | None => Ok(until),
            }
        }
    }
}

/// Refuses a profile whose certificates never end under a CA that does.
pub fn can_end(profile: &Profile, until: UtcTime) -> Result<(), Refused> {
    match profile.end() {
        End::Never if until.seconds() < NO_END => {
            Err(Refused::IssuerEnds { profile: profile.name().clone(), until })
        }
        End::Never | End::After(_) => Ok(()),
    }
}

/// Subject and alternative names, and where the list of the CA is.
fn name(
    params: &mut CertificateParams,
    profile: &Profile,
    issuer: &Issuer,
    whom: &Whom<'_>,
) -> Result<(), Refused> {
    let named = |part: &'static str| {
        move |fault: BadText| Refused::Named { part, profile: profile.name().clone(), fault }
    };
    let names = profile.names();
    let subject = &mut params.distinguished_name;
    if let Some(country) = &names.country {
        let country = country.as_str().try_into().map_err(NotEncodable::from)?;
        subject.push(DnType::CountryName, DnValue::PrintableString(country));
    }
    for (part, kind, template) in [
        ("organization", DnType::OrganizationName, &names.organization),
        ("organizational unit", DnType::OrganizationalUnitName, &names.unit),
    ] {
        if let Some(template) = template {
            subject.push(kind, Kind::Directory.fill(template, whom).map_err(named(part))?);
        }
    }
    subject.push(DnType::CommonName, whom.identity.registration_id.as_str());
    if let Some(template) = &names.serial_number {
        let text = Kind::Printable.fill(template, whom).map_err(named("serial number of the subject"))?;
        let text = text.as_str().try_into().map_err(NotEncodable::from)?;
        subject.push(DnType::CustomDnType(SUBJECT_SERIAL.to_vec()), DnValue::PrintableString(text));
    }
    for also in profile.also_called() {
        let text = also.kind.fill(&also.name, whom).map_err(named("alternative name"))?;
        let text = text.as_str().try_into().map_err(NotEncodable::from)?;
        params.subject_alt_names.push(match also.kind {
            Kind::Dns => SanType::DnsName(text),
            Kind::Uri | Kind::Directory | Kind::Printable => SanType::URI(text),
        });
    }
    if let Some(address) = profile.crl_distribution_point() {
        let url = address.of(issuer.key_id()).and_then(|url| Kind::Uri.check(&url).map(|()| url));
        let url = url.map_err(named("address of the revocation list"))?;
        params.crl_distribution_points.push(CrlDistributionPoint { uris: vec![url] });
    }
    Ok(())
}

/// Critical basic constraints that say: no CA (an empty SEQUENCE, RFC 5280 §4.2.1.9).
fn no_ca() -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 19], vec![0x30, 0]);
    extension.set_criticality(true);
    extension
}

/// id-at-serialNumber (X.520).
const SUBJECT_SERIAL: [u64; 4] = [2, 5, 4, 5];

fn key_usage(usage: Usage) -> KeyUsagePurpose {
    match usage {
        Usage::DigitalSignature => KeyUsagePurpose::DigitalSignature,
        Usage::KeyAgreement => KeyUsagePurpose::KeyAgreement,
        Usage::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
    }
}

fn purpose(purpose: Purpose) -> ExtendedKeyUsagePurpose {
    match purpose {
        Purpose::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        Purpose::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
    }
}

impl Prepared {
    /// Serial number of the certificate.
    pub fn cert_serial(&self) -> CertSerial {
        self.serial
    }

    /// SHA-256 of the exact DER TBSCertificate that will be signed.
    pub fn to_be_signed(&self) -> Digest {
        self.to_be_signed
    }

    /// The key it is for.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The identity in its CN.
    pub fn registration_id(&self) -> &RegistrationId {
        &self.registration_id
    }

    /// Digest of the profile's text.
    pub fn profile(&self) -> Digest {
        self.profile
    }

    /// The first second of its validity.
    pub fn not_before(&self) -> UtcTime {
        self.not_before
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> UtcTime {
        self.not_after
    }

    /// Whom the permit was given to.
    pub fn holder(&self) -> PermitHolder {
        self.permit.holder()
    }

    /// The work order that the permit was taken from.
    pub fn work_order(&self) -> &Name {
        self.permit.work_order()
    }

    /// Signs exactly the prepared bytes, once, and returns the certificate's DER: a signature made in this process is
    /// not verified, and the certificate not read back. For certificates of a batch that are not in its sample.
    pub fn sign_unchecked(self) -> Result<Vec<u8>, SignFailed> {
        self.issuer.seal_unsampled(&self.body)
    }

    /// Signs exactly the prepared bytes, once. The signature is verified, and the certificate
    /// read back, before it is returned. After a failure the serial number is not used again.
    pub fn sign(self) -> Result<Certificate, SignFailed> {
        let found = Digest::of(&self.body);
        if found != self.to_be_signed {
            return Err(SignFailed::BodyChanged { prepared: self.to_be_signed, found });
        }
        let signed = self.issuer.seal(&self.body)?;
        Ok(Certificate::from_der(signed)?)
    }
}

#[cfg(test)]
mod every_profile;
#[cfg(test)]
mod tests;
