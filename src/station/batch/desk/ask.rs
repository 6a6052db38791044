//! What can be asked for on the pages, and the use cases that do it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::batch::BatchKind;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::product::Product;
use crate::station::authority::Engineering;
use crate::station::batch::derive::{self, DeriveAsk};
use crate::station::batch::desk::job::{Fault, Job};
use crate::station::batch::desk::look::{self, Look};
use crate::station::batch::export::files::To;
use crate::station::batch::export::format::Format;
use crate::station::batch::export::{self, ExportAsk};
use crate::station::batch::identity_cells::IdentityRule;
use crate::station::batch::import::{self, ImportAsk};
use crate::station::batch::outcome::Outcome;
use crate::station::batch::progress::Progress;
use crate::station::batch::table::Column;
use crate::station::keys::Unlocked;
use crate::station::products;
use crate::station::slots::Floor;
use crate::vault::group_key::Which;

/// What somebody asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A key for each row.
    Derive {
        /// Of this group.
        group: Name,
        /// From its secondary key.
        secondary: bool,
        /// The recipe that forms registration IDs.
        product: Option<Name>,
    },
    /// Records out of the station.
    Export(Box<ExportAsk>),
    /// Devices, work orders, endorsement keys or requests.
    Import {
        /// The recipe that forms registration IDs.
        product: Option<Name>,
    },
}

/// The station is locked.
#[derive(Debug, thiserror::Error)]
#[error("the station is locked")]
struct Locked;

impl Coded for Locked {
    fn code(&self) -> Code {
        Code::VaultLocked
    }
}

impl Ask {
    /// What kind of batch it is.
    pub fn kind(&self) -> BatchKind {
        match self {
            Ask::Derive { .. } => BatchKind::Derive,
            Ask::Export(_) => BatchKind::Export,
            Ask::Import { .. } => BatchKind::Import,
        }
    }

    /// Whether one bad row keeps the others out, unless somebody takes the good ones.
    pub fn is_atomic(&self) -> bool {
        self.kind() == BatchKind::Import
    }

    /// Whether what it writes holds keys in clear.
    pub fn leaves_keys_in_clear(&self) -> bool {
        self.kind() == BatchKind::Derive
    }

    /// Looks through the file of a job; nothing is changed by that.
    pub fn look(&self, floor: &Floor, job: &Job, progress: &Progress) -> Result<Look, Fault> {
        let path = input(job)?;
        match self {
            Ask::Derive { product, .. } => {
                let product = recipe(floor, product.as_ref())?;
                let one_of = [Column::RegistrationId, Column::Serial];
                let one_of = if product.is_some() { &one_of[..] } else { &one_of[..1] };
                let rule = rule(product.as_ref());
                look::devices(path, &rule, one_of, progress).map_err(|error| Fault::of(&error))
            }
            // nothing is handed in
            Ask::Export(_) => Ok(Look::default()),
            Ask::Import { product } => {
                let product = recipe(floor, product.as_ref())?;
                let ask = ImportAsk { file: path, product: product.as_ref(), partial: false };
                let seen = import::preview(&floor.store, &floor.folder, &ask, progress);
                seen.map(Look::from).map_err(|error| Fault::of(&error))
            }
        }
    }

    /// Does it.
    pub fn run(
        &self,
        floor: &Floor,
        right: &Engineering,
        job: &Job,
        partial: bool,
        progress: &Progress,
    ) -> Result<Outcome, Fault> {
        let (store, folder) = (&floor.store, &floor.folder);
        match self {
            Ask::Derive { group, secondary, product } => {
                let (keys, product) = (keys(floor)?, recipe(floor, product.as_ref())?);
                let output = beside(job, "keys.csv");
                let which = if *secondary { Which::Secondary } else { Which::Primary };
                let product = product.as_ref();
                let ask = DeriveAsk { group, which, product, input: input(job)?, output: &output };
                let derived = derive::run(store, &keys.vault, right, &ask, progress);
                derived.map_err(|error| Fault::of(&error))
            }
            Ask::Export(ask) => {
                let keys = keys(floor)?;
                let place = beside(job, output_of(ask.format));
                let to = To::Path(&place);
                let exported = export::run(folder, store, Some(&keys), right, ask, to, progress);
                exported.map_err(|error| Fault::of(&error))
            }
            Ask::Import { product } => {
                let product = recipe(floor, product.as_ref())?;
                let ask = ImportAsk { file: input(job)?, product: product.as_ref(), partial };
                import::run(store, folder, right, &ask, progress).map_err(|error| Fault::of(&error))
            }
        }
    }
}

/// The file that was handed in.
fn input(job: &Job) -> Result<&Path, Fault> {
    let missing = || Fault { code: Code::Internal, sentence: "The batch has no file.".to_owned() };
    job.input.as_ref().map(|input| input.path.as_path()).ok_or_else(missing)
}

/// The recipe of this name, if one is named.
fn recipe(floor: &Floor, name: Option<&Name>) -> Result<Option<Product>, Fault> {
    let found = name.map(|name| products::find(&floor.folder, name)).transpose();
    Ok(found.map_err(|error| Fault::of(&error))?.map(|recipe| recipe.product))
}

/// The rules of a recipe, or the usual ones.
fn rule(product: Option<&Product>) -> IdentityRule {
    product.map_or_else(IdentityRule::default, IdentityRule::of)
}

/// The keys of the station.
fn keys(floor: &Floor) -> Result<Arc<Unlocked>, Fault> {
    floor.keys.current().ok_or_else(|| Fault::of(&Locked))
}

/// What the output of an export is called, as the systems that read it expect it.
fn output_of(format: Format) -> &'static str {
    match format {
        Format::Csv => "devices.csv",
        Format::JsonLines => "devices.jsonl",
        Format::AzureDps => "azure-dps",
        Format::AzureHub => "azure-hub.jsonl",
        Format::NrfCloud => "onboard.csv",
        Format::EspMassMfg => "values.csv",
        Format::RainMaker => "node_certs.csv",
        Format::Aws => "things.jsonl",
        Format::Manifest => "manifest.json",
    }
}

/// A path in the folder of a job, named after its input.
fn beside(job: &Job, ending: &str) -> PathBuf {
    match &job.input {
        Some(input) => {
            let stem = input.name.rsplit_once('.').map_or(input.name.as_str(), |(stem, _)| stem);
            job.folder.join(format!("{stem}-{ending}"))
        }
        None => job.folder.join(ending),
    }
}
