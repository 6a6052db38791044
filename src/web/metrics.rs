//! `/metrics`: the station's figures in the text format of Prometheus 0.0.4, for a client's token or, where the
//! settings say so, for anybody on this machine. Beside it, the count of answered requests.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, web};

use crate::domain::utc_time::UtcTime;
use crate::station::clients::Querying;
use crate::station::clock;
use crate::station::gauges::{self, Gauges};
use crate::station::slots::Floor;
use crate::web::api::access::Asked;
use crate::web::api::problem::Problem;
use crate::web::api::status;

/// The format's name.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`
pub async fn figures(request: HttpRequest, floor: web::Data<Floor>) -> Result<HttpResponse, Problem> {
    let local = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
    if !(floor.settings.open_metrics && local) {
        Asked::<Querying>::of(&request)?;
    }
    let inside = floor.clone();
    let taken = web::block(move || gauges::take(&inside)).await.map_err(|_| Problem::busy())?;
    let gauges = taken.map_err(|error| Problem::of(&error))?;
    Ok(HttpResponse::Ok().content_type(FORMAT).body(text(&floor, &gauges, clock::now())))
}

/// Counts an answer by the part of the pages it came from and its status.
pub async fn count(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let floor = request.app_data::<web::Data<Floor>>().cloned();
    let path = request.path();
    let part = match path {
        "/metrics" => "metrics",
        "/healthz" => "health",
        _ if path.starts_with("/api/") => "api",
        _ if path.starts_with("/static/") => "static",
        _ => "pages",
    };
    let answer = next.call(request).await;
    if let Some(floor) = floor {
        let status = match &answer {
            Ok(answer) => answer.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        floor.counts.request(part, status.as_u16());
    }
    answer
}

fn text(floor: &Floor, gauges: &Gauges, now: UtcTime) -> String {
    let mut all = Exposition::default();
    all.one("lineside_info", "gauge", "The program that runs.", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    all.one(
        "lineside_vault_locked",
        "gauge",
        "1 if the vault is closed.",
        &[],
        u8::from(floor.keys.current().is_none()),
    );
    let none = ["not-ready", "ready", "waiting", "running", "verdict"].map(|state| (state, 0u64));
    let mut states = BTreeMap::from(none);
    for (_, tile) in floor.board.all() {
        *states.entry(status::state(&tile)).or_default() += 1;
    }
    all.head("lineside_slots", "gauge", "Slots by what they do.");
    for (state, count) in states {
        all.value("lineside_slots", &[("state", state)], count);
    }
    all.head("lineside_slot_verdicts_total", "counter", "Verdicts of the slots since this process began.");
    for (verdict, count) in floor.counts.verdicts() {
        all.value("lineside_slot_verdicts_total", &[("verdict", verdict)], count);
    }
    all.head("lineside_recorded_runs", "gauge", "Runs on record by verdict, at most a minute old.");
    for (verdict, count) in &gauges.recorded {
        all.value("lineside_recorded_runs", &[("verdict", verdict)], count);
    }
    all.one("lineside_unfinished_runs", "gauge", "Runs without a verdict.", &[], gauges.unfinished);
    all.head("lineside_outbox_rows", "gauge", "Operations that the cloud is still to be told, by state.");
    let outbox = &gauges.outbox;
    for (state, count) in
        [("waiting", outbox.waiting), ("conflict", outbox.conflict), ("parked", outbox.parked)]
    {
        all.value("lineside_outbox_rows", &[("state", state)], count);
    }
    let waited = outbox.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
    all.one("lineside_outbox_oldest_seconds", "gauge", "How long the oldest operation waits.", &[], waited);
    all.one("lineside_audit_entries", "gauge", "Entries of the audit log.", &[], gauges.entries);
    if let Some(at) = gauges.signed_at {
        let age = now.since(at).as_secs_f64();
        all.one("lineside_checkpoint_age_seconds", "gauge", "Since the newest signed checkpoint.", &[], age);
    }
    if let Some(until) = gauges.ca_until {
        all.one(
            "lineside_ca_seconds_left",
            "gauge",
            "Until the issuing CA ends.",
            &[],
            seconds_left(until, now),
        );
    }
    if let Some(until) = gauges.crl_until {
        let left = seconds_left(until, now);
        all.one("lineside_crl_seconds_left", "gauge", "Until the next revocation list is due.", &[], left);
    }
    if !gauges.webhooks.is_empty() {
        all.head("lineside_webhook_attempts", "gauge", "Attempts in vain at a webhook's next delivery.");
        for (name, attempts) in &gauges.webhooks {
            all.value("lineside_webhook_attempts", &[("webhook", name)], attempts);
        }
    }
    let warnings = floor.board.warnings().len();
    all.one("lineside_warnings", "gauge", "What the station is worried about.", &[], warnings);
    all.head("lineside_http_requests_total", "counter", "Answered requests since this process began.");
    for (part, status, count) in floor.counts.requests() {
        all.value("lineside_http_requests_total", &[("part", part), ("status", &status.to_string())], count);
    }
    all.0
}

/// Seconds until then; negative if it is over.
fn seconds_left(until: UtcTime, now: UtcTime) -> i64 {
    until.seconds().saturating_sub(now.seconds())
}

/// A text in the making.
#[derive(Default)]
struct Exposition(String);

impl Exposition {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // writing to a String does not fail
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, labels: &[(&str, &str)], value: impl Display) {
        self.head(name, kind, help);
        self.value(name, labels, value);
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut all = Exposition::default();
        all.value("a", &[("b", "c\"\\\n")], 1.5);
        assert_eq!(all.0, "a{b=\"c\\\"\\\\\\n\"} 1.5\n");
    }
}
