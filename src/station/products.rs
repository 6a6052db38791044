//! Recipes: the ready ones that are built in, and those in the station's `products` folder, which win.

use crate::ca::issue::{self, Refused};
use crate::ca::key;
use crate::device::render::template_set::TemplateSet;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::product::recipe::BadRecipe;
use crate::domain::product::{Credential, KeyOrigin, Product};
use crate::domain::utc_time::UtcTime;
use crate::durable;
use crate::station::folder::{Folder, FolderError};
use crate::station::labels::plan;
use crate::station::profiles::{self, ProfileError};

/// The ready recipes.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("demo-gateway", include_str!("recipes/demo-gateway.toml")),
    ("demo-sensor", include_str!("recipes/demo-sensor.toml")),
    ("linux-iotedge", include_str!("recipes/linux-iotedge.toml")),
];

/// The longest recipe that is read, in bytes.
pub const LONGEST: u64 = 256 * 1024;

/// A recipe and the text it was read from.
pub struct Recipe {
    /// The checked recipe.
    pub product: Product,
    /// Its text, as the records keep it.
    pub text: String,
    /// Whether it is built in rather than the station's own.
    pub built_in: bool,
}

/// Why a recipe cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// Neither in `products/` nor built in.
    #[error("there is no recipe named {0}")]
    Missing(Name),
    /// The file is there already.
    #[error("the station has a recipe named {0} already")]
    Exists(Name),
    /// The recipe is faulty.
    #[error("{name}: {bad}")]
    Bad {
        /// Which.
        name: String,
        /// What is wrong with it.
        bad: BadRecipe,
    },
    /// The name inside differs from the file's.
    #[error("the recipe in {file}.toml calls itself {inside}")]
    Name {
        /// The file's name.
        file: Name,
        /// The name inside.
        inside: Name,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Coded for RecipeError {
    fn code(&self) -> Code {
        match self {
            RecipeError::Missing(_) => Code::ProductMissing,
            RecipeError::Exists(_) | RecipeError::Bad { .. } | RecipeError::Name { .. } => {
                Code::ProductInvalid
            }
            RecipeError::Folder(error) => error.code(),
        }
    }
}

/// The recipe of this name.
pub fn find(folder: &Folder, name: &Name) -> Result<Recipe, RecipeError> {
    let path = folder.products().join(format!("{name}.toml"));
    let (text, built_in) = if path.is_file() {
        let long = std::fs::metadata(&path).is_ok_and(|meta| meta.len() > LONGEST);
        if long {
            let faults = vec![format!("a recipe has at most {LONGEST} bytes")];
            return Err(RecipeError::Bad { name: name.to_string(), bad: BadRecipe { faults } });
        }
        (folder.read(&path)?, false)
    } else {
        let text = built_in_text(name).ok_or_else(|| RecipeError::Missing(name.clone()))?;
        (text.to_owned(), true)
    };
    let product = check(folder, &text).map_err(|bad| RecipeError::Bad { name: name.to_string(), bad })?;
    if product.name != *name {
        return Err(RecipeError::Name { file: name.clone(), inside: product.name });
    }
    Ok(Recipe { product, text, built_in })
}

/// Reads a recipe and checks that the templates and the certificate profile it names can be had here.
pub fn check(folder: &Folder, text: &str) -> Result<Product, BadRecipe> {
    let product = Product::parse(text)?;
    let mut faults = Vec::new();
    faults.extend(faulty_profile(folder, &product));
    let templates = TemplateSet::new(Some(folder.templates()));
    for (at, file) in (1..).zip(&product.inject) {
        if !templates.has(&file.template) {
            faults.push(format!("[[inject]] {at} template: there is no template “{}”", file.template));
        }
    }
    if let Err(fault) = plan::check(&templates, &product) {
        faults.push(format!("[label] template: {fault}"));
    }
    if faults.is_empty() { Ok(product) } else { Err(BadRecipe { faults }) }
}

/// What keeps the certificate profile from being used for the recipe's devices.
fn faulty_profile(folder: &Folder, product: &Product) -> Option<String> {
    let Credential::X509 { key, profile, .. } = &product.credential else { return None };
    let checked = match profiles::for_devices(folder, profile) {
        Ok(checked) => checked,
        Err(unfit) => return Some(format!("[credential] profile: {unfit}")),
    };
    match key {
        KeyOrigin::Station => {
            let unmade = key::preferred(checked.keys()).err()?;
            Some(format!(
                "[credential] key: {unmade}, and the profile {profile} allows no other; write key = \"on-device\", or name a profile for ec-p256 or ec-p384"
            ))
        }
        KeyOrigin::OnDevice => None,
    }
}

/// Refuses a recipe whose certificates never end, as its profile says, under an issuing CA that does. Apart from
/// [`check`], for the recipe is good all the same, and serves those devices that had theirs from another CA.
pub fn fits_issuer(folder: &Folder, product: &Product, issuer_ends: UtcTime) -> Result<(), Unissuable> {
    match &product.credential {
        Credential::X509 { profile, .. } => {
            Ok(issue::can_end(&profiles::for_devices(folder, profile)?, issuer_ends)?)
        }
        Credential::GroupKey { .. } => Ok(()),
    }
}

/// Why no certificate can be issued by a recipe that is good in itself.
#[derive(Debug, thiserror::Error)]
pub enum Unissuable {
    /// Its profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The issuing CA cannot issue under it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Coded for Unissuable {
    fn code(&self) -> Code {
        match self {
            Unissuable::Profile(error) => error.code(),
            Unissuable::Refused(error) => error.code(),
        }
    }
}

/// The text of a ready recipe.
pub fn built_in_text(name: &Name) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name.as_str()).map(|(_, text)| *text)
}

