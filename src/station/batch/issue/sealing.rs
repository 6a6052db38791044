//! One chunk from its keys to its certificates: the intent is durable before the first of them is signed.

use super::Bench;
use super::ask::IssueAsk;
use super::failed::IssueFailed;
use super::plan::{Planned, PlannedChunk};
use super::sharing::share;
use crate::ca::csr::ProvenKey;
use crate::ca::issue::{self, Prepared};
use crate::ca::key::KeyPair;
use crate::ca::profile::template::Whom;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::pair::{Pair, Which};
use crate::domain::secret::Secret;
use crate::domain::thumbprint::Thumbprint;
use crate::domain::utc_time::UtcTime;
use crate::domain::work_order::IssuePermit;
use crate::station::authority::{Authority, Engineering};
use crate::station::batch::outcome::RowFault;
use crate::station::batch::table::Row;
use crate::station::clock;
use crate::station::crash_point;
use crate::store::audit::log;
use crate::store::bulk::commit::IssuedCertificate;
use crate::store::bulk::{self, BulkIntent, NewChunk, quota};
use crate::store::error::StoreError;

/// What all chunks of a batch have in common.
#[derive(Clone, Copy)]
pub struct Common<'a> {
    /// The station's things.
    pub bench: &'a Bench<'a>,
    /// On whose behalf.
    pub right: &'a Engineering,
    /// Who is responsible, for the runs.
    pub person: &'a str,
    /// What is asked for.
    pub ask: &'a IssueAsk,
    /// The batch.
    pub batch: u64,
    /// The work order whose units are used.
    pub work_order: &'a Name,
}

/// A device whose certificate, or both, is signed and not on record yet.
pub struct Sealed {
    /// Its row, and who it is.
    pub planned: Planned,
    /// What it gets.
    pub certificates: Pair<Certified>,
}

/// A certificate with its key.
pub struct Certified {
    /// Its serial number.
    pub cert_serial: CertSerial,
    /// Digest of the body that was signed.
    pub to_be_signed: Digest,
    /// Digest of its public key.
    pub public_key: Digest,
    /// The certificate.
    pub der: Vec<u8>,
    /// Its thumbprints.
    pub sha1: Thumbprint,
    /// SHA-256 of it.
    pub sha256: Digest,
    /// First second of its validity.
    pub not_before: UtcTime,
    /// Last second of its validity.
    pub not_after: UtcTime,
    /// The private key in PKCS#8 PEM, if the station made it.
    pub private_key: Option<Secret>,
}

/// A chunk that is signed.
pub struct SealedChunk {
    /// Its number in the batch.
    pub number: u64,
    /// Its row on record.
    pub row: u64,
    /// When it was intended.
    pub started: UtcTime,
    /// The devices with their certificates, in the order of the input.
    pub devices: Vec<Sealed>,
    /// The rows that got none.
    pub refused: Vec<(Row, RowFault)>,
    /// The byte of the input after it.
    pub end: u64,
}

impl Sealed {
    /// The private keys, if the station made them.
    pub fn private_keys(&self) -> Option<Pair<&Secret>> {
        let keys = self.certificates.as_ref().try_map(|_, one| one.private_key.as_ref().ok_or(()));
        keys.ok()
    }
}

impl Certified {
    /// As it goes on record.
    pub fn as_issued(&self) -> IssuedCertificate<'_> {
        IssuedCertificate {
            cert_serial: &self.cert_serial,
            to_be_signed: &self.to_be_signed,
            public_key: &self.public_key,
            der: &self.der,
            sha1: &self.sha1,
            sha256: &self.sha256,
            not_before: self.not_before,
            not_after: self.not_after,
        }
    }
}

impl SealedChunk {
    /// How many certificates it has.
    pub fn certificates(&self) -> u64 {
        self.devices.iter().map(|device| device.certificates.count()).sum()
    }
}

/// A key that is proven, and its private part if the station made it.
struct Key {
    proven: ProvenKey,
    pair: Option<KeyPair>,
}

/// A row with its key, or both.
struct Keyed {
    planned: Planned,
    keys: Pair<Key>,
}

/// What is to be signed for a row.
struct ToSign {
    planned: Planned,
    certificates: Pair<(Prepared, Option<KeyPair>)>,
}

