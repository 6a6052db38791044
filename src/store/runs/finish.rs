//! Ending a run. The verdict, the device's new state and the fate of the run's certificate are one change:
//! only a PASS leaves a live credential behind.

use super::CredentialKind;
use crate::domain::audit_event::AuditEvent;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::pair::Pair;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::stage::Stage;
use crate::domain::step::Steps;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::store::certificates::{self, CertificateState};
use crate::store::change::Change;
use crate::store::columns::sql_id;
use crate::store::devices::{self, Device, DeviceState};
use crate::store::error::StoreError;
use crate::store::row_digest::Table;
use crate::store::work_orders::{self, first_article};

/// How a run is to end.
#[derive(Debug, Clone, Copy)]
pub struct Finish<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// Where it ended; [`Stage::Finished`] with a PASS.
    pub stage: Stage,
    /// What went wrong.
    pub code: Option<Code>,
    /// One sentence for a person, without any secret.
    pub message: &'a str,
    /// Which proof was had.
    pub proof: Option<&'a str>,
    /// Why its certificate is withdrawn, unless it is a PASS.
    pub revoke_for: RevocationReason,
    /// Its steps, if a device went through any.
    pub steps: Option<&'a Steps>,
}

/// What became of a run's credential, for the caller to act on in the same change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounted {
    /// The device as it stands now.
    pub device: Option<Device>,
    /// What the run was to give.
    pub credential: Option<CredentialKind>,
    /// Its certificates that were touched and where they stand now, the primary first.
    pub certificates: Vec<(CertSerial, CertificateState)>,
    /// Whether a credential that a cloud might accept existed and is now withdrawn: an issued certificate,
    /// or a derived key. DPS checks no CRL, so a group enrollment's device then needs a disabled individual
    /// enrollment. Always false after a PASS.
    pub was_live: bool,
}

/// Ends a run that has no verdict. On any ending but PASS its certificate is void (intended) or revoked
/// (issued) afterwards. Records the withdrawal and the ending.
///
/// # Errors
/// A conflict if the run has its verdict, or for a PASS without a credential on record.
pub fn finish(change: &mut Change<'_>, run: u64, finish: &Finish<'_>) -> Result<Accounted, StoreError> {
    let state = match finish.verdict {
        Verdict::Pass => return pass(change, run, finish),
        Verdict::Quarantine => Some(DeviceState::Quarantined),
        Verdict::Scrap => Some(DeviceState::Scrapped),
        Verdict::Fail | Verdict::Error | Verdict::Aborted | Verdict::Skipped => None,
    };
    close(change, run, finish, state, CertificateState::Revoked)
}

fn pass(change: &mut Change<'_>, run: u64, finish: &Finish<'_>) -> Result<Accounted, StoreError> {
    let conflict = |why| StoreError::Conflict { table: "run", key: run.to_string(), why };
    let row = super::get(change, run)?.ok_or_else(|| conflict("is not there"))?;
    let of_run = certificates::by_run(change, run)?;
    let certificates: Vec<_> =
        of_run.iter().flat_map(Pair::each).map(|(_, found)| (found.serial, found.state)).collect();
    let (Some(device), Some(credential)) = (row.device, row.credential) else {
        return Err(conflict("has no device that could pass"));
    };
    let on_record = match &credential {
        CredentialKind::X509 { key: _ } => {
            !certificates.is_empty()
                && certificates.iter().all(|(_, state)| *state == CertificateState::Issued)
        }
        CredentialKind::GroupKey { group: _ } => row.stage.may_have_credential(),
    };
    if !on_record {
        return Err(conflict("cannot pass: no credential of it is on record"));
    }
    write(change, run, finish)?;
    devices::set_state(change, device, DeviceState::Provisioned)?;
    if let Some(work_order) = &row.work_order {
        work_orders::count_passed(change, work_order, 1)?;
        first_article::passed(change, work_order, run)?;
    }
    record(change, run, finish);
    Ok(Accounted {
        device: devices::get(change, device)?,
        credential: Some(credential),
        certificates,
        was_live: false,
    })
}

