//! One certificate for one request from outside, or two for two where the recipe gives as many. The device is known by its ID alone, and is not asked anything; what it
//! gets is a run like any other all the same: a unit of a work order, the intent on record, the signature, the record.

use crate::ca::certificate::Certificate;
use crate::ca::csr::{self, ProvenKey};
use crate::ca::issue::{self, Prepared};
use crate::ca::profile::template::Whom;
use crate::ca::profile::{Profile, SHIPPED};
use crate::ca::public_key::KeyKind;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Coded;
use crate::domain::name::Name;
use crate::domain::pair::Pair;
use crate::domain::product::{Credential, DeviceIdentity, KeyOrigin};
use crate::domain::registration_id::RegistrationId;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::serial_number::{SerialNumber, SerialRule};
use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::station::authority::{Authority, Engineering};
use crate::station::batch::issue::Bench;
use crate::station::products::{self, Recipe, RecipeError};
use crate::station::sign_request::refused::SignRefused;
use crate::station::{clock, crash_point, enrollment, profiles};
use crate::store::audit::log;
use crate::store::bulk::commit::HANDED_OVER;
use crate::store::certificates::issue::{Intent, SignedCertificate};
use crate::store::change::Change;
use crate::store::error::StoreError;
use crate::store::runs::finish::{self, Finish};
use crate::store::runs::reserve::{self, Reservation};
use crate::store::work_orders::{self, NewWorkOrder, closing};
use crate::store::{announced, certificates, devices};

pub mod refused;
pub mod settle;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The request, PEM or DER; or two.
    pub csr: Pair<&'a [u8]>,
    /// The device's ID, which becomes the CN.
    pub id: &'a RegistrationId,
    /// The certificate profile; else that of the work order, else the shipped one for the request's kind of key.
    pub profile: Option<&'a Name>,
    /// The work order whose unit is used; else one of exactly one unit is opened for it.
    pub work_order: Option<&'a Name>,
    /// Who is responsible, for the run.
    pub person: &'a str,
}

/// What became of it.
#[derive(Debug)]
pub struct Signed {
    /// The run on record.
    pub run: u64,
    /// The certificates.
    pub certificates: Pair<SignedOne>,
    /// The profile it follows.
    pub profile: Name,
    /// The work order its unit was taken from.
    pub work_order: Name,
}

/// One certificate.
#[derive(Debug)]
pub struct SignedOne {
    /// Its serial number.
    pub cert_serial: CertSerial,
    /// Itself.
    pub certificate: Certificate,
}

/// Under which rules, all of them found before anything is written down.
struct Rules {
    recipe: Option<Recipe>,
    profile: Profile,
    profile_text: String,
    /// The work order, if one was named.
    work_order: Option<Name>,
}

impl Rules {
    /// What a work order for it makes: the recipe, or the profile that stands in its place.
    fn product(&self) -> &Name {
        self.recipe.as_ref().map_or(self.profile.name(), |recipe| &recipe.product.name)
    }
}

/// An intent that is on record.
struct Intended {
    run: u64,
    identity: DeviceIdentity,
    prepared: Pair<Prepared>,
    work_order: Name,
}

/// Issues the certificate, or both. Nothing of a request gets into it but the key.
///
/// # Errors
/// [`SignRefused`]; nothing is on record then but the refusal's own alarm, or a run that ended without a certificate.
pub fn sign(bench: &Bench<'_>, right: &Engineering, ask: &Ask<'_>) -> Result<Signed, SignRefused> {
    let keys = ask.csr.try_map(|_, csr| {
        let key = csr::proven_key(csr)?;
        bench.keys.blocklist.admit(key.public_key())?;
        Ok::<_, SignRefused>(key)
    })?;
    if csr::are_alike(&keys) {
        return Err(SignRefused::KeysAlike);
    }
    let rules = rules(bench, ask, keys.primary.public_key().kind())?;
    ask.id.fits_cn()?;
    bench.keys.issuer.ready()?;
    let intended =
        intend(bench, right, ask, &rules, keys).inspect_err(|refused| alarm(bench, right, refused))?;
    crash_point::reached("after-intent");
    let Intended { run, identity, prepared, work_order } = intended;
    let signed = prepared.try_map(|_, prepared| {
        let cert_serial = prepared.cert_serial();
        prepared.sign().map(|certificate| SignedOne { cert_serial, certificate })
    });
    let certificates = match signed {
        Ok(certificates) => certificates,
        Err(failed) => {
            give_up(bench, right, &rules, run, &work_order, &failed)?;
            return Err(failed.into());
        }
    };
    crash_point::reached("signed");
    bench.store.change(right.actor(), clock::now(), |change| {
        let signed = certificates
            .as_ref()
            .map(|_, one| SignedCertificate { serial: one.cert_serial, der: one.certificate.der() });
        certificates::issue::issued(change, &signed)?;
        let finish =
            Finish { verdict: Verdict::Pass, stage: Stage::Finished, proof: Some(HANDED_OVER), ..ENDED };
        finish::finish(change, run, &finish)?;
        if let Some(recipe) = &rules.recipe {
            let serials = certificates.as_ref().map(|_, one| one.cert_serial);
            enrollment::queue_handed_over(change, &recipe.product, &identity, run, &serials)?;
        }
        close_opened(change, &rules, &work_order)
    })?;
    Ok(Signed { run, certificates, profile: rules.profile.name().clone(), work_order })
}

