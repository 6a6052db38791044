//! The files a device is given: either one of the built-in contents (a certificate, a key) or a template of
//! the recipe, filled with this device's values, each escaped for the file's format.

pub mod escape;
pub mod label;
pub mod template_set;
mod variables;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use self::escape::Format;
use self::template_set::{TemplateSet, Unreadable};
use self::variables::Variables;
use crate::domain::code::{Code, Coded};
use crate::domain::device_id::DeviceId;
use crate::domain::digest::Digest;
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::pair::{Pair, Which};
use crate::domain::product::{Credential, DeviceIdentity, InjectFile, KeyOrigin, Product};
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::domain::serial_number::SerialNumber;

/// The largest file that is rendered, in bytes.
pub const LARGEST: usize = 256 * 1024;
/// Work one rendering may do (the template engine's own unit; about 6 MB of text).
const FUEL: u64 = 100_000;

/// A file as it is to lie on the device.
pub struct Rendered {
    /// Where it goes.
    pub path: String,
    /// Access rights.
    pub mode: u32,
    /// Its bytes.
    pub content: Secret,
    /// Whether it holds a secret: then it shows as its length only.
    pub secret: bool,
}

impl Rendered {
    /// The SHA-256 of its bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(self.content.expose())
    }
}

/// What the files of one device are made from.
pub struct RenderContext {
    /// Its identity at DPS.
    pub registration_id: RegistrationId,
    /// Its identity at the hub.
    pub device_id: DeviceId,
    /// Its serial number.
    pub serial: SerialNumber,
    /// Its MAC address.
    pub mac: Option<MacAddress>,
    /// The product's name.
    pub product: Name,
    /// The station's name.
    pub station: Name,
    /// ID scope of the DPS.
    pub id_scope: Option<String>,
    /// The DPS device endpoint as a URL, such as `https://global.azure-devices-provisioning.net`.
    pub global_endpoint: String,
    /// The hub, where the recipe names one.
    pub hub: Option<String>,
    /// Where the device keeps its private key, or both of them.
    pub key_paths: Option<Pair<String>>,
    /// Where it is given its certificate (chain), of either kind.
    pub certificate_paths: Pair<Option<String>>,
    /// Where it is given its symmetric key as raw bytes.
    pub device_key_path: Option<String>,
    /// Its certificates, PEM, with the private keys that the station made.
    pub certificates: Option<Pair<Certified>>,
    /// The issuing CA's certificate, PEM.
    pub issuing_ca: Option<String>,
    /// The root's certificate, PEM.
    pub root_ca: Option<String>,
    /// Its symmetric key, the bytes themselves.
    pub device_key: Option<Secret>,
}

/// A certificate and its key.
pub struct Certified {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its private key as PKCS#8 PEM, where the station made it.
    pub private_key_pem: Option<Secret>,
}

/// The recipe's word for the private key that the station made.
pub fn private_key(which: Which) -> &'static str {
    match which {
        Which::Primary => "private-key",
        Which::Secondary => "secondary-private-key",
    }
}

/// Azure's own endpoint, for every DPS there is.
pub const GLOBAL_ENDPOINT: &str = "https://global.azure-devices-provisioning.net";

impl RenderContext {
    /// The context of one device with what the recipe says about paths and hub; credential and DPS are added
    /// by the caller.
    pub fn new(
        product: &Product,
        identity: &DeviceIdentity,
        serial: &SerialNumber,
        mac: Option<&MacAddress>,
        station: &Name,
    ) -> RenderContext {
        let path_of = |template: &str| {
            product.inject.iter().find(|file| file.template == template).map(|file| file.path.clone())
        };
        let key_paths = match &product.credential {
            Credential::X509 { key: KeyOrigin::OnDevice, key_paths, .. } => Some(key_paths.clone()),
            Credential::X509 { key: KeyOrigin::Station, key_paths, .. } => {
                let written =
                    |which, path: &String| path_of(private_key(which)).unwrap_or_else(|| path.clone());
                Some(key_paths.as_ref().map(written))
            }
            Credential::GroupKey { .. } => None,
        };
        RenderContext {
            registration_id: identity.registration_id.clone(),
            device_id: identity.device_id.clone(),
            serial: serial.clone(),
            mac: mac.cloned(),
            product: product.name.clone(),
            station: station.clone(),
            id_scope: None,
            global_endpoint: GLOBAL_ENDPOINT.to_owned(),
            hub: product.enroll.hubs.first().cloned(),
            key_paths,
            certificate_paths: Pair {
                primary: path_of("chain").or_else(|| path_of("certificate")),
                secondary: Some(path_of("secondary-chain").or_else(|| path_of("secondary-certificate"))),
            },
            device_key_path: path_of("device-key.raw"),
            certificates: None,
            issuing_ca: None,
            root_ca: None,
            device_key: None,
        }
    }

    /// Leaf, then issuing CA: what a device presents to DPS.
    fn chain(&self, which: Which) -> Option<String> {
        let (leaf, issuing) = (self.certificate(which)?, self.issuing_ca.as_ref()?);
        Some(format!("{}\n{}\n", leaf.trim_end(), issuing.trim_end()))
    }

