//! An enrollment or enrollment group: the document that clients send, checked once, and the document that
//! they get back. Source: the service's OpenAPI document, 2021-10-01.

use serde::Deserialize;
use serde_json::{Value, json};

use super::attestation::{Attestation, Sent};
use super::certificate::BadCertificate;
use super::randomness::Randomness;
use super::settings::Settings;
use crate::domain::device_id::{BadDeviceId, DeviceId};
use crate::domain::registration_id::{BadRegistrationId, RegistrationId};
use crate::domain::utc_time::UtcTime;

/// The two kinds of enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One device.
    Individual,
    /// All devices with a derived key or a certificate of one CA.
    Group,
}

impl Kind {
    /// The name of the ID in its documents.
    pub(super) fn id_field(self) -> &'static str {
        match self {
            Kind::Individual => "registrationId",
            Kind::Group => "enrollmentGroupId",
        }
    }
}

/// Why a document is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadEnrollment {
    /// The ID is missing.
    #[error("{0} is missing")]
    NoId(&'static str),
    /// The ID has a form that Azure refuses.
    #[error(transparent)]
    Id(#[from] BadRegistrationId),
    /// The device ID has a form that Azure refuses.
    #[error(transparent)]
    DeviceId(#[from] BadDeviceId),
    /// The attestation or the part its type names is missing.
    #[error("the attestation lacks its part “{0}”")]
    NoAttestation(&'static str),
    /// A type of attestation that this kind of enrollment does not take.
    #[error("attestation type “{0}” is not allowed here")]
    AttestationType(String),
    /// A key that is not base64.
    #[error("{which} is not base64")]
    Key {
        /// Which of them.
        which: &'static str,
    },
    /// A key that is too short or too long.
    #[error("{which} has {length} bytes instead of 16 to 64")]
    KeyLength {
        /// Which of them.
        which: &'static str,
        /// How many bytes it has.
        length: usize,
    },
    /// The certificate's text.
    #[error("the certificate is not a valid base64 string value: {0}")]
    Certificate(#[from] BadCertificate),
    /// No certificate at all.
    #[error("the X.509 attestation names no certificate")]
    NoCertificate,
    /// A group's certificate that cannot sign.
    #[error("the signing certificate is no CA certificate")]
    NotCa,
    /// Client certificates in a group, signing certificates in an individual enrollment, or both kinds at once.
    #[error(
        "an individual enrollment takes client certificates, a group signing certificates, and not together with CA references"
    )]
    CertificateRole,
    /// A hub that is not linked.
    #[error("hub “{0}” is not linked to this service")]
    Hub(String),
    /// Static allocation has one hub.
    #[error("static allocation names exactly one hub, here are {0}")]
    StaticHubs(usize),
    /// Custom allocation without its webhook.
    #[error("custom allocation needs customAllocationDefinition")]
    NoWebhook,
}

impl BadEnrollment {
    /// The `errorCode` of the answer.
    pub(super) fn error_code(&self) -> u32 {
        match self {
            BadEnrollment::Certificate(_) => 400_004,
            BadEnrollment::NoId(_)
            | BadEnrollment::Id(_)
            | BadEnrollment::DeviceId(_)
            | BadEnrollment::NoAttestation(_)
            | BadEnrollment::AttestationType(_)
            | BadEnrollment::Key { .. }
            | BadEnrollment::KeyLength { .. }
            | BadEnrollment::NoCertificate
            | BadEnrollment::NotCa
            | BadEnrollment::CertificateRole
            | BadEnrollment::Hub(_)
            | BadEnrollment::StaticHubs(_)
            | BadEnrollment::NoWebhook => 400_000,
        }
    }
}

/// `IndividualEnrollment` or `EnrollmentGroup` as clients send it. Unknown members are ignored, as the service does.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    registration_id: Option<String>,
    enrollment_group_id: Option<String>,
    device_id: Option<String>,
    attestation: Option<Sent>,
    /// The version to replace, in bulk operations.
    pub(super) etag: Option<String>,
    #[serde(flatten)]
    settings: Settings,
}

/// An enrollment or group that stands in the records.
pub(super) struct Enrollment {
    /// Individual or group.
    pub(super) kind: Kind,
    /// The ID, in the letter case of its creator.
    pub(super) id: String,
    /// The device ID asked for; individuals only.
    pub(super) device_id: Option<String>,
    /// How its devices prove themselves.
    pub(super) attestation: Attestation,
    /// Hub, twin and policies.
    pub(super) settings: Settings,
    /// Base64 of a quoted text; new with every change.
    pub(super) etag: String,
    created: UtcTime,
    updated: UtcTime,
}

impl Document {
    /// The ID the document names, as its kind spells it.
    pub(super) fn id(&self, kind: Kind) -> Result<&str, BadEnrollment> {
        let id = match kind {
            Kind::Individual => &self.registration_id,
            Kind::Group => &self.enrollment_group_id,
        };
        id.as_deref().ok_or(BadEnrollment::NoId(kind.id_field()))
    }

    /// Checks everything and makes the record; `created` stays when a record is replaced.
    pub(super) fn check(
        self,
        kind: Kind,
        hubs: &[String],
        created: Option<UtcTime>,
        now: UtcTime,
        random: &mut Randomness,
    ) -> Result<Enrollment, BadEnrollment> {
        let id = self.id(kind)?.to_owned();
        id.parse::<RegistrationId>()?;
        let device_id = match kind {
            Kind::Individual => self.device_id.filter(|text| !text.is_empty()),
            Kind::Group => None,
        };
        if let Some(text) = &device_id {
            text.parse::<DeviceId>()?;
        }
        let sent = self.attestation.ok_or(BadEnrollment::NoAttestation("attestation"))?;
        let attestation = Attestation::check(sent, kind, random)?;
        let settings = self.settings.check(kind, hubs)?;
        let etag = random.etag();
        let created = created.unwrap_or(now);
        Ok(Enrollment { kind, id, device_id, attestation, settings, etag, created, updated: now })
    }
}

impl Enrollment {
    /// When it was created.
    pub(super) fn created(&self) -> UtcTime {
        self.created
    }

    /// The answer's document, without keys.
    pub(super) fn document(&self) -> Result<Value, serde_json::Error> {
        let mut document = serde_json::to_value(&self.settings)?;
        document[self.kind.id_field()] = json!(self.id);
        if let Some(device_id) = &self.device_id {
            document["deviceId"] = json!(device_id);
        }
        document["attestation"] = self.attestation.document(self.kind, false);
        document["etag"] = json!(self.etag);
        document["createdDateTimeUtc"] = json!(self.created);
        document["lastUpdatedDateTimeUtc"] = json!(self.updated);
        Ok(document)
    }
}
