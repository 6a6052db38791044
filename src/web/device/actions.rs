//! What an engineer can decide about a device, with the consequences in words, and the forms that do it.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::domain::cert_serial::{BadCertSerial, CertSerial};
use crate::domain::language::Language;
use crate::domain::pair::Which;
use crate::domain::revocation_reason::RevocationReason;
use crate::station::authority::{Authority, Engineering};
use crate::station::device_file::Sheet;
use crate::station::{clock, decisions, refusals, revocation};
use crate::store::certificates::{self, CertificateState};
use crate::store::devices::{self, DeviceState};
use crate::store::error::StoreError;
use crate::store::runs::decide::{self, Decision};
use crate::store::runs::{self, Run};
use crate::web::access::Posted;
use crate::web::trouble::Trouble;
use crate::web::words::devices::DeviceWords;
use crate::web::words::fill;

/// One thing that can be decided now.
pub struct ActionView {
    /// The form's value.
    pub name: &'static str,
    /// Its word, on the button too.
    pub word: &'static str,
    /// What it means.
    pub means: &'static str,
    /// The run it is about.
    pub run: u64,
    /// Whether it cannot be undone.
    pub grave: bool,
}

const DECISIONS: [(Decision, &str); 4] = [
    (Decision::Resume, "resume"),
    (Decision::Supersede, "supersede"),
    (Decision::Quarantine, "quarantine"),
    (Decision::Scrap, "scrap"),
];

/// What can be decided about a device that stands there and whose newest run this is.
pub fn possible(run: &Run, state: DeviceState, language: Language) -> Vec<ActionView> {
    let t = DeviceWords::of(language);
    let may = decide::possible(run, state);
    let view = |(decision, name): (Decision, &'static str)| {
        let (word, means) = match (decision, &run.ending, state) {
            (Decision::Resume, _, _) => (t.resume, t.resume_means),
            (Decision::Supersede, None, _) => (t.give_up, t.give_up_means),
            (Decision::Supersede, Some(_), DeviceState::Quarantined) => (t.release, t.release_means),
            (Decision::Supersede, Some(_), _) => (t.rework, t.rework_means),
            (Decision::Quarantine, _, _) => (t.quarantine, t.quarantine_means),
            (Decision::Scrap, _, _) => (t.scrap, t.scrap_means),
        };
        ActionView { name, word, means, run: run.id, grave: decision == Decision::Scrap }
    };
    DECISIONS.into_iter().filter(|(decision, _)| may.contains(decision)).map(view).collect()
}

/// A certificate that can be revoked by itself.
pub struct Revocable {
    /// Its serial number.
    pub serial: String,
    /// Whether it stands in for the primary one.
    pub secondary: bool,
}

/// The certificates that can be revoked by themselves, the primary first: the live ones of a device whose newest run has
/// its verdict.
pub fn revocable(run: &Run, certificates: &[Sheet]) -> Vec<Revocable> {
    let live = certificates.iter().filter(|sheet| sheet.row.state == CertificateState::Issued);
    let mut found: Vec<Revocable> = live
        .filter(|_| run.ending.is_some())
        .map(|sheet| Revocable {
            serial: sheet.row.serial.to_string(),
            secondary: sheet.row.which == Which::Secondary,
        })
        .collect();
    found.sort_by_key(|one| one.secondary);
    found
}

/// RFC 5280's reasons: their words, and what they mean.
pub fn reasons(language: Language) -> Vec<(&'static str, &'static str)> {
    let t = DeviceWords::of(language);
    RevocationReason::ALL.into_iter().map(|reason| (reason.as_str(), reason_word(reason, t))).collect()
}

/// What a reason means.
pub fn reason_word(reason: RevocationReason, t: &DeviceWords) -> &'static str {
    match reason {
        RevocationReason::Unspecified => t.unspecified,
        RevocationReason::KeyCompromise => t.key_compromise,
        RevocationReason::CaCompromise => t.ca_compromise,
        RevocationReason::AffiliationChanged => t.affiliation_changed,
        RevocationReason::Superseded => t.replaced,
        RevocationReason::CessationOfOperation => t.cessation,
        RevocationReason::PrivilegeWithdrawn => t.privilege_withdrawn,
    }
}

/// A decision.
#[derive(Deserialize)]
pub struct DecisionForm {
    run: u64,
    decision: String,
    reason: String,
}

/// `POST /devices/{id}/decide`
pub async fn decide_about(
    id: web::Path<u64>,
    posted: Posted<Engineering, DecisionForm>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let DecisionForm { run, decision, reason } = form;
    let id = id.into_inner();
    let not_found = || Trouble::not_found(visit.language);
    let (decision, _) = DECISIONS.into_iter().find(|(_, name)| *name == decision).ok_or_else(not_found)?;
    // a run of another device was not decided about on this page
    let device = visit
        .read(move |r| {
            let own = runs::get(r, run)?.is_some_and(|run| run.device == Some(id));
            Ok::<_, StoreError>(devices::get(r, id)?.filter(|_| own))
        })
        .await?
        .ok_or_else(not_found)?;
    let place = format!("/devices/{id}");
    let decided = visit
        .act(move |floor, engineer| {
            decisions::decide_beside_the_line(floor, engineer, run, decision, &reason)
        })
        .await?;
    let t = DeviceWords::of(visit.language);
    Ok(match decided {
        Err(error) => visit.refused(&place, &error),
        Ok(()) => {
            let word = match decision {
                Decision::Resume => t.is_resumed,
                Decision::Supersede => t.is_superseded,
                Decision::Quarantine => t.is_quarantined,
                Decision::Scrap => t.is_scrapped,
            };
            let values = [("run", run.to_string()), ("serial", device.serial.to_string())];
            visit.done(&place, fill(word, &values.each_ref().map(|(name, value)| (*name, value.as_str()))))
        }
    })
}

/// A revocation.
#[derive(Deserialize)]
pub struct RevocationForm {
    certificate: String,
    reason: String,
}

/// `POST /devices/{id}/revoke`
pub async fn revoke(
    id: web::Path<u64>,
    posted: Posted<Engineering, RevocationForm>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let id = id.into_inner();
    let place = format!("/devices/{id}");
    let not_found = || Trouble::not_found(visit.language);
    let serial: CertSerial = form.certificate.parse().map_err(|_: BadCertSerial| not_found())?;
    let own = visit.read(move |r| certificates::get(r, &serial)).await?;
    own.filter(|row| row.device == id).ok_or_else(not_found)?;
    let Ok(reason) = form.reason.parse::<RevocationReason>() else {
        return Ok(visit.refused(&place, &crate::domain::reason::NoReason));
    };
    let done = visit
        .act(move |floor, engineer: &Engineering| {
            let now = clock::now();
            revocation::revoke(&floor.store, engineer, now, &serial, reason).inspect_err(|error| {
                let what = format!("revocation of {serial}");
                refusals::record(&floor.store, engineer.actor(), now, &what, error);
            })
        })
        .await?;
    Ok(match done {
        Ok(()) => {
            let t = DeviceWords::of(visit.language);
            visit.done(&place, fill(t.is_revoked, &[("serial", &serial.to_string())]))
        }
        Err(error) => visit.refused(&place, &error),
    })
}
