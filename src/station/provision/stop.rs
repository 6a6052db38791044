//! How a run stops short of PASS: each kind of error has its verdict here, and nothing that was signed is
//! left unaccounted for.

use crate::ca::csr::BadCsr;
use crate::ca::issue::Refused;
use crate::ca::key::BadKeyPair;
use crate::ca::proof::NotProven;
use crate::ca::signer::SignFailed;
use crate::device::driver::Driver;
use crate::device::error::{Fault, LineError};
use crate::device::render::RenderError;
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded, sentence};
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::verdict::Verdict;
use crate::station::blocklist::NotAdmitted;
use crate::station::board::Ending;
use crate::station::clock::{self, ClockBehind, NoEntropy};
use crate::station::enrollment;
use crate::station::labels::LabelError;
use crate::station::provision::Walk;
use crate::station::provision::bench::{Bench, Job};
use crate::store::announced::contradiction::Respect;
use crate::store::certificates::issue::IntendError;
use crate::store::error::StoreError;
use crate::store::runs::finish::{self, Failure, Finish};
use crate::store::runs::reserve::ReserveError;
use crate::vault::error::VaultError;

/// Why a run goes no further.
#[derive(Debug)]
pub struct Stop {
    verdict: Verdict,
    code: Code,
    message: String,
    alarm: Option<Box<AuditEvent>>,
}

impl Stop {
    /// A stop with its verdict.
    pub fn new(verdict: Verdict, code: Code, message: impl Into<String>) -> Stop {
        Stop { verdict, code, message: sentence(&message.into()), alarm: None }
    }

    /// The device is at fault.
    pub fn device<E: Coded + ?Sized>(error: &E) -> Stop {
        Stop::new(Verdict::Fail, error.code(), error.to_string())
    }

    /// The station is at fault.
    pub fn station<E: Coded + ?Sized>(error: &E) -> Stop {
        Stop::new(Verdict::Error, error.code(), error.to_string())
    }
}

impl From<LineError> for Stop {
    fn from(error: LineError) -> Stop {
        let verdict = match error.whose() {
            Fault::Device => Verdict::Fail,
            Fault::Station => Verdict::Error,
            Fault::Pulled => Verdict::Aborted,
        };
        Stop::new(verdict, error.code(), error.to_string())
    }
}

impl From<ReserveError> for Stop {
    fn from(error: ReserveError) -> Stop {
        let verdict = match &error {
            ReserveError::Announced(contradiction) => match contradiction.respect() {
                Respect::Key(_) => Verdict::Quarantine,
                Respect::WorkOrder => Verdict::Skipped,
            },
            ReserveError::Duplicate { .. }
            | ReserveError::Unfinished { .. }
            | ReserveError::Blocked { .. } => Verdict::Quarantine,
            ReserveError::AlreadyPassed { .. }
            | ReserveError::OtherProduct { .. }
            | ReserveError::SerialNotAllowed { .. } => Verdict::Skipped,
            ReserveError::Resumable { .. }
            | ReserveError::WorkOrderUnknown { .. }
            | ReserveError::WorkOrderNotActive { .. }
            | ReserveError::FirstArticleWaits { .. }
            | ReserveError::QuotaSpent { .. }
            | ReserveError::Store(_) => Verdict::Error,
        };
        let alarm = error.alarm().map(Box::new);
        Stop { alarm, ..Stop::new(verdict, error.code(), error.to_string()) }
    }
}

impl From<IntendError> for Stop {
    fn from(error: IntendError) -> Stop {
        let verdict = match &error {
            IntendError::DuplicateKey { .. }
            | IntendError::Compromised { .. }
            | IntendError::Announced(_) => Verdict::Quarantine,
            IntendError::Store(_) => Verdict::Error,
        };
        let alarm = error.alarm().map(Box::new);
        Stop { alarm, ..Stop::new(verdict, error.code(), error.to_string()) }
    }
}

impl From<BadCsr> for Stop {
    fn from(error: BadCsr) -> Stop {
        Stop::device(&error)
    }
}

