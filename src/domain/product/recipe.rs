//! What a recipe file says, and the check that turns it into a [`Product`]: silly values are refused when
//! the recipe is loaded, not at the first device.

mod credential;
mod file;
mod label;
#[cfg(test)]
mod tests;

use std::time::Duration;

use file::{EnrollPart, IdentifyPart, InjectPart, RecipeFile};

use super::{
    Allocation, Credential, DeviceIdentity, DriverKind, Enroll, EnrollKind, EnrollService, Identify,
    InjectFile, Login, Product, Prove, Reprovision, Start,
};
use crate::domain::code::{Code, Coded};
use crate::domain::device_id::DeviceId;
use crate::domain::digest::Digest;
use crate::domain::label::LabelPattern;
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::product::{announced_tags, enroll_rules};
use crate::domain::registration_id::IdTemplate;
use crate::domain::serial_number::{SerialNumber, SerialRule};
use crate::domain::toml_fault;

/// What is wrong with a recipe: every fault found, each naming its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the recipe is not usable: {}", .faults.join("; "))]
pub struct BadRecipe {
    /// One sentence for each fault.
    pub faults: Vec<String>,
}

impl Coded for BadRecipe {
    fn code(&self) -> Code {
        Code::ProductInvalid
    }
}

/// Collects faults, so that a person sees all of them at once.
struct Faults(Vec<String>);

impl Faults {
    fn take<T, E: std::fmt::Display>(&mut self, place: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|fault| self.0.push(format!("{place}: {fault}"))).ok()
    }

    fn say(&mut self, fault: impl Into<String>) {
        self.0.push(fault.into());
    }

    fn one_of<T: Copy>(&mut self, place: &str, word: &str, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.say(format!("{place}: “{word}” is not one of {}", words.join(", ")));
        }
        found
    }
}

impl Product {
    /// Reads and checks a recipe.
    pub fn parse(text: &str) -> Result<Product, BadRecipe> {
        let file: RecipeFile = toml::from_str(text)
            .map_err(|fault| BadRecipe { faults: vec![toml_fault::in_one_line(text, &fault)] })?;
        let mut faults = Faults(Vec::new());
        let product = check(&file, Digest::of(text.as_bytes()), &mut faults);
        match product {
            Some(product) if faults.0.is_empty() => Ok(product),
            _ => Err(BadRecipe { faults: faults.0 }),
        }
    }

    /// The identities of one device. The CN is the device ID; DPS demands CN = registration ID, so there
    /// the two are the same unless the recipe names another device ID.
    pub fn identity(
        &self,
        serial: &SerialNumber,
        mac: Option<&MacAddress>,
    ) -> Result<DeviceIdentity, Box<dyn Coded + Send + Sync>> {
        let registration_id =
            self.registration_id.registration_id(serial, mac).map_err(|e| Box::new(e) as Box<_>)?;
        if matches!(self.credential, Credential::X509 { .. }) {
            registration_id.fits_cn().map_err(|e| Box::new(e) as Box<_>)?;
        }
        let device_id = match &self.device_id {
            None => DeviceId::from(&registration_id),
            Some(template) => template
                .fill(serial, mac)
                .parse()
                .map_err(|e: crate::domain::device_id::BadDeviceId| Box::new(e) as Box<_>)?,
        };
        Ok(DeviceIdentity { registration_id, device_id })
    }
}

