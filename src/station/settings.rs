//! `station.toml`: what the file says, and the checked settings. The generated file explains every key.

pub mod ceremony;
pub mod outside;
pub mod pages;
pub mod printer;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::ca::token::uri::{BadTokenUri, TokenUri};
use crate::domain::code::{Code, Coded};
use crate::domain::language::Language;
use crate::domain::name::Name;
use crate::domain::toml_fault;
use crate::station::settings::outside::{HookPart, Hooks, HooksPart, MetricsPart, Webhook, WebhookPart};
use crate::station::settings::pages::{LogInPart, PagesSettings, TlsPart, parse_listen};
use crate::station::settings::printer::{Printer, PrinterPart};
use crate::station::shifts::{ShiftPart, Shifts};
use crate::station::zone::Zone;

/// The checked settings of a station.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The station's name: part of proof messages, of the issuing CA's subject and of the log's origin.
    pub name: Name,
    /// The pages' address.
    pub listen: SocketAddr,
    /// How they are reached there.
    pub pages: PagesSettings,
    /// Where devices find DPS.
    pub azure: AzureSettings,
    /// Folder of links that counts as ports beside what the system lists.
    pub ports: Option<PathBuf>,
    /// The named positions on the fixture.
    pub slots: Vec<Slot>,
    /// The printers of labels.
    pub printers: Vec<Printer>,
    /// A folder off the station to which each checkpoint is copied.
    pub checkpoint_copies: Option<PathBuf>,
    /// The zone in which pages and reports tell the time.
    pub zone: Zone,
    /// The language of pages for whoever has not chosen one.
    pub language: Language,
    /// The shifts of a day, for reports.
    pub shifts: Shifts,
    /// Who is told what the audit log says.
    pub webhooks: Vec<Webhook>,
    /// Whether anybody on this machine may read the metrics.
    pub open_metrics: bool,
    /// Where the issuing CA's key lies in a token; in the vault if nowhere.
    pub issuing_key: Option<TokenUri>,
    /// Whether a second administrator confirms what is done with root and issuing CA.
    pub second_administrator: bool,
}

/// Where devices find DPS.
#[derive(Debug, Clone)]
pub struct AzureSettings {
    /// The DPS instance's ID scope, injected into devices.
    pub id_scope: String,
    /// The device endpoint, injected into devices.
    pub global_endpoint: String,
    /// PEM file of the roots to trust for the service endpoint; the system's if none is named.
    pub trust: Option<PathBuf>,
    /// How long one request may take.
    pub timeout: Duration,
}

/// A named position on the fixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub name: Name,
    /// The stable path of its port.
    pub port: PathBuf,
    /// Speed in baud.
    pub baud: u32,
    /// How it is known that a device is there.
    pub presence: Presence,
    /// What drives the fixture around it.
    pub hooks: Hooks,
}

/// How a slot knows that a device is there, and that it was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// The port itself comes and goes (USB devices).
    Port,
    /// The DSR line of an adapter wired into the fixture.
    Dsr,
    /// The CTS line of such an adapter.
    Cts,
    /// The device answers or it does not.
    Probe,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("station.toml: {0}")]
pub struct BadSettings(String);

