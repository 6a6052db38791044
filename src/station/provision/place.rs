//! Putting the credential on the device: render, write, read back, prove.

use crate::ca::proof;
use crate::device::driver::{self, Driver};
use crate::device::render::{self, Certified, RenderContext, Rendered};
use crate::domain::code::Code;
use crate::domain::product::{Credential, KeyOrigin, Prove};
use crate::domain::proof::Challenge;
use crate::domain::secret::Secret;
use crate::domain::stage::Stage;
use crate::domain::verdict::Verdict;
use crate::station::clock;
use crate::station::crash_point;
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::credential::Placed;
use crate::station::provision::identify::Device;
use crate::station::provision::stop::Stop;
use crate::vault::hmac_proof;

/// Renders the recipe's files with stand-ins for what is not there yet, before anything is reserved: a template
/// that cannot be filled must cost no certificate.
pub fn rehearse(bench: &Bench<'_>, job: &Job<'_>, device: &Device) -> Result<(), Stop> {
    let mut context = context(bench, job, device);
    match &job.recipe.product.credential {
        Credential::X509 { key, key_paths, .. } => {
            context.certificates = Some(key_paths.as_ref().map(|_, _| Certified {
                certificate: bench.keys.issuing_pem.clone(),
                private_key_pem: match key {
                    KeyOrigin::OnDevice => None,
                    KeyOrigin::Station => Some(Secret::from(bench.keys.issuing_pem.clone())),
                },
            }));
        }
        Credential::GroupKey { .. } => context.device_key = Some(Secret::new(vec![0; 32])),
    }
    let Err(fault) = files(bench, job, &context) else { return Ok(()) };
    if context.id_scope.is_none() {
        context.id_scope = Some("0ne".to_owned());
        if files(bench, job, &context).is_ok() {
            let why = "The recipe writes the ID scope to the device, and [azure] id_scope of station.toml is empty.";
            return Err(Stop::new(Verdict::Error, Code::SettingsInvalid, why));
        }
    }
    Err(fault)
}

/// The files of the recipe for this device.
pub fn render(
    bench: &Bench<'_>,
    job: &Job<'_>,
    device: &Device,
    credential: &Placed,
) -> Result<Vec<Rendered>, Stop> {
    let mut context = context(bench, job, device);
    match credential {
        Placed::X509 { certificates, .. } => {
            // a run that goes on may have its certificates from the issuing CA before
            let issuing = bench.keys.issuing_pem_of(&certificates.primary.certificate);
            context.issuing_ca = Some(issuing.map_err(|error| Stop::station(&error))?);
            context.certificates = Some(certificates.as_ref().map(|_, one| Certified {
                certificate: one.certificate.pem(),
                private_key_pem: one.private_key.as_ref().map(Secret::duplicate),
            }));
        }
        Placed::Group { key, .. } => {
            context.device_key = Some(Secret::new(key.bytes().to_vec()));
        }
    }
    files(bench, job, &context)
}

/// What is known of this device before it has a credential.
fn context(bench: &Bench<'_>, job: &Job<'_>, device: &Device) -> RenderContext {
    let recipe = &job.recipe.product;
    let mut context = RenderContext::new(
        recipe,
        &device.identity,
        &device.serial,
        device.mac.as_ref(),
        &bench.settings.name,
    );
    let scope = &bench.settings.azure.id_scope;
    context.id_scope = (!scope.is_empty()).then(|| scope.clone());
    context.global_endpoint = bench.settings.azure.global_endpoint.clone();
    context.issuing_ca = Some(bench.keys.issuing_pem.clone());
    context.root_ca = Some(bench.keys.root_pem.clone());
    context
}

fn files(bench: &Bench<'_>, job: &Job<'_>, context: &RenderContext) -> Result<Vec<Rendered>, Stop> {
    let recipe = &job.recipe.product;
    recipe
        .inject
        .iter()
        .map(|file| render::render(file, context, bench.templates).map_err(Stop::from))
        .collect()
}

/// Writes every file and has the device say what it holds; differing content is sent again, a bounded number
/// of times. Nothing is in its final place yet.
pub fn inject_and_read_back(
    driver: &mut dyn Driver,
    files: &[Rendered],
    mut progress: impl FnMut(Stage, Option<(u64, u64)>),
) -> Result<(), Stop> {
    let total: u64 = files.iter().map(length).sum();
    let mut before = 0;
    for (at, file) in files.iter().enumerate() {
        driver::write_file(driver, file, &mut |sent, _| {
            progress(Stage::Inject, Some((before + sent, total)));
        })?;
        before += length(file);
        if at == 0 {
            crash_point::reached("between-files");
        }
    }
    crash_point::reached("after-inject");
    progress(Stage::ReadBack, Some((before, total)));
    Ok(())
}

fn length(file: &Rendered) -> u64 {
    u64::try_from(file.content.len()).unwrap_or(u64::MAX)
}

/// Has the device use its credential over a message it builds itself, each of its keys over one with a nonce of its own.
/// Returns which proof was had.
pub fn prove(
    bench: &Bench<'_>,
    job: &Job<'_>,
    device: &Device,
    credential: &Placed,
    driver: &mut dyn Driver,
) -> Result<&'static str, Stop> {
    let method = job.recipe.product.prove;
    let challenge = || {
        Ok::<_, Stop>(Challenge {
            station: bench.settings.name.clone(),
            run: credential.run(),
            registration_id: device.identity.registration_id.clone(),
            nonce: clock::random()?,
        })
    };
    match (method, credential) {
        (Prove::ReadBack, _) => {}
        (Prove::SignNonce, Placed::X509 { certificates, .. }) => {
            for (which, one) in certificates.each() {
                let challenge = challenge()?;
                let signature = driver.prove_signature(which, &challenge)?;
                proof::verify_signature(&one.public_key, &challenge.message(), &signature)?;
            }
        }
        (Prove::HmacNonce, Placed::Group { key, .. }) => {
            let challenge = challenge()?;
            let tag = driver.prove_hmac(&challenge)?;
            hmac_proof::verify_hmac(key, &challenge.message(), &tag).map_err(|e| Stop::device(&e))?;
        }
        // the recipe check rules these out
        (Prove::SignNonce, Placed::Group { .. }) | (Prove::HmacNonce, Placed::X509 { .. }) => {
            return Err(Stop::new(
                Verdict::Error,
                Code::ProductInvalid,
                "The recipe's proof does not fit its credential.",
            ));
        }
    }
    Ok(method.as_str())
}
