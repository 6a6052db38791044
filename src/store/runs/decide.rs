//! What an engineer decides about a run that broke off, or about a device that has its verdict: resume,
//! supersede (re-work), quarantine or scrap.

use super::finish::{Accounted, Finish, close};
use super::{CredentialKind, Run};
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::pair::Pair;
use crate::domain::product::KeyOrigin;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::stage::Stage;
use crate::domain::verdict::Verdict;
use crate::store::certificates::{self, CertificateState};
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::devices::{self, DeviceState};
use crate::store::error::StoreError;
use crate::store::row_digest::Table;
use crate::store::work_orders::{self, first_article};

/// What an engineer can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The run goes on from where it stands, with the certificate it has.
    Resume,
    /// Its credential is withdrawn and the device may be provisioned again.
    Supersede,
    /// Its credential is withdrawn and somebody must look at the device.
    Quarantine,
    /// Its credential is withdrawn and the device destroyed.
    Scrap,
}

/// Why a decision cannot stand.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum DecideError {
    #[error("there is no run {run}")]
    Unknown { run: u64 },
    #[error("run {run} ended with {verdict} and its device is {state}; this decision does not fit")]
    Finished { run: u64, verdict: Verdict, state: DeviceState },
    #[error("run {run} ended with {verdict} before its device was known; there is nothing to decide")]
    NoDevice { run: u64, verdict: Verdict },
    #[error("run {run} is not the newest of its device; decide about run {newest}")]
    NotNewest { run: u64, newest: u64 },
    #[error("run {run} cannot be resumed: {why}")]
    NotResumable { run: u64, why: &'static str },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for DecideError {
    fn code(&self) -> Code {
        match self {
            DecideError::Unknown { .. } => Code::RunUnknown,
            DecideError::Finished { .. } | DecideError::NoDevice { .. } | DecideError::NotNewest { .. } => {
                Code::RunFinished
            }
            DecideError::NotResumable { .. } => Code::RunNotResumable,
            DecideError::Store(error) => error.code(),
        }
    }
}

/// Carries a decision out and records it with its reason. A run without a verdict takes any of the four.
/// The newest run of a device that has its verdict takes those that still change something: provisioned
/// devices can be superseded, quarantined or scrapped, quarantined ones superseded or scrapped, new and
/// released ones quarantined or scrapped.
///
/// # Errors
/// See [`DecideError`].
pub fn decide(
    change: &mut Change<'_>,
    run: u64,
    decision: Decision,
    reason: &str,
) -> Result<Accounted, DecideError> {
    let row = super::get(change, run)?.ok_or(DecideError::Unknown { run })?;
    let verdict = row.ending.as_ref().map(|ending| ending.verdict);
    match (verdict, decision) {
        (None, Decision::Resume) => resume(change, &row, reason),
        (None, Decision::Supersede | Decision::Quarantine | Decision::Scrap) => {
            break_off(change, &row, decision, reason)
        }
        (Some(verdict), _) => afterwards(change, &row, verdict, decision, reason),
    }
}

/// Whether [`Decision::Resume`] could be carried out, as far as the run's own row tells.
pub fn resumable(run: &Run) -> bool {
    match &run.credential {
        // the certificate is on record from this stage on
        Some(CredentialKind::X509 { key: KeyOrigin::OnDevice }) => run.stage >= Stage::Issued,
        Some(CredentialKind::GroupKey { group: _ }) => run.stage.may_have_credential(),
        Some(CredentialKind::X509 { key: KeyOrigin::Station }) | None => false,
    }
}

fn resume(change: &mut Change<'_>, row: &Run, reason: &str) -> Result<Accounted, DecideError> {
    let refuse = |why| Err(DecideError::NotResumable { run: row.id, why });
    let of_run = certificates::by_run(change, row.id)?;
    let certificates: Vec<_> =
        of_run.iter().flat_map(Pair::each).map(|(_, found)| (found.serial, found.state)).collect();
    match &row.credential {
        Some(CredentialKind::X509 { key: KeyOrigin::Station }) => {
            return refuse("its key was made by the station and died with the process");
        }
        Some(CredentialKind::X509 { key: KeyOrigin::OnDevice }) => {
            let all_issued = certificates.iter().all(|(_, state)| *state == CertificateState::Issued);
            if certificates.is_empty() || !all_issued {
                return refuse("not all of its certificates are on record and issued");
            }
        }
        Some(CredentialKind::GroupKey { group: _ }) if row.stage.may_have_credential() => {}
        Some(CredentialKind::GroupKey { group: _ }) | None => return refuse("it had not come far enough"),
    }
    change.update_one(
        Table::Run,
        &row.id.to_string(),
        "has its verdict already",
        "UPDATE run SET resume = 1 WHERE id = ?1 AND verdict IS NULL",
        [sql_id(row.id)],
    )?;
    change.touch_number(Table::Run, row.id);
    change.record(AuditEvent::RunResumed { run: row.id, reason: reason.to_owned() });
    Ok(Accounted {
        device: row.device.map(|device| devices::get(change, device)).transpose()?.flatten(),
        credential: row.credential.clone(),
        certificates,
        was_live: false,
    })
}

