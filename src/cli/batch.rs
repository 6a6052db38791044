//! `lineside batch`.

mod derive;
mod export;
mod import;
mod issue;
mod told;

use clap::Subcommand;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::digest::Digest;
use crate::store::batches;

/// Identities in and out of files.
#[derive(Subcommand)]
pub enum Batch {
    /// Derive a key for each row of a table
    Derive(derive::Derive),
    Import(import::Import),
    /// The newest batches, and how they ended
    List {
        /// Those before this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
    },
    /// Issue a certificate for each row of a table, or of a work order's list
    Issue(issue::Issue),
    /// Give up a batch that was cut off; what it issued stays issued
    Cancel(issue::Cancel),
    /// Write devices out of the records: a table, or the form of a cloud or maker
    Export(export::Export),
}

impl Batch {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        match self {
            Batch::Derive(derive) => derive.run(common),
            Batch::Import(import) => import.run(common),
            Batch::List { before } => list(common, *before),
            Batch::Issue(issue) => issue.run(common),
            Batch::Cancel(cancel) => cancel.run(common),
            Batch::Export(export) => export.run(common),
        }
    }
}

fn list(common: &Common, before: Option<u64>) -> Result<(), Failure> {
    let session = Session::open(common)?;
    let found = session.store.read(|r| batches::list(r, 50, before))?;
    let listed: Vec<_> = found
        .iter()
        .map(|batch| {
            json!({
                "batch": batch.id, "kind": batch.kind, "state": batch.state, "input": batch.input,
                "output": batch.output, "good": batch.good, "refused": batch.refused, "person": batch.person,
                "work_order": batch.work_order, "started": batch.started, "finished": batch.finished,
                "input_digest": batch.input_digest.as_ref().map(Digest::to_string),
                "output_digest": batch.output_digest.as_ref().map(Digest::to_string),
            })
        })
        .collect();
    output::report(common.json, &json!({ "batches": listed }), || {
        let lines = found.iter().map(|batch| {
            format!(
                "{}  {}  {}  {} good  {} refused  {} {}",
                batch.id, batch.kind, batch.state, batch.good, batch.refused, batch.input, batch.output
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    })?;
    Ok(())
}
