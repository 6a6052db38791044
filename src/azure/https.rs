//! One request, one answer: HTTPS with every size and wait bounded, no redirect followed, nothing repeated
//! on its own. The file of this room that names the HTTP client
//! and its TLS.

use std::error::Error;
use std::fs;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_MATCH, RETRY_AFTER};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use zeroize::Zeroizing;

use super::dps_error::{DpsError, presentable};
use super::retry_after;
use super::sas::SasToken;
use crate::domain::code::{Code, Coded};
use crate::domain::registration_id::RegistrationId;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;

/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Whom the client trusts to name a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// The operating system's roots.
    System,
    /// Only the certificates in this PEM file.
    File(PathBuf),
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file of roots cannot be read.
    #[error("the trusted roots in {} cannot be read: {source}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file holds no certificate that could be a root.
    #[error("{} holds no usable certificate in PEM form", .path.display())]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// TLS cannot be set up, for instance because the system has no roots.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be set up.
    #[error("the HTTPS client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

impl Coded for ClientError {
    fn code(&self) -> Code {
        match self {
            ClientError::Unreadable { .. } | ClientError::NoCertificate { .. } => Code::CloudRootsInvalid,
            ClientError::Tls(_) => Code::CloudRootsInvalid,
            ClientError::Client(_) => Code::Internal,
        }
    }
}

/// The client for one host.
pub(super) struct Https {
    client: Client,
    authority: String,
    timeout: Duration,
}

/// One request.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// From the slash on, with its query.
    pub(super) path: String,
    pub(super) id: &'a RegistrationId,
    pub(super) token: &'a SasToken,
    pub(super) if_match: Option<&'a str>,
    pub(super) body: Option<Secret>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Secret,
}

impl Https {
    /// `authority` is `host` or `host:port`; `timeout` is for a whole request, from connecting to the last
    /// byte of the answer. A proxy from the environment is used, but not towards this machine itself.
    pub(super) fn new(authority: String, roots: &Roots, timeout: Duration) -> Result<Https, ClientError> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls(roots)?)
            .https_only(true)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(timeout)
            .timeout(timeout)
            .user_agent(concat!("lineside/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&authority) {
            builder = builder.no_proxy();
        }
        Ok(Https { client: builder.build()?, authority, timeout })
    }

    pub(super) fn ask(&self, ask: Ask<'_>, now: UtcTime) -> Result<Answer, DpsError> {
        let Ask { method, path, id, token, if_match, body } = ask;
        let unformed = |why: &str| DpsError::Request { id: id.clone(), why: why.to_owned() };
        let mut authorization = HeaderValue::from_bytes(token.header().expose())
            .map_err(|_| unformed("the token cannot stand in a header"))?;
        authorization.set_sensitive(true);
        let mut request = self
            .client
            .request(method, format!("https://{}{path}", self.authority))
            // the client's own limit is for each step of the reading; this one is for the whole request
            .timeout(self.timeout)
            .header(AUTHORIZATION, authorization);
        if let Some(etag) = if_match {
            let etag = HeaderValue::from_str(etag)
                .map_err(|_| unformed("the record's etag cannot stand in a header"))?;
            request = request.header(IF_MATCH, etag);
        }
        request = match body {
            // the client takes its own copy, which lives until it is sent
            Some(json) => {
                request.header(CONTENT_TYPE, "application/json; charset=utf-8").body(json.expose().to_vec())
            }
            None => request.body(Vec::new()),
        };
        let response = request.send().map_err(|error| self.unreachable(&error.without_url()))?;
        let status = response.status().as_u16();
        let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = asked.and_then(|value| retry_after::parse(value, now));
        // one byte more than allowed tells a longer answer from one that just fits
        let limit = LARGEST_ANSWER + 1;
        let mut body = Zeroizing::new(Vec::with_capacity(limit));
        let mut bounded = response.take(u64::try_from(limit).unwrap_or(u64::MAX));
        bounded.read_to_end(&mut body).map_err(|error| self.unreachable(&error))?;
        if body.len() > LARGEST_ANSWER {
            return Err(DpsError::Strange { why: format!("it answers with over {LARGEST_ANSWER} bytes") });
        }
        Ok(Answer { status, retry_after, body: Secret::new(std::mem::take(&mut *body)) })
    }

    fn unreachable(&self, error: &(dyn Error + 'static)) -> DpsError {
        let host = self.authority.clone();
        let mut why = error.to_string();
        let mut cause = error.source();
        while let Some(deeper) = cause {
            if let Some(refusal) = certificate_refusal(deeper) {
                return DpsError::Untrusted { host, why: presentable(&refusal.to_string()) };
            }
            why.push_str(": ");
            why.push_str(&deeper.to_string());
            cause = deeper.source();
        }
        DpsError::Unreachable { host, why: presentable(&why) }
    }
}

/// TLS's error comes wrapped in errors of input and output, which do not name what they wrap as their source.
fn certificate_refusal<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut inner = error;
    while let Some(within) = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        inner = within;
    }
    inner.downcast_ref().filter(|error| matches!(error, rustls::Error::InvalidCertificate(_)))
}

/// TLS towards servers that these roots name.
///
/// # Errors
/// [`ClientError`] if there are none.
pub fn tls(roots: &Roots) -> Result<ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    Ok(match roots {
        Roots::System => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(provider)?))
            .with_no_client_auth(),
        Roots::File(path) => {
            let source = |source| ClientError::Unreadable { path: path.clone(), source };
            let pem = fs::read(path).map_err(source)?;
            let mut store = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(&pem).flatten() {
                // what is no root is passed over; an empty store is the error
                let _ = store.add(certificate);
            }
            if store.is_empty() {
                return Err(ClientError::NoCertificate { path: path.clone() });
            }
            builder.with_root_certificates(store).with_no_client_auth()
        }
    })
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
