//! Products: the checked recipe for one kind of device. [`recipe`] holds what the file says; a
//! [`Product`] is what was accepted.

pub mod announced_tags;
pub mod enroll_rules;
pub mod label;
pub mod recipe;

use std::fmt;
use std::time::Duration;

use super::device_id::DeviceId;
use super::digest::Digest;
use super::label::LabelPattern;
use super::name::Name;
use super::pair::Pair;
use super::registration_id::{IdTemplate, RegistrationId};
use super::serial_number::SerialRule;
use label::LabelPlan;

/// The recipe for one kind of device, checked as a whole.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its name, and that of its file in `products/`.
    pub name: Name,
    /// Digest of the recipe's text, as the records name it.
    pub digest: Digest,
    /// How to ask the device who it is.
    pub identify: Identify,
    /// How its registration ID is formed.
    pub registration_id: IdTemplate,
    /// Another device ID at the hub, if the recipe names one (same words as the registration ID).
    pub device_id: Option<IdTemplate>,
    /// What credential it gets.
    pub credential: Credential,
    /// What is written to the device, in this order.
    pub inject: Vec<InjectFile>,
    /// How the device shows that it can use the credential.
    pub prove: Prove,
    /// How it is enrolled.
    pub enroll: Enroll,
    /// What is printed when it passes.
    pub label: Option<LabelPlan>,
}

/// How to ask a device who it is.
#[derive(Debug, Clone)]
pub struct Identify {
    /// How to talk to it.
    pub driver: DriverKind,
    /// Command that prints the serial number (drivers that run commands).
    pub serial: Option<String>,
    /// Command that prints the MAC address.
    pub mac: Option<String>,
    /// Command that prints the model.
    pub model: Option<String>,
    /// What the model must be, compared whole; a wrong product in the slot is refused.
    pub expect_model: Option<String>,
    /// Which serial numbers are believed.
    pub serial_rule: SerialRule,
    /// What begins a run.
    pub start: Start,
    /// How the unit's label is read.
    pub label: LabelPattern,
    /// Log-in on a console.
    pub login: Option<Login>,
    /// How long one answer may take.
    pub answer_within: Duration,
}

/// Log-in on a device's console.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// Name of the password in the vault; none if the console asks for no password.
    pub password: Option<Name>,
}

/// What begins a run in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A device that appears.
    Plug,
    /// A label that is scanned; the device must be there.
    Scan,
    /// Both, in either order.
    Both,
}

/// How to talk to a kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverKind {
    /// Our own line protocol.
    Lineside,
    /// A log-in shell on a serial console.
    LinuxShell,
}

impl fmt::Display for DriverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DriverKind::Lineside => "lineside",
            DriverKind::LinuxShell => "linux-shell",
        })
    }
}

/// What credential a device gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An X.509 identity certificate.
    X509 {
        /// Where the key is made.
        key: KeyOrigin,
        /// The certificate profile.
        profile: Name,
        /// Where a device with files keeps its key, or its two keys: it gets as many certificates.
        key_paths: Pair<String>,
    },
    /// A key derived from an enrollment group's key.
    GroupKey {
        /// Name of the group key in the vault.
        group: Name,
    },
}

impl Credential {
    /// The word in recipes and records.
    pub fn as_str(&self) -> &'static str {
        match self {
            Credential::X509 { .. } => "x509",
            Credential::GroupKey { .. } => "group-key",
        }
    }

    /// Whether a device gets a secondary certificate beside its primary one.
    pub fn is_two(&self) -> bool {
        match self {
            Credential::X509 { key_paths, .. } => key_paths.is_two(),
            Credential::GroupKey { .. } => false,
        }
    }
}

/// Where a device's private key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// On the device; it never leaves it.
    OnDevice,
    /// By the station, in memory only; wiped after injection.
    Station,
}

/// A file that is written to the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectFile {
    /// Where it goes: an absolute path on a device with files, a short name elsewhere.
    pub path: String,
    /// Name of its template, or of one of the built-in contents (`certificate`, `chain`, `device-key`, …).
    pub template: String,
    /// Access rights in octal on a device with files.
    pub mode: u32,
}

/// How a device shows that it can use its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prove {
    /// It signs the proof message with its private key.
    SignNonce,
    /// It returns the HMAC-SHA256 of the proof message under its key.
    HmacNonce,
    /// Only read-back: nothing is proven beyond the files.
    ReadBack,
}

impl Prove {
    /// The word in recipes and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Prove::SignNonce => "sign-nonce",
            Prove::HmacNonce => "hmac-nonce",
            Prove::ReadBack => "read-back",
        }
    }
}

/// How a device is enrolled at Azure.
#[derive(Debug, Clone, PartialEq)]
pub struct Enroll {
    /// Where.
    pub service: EnrollService,
    /// Under which kind of record.
    pub kind: EnrollKind,
    /// Whether it is an IoT Edge device.
    pub iot_edge: bool,
    /// How DPS chooses the hub.
    pub allocation: Allocation,
    /// Host names of the hubs it may go to; exactly one with static allocation.
    pub hubs: Vec<String>,
    /// What happens to its data when it is provisioned again.
    pub reprovision: Reprovision,
    /// Initial tags of its twin; `@COLUMN` stands for the cell it was announced with (`announced_tags`).
    pub tags: serde_json::Map<String, serde_json::Value>,
    /// Initial desired properties of its twin.
    pub desired: serde_json::Map<String, serde_json::Value>,
}

/// Where a device is enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrollService {
    /// Azure Device Provisioning Service.
    Dps,
    /// Nowhere.
    None,
}

/// Under which kind of record a device is enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrollKind {
    /// An individual enrollment of its own.
    Individual,
    /// The enrollment group that already exists; a PASS sends nothing.
    Group,
}

/// DPS allocation policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// Evenly weighted over the hubs.
    Hashed,
    /// The hub with the lowest latency.
    GeoLatency,
    /// The one hub named.
    Static,
}

impl Allocation {
    /// All policies.
    pub const ALL: [Allocation; 3] = [Allocation::Hashed, Allocation::GeoLatency, Allocation::Static];

    /// The policy of this word.
    pub fn find(word: &str) -> Option<Allocation> {
        Allocation::ALL.into_iter().find(|allocation| allocation.as_str() == word)
    }

    /// Azure's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Allocation::Hashed => "hashed",
            Allocation::GeoLatency => "geoLatency",
            Allocation::Static => "static",
        }
    }
}

/// What happens when a device is provisioned again (Azure: reprovision policy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reprovision {
    /// Whether it may be given to another hub.
    pub update_hub_assignment: bool,
    /// Whether its twin goes with it.
    pub migrate_device_data: bool,
}

/// The two identities of one device: equal unless the recipe names another device ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceIdentity {
    /// At DPS, and the CN of its certificate.
    pub registration_id: RegistrationId,
    /// At the hub.
    pub device_id: DeviceId,
}