/// Ends a run without a PASS: withdraws its credential, puts the device into `state` if one is given.
pub(super) fn close(
    change: &mut Change<'_>,
    run: u64,
    finish: &Finish<'_>,
    state: Option<DeviceState>,
    issued_becomes: CertificateState,
) -> Result<Accounted, StoreError> {
    let missing = || StoreError::Conflict { table: "run", key: run.to_string(), why: "is not there" };
    let row = super::get(change, run)?.ok_or_else(missing)?;
    let withdrawn = certificates::issue::withdraw(change, run, finish.revoke_for, issued_becomes)?;
    write(change, run, finish)?;
    if let (Some(device), Some(state)) = (row.device, state) {
        devices::set_state(change, device, state)?;
    }
    record(change, run, finish);
    let derived = matches!(row.credential, Some(CredentialKind::GroupKey { .. }));
    Ok(Accounted {
        device: row.device.map(|device| devices::get(change, device)).transpose()?.flatten(),
        credential: row.credential,
        was_live: withdrawn.iter().any(|(_, state)| *state != CertificateState::Void)
            || (derived && row.stage.may_have_credential()),
        certificates: withdrawn,
    })
}

fn write(change: &mut Change<'_>, run: u64, finish: &Finish<'_>) -> Result<(), StoreError> {
    let Finish { verdict, stage, code, message, proof, revoke_for: _, steps } = *finish;
    change.update_one(
        Table::Run,
        &run.to_string(),
        "has its verdict already",
        "UPDATE run SET verdict = ?2, stage = ?3, code = ?4, message = ?5, proof = ?6, finished = ?7, resume = 0,
                        steps = ?8
         WHERE id = ?1 AND verdict IS NULL",
        (
            sql_id(run),
            verdict.as_str(),
            stage.as_str(),
            code.map(Code::as_str),
            shortened(message),
            proof,
            change.now().millis(),
            steps.map(Steps::to_string),
        ),
    )?;
    change.touch_number(Table::Run, run);
    Ok(())
}

fn record(change: &mut Change<'_>, run: u64, finish: &Finish<'_>) {
    change.record(AuditEvent::RunFinished {
        run,
        serial: None,
        verdict: finish.verdict,
        stage: finish.stage.to_string(),
        code: finish.code.map(|code| code.to_string()),
        proof: finish.proof.map(str::to_owned),
    });
}

/// A run that ended before a device could be reserved.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// The recipe, if one was chosen.
    pub product: Option<&'a Name>,
    /// Digest of its text.
    pub product_digest: Option<&'a Digest>,
    /// The work order, if one is active; it must exist.
    pub work_order: Option<&'a Name>,
    /// The slot.
    pub slot: Option<&'a Name>,
    /// What the device said its serial number is, as far as it came.
    pub serial: Option<&'a str>,
    /// Who is responsible.
    pub person: &'a str,
    /// When it began.
    pub started: UtcTime,
    /// How it ended; never PASS.
    pub verdict: Verdict,
    /// Where it ended.
    pub stage: Stage,
    /// What went wrong.
    pub code: Option<Code>,
    /// One sentence for a person, without any secret.
    pub message: &'a str,
    /// Its steps, if a device went through any.
    pub steps: Option<&'a Steps>,
}

/// Writes a run that ended before its device was reserved; its number.
///
/// # Errors
/// A conflict if it is said to have passed.
pub fn record_failure(change: &mut Change<'_>, failure: &Failure<'_>) -> Result<u64, StoreError> {
    let Failure {
        product,
        product_digest,
        work_order,
        slot,
        serial,
        person,
        started,
        verdict,
        stage,
        code,
        message,
        steps,
    } = *failure;
    if verdict == Verdict::Pass {
        let why = "cannot pass: no device was reserved";
        return Err(StoreError::Conflict { table: "run", key: "without a number".to_owned(), why });
    }
    // what a device says is hostile: a row takes 64 characters of it
    let claimed = serial.map(|text| text.chars().take(64).collect::<String>());
    let run = change.insert(
        "INSERT INTO run (work_order, product, product_digest, slot, person, started, stage, verdict, code,
                          message, finished, claimed, steps)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        (
            work_order.map(Name::as_str),
            product.map(Name::as_str),
            product_digest.map(Digest::to_string),
            slot.map(Name::as_str),
            person,
            started.millis(),
            stage.as_str(),
            verdict.as_str(),
            code.map(Code::as_str),
            shortened(message),
            change.now().millis(),
            claimed.as_deref(),
            steps.map(Steps::to_string),
        ),
    )?;
    change.touch_number(Table::Run, run);
    change.record(AuditEvent::RunFinished {
        run,
        serial: claimed,
        verdict,
        stage: stage.to_string(),
        code: code.map(|code| code.to_string()),
        proof: None,
    });
    Ok(run)
}

/// Messages may quote a device; a row takes 1000 characters of them.
fn shortened(message: &str) -> String {
    message.chars().take(1000).collect()
}
