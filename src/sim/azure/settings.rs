//! What an enrollment says besides the proof: hub, twin, policies. Defaults are filled in as the service does.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::enrollment::{BadEnrollment, Kind};

/// All that does not concern the proof.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    capabilities: Option<Capabilities>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iot_hub_host_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_twin: Option<InitialTwin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    optional_device_information: Option<Map<String, Value>>,
    provisioning_status: Option<ProvisioningStatus>,
    reprovision_policy: Option<ReprovisionPolicy>,
    allocation_policy: Option<AllocationPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iot_hubs: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_allocation_definition: Option<CustomAllocation>,
}

#[derive(Deserialize, Serialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
struct Capabilities {
    iot_edge: bool,
}

#[derive(Deserialize, Serialize)]
struct InitialTwin {
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<TwinProperties>,
}

#[derive(Deserialize, Serialize)]
struct TwinProperties {
    #[serde(skip_serializing_if = "Option::is_none")]
    desired: Option<Map<String, Value>>,
}

#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
enum ProvisioningStatus {
    Enabled,
    Disabled,
}

/// What a registration of a known device may change.
#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReprovisionPolicy {
    /// Assign a hub anew.
    pub(super) update_hub_assignment: bool,
    /// Take the device's data along.
    pub(super) migrate_device_data: bool,
}

impl ReprovisionPolicy {
    /// What DPS does if nothing is said.
    const USUAL: ReprovisionPolicy =
        ReprovisionPolicy { update_hub_assignment: true, migrate_device_data: true };
}

/// Which of the hubs a device gets.
#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) enum AllocationPolicy {
    /// By a hash of the registration ID.
    Hashed,
    /// The nearest; here the first.
    GeoLatency,
    /// The one named.
    Static,
    /// Asked of a webhook, which the simulator does not call: such registrations fail.
    Custom,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct CustomAllocation {
    webhook_url: String,
    api_version: String,
}

impl Settings {
    /// Fills in the defaults and checks the hubs against those that are linked.
    pub(super) fn check(self, kind: Kind, linked: &[String]) -> Result<Settings, BadEnrollment> {
        let named = self.named_hubs();
        if let Some(hub) = named.iter().find(|hub| !linked.iter().any(|own| own.eq_ignore_ascii_case(hub))) {
            return Err(BadEnrollment::Hub((*hub).to_owned()));
        }
        let policy = self.allocation_policy.unwrap_or(AllocationPolicy::Hashed);
        if policy == AllocationPolicy::Static && named.len() != 1 {
            return Err(BadEnrollment::StaticHubs(named.len()));
        }
        if policy == AllocationPolicy::Custom && self.custom_allocation_definition.is_none() {
            return Err(BadEnrollment::NoWebhook);
        }
        Ok(Settings {
            capabilities: Some(self.capabilities.unwrap_or(Capabilities { iot_edge: false })),
            provisioning_status: Some(self.provisioning_status.unwrap_or(ProvisioningStatus::Enabled)),
            reprovision_policy: Some(self.reprovision_policy.unwrap_or(ReprovisionPolicy::USUAL)),
            allocation_policy: Some(policy),
            optional_device_information: match kind {
                Kind::Individual => self.optional_device_information,
                Kind::Group => None,
            },
            ..self
        })
    }

    /// The hubs its devices may get; empty means all that are linked.
    pub(super) fn named_hubs(&self) -> Vec<&str> {
        match (&self.iot_hubs, self.iot_hub_host_name.as_deref()) {
            (Some(hubs), _) if !hubs.is_empty() => hubs.iter().map(String::as_str).collect(),
            (_, Some(hub)) if !hub.is_empty() => vec![hub],
            (_, _) => Vec::new(),
        }
    }

    /// Whether devices may register.
    pub(super) fn is_enabled(&self) -> bool {
        self.provisioning_status != Some(ProvisioningStatus::Disabled)
    }

    /// How a hub is chosen.
    pub(super) fn allocation(&self) -> AllocationPolicy {
        self.allocation_policy.unwrap_or(AllocationPolicy::Hashed)
    }

    /// What a second registration may change.
    pub(super) fn reprovisioning(&self) -> ReprovisionPolicy {
        self.reprovision_policy.unwrap_or(ReprovisionPolicy::USUAL)
    }
}
