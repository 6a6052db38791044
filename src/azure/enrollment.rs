//! The shape of a DPS individual enrollment (OpenAPI 2021-10-01, `IndividualEnrollment`). What it holds
//! beyond these members is kept as it came, so that an update loses nothing. No `Debug`: keys lie inside.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::certificate_text::{self, BadCertificateText};
use super::key_text::KeyText;
use crate::domain::pair::Pair;
use crate::domain::product::{DeviceIdentity, Enroll, Reprovision};
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;

/// The record of one device at DPS.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndividualEnrollment {
    /// Its registration ID, in lower case whatever the service wrote.
    pub registration_id: RegistrationId,
    /// Its device ID at the hub; the registration ID if there is none. Foreign records may hold any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// How it shows who it is.
    pub attestation: AttestationMechanism,
    /// Whether it is an IoT Edge device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// `hashed`, `geoLatency`, `static` or `custom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_policy: Option<String>,
    /// Host names of the hubs it may go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iot_hubs: Option<Vec<String>>,
    /// What happens when it is provisioned again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reprovision_policy: Option<ReprovisionPolicy>,
    /// Whether it may register at all; enabled if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_status: Option<ProvisioningStatus>,
    /// What its twin begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_twin: Option<InitialTwin>,
    /// Names this state of the record; sent back exactly as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How a device shows who it is (`AttestationMechanism`): the member that `type` names is there.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttestationMechanism {
    /// Which kind.
    #[serde(rename = "type")]
    pub kind: AttestationType,
    /// Its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symmetric_key: Option<SymmetricKey>,
    /// Its certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x509: Option<X509>,
    /// Its TPM, kept as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm: Option<Value>,
}

/// The kinds of attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words are Azure's")]
pub enum AttestationType {
    None,
    Tpm,
    X509,
    SymmetricKey,
}

/// Two keys; absent or empty when the service masks them, and on creation when it is to make them.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SymmetricKey {
    /// The key devices use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<KeyText>,
    /// The key that stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_key: Option<KeyText>,
}

/// Certificates of an attestation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct X509 {
    /// Of the device itself (individual enrollments).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificates: Option<Certificates>,
    /// The rest (`signingCertificates`, `caReferences`), kept as it came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A certificate and the one that stands in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the words are Azure's")]
pub struct Certificates {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<CertificateWithInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary: Option<CertificateWithInfo>,
}

/// A certificate's text in one of its three forms, and what the service read out of it. A reading may hold
/// either alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the words are Azure's")]
pub struct CertificateWithInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<CertificateInfo>,
}

/// What the service read out of a certificate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateInfo {
    /// SHA-256 of the DER in hexadecimal digits of either case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256_thumbprint: Option<String>,
    /// The rest, kept as it came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a device can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Whether it is an IoT Edge device.
    pub iot_edge: bool,
}

/// What happens when a device is provisioned again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReprovisionPolicy {
    /// Whether it may be given to another hub.
    pub update_hub_assignment: bool,
    /// Whether its twin goes with it.
    pub migrate_device_data: bool,
}

/// Whether a device may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the words are Azure's")]
pub enum ProvisioningStatus {
    Enabled,
    Disabled,
}

/// What a twin begins with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the words are Azure's")]
pub struct InitialTwin {
    #[serde(default, deserialize_with = "null_is_default")]
    pub tags: Map<String, Value>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub properties: TwinProperties,
}

/// The part of a twin's properties that an enrollment sets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the words are Azure's")]
pub struct TwinProperties {
    #[serde(default, deserialize_with = "null_is_default")]
    pub desired: Map<String, Value>,
}

