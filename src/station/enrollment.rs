//! What the outbox carries: which enrollment is to be made, without any secret in it. Keys are computed from
//! the vault when it is sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::cert_serial::CertSerial;
use crate::domain::device_id::DeviceId;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::pair::Pair;
use crate::domain::product::{DeviceIdentity, EnrollKind, EnrollService, Product, announced_tags};
use crate::domain::registration_id::RegistrationId;
use crate::domain::verdict::Verdict;
use crate::station::amendment::Amendment;
use crate::station::provision::credential::Placed;
use crate::store::announced;
use crate::store::certificates::{self, Certificate, CertificateState};
use crate::store::change::Change;
use crate::store::devices::{self, Device};
use crate::store::error::StoreError;
use crate::store::outbox::{self, Operation, Queued};
use crate::store::recipes;
use crate::store::runs;
use crate::store::runs::CredentialKind;
use crate::store::runs::finish::Accounted;
use crate::vault::Vault;
use crate::vault::check::Entry;

/// The body of an outbox row that makes an enrollment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrollmentOrder {
    /// The identity at the hub.
    pub device_id: DeviceId,
    /// The recipe it was made under: it says hub, allocation, twin.
    pub product: Digest,
    /// How the device attests.
    pub attestation: Attestation,
    /// The cells the device was announced with that the recipe's tags name, by the name there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub announced: BTreeMap<String, String>,
    /// What an engineer changed of what the recipe says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<Amendment>,
}

/// The body of an outbox row that disables one. It needs no recipe: whatever stands at Azure is disabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockingOrder {
    /// What is withdrawn.
    pub attestation: Attestation,
}

/// How the device attests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attestation {
    /// With this certificate.
    Certificate(CertSerial),
    /// With either of these.
    Certificates {
        /// The one it uses.
        primary: CertSerial,
        /// The one that stands in.
        secondary: CertSerial,
    },
    /// With both keys derived from a group key.
    GroupKey {
        /// Its name.
        group: Name,
        /// The check value of the key that the device's was derived from; none where the device is only to be
        /// blocked, which any key does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check: Option<Digest>,
    },
}

impl Attestation {
    /// With one certificate or either of two.
    fn of(serials: &Pair<CertSerial>) -> Attestation {
        match *serials {
            Pair { primary, secondary: None } => Attestation::Certificate(primary),
            Pair { primary, secondary: Some(secondary) } => Attestation::Certificates { primary, secondary },
        }
    }
}

/// Queues what a PASS asks for: an individual enrollment, unless the recipe enrolls nowhere or its group is
/// there already. A device that was blocked, when an earlier attempt failed or was superseded, can no longer
/// register through its group, so it gets an individual enrollment in place of the one that blocks it.
pub fn queue_pass(
    change: &mut Change<'_>,
    vault: &Vault,
    product: &Product,
    identity: &DeviceIdentity,
    credential: &Placed,
) -> Result<(), StoreError> {
    let DeviceIdentity { registration_id, device_id } = identity;
    if !is_wanted(change, product, registration_id)? {
        return Ok(());
    }
    let unusable = |why| StoreError::Conflict { table: "run", key: credential.run().to_string(), why };
    let attestation = match credential {
        Placed::X509 { certificates, .. } => {
            let serials = certificates.as_ref().try_map(|_, one| one.certificate.serial());
            let foreign = |_| unusable("has a certificate whose number is not one of ours");
            Attestation::of(&serials.map_err(foreign)?)
        }
        Placed::Group { group, .. } => {
            let check = vault.check_value(&Entry::GroupKey(group.clone()));
            let check = check.map_err(|_| unusable("has a group key that is not in the vault"))?;
            Attestation::GroupKey { group: group.clone(), check: Some(check) }
        }
    };
    let order = EnrollmentOrder {
        device_id: device_id.clone(),
        product: product.digest,
        attestation,
        announced: announced_cells(change, product, registration_id)?,
        amended: None,
    };
    queue(change, registration_id, Operation::Create, credential.run(), &order)
}

/// Whether a PASS asks for an individual enrollment.
fn is_wanted(change: &Change<'_>, product: &Product, id: &RegistrationId) -> Result<bool, StoreError> {
    Ok(match (product.enroll.service, product.enroll.kind) {
        (EnrollService::None, _) => false,
        (EnrollService::Dps, EnrollKind::Individual) => true,
        (EnrollService::Dps, EnrollKind::Group) => outbox::was_blocked(change, id)?,
    })
}

/// Queues the enrollment of a device whose certificate, or both, was handed over in a file, by the rules of a PASS on the
/// line; in the transaction that puts it on record.
pub fn queue_handed_over(
    change: &mut Change<'_>,
    product: &Product,
    identity: &DeviceIdentity,
    run: u64,
    serials: &Pair<CertSerial>,
) -> Result<(), StoreError> {
    let DeviceIdentity { registration_id, device_id } = identity;
    if !is_wanted(change, product, registration_id)? {
        return Ok(());
    }
    let attestation = Attestation::of(serials);
    let order = EnrollmentOrder {
        device_id: device_id.clone(),
        product: product.digest,
        attestation,
        announced: announced_cells(change, product, registration_id)?,
        amended: None,
    };
    queue(change, registration_id, Operation::Create, run, &order)
}