fn check(file: &RecipeFile, digest: Digest, faults: &mut Faults) -> Option<Product> {
    let name = faults.take("name", file.name.parse::<Name>());
    let identify = check_identify(&file.identify, faults);
    let registration_id =
        faults.take("[identity] registration_id", file.identity.registration_id.parse::<IdTemplate>());
    let device_id = match &file.identity.device_id {
        None => Some(None),
        Some(text) => faults.take("[identity] device_id", text.parse::<IdTemplate>()).map(Some),
    };
    let credential = credential::check(&file.credential, faults);
    let inject = check_inject(&file.inject, identify.as_ref().map(|i| i.driver), faults);
    let prove = faults.one_of(
        "[prove] method",
        &file.prove.method,
        &[("sign-nonce", Prove::SignNonce), ("hmac-nonce", Prove::HmacNonce), ("read-back", Prove::ReadBack)],
    );
    let enroll = check_enroll(&file.enroll, faults);
    let label = match &file.label {
        None => Some(None),
        Some(part) => label::check(part, faults).map(Some),
    };
    let product = Product {
        name: name?,
        digest,
        identify: identify?,
        registration_id: registration_id?,
        device_id: device_id?,
        credential: credential?,
        inject: inject?,
        prove: prove?,
        enroll: enroll?,
        label: label?,
    };
    check_together(&product, faults);
    Some(product)
}

fn check_identify(part: &IdentifyPart, faults: &mut Faults) -> Option<Identify> {
    let driver = faults.one_of(
        "[identify] driver",
        &part.driver,
        &[("lineside", DriverKind::Lineside), ("linux-shell", DriverKind::LinuxShell)],
    );
    let serial_rule =
        faults.take("[identify] serial_characters", SerialRule::widened(&part.serial_characters));
    let start = faults.one_of(
        "[identify] start",
        &part.start,
        &[("plug", Start::Plug), ("scan", Start::Scan), ("both", Start::Both)],
    );
    let label = faults.take("[identify] label", part.label.parse::<LabelPattern>());
    if driver == Some(DriverKind::LinuxShell) && part.serial.is_none() {
        faults.say("[identify] serial: linux-shell needs the command that prints the serial number");
    }
    for (place, command) in [("serial", &part.serial), ("mac", &part.mac), ("model", &part.model)] {
        // busybox ash cuts a command line near 1000 characters and runs the stump
        if command.as_ref().is_some_and(|c| c.len() > 500 || c.contains(['\n', '\r'])) {
            faults.say(format!("[identify] {place}: a command is one line of at most 500 characters"));
        }
    }
    if part.expect_model.is_some() && part.model.is_none() && driver == Some(DriverKind::LinuxShell) {
        faults.say("[identify] expect_model: name the command that prints the model, too");
    }
    let password = match &part.password {
        None => Some(None),
        Some(text) => match text.strip_prefix("vault:") {
            Some(name) => faults.take("[identify] password", name.parse::<Name>()).map(Some),
            None => {
                faults.say(
                    "[identify] password: write vault:NAME and store it with `lineside secret set NAME`",
                );
                None
            }
        },
    };
    if !(1..=120).contains(&part.answer_seconds) {
        faults.say("[identify] answer_seconds: 1 to 120");
    }
    let login = match (&part.user, password?) {
        (Some(user), password) => Some(Login { user: user.clone(), password }),
        (None, Some(_)) => {
            faults.say("[identify] user: a password needs its user");
            None
        }
        (None, None) => None,
    };
    Some(Identify {
        driver: driver?,
        serial: part.serial.clone(),
        mac: part.mac.clone(),
        model: part.model.clone(),
        expect_model: part.expect_model.clone(),
        serial_rule: serial_rule?,
        start: start?,
        label: label?,
        login,
        answer_within: Duration::from_secs(part.answer_seconds),
    })
}

/// Paths go into shell commands, so they hold nothing a shell would read; no `..` step either.
fn is_device_path(path: &str) -> bool {
    path.starts_with('/') && is_device_name(path) && !path.ends_with('/')
}

fn is_device_name(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
        && !name.split('/').any(|step| step == "..")
}

