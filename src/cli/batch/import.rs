//! `lineside batch import`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Common;
use crate::cli::batch::told;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, progress};
use crate::domain::batch::BatchState;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::station::authority::Engineering;
use crate::station::batch::import::judge::Tally;
use crate::station::batch::import::{self, ImportAsk, Preview};
use crate::station::batch::outcome::Outcome;
use crate::station::batch::progress::Progress;
use crate::station::products;

/// Take devices, endorsement keys, certificate requests or work orders in from a table
#[derive(Args)]
pub struct Import {
    /// The table: CSV in UTF-8 whose first line names the columns
    file: PathBuf,
    /// Only say what would be done; nothing is written
    #[arg(long)]
    dry_run: bool,
    /// Take the good rows even if others are refused
    #[arg(long)]
    partial: bool,
    /// The recipe that forms registration IDs and says which serial numbers are believed
    #[arg(long, value_name = "NAME")]
    product: Option<Name>,
}

impl Import {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let recipe = self.product.as_ref().map(|name| products::find(&session.folder, name)).transpose()?;
        let product = recipe.as_ref().map(|recipe| &recipe.product);
        let ask = ImportAsk { file: &self.file, product, partial: self.partial };
        let (store, folder, seen) = (&session.store, &session.folder, Progress::default());
        if self.dry_run {
            let preview = progress::watch(&seen, "the file", common.json, || {
                import::preview(store, folder, &ask, &seen)
            })?;
            show_preview(common, &preview)?;
            return match preview.tally.refused {
                0 => Ok(()),
                refused => Err(rows_refused(refused, "nothing was written")),
            };
        }
        let right = Engineering::at_the_terminal(session.actor.clone());
        let outcome = progress::watch(&seen, "the file", common.json, || {
            import::run(store, folder, &right, &ask, &seen)
        });
        let outcome = outcome.map_err(|error| session.refused("batch import", error))?;
        let Outcome { good, unchanged, refused, .. } = &outcome;
        let summary = format!("{good} good ({unchanged} of them known already), {refused} refused");
        told::show(common, &outcome, &summary, json!({}))?;
        let then = match outcome.state {
            BatchState::Cancelled => {
                let why = "the import was cancelled and nothing was taken";
                return Err(Failure::work(Code::Interrupted, why));
            }
            BatchState::Done => "the others were taken",
            BatchState::Failed | BatchState::Running => "nothing was taken",
        };
        match outcome.refused {
            0 => Ok(()),
            refused => Err(rows_refused(refused, then)),
        }
    }
}

fn rows_refused(refused: u64, then: &str) -> Failure {
    let rows = if refused == 1 { "1 row was".to_owned() } else { format!("{refused} rows were") };
    Failure::work(Code::RowsRefused, format!("{rows} refused; {then}"))
}

fn show_preview(common: &Common, preview: &Preview) -> Result<(), Failure> {
    let Preview { kind, understood, kept, tally } = preview;
    let Tally { rows, new, unchanged, refused, duplicates, contradictions, placeholders, faults } = tally;
    let columns: Vec<Value> =
        understood.iter().map(|column| json!({ "name": column.name, "means": column.means })).collect();
    let good = new + unchanged;
    let value = json!({
        "what": kind.as_str(), "understood": columns, "kept": kept, "rows": rows, "good": good,
        "unchanged": unchanged, "refused": refused, "duplicates": duplicates,
        "contradictions": contradictions, "placeholders": placeholders, "faults": faults,
    });
    output::report(common.json, &value, || {
        let mut lines: Vec<String> = faults.iter().map(told::line).collect();
        let named: Vec<String> =
            understood.iter().map(|column| format!("{} ({})", column.name, column.means)).collect();
        lines.push(format!("{}: {}", kind.as_str(), named.join(", ")));
        if !kept.is_empty() {
            lines.push(format!("kept as they are: {}", kept.join(", ")));
        }
        lines.push(format!(
            "{rows} rows: {good} good ({unchanged} of them known already), {refused} refused \
             ({duplicates} twice in the file, {contradictions} against the records, {placeholders} placeholders)"
        ));
        lines.join("\n")
    })
}
