//! Proof of possession of the station's CAs, on record with the code it was made for.

use crate::ca::certificate::Certificate;
use crate::ca::issuer::Issuer;
use crate::ca::possession::{self, BadVerificationCode, NotProven, VerificationCode};
use crate::domain::audit_event::AuditEvent;
use crate::domain::audit_event::ceremony::{PossessionIntended, PossessionProven};
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::station::authority::{Administering, Authority};
use crate::station::clock::{self, ClockBehind, NoEntropy};
use crate::station::crash_point;
use crate::station::folder::Folder;
use crate::station::profiles::{self, ProfileError};
use crate::station::refusals;
use crate::store::Store;
use crate::store::audit::log;
use crate::store::devices;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum CannotProve {
    /// The vault is closed.
    #[error("the station is locked")]
    Locked,
    /// The code is none.
    #[error(transparent)]
    VerificationCode(#[from] BadVerificationCode),
    /// A device has that name: a certificate with it would be its identity.
    #[error("“{0}” is the name of a device here, so the CA signs no proof for it")]
    Device(VerificationCode),
    /// The clock cannot be right.
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    /// The profile cannot be had.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// It could not be signed.
    #[error(transparent)]
    NotProven(#[from] NotProven),
    /// No random numbers.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for CannotProve {
    fn code(&self) -> Code {
        match self {
            CannotProve::Locked => Code::VaultLocked,
            CannotProve::VerificationCode(error) => error.code(),
            CannotProve::Device(_) => Code::VerificationCodeInvalid,
            CannotProve::Clock(error) => error.code(),
            CannotProve::Profile(error) => error.code(),
            CannotProve::NotProven(error) => error.code(),
            CannotProve::Entropy(_) => Code::Internal,
            CannotProve::Store(error) => error.code(),
        }
    }
}

/// What is to be proven, and how.
pub struct Ask<'a> {
    /// What the records call the CA: `issuing` or `root`.
    pub role: &'a str,
    /// The CA.
    pub issuer: &'a Issuer,
    /// The code that Azure gave, as somebody copied it.
    pub code: &'a str,
    /// The profile; else the one named `proof-of-possession`.
    pub profile: Option<&'a Name>,
    /// The second administrator, who confirmed it where that is the rule.
    pub second: Option<&'a Name>,
}

/// Makes the certificate that proves to Azure that we hold the key of a CA. It is returned only once it is on record; so
/// is a refusal.
pub fn prove(
    folder: &Folder,
    store: &Store,
    who: &Administering,
    now: UtcTime,
    ask: &Ask<'_>,
) -> Result<Certificate, CannotProve> {
    let proven = prove_on_record(folder, store, who, now, ask);
    if let Err(error) = &proven {
        let what = format!("proof of possession of the {} CA", ask.role);
        refusals::record(store, who.actor(), now, &what, error);
    }
    proven
}

fn prove_on_record(
    folder: &Folder,
    store: &Store,
    who: &Administering,
    now: UtcTime,
    ask: &Ask<'_>,
) -> Result<Certificate, CannotProve> {
    let code: VerificationCode = ask.code.parse()?;
    let profile = profiles::for_proof(folder, ask.profile)?;
    let random = clock::random()?;
    ask.issuer.ready().map_err(NotProven::from)?;
    let (serial, prepared) = store.change(who.actor(), now, |change| {
        let now = clock::sound(log::last_entry_at(change)?)?;
        must_be_no_device(change, &code)?;
        let serial = CertSerial::new(now, random);
        let prepared = possession::prepare(ask.issuer, &profile, &code, serial, now)?;
        change.record(AuditEvent::PossessionIntended(PossessionIntended {
            ca: ask.role.to_owned(),
            verification_code: code.to_string(),
            cert_serial: serial,
            to_be_signed: prepared.to_be_signed(),
            second: ask.second.cloned(),
        }));
        Ok::<_, CannotProve>((serial, prepared))
    })?;
    // no slot waits for a token that takes its time
    let proof = prepared.sign()?;
    crash_point::reached("proof-signed");
    store.change(who.actor(), clock::now(), |change| {
        must_be_no_device(change, &code)?;
        change.record(AuditEvent::PossessionProven(PossessionProven {
            ca: ask.role.to_owned(),
            verification_code: code.to_string(),
            cert_serial: serial,
            sha256: proof.sha256(),
            not_after: proof.not_after(),
            profile: Some(profile.digest()),
            second: ask.second.cloned(),
        }));
        Ok(proof)
    })
}

fn must_be_no_device(reader: &Reader<'_>, code: &VerificationCode) -> Result<(), CannotProve> {
    // a CN is compared without regard to case where devices register
    for name in [code.as_str(), &code.as_str().to_ascii_lowercase()] {
        if devices::find(reader, name)?.is_some() {
            return Err(CannotProve::Device(code.clone()));
        }
    }
    Ok(())
}
