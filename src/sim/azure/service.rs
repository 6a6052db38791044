//! The whole simulated service without HTTP: one request in, one reply out, errors in the service's own shape.

use serde_json::json;

use super::device_side::Desk;
use super::records::Records;
use super::refusal::Refusal;
use super::request::{Method, Reply, Request, Route};
use super::service_side::{self, Access};
use crate::domain::utc_time::UtcTime;

/// A body may have this many bytes; ten enrollments with certificates and twins need about a tenth.
pub(super) const LARGEST_BODY: usize = 1 << 20;

/// The service and all it knows.
pub(super) struct Service {
    /// Who may call the service's side.
    pub(super) access: Access,
    /// Where devices register.
    pub(super) desk: Desk,
    /// What was enrolled and registered.
    pub(super) records: Records,
}

impl Service {
    /// Answers one request.
    pub(super) fn answer(&mut self, request: &Request, now: UtcTime) -> Reply {
        match self.judge(request, now) {
            Ok(reply) => reply,
            Err(refusal) => self.refuse(&refusal, now),
        }
    }

    fn judge(&mut self, request: &Request, now: UtcTime) -> Result<Reply, Refusal> {
        let route = Route::find(request.method, &request.path).ok_or(Refusal::NoSuchPath)?;
        if request.api_version.as_deref().is_none_or(str::is_empty) {
            return Err(Refusal::NoApiVersion);
        }
        if request.body.len() > LARGEST_BODY {
            return Err(Refusal::TooLarge(LARGEST_BODY));
        }
        let has_document = matches!(request.method, Method::Put | Method::Post) && !request.body.is_empty();
        if has_document && !is_json(request.content_type.as_deref()) {
            return Err(Refusal::ContentType);
        }
        if route.is_for_devices() {
            self.desk.answer(&mut self.records, &route, request, now)
        } else {
            self.access.check(request, now)?;
            service_side::answer(&mut self.records, &route, request, now)
        }
    }

    /// The error body, `ProvisioningServiceErrorDetails`, and its header.
    pub(super) fn refuse(&mut self, refusal: &Refusal, now: UtcTime) -> Reply {
        let code = refusal.error_code();
        let body = json!({
            "errorCode": code,
            "trackingId": self.records.random.guid(),
            "message": refusal.to_string(),
            "timestampUtc": now,
        });
        Reply { status: refusal.status(), headers: Vec::new(), body: Some(body) }
            .with("x-ms-error-code", code.to_string())
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|text| {
        let kind = text.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
    })
}
