//! What can be asked for on the pages, and the use cases that do it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Deserialize;

use crate::domain::batch::BatchKind;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::pair::Which;
use crate::domain::product::Product;
use crate::station::authority::{Authority, Engineering};
use crate::station::batch::derive::{self, DeriveAsk};
use crate::station::batch::desk::job::{Fault, Job};
use crate::station::batch::desk::look::{self, Look};
use crate::station::batch::export::files::To;
use crate::station::batch::export::format::Format;
use crate::station::batch::export::{self, ExportAsk};
use crate::station::batch::identity_cells::IdentityRule;
use crate::station::batch::import::{self, ImportAsk};
use crate::station::batch::issue::ask::{IssueAsk, Keys, RequestColumns, SECONDARY_CSR, Under};
use crate::station::batch::issue::failed::IssueFailed;
use crate::station::batch::issue::recipients::Recipients;
use crate::station::batch::issue::{self, Bench, start};
use crate::station::batch::outcome::Outcome;
use crate::station::batch::progress::Progress;
use crate::station::batch::table::{Column, Table};
use crate::station::keys::Unlocked;
use crate::station::products;
use crate::station::slots::Floor;
use crate::store::batches::{self, Batch};
use crate::store::error::StoreError;
use crate::store::reader::Reader;

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
    /// A certificate for each row.
    Issue {
        /// Under these rules.
        under: Under,
        /// The work order whose units are used; else one of exact size is opened.
        work_order: Option<Name>,
        /// Who is to open the keys; nobody if the table has requests.
        recipients: Option<Recipients>,
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
            Ask::Issue { .. } => BatchKind::Issue,
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
            Ask::Issue { .. } => {
                let ask = self.of_issue(floor, path).map_err(|error| Fault::of(&error))?;
                let rule = rule(ask.product());
                let one_of = [Column::Serial, Column::RegistrationId];
                let look =
                    look::devices(path, &rule, &one_of, progress).map_err(|error| Fault::of(&error))?;
                Ok(if ask.is_two() { look.understanding(SECONDARY_CSR) } else { look })
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
                let derived = derive::run(folder, store, &keys.vault, right, &ask, progress);
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
            Ask::Issue { .. } => {
                let (keys, input) = (keys(floor)?, input(job)?);
                let bench = Bench { folder, settings: &floor.settings, store, keys: &keys };
                let ask = self.of_issue(floor, input).map_err(|error| Fault::of(&error))?;
                let person = right.actor().to_string();
                let output = beside(job, "certificates.csv");
                let work =
                    issue::Job { ask: &ask, person: &person, input, output: &output, interruptible: true };
                match issue::run(&bench, right, &work, progress) {
                    Ok(issued) => Ok(issued.outcome),
                    // somebody wants no more of it; a station that ends leaves it to be taken up
                    Err(IssueFailed::Interrupted) if !floor.stop.load(Ordering::Relaxed) => {
                        give_up(&bench, right, job)
                    }
                    Err(error) => Err(Fault::of(&error)),
                }
            }
        }
    }

    /// What was asked of a batch that issues and was cut off, if the pages can ask for it.
    pub fn of_record(batch: &Batch) -> Option<Ask> {
        let asked: IssueAsked = serde_json::from_str(&batch.asked).ok()?;
        let recipients = (!asked.recipients.is_empty()).then(|| Recipients::parse(&asked.recipients));
        let under = asked.product.map_or(Under::Profile(asked.profile), Under::Product);
        let beside = asked.folders.is_some() || asked.tar.is_some();
        let is_ours = batch.kind == BatchKind::Issue && !beside && asked.keys != "clear";
        let ask =
            Ask::Issue { under, work_order: asked.work_order, recipients: recipients.transpose().ok()? };
        is_ours.then_some(ask)
    }

    /// What is asked of a batch that issues; a table with requests says by itself whose keys they are.
    fn of_issue(&self, floor: &Floor, table: &Path) -> Result<IssueAsk, IssueFailed> {
        let Ask::Issue { under, work_order, recipients } = self else { return Err(IssueFailed::KeysNowhere) };
        let columns = RequestColumns::of(Table::open(table)?.header());
        let keys = match (recipients, columns.primary) {
            (None, true) => Keys::FromRequests,
            (Some(recipients), false) => Keys::Sealed(recipients.clone()),
            (Some(_), true) => return Err(IssueFailed::KeysAndRequests),
            (None, false) => return Err(IssueFailed::KeysNowhere),
        };
        let ask = IssueAsk::new(&floor.folder, under, work_order.clone(), keys)?;
        ask.fits(columns).map(|()| ask)
    }
}

/// What the record of a batch that issues says was asked for.
#[derive(Deserialize)]
struct IssueAsked {
    product: Option<Name>,
    profile: Name,
    work_order: Option<Name>,
    keys: String,
    recipients: Vec<String>,
    folders: Option<String>,
    tar: Option<String>,
}

/// Ends a batch that somebody interrupted; what it issued stays issued and lies in its output.
fn give_up(bench: &Bench<'_>, right: &Engineering, job: &Job) -> Result<Outcome, Fault> {
    let digest = job.input.as_ref().map(|input| input.digest);
    let find = |r: &Reader<'_>| match digest {
        Some(digest) => batches::unfinished(r, BatchKind::Issue, &digest),
        None => Ok(None),
    };
    let told = |error: StoreError| Fault::of(&error);
    let missing = || Fault::of(&IssueFailed::Interrupted);
    let batch = bench.store.read(find).map_err(told)?.ok_or_else(missing)?.id;
    start::cancel(bench, right, batch).map_err(|error| Fault::of(&error))?;
    let record = bench.store.read(|r| batches::get(r, batch)).map_err(told)?.ok_or_else(missing)?;
    Ok(Outcome {
        batch: Some(batch),
        state: record.state,
        good: record.good,
        unchanged: 0,
        refused: record.refused,
        faults: Vec::new(),
        files: Vec::new(),
    })
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