impl From<ClockBehind> for Stop {
    fn from(error: ClockBehind) -> Stop {
        Stop::station(&error)
    }
}

impl From<BadKeyPair> for Stop {
    fn from(error: BadKeyPair) -> Stop {
        Stop::station(&error)
    }
}

impl From<NotAdmitted> for Stop {
    fn from(error: NotAdmitted) -> Stop {
        match &error {
            NotAdmitted::Blocked(_) => Stop::new(Verdict::Quarantine, error.code(), error.to_string()),
            NotAdmitted::List(bad) => Stop::station(bad),
        }
    }
}

impl From<NotProven> for Stop {
    fn from(error: NotProven) -> Stop {
        Stop::device(&error)
    }
}

impl From<Refused> for Stop {
    fn from(error: Refused) -> Stop {
        Stop::station(&error)
    }
}

impl From<SignFailed> for Stop {
    fn from(error: SignFailed) -> Stop {
        Stop::station(&error)
    }
}

impl From<RenderError> for Stop {
    fn from(error: RenderError) -> Stop {
        Stop::station(&error)
    }
}

impl From<LabelError> for Stop {
    fn from(error: LabelError) -> Stop {
        Stop::station(&error)
    }
}

impl From<VaultError> for Stop {
    fn from(error: VaultError) -> Stop {
        Stop::station(&error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::station(&error)
    }
}

impl From<NoEntropy> for Stop {
    fn from(error: NoEntropy) -> Stop {
        Stop::new(Verdict::Error, Code::Internal, error.to_string())
    }
}

/// Puts the verdict on record and returns what the tile shows. A run that had reserved gives up its
/// credential in the same transaction: an intent is voided, a certificate revoked, and what might be live in
/// the cloud is disabled there. Then the device, if its port was open, is left tidied up as far as it answers.
pub fn end(
    bench: &Bench<'_>,
    job: &Job<'_>,
    walk: &Walk<'_>,
    stop: Stop,
    driver: Option<&mut dyn Driver>,
) -> Ending {
    let at = clock::now();
    let steps = walk.steps_to_verdict();
    let Stop { verdict, code, message, alarm } = stop;
    let recorded = bench.store.change(job.actor, at, |change| {
        if let Some(alarm) = alarm {
            change.record(*alarm);
        }
        match walk.run() {
            Some(run) => {
                let finish = Finish {
                    verdict,
                    stage: walk.stage(),
                    code: Some(code),
                    message: &message,
                    proof: None,
                    revoke_for: RevocationReason::CessationOfOperation,
                    steps: steps.as_ref(),
                };
                let accounted = finish::finish(change, run, &finish)?;
                enrollment::disable_what_is_live(change, &accounted, run, false)?;
                Ok(run)
            }
            None => {
                let product = &job.recipe.product;
                let failure = Failure {
                    product: Some(&product.name),
                    product_digest: Some(&product.digest),
                    work_order: Some(job.work_order),
                    slot: job.slot,
                    serial: walk.serial(),
                    person: job.person,
                    started: at,
                    verdict,
                    stage: walk.stage(),
                    code: Some(code),
                    message: &message,
                    steps: steps.as_ref(),
                };
                finish::record_failure(change, &failure)
            }
        }
    });
    let serial = walk.serial().map(str::to_owned);
    match recorded {
        Ok(run) => {
            if let Some(driver) = driver {
                driver.abandon();
            }
            Ending {
                verdict,
                run: Some(run),
                serial,
                message,
                next: code.next_step().to_owned(),
                code: Some(code.to_string()),
                at,
            }
        }
        // the run keeps no verdict; it is listed for an engineer at the next start
        Err(error) => Ending {
            verdict: Verdict::Error,
            run: walk.run(),
            serial,
            message: format!("{message} The verdict could not be recorded: {error}"),
            next: error.code().next_step().to_owned(),
            code: Some(error.code().to_string()),
            at,
        },
    }
}
