//! `lineside audit verify | checkpoint | export | prove`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, progress};
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::Code;
use crate::station::folder::Folder;
use crate::station::{checkpoints, clock};
use crate::store;
use crate::store::audit::verify::{self, Options, Report};
use crate::store::audit::{export, log, proof};
use crate::store::devices;
use crate::store::error::StoreError;

/// The longest checkpoint or verifier key that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The tamper-evident log.
#[derive(Subcommand)]
pub enum Audit {
    /// Find what was edited, deleted, inserted, moved or cut off; needs no passphrase
    Verify {
        /// A station's folder or a copy of one (else --station)
        dir: Option<PathBuf>,
        /// Verifier key kept elsewhere (else the station's own)
        #[arg(long, value_name = "F")]
        vkey: Option<PathBuf>,
        /// Checkpoint kept elsewhere; may be given several times
        #[arg(long, value_name = "F")]
        checkpoint: Vec<PathBuf>,
    },
    /// Sign a checkpoint now and print it
    Checkpoint,
    /// Write a C2SP tlog-tiles folder for other people's verifiers
    Export {
        /// The folder to write
        dir: PathBuf,
    },
    /// Print the entries of one device with their inclusion proofs
    Prove {
        /// Serial number, MAC, registration ID or device ID
        device: String,
    },
}

impl Audit {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        match self {
            Audit::Verify { dir, vkey, checkpoint } => {
                verify(common, dir.as_deref(), vkey.as_deref(), checkpoint)
            }
            Audit::Checkpoint => {
                let session = Session::open(common)?;
                let unlocked = session.unlock(common)?;
                let signed = checkpoints::sign(
                    &session.folder,
                    &session.settings,
                    &session.store,
                    &unlocked,
                    clock::now(),
                )?;
                let value = json!({ "size": signed.size, "root": signed.root, "note": signed.note });
                output::report(common.json, &value, || signed.note.clone())
            }
            Audit::Export { dir } => export_log(common, dir),
            Audit::Prove { device } => prove(common, device),
        }
    }
}

fn verify(
    common: &Common,
    dir: Option<&Path>,
    vkey: Option<&Path>,
    notes: &[PathBuf],
) -> Result<(), Failure> {
    let folder = Folder::at(dir.map_or_else(|| common.station_folder(), Path::to_owned));
    let own = folder.ca("audit.vkey");
    let vkey = match vkey {
        Some(path) => Some(read(path)?),
        None if own.is_file() => Some(read(&own)?),
        None => None,
    };
    let options = Options {
        vkey: vkey.map(|text| text.trim().to_owned()),
        checkpoints: notes.iter().map(|path| read(path)).collect::<Result<_, _>>()?,
    };
    let bar = progress::bar(0, "entries", common.json);
    let mut tick = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let report = store::inspect(&folder.database(), |r| verify::verify(r, &options, &mut tick))?;
    bar.finish_and_clear();
    let value = json!({
        "sound": report.sound(), "origin": report.origin, "entries": report.entries, "root": report.root,
        "rows": report.rows, "covered_until": report.covered_until,
        "problems": report.problems.iter().map(|p| json!({ "seq": p.seq, "what": p.what })).collect::<Vec<_>>(),
        "further_problems": report.further_problems,
    });
    output::report(common.json, &value, || as_text(&report))?;
    if report.sound() {
        return Ok(());
    }
    let found =
        u64::try_from(report.problems.len()).unwrap_or(u64::MAX).saturating_add(report.further_problems);
    Err(Failure::work(Code::AuditBroken, format!("the log does not hold: {found} problems")))
}

fn as_text(report: &Report) -> String {
    let mut text = format!(
        "log       {}\nentries   {}\nrows      {}\nroot      {}\n",
        report.origin, report.entries, report.rows, report.root
    );
    for problem in &report.problems {
        match problem.seq {
            Some(seq) => text.push_str(&format!("problem   entry {seq}: {}\n", problem.what)),
            None => text.push_str(&format!("problem   {}\n", problem.what)),
        }
    }
    if report.further_problems > 0 {
        text.push_str(&format!("          and {} more\n", report.further_problems));
    }
    text.push_str(&match report.covered_until {
        Some(seq) => format!(
            "covered   entries up to {seq} by a checkpoint kept elsewhere; what came after is only as strong as the vault\n"
        ),
        None => "covered   by no checkpoint kept elsewhere: the whole log is only as strong as the vault\n".to_owned(),
    });
    text.push_str(if report.sound() { "sound" } else { "NOT SOUND" });
    text
}

fn export_log(common: &Common, dir: &Path) -> Result<(), Failure> {
    let session = Session::open(common)?;
    let unlocked = session.unlock(common)?;
    let (store, now) = (&session.store, clock::now());
    let folder = dir.display().to_string();
    let entries = store.read(log::size)?;
    store.change(&session.actor, now, |change| {
        change.record(AuditEvent::LogExported { entries, folder });
        Ok::<_, StoreError>(())
    })?;
    checkpoints::sign(&session.folder, &session.settings, store, &unlocked, clock::now())?;
    let vkey = unlocked.checkpoint_key.vkey();
    let bar = progress::bar(0, "entries", common.json);
    let mut tick = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let exported = store.read(|r| export::export(r, dir, vkey, &mut tick))?;
    bar.finish_and_clear();
    output::report(common.json, &json!({ "entries": exported.entries, "files": exported.files }), || {
        format!("{} entries in {} files: {}", exported.entries, exported.files, dir.display())
    })
}

fn prove(common: &Common, text: &str) -> Result<(), Failure> {
    let session = Session::open(common)?;
    let device = session
        .store
        .read(|r| devices::find(r, text))?
        .ok_or_else(|| Failure::work(Code::AuditEntryUnknown, format!("no device is known as “{text}”")))?;
    let proofs = session.store.read(|r| {
        let entries = proof::entries_of_device(r, device.id)?;
        entries.into_iter().map(|seq| proof::inclusion(r, seq)).collect::<Result<Vec<_>, _>>()
    })?;
    let value: Vec<_> =
        proofs.iter().map(|p| json!({ "seq": p.seq, "entry": p.entry, "proof": p.to_text() })).collect();
    output::report(common.json, &value, || {
        proofs.iter().map(|p| format!("entry {}\n{}\n{}\n", p.seq, p.entry, p.to_text())).collect()
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: String| {
        Failure::usage(Code::FileUnreadable, format!("{} cannot be read: {error}", path.display()))
    };
    let length = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > LONGEST {
        return Err(unreadable(format!("it has {length} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}
