//! From an outbox row to the record that is sent: certificates from the records, keys computed from the
//! vault at this moment.

use crate::azure::certificate_text::BadCertificateText;
use crate::azure::enrollment::IndividualEnrollment;
use crate::ca::certificate::{BadCertificate, Certificate};
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::product::recipe::BadRecipe;
use crate::domain::product::{DeviceIdentity, Product};
use crate::station::enrollment::{Attestation, EnrollmentOrder};
use crate::store::certificates::{self, CertificateState};
use crate::store::error::StoreError;
use crate::store::outbox::{self, Operation, OutboxRow};
use crate::store::reader::Reader;
use crate::store::recipes;
use crate::vault::Vault;
use crate::vault::derive;
use crate::vault::error::VaultError;
use crate::vault::group_key::Which;

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
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for BadOrder {
    fn code(&self) -> Code {
        match self {
            BadOrder::Body(_) | BadOrder::Recipe(_) | BadOrder::Text(_) => Code::EnrollmentInvalid,
            BadOrder::BadRecipe(error) => error.code(),
            BadOrder::Certificate(_) | BadOrder::BadCertificate(_) => Code::CertificateUnknown,
            BadOrder::Vault(error) => error.code(),
            BadOrder::Store(error) => error.code(),
        }
    }
}

/// The record that the row asks for.
pub fn record(r: &Reader, vault: &Vault, row: &OutboxRow) -> Result<IndividualEnrollment, BadOrder> {
    let (order, product) = read(r, row)?;
    build(r, vault, row, &order, &product, &order.attestation)
}

/// The records of this device's own earlier credentials, provided that we ourselves had its enrollment
/// disabled: only those may be replaced.
pub fn predecessors(
    r: &Reader,
    vault: &Vault,
    row: &OutboxRow,
) -> Result<Vec<IndividualEnrollment>, BadOrder> {
    let disabled_by_us = outbox::sent_before(r, &row.registration_id, row.id)?
        .is_some_and(|earlier| earlier.operation == Operation::Disable);
    if !disabled_by_us {
        return Ok(Vec::new());
    }
    let (order, product) = read(r, row)?;
    let mut own = vec![build(r, vault, row, &order, &product, &order.attestation)?];
    for earlier in certificates::by_registration(r, &row.registration_id)? {
        let withdrawn = matches!(earlier.state, CertificateState::Revoked | CertificateState::Superseded);
        if withdrawn {
            let attestation = Attestation::Certificate(earlier.serial);
            own.push(build(r, vault, row, &order, &product, &attestation)?);
        }
    }
    Ok(own)
}

fn read(r: &Reader, row: &OutboxRow) -> Result<(EnrollmentOrder, Product), BadOrder> {
    let order: EnrollmentOrder = serde_json::from_str(&row.body).map_err(|_| BadOrder::Body(row.id))?;
    let recipe: Option<(Name, String)> = recipes::product_text(r, &order.product)?;
    let (_, text) = recipe.ok_or(BadOrder::Recipe(order.product))?;
    let product = Product::parse(&text)?;
    Ok((order, product))
}

fn build(
    r: &Reader,
    vault: &Vault,
    row: &OutboxRow,
    order: &EnrollmentOrder,
    product: &Product,
    attestation: &Attestation,
) -> Result<IndividualEnrollment, BadOrder> {
    let identity =
        DeviceIdentity { registration_id: row.registration_id.clone(), device_id: order.device_id.clone() };
    match attestation {
        Attestation::Certificate(serial) => {
            let on_record = certificates::get(r, serial)?.and_then(|certificate| certificate.der);
            let certificate = Certificate::from_der(on_record.ok_or(BadOrder::Certificate(*serial))?)?;
            Ok(IndividualEnrollment::for_x509(&product.enroll, &identity, &certificate.pem())?)
        }
        Attestation::GroupKey(group) => {
            let group = vault.group_key(group)?;
            let key = |which| derive::derive(group, which, &identity.registration_id).base64();
            let (primary, secondary) = (key(Which::Primary), key(Which::Secondary));
            Ok(IndividualEnrollment::for_keys(&product.enroll, &identity, primary, secondary))
        }
    }
}
