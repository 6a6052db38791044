//! Azure's own forms: bodies of DPS' bulk operation (OpenAPI 2021-10-01, `BulkEnrollmentOperation`) and lines of an
//! import of IoT Hub (`ExportImportDevice`).

use serde::Serialize;

use super::cells;
use super::failed::{ExportFailed, NotWritten};
use super::scribe::{Identity, Recipe, Written};
use crate::azure::enrollment::{
    AttestationMechanism, AttestationType, Capabilities, IndividualEnrollment, ProvisioningStatus,
};
use crate::ca::certificate::pem_into;
use crate::domain::pair::Pair;
use crate::domain::product::DeviceIdentity;
use crate::domain::registration_id::RegistrationId;
use crate::store::error::StoreError;
use crate::store::export::found::Found;

/// Appends an individual enrollment with the device's own certificate, as the recipe wants it.
pub fn enrollment(
    recipe: Recipe<'_>,
    identity: &Identity<'_>,
    ders: Pair<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<Written, ExportFailed> {
    let pems = ders.map(|_, der| {
        let mut pem = Vec::new();
        pem_into(der, b"\n", &mut pem);
        String::from_utf8_lossy(&pem).into_owned()
    });
    let attestation = AttestationMechanism::certificates(&pems).map_err(|error| unreadable("der", &error))?;
    let registration_id =
        identity.registration_id.parse().map_err(|error| unreadable("registration_id", &error))?;
    let record = match recipe {
        Recipe::Of(enroll) => {
            let device_id = identity.device_id.parse().map_err(|error| unreadable("device_id", &error))?;
            IndividualEnrollment::new(&enroll, &DeviceIdentity { registration_id, device_id }, attestation)
        }
        Recipe::None => bare(registration_id, identity.device_id, attestation),
        Recipe::Unreadable => {
            return Ok(Written::Not(NotWritten::Recipe { serial: identity.serial.to_owned() }));
        }
    };
    write(&record, out)
}

/// Appends an individual enrollment of a device that was announced with its TPM's endorsement key.
pub fn tpm_enrollment(found: &Found<'_>, out: &mut Vec<u8>) -> Result<Written, ExportFailed> {
    let (serial, id) = (found.serial()?, found.registration_id()?);
    let name = if serial.is_empty() { id } else { serial };
    let (Some(key), false) = (found.endorsement_key()?, id.is_empty()) else {
        return Ok(Written::Not(NotWritten::NoEndorsementKey { name: name.to_owned() }));
    };
    let registration_id = id.parse().map_err(|error| unreadable("registration_id", &error))?;
    let attestation = AttestationMechanism {
        kind: AttestationType::Tpm,
        symmetric_key: None,
        x509: None,
        tpm: Some(serde_json::json!({ "endorsementKey": cells::base64(key) })),
    };
    write(&bare(registration_id, id, attestation), out)
}

/// An enrollment that no recipe says anything about.
fn bare(
    registration_id: RegistrationId,
    device_id: &str,
    attestation: AttestationMechanism,
) -> IndividualEnrollment {
    IndividualEnrollment {
        registration_id,
        device_id: Some(device_id.to_owned()),
        attestation,
        capabilities: None,
        allocation_policy: None,
        iot_hubs: None,
        reprovision_policy: None,
        provisioning_status: Some(ProvisioningStatus::Enabled),
        initial_twin: None,
        etag: None,
        other: serde_json::Map::new(),
    }
}

fn write(record: &IndividualEnrollment, out: &mut Vec<u8>) -> Result<Written, ExportFailed> {
    serde_json::to_writer(out, record).map_err(|error| ExportFailed::Json(error.to_string()))?;
    Ok(Written::Row)
}

/// A line of an import into the registry of a hub.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HubDevice<'a> {
    id: &'a str,
    import_mode: &'static str,
    status: &'static str,
    authentication: Authentication<'a>,
    capabilities: Capabilities,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authentication<'a> {
    r#type: &'static str,
    x509_thumbprint: Thumbprints<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thumbprints<'a> {
    primary_thumbprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secondary_thumbprint: Option<&'a str>,
}

/// Appends the line of a device that shows its certificate by its SHA-256 thumbprint. A device that is there already
/// stays as it is, and the hub says so in its own log.
pub fn hub_line(
    recipe: Recipe<'_>,
    identity: &Identity<'_>,
    out: &mut Vec<u8>,
) -> Result<Written, ExportFailed> {
    let iot_edge = match recipe {
        Recipe::None => false,
        Recipe::Of(enroll) => enroll.iot_edge,
        Recipe::Unreadable => {
            return Ok(Written::Not(NotWritten::Recipe { serial: identity.serial.to_owned() }));
        }
    };
    let device = HubDevice {
        id: identity.device_id,
        import_mode: "create",
        status: "enabled",
        authentication: Authentication {
            r#type: "selfSigned",
            x509_thumbprint: Thumbprints {
                primary_thumbprint: identity.sha256,
                secondary_thumbprint: identity.secondary_sha256,
            },
        },
        capabilities: Capabilities { iot_edge },
    };
    serde_json::to_writer(&mut *out, &device).map_err(|error| ExportFailed::Json(error.to_string()))?;
    out.push(b'\n');
    Ok(Written::Row)
}

fn unreadable(column: &'static str, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Row { table: "device", column, why: why.to_string() }
}
