//! The devices' side of the interface: register, poll the operation, look up. Shapes and headers as recorded
//! from the official clients.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use serde::Deserialize;
use serde_json::{Value, json};

use super::proof;
use super::records::Records;
use super::refusal::{Refusal, Unproven};
use super::registration::{Asked, Registration};
use super::request::{Device, Method, Reply, Request, Route};
use crate::domain::registration_id::RegistrationId;
use crate::domain::utc_time::UtcTime;

/// How registrations are answered.
pub(super) struct Desk {
    /// The ID scope of this service.
    pub(super) id_scope: String,
    /// How many polls are answered “assigning”.
    pub(super) assigning_polls: u32,
    /// Seconds a device is asked to wait.
    pub(super) retry_after: u64,
    /// Judges certificate chains.
    pub(super) provider: Arc<CryptoProvider>,
}

/// `DeviceRegistration`; what else clients put into it does not matter here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    registration_id: Option<String>,
}

impl Desk {
    /// Answers a device.
    pub(super) fn answer(
        &self,
        records: &mut Records,
        route: &Route,
        request: &Request,
        now: UtcTime,
    ) -> Result<Reply, Refusal> {
        match (route, request.method) {
            (Route::Register(device), Method::Put) => self.register(records, device, request, now),
            (Route::Operation(device, operation), Method::Get) => {
                self.poll(records, device, operation, request, now)
            }
            (Route::LookUp(device), Method::Post) => {
                named_alike(device, &request.body)?;
                self.prove(records, device, request, now)?;
                let found = records.registrations.get(&device.registration_id.to_ascii_lowercase());
                let none = || Refusal::NoRegistration(device.registration_id.clone());
                Ok(Reply::ok(found.ok_or_else(none)?.result()))
            }
            (_, _) => Err(Refusal::Method),
        }
    }

    fn prove<'a>(
        &self,
        records: &'a Records,
        device: &Device,
        request: &Request,
        now: UtcTime,
    ) -> Result<proof::Proven<'a>, Unproven> {
        if !device.id_scope.eq_ignore_ascii_case(&self.id_scope) {
            return Err(Unproven::Resource(device.id_scope.clone()));
        }
        proof::prove(records, device, request, now, &self.provider)
    }

    fn register(
        &self,
        records: &mut Records,
        device: &Device,
        request: &Request,
        now: UtcTime,
    ) -> Result<Reply, Refusal> {
        device.registration_id.parse::<RegistrationId>().map_err(super::enrollment::BadEnrollment::Id)?;
        named_alike(device, &request.body)?;
        // the proof borrows the records, so the randomness is lent out meanwhile
        let key = device.registration_id.to_ascii_lowercase();
        let mut random = records.random.fork();
        let registration = {
            let proven = self.prove(records, device, request, now)?;
            let asked = Asked {
                registration_id: &device.registration_id,
                proof: proven.proof,
                polls: self.assigning_polls,
            };
            let earlier = records.registrations.get(&key);
            Registration::make(asked, proven.enrollment, &records.hubs, earlier, now, &mut random)
        };
        let operation = registration.operation_id.clone();
        records.register(key, registration)?;
        let body = json!({ "operationId": operation, "status": "assigning" });
        Ok(self.accepted(device, &operation, request, body))
    }

    fn poll(
        &self,
        records: &mut Records,
        device: &Device,
        operation: &str,
        request: &Request,
        now: UtcTime,
    ) -> Result<Reply, Refusal> {
        self.prove(records, device, request, now)?;
        let found = records.registrations.get_mut(&device.registration_id.to_ascii_lowercase());
        let registration = found
            .filter(|registration| registration.operation_id == operation)
            .ok_or_else(|| Refusal::NoRegistration(operation.to_owned()))?;
        if let Some(left) = registration.polls_left.checked_sub(1) {
            registration.polls_left = left;
            let body = json!({
                "operationId": operation,
                "status": "assigning",
                "registrationState": { "registrationId": device.registration_id, "status": "assigning" },
            });
            return Ok(self.accepted(device, operation, request, body));
        }
        Ok(Reply::ok(json!({
            "operationId": operation,
            "status": registration.status(),
            "registrationState": registration.result(),
        })))
    }

    fn accepted(&self, device: &Device, operation: &str, request: &Request, body: Value) -> Reply {
        let Device { id_scope, registration_id } = device;
        let version = request.api_version.as_deref().unwrap_or_default();
        let location = format!(
            "https://{}/{id_scope}/registrations/{registration_id}/operations/{operation}?api-version={version}",
            request.host
        );
        Reply { status: 202, headers: Vec::new(), body: Some(body) }
            .with("retry-after", self.retry_after.to_string())
            .with("location", location)
    }
}

fn named_alike(device: &Device, body: &[u8]) -> Result<(), Refusal> {
    let Body { registration_id } = match body {
        [] => Body { registration_id: None },
        bytes => serde_json::from_slice(bytes)?,
    };
    match registration_id {
        Some(body) if !body.eq_ignore_ascii_case(&device.registration_id) => {
            Err(Refusal::IdDiffers { path: device.registration_id.clone(), body })
        }
        Some(_) | None => Ok(()),
    }
}