    fn certified(&self, which: Which) -> Option<&Certified> {
        self.certificates.as_ref()?.get(which)
    }

    fn certificate(&self, which: Which) -> Option<&str> {
        self.certified(which).map(|one| one.certificate.as_str())
    }

    fn private_key(&self, which: Which) -> Option<&Secret> {
        self.certified(which)?.private_key_pem.as_ref()
    }

    fn device_key_text(&self) -> Option<String> {
        self.device_key.as_ref().map(|key| BASE64.encode(key.expose()))
    }
}

/// Why a file cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// No built-in content, file of the station or built-in template has this name.
    #[error("there is no template “{template}”")]
    Unknown {
        /// The recipe's word.
        template: String,
    },
    /// The station's file cannot be read or is no UTF-8 text.
    #[error("template “{template}” cannot be read: {why}")]
    Unreadable {
        /// The template.
        template: String,
        /// Why.
        why: String,
    },
    /// This device has no such thing.
    #[error("“{path}” asks for “{template}”, which this device does not get")]
    NotThere {
        /// The file.
        path: String,
        /// The content asked for.
        template: String,
    },
    /// The template is wrong.
    #[error("template “{template}”, line {line}: {why}")]
    Failed {
        /// The template.
        template: String,
        /// Counted from 1; 0 if unknown.
        line: usize,
        /// What the engine says.
        why: String,
    },
    /// The result is too large.
    #[error("“{path}” would have {size} bytes, at most {LARGEST} are allowed")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        size: usize,
    },
}

impl Coded for RenderError {
    fn code(&self) -> Code {
        match self {
            RenderError::TooLarge { .. } => Code::TooLarge,
            RenderError::Unknown { .. }
            | RenderError::Unreadable { .. }
            | RenderError::NotThere { .. }
            | RenderError::Failed { .. } => Code::TemplateFailed,
        }
    }
}

/// Makes the content of one file of the recipe.
pub fn render(
    file: &InjectFile,
    context: &RenderContext,
    templates: &TemplateSet,
) -> Result<Rendered, RenderError> {
    let open = |text: Option<String>| text.map(|text| (Secret::from(text), false));
    let (which, template) = match file.template.strip_prefix("secondary-") {
        Some(rest) => (Which::Secondary, rest),
        None => (Which::Primary, file.template.as_str()),
    };
    let ready = match template {
        "certificate" => Some(open(context.certificate(which).map(str::to_owned))),
        "chain" => Some(open(context.chain(which))),
        "private-key" => Some(context.private_key(which).map(|key| (key.duplicate(), true))),
        _ if which == Which::Secondary => None,
        "issuing-ca" => Some(open(context.issuing_ca.clone())),
        "root-ca" => Some(open(context.root_ca.clone())),
        "device-key" => Some(context.device_key_text().map(|text| (Secret::from(text), true))),
        "device-key.raw" => Some(context.device_key.as_ref().map(|key| (key.duplicate(), true))),
        _ => None,
    };
    let (content, secret) = match ready {
        Some(Some(ready)) => ready,
        Some(None) => {
            return Err(RenderError::NotThere { path: file.path.clone(), template: file.template.clone() });
        }
        None => fill(&file.template, context, templates)?,
    };
    if content.len() > LARGEST {
        return Err(RenderError::TooLarge { path: file.path.clone(), size: content.len() });
    }
    Ok(Rendered { path: file.path.clone(), mode: file.mode, content, secret })
}

/// Fills a template; the result counts as secret if the template so much as looked at a secret value.
fn fill(
    template: &str,
    context: &RenderContext,
    templates: &TemplateSet,
) -> Result<(Secret, bool), RenderError> {
    let source = templates.source(template).map_err(|fault| match fault {
        Unreadable::Unknown => RenderError::Unknown { template: template.to_owned() },
        Unreadable::Why(why) => RenderError::Unreadable { template: template.to_owned(), why },
    })?;
    let variables = Arc::new(Variables::of(context));
    let rendered = environment().and_then(|environment| {
        environment.render_named_str(template, &source, Value::from_dyn_object(Arc::clone(&variables)))
    });
    let secret = variables.secret_was_read();
    match rendered {
        Ok(text) => Ok((Secret::from(text), secret)),
        Err(error) => Err(failed(template, &error, !secret)),
    }
}

/// What the engine says; its detail may quote the value that did not fit.
fn failed(template: &str, error: &minijinja::Error, tell: bool) -> RenderError {
    let detail = error.detail().filter(|_| tell).map(|detail| format!(": {detail}"));
    let why = match error.kind() {
        ErrorKind::UndefinedError => {
            format!("a value is used that this device does not have{}", detail.unwrap_or_default())
        }
        kind => format!("{kind}{}", detail.unwrap_or_default()),
    };
    RenderError::Failed { template: template.to_owned(), line: error.line().unwrap_or(0), why }
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.set_syntax(
        minijinja::syntax::SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    environment.set_auto_escape_callback(|name| Format::of(name).as_auto_escape());
    environment.set_formatter(escape::write);
    Ok(environment)
}

#[cfg(test)]
mod tests;