/// Why such a work order is closed.
const OPENED_FOR_ONE: &str = "opened for one request";

/// How a run without a device's visit ends, before it is said how.
const ENDED: Finish<'static> = Finish {
    verdict: Verdict::Error,
    stage: Stage::Intended,
    code: None,
    message: "",
    proof: None,
    revoke_for: RevocationReason::CessationOfOperation,
    steps: None,
};

/// Finds profile and recipe: those of the work order, the profile that was named, or the shipped one for the key.
fn rules(bench: &Bench<'_>, ask: &Ask<'_>, kind: KeyKind) -> Result<Rules, SignRefused> {
    let under = match ask.work_order {
        Some(name) => Some(made_by(bench, name)?),
        None => None,
    };
    let (recipe, wanted) = match under {
        Some((recipe, profile)) => (recipe, Some(profile)),
        None => (None, None),
    };
    match (recipe.as_ref().filter(|recipe| recipe.product.credential.is_two()), ask.csr.is_two()) {
        (Some(recipe), false) => return Err(SignRefused::TwoCertificates(recipe.product.name.clone())),
        (None, true) => return Err(SignRefused::OneCertificate),
        (Some(_), true) | (None, false) => {}
    }
    let name = match (ask.profile, wanted) {
        (Some(named), Some(wanted)) if *named != wanted => {
            return Err(SignRefused::OtherProfile { named: named.clone(), wanted });
        }
        (_, Some(wanted)) => wanted,
        (Some(named), None) => named.clone(),
        (None, None) => shipped_for(kind)?,
    };
    let profile_text = profiles::text(bench.folder, &name)?;
    let profile = Profile::parse(&profile_text)?;
    Ok(Rules { recipe, profile, profile_text, work_order: ask.work_order.cloned() })
}

/// What a work order makes: a recipe's devices, or certificates under a profile alone.
fn made_by(bench: &Bench<'_>, order: &Name) -> Result<(Option<Recipe>, Name), SignRefused> {
    let head = bench.store.read(|reader| work_orders::head(reader, order))?;
    let product = head.ok_or_else(|| SignRefused::NoWorkOrder(order.clone()))?.order.product;
    match products::find(bench.folder, &product) {
        Ok(recipe) => match &recipe.product.credential {
            Credential::X509 { profile, .. } => {
                let profile = profile.clone();
                Ok((Some(recipe), profile))
            }
            Credential::GroupKey { .. } => Err(SignRefused::NoCertificates(product)),
        },
        Err(RecipeError::Missing(_)) => Ok((None, product)),
        Err(error) => Err(error.into()),
    }
}

/// The first profile for devices that comes with the product and allows this kind of key.
fn shipped_for(kind: KeyKind) -> Result<Name, SignRefused> {
    let fits = |text: &str| Profile::parse(text).is_ok_and(|profile| profile.keys().contains(&kind));
    let found = SHIPPED.iter().find(|(name, text)| name.starts_with("device-") && fits(text));
    found.and_then(|(name, _)| name.parse().ok()).ok_or(SignRefused::NoProfile(kind))
}

