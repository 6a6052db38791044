//! `lineside batch export`.

use std::io;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, progress};
use crate::domain::batch::BatchState;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::station::authority::Engineering;
use crate::station::batch::export::column;
use crate::station::batch::export::files::To;
use crate::station::batch::export::format::Format;
use crate::station::batch::export::{self, ExportAsk};
use crate::station::batch::outcome::Outcome;
use crate::station::batch::progress::Progress;
use crate::store::devices::DeviceState;
use crate::store::export::Selection;

/// Write devices out of the records: a table, or the form of a cloud or maker
#[derive(Args)]
pub struct Export {
    /// The file to write, or the folder for azure-dps; standard output if none is named
    out: Option<PathBuf>,
    /// csv, jsonl, azure-dps, azure-hub, nrf-cloud, esp-mass-mfg, rainmaker, aws or manifest. All but the first two hold
    /// devices that stand provisioned with a certificate, and no others
    #[arg(long, value_name = "F", default_value = "csv")]
    format: String,
    /// Columns of csv and jsonl: serial, mac, registration_id, device_id, state, work_order, product, run, verdict, started,
    /// finished, person, slot, credential, cert_serial, not_before, not_after, sha1, sha256, certificate_pem, chain_pem, and @NAME for a
    /// column of an imported file
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// Column that becomes a tag (nrf-cloud), a column (rainmaker) or a parameter (aws); may be given several times
    #[arg(long, value_name = "A", value_delimiter = ',')]
    tag_column: Vec<String>,
    /// Devices whose newest run is of this work order
    #[arg(long, value_name = "NAME")]
    work_order: Option<Name>,
    /// Devices whose newest run ended at this time or later, such as 2026-11-22T06:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<UtcTime>,
    /// Devices whose newest run ended before this time
    #[arg(long, value_name = "TIME")]
    until: Option<UtcTime>,
    /// Devices whose newest run has this verdict
    #[arg(long)]
    verdict: Option<Verdict>,
    /// Devices in this state: new, provisioned, quarantined, scrapped or released
    #[arg(long)]
    state: Option<DeviceState>,
    /// Devices that imported files announced, made or not, with what the files said: csv and jsonl
    #[arg(long)]
    announced: bool,
    /// Devices that were announced with their TPM's endorsement key: azure-dps
    #[arg(long)]
    tpm: bool,
    /// Leave text as it is even where a spreadsheet would take it for a formula
    #[arg(long)]
    raw: bool,
}

impl Export {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let ask = ExportAsk {
            format: self.format.parse()?,
            columns: column::parse(&self.columns)?,
            tags: column::parse(&self.tag_column)?,
            selection: Selection {
                announced: self.announced || self.tpm,
                work_order: self.work_order.clone(),
                verdict: self.verdict,
                state: self.state,
                from: self.from,
                until: self.until,
            },
            raw: self.raw,
        };
        if self.tpm && ask.format != Format::AzureDps {
            return Err(Failure::usage(Code::ExportAsk, "--tpm is for the format azure-dps"));
        }
        let session = Session::open(common)?;
        let keys = match ask.format {
            Format::Manifest => Some(manifest_keys(&session, common)?),
            _ => None,
        };
        let right = Engineering::at_the_terminal(session.actor.clone());
        let seen = Progress::default();
        let mut stdout = io::stdout();
        let to = match &self.out {
            Some(path) => To::Path(path),
            None => To::Stream(&mut stdout),
        };
        // nothing is said beside what goes to standard output
        let quiet = common.json || self.out.is_none();
        let outcome = progress::watch(&seen, "devices", quiet, || {
            export::run(&session.folder, &session.store, keys.as_ref(), &right, &ask, to, &seen)
        })
        .map_err(|error| session.refused("batch export", error))?;
        if outcome.state == BatchState::Cancelled && seen.is_cancelled() {
            return Err(Failure::work(
                Code::Interrupted,
                "the export was ended, and what it had written is taken away",
            ));
        }
        if self.out.is_some() {
            self.report(common, &outcome)?;
        }
        match outcome.refused {
            0 => Ok(()),
            refused => Err(Failure::work(Code::ExportRow, format!("{refused} devices could not be written"))),
        }
    }

    fn report(&self, common: &Common, outcome: &Outcome) -> Result<(), Failure> {
        let value = json!({
            "batch": outcome.batch, "state": outcome.state, "good": outcome.good, "unchanged": outcome.unchanged,
            "refused": outcome.refused, "faults": outcome.faults, "files": outcome.files,
        });
        output::report(common.json, &value, || {
            let files = outcome.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
            let faults = outcome.faults.iter().map(|fault| format!("\n{} [{}]", fault.message, fault.code));
            format!("{} devices: {}{}", outcome.good, files.join(", "), faults.collect::<String>())
        })
    }
}

/// The keys, with the one that signs manifests: a station founded before there were such gets it now, for which nobody
/// else may have the vault open.
fn manifest_keys(session: &Session, common: &Common) -> Result<crate::station::keys::Unlocked, Failure> {
    let unlocked = session.unlock(common)?;
    if unlocked.vault.manifest_key().is_ok() {
        return Ok(unlocked);
    }
    let (unlocked, _lock) = session.unlock_alone(common)?;
    Ok(unlocked)
}
