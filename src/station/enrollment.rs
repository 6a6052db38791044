//! What the outbox carries: which enrollment is to be made, without any secret in it. Keys are computed from
//! the vault when it is sent.

use serde::{Deserialize, Serialize};

use crate::domain::cert_serial::CertSerial;
use crate::domain::device_id::DeviceId;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::product::{EnrollKind, EnrollService, Product};
use crate::domain::registration_id::RegistrationId;
use crate::domain::verdict::Verdict;
use crate::station::provision::credential::Placed;
use crate::store::certificates::Certificate;
use crate::store::change::Change;
use crate::store::devices;
use crate::store::error::StoreError;
use crate::store::outbox::{self, Operation, Queued};
use crate::store::recipes;
use crate::store::runs;
use crate::store::runs::CredentialKind;
use crate::store::runs::finish::Accounted;

/// The body of an outbox row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrollmentOrder {
    /// The identity at the hub.
    pub device_id: DeviceId,
    /// The recipe it was made under: it says hub, allocation, twin.
    pub product: Digest,
    /// How the device attests.
    pub attestation: Attestation,
}

/// How the device attests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attestation {
    /// With this certificate.
    Certificate(CertSerial),
    /// With both keys derived from this group key.
    GroupKey(Name),
}

/// Queues what a PASS asks for: an individual enrollment, unless the recipe enrolls nowhere or its group is
/// there already.
pub fn queue_pass(
    change: &mut Change<'_>,
    product: &Product,
    registration_id: &RegistrationId,
    device_id: &DeviceId,
    credential: &Placed,
) -> Result<(), StoreError> {
    match (product.enroll.service, product.enroll.kind) {
        (EnrollService::None, _) | (EnrollService::Dps, EnrollKind::Group) => Ok(()),
        (EnrollService::Dps, EnrollKind::Individual) => {
            let attestation = match credential {
                Placed::X509 { certificate, .. } => {
                    Attestation::Certificate(certificate.serial().map_err(|_| StoreError::Conflict {
                        table: "certificate",
                        key: registration_id.to_string(),
                        why: "its serial number is not one of ours",
                    })?)
                }
                Placed::Group { group, .. } => Attestation::GroupKey(group.clone()),
            };
            let order =
                EnrollmentOrder { device_id: device_id.clone(), product: product.digest, attestation };
            queue(change, registration_id, Operation::Create, credential.run(), &order)
        }
    }
}

/// After an ending other than PASS: what DPS would still accept gets a disabled individual enrollment, which
/// goes before any group (Azure: individual enrollments are looked up first). A credential under a group is
/// live from the moment it exists; a certificate with an individual enrollment only once its run has passed.
pub fn disable_what_is_live(
    change: &mut Change<'_>,
    accounted: &Accounted,
    run: u64,
    had_passed: bool,
) -> Result<(), StoreError> {
    let Accounted { device, credential, certificate, was_live } = accounted;
    let (Some(device), Some(credential), true) = (device, credential, *was_live) else {
        return Ok(());
    };
    let Some(digest) = runs::get(change, run)?.and_then(|run| run.product_digest) else {
        return Ok(());
    };
    let Some((_, text)) = recipes::product_text(change, &digest)? else {
        return Ok(());
    };
    // a recipe on record was checked when it was used
    let Ok(product) = Product::parse(&text) else {
        return Ok(());
    };
    let under_group =
        matches!(credential, CredentialKind::GroupKey { .. }) || product.enroll.kind == EnrollKind::Group;
    if product.enroll.service == EnrollService::None || !(under_group || had_passed) {
        return Ok(());
    }
    let attestation = match (credential, certificate) {
        (CredentialKind::GroupKey { group }, _) => Attestation::GroupKey(group.clone()),
        (CredentialKind::X509 { .. }, Some((serial, _))) => Attestation::Certificate(*serial),
        (CredentialKind::X509 { .. }, None) => return Ok(()),
    };
    let order =
        EnrollmentOrder { device_id: device.identity.device_id.clone(), product: digest, attestation };
    queue(change, &device.identity.registration_id, Operation::Disable, run, &order)
}

/// After a revocation: the enrollment of that certificate is disabled, if there may be one.
pub fn disable_certificate(change: &mut Change<'_>, revoked: &Certificate) -> Result<(), StoreError> {
    let Some(run) = runs::get(change, revoked.run)? else {
        return Ok(());
    };
    let accounted = Accounted {
        device: devices::get(change, revoked.device)?,
        credential: run.credential.clone(),
        certificate: Some((revoked.serial, revoked.state)),
        was_live: true,
    };
    let had_passed = run.ending.is_some_and(|ending| ending.verdict == Verdict::Pass);
    disable_what_is_live(change, &accounted, revoked.run, had_passed)
}

fn queue(
    change: &mut Change<'_>,
    registration_id: &RegistrationId,
    operation: Operation,
    run: u64,
    order: &EnrollmentOrder,
) -> Result<(), StoreError> {
    // a struct of plain texts always serialises
    let body = serde_json::to_string(order).unwrap_or_default();
    outbox::queue(change, &Queued { registration_id, operation, run: Some(run), body: &body })?;
    Ok(())
}
