//! How a batch begins, or goes on after it was cut off; and how one that was cut off is given up.

use std::path::Path;

use super::ask;
use super::failed::IssueFailed;
use super::own_output;
use super::places;
use super::surveyed::{self, Survey, SurveyedFile};
use super::writer::Sinks;
use super::{Bench, Job};
use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::work_order::{LARGEST_WORK_ORDER, WorkOrderState};
use crate::station::authority::{Authority, Engineering};
use crate::station::batch::table::Table;
use crate::station::clock;
use crate::station::revocation;
use crate::store::batches::{self, Batch, Ended, NewBatch};
use crate::store::bulk::{self, Standing};
use crate::store::change::Change;
use crate::store::work_orders::{self, NewWorkOrder, WorkOrderError, closing};

/// A batch that may issue now.
pub struct Started {
    /// Its number.
    pub batch: u64,
    /// The work order whose units are used.
    pub work_order: Name,
    /// Whether it was opened for this batch alone.
    pub opened: bool,
    /// The input, at the row that comes next.
    pub table: Table<SurveyedFile>,
    /// How far the batch is.
    pub standing: Standing,
    /// Where it writes.
    pub sinks: Sinks,
    /// Bytes of the input.
    pub size: u64,
    /// Whether it goes on after it was cut off.
    pub resumed: bool,
    /// Numbers that went on the CRL because nobody knows whether they were signed.
    pub void: u64,
}