/// Commit 1: the work order, if it is opened for this; the device's row, a unit, the run and the intent, all or nothing.
fn intend(
    bench: &Bench<'_>,
    right: &Engineering,
    ask: &Ask<'_>,
    rules: &Rules,
    keys: Pair<ProvenKey>,
) -> Result<Intended, SignRefused> {
    let keys = keys.try_map(|_, key| Ok::<_, SignRefused>((key, clock::random()?)))?;
    let credential = Credential::X509 {
        key: KeyOrigin::OnDevice,
        profile: rules.profile.name().clone(),
        key_paths: keys.as_ref().map(|_, _| String::new()),
    };
    bench.store.change(right.actor(), clock::now(), |change| {
        let now = clock::sound(log::last_entry_at(change)?)?;
        let work_order = match &rules.work_order {
            Some(name) => name.clone(),
            None => open(change, rules, ask.person, now)?,
        };
        let known = devices::by_registration(change, ask.id)?;
        let (serial, identity) = match known {
            Some(device) => (device.serial, device.identity),
            None => {
                let registration_id = ask.id.clone();
                let serial = match announced::serial_of(change, ask.id)? {
                    Some(serial) => serial,
                    None => own_serial(ask.id)?,
                };
                (serial, DeviceIdentity { device_id: ask.id.into(), registration_id })
            }
        };
        let reservation = Reservation {
            serial: &serial,
            mac: None,
            identity: &identity,
            product: rules.product(),
            recipe: rules.recipe.as_ref().map(|recipe| (&recipe.product.digest, &*recipe.text)),
            work_order: &work_order,
            slot: None,
            person: ask.person,
            credential: &credential,
        };
        let (reserved, permits) = reserve::reserve(change, &reservation)?;
        let whom = Whom { serial: &serial, mac: None, identity: &identity };
        let (issuer, profile) = (&bench.keys.issuer, &rules.profile);
        let permitted = permits.zip(keys).ok_or_else(|| StoreError::Conflict {
            table: "run",
            key: reserved.run.to_string(),
            why: "was not permitted as many certificates as there are requests",
        })?;
        let prepared = permitted.try_map(|_, (permit, (key, random))| {
            issue::prepare(permit, issuer, profile, key, &whom, CertSerial::new(now, random), now)
        })?;
        let intents = prepared.as_ref().map(|_, prepared| Intent {
            serial: prepared.cert_serial(),
            to_be_signed: prepared.to_be_signed(),
            public_key: prepared.public_key().digest(),
            profile: rules.profile.name(),
            profile_text: &rules.profile_text,
            not_before: prepared.not_before(),
            not_after: prepared.not_after(),
        });
        certificates::issue::intend(change, &reserved, &intents)?;
        Ok(Intended { run: reserved.run, identity, prepared, work_order })
    })
}

/// A work order of exactly this one unit.
fn open(change: &mut Change<'_>, rules: &Rules, person: &str, now: UtcTime) -> Result<Name, SignRefused> {
    let name = Name::for_request(now);
    let order = NewWorkOrder { name: &name, product: rules.product(), quantity: 1, spare: 0, serials: &[] };
    work_orders::add(change, &order)?;
    work_orders::release(change, &name, person)?;
    Ok(name)
}

fn close_opened(change: &mut Change<'_>, rules: &Rules, work_order: &Name) -> Result<(), SignRefused> {
    match rules.work_order {
        Some(_) => Ok(()),
        None => Ok(closing::close_despite(change, work_order, OPENED_FOR_ONE)?),
    }
}

/// A device that nobody has seen or announced is known by its ID in the place of a serial number.
fn own_serial(id: &RegistrationId) -> Result<SerialNumber, SignRefused> {
    Ok(SerialRule::widened(":")?.parse(id.as_str())?)
}

/// Ends a run whose certificate was not signed: its number is void, and on the next list.
fn give_up(
    bench: &Bench<'_>,
    right: &Engineering,
    rules: &Rules,
    run: u64,
    work_order: &Name,
    cause: &dyn Coded,
) -> Result<(), SignRefused> {
    let message = cause.to_string();
    bench.store.change(right.actor(), clock::now(), |change| {
        let finish = Finish { code: Some(cause.code()), message: &message, ..ENDED };
        let accounted = finish::finish(change, run, &finish)?;
        enrollment::disable_what_is_live(change, &accounted, run, false)?;
        close_opened(change, rules, work_order)
    })
}

/// A duplicate is an alarm, recorded in a change of its own since that which found it was rolled back.
fn alarm(bench: &Bench<'_>, right: &Engineering, refused: &SignRefused) {
    let Some(alarm) = refused.alarm() else { return };
    let recorded = bench.store.change(right.actor(), clock::now(), |change| {
        change.record(alarm);
        Ok::<_, SignRefused>(())
    });
    if let Err(error) = recorded {
        tracing::error!(code = %error.code(), "the alarm of a duplicate could not be recorded: {error}");
    }
}
