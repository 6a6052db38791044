//! The label of a run that passed, made from the records: for another copy, and to show it.

use crate::device::render::label::LabelValues;
use crate::domain::product::Product;
use crate::domain::verdict::Verdict;
use crate::station::labels::plan::Plan;
use crate::station::labels::{LabelError, templates};
use crate::station::slots::Floor;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::runs::{Run, RunFilter, standing};
use crate::store::{certificates, devices, labels, recipes, runs};

/// What the records say of a run's label.
pub struct Found {
    /// The device's number.
    pub device: u64,
    /// The values of its first label.
    pub values: LabelValues,
    /// How it is made today; the recipe is that of the run.
    pub plan: Plan,
}

/// The newest run in which the device passed that has this serial number, MAC address or registration ID.
///
/// # Errors
/// [`LabelError::NoLabel`] if there is none.
pub fn passed_run_of(reader: &Reader<'_>, device: &str) -> Result<u64, LabelError> {
    let device = devices::find(reader, device.trim())?.ok_or(LabelError::NoLabel)?;
    passed_run(reader, device.id)?.map(|run| run.id).ok_or(LabelError::NoLabel)
}

/// How many labels of this run are on record; `None` unless it passed under a recipe with a label.
pub fn count_of(reader: &Reader<'_>, run: &Run) -> Result<Option<u64>, StoreError> {
    let passed = run.ending.as_ref().is_some_and(|ending| ending.verdict == Verdict::Pass);
    let Some(digest) = run.product_digest.filter(|_| passed) else { return Ok(None) };
    let text = recipes::product_text(reader, &digest)?;
    let recipe = text.and_then(|(_, text)| Product::parse(&text).ok());
    let label = recipe.and_then(|recipe| recipe.label);
    label.map(|_| labels::count_of_run(reader, run.id)).transpose()
}

/// The newest run in which this device passed under a recipe with a label, and how many labels of it are on record.
pub fn newest_of(reader: &Reader<'_>, device: u64) -> Result<Option<(u64, u64)>, StoreError> {
    let Some(run) = passed_run(reader, device)? else { return Ok(None) };
    Ok(count_of(reader, &run)?.map(|count| (run.id, count)))
}

fn passed_run(reader: &Reader<'_>, device: u64) -> Result<Option<Run>, StoreError> {
    let filter = RunFilter { device: Some(device), verdict: Some(Verdict::Pass), ..RunFilter::default() };
    Ok(runs::list(reader, &filter, 1, None)?.into_iter().next().map(|(run, _)| run))
}

/// Asks that the identity on a run's label is still its device's.
///
/// # Errors
/// [`LabelError::Withdrawn`].
pub fn must_stand(reader: &Reader<'_>, run: u64) -> Result<(), LabelError> {
    if standing::stands(reader, run)? { Ok(()) } else { Err(LabelError::Withdrawn(run)) }
}

/// The label of this run.
///
/// # Errors
/// [`LabelError::NoLabel`] unless the run passed under a recipe with a label.
pub fn find(reader: &Reader<'_>, floor: &Floor, run: u64) -> Result<Found, LabelError> {
    let row = runs::get(reader, run)?.ok_or(LabelError::NoLabel)?;
    let Run { device: Some(device), product: Some(product), product_digest: Some(digest), .. } = row else {
        return Err(LabelError::NoLabel);
    };
    let passed = row.ending.filter(|ending| ending.verdict == Verdict::Pass).ok_or(LabelError::NoLabel)?;
    let (_, text) = recipes::product_text(reader, &digest)?.ok_or(LabelError::NoLabel)?;
    // the text was checked when the run began; a newer program may read recipes more strictly
    let recipe = Product::parse(&text).map_err(|_| LabelError::NoLabel)?;
    let plan = Plan::of(&floor.settings, &templates(&floor.folder), &recipe)?.ok_or(LabelError::NoLabel)?;
    let device = devices::get(reader, device)?.ok_or(LabelError::NoLabel)?;
    let certificate = certificates::by_run(reader, run)?.map(|pair| pair.primary);
    let zone = &floor.settings.zone;
    let values = LabelValues {
        serial: device.serial,
        mac: device.mac,
        identity: device.identity,
        product,
        work_order: row.work_order,
        run,
        station: floor.settings.name.clone(),
        date: zone.date(passed.at),
        time: zone.time_of_day(passed.at),
        certificate: certificate.and_then(|found| Some((found.serial, found.sha256?))),
        copy: 1,
        reason: None,
    };
    Ok(Found { device: device.id, values, plan })
}
