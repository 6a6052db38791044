//! Import: devices, their certificate requests and endorsement keys, and work orders out of a table. The file is read
//! twice: first for the keys by which rows find each other and the records (`scan`, `pair`), then row by row with what
//! was found (`judge`), which writes the result file and, unless it is a preview, the rows (`take`). Nothing of a
//! batch counts before its last change, so a fault, a cancel or a kill leaves nothing behind.

pub mod fault;
pub mod judge;
pub mod leftovers;
pub mod orders;
pub mod pair;
pub mod plan;
pub mod requests;
pub mod scan;
pub mod sorter;
pub mod take;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use self::fault::ImportFailed;
use self::judge::{Judge, Tally};
use self::plan::{ImportKind, Plan, Understood};
use self::sorter::Sorted;
use super::outcome::{Outcome, RowFault};
use super::progress::Progress;
use super::result_file;
use super::table::Table;
use crate::domain::audit_event::AuditEvent;
use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::person::Actor;
use crate::domain::product::Product;
use crate::station::authority::{Authority, Engineering};
use crate::station::blocklist::Blocklist;
use crate::station::clock;
use crate::station::folder::Folder;
use crate::store::Store;
use crate::store::batches::{self, Ended, NewBatch};
use crate::store::error::StoreError;

/// What is to be imported.
#[derive(Debug, Clone, Copy)]
pub struct ImportAsk<'a> {
    /// The table.
    pub file: &'a Path,
    /// The recipe that forms registration IDs and says which serial numbers are believed.
    pub product: Option<&'a Product>,
    /// Whether the good rows are taken when others are not.
    pub partial: bool,
}

/// What an import would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What the table holds.
    pub kind: ImportKind,
    /// The columns that were understood.
    pub understood: Vec<Understood>,
    /// The columns that mean nothing to us and are kept as they are.
    pub kept: Vec<String>,
    /// What would become of the rows.
    pub tally: Tally,
}

/// Says what an import would do, and writes nothing.
///
/// # Errors
/// A table that cannot be read as a whole; [`ImportFailed::Cancelled`].
pub fn preview(
    store: &Store,
    folder: &Folder,
    ask: &ImportAsk<'_>,
    progress: &Progress,
) -> Result<Preview, ImportFailed> {
    let plan = plan_of(folder, ask)?;
    let tally = if plan.kind == ImportKind::WorkOrders {
        orders::read(store, folder, ask, &plan)?.tally
    } else {
        progress.expect(2 * length(ask.file)?);
        let candidates = look_up(store, folder, ask, &plan, progress)?.candidates;
        Judge::new(store, ask, &plan, &candidates, progress)?.walk(|_, _| Ok(()))?
    };
    let Plan { kind, understood, kept, .. } = plan;
    Ok(Preview { kind, understood, kept: kept.into_iter().map(|(_, name)| name).collect(), tally })
}

/// What the table holds; the list of blocked keys is read if it holds requests.
fn plan_of(folder: &Folder, ask: &ImportAsk<'_>) -> Result<Plan, ImportFailed> {
    let plan = Plan::of(Table::open(ask.file)?.header(), ask.product)?;
    Ok(match plan.kind {
        ImportKind::Requests => plan.without_keys_on(Blocklist::load(folder)?),
        ImportKind::Devices | ImportKind::EndorsementKeys | ImportKind::WorkOrders => plan,
    })
}

/// Imports a file: all of it or, if so asked, its good rows. The result file is written in either case; an older one
/// of its name is replaced once this import has ended. Importing a file again changes nothing.
///
/// # Errors
/// A table that cannot be read as a whole, another import that runs, records that cannot be written; what was begun
/// is on record as failed then. That rows were refused is no error but stands in the outcome.
pub fn run(
    store: &Store,
    folder: &Folder,
    right: &Engineering,
    ask: &ImportAsk<'_>,
    progress: &Progress,
) -> Result<Outcome, ImportFailed> {
    let _lock = folder.lock_import()?.ok_or(ImportFailed::Runs)?;
    let actor = right.actor();
    leftovers::clear(store, actor)?;
    let plan = plan_of(folder, ask)?;
    let input_digest = digest_of(ask.file)?;
    let batch = begin(store, actor, ask, &plan, &input_digest)?;
    let importing = Importing { store, folder, actor, ask, plan: &plan, progress, batch, input_digest };
    let worked = match plan.kind {
        ImportKind::WorkOrders => orders::import(&importing),
        ImportKind::Devices | ImportKind::EndorsementKeys | ImportKind::Requests => devices(&importing),
    };
    match worked {
        Ok(outcome) => Ok(outcome),
        Err(ImportFailed::Cancelled) => {
            importing.give_up(BatchState::Cancelled, None)?;
            Ok(Outcome {
                batch: Some(batch),
                state: BatchState::Cancelled,
                good: 0,
                unchanged: 0,
                refused: 0,
                faults: Vec::new(),
                files: Vec::new(),
            })
        }
        // the batch is done; what failed came after
        Err(error @ ImportFailed::Result { .. }) => Err(error),
        Err(error) => {
            if let Err(second) = importing.give_up(BatchState::Failed, Some(error.code())) {
                // it stands as running, and the next import clears it away
                tracing::error!(code = %second.code(), "a failed import could not be cleared away: {second}");
            }
            Err(error)
        }
    }
}

