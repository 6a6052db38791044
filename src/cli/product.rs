//! `lineside product list | show | add | check`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::ca::certificate::Certificate;
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::product::Product;
use crate::domain::product::recipe::BadRecipe;
use crate::station::folder::Folder;
use crate::station::labels::plan;
use crate::station::products;
use crate::station::settings::Settings;

/// Recipes for kinds of devices.
#[derive(Subcommand)]
pub enum Products {
    /// The recipes there are
    List,
    /// The text of a recipe
    Show {
        /// Its name
        name: Name,
    },
    /// Copy a ready recipe into the station's products folder, to be changed there
    Add {
        /// Its name
        name: Name,
    },
    /// Name every fault of a recipe
    Check {
        /// The recipe's file
        file: PathBuf,
    },
}

impl Products {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let folder = Folder::at(common.station_folder());
        match self {
            Products::List => {
                let names = products::names(&folder);
                output::report(common.json, &names, || {
                    let rows: Vec<Vec<String>> = names
                        .iter()
                        .map(|name| match products::find(&folder, name) {
                            Ok(recipe) => vec![
                                name.to_string(),
                                if recipe.built_in { "ready" } else { "own" }.to_owned(),
                                recipe.product.identify.driver.to_string(),
                                recipe.product.credential.as_str().to_owned(),
                            ],
                            Err(error) => vec![name.to_string(), "faulty".to_owned(), error.to_string()],
                        })
                        .collect();
                    output::table(&["recipe", "from", "driver", "credential"], &rows)
                })
            }
            Products::Show { name } => {
                let recipe = products::find(&folder, name)?;
                output::report(common.json, &json!({ "name": name, "text": recipe.text }), || {
                    recipe.text.clone()
                })
            }
            Products::Add { name } => {
                folder.must_exist()?;
                let path = products::add(&folder, name)?;
                output::report(common.json, &json!({ "file": path }), || {
                    format!("{name} is yours to change: {}", path.display())
                })
            }
            Products::Check { file } => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    Failure::usage(
                        Code::FileUnreadable,
                        format!("{} cannot be read: {error}", file.display()),
                    )
                })?;
                match products::check(&folder, &text)
                    .and_then(|product| with_printer(&folder, product))
                    .and_then(|product| under_the_ca(&folder, product))
                {
                    Ok(Product { name, digest, .. }) => {
                        let value = json!({ "usable": true, "name": name, "digest": digest, "faults": [] });
                        output::report(common.json, &value, || format!("{name} is usable."))
                    }
                    Err(BadRecipe { faults }) => {
                        let value = json!({ "usable": false, "faults": faults });
                        output::report(common.json, &value, || faults.join("\n"))?;
                        let many = match faults.len() {
                            1 => "one fault".to_owned(),
                            count => format!("{count} faults"),
                        };
                        let why = format!("{} is not usable: it has {many}", file.display());
                        Err(Failure::work(Code::ProductInvalid, why))
                    }
                }
            }
        }
    }
}

/// Where there is an issuing CA, it must be able to issue what the recipe's profile says.
fn under_the_ca(folder: &Folder, product: Product) -> Result<Product, BadRecipe> {
    let path = folder.ca("issuing.pem");
    if !path.is_file() {
        return Ok(product);
    }
    let fault = |why: String| BadRecipe { faults: vec![format!("[credential] profile: {why}")] };
    let text = folder.read(&path).map_err(|error| fault(error.to_string()))?;
    let issuing = Certificate::from_pem(&text).map_err(|error| fault(error.to_string()))?;
    products::fits_issuer(folder, &product, issuing.not_after()).map_err(|error| fault(error.to_string()))?;
    Ok(product)
}

/// Where there is a station, a recipe's label needs a printer of it.
fn with_printer(folder: &Folder, product: Product) -> Result<Product, BadRecipe> {
    let Some(label) = &product.label else { return Ok(product) };
    if folder.must_exist().is_err() {
        return Ok(product);
    }
    let fault = |why: String| BadRecipe { faults: vec![format!("[label] printer: {why}")] };
    let text = folder.read(&folder.settings()).map_err(|error| fault(error.to_string()))?;
    let settings = Settings::parse(&text, folder.path()).map_err(|error| fault(error.to_string()))?;
    plan::printer(&settings, label).map_err(|error| fault(error.to_string()))?;
    Ok(product)
}
