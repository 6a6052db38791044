//! The service's side of the interface: what a back end with an access policy's key may do.

use serde::Deserialize;

use super::bulk;
use super::enrollment::{Document, Enrollment, Kind};
use super::paging;
use super::records::{Precondition, Records};
use super::refusal::{Refusal, Unproven};
use super::request::{Method, Reply, Request, Route};
use super::sas_check;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;

/// The access policy, and the names under which the service is reached.
pub(super) struct Access {
    /// The policy's name (`skn`).
    pub(super) policy: String,
    /// Its key.
    pub(super) key: Secret,
    /// Host names without port.
    pub(super) hosts: Vec<String>,
    /// The port served.
    pub(super) port: u16,
}

impl Access {
    /// Checks the token of a service call.
    pub(super) fn check(&self, request: &Request, now: UtcTime) -> Result<(), Unproven> {
        let header = request.authorization.as_deref().ok_or(Unproven::Nothing)?;
        let token = sas_check::parse(header)?;
        let (host, part) = match token.resource.split_once('/') {
            Some((host, part)) => (host, part),
            None => (token.resource.as_str(), ""),
        };
        let path = request.path.trim_start_matches('/');
        if !self.is_ours(host, &request.host) || !(part.is_empty() || sas_check::covers(part, path)) {
            return Err(Unproven::Resource(token.resource));
        }
        match token.policy.as_deref() {
            Some(policy) if policy == self.policy => {}
            other => return Err(Unproven::Policy(other.unwrap_or_default().to_owned())),
        }
        if !token.is_signed_by(self.key.expose()) {
            return Err(Unproven::Signature);
        }
        if token.is_expired(now) { Err(Unproven::Expired) } else { Ok(()) }
    }

    // clients sign the host with or without the port, and may send another Host header than they sign
    fn is_ours(&self, signed: &str, host_header: &str) -> bool {
        if signed.eq_ignore_ascii_case(host_header) {
            return true;
        }
        let (name, port) = split_port(signed);
        let port_fits = port.is_none_or(|port| port == self.port);
        let (header_name, _) = split_port(host_header);
        port_fits
            && (name.eq_ignore_ascii_case(header_name)
                || self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name)))
    }
}

fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        Some(_) | None => (host, None),
    }
}

#[derive(Deserialize)]
struct QuerySpecification {
    #[serde(rename = "query")]
    _query: String,
}

/// Answers a call that [`Access::check`] let through.
pub(super) fn answer(
    records: &mut Records,
    route: &Route,
    request: &Request,
    now: UtcTime,
) -> Result<Reply, Refusal> {
    match (route, request.method) {
        (Route::Bulk(kind), Method::Post) => Ok(Reply::ok(bulk::run(records, *kind, &request.body, now)?)),
        (Route::Query(kind), Method::Post) => {
            let QuerySpecification { _query: _ } = serde_json::from_slice(&request.body)?;
            let item_type = match kind {
                Kind::Individual => "Enrollment",
                Kind::Group => "EnrollmentGroup",
            };
            let show = |enrollment: &Enrollment| Ok(enrollment.document()?);
            paging::page(records.all(*kind), request, item_type, |_| true, show)
        }
        (Route::One(kind, id), Method::Get) => {
            let mut document = records.find(*kind, id)?.document()?;
            if *kind == Kind::Individual
                && let Some(registration) = records.registrations.get(&id.to_ascii_lowercase())
            {
                document["registrationState"] = registration.state();
            }
            Ok(Reply::ok(document))
        }
        (Route::One(kind, id), Method::Put) => {
            let document: Document = serde_json::from_slice(&request.body)?;
            let body = document.id(*kind)?;
            if !body.eq_ignore_ascii_case(id) {
                return Err(Refusal::IdDiffers { path: id.clone(), body: body.to_owned() });
            }
            let precondition = Precondition::of(request.if_match.as_deref());
            Ok(Reply::ok(records.put(*kind, document, &precondition, now)?.document()?))
        }
        (Route::One(kind, id), Method::Delete) => {
            records.remove(*kind, id, request.if_match.as_deref())?;
            Ok(Reply::nothing())
        }
        (Route::Mechanism(kind, id), Method::Post) => {
            Ok(Reply::ok(records.find(*kind, id)?.attestation.document(*kind, true)))
        }
        (Route::Registration(id), Method::Get) => {
            let found = records.registrations.get(&id.to_ascii_lowercase());
            Ok(Reply::ok(found.ok_or_else(|| Refusal::NoRegistration(id.clone()))?.state()))
        }
        (Route::Registration(id), Method::Delete) => {
            let key = id.to_ascii_lowercase();
            let found = records.registrations.get(&key).ok_or_else(|| Refusal::NoRegistration(id.clone()))?;
            match request.if_match.as_deref() {
                Some(version) if version != "*" && version != found.etag => {
                    return Err(Refusal::Etag(version.to_owned()));
                }
                Some(_) | None => {}
            }
            records.registrations.remove(&key);
            Ok(Reply::nothing())
        }
        (Route::GroupRegistrations(id), Method::Post) => {
            records.find(Kind::Group, id)?;
            let group = Some(id.to_ascii_lowercase());
            paging::page(
                &records.registrations,
                request,
                "DeviceRegistration",
                |registration| registration.group == group,
                |registration| Ok(registration.state()),
            )
        }
        (_, _) => Err(Refusal::Method),
    }
}
