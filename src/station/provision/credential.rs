//! The credential of one run: where its key comes from, the intent that precedes it, and the moment it is on
//! record. A certificate is signed once, after its intent is durable; nothing else signs.

mod resume;

use crate::ca::certificate::Certificate;
use crate::ca::csr::{self, ProvenKey};
use crate::ca::issue::{self, Prepared};
use crate::ca::key::{self, BadKeyPair, KeyPair};
use crate::ca::profile::Profile;
use crate::ca::profile::template::Whom;
use crate::ca::public_key::{KeyKind, PublicKey};
use crate::device::driver::{CsrKey, Driver};
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::pair::{Pair, Which};
use crate::domain::product::{Credential, KeyOrigin};
use crate::domain::secret::Secret;
use crate::domain::verdict::Verdict;
use crate::station::clock;
use crate::station::crash_point;
use crate::station::provision::bench::{Bench, Job};
use crate::station::provision::identify::Device;
use crate::station::provision::stop::Stop;
use crate::store::audit::log;
use crate::store::certificates;
use crate::store::certificates::issue::{Intent, SignedCertificate};
use crate::store::devices::standing::Standing;
use crate::store::error::StoreError;
use crate::store::runs::reserve::{self, Reservation};
use crate::vault::derive::{self, DerivedKey};

/// What a run has to offer before anything is reserved.
pub enum Offer {
    /// A key the device made and proved, or two.
    OnDevice(Pair<ProvenKey>),
    /// A key the station made, or two. They live in memory only and die with the process.
    Station(Pair<KeyPair>),
    /// Nothing yet: the key will be derived.
    Group(Name),
    /// An earlier run of this device goes on with the certificate on record.
    Resume {
        /// That run.
        run: u64,
        /// What the device still holds.
        keys: Option<Pair<ProvenKey>>,
    },
}

/// A certificate that is to be signed now.
pub struct ToSign {
    prepared: Box<Prepared>,
    /// The private key, if the station made it.
    private_key: Option<KeyPair>,
}

/// A certificate that is on record.
pub struct Certified {
    /// The certificate.
    pub certificate: Box<Certificate>,
    /// The key it is for.
    pub public_key: PublicKey,
    /// The private key in PEM, if the station made it.
    pub private_key: Option<Secret>,
}

/// A run whose intent is durable.
pub enum Intended {
    /// To be signed now.
    X509 {
        /// The run.
        run: u64,
        /// What is to be signed.
        certificates: Pair<ToSign>,
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
        /// The certificate, or both.
        certificates: Pair<Certified>,
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
            resume::same_recipe(job, run)?;
            Some(run.id)
        }
        Standing::New | Standing::Known(_) => None,
    };
    if resume.is_none() && matches!(job.recipe.product.credential, Credential::X509 { .. }) {
        // no key is made and nothing reserved for a signature that cannot be had
        bench.keys.issuer.ready()?;
    }
    match &job.recipe.product.credential {
        Credential::X509 { key: KeyOrigin::OnDevice, key_paths, .. } => {
            let kind = match key::preferred(profile(job)?.keys())? {
                KeyKind::EcP256 => CsrKey::P256,
                KeyKind::EcP384 => CsrKey::P384,
                other @ (KeyKind::EcP521 | KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096) => {
                    return Err(BadKeyPair::NotMadeHere(other).into());
                }
            };
            let cn = device.identity.registration_id.as_str();
            let keys = key_paths.as_ref().try_map(|which, _| {
                let request = driver.request_csr(which, cn, kind, resume.is_some())?;
                let key = csr::proven_key(&request)?;
                bench.keys.blocklist.admit(key.public_key())?;
                Ok::<_, Stop>(key)
            })?;
            two_keys(&keys)?;
            Ok(match resume {
                Some(run) => Offer::Resume { run, keys: Some(keys) },
                None => Offer::OnDevice(keys),
            })
        }
        Credential::X509 { key: KeyOrigin::Station, key_paths, .. } => {
            let kind = key::preferred(profile(job)?.keys())?;
            let keys = key_paths.as_ref().try_map(|_, _| KeyPair::generate(kind))?;
            Ok(Offer::Station(keys))
        }
        Credential::GroupKey { group } => {
            bench.keys.vault.group_key(group)?;
            Ok(match resume {
                Some(run) => Offer::Resume { run, keys: None },
                None => Offer::Group(group.clone()),
            })
        }
    }
}

