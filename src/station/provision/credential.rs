//! The credential of one run: where its key comes from, the intent that precedes it, and the moment it is on
//! record. A certificate is signed once, after its intent is durable; nothing else signs.

use crate::ca::certificate::Certificate;
use crate::ca::csr::{self, ProvenKey};
use crate::ca::issue::{self, Prepared};
use crate::ca::key::{self, BadKeyPair, KeyPair};
use crate::ca::profile::Profile;
use crate::ca::public_key::{KeyKind, PublicKey};
use crate::device::driver::{CsrKey, Driver};
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::product::{Credential, KeyOrigin};
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::station::clock;
use crate::station::crash_point;
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::identify::Device;
use crate::station::provision::stop::Stop;
use crate::store::audit::log;
use crate::store::certificates::issue::Intent;
use crate::store::certificates::{self, CertificateState};
use crate::store::devices::standing::Standing;
use crate::store::runs::Run;
use crate::store::runs::reserve::{self, Reservation, ReserveError};
use crate::vault::derive::{self, DerivedKey};
use crate::vault::group_key::Which;

/// What a run has to offer before anything is reserved.
pub enum Offer {
    /// A key the device made and proved.
    OnDevice(ProvenKey),
    /// A key the station made. It lives in memory only and dies with the process.
    Station(KeyPair),
    /// Nothing yet: the key will be derived.
    Group(Name),
    /// An earlier run of this device goes on with the certificate on record.
    Resume {
        /// That run.
        run: u64,
        /// The key the device still holds.
        key: Option<ProvenKey>,
    },
}

/// A run whose intent is durable.
pub enum Intended {
    /// To be signed now.
    X509 {
        /// The run.
        run: u64,
        /// What is to be signed.
        prepared: Box<Prepared>,
        /// The private key, if the station made it.
        private_key: Option<KeyPair>,
    },
    /// To be derived now.
    Group {
        /// The run.
        run: u64,
        /// The group key's name.
        group: Name,
        /// Whose key it is.
        key: DerivedKey,
    },
    /// On record already.
    Resumed(Placed),
}

/// A credential that exists and is on record, to be placed on its device.
pub enum Placed {
    /// An X.509 identity.
    X509 {
        /// The run.
        run: u64,
        /// The certificate.
        certificate: Box<Certificate>,
        /// The key it is for.
        public_key: PublicKey,
        /// The private key in PEM, if the station made it.
        private_key: Option<Secret>,
    },
    /// A derived key.
    Group {
        /// The run.
        run: u64,
        /// The group key's name.
        group: Name,
        /// The key.
        key: DerivedKey,
    },
}

impl Placed {
    /// The run it belongs to.
    pub fn run(&self) -> u64 {
        match self {
            Placed::X509 { run, .. } | Placed::Group { run, .. } => *run,
        }
    }
}

impl Intended {
    /// The run.
    pub fn run(&self) -> u64 {
        match self {
            Intended::X509 { run, .. } | Intended::Group { run, .. } => *run,
            Intended::Resumed(placed) => placed.run(),
        }
    }
}