/// What files announced of the device, as far as the recipe's tags want it.
fn announced_cells(
    change: &Change<'_>,
    product: &Product,
    registration_id: &RegistrationId,
) -> Result<BTreeMap<String, String>, StoreError> {
    let wanted = announced_tags::columns(&product.enroll.tags);
    match devices::by_registration(change, registration_id)? {
        Some(device) if !wanted.is_empty() => {
            announced::cells_of(change, &device.serial, registration_id, &wanted)
        }
        Some(_) | None => Ok(BTreeMap::new()),
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
    let Accounted { device, credential, certificates, was_live } = accounted;
    let (Some(device), Some(credential), true) = (device, credential, *was_live) else {
        return Ok(());
    };
    let attestation = match (credential, certificates.first()) {
        (CredentialKind::GroupKey { group }, _) => {
            Attestation::GroupKey { group: group.clone(), check: None }
        }
        (CredentialKind::X509 { .. }, Some((serial, _))) => Attestation::Certificate(*serial),
        (CredentialKind::X509 { .. }, None) => return Ok(()),
    };
    let might_be_accepted = match recipe(change, run)? {
        Some(product) => {
            let under_group = matches!(credential, CredentialKind::GroupKey { .. })
                || product.enroll.kind == EnrollKind::Group;
            product.enroll.service != EnrollService::None && (under_group || had_passed)
        }
        // nobody can say any more: blocking a device that was enrolled nowhere does no harm
        None => true,
    };
    if !might_be_accepted {
        return Ok(());
    }
    let order = BlockingOrder { attestation };
    queue(change, &device.identity.registration_id, Operation::Disable, run, &order)
}

/// The recipe that a run followed; none if its text is not on record or cannot be read any more.
fn recipe(change: &Change<'_>, run: u64) -> Result<Option<Product>, StoreError> {
    let missing = StoreError::Conflict { table: "run", key: run.to_string(), why: "is not there" };
    let text = match runs::get(change, run)?.ok_or(missing)?.product_digest {
        Some(digest) => recipes::product_text(change, &digest)?,
        None => None,
    };
    Ok(text.and_then(|(_, text)| Product::parse(&text).ok()))
}

/// After a revocation: the enrollment of that certificate is disabled, if there may be one. A device that has another
/// certificate is enrolled again at once, with that one alone.
pub fn disable_certificate(change: &mut Change<'_>, revoked: &Certificate) -> Result<(), StoreError> {
    let missing = StoreError::Conflict { table: "run", key: revoked.run.to_string(), why: "is not there" };
    let run = runs::get(change, revoked.run)?.ok_or(missing)?;
    let accounted = Accounted {
        device: devices::get(change, revoked.device)?,
        credential: run.credential.clone(),
        certificates: vec![(revoked.serial, revoked.state)],
        was_live: true,
    };
    let had_passed = run.ending.is_some_and(|ending| ending.verdict == Verdict::Pass);
    disable_what_is_live(change, &accounted, revoked.run, had_passed)?;
    match accounted.device {
        Some(device) if had_passed => enroll_what_is_left(change, &device, revoked.run),
        Some(_) | None => Ok(()),
    }
}

/// Queues an individual enrollment with the certificate of a run that still stands, in place of the one just disabled.
fn enroll_what_is_left(change: &mut Change<'_>, device: &Device, run: u64) -> Result<(), StoreError> {
    let of_run = certificates::by_run(change, run)?;
    let left = of_run.iter().flat_map(Pair::each).find(|(_, one)| one.state == CertificateState::Issued);
    let Some((_, left)) = left else { return Ok(()) };
    let Some(product) = recipe(change, run)? else { return Ok(()) };
    if product.enroll.service == EnrollService::None {
        return Ok(());
    }
    let DeviceIdentity { registration_id, device_id } = &device.identity;
    let order = EnrollmentOrder {
        device_id: device_id.clone(),
        product: product.digest,
        attestation: Attestation::Certificate(left.serial),
        announced: announced_cells(change, &product, registration_id)?,
        amended: None,
    };
    queue(change, registration_id, Operation::Create, run, &order)
}

fn queue(
    change: &mut Change<'_>,
    registration_id: &RegistrationId,
    operation: Operation,
    run: u64,
    order: &impl Serialize,
) -> Result<(), StoreError> {
    let body = serde_json::to_string(order).map_err(StoreError::Json)?;
    outbox::queue(change, &Queued { registration_id, operation, run: Some(run), body: &body })?;
    Ok(())
}