/// A secondary certificate for the primary's key would stand in for nothing.
fn two_keys(keys: &Pair<ProvenKey>) -> Result<(), Stop> {
    if csr::are_alike(keys) {
        return Err(Stop::new(
            Verdict::Fail,
            Code::KeysAlike,
            "The device asks for both certificates with one and the same key.",
        ));
    }
    Ok(())
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
        Offer::OnDevice(keys) => intend_x509(bench, job, device, keys.map(|_, key| (key, None))),
        Offer::Station(keys) => {
            let keys = keys.map(|_, pair| (ProvenKey::made_here(&pair), Some(pair)));
            intend_x509(bench, job, device, keys)
        }
        Offer::Group(group) => intend_group(bench, job, device, group),
        Offer::Resume { run, keys } => resume::resume(bench, job, device, run, keys),
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
    keys: Pair<(ProvenKey, Option<KeyPair>)>,
) -> Result<Intended, Stop> {
    let profile = profile(job)?;
    let keys = keys.try_map(|_, (key, private_key)| Ok::<_, Stop>((key, private_key, clock::random()?)))?;
    let (run, certificates) = bench.store.change(job.actor, clock::now(), |change| {
        let now = clock::sound(log::last_entry_at(change)?)?;
        let (reserved, permits) = reserve::reserve(change, &reservation(job, device))?;
        let permitted = permits.zip(keys).ok_or_else(|| StoreError::Conflict {
            table: "run",
            key: reserved.run.to_string(),
            why: "was not permitted as many certificates as it has keys",
        })?;
        let whom = Whom { serial: &device.serial, mac: device.mac.as_ref(), identity: &device.identity };
        let certificates = permitted.try_map(|_, (permit, (key, private_key, random))| {
            let serial = CertSerial::new(now, random);
            let prepared = issue::prepare(permit, &bench.keys.issuer, &profile, key, &whom, serial, now)
                .map(Box::new)?;
            Ok::<_, Stop>(ToSign { prepared, private_key })
        })?;
        let intents = certificates.as_ref().map(|_, ToSign { prepared, .. }| Intent {
            serial: prepared.cert_serial(),
            to_be_signed: prepared.to_be_signed(),
            public_key: prepared.public_key().digest(),
            profile: profile.name(),
            profile_text: job.profile_text.unwrap_or_default(),
            not_before: prepared.not_before(),
            not_after: prepared.not_after(),
        });
        certificates::issue::intend(change, &reserved, &intents)?;
        Ok::<_, Stop>((reserved.run, certificates))
    })?;
    Ok(Intended::X509 { run, certificates })
}

fn intend_group(bench: &Bench<'_>, job: &Job<'_>, device: &Device, group: Name) -> Result<Intended, Stop> {
    let (run, permit) = bench.store.change(job.actor, clock::now(), |change| {
        clock::sound(log::last_entry_at(change)?)?;
        let (reserved, permits) = reserve::reserve(change, &reservation(job, device))?;
        reserve::intend_key(change, &reserved)?;
        Ok::<_, Stop>((reserved.run, permits.primary))
    })?;
    let key = derive::derive_under(
        permit,
        bench.keys.vault.group_key(&group)?,
        Which::Primary,
        &device.identity.registration_id,
    );
    Ok(Intended::Group { run, group, key })
}

impl Intended {
    /// Commit 2: signs what was intended and puts the certificate on record. From here on the certificate is
    /// never lost: it ends on a passing device, or revoked or superseded on record.
    pub fn issue(self, bench: &Bench<'_>, job: &Job<'_>) -> Result<Placed, Stop> {
        match self {
            Intended::Resumed(placed) => Ok(placed),
            Intended::Group { run, group, key } => Ok(Placed::Group { run, group, key }),
            Intended::X509 { run, certificates } => {
                let certificates = certificates.try_map(|_, ToSign { prepared, private_key }| {
                    let (serial, public_key) = (prepared.cert_serial(), prepared.public_key().clone());
                    let certificate = Box::new(prepared.sign()?);
                    let private_key = match private_key {
                        Some(pair) => Some(pair.pkcs8_pem().map_err(|e| Stop::station(&e))?),
                        None => None,
                    };
                    Ok::<_, Stop>((serial, Certified { certificate, public_key, private_key }))
                })?;
                crash_point::reached("signed");
                let signed = certificates.as_ref().map(|_, (serial, one)| SignedCertificate {
                    serial: *serial,
                    der: one.certificate.der(),
                });
                bench
                    .store
                    .change(job.actor, clock::now(), |change| certificates::issue::issued(change, &signed))?;
                let certificates = certificates.map(|_, (_, certified)| certified);
                Ok(Placed::X509 { run, certificates })
            }
        }
    }
}