/// Has the key made, by whom the recipe says.
pub fn prepare(
    bench: &Bench<'_>,
    job: &Job<'_>,
    device: &Device,
    driver: &mut dyn Driver,
) -> Result<Offer, Stop> {
    let resume = match &device.standing {
        Standing::Resume { run, device: _ } => {
            same_recipe(job, run)?;
            Some(run.id)
        }
        Standing::New | Standing::Known(_) => None,
    };
    match &job.recipe.product.credential {
        Credential::X509 { key: KeyOrigin::OnDevice, .. } => {
            let kind = match key::preferred(profile(job)?.keys())? {
                KeyKind::EcP256 => CsrKey::P256,
                KeyKind::EcP384 => CsrKey::P384,
                other @ (KeyKind::EcP521 | KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096) => {
                    return Err(BadKeyPair::NotMadeHere(other).into());
                }
            };
            let cn = device.identity.registration_id.as_str();
            let request = driver.request_csr(cn, kind, resume.is_some())?;
            let key = csr::proven_key(&request)?;
            bench.keys.blocklist.admit(key.public_key())?;
            Ok(match resume {
                Some(run) => Offer::Resume { run, key: Some(key) },
                None => Offer::OnDevice(key),
            })
        }
        Credential::X509 { key: KeyOrigin::Station, .. } => {
            let key = KeyPair::generate(key::preferred(profile(job)?.keys())?)?;
            Ok(Offer::Station(key))
        }
        Credential::GroupKey { group } => {
            bench.keys.vault.group_key(group)?;
            Ok(match resume {
                Some(run) => Offer::Resume { run, key: None },
                None => Offer::Group(group.clone()),
            })
        }
    }
}

/// A run goes on under the very recipe it began under: its credential and its enrollment depend on it.
fn same_recipe(job: &Job<'_>, run: &Run) -> Result<(), Stop> {
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

fn profile(job: &Job<'_>) -> Result<Profile, Stop> {
    let text = job.profile_text.ok_or_else(|| {
        Stop::new(Verdict::Error, Code::ProfileInvalid, "The recipe's certificate profile is missing.")
    })?;
    Profile::parse(text).map_err(|e| Stop::station(&e))
}

/// Commit 1: the device's row, one unit of the work order, the run and the intent, all or nothing.
pub fn reserve_and_intend(
    bench: &Bench<'_>,
    job: &Job<'_>,
    device: &Device,
    offer: Offer,
) -> Result<Intended, Stop> {
    match offer {
        Offer::OnDevice(key) => intend_x509(bench, job, device, key, None),
        Offer::Station(pair) => {
            let key = ProvenKey::made_here(&pair);
            intend_x509(bench, job, device, key, Some(pair))
        }
        Offer::Group(group) => intend_group(bench, job, device, group),
        Offer::Resume { run, key } => resume(bench, job, device, run, key),
    }
}

fn reservation<'a>(job: &'a Job<'_>, device: &'a Device) -> Reservation<'a> {
    let recipe = &job.recipe.product;
    Reservation {
        serial: &device.serial,
        mac: device.mac.as_ref(),
        identity: &device.identity,
        product: &recipe.name,
        recipe: Some((&recipe.digest, &job.recipe.text)),
        work_order: job.work_order,
        slot: job.slot,
        person: job.person,
        credential: &recipe.credential,
    }
}

fn intend_x509(
    bench: &Bench<'_>,
    job: &Job<'_>,
    device: &Device,
    key: ProvenKey,
    private_key: Option<KeyPair>,
) -> Result<Intended, Stop> {
    let profile = profile(job)?;
    let random = clock::random()?;
    let (run, prepared) = bench.store.change(job.actor, clock::now(), |change| {
        let now = sound_clock(log::last_entry_at(change)?)?;
        let (reserved, permit) = reserve::reserve(change, &reservation(job, device))?;
        let prepared = issue::prepare(
            permit,
            &bench.keys.issuer,
            &profile,
            key,
            &device.identity,
            CertSerial::new(now, random),
            now,
        )?;
        let intent = Intent {
            serial: prepared.cert_serial(),
            to_be_signed: prepared.to_be_signed(),
            public_key: prepared.public_key().digest(),
            profile: profile.name(),
            profile_text: job.profile_text.unwrap_or_default(),
            not_before: prepared.not_before(),
            not_after: prepared.not_after(),
        };
        certificates::issue::intend(change, &reserved, &intent)?;
        Ok::<_, Stop>((reserved.run, prepared))
    })?;
    Ok(Intended::X509 { run, prepared: Box::new(prepared), private_key })
}