/// Begins a batch, or takes up the one over this very input that was not finished.
pub fn start(bench: &Bench<'_>, right: &Engineering, job: &Job<'_>) -> Result<Started, IssueFailed> {
    places::must_be_apart(job.ask, job.input, job.output)?;
    let survey = surveyed::survey(job.input)?;
    job.ask.fits(survey.requests)?;
    let unfinished = bench.store.read(|r| batches::unfinished(r, BatchKind::Issue, &survey.digest))?;
    match unfinished {
        Some(found) => resume(bench, right, job, survey, found),
        None => begin(bench, right, job, survey),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn begin(
    bench: &Bench<'_>,
    right: &Engineering,
    job: &Job<'_>,
    survey: Survey,
) -> Result<Started, IssueFailed> {
    let Job { ask, person, input, output, interruptible: _ } = *job;
    Sinks::must_be_free(ask, output)?;
    let now = clock::now();
    let opened = ask.work_order.is_none();
    let work_order = match &ask.work_order {
        Some(name) => name.clone(),
        None => Name::for_batch(now),
    };
    let asked = ask.as_json();
    let batch = bench.store.change(right.actor(), now, |change| {
        if opened {
            // as many units as there are rows; units of chunks that are void come back to it
            let quantity = u32::try_from(survey.rows).unwrap_or(LARGEST_WORK_ORDER);
            let order = NewWorkOrder {
                name: &work_order,
                product: ask.product_name(),
                quantity,
                spare: 0,
                serials: &[],
            };
            work_orders::add(change, &order)?;
            work_orders::release(change, &work_order, person)?;
        }
        bulk::keep_texts(
            change,
            ask.recipe.as_ref().map(|recipe| (&recipe.product.name, &recipe.product.digest, &*recipe.text)),
            (ask.profile.name(), &ask.profile_text),
        )?;
        let new = NewBatch {
            kind: BatchKind::Issue,
            input: &name_of(input),
            output: &name_of(output),
            input_digest: Some(&survey.digest),
            asked: &asked,
            work_order: Some(&work_order),
            person,
        };
        Ok::<_, IssueFailed>(batches::begin(change, &new)?)
    })?;
    let opening = || -> Result<_, IssueFailed> {
        let standing = Standing::default();
        Ok((Sinks::open(bench, ask, output, &standing, false)?, Table::read(survey.file)?, standing))
    };
    let (sinks, table, standing) = match opening() {
        Ok(opened) => opened,
        Err(failure) => {
            abandon(bench, right, batch, BatchState::Failed, Some(failure.code()))?;
            return Err(failure);
        }
    };
    Ok(Started {
        batch,
        work_order,
        opened,
        table,
        standing,
        sinks,
        size: survey.size,
        resumed: false,
        void: 0,
    })
}

fn resume(
    bench: &Bench<'_>,
    right: &Engineering,
    job: &Job<'_>,
    survey: Survey,
    found: Batch,
) -> Result<Started, IssueFailed> {
    let Job { ask, output, .. } = *job;
    let asked: serde_json::Value = serde_json::from_str(&found.asked).unwrap_or_default();
    if asked != ask.as_json() || found.output != name_of(output) {
        return Err(IssueFailed::OtherUnfinished { batch: found.id });
    }
    let work_order = found.work_order.ok_or(IssueFailed::NotRunning(found.id))?;
    own_output::must_be_ours(bench.store, found.id, output)?;
    let void = void(bench, right, found.id, &work_order, ask.copies())?;
    let standing = bench.store.read(|r| bulk::standing(r, found.id))?;
    let sinks = Sinks::open(bench, ask, output, &standing, true)?;
    let mut table = Table::read(survey.file)?;
    if standing.ends.input > 0 {
        table.go_to(standing.ends.input)?;
    }
    Ok(Started {
        batch: found.id,
        opened: ask.work_order.is_none(),
        work_order,
        table,
        standing,
        sinks,
        size: survey.size,
        resumed: true,
        void,
    })
}

/// Puts the numbers that may have been signed and are not on record on the CRL; how many there were. Also those that an
/// earlier attempt voided without coming to the list. Each unit of the work order is good for so many `copies`.
fn void(
    bench: &Bench<'_>,
    right: &Engineering,
    batch: u64,
    work_order: &Name,
    copies: u8,
) -> Result<u64, IssueFailed> {
    if bench.store.read(|r| bulk::has_open(r, batch))? {
        let give_up = |change: &mut Change<'_>| bulk::void(change, batch, work_order, copies);
        bench.store.change(right.actor(), clock::now(), give_up)?;
    }
    let unlisted = bench.store.read(|r| bulk::unlisted(r, batch))?;
    if unlisted > 0 {
        let keys = bench.keys;
        revocation::issue_crl(bench.folder, bench.store, &keys.issuer, &keys.past, right.actor())?;
    }
    Ok(unlisted)
}

/// Closes a work order that was opened for one batch, unless somebody has closed it.
pub fn close_own(change: &mut Change<'_>, work_order: &Name) -> Result<(), IssueFailed> {
    match closing::close_despite(change, work_order, "opened for one batch") {
        Err(WorkOrderError::State { state: WorkOrderState::Closed, .. }) => Ok(()),
        closed => closed.map_err(IssueFailed::from),
    }
}

/// Gives up a batch that was cut off: what it issued stays issued, and what may have been signed goes on the CRL. How many
/// numbers that were.
pub fn cancel(bench: &Bench<'_>, right: &Engineering, batch: u64) -> Result<u64, IssueFailed> {
    let found = bench.store.read(|r| batches::get(r, batch))?;
    let running = |found: &Batch| found.kind == BatchKind::Issue && found.state == BatchState::Running;
    if !found.as_ref().is_some_and(running) {
        return Err(IssueFailed::NotRunning(batch));
    }
    abandon(bench, right, batch, BatchState::Cancelled, None)
}

/// Ends a batch as it stands; what may have been signed goes on the CRL. How many numbers that were.
pub fn abandon(
    bench: &Bench<'_>,
    right: &Engineering,
    batch: u64,
    state: BatchState,
    code: Option<Code>,
) -> Result<u64, IssueFailed> {
    let not_running = || IssueFailed::NotRunning(batch);
    let found = bench.store.read(|r| batches::get(r, batch))?.ok_or_else(not_running)?;
    let work_order = found.work_order.ok_or_else(not_running)?;
    let asked: serde_json::Value = serde_json::from_str(&found.asked).unwrap_or_default();
    let copies = ask::copies(&asked);
    let void = void(bench, right, batch, &work_order, copies)?;
    bench.store.change(right.actor(), clock::now(), |change| {
        let standing = bulk::standing(change, batch)?;
        let (good, refused) = (standing.good(copies), standing.refused);
        let ended = Ended { state, good, refused, code, input_digest: None, output_digest: None };
        batches::end(change, batch, &ended)?;
        match asked["work_order"].is_null() {
            true => close_own(change, &work_order),
            false => Ok(()),
        }
    })?;
    Ok(void)
}