/// The verdict, the device's state, the certificate's state and the reason on the CRL that a decision means.
fn meaning(decision: Decision) -> (Verdict, DeviceState, CertificateState, RevocationReason) {
    let ceased = RevocationReason::CessationOfOperation;
    match decision {
        // resuming withdraws nothing; it never comes here with a run that has its verdict
        Decision::Resume | Decision::Supersede => (
            Verdict::Aborted,
            DeviceState::Released,
            CertificateState::Superseded,
            RevocationReason::Superseded,
        ),
        Decision::Quarantine => {
            (Verdict::Quarantine, DeviceState::Quarantined, CertificateState::Revoked, ceased)
        }
        Decision::Scrap => (Verdict::Scrap, DeviceState::Scrapped, CertificateState::Revoked, ceased),
    }
}

fn break_off(
    change: &mut Change<'_>,
    row: &Run,
    decision: Decision,
    reason: &str,
) -> Result<Accounted, DecideError> {
    let (verdict, state, certificate, revoke_for) = meaning(decision);
    let finish = Finish {
        verdict,
        stage: row.stage,
        code: None,
        message: reason,
        proof: None,
        revoke_for,
        steps: None,
    };
    let accounted = close(change, row.id, &finish, Some(state), certificate)?;
    record(change, row.id, decision, reason);
    Ok(accounted)
}

/// The decisions that can be made about the newest run of a device that stands there, as far as its row tells.
pub fn possible(run: &Run, state: DeviceState) -> Vec<Decision> {
    let all = [Decision::Resume, Decision::Supersede, Decision::Quarantine, Decision::Scrap];
    let may = |decision: &Decision| match (&run.ending, decision) {
        (None, Decision::Resume) => resumable(run) && !run.resume,
        (None, Decision::Supersede | Decision::Quarantine | Decision::Scrap) => true,
        (Some(_), decision) => fits(state, *decision),
    };
    all.into_iter().filter(may).collect()
}

/// Whether a decision changes anything for a device whose newest run has its verdict.
fn fits(state: DeviceState, decision: Decision) -> bool {
    match (state, decision) {
        (_, Decision::Resume) | (DeviceState::Scrapped, _) => false,
        (DeviceState::Provisioned, _) => true,
        (DeviceState::Quarantined, Decision::Supersede | Decision::Scrap) => true,
        (DeviceState::Quarantined, Decision::Quarantine) => false,
        (DeviceState::New | DeviceState::Released, Decision::Quarantine | Decision::Scrap) => true,
        (DeviceState::New | DeviceState::Released, Decision::Supersede) => false,
    }
}

fn afterwards(
    change: &mut Change<'_>,
    row: &Run,
    verdict: Verdict,
    decision: Decision,
    reason: &str,
) -> Result<Accounted, DecideError> {
    let run = row.id;
    let device = row.device.map(|device| devices::get(change, device)).transpose()?.flatten();
    let device = device.ok_or(DecideError::NoDevice { run, verdict })?;
    let newest = super::newest_of(change, device.id)?.map_or(run, |newest| newest.id);
    if newest != run {
        return Err(DecideError::NotNewest { run, newest });
    }
    if !fits(device.state, decision) {
        return Err(DecideError::Finished { run, verdict, state: device.state });
    }
    let (_, state, certificate, revoke_for) = meaning(decision);
    let withdrawn = certificates::issue::withdraw(change, run, revoke_for, certificate)?;
    let was_provisioned = device.state == DeviceState::Provisioned;
    devices::set_state(change, device.id, state)?;
    if let (true, Some(work_order)) = (was_provisioned, &row.work_order) {
        work_orders::count_passed(change, work_order, -1)?;
        first_article::withdrawn(change, work_order, run)?;
    }
    record(change, run, decision, reason);
    let derived = matches!(row.credential, Some(CredentialKind::GroupKey { .. }));
    Ok(Accounted {
        device: devices::get(change, device.id)?,
        credential: row.credential.clone(),
        was_live: !withdrawn.is_empty() || (derived && was_provisioned),
        certificates: withdrawn,
    })
}

fn record(change: &mut Change<'_>, run: u64, decision: Decision, reason: &str) {
    let reason = reason.to_owned();
    change.record(match decision {
        Decision::Resume => AuditEvent::RunResumed { run, reason },
        Decision::Supersede => AuditEvent::RunSuperseded { run, reason },
        Decision::Quarantine => AuditEvent::RunQuarantined { run, reason },
        Decision::Scrap => AuditEvent::RunScrapped { run, reason },
    });
}
