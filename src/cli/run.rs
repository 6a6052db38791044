//! `lineside run list | show | resume | supersede | quarantine | scrap`.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::{Session, reason};
use crate::domain::code::Code;
use crate::domain::pair::{Pair, Which};
use crate::domain::stage::Stage;
use crate::domain::step::Steps;
use crate::domain::thumbprint::Thumbprint;
use crate::station::authority::Engineering;
use crate::station::{clock, decisions};
use crate::store::certificates;
use crate::store::devices::{self, Device};
use crate::store::error::StoreError;
use crate::store::runs::decide::Decision;
use crate::store::runs::{self, RunFilter};

/// Attempts to provision a device.
#[derive(Subcommand)]
pub enum Run {
    /// The newest runs
    List {
        /// Only those without a verdict, which wait for a decision
        #[arg(long)]
        unfinished: bool,
        /// At most this many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One run
    Show {
        /// Its number
        run: u64,
    },
    /// Let an unfinished run go on when its device is in a slot again
    Resume(Decided),
    /// Give a run up: its certificate is revoked, its device may be provisioned anew
    Supersede(Decided),
    /// Put the device aside until somebody has looked at it
    Quarantine(Decided),
    /// The device is destroyed: its identity is revoked and never given again
    Scrap(Decided),
}

/// A decision about one run.
#[derive(clap::Args)]
pub struct Decided {
    /// The run's number
    run: u64,
    /// Why, for the records
    #[arg(long, default_value = "decided at the command line")]
    reason: String,
}

impl Run {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        match self {
            Run::List { unfinished, limit } => list(&session, common, *unfinished, *limit),
            Run::Show { run } => show(&session, common, *run),
            Run::Resume(decided) => decide(&session, common, decided, Decision::Resume),
            Run::Supersede(decided) => decide(&session, common, decided, Decision::Supersede),
            Run::Quarantine(decided) => decide(&session, common, decided, Decision::Quarantine),
            Run::Scrap(decided) => decide(&session, common, decided, Decision::Scrap),
        }
    }
}

fn decide(session: &Session, common: &Common, decided: &Decided, decision: Decision) -> Result<(), Failure> {
    let why = reason(&decided.reason)?;
    let engineer = Engineering::at_the_terminal(session.actor.clone());
    decisions::decide(&session.store, &engineer, clock::now(), decided.run, decision, why)
        .map_err(|error| session.refused(&format!("{decision:?} of run {}", decided.run), error))?;
    let done = match decision {
        Decision::Resume => "goes on when its device is in a slot again",
        Decision::Supersede => "is superseded; its device may be provisioned anew",
        Decision::Quarantine => "is quarantined",
        Decision::Scrap => "is scrapped",
    };
    output::report(common.json, &json!({ "run": decided.run, "decision": done }), || {
        format!("Run {} {done}.", decided.run)
    })
}

fn list(session: &Session, common: &Common, unfinished: bool, limit: u32) -> Result<(), Failure> {
    let filter = RunFilter { unfinished, ..RunFilter::default() };
    let runs = session.store.read(|r| runs::list(r, &filter, limit, None))?;
    let value: Vec<Value> = runs.iter().map(|(run, device)| as_json(run, device.as_ref())).collect();
    output::report(common.json, &value, || {
        let rows: Vec<Vec<String>> = runs.iter().map(|(run, device)| as_row(run, device.as_ref())).collect();
        output::table(&["run", "serial", "slot", "stood at", "verdict", "code", "message"], &rows)
    })
}

fn show(session: &Session, common: &Common, number: u64) -> Result<(), Failure> {
    let (run, device, certificates) = session.store.read(|r| {
        let run = runs::get(r, number)?;
        let device = match run.as_ref().and_then(|run| run.device) {
            Some(device) => devices::get(r, device)?,
            None => None,
        };
        Ok::<_, StoreError>((run, device, certificates::by_run(r, number)?))
    })?;
    let run = run.ok_or_else(|| Failure::work(Code::RunUnknown, format!("there is no run {number}")))?;
    let mut value = as_json(&run, device.as_ref());
    let steps = run.steps.as_ref().map(Steps::durations);
    value["steps"] = steps.as_ref().map_or(Value::Null, |steps| {
        let step = |(stage, after, took): &(Stage, u64, u64)| {
            json!({ "step": stage.to_string(), "after_millis": after, "took_millis": took })
        };
        steps.iter().map(step).collect()
    });
    for (which, certificate) in certificates.iter().flat_map(Pair::each) {
        let name = match which {
            Which::Primary => "certificate",
            Which::Secondary => "secondary_certificate",
        };
        value[name] = json!({
            "serial": certificate.serial, "state": certificate.state.as_str(),
            "not_before": certificate.not_before, "not_after": certificate.not_after,
            "sha1": certificate.der.as_deref().map(|der| Thumbprint::sha1(der).to_string()),
            "sha256": certificate.sha256, "public_key": certificate.public_key,
        });
    }
    output::report(common.json, &value, || {
        let mut text = String::new();
        if let Value::Object(members) = &value {
            for (name, member) in members.iter().filter(|(_, member)| !member.is_null()) {
                let member = match name.as_str() {
                    "steps" => in_words(steps.as_deref().unwrap_or_default()),
                    _ => member.as_str().map_or_else(|| member.to_string(), str::to_owned),
                };
                text.push_str(&format!("{name:<16} {member}\n"));
            }
        }
        text
    })
}

fn in_words(steps: &[(Stage, u64, u64)]) -> String {
    let step = |(stage, _, took): &(Stage, u64, u64)| format!("{stage} {took} ms");
    steps.iter().map(step).collect::<Vec<_>>().join(", ")
}

fn as_json(run: &runs::Run, device: Option<&Device>) -> Value {
    let ending = run.ending.as_ref();
    json!({
        "run": run.id,
        "serial": device.map(|d| &d.serial),
        "mac": device.and_then(|d| d.mac),
        "registration_id": device.map(|d| &d.identity.registration_id),
        "work_order": run.work_order,
        "product": run.product,
        "slot": run.slot,
        "person": run.person,
        "credential": run.credential.as_ref().map(|c| c.as_str()),
        "started": run.started,
        "stage": run.stage,
        "verdict": ending.map(|e| e.verdict),
        "code": ending.and_then(|e| e.code).map(|c| c.as_str()),
        "message": ending.map(|e| &e.message),
        "proof": ending.and_then(|e| e.proof.as_ref()),
        "finished": ending.map(|e| e.at),
        "resume": run.resume,
    })
}

fn as_row(run: &runs::Run, device: Option<&Device>) -> Vec<String> {
    let ending = run.ending.as_ref();
    vec![
        run.id.to_string(),
        device.map(|d| d.serial.to_string()).unwrap_or_default(),
        run.slot.as_ref().map(ToString::to_string).unwrap_or_default(),
        run.stage.to_string(),
        ending.map_or_else(|| "—".to_owned(), |e| e.verdict.to_string()),
        ending.and_then(|e| e.code).map(|c| c.to_string()).unwrap_or_default(),
        ending.map(|e| e.message.clone()).unwrap_or_default(),
    ]
}