/// Makes the keys, takes the units and writes the intents down, then signs. `signed_before` counts the certificates of
/// the batch before this chunk.
pub fn seal(
    common: &Common<'_>,
    number: u64,
    signed_before: u64,
    planned: PlannedChunk,
) -> Result<SealedChunk, IssueFailed> {
    let Common { bench, right, ask, .. } = *common;
    let PlannedChunk { rows: _, good, mut refused, end } = planned;
    let keyed = share(good, |_, planned| with_key(ask, planned))?;
    let copies = usize::from(ask.copies());
    let mut randoms = vec![0; keyed.len() * copies * RANDOM];
    clock::fill_random(&mut randoms)?;
    crash_point::reached("batch-before-intent");
    let (row, started, to_sign) = bench.store.change(right.actor(), clock::now(), |change| {
        let now = clock::sound(log::last_entry_at(change)?)?;
        let permits = quota::take(
            change,
            common.work_order,
            ask.product_name(),
            common.batch,
            keyed.len(),
            ask.is_two(),
        )?;
        let (permitted, rest) = split(keyed, permits);
        refused.extend(rest.into_iter().map(|row| refuse(row, common.work_order)));
        let to_sign = share(permitted, |place, (keyed, permits)| {
            let serial = |which| {
                let mut random = [0; RANDOM];
                random.copy_from_slice(&randoms[(place * copies + behind(which)) * RANDOM..][..RANDOM]);
                CertSerial::new(now, random)
            };
            prepare(common, keyed, permits, serial, now)
        })?;
        let mut intents: Vec<BulkIntent> = Vec::with_capacity(to_sign.len() * copies);
        for row in &to_sign {
            intents.extend(row.certificates.each().map(|(_, (prepared, _))| intent(prepared)));
        }
        let product = ask.product().map(|product| product.digest);
        let chunk = NewChunk {
            batch: common.batch,
            number,
            work_order: common.work_order,
            product: product.as_ref(),
            profile: &ask.profile.digest(),
            intents: &intents,
            refused: u64::try_from(refused.len()).unwrap_or(u64::MAX),
        };
        Ok::<_, IssueFailed>((bulk::intend(change, &chunk)?, now, to_sign))
    })?;
    crash_point::reached("batch-after-intent");
    let sampling = ask.profile.sampling();
    let devices = share(to_sign, |place, ToSign { planned, certificates }| {
        let certificates = certificates.try_map(|which, (prepared, pair)| {
            let number = signed_before + u64::try_from(place * copies + behind(which)).unwrap_or(0);
            sign(prepared, pair, sampling.has(number))
        })?;
        Ok::<_, IssueFailed>(Sealed { planned, certificates })
    })?;
    crash_point::reached("batch-signed");
    refused.sort_by_key(|(row, _)| row.line);
    Ok(SealedChunk { number, row, started, devices, refused, end })
}

/// Random bytes of a certificate's serial number.
const RANDOM: usize = 10;

/// How many certificates of a row come before it.
fn behind(which: Which) -> usize {
    match which {
        Which::Primary => 0,
        Which::Secondary => 1,
    }
}

fn with_key(ask: &IssueAsk, mut planned: Planned) -> Result<Keyed, IssueFailed> {
    let keys = match planned.request.take() {
        Some(keys) => keys.map(|_, proven| Key { proven, pair: None }),
        None => {
            let kind = ask.key_kind()?;
            let made = || {
                let pair = KeyPair::generate(kind)?;
                Ok::<_, IssueFailed>(Key { proven: ProvenKey::made_here(&pair), pair: Some(pair) })
            };
            Pair { primary: made()?, secondary: ask.is_two().then(made).transpose()? }
        }
    };
    Ok(Keyed { planned, keys })
}

/// What one unit permits.
type Permits = Pair<IssuePermit>;

/// The rows that have a unit, and those for which none is left.
fn split(keyed: Vec<Keyed>, permits: Vec<Permits>) -> (Vec<(Keyed, Permits)>, Vec<Planned>) {
    let mut permits = permits.into_iter();
    let (mut permitted, mut rest) = (Vec::with_capacity(keyed.len()), Vec::new());
    for keyed in keyed {
        match permits.next() {
            Some(permit) => permitted.push((keyed, permit)),
            None => rest.push(keyed.planned),
        }
    }
    (permitted, rest)
}

fn refuse(planned: Planned, work_order: &Name) -> (Row, RowFault) {
    let spent = NoUnitLeft(work_order.clone());
    let fault = RowFault::new(planned.row.line, &spent);
    (planned.row, fault)
}

/// The work order is used up.
#[derive(Debug, thiserror::Error)]
#[error("all units of work order {0} are issued, spare included")]
struct NoUnitLeft(Name);

impl Coded for NoUnitLeft {
    fn code(&self) -> Code {
        Code::QuotaSpent
    }
}

fn prepare(
    common: &Common<'_>,
    keyed: Keyed,
    permits: Permits,
    serial: impl Fn(Which) -> CertSerial,
    now: UtcTime,
) -> Result<ToSign, IssueFailed> {
    let Keyed { planned, keys } = keyed;
    let (issuer, profile) = (&common.bench.keys.issuer, &common.ask.profile);
    let whom = Whom { serial: &planned.serial, mac: planned.mac.as_ref(), identity: &planned.identity };
    let permitted = permits.zip(keys).ok_or_else(|| StoreError::Conflict {
        table: "work_order",
        key: common.work_order.to_string(),
        why: "did not permit as many certificates as there are keys",
    })?;
    let certificates = permitted.try_map(|which, (permit, Key { proven, pair })| {
        let prepared = issue::prepare(permit, issuer, profile, proven, &whom, serial(which), now)?;
        Ok::<_, IssueFailed>((prepared, pair))
    })?;
    Ok(ToSign { planned, certificates })
}

fn intent(prepared: &Prepared) -> BulkIntent {
    BulkIntent {
        serial: prepared.cert_serial(),
        to_be_signed: prepared.to_be_signed(),
        public_key: prepared.public_key().digest(),
    }
}

fn sign(prepared: Prepared, pair: Option<KeyPair>, checked: bool) -> Result<Certified, IssueFailed> {
    let BulkIntent { serial, to_be_signed, public_key } = intent(&prepared);
    let (not_before, not_after) = (prepared.not_before(), prepared.not_after());
    let der = match checked {
        true => prepared.sign()?.der().to_vec(),
        false => prepared.sign_unchecked()?,
    };
    let private_key = pair.map(|pair| pair.pkcs8_pem()).transpose()?;
    Ok(Certified {
        cert_serial: serial,
        to_be_signed,
        public_key,
        sha1: Thumbprint::sha1(&der),
        sha256: Digest::of(&der),
        der,
        not_before,
        not_after,
        private_key,
    })
}
