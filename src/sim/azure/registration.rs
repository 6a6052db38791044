//! A device that registered: the hub it was given and what the service says about it, then and later.

use serde_json::{Value, json};

use super::enrollment::{Enrollment, Kind};
use super::randomness::Randomness;
use super::settings::AllocationPolicy;
use crate::domain::digest::Digest;
use crate::domain::utc_time::UtcTime;

/// The record of one device.
pub(super) struct Registration {
    /// The ID, as the device spelled it.
    registration_id: String,
    /// The group that allowed it (lower case); none: its individual enrollment did.
    pub(super) group: Option<String>,
    /// What proved the device, for the answer: `symmetricKey` or `x509`.
    proof: (&'static str, Value),
    outcome: Outcome,
    /// The running operation.
    pub(super) operation_id: String,
    /// How many more polls are answered “assigning”.
    pub(super) polls_left: u32,
    created: UtcTime,
    updated: UtcTime,
    /// Base64 of a quoted text.
    pub(super) etag: String,
}

enum Outcome {
    Assigned { hub: String, device_id: String, first_hub: String, substatus: Substatus },
    Failed { code: u32, message: &'static str },
}

#[derive(Clone, Copy)]
enum Substatus {
    InitialAssignment,
    DeviceDataMigrated,
    DeviceDataReset,
    ReprovisionedToInitialAssignment,
}

impl Substatus {
    fn as_str(self) -> &'static str {
        match self {
            Substatus::InitialAssignment => "initialAssignment",
            Substatus::DeviceDataMigrated => "deviceDataMigrated",
            Substatus::DeviceDataReset => "deviceDataReset",
            Substatus::ReprovisionedToInitialAssignment => "reprovisionedToInitialAssignment",
        }
    }
}

/// What a registration is made of besides the enrollment.
pub(super) struct Asked<'a> {
    /// As the device spells it.
    pub(super) registration_id: &'a str,
    /// What proved it.
    pub(super) proof: (&'static str, Value),
    /// How many polls are answered “assigning”.
    pub(super) polls: u32,
}

impl Registration {
    /// Registers a proven device, for the first time or again.
    pub(super) fn make(
        asked: Asked<'_>,
        enrollment: &Enrollment,
        linked: &[String],
        earlier: Option<&Registration>,
        now: UtcTime,
        random: &mut Randomness,
    ) -> Registration {
        let Asked { registration_id, proof, polls } = asked;
        Registration {
            registration_id: registration_id.to_owned(),
            group: match enrollment.kind {
                Kind::Individual => None,
                Kind::Group => Some(enrollment.id.to_ascii_lowercase()),
            },
            proof,
            outcome: assign(registration_id, enrollment, linked, earlier),
            operation_id: format!("5.{}.{}", random.hex(16), random.guid()),
            polls_left: polls,
            created: earlier.map_or(now, |earlier| earlier.created),
            updated: now,
            etag: random.etag(),
        }
    }

    /// `assigned` or `failed`.
    pub(super) fn status(&self) -> &'static str {
        match &self.outcome {
            Outcome::Assigned { .. } => "assigned",
            Outcome::Failed { .. } => "failed",
        }
    }

    /// `DeviceRegistrationState`, the service's view.
    pub(super) fn state(&self) -> Value {
        let mut state = json!({
            "registrationId": self.registration_id,
            "createdDateTimeUtc": self.created,
            "status": self.status(),
            "lastUpdatedDateTimeUtc": self.updated,
            "etag": self.etag,
        });
        match &self.outcome {
            Outcome::Assigned { hub, device_id, first_hub: _, substatus } => {
                state["assignedHub"] = json!(hub);
                state["deviceId"] = json!(device_id);
                state["substatus"] = json!(substatus.as_str());
            }
            Outcome::Failed { code, message } => {
                state["errorCode"] = json!(code);
                state["errorMessage"] = json!(message);
            }
        }
        state
    }

    /// `DeviceRegistrationResult`, the device's view: with what proved it.
    pub(super) fn result(&self) -> Value {
        let mut result = self.state();
        let (kind, proof) = &self.proof;
        result[*kind] = proof.clone();
        result
    }
}

fn assign(
    registration_id: &str,
    enrollment: &Enrollment,
    linked: &[String],
    earlier: Option<&Registration>,
) -> Outcome {
    let device_id = enrollment.device_id.clone().unwrap_or_else(|| match enrollment.kind {
        Kind::Individual => enrollment.id.clone(),
        Kind::Group => registration_id.to_owned(),
    });
    let before = earlier.and_then(|earlier| match &earlier.outcome {
        Outcome::Assigned { hub, first_hub, substatus, .. } => Some((hub, first_hub, *substatus)),
        Outcome::Failed { .. } => None,
    });
    let policy = enrollment.settings.reprovisioning();
    if let Some((hub, first_hub, substatus)) = before
        && !policy.update_hub_assignment
    {
        return Outcome::Assigned { hub: hub.clone(), device_id, first_hub: first_hub.clone(), substatus };
    }
    let hub = match choose(registration_id, enrollment, linked) {
        Ok(hub) => hub,
        Err(failed) => return failed,
    };
    let Some((old, first_hub, substatus)) = before else {
        let first_hub = hub.clone();
        return Outcome::Assigned { hub, device_id, first_hub, substatus: Substatus::InitialAssignment };
    };
    let substatus = if hub == *old {
        substatus
    } else if hub == *first_hub {
        Substatus::ReprovisionedToInitialAssignment
    } else if policy.migrate_device_data {
        Substatus::DeviceDataMigrated
    } else {
        Substatus::DeviceDataReset
    };
    Outcome::Assigned { hub, device_id, first_hub: first_hub.clone(), substatus }
}

fn choose(registration_id: &str, enrollment: &Enrollment, linked: &[String]) -> Result<String, Outcome> {
    let named = enrollment.settings.named_hubs();
    let hubs = if named.is_empty() { linked.iter().map(String::as_str).collect() } else { named };
    let found = match enrollment.settings.allocation() {
        AllocationPolicy::Static | AllocationPolicy::GeoLatency => hubs.first(),
        AllocationPolicy::Hashed => {
            let digest = Digest::of(registration_id.to_ascii_lowercase().as_bytes());
            let count = hubs.len().max(1);
            let first = digest.as_bytes().first().copied().map_or(0, usize::from);
            hubs.get(first % count)
        }
        AllocationPolicy::Custom => {
            let message = "the simulator calls no custom allocation webhook";
            return Err(Outcome::Failed { code: 400_000, message });
        }
    };
    found
        .map(|hub| (*hub).to_owned())
        .ok_or(Outcome::Failed { code: 400_000, message: "no hub is linked to this service" })
}
