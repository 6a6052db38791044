//! Who a registering device is: an individual enrollment decides first, else a group; the first that fits
//! decides, also when it is disabled or the proof fails (Azure, "DPS attestation mechanisms").

use std::sync::Arc;

use aws_lc_rs::hmac;
use rustls::crypto::CryptoProvider;
use serde_json::{Value, json};

use super::attestation::Attestation;
use super::certificate::Certificate;
use super::chain;
use super::enrollment::Enrollment;
use super::records::Records;
use super::refusal::Unproven;
use super::request::{Device, Request};
use super::sas_check::{self, Token};
use crate::domain::utc_time::UtcTime;

/// More certificates than any sensible chain has.
const LONGEST_CHAIN: usize = 10;

/// A device whose proof holds.
pub(super) struct Proven<'a> {
    /// The enrollment that decided.
    pub(super) enrollment: &'a Enrollment,
    /// The member of the answer that says how: `symmetricKey` or `x509`.
    pub(super) proof: (&'static str, Value),
}

/// Judges token or certificate chain.
pub(super) fn prove<'a>(
    records: &'a Records,
    device: &Device,
    request: &Request,
    now: UtcTime,
    provider: &Arc<CryptoProvider>,
) -> Result<Proven<'a>, Unproven> {
    let individual = records.individuals.get(&device.registration_id.to_ascii_lowercase());
    if let Some(header) = &request.authorization {
        let token = sas_check::parse(header)?;
        let resource = format!("{}/registrations/{}", device.id_scope, device.registration_id);
        if !token.resource.eq_ignore_ascii_case(&resource) {
            return Err(Unproven::Resource(token.resource));
        }
        // the Python SDK leaves the policy out
        if let Some(policy) = token.policy.as_deref().filter(|policy| *policy != "registration") {
            return Err(Unproven::Policy(policy.to_owned()));
        }
        if token.is_expired(now) {
            return Err(Unproven::Expired);
        }
        return match individual {
            Some(enrollment) => by_own_key(enrollment, &token),
            None => by_derived_key(records, device, &token),
        };
    }
    let presented = read_chain(request)?;
    let (leaf, others) = presented.split_first().ok_or(Unproven::Nothing)?;
    if !leaf.common_name().is_some_and(|name| name.eq_ignore_ascii_case(&device.registration_id)) {
        return Err(Unproven::Certificate("its CN is not the registration ID"));
    }
    if !leaf.is_valid_at(now) {
        return Err(Unproven::Certificate("it is not valid at this time"));
    }
    match individual {
        Some(enrollment) => by_own_certificate(enrollment, leaf),
        None => {
            let (group, signing) =
                chain::nearest(&records.groups, leaf, others, now, provider).ok_or(Unproven::Chain)?;
            let info = json!({
                "certificateInfo": leaf.info(),
                "enrollmentGroupId": group.id,
                "signingCertificateInfo": signing.info(),
            });
            enabled(group, ("x509", info))
        }
    }
}

fn read_chain(request: &Request) -> Result<Vec<Certificate>, Unproven> {
    if request.chain.len() > LONGEST_CHAIN {
        return Err(Unproven::Certificate("the chain is too long"));
    }
    let read = |der: &_| Certificate::from_der(Clone::clone(der));
    let chain: Result<Vec<_>, _> = request.chain.iter().map(read).collect();
    chain.map_err(|_| Unproven::Certificate("the chain cannot be read"))
}

fn enabled<'a>(enrollment: &'a Enrollment, proof: (&'static str, Value)) -> Result<Proven<'a>, Unproven> {
    if enrollment.settings.is_enabled() { Ok(Proven { enrollment, proof }) } else { Err(Unproven::Disabled) }
}

fn by_own_key<'a>(enrollment: &'a Enrollment, token: &Token) -> Result<Proven<'a>, Unproven> {
    match &enrollment.attestation {
        Attestation::Keys { primary, secondary } => {
            if token.is_signed_by(primary.expose()) || token.is_signed_by(secondary.expose()) {
                enabled(enrollment, ("symmetricKey", json!({})))
            } else {
                Err(Unproven::Signature)
            }
        }
        Attestation::Tpm { .. } => Err(Unproven::Tpm),
        Attestation::Certificates(_) | Attestation::CaReferences(_) => Err(Unproven::OtherAttestation),
    }
}

fn by_derived_key<'a>(records: &'a Records, device: &Device, token: &Token) -> Result<Proven<'a>, Unproven> {
    let mut judged = false;
    for group in records.groups.values() {
        let Attestation::Keys { primary, secondary } = &group.attestation else { continue };
        judged = true;
        let fits = [primary, secondary].into_iter().any(|key| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
            // no known client lower-cases the ID before it derives, so the ID counts as presented
            let derived = hmac::sign(&key, device.registration_id.as_bytes());
            token.is_signed_by(derived.as_ref())
        });
        if fits {
            return enabled(group, ("symmetricKey", json!({ "enrollmentGroupId": group.id })));
        }
    }
    Err(if judged { Unproven::Signature } else { Unproven::NoEnrollment })
}

fn by_own_certificate<'a>(enrollment: &'a Enrollment, leaf: &Certificate) -> Result<Proven<'a>, Unproven> {
    match &enrollment.attestation {
        Attestation::Certificates(certificates) => {
            if certificates.iter().any(|(_, enrolled)| enrolled.certificate.der == leaf.der) {
                enabled(enrollment, ("x509", json!({ "certificateInfo": leaf.info() })))
            } else {
                Err(Unproven::Certificate("it is not the enrolled one"))
            }
        }
        Attestation::CaReferences(_) => Err(Unproven::Chain),
        Attestation::Tpm { .. } => Err(Unproven::Tpm),
        Attestation::Keys { .. } => Err(Unproven::OtherAttestation),
    }
}