impl Coded for BadSettings {
    fn code(&self) -> Code {
        Code::SettingsInvalid
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    name: String,
    #[serde(default = "usual_listen")]
    listen: String,
    #[serde(default)]
    azure: AzurePart,
    ports: Option<PathBuf>,
    #[serde(default)]
    slot: Vec<SlotPart>,
    #[serde(default)]
    printer: Vec<PrinterPart>,
    checkpoint_copies: Option<PathBuf>,
    #[serde(default = "usual_zone")]
    zone: String,
    #[serde(default = "usual_language")]
    language: Language,
    #[serde(default)]
    shift: Vec<ShiftPart>,
    #[serde(default)]
    hooks: HooksPart,
    #[serde(default)]
    webhook: Vec<WebhookPart>,
    #[serde(default)]
    metrics: MetricsPart,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    tls: TlsPart,
    #[serde(default)]
    log_in: LogInPart,
    issuing_key: Option<IssuingKeyPart>,
    #[serde(default)]
    ceremony: ceremony::CeremonyPart,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuingKeyPart {
    pkcs11: String,
}

fn usual_zone() -> String {
    "UTC".to_owned()
}

fn usual_language() -> Language {
    Language::English
}

fn usual_listen() -> String {
    "127.0.0.1:8470".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AzurePart {
    id_scope: String,
    global_endpoint: String,
    trust: Option<PathBuf>,
    timeout_seconds: u64,
}

impl Default for AzurePart {
    fn default() -> Self {
        AzurePart {
            id_scope: String::new(),
            global_endpoint: "https://global.azure-devices-provisioning.net".to_owned(),
            trust: None,
            timeout_seconds: 30,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotPart {
    name: String,
    port: PathBuf,
    #[serde(default = "usual_baud")]
    baud: u32,
    #[serde(default = "usual_presence")]
    presence: Presence,
    on_start: Option<HookPart>,
    on_verdict: Option<HookPart>,
    on_removed: Option<HookPart>,
}

fn usual_baud() -> u32 {
    115_200
}

fn usual_presence() -> Presence {
    Presence::Port
}

impl Settings {
    /// Reads and checks the text of `station.toml`; relative paths are taken from `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Settings, BadSettings> {
        let file: SettingsFile =
            toml::from_str(text).map_err(|fault| BadSettings(toml_fault::in_one_line(text, &fault)))?;
        let name = file.name.parse::<Name>().map_err(|e| BadSettings(format!("name: {e}")))?;
        let listen = parse_listen(&file.listen).map_err(|e| BadSettings(format!("listen: {e}")))?;
        let pages = pages::checked(file.hosts, file.tls, &file.log_in, folder).map_err(BadSettings)?;
        pages.check(listen).map_err(|e| BadSettings(format!("listen: {e}")))?;
        let zone = Zone::named(&file.zone).map_err(|e| BadSettings(format!("zone: {e}")))?;
        let id_scope = file.azure.id_scope;
        if id_scope.len() > 32 || !id_scope.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(BadSettings(format!("[azure] id_scope: “{id_scope}” is not an ID scope")));
        }
        if !file.azure.global_endpoint.starts_with("https://") {
            return Err(BadSettings("[azure] global_endpoint: begins with https://".to_owned()));
        }
        if !(1..=300).contains(&file.azure.timeout_seconds) {
            return Err(BadSettings("[azure] timeout_seconds: 1 to 300".to_owned()));
        }
        let hooks = outside::hooks(file.hooks, folder).map_err(BadSettings)?;
        let slots =
            file.slot.into_iter().map(|part| slot(part, &hooks, folder)).collect::<Result<Vec<_>, _>>()?;
        if slots.len() > 64 {
            return Err(BadSettings("[[slot]]: at most 64 slots".to_owned()));
        }
        for (at, slot) in slots.iter().enumerate() {
            if slots[..at].iter().any(|earlier| earlier.name == slot.name || earlier.port == slot.port) {
                return Err(BadSettings(format!("[[slot]] {}: name or port stands twice", slot.name)));
            }
        }
        Ok(Settings {
            name,
            listen,
            pages,
            azure: AzureSettings {
                id_scope,
                global_endpoint: file.azure.global_endpoint.trim_end_matches('/').to_owned(),
                trust: file.azure.trust.map(|path| folder.join(path)),
                timeout: Duration::from_secs(file.azure.timeout_seconds),
            },
            ports: file.ports.map(|path| folder.join(path)),
            slots,
            printers: printer::check(file.printer, folder)?,
            checkpoint_copies: file.checkpoint_copies.map(|path| folder.join(path)),
            zone,
            language: file.language,
            shifts: Shifts::of(file.shift).map_err(|e| BadSettings(format!("[[shift]] {e}")))?,
            webhooks: outside::webhooks(file.webhook, folder).map_err(BadSettings)?,
            open_metrics: file.metrics.open,
            issuing_key: file
                .issuing_key
                .map(|part| part.pkcs11.parse())
                .transpose()
                .map_err(|e: BadTokenUri| BadSettings(format!("[issuing_key] pkcs11: {e}")))?,
            second_administrator: file.ceremony.second_administrator,
        })
    }
}

fn slot(part: SlotPart, all: &Hooks, folder: &Path) -> Result<Slot, BadSettings> {
    let name = part.name.parse::<Name>().map_err(|e| BadSettings(format!("[[slot]] name: {e}")))?;
    if !(50..=12_000_000).contains(&part.baud) {
        return Err(BadSettings(format!("[[slot]] {name} baud: 50 to 12000000")));
    }
    let own = [part.on_start, part.on_verdict, part.on_removed];
    let hooks = outside::of_slot(all, &name, own, folder).map_err(BadSettings)?;
    Ok(Slot { name, port: folder.join(part.port), baud: part.baud, presence: part.presence, hooks })
}

/// The text of a new station's `station.toml`, every key explained.
pub fn generated(name: &Name) -> String {
    format!(
        r##"# Settings of this station. Lines that begin with # are explanations or examples.

# The station's name: letters, digits, dots, dashes. It is part of the proof messages that devices sign.
name = "{name}"

# The address of the pages. On any other address than a loopback one they are served under TLS only.
listen = "127.0.0.1:8470"

# Names and addresses by which people reach the station, beside the address above and localhost: no other is served.
# hosts = ["line-1.plant"]

# The time zone in which pages and reports tell the time; records are always in UTC.
zone = "UTC"

# The language of the pages for whoever has not chosen one: en, de, zh or es.
language = "en"

# A folder of links that count as ports beside those the system lists, such as /dev/serial/by-id.
# ports = "/dev/serial/by-id"

# A folder on another machine or medium: each signed checkpoint of the audit log is copied there, into a folder
# of this station's own. It must be there: a missing one is not made but warned about. What came after the last
# checkpoint outside is only as strong as the vault.
# checkpoint_copies = "/mnt/records"

[azure]
# ID scope of your Device Provisioning Service; it is injected into devices.
id_scope = ""
# Where devices register.
global_endpoint = "https://global.azure-devices-provisioning.net"
# PEM file with the roots to trust for DPS; the system's roots if left out.
# trust = "azure-roots.pem"
# How long one request may take, 1 to 300 seconds.
timeout_seconds = 30
# The connection string of a DPS access policy is a secret: `lineside secret set dps`.

# Where the issuing CA's private key lies, if it lies in a PKCS#11 token; in the vault without these lines. The
# token's PIN is a secret: `lineside secret set pkcs11-pin`. `lineside init --pkcs11 URI` makes the key in the token,
# and `lineside ca renew` the next one there; the object named here stays that of the first.
# [issuing_key]
# pkcs11 = "pkcs11:token=line;object=issuing?module-path=/usr/lib/softhsm/libsofthsm2.so"

# The shifts of a day, for reports; each lasts until the next one begins. One of a whole day if left out.
# [[shift]]
# name = "early"
# begins = "06:00"
# The pages' certificate. Without these lines the station makes one itself (tls.pem, tls-key.pem) and renews it.
# [tls]
# certificate = "pages.pem"
# key = "pages-key.pem"
# TLS on a loopback address, too.
# always = true

{}
# One [[slot]] for each position on the fixture. `presence` tells how the station knows that a device is there:
#   port   the port itself comes and goes (USB devices)
#   dsr    the DSR line of an adapter that stays wired into the fixture; cts likewise
#   probe  the device answers or it does not
# [[slot]]
# name = "slot-1"
# port = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0"
# baud = 115200
# presence = "port"

# One [[printer]] for each printer of labels (ZPL). Recipes name it: [label] printer = "labels".
#   address  where it listens, usually port 9100; or instead of that
#   file     a file that labels are appended to; a folder (with a / at its end) gets one file for each label
#   dpi      dots per inch: 203, 300 or 600;  width_mm, height_mm  the size of one label
# [[printer]]
# name = "labels"
# address = "192.0.2.7:9100"
# dpi = 203
# width_mm = 50
# height_mm = 25
{}{}"##,
        pages::LOG_IN_EXPLAINED,
        outside::EXPLAINED,
        ceremony::EXPLAINED
    )
}

#[cfg(test)]
mod tests;
