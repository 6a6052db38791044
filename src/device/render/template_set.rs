//! Where templates come from: the station's `templates/` folder first, then the built-in ones.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::LARGEST;

/// The templates shipped with the product, by name.
const BUILT_IN: [(&str, &str); 6] = [
    ("iotedge-1.2/config.toml", include_str!("../templates/iotedge-1.2/config.toml")),
    ("iotedge-1.1/config.yaml", include_str!("../templates/iotedge-1.1/config.yaml")),
    ("dps.json", include_str!("../templates/dps.json")),
    ("c-header/identity.h", include_str!("../templates/c-header/identity.h")),
    ("device-qr.zpl", include_str!("../templates/device-qr.zpl")),
    ("device-datamatrix.zpl", include_str!("../templates/device-datamatrix.zpl")),
];

/// Contents that need no template.
const CONTENTS: [&str; 10] = [
    "certificate",
    "chain",
    "private-key",
    "secondary-certificate",
    "secondary-chain",
    "secondary-private-key",
    "issuing-ca",
    "root-ca",
    "device-key",
    "device-key.raw",
];

/// The templates a recipe may name.
#[derive(Debug, Clone, Default)]
pub struct TemplateSet {
    folder: Option<PathBuf>,
}

/// Why a template has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Nobody knows it.
    Unknown,
    /// It is there, but.
    Why(String),
}

impl TemplateSet {
    /// The built-in templates, and before them those in this folder.
    pub fn new(folder: Option<PathBuf>) -> TemplateSet {
        TemplateSet { folder }
    }

    /// Whether a recipe may name this: a built-in content or a template that can be read.
    pub fn has(&self, template: &str) -> bool {
        CONTENTS.contains(&template) || self.source(template).is_ok()
    }

    pub(super) fn source(&self, template: &str) -> Result<String, Unreadable> {
        if let Some(folder) = &self.folder
            && stays_inside(template)
            && let Some(text) = read(&folder.join(template))?
        {
            return Ok(text);
        }
        BUILT_IN
            .iter()
            .find(|(name, _)| *name == template)
            .map(|(_, text)| (*text).to_owned())
            .ok_or(Unreadable::Unknown)
    }
}

fn stays_inside(template: &str) -> bool {
    let steps = Path::new(template).components();
    !template.is_empty() && steps.into_iter().all(|step| matches!(step, std::path::Component::Normal(_)))
}

fn read(path: &Path) -> Result<Option<String>, Unreadable> {
    let why = |error: std::io::Error| Unreadable::Why(error.to_string());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(why(error)),
    };
    if !file.metadata().map_err(why)?.is_file() {
        return Ok(None);
    }
    let mut text = String::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    file.take(most + 1).read_to_string(&mut text).map_err(why)?;
    if text.len() > LARGEST {
        return Err(Unreadable::Why(format!("it has more than {LARGEST} bytes")));
    }
    Ok(Some(text))
}
