//! The words of a recipe file as they are written, before anything is judged.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecipeFile {
    pub(super) name: String,
    pub(super) identify: IdentifyPart,
    pub(super) identity: IdentityPart,
    pub(super) credential: CredentialPart,
    #[serde(default)]
    pub(super) inject: Vec<InjectPart>,
    pub(super) prove: ProvePart,
    pub(super) enroll: EnrollPart,
    pub(super) label: Option<LabelPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelPart {
    pub(super) template: String,
    #[serde(default = "one")]
    pub(super) copies: u32,
    pub(super) printer: String,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentifyPart {
    pub(super) driver: String,
    pub(super) serial: Option<String>,
    pub(super) mac: Option<String>,
    pub(super) model: Option<String>,
    pub(super) expect_model: Option<String>,
    #[serde(default)]
    pub(super) serial_characters: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    #[serde(default = "plug")]
    pub(super) start: String,
    #[serde(default = "only_serial")]
    pub(super) label: String,
    #[serde(default = "ten")]
    pub(super) answer_seconds: u64,
}

fn plug() -> String {
    "plug".to_owned()
}

fn only_serial() -> String {
    "{serial}".to_owned()
}

fn ten() -> u64 {
    10
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityPart {
    pub(super) registration_id: String,
    pub(super) device_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialPart {
    pub(super) kind: String,
    pub(super) key: Option<String>,
    pub(super) profile: Option<String>,
    #[serde(default = "one")]
    pub(super) copies: u32,
    pub(super) key_path: Option<String>,
    pub(super) secondary_key_path: Option<String>,
    pub(super) group: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InjectPart {
    pub(super) path: String,
    pub(super) template: String,
    #[serde(default = "usual_mode")]
    pub(super) mode: String,
}

fn usual_mode() -> String {
    "0640".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvePart {
    pub(super) method: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrollPart {
    pub(super) service: String,
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) iot_edge: bool,
    #[serde(default = "hashed")]
    pub(super) allocation: String,
    #[serde(default)]
    pub(super) hubs: Vec<String>,
    #[serde(default)]
    pub(super) reprovision: ReprovisionPart,
    #[serde(default)]
    pub(super) twin: TwinPart,
}

fn hashed() -> String {
    "hashed".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReprovisionPart {
    pub(super) update_hub_assignment: bool,
    pub(super) migrate_device_data: bool,
}

impl Default for ReprovisionPart {
    fn default() -> Self {
        ReprovisionPart { update_hub_assignment: true, migrate_device_data: true }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TwinPart {
    pub(super) tags: toml::Table,
    pub(super) desired: toml::Table,
}
