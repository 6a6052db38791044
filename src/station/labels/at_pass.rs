//! The labels of a PASS: made ready before the device is touched, queued in the transaction of the verdict.

use crate::device::render::label::LabelValues;
use crate::domain::product::Credential;
use crate::domain::utc_time::UtcTime;
use crate::station::clock;
use crate::station::labels::LabelError;
use crate::station::labels::plan::{self, Plan};
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::credential::Placed;
use crate::station::provision::identify::Device;
use crate::store::change::Change;
use crate::store::error::StoreError;
use crate::store::labels::{self, NewLabel};
use crate::store::runs;

/// How this device's labels will be made; none if nothing is printed for it. A template that cannot be filled is an
/// error now, when nothing has been reserved.
pub fn rehearse(bench: &Bench<'_>, job: &Job<'_>, device: &Device) -> Result<Option<Plan>, LabelError> {
    let product = &job.recipe.product;
    let Some(plan) = Plan::of(bench.settings, bench.templates, product)? else { return Ok(None) };
    let mut values = values(bench, job, device, 0, clock::now());
    if matches!(product.credential, Credential::X509 { .. }) {
        values.certificate = plan::stand_ins(product).and_then(|values| values.certificate);
    }
    plan.fill(&values)?;
    Ok(Some(plan))
}

/// Queues the labels of a run that passes in this change. The verdict stands even if a label cannot be made now:
/// it is put down as failed, and can be asked for again.
pub fn queue(
    change: &mut Change<'_>,
    plan: &Plan,
    bench: &Bench<'_>,
    job: &Job<'_>,
    device: &Device,
    credential: &Placed,
    at: UtcTime,
) -> Result<(), StoreError> {
    let run = credential.run();
    let missing = StoreError::Conflict { table: "run", key: run.to_string(), why: "has no device" };
    let number = runs::get(change, run)?.and_then(|row| row.device).ok_or(missing)?;
    let mut values = values(bench, job, device, run, at);
    if let Placed::X509 { certificates, .. } = credential {
        let certificate = &certificates.primary.certificate;
        values.certificate = certificate.serial().ok().map(|serial| (serial, certificate.sha256()));
    }
    let first = labels::next_copy(change, run)?;
    for copy in first..first.saturating_add(plan.label.copies) {
        values.copy = copy;
        let zpl = plan.fill(&values).map_err(|error| error.to_string());
        let new = NewLabel {
            run,
            device: number,
            copy,
            printer: &plan.printer.name,
            person: job.person,
            reason: None,
            zpl: zpl.as_deref().map_err(String::as_str),
        };
        labels::queue(change, &new)?;
    }
    Ok(())
}

fn values(bench: &Bench<'_>, job: &Job<'_>, device: &Device, run: u64, at: UtcTime) -> LabelValues {
    let zone = &bench.settings.zone;
    LabelValues {
        serial: device.serial.clone(),
        mac: device.mac,
        identity: device.identity.clone(),
        product: job.recipe.product.name.clone(),
        work_order: Some(job.work_order.clone()),
        run,
        station: bench.settings.name.clone(),
        date: zone.date(at),
        time: zone.time_of_day(at),
        certificate: None,
        copy: 1,
        reason: None,
    }
}
