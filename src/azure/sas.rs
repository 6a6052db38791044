//! Shared access signatures: made for the outbox and the virtual devices, judged by the simulator.
//!
//! The string to sign is the resource exactly as it stands in the token, a line feed, and the expiry
//! (Azure: "Control access with shared access signatures"). Clients differ in how they spell the resource,
//! so it is verified over that spelling and compared only after decoding.

pub mod verify;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::percent;
use crate::domain::code::{Code, Coded};
use crate::domain::hmac_key::HmacKey;
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;

/// A key that signs tokens. Azure writes it as base64 and signs with the decoded bytes.
pub struct SasKey(HmacKey);

/// Why a text is no key. The text itself is never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSasKey {
    /// Not standard base64 with padding.
    #[error("the shared access key is not base64; was it copied whole?")]
    Base64,
    /// Decodes to nothing, or to more than any key has.
    #[error("the shared access key has {0} bytes; a key has 1 to 256")]
    Length(usize),
}

impl Coded for BadSasKey {
    fn code(&self) -> Code {
        Code::SecretInvalid
    }
}

impl SasKey {
    /// Reads base64 text, white space around it left out.
    pub fn parse(base64: &Secret) -> Result<SasKey, BadSasKey> {
        let bytes = STANDARD.decode(base64.expose().trim_ascii()).map_err(|_| BadSasKey::Base64)?;
        let bytes = Zeroizing::new(bytes);
        if !(1..=256).contains(&bytes.len()) {
            return Err(BadSasKey::Length(bytes.len()));
        }
        Ok(SasKey::from_bytes(&bytes))
    }

    /// A key whose bytes are at hand, such as a derived key.
    pub fn from_bytes(bytes: &[u8]) -> SasKey {
        SasKey(HmacKey::new(bytes))
    }

    /// A second holder of the same key.
    pub fn duplicate(&self) -> SasKey {
        SasKey(self.0.duplicate())
    }
}

/// What a token is for: a token for one kind can never pass for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A service's host, such as `plant.azure-devices-provisioning.net`, with `:port` if the client was given
    /// one. When verifying, it may go on with the path that is asked for (`host/enrollments/x`).
    Host(String),
    /// A device's registration at DPS.
    DpsRegistration {
        /// The ID scope of the DPS, `0ne…`.
        id_scope: String,
        /// The device.
        registration_id: RegistrationId,
    },
}

impl Resource {
    /// The resource before encoding, as `sr` names it.
    pub fn path(&self) -> String {
        match self {
            Resource::Host(host) => host.clone(),
            Resource::DpsRegistration { id_scope, registration_id } => {
                format!("{id_scope}/registrations/{registration_id}")
            }
        }
    }
}

/// A signed token, ready for an `Authorization` header or an MQTT password.
pub struct SasToken(Secret);

impl SasToken {
    /// Signs a token that ends at `expires` (whole seconds). `policy` is the name of the shared access
    /// policy for a service and `registration` for a device at DPS.
    pub fn new(resource: &Resource, key: &SasKey, policy: Option<&str>, expires: UtcTime) -> SasToken {
        let sr = percent::encode(&resource.path());
        let se = expires.seconds().to_string();
        let tag = key.0.tag(&[sr.as_bytes(), b"\n", se.as_bytes()]);
        let sig = percent::encode(&STANDARD.encode(*tag));
        let skn = policy.map(|policy| format!("&skn={}", percent::encode(policy))).unwrap_or_default();
        SasToken(Secret::from(format!("SharedAccessSignature sr={sr}&sig={sig}&se={se}{skn}")))
    }

    /// The token's text.
    pub fn header(&self) -> &Secret {
        &self.0
    }
}
