//! How a device of an enrollment proves itself: read from the service's document, written back with keys
//! (the attestation mechanism) or without them (every other answer).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::certificate::Certificate;
use super::enrollment::{BadEnrollment, Kind};
use super::randomness::Randomness;
use crate::domain::secret::Secret;

/// `AttestationMechanism` as clients send it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    r#type: String,
    symmetric_key: Option<SentKeys>,
    x509: Option<SentX509>,
    tpm: Option<SentTpm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentKeys {
    primary_key: Option<String>,
    secondary_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentX509 {
    client_certificates: Option<SentPair<SentCertificate>>,
    signing_certificates: Option<SentPair<SentCertificate>>,
    ca_references: Option<SentPair<String>>,
}

#[derive(Deserialize)]
struct SentPair<T> {
    primary: Option<T>,
    secondary: Option<T>,
}

#[derive(Deserialize)]
struct SentCertificate {
    certificate: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentTpm {
    endorsement_key: String,
    storage_root_key: Option<String>,
}

/// A certificate with the text it came in.
pub(super) struct Enrolled {
    text: String,
    /// The certificate itself.
    pub(super) certificate: Certificate,
}

/// One of these proves a device.
pub(super) enum Attestation {
    /// Either key, or for a group a key derived from either.
    Keys {
        /// 16 to 64 bytes.
        primary: Secret,
        /// 16 to 64 bytes.
        secondary: Secret,
    },
    /// One or two certificates: the device's own, or those that sign a group's.
    Certificates(Vec<(Place, Enrolled)>),
    /// Names of CA certificates uploaded to the service; kept, but the simulator has no uploads, so no device matches.
    CaReferences(Vec<(Place, String)>),
    /// Kept only: the challenge of TPM attestation is not simulated.
    Tpm {
        /// Base64, as sent.
        endorsement_key: String,
        /// Base64, as sent.
        storage_root_key: Option<String>,
    },
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In use.
    Primary,
    /// For changing over.
    Secondary,
}

impl Place {
    fn as_str(self) -> &'static str {
        match self {
            Place::Primary => "primary",
            Place::Secondary => "secondary",
        }
    }
}

impl Attestation {
    /// Checks what was sent; missing keys are generated, both of them.
    pub(super) fn check(
        sent: Sent,
        kind: Kind,
        random: &mut Randomness,
    ) -> Result<Attestation, BadEnrollment> {
        match sent.r#type.as_str() {
            "symmetricKey" => {
                let keys = sent.symmetric_key;
                let (primary, secondary) = match keys {
                    None => (None, None),
                    Some(SentKeys { primary_key, secondary_key }) => (primary_key, secondary_key),
                };
                Ok(Attestation::Keys {
                    primary: key("primaryKey", primary, random)?,
                    secondary: key("secondaryKey", secondary, random)?,
                })
            }
            "x509" => x509(sent.x509.ok_or(BadEnrollment::NoAttestation("x509"))?, kind),
            "tpm" if kind == Kind::Individual => {
                let tpm = sent.tpm.ok_or(BadEnrollment::NoAttestation("tpm"))?;
                let good = |text: &str| STANDARD.decode(text).is_ok_and(|bytes| !bytes.is_empty());
                if !good(&tpm.endorsement_key) || !tpm.storage_root_key.as_deref().is_none_or(good) {
                    return Err(BadEnrollment::Key { which: "endorsementKey" });
                }
                let SentTpm { endorsement_key, storage_root_key } = tpm;
                Ok(Attestation::Tpm { endorsement_key, storage_root_key })
            }
            other => Err(BadEnrollment::AttestationType(other.to_owned())),
        }
    }

    /// The document; keys only if asked for.
    pub(super) fn document(&self, kind: Kind, with_keys: bool) -> Value {
        match self {
            Attestation::Keys { primary, secondary } if with_keys => json!({
                "type": "symmetricKey",
                "symmetricKey": {
                    "primaryKey": STANDARD.encode(primary.expose()),
                    "secondaryKey": STANDARD.encode(secondary.expose()),
                }
            }),
            Attestation::Keys { .. } => json!({ "type": "symmetricKey", "symmetricKey": {} }),
            Attestation::Certificates(certificates) => {
                let pair: Map<String, Value> = certificates
                    .iter()
                    .map(|(place, enrolled)| {
                        let both =
                            json!({ "certificate": enrolled.text, "info": enrolled.certificate.info() });
                        (place.as_str().to_owned(), both)
                    })
                    .collect();
                let role = match kind {
                    Kind::Individual => "clientCertificates",
                    Kind::Group => "signingCertificates",
                };
                json!({ "type": "x509", "x509": { role: pair } })
            }
            Attestation::CaReferences(names) => {
                let pair: Map<String, Value> =
                    names.iter().map(|(place, name)| (place.as_str().to_owned(), json!(name))).collect();
                json!({ "type": "x509", "x509": { "caReferences": pair } })
            }
            Attestation::Tpm { endorsement_key, storage_root_key } => {
                let mut tpm = json!({ "endorsementKey": endorsement_key });
                if let Some(key) = storage_root_key {
                    tpm["storageRootKey"] = json!(key);
                }
                json!({ "type": "tpm", "tpm": tpm })
            }
        }
    }
}

fn key(which: &'static str, sent: Option<String>, random: &mut Randomness) -> Result<Secret, BadEnrollment> {
    match sent {
        None => Ok(random.key()),
        Some(text) if text.is_empty() => Ok(random.key()),
        Some(text) => {
            let bytes = STANDARD.decode(text).map_err(|_| BadEnrollment::Key { which })?;
            let key = Secret::new(bytes);
            if !(16..=64).contains(&key.len()) {
                return Err(BadEnrollment::KeyLength { which, length: key.len() });
            }
            Ok(key)
        }
    }
}

fn x509(sent: SentX509, kind: Kind) -> Result<Attestation, BadEnrollment> {
    let SentX509 { client_certificates, signing_certificates, ca_references } = sent;
    let certificates = match kind {
        Kind::Individual if signing_certificates.is_none() => client_certificates,
        Kind::Group if client_certificates.is_none() => signing_certificates,
        Kind::Individual | Kind::Group => return Err(BadEnrollment::CertificateRole),
    };
    match (certificates, ca_references) {
        (Some(pair), None) => {
            let mut found = Vec::new();
            for (place, sent) in pair.places() {
                let text = sent.certificate.ok_or(BadEnrollment::NoCertificate)?;
                let certificate = Certificate::from_text(&text)?;
                if kind == Kind::Group && !certificate.is_ca() {
                    return Err(BadEnrollment::NotCa);
                }
                found.push((place, Enrolled { text, certificate }));
            }
            if found.is_empty() {
                Err(BadEnrollment::NoCertificate)
            } else {
                Ok(Attestation::Certificates(found))
            }
        }
        (None, Some(pair)) => {
            let names = pair.places();
            if names.is_empty() || names.iter().any(|(_, name)| name.is_empty()) {
                return Err(BadEnrollment::NoCertificate);
            }
            Ok(Attestation::CaReferences(names))
        }
        (None, None) => Err(BadEnrollment::NoCertificate),
        (Some(_), Some(_)) => Err(BadEnrollment::CertificateRole),
    }
}

impl<T> SentPair<T> {
    fn places(self) -> Vec<(Place, T)> {
        let SentPair { primary, secondary } = self;
        let primary = primary.map(|it| (Place::Primary, it));
        primary.into_iter().chain(secondary.map(|it| (Place::Secondary, it))).collect()
    }
}