fn check_inject(
    parts: &[InjectPart],
    driver: Option<DriverKind>,
    faults: &mut Faults,
) -> Option<Vec<InjectFile>> {
    let mut files: Vec<InjectFile> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let place = format!("[[inject]] {}", at + 1);
        let good = match driver {
            Some(DriverKind::LinuxShell) => is_device_path(&part.path),
            _ => is_device_name(&part.path),
        };
        if !good {
            faults.say(format!("{place} path: “{}” is not a path of letters, digits and . _ - /", part.path));
        }
        if files.iter().any(|earlier| earlier.path == part.path) {
            faults.say(format!("{place} path: “{}” is written twice", part.path));
        }
        let mode = u32::from_str_radix(&part.mode, 8).ok().filter(|mode| *mode <= 0o777);
        if mode.is_none() {
            faults.say(format!("{place} mode: “{}” is not an octal mode such as 0640", part.mode));
        }
        if !is_device_name(&part.template) {
            faults.say(format!("{place} template: “{}” is not a template's name", part.template));
        }
        files.push(InjectFile {
            path: part.path.clone(),
            template: part.template.clone(),
            mode: mode.unwrap_or(0),
        });
    }
    Some(files)
}

fn check_enroll(part: &EnrollPart, faults: &mut Faults) -> Option<Enroll> {
    let service = faults.one_of(
        "[enroll] service",
        &part.service,
        &[("dps", EnrollService::Dps), ("none", EnrollService::None)],
    );
    let kind = faults.one_of(
        "[enroll] kind",
        part.kind.as_deref().unwrap_or("individual"),
        &[("individual", EnrollKind::Individual), ("group", EnrollKind::Group)],
    );
    let allocation = faults.one_of(
        "[enroll] allocation",
        &part.allocation,
        &Allocation::ALL.map(|allocation| (allocation.as_str(), allocation)),
    );
    for fault in enroll_rules::hub_faults(allocation, &part.hubs) {
        faults.say(format!("[enroll] hubs: {fault}"));
    }
    let tags = twin_part("tags", &part.twin.tags, faults);
    let desired = twin_part("desired", &part.twin.desired, faults);
    if announced_tags::columns(&tags).contains(&"") {
        faults
            .say("[enroll.twin.tags]: name the column behind the @, or write @@ for an @ that means nothing");
    }
    Some(Enroll {
        service: service?,
        kind: kind?,
        iot_edge: part.iot_edge,
        allocation: allocation?,
        hubs: part.hubs.clone(),
        reprovision: Reprovision {
            update_hub_assignment: part.reprovision.update_hub_assignment,
            migrate_device_data: part.reprovision.migrate_device_data,
        },
        tags,
        desired,
    })
}

fn twin_part(
    part: &str,
    table: &toml::Table,
    faults: &mut Faults,
) -> serde_json::Map<String, serde_json::Value> {
    for key in table.keys() {
        if !enroll_rules::is_twin_name(key) {
            faults.say(format!("[enroll.twin.{part}] {key}: Azure does not allow this name"));
        }
    }
    match serde_json::to_value(table) {
        Ok(serde_json::Value::Object(map)) => map,
        _ => {
            faults.say(format!("[enroll.twin.{part}] cannot be written as JSON"));
            serde_json::Map::new()
        }
    }
}

fn check_together(product: &Product, faults: &mut Faults) {
    let needs_mac =
        product.registration_id.names_mac() || product.device_id.as_ref().is_some_and(IdTemplate::names_mac);
    if needs_mac && product.identify.mac.is_none() && product.identify.driver == DriverKind::LinuxShell {
        faults.say("[identity] registration_id: {mac} needs the command [identify] mac");
    }
    match (&product.credential, product.prove) {
        (Credential::X509 { .. }, Prove::HmacNonce) => {
            faults.say("[prove] method: hmac-nonce needs a symmetric key; use sign-nonce");
        }
        (Credential::GroupKey { .. }, Prove::SignNonce) => {
            faults.say("[prove] method: sign-nonce needs an X.509 credential; use hmac-nonce");
        }
        _ => {}
    }
    credential::check_secondary(product, faults);
}