fn null_is_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl IndividualEnrollment {
    /// The record of a device as its recipe has it, enabled.
    pub fn new(
        enroll: &Enroll,
        identity: &DeviceIdentity,
        attestation: AttestationMechanism,
    ) -> IndividualEnrollment {
        let Enroll { service: _, kind: _, iot_edge, allocation, hubs, reprovision, tags, desired } = enroll;
        let Reprovision { update_hub_assignment, migrate_device_data } = *reprovision;
        let twin =
            InitialTwin { tags: tags.clone(), properties: TwinProperties { desired: desired.clone() } };
        IndividualEnrollment {
            registration_id: identity.registration_id.clone(),
            device_id: Some(identity.device_id.to_string()),
            attestation,
            capabilities: Some(Capabilities { iot_edge: *iot_edge }),
            allocation_policy: Some(allocation.as_str().to_owned()),
            iot_hubs: Some(hubs.clone()).filter(|hubs| !hubs.is_empty()),
            reprovision_policy: Some(ReprovisionPolicy { update_hub_assignment, migrate_device_data }),
            provisioning_status: Some(ProvisioningStatus::Enabled),
            initial_twin: Some(twin).filter(|twin| *twin != InitialTwin::default()),
            etag: None,
            other: Map::new(),
        }
    }

    /// A record that keeps an ID from registering through its group: disabled, and without anything that a
    /// recipe says. DPS looks at the individual enrollment first and stops there.
    pub fn blocking(
        registration_id: RegistrationId,
        attestation: AttestationMechanism,
    ) -> IndividualEnrollment {
        IndividualEnrollment {
            registration_id,
            device_id: None,
            attestation,
            capabilities: None,
            allocation_policy: None,
            iot_hubs: None,
            reprovision_policy: None,
            provisioning_status: Some(ProvisioningStatus::Disabled),
            initial_twin: None,
            etag: None,
            other: Map::new(),
        }
    }

    /// The same record, disabled.
    pub fn disabled(mut self) -> IndividualEnrollment {
        self.provisioning_status = Some(ProvisioningStatus::Disabled);
        self
    }

    /// Whether the device may register.
    pub fn is_enabled(&self) -> bool {
        self.provisioning_status != Some(ProvisioningStatus::Disabled)
    }

    /// The device ID at the hub.
    pub fn device_id(&self) -> &str {
        self.device_id.as_deref().unwrap_or(self.registration_id.as_str())
    }

    /// Whether it is an IoT Edge device.
    pub fn is_edge(&self) -> bool {
        self.capabilities.is_some_and(|capabilities| capabilities.iot_edge)
    }
}

impl AttestationMechanism {
    /// With a device's own certificate, or its two; each text is PEM and holds that certificate alone.
    pub fn certificates(pems: &Pair<String>) -> Result<AttestationMechanism, BadCertificateText> {
        let with_info = |_, pem: &String| {
            certificate_text::der(pem)?;
            Ok(CertificateWithInfo { certificate: Some(pem.clone()), info: None })
        };
        let Pair { primary, secondary } = pems.as_ref().try_map(with_info)?;
        let client_certificates = Certificates { primary: Some(primary), secondary };
        let x509 = X509 { client_certificates: Some(client_certificates), other: Map::new() };
        Ok(AttestationMechanism {
            kind: AttestationType::X509,
            symmetric_key: None,
            x509: Some(x509),
            tpm: None,
        })
    }

    /// With two symmetric keys, each as base64 text.
    pub fn keys(primary: Secret, secondary: Secret) -> AttestationMechanism {
        AttestationMechanism::symmetric(SymmetricKey {
            primary_key: Some(KeyText::new(primary)),
            secondary_key: Some(KeyText::new(secondary)),
        })
    }

    /// With keys that the service makes and nobody knows.
    pub fn unknown_keys() -> AttestationMechanism {
        AttestationMechanism::symmetric(SymmetricKey::default())
    }

    fn symmetric(keys: SymmetricKey) -> AttestationMechanism {
        AttestationMechanism {
            kind: AttestationType::SymmetricKey,
            symmetric_key: Some(keys),
            x509: None,
            tpm: None,
        }
    }
}

#[cfg(test)]
mod tests;
