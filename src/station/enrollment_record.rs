//! From an outbox row to the record that is sent: certificates from the records, keys computed from the
//! vault at this moment.

use crate::azure::certificate_text::BadCertificateText;
use crate::azure::enrollment::{AttestationMechanism, IndividualEnrollment};
use crate::ca::certificate::{BadCertificate, Certificate};
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::pair::{Pair, Which};
use crate::domain::product::recipe::BadRecipe;
use crate::domain::product::{DeviceIdentity, Enroll, Product, announced_tags};
use crate::domain::registration_id::RegistrationId;
use crate::station::amendment::BadAmendment;
use crate::station::enrollment::{Attestation, BlockingOrder, EnrollmentOrder};
use crate::store::certificates::{self, CertificateState};
use crate::store::error::StoreError;
use crate::store::outbox::{self, Operation, OutboxRow};
use crate::store::reader::Reader;
use crate::store::recipes;
use crate::vault::Vault;
use crate::vault::check::Entry;
use crate::vault::derive;
use crate::vault::error::VaultError;

/// Why a row cannot be turned into a record.
#[derive(Debug, thiserror::Error)]
pub enum BadOrder {
    /// The row's body is not one of ours.
    #[error("outbox row {0} is not readable")]
    Body(u64),
    /// The recipe it was made under is not on record.
    #[error("the recipe {0} is not on record")]
    Recipe(Digest),
    /// The recipe on record cannot be used any more.
    #[error(transparent)]
    BadRecipe(#[from] BadRecipe),
    /// What an engineer changed of it cannot be used.
    #[error(transparent)]
    Amendment(#[from] BadAmendment),
    /// The certificate is not on record.
    #[error("the certificate {0} is not on record")]
    Certificate(CertSerial),
    /// The certificate on record is damaged.
    #[error(transparent)]
    BadCertificate(#[from] BadCertificate),
    /// Its text is not taken.
    #[error(transparent)]
    Text(#[from] BadCertificateText),
    /// The group key is not in the vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The group key in the vault is not the one that the device's key was derived from.
    #[error("the device's key was derived from {0} as it was before it was changed")]
    GroupKeyChanged(Name),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for BadOrder {
    fn code(&self) -> Code {
        match self {
            BadOrder::Body(_) | BadOrder::Recipe(_) | BadOrder::Text(_) => Code::EnrollmentInvalid,
            BadOrder::BadRecipe(error) => error.code(),
            BadOrder::Amendment(error) => error.code(),
            BadOrder::Certificate(_) | BadOrder::BadCertificate(_) => Code::CertificateUnknown,
            BadOrder::Vault(error) => error.code(),
            BadOrder::GroupKeyChanged(_) => Code::GroupKeyChanged,
            BadOrder::Store(error) => error.code(),
        }
    }
}

/// The record that the row asks for.
pub fn record(r: &Reader, vault: &Vault, row: &OutboxRow) -> Result<IndividualEnrollment, BadOrder> {
    let id = &row.registration_id;
    match row.operation {
        Operation::Create => {
            let order = order(row)?;
            let enroll = enroll_part(r, &order)?;
            let identity = DeviceIdentity { registration_id: id.clone(), device_id: order.device_id };
            let attestation = mechanism(r, vault, id, &order.attestation)?;
            Ok(IndividualEnrollment::new(&enroll, &identity, attestation))
        }
        Operation::Disable => {
            let withdrawn = serde_json::from_str(&row.body)
                .map_err(|_| BadOrder::Body(row.id))
                .and_then(|BlockingOrder { attestation }| mechanism(r, vault, id, &attestation));
            let attestation = match withdrawn {
                Ok(attestation) => attestation,
                Err(BadOrder::Store(error)) if !matches!(error, StoreError::Row { .. }) => {
                    return Err(error.into());
                }
                // a device is blocked even if nothing else is known of it any more
                Err(_) => AttestationMechanism::unknown_keys(),
            };
            Ok(IndividualEnrollment::blocking(id.clone(), attestation))
        }
    }
}

/// What the record would say beside the identity as the row stands: what its recipe says, or what was changed.
pub fn enroll_part(r: &Reader, order: &EnrollmentOrder) -> Result<Enroll, BadOrder> {
    let recipe: Option<(Name, String)> = recipes::product_text(r, &order.product)?;
    let (_, text) = recipe.ok_or(BadOrder::Recipe(order.product))?;
    let mut enroll = Product::parse(&text)?.enroll;
    announced_tags::fill(&mut enroll.tags, &order.announced);
    if let Some(amended) = &order.amended {
        amended.apply(&mut enroll)?;
    }
    Ok(enroll)
}

/// How this device's own earlier enrollments attest, provided that we ourselves had them disabled: only
/// those may be replaced.
pub fn predecessors(
    r: &Reader,
    vault: &Vault,
    row: &OutboxRow,
) -> Result<Vec<AttestationMechanism>, BadOrder> {
    let id = &row.registration_id;
    let disabled_by_us =
        outbox::sent_before(r, id, row.id)?.is_some_and(|earlier| earlier.operation == Operation::Disable);
    if !disabled_by_us {
        return Ok(Vec::new());
    }
    let mut own = vec![mechanism(r, vault, id, &order(row)?.attestation)?];
    for earlier in certificates::by_registration(r, id)? {
        let withdrawn = matches!(earlier.state, CertificateState::Revoked | CertificateState::Superseded);
        if withdrawn {
            own.push(mechanism(r, vault, id, &Attestation::Certificate(earlier.serial))?);
            own.extend(both(r, vault, id, earlier.run)?);
        }
    }
    Ok(own)
}

/// How a device attests that a run gave two certificates.
fn both(
    r: &Reader,
    vault: &Vault,
    id: &RegistrationId,
    run: u64,
) -> Result<Option<AttestationMechanism>, BadOrder> {
    let Some(Pair { primary, secondary: Some(secondary) }) = certificates::by_run(r, run)? else {
        return Ok(None);
    };
    if primary.der.is_none() || secondary.der.is_none() {
        return Ok(None);
    }
    let of_both = Attestation::Certificates { primary: primary.serial, secondary: secondary.serial };
    mechanism(r, vault, id, &of_both).map(Some)
}

/// What a row that makes an enrollment asks for.
pub fn order(row: &OutboxRow) -> Result<EnrollmentOrder, BadOrder> {
    serde_json::from_str(&row.body).map_err(|_| BadOrder::Body(row.id))
}

fn pem(r: &Reader, serial: &CertSerial) -> Result<String, BadOrder> {
    let on_record = certificates::get(r, serial)?.and_then(|certificate| certificate.der);
    Ok(Certificate::from_der(on_record.ok_or(BadOrder::Certificate(*serial))?)?.pem())
}

fn mechanism(
    r: &Reader,
    vault: &Vault,
    id: &RegistrationId,
    attestation: &Attestation,
) -> Result<AttestationMechanism, BadOrder> {
    match attestation {
        Attestation::Certificate(serial) => {
            Ok(AttestationMechanism::certificates(&Pair::one(pem(r, serial)?))?)
        }
        Attestation::Certificates { primary, secondary } => {
            let pems = Pair { primary: pem(r, primary)?, secondary: Some(pem(r, secondary)?) };
            Ok(AttestationMechanism::certificates(&pems)?)
        }
        Attestation::GroupKey { group, check } => {
            let now = vault.check_value(&Entry::GroupKey(group.clone()))?;
            if check.is_some_and(|check| check != now) {
                return Err(BadOrder::GroupKeyChanged(group.clone()));
            }
            let keys = vault.group_key(group)?;
            let key = |which| derive::derive(keys, which, id).base64();
            Ok(AttestationMechanism::keys(key(Which::Primary), key(Which::Secondary)))
        }
    }
}