/// The names of all recipes the station can run, in order.
pub fn names(folder: &Folder) -> Vec<Name> {
    let mut names: Vec<Name> = BUILT_IN.iter().filter_map(|(name, _)| name.parse().ok()).collect();
    if let Ok(entries) = std::fs::read_dir(folder.products()) {
        names.extend(
            entries
                .flatten()
                .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".toml")?.parse::<Name>().ok()),
        );
    }
    names.sort();
    names.dedup();
    names
}

/// Copies a ready recipe into the station's folder, to be changed there.
pub fn add(folder: &Folder, name: &Name) -> Result<std::path::PathBuf, RecipeError> {
    let text = built_in_text(name).ok_or_else(|| RecipeError::Missing(name.clone()))?;
    let path = folder.products().join(format!("{name}.toml"));
    let io = |cause| RecipeError::Folder(FolderError::Io { path: path.clone(), cause });
    std::fs::create_dir_all(folder.products()).map_err(io)?;
    durable::create(&path, text.as_bytes(), durable::PUBLIC).map_err(|cause| {
        if cause.kind() == std::io::ErrorKind::AlreadyExists {
            RecipeError::Exists(name.clone())
        } else {
            io(cause)
        }
    })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::profile::NO_END;
    use std::time::Duration;

    #[test]
    fn every_ready_recipe_is_usable_under_its_name() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        for (name, _) in BUILT_IN {
            let recipe = find(&folder, &name.parse().unwrap()).unwrap();
            assert_eq!(recipe.product.name.as_str(), name);
            assert!(recipe.built_in);
        }
        assert_eq!(names(&folder).len(), BUILT_IN.len());
    }

    #[test]
    fn a_profile_that_cannot_serve_the_recipe_is_named() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let recipe = built_in_text(&"demo-gateway".parse().unwrap()).unwrap();
        let with = |key: &str, profile: &str| {
            let text = recipe.replace("\"on-device\"", &format!("\"{key}\""));
            check(&folder, &text.replace("\"device-p256\"", &format!("\"{profile}\"")))
        };
        // the devices' own requests may hold keys that the station makes none of
        with("on-device", "device-rsa2048").unwrap();
        with("station", "device-p384").unwrap();
        let [fault] = <[String; 1]>::try_from(with("station", "device-rsa2048").unwrap_err().faults).unwrap();
        assert!(
            fault.starts_with("[credential] key: a rsa-2048 key is never made by the station"),
            "{fault}"
        );
        let refused = with("on-device", "proof-of-possession").unwrap_err().to_string();
        assert!(refused.contains("one for devices is needed"), "{refused}");
        let endless = with("on-device", "idevid").unwrap();
        let ends = UtcTime::from_seconds(NO_END);
        fits_issuer(&folder, &endless, ends).unwrap();
        let refused = fits_issuer(&folder, &endless, ends.minus(Duration::from_secs(1))).unwrap_err();
        assert_eq!(refused.code(), Code::CertificateEnd);
        fits_issuer(&folder, &with("station", "device-p256").unwrap(), UtcTime::from_seconds(0)).unwrap();
    }

    #[test]
    fn the_stations_own_recipe_wins_and_is_never_overwritten() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let name: Name = "demo-sensor".parse().unwrap();
        let path = add(&folder, &name).unwrap();
        assert!(matches!(add(&folder, &name), Err(RecipeError::Exists(_))));
        let changed = std::fs::read_to_string(&path).unwrap().replace("sn-{serial}", "zz-{serial}");
        std::fs::write(&path, changed).unwrap();
        let recipe = find(&folder, &name).unwrap();
        assert!(!recipe.built_in);
        assert!(recipe.product.registration_id.to_string().starts_with("zz-"));
        std::fs::write(&path, "name = \"other\"").unwrap();
        assert!(matches!(find(&folder, &name), Err(RecipeError::Bad { .. })));
    }
}
