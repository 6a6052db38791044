//! `lineside batch derive`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::cli::batch::told;
use crate::cli::failure::Failure;
use crate::cli::progress;
use crate::cli::session::Session;
use crate::domain::batch::BatchState;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::pair::Which;
use crate::station::authority::Engineering;
use crate::station::batch::derive::{self, DeriveAsk};
use crate::station::batch::progress::Progress;
use crate::station::products;

/// Derive a key for each row of a table
///
/// OUT has the columns of IN and behind them `symmetric_key`, in clear: keep it as you keep keys. Rows that are refused
/// stand in IN.result.csv; mend that file and derive from it.
#[derive(Args)]
pub struct Derive {
    /// Name of the group key
    #[arg(long, value_name = "NAME")]
    group: Name,
    /// From the secondary key
    #[arg(long)]
    secondary: bool,
    /// Recipe that forms the registration IDs of rows that have none, from serial number and MAC address
    #[arg(long, value_name = "NAME")]
    product: Option<Name>,
    /// The table: CSV with a column registration_id, device_id or cn
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The table to write; there must be no such file
    #[arg(value_name = "OUT")]
    output: PathBuf,
}

impl Derive {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let recipe = self.product.as_ref().map(|name| products::find(&session.folder, name)).transpose()?;
        let unlocked = session.unlock(common)?;
        let right = Engineering::at_the_terminal(session.actor.clone());
        let ask = DeriveAsk {
            group: &self.group,
            which: if self.secondary { Which::Secondary } else { Which::Primary },
            product: recipe.as_ref().map(|recipe| &recipe.product),
            input: &self.input,
            output: &self.output,
        };
        let seen = Progress::default();
        let (store, vault) = (&session.store, &unlocked.vault);
        let derived = progress::watch(&seen, "the table", common.json, || {
            derive::run(&session.folder, store, vault, &right, &ask, &seen)
        });
        let outcome = derived.map_err(|error| session.refused("batch derive", error))?;
        let summary = format!("{} keys, {} rows refused", outcome.good, outcome.refused);
        told::show(common, &outcome, &summary, json!({}))?;
        if outcome.state == BatchState::Cancelled {
            let told = "the derivation was cancelled, and what it had written is taken away";
            return Err(Failure::work(Code::Interrupted, told));
        }
        told::must_be_whole(&outcome)
    }
}
