//! A run that broke off goes on: with the certificates on record if the device still holds their keys, or with the same
//! derived key; nothing is signed.

use super::{Certified, Intended, Placed};
use crate::ca::certificate::Certificate;
use crate::ca::csr::ProvenKey;
use crate::domain::code::Code;
use crate::domain::pair::{Pair, Which};
use crate::domain::product::Credential;
use crate::domain::verdict::Verdict;
use crate::station::clock;
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::identify::Device;
use crate::station::provision::stop::Stop;
use crate::store::certificates::{self, CertificateState};
use crate::store::runs::Run;
use crate::store::runs::reserve::{self, ReserveError};
use crate::vault::derive;

/// A run goes on under the very recipe it began under: its credential and its enrollment depend on it.
pub(super) fn same_recipe(job: &Job<'_>, run: &Run) -> Result<(), Stop> {
    let recipe = &job.recipe.product;
    if run.product_digest == Some(recipe.digest) {
        return Ok(());
    }
    Err(Stop::new(
        Verdict::Skipped,
        Code::RunNotResumable,
        format!(
            "Run {} began under another recipe than {} is now; it cannot go on with it.",
            run.id, recipe.name
        ),
    ))
}

/// Takes the run up with what the device still holds.
pub(super) fn resume(
    bench: &Bench<'_>,
    job: &Job<'_>,
    device: &Device,
    run: u64,
    keys: Option<Pair<ProvenKey>>,
) -> Result<Intended, Stop> {
    match (&job.recipe.product.credential, keys) {
        (Credential::GroupKey { group }, _) => {
            let group_key = bench.keys.vault.group_key(group)?;
            take_up(bench, job, run)?;
            let key = derive::derive(group_key, Which::Primary, &device.identity.registration_id);
            Ok(Intended::Resumed(Placed::Group { run, group: group.clone(), key }))
        }
        (Credential::X509 { .. }, Some(keys)) => {
            let on_record = bench.store.read(|r| certificates::by_run(r, run))?;
            let held = on_record.and_then(|on_record| on_record.zip(keys)).ok_or_else(|| lost(run))?;
            let certificates = held.try_map(|_, (row, key)| still_held(run, row, key))?;
            take_up(bench, job, run)?;
            Ok(Intended::Resumed(Placed::X509 { run, certificates }))
        }
        (Credential::X509 { .. }, None) => Err(lost(run)),
    }
}

/// The certificate on record, if the device holds its key.
fn still_held(run: u64, row: certificates::Certificate, key: ProvenKey) -> Result<Certified, Stop> {
    let public_key = key.into_public_key();
    match (row.der, row.state) {
        _ if row.public_key != public_key.digest() => Err(lost(run)),
        (Some(der), CertificateState::Issued) => {
            let certificate = Certificate::from_der(der).map(Box::new).map_err(|e| Stop::station(&e))?;
            Ok(Certified { certificate, public_key, private_key: None })
        }
        (_, state) => Err(Stop::new(
            Verdict::Quarantine,
            Code::RunNotResumable,
            format!("Run {run} cannot go on: its certificate is {state} by now."),
        )),
    }
}

/// Spends the engineer's decision, so that of two units that claim to be the device only one goes on; none does
/// while the run is still under way in another slot.
fn take_up(bench: &Bench<'_>, job: &Job<'_>, run: u64) -> Result<(), Stop> {
    let Some(_under_way) = bench.live.enter(run) else {
        return Err(Stop::from(ReserveError::Unfinished { run }));
    };
    bench.store.change(job.actor, clock::now(), |change| {
        reserve::take_up(change, run, job.slot, job.person).map_err(Stop::from)
    })
}

fn lost(run: u64) -> Stop {
    Stop::new(
        Verdict::Quarantine,
        Code::RunNotResumable,
        format!("Run {run} cannot go on: the device no longer holds the key it was issued for."),
    )
}