fn intend_group(bench: &Bench<'_>, job: &Job<'_>, device: &Device, group: Name) -> Result<Intended, Stop> {
    let (run, permit) = bench.store.change(job.actor, clock::now(), |change| {
        sound_clock(log::last_entry_at(change)?)?;
        let (reserved, permit) = reserve::reserve(change, &reservation(job, device))?;
        reserve::intend_key(change, &reserved)?;
        Ok::<_, Stop>((reserved.run, permit))
    })?;
    let key = derive::derive_under(
        permit,
        bench.keys.vault.group_key(&group)?,
        Which::Primary,
        &device.identity.registration_id,
    );
    Ok(Intended::Group { run, group, key })
}

/// Nothing is issued while the clock stands before the last entry of the log or before this program was
/// built. Asked inside the transaction, where no other entry can come in between.
fn sound_clock(last: Option<UtcTime>) -> Result<UtcTime, Stop> {
    let now = clock::now();
    let built = UtcTime::from_seconds(clock::BUILT_NOT_BEFORE);
    if now < built || last.is_some_and(|last| now < last) {
        let last = last.unwrap_or(built).max(built);
        return Err(Stop::new(
            Verdict::Error,
            Code::ClockBehind,
            format!("The station's clock says {now}, but it was {last} already."),
        ));
    }
    Ok(now)
}

fn resume(
    bench: &Bench<'_>,
    job: &Job<'_>,
    device: &Device,
    run: u64,
    key: Option<ProvenKey>,
) -> Result<Intended, Stop> {
    match (&job.recipe.product.credential, key) {
        (Credential::GroupKey { group }, _) => {
            let group_key = bench.keys.vault.group_key(group)?;
            take_up(bench, job, run)?;
            let key = derive::derive(group_key, Which::Primary, &device.identity.registration_id);
            Ok(Intended::Resumed(Placed::Group { run, group: group.clone(), key }))
        }
        (Credential::X509 { .. }, Some(key)) => {
            let on_record = bench.store.read(|r| certificates::by_run(r, run))?;
            let held = key.public_key().digest();
            match on_record {
                Some(row) if row.public_key == held && row.state == CertificateState::Issued => {
                    let der = row.der.ok_or_else(|| lost(run))?;
                    let certificate =
                        Certificate::from_der(der).map(Box::new).map_err(|e| Stop::station(&e))?;
                    let public_key = key.into_public_key();
                    take_up(bench, job, run)?;
                    Ok(Intended::Resumed(Placed::X509 { run, certificate, public_key, private_key: None }))
                }
                Some(row) if row.public_key == held => Err(Stop::new(
                    Verdict::Quarantine,
                    Code::RunNotResumable,
                    format!("Run {run} cannot go on: its certificate is {} by now.", row.state),
                )),
                Some(_) | None => Err(lost(run)),
            }
        }
        (Credential::X509 { .. }, None) => Err(lost(run)),
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

impl Intended {
    /// Commit 2: signs what was intended and puts the certificate on record. From here on the certificate is
    /// never lost: it ends on a passing device, or revoked or superseded on record.
    pub fn issue(self, bench: &Bench<'_>, job: &Job<'_>) -> Result<Placed, Stop> {
        match self {
            Intended::Resumed(placed) => Ok(placed),
            Intended::Group { run, group, key } => Ok(Placed::Group { run, group, key }),
            Intended::X509 { run, prepared, private_key } => {
                let public_key = prepared.public_key().clone();
                let serial = prepared.cert_serial();
                let certificate = Box::new(prepared.sign()?);
                crash_point::reached("signed");
                bench.store.change(job.actor, clock::now(), |change| {
                    certificates::issue::issued(change, &serial, certificate.der())
                })?;
                let private_key = match private_key {
                    Some(pair) => Some(pair.pkcs8_pem().map_err(|e| Stop::station(&e))?),
                    None => None,
                };
                Ok(Placed::X509 { run, certificate, public_key, private_key })
            }
        }
    }
}
