//! What happened to one device.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::domain::thumbprint::Thumbprint;
use crate::station::clients::Querying;
use crate::station::mes::{self, History};
use crate::store::certificates::Certificate;
use crate::store::outbox::OutboxRow;
use crate::store::runs::Run;
use crate::web::api::access::{self, Asked};
use crate::web::api::problem::Problem;

/// `GET /api/v1/devices/{device}`: by serial number, MAC address, registration ID or device ID.
pub async fn one(asked: Asked<Querying>, device: web::Path<String>) -> Result<HttpResponse, Problem> {
    let wanted = device.into_inner();
    let history = asked.act(move |floor, right| mes::history(&floor.store, right, &wanted)).await?;
    match history.map_err(|error| Problem::of(&error))? {
        Some(history) => Ok(access::json(StatusCode::OK, &told(&history))),
        None => Err(Problem::nothing_there("this device")),
    }
}

fn told(history: &History) -> Value {
    let History { device, runs, certificates, enrollment } = history;
    json!({
        "id": device.id,
        "serial": device.serial,
        "mac": device.mac.as_ref().map(ToString::to_string),
        "registration_id": device.identity.registration_id.as_str(),
        "device_id": device.identity.device_id.as_str(),
        "state": device.state.as_str(),
        "created": device.created,
        "runs": runs.iter().map(run).collect::<Vec<_>>(),
        "certificates": certificates.iter().map(certificate).collect::<Vec<_>>(),
        "enrollment": enrollment.iter().map(operation).collect::<Vec<_>>(),
    })
}

/// A run, as every answer tells it.
pub fn run(run: &Run) -> Value {
    let ending = run.ending.as_ref();
    json!({
        "run": run.id,
        "work_order": run.work_order,
        "product": run.product,
        "slot": run.slot,
        "person": run.person,
        "credential": run.credential.as_ref().map(|kind| kind.as_str()),
        "started": run.started,
        "finished": ending.map(|ending| ending.at),
        "stage": run.stage.as_str(),
        "verdict": ending.map(|ending| ending.verdict),
        "code": ending.and_then(|ending| ending.code),
        "message": ending.map(|ending| ending.message.as_str()),
        "proof": ending.and_then(|ending| ending.proof.as_deref()),
    })
}

fn certificate(certificate: &Certificate) -> Value {
    json!({
        "serial": certificate.serial.to_string(),
        "which": certificate.which.as_str(),
        "run": certificate.run,
        "state": certificate.state.as_str(),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "sha1": certificate.der.as_deref().map(|der| Thumbprint::sha1(der).to_string()),
        "sha256": certificate.sha256,
        "revoked_at": certificate.revoked_at,
        "reason": certificate.reason.map(|reason| reason.as_str()),
        "successor": certificate.successor.as_ref().map(ToString::to_string),
    })
}

fn operation(row: &OutboxRow) -> Value {
    json!({
        "id": row.id,
        "operation": row.operation.as_str(),
        "state": row.state.as_str(),
        "run": row.run,
        "created": row.created,
        "sent": row.sent,
        "attempts": row.attempts,
        "last_code": row.last_code,
    })
}