/// An import under way.
pub struct Importing<'a> {
    pub(super) store: &'a Store,
    pub(super) folder: &'a Folder,
    pub(super) actor: &'a Actor,
    pub(super) ask: &'a ImportAsk<'a>,
    pub(super) plan: &'a Plan,
    pub(super) progress: &'a Progress,
    pub(super) batch: u64,
    pub(super) input_digest: Digest,
}

impl Importing<'_> {
    /// Ends the batch with nothing taken; rows that were written go first.
    fn give_up(&self, state: BatchState, code: Option<Code>) -> Result<(), StoreError> {
        leftovers::remove(self.store, self.batch)?;
        let ended = Ended { state, good: 0, refused: 0, code, input_digest: None, output_digest: None };
        self.store.change(self.actor, clock::now(), |change| batches::end(change, self.batch, &ended))
    }

    /// Refuses a file with faulty rows: the result file says of each row why, or that it was not taken.
    pub(super) fn refuse(&self, tally: &Tally, output: &Digest) -> Result<(), StoreError> {
        let ended = Ended {
            state: BatchState::Failed,
            good: 0,
            refused: tally.refused,
            code: Some(Code::RowsRefused),
            input_digest: None,
            output_digest: Some(output),
        };
        self.store.change(self.actor, clock::now(), |change| batches::end(change, self.batch, &ended))
    }

    /// What the caller is told of a batch that has ended.
    pub(super) fn outcome(&self, state: BatchState, tally: Tally, result: PathBuf) -> Outcome {
        let Tally { new, unchanged, refused, faults, .. } = tally;
        let good = if state == BatchState::Done { new + unchanged } else { 0 };
        let unchanged = if state == BatchState::Done { unchanged } else { 0 };
        Outcome { batch: Some(self.batch), state, good, unchanged, refused, faults, files: vec![result] }
    }
}

/// What the first reading found.
struct LookedUp {
    keys: Sorted,
    candidates: Sorted,
    /// Rows that are refused whatever the records say.
    faulty: bool,
}

fn look_up(
    store: &Store,
    folder: &Folder,
    ask: &ImportAsk<'_>,
    plan: &Plan,
    progress: &Progress,
) -> Result<LookedUp, ImportFailed> {
    let scanned = scan::scan(store, folder.path(), ask, plan, progress)?;
    let paired = pair::pair(store, &scanned.keys, scanned.candidates, progress)?;
    let faulty = scanned.refused > 0 || paired.inside > 0;
    Ok(LookedUp { keys: scanned.keys, candidates: paired.candidates, faulty })
}

fn devices(importing: &Importing<'_>) -> Result<Outcome, ImportFailed> {
    let Importing { store, folder, ask, plan, progress, .. } = *importing;
    progress.expect(3 * length(ask.file)?);
    let newest_seen = store.read(crate::store::announced::known::newest_seen)?;
    let LookedUp { keys, candidates, faulty } = look_up(store, folder, ask, plan, progress)?;
    let refused = match (ask.partial, faulty) {
        (true, _) => false,
        (false, true) => true,
        // only the records can have something against it; that is seen before anything is written
        (false, false) if !candidates.is_empty() => {
            Judge::new(store, ask, plan, &candidates, progress)?.walk(|_, _| Ok(()))?.refused > 0
        }
        (false, false) => false,
    };
    if refused {
        let (tally, result) = take::explain(importing, &candidates)?;
        importing.refuse(&tally, result.digest())?;
        let path = result.put_in_place()?;
        return Ok(importing.outcome(BatchState::Failed, tally, path));
    }
    take::take(importing, &keys, &candidates, newest_seen)
}

fn begin(
    store: &Store,
    actor: &Actor,
    ask: &ImportAsk<'_>,
    plan: &Plan,
    digest: &Digest,
) -> Result<u64, StoreError> {
    let asked = json!({
        "what": plan.kind.as_str(),
        "product": ask.product.map(|product| product.name.as_str()),
        "partial": ask.partial,
    });
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let new = NewBatch {
        kind: BatchKind::Import,
        input: &name(ask.file),
        output: &name(&result_file::beside(ask.file)),
        input_digest: Some(digest),
        asked: &asked,
        work_order: None,
        person: &actor.to_string(),
    };
    store.change(actor, clock::now(), |change| {
        if let Some(product) = ask.product {
            change.record(AuditEvent::ProductUsed { name: product.name.clone(), digest: product.digest });
        }
        batches::begin(change, &new)
    })
}

/// SHA-256 of a file.
pub(super) fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Digest::from_bytes(hasher.finalize().into())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn length(path: &Path) -> io::Result<u64> {
    Ok(std::fs::metadata(path)?.len())
}

/// Whether a row's fault is one of a maker's placeholders.
fn is_placeholder(fault: &RowFault) -> bool {
    fault.code == Code::Placeholder
}
