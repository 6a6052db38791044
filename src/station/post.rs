//! One JSON document to one address of the plant's own systems: HTTPS, or plain HTTP to this machine itself; every
//! wait bounded, no redirect followed, the answer's body not read. The only file of this room that names the HTTP
//! client.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Url, redirect, retry};
use rustls::{ClientConfig, RootCertStore};

use crate::azure::https::{self, ClientError, Roots};
use crate::azure::retry_after;
use crate::domain::code::{Code, Coded};
use crate::domain::utc_time::UtcTime;

/// The longest address, in bytes.
const LONGEST: usize = 1000;

/// Where to send: `https://…`, or `http://` and a loopback host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is no address to send to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It is no URL, or one with a user or a fragment.
    #[error("“{0}” is not an address such as https://mes.example/lineside")]
    Form(String),
    /// Others could read or change what is sent.
    #[error("“{0}” is neither https nor on this machine")]
    InClear(String),
}

impl Address {
    /// The host, for messages: the rest may hold what need not stand in a log.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    fn is_local(&self) -> bool {
        match self.0.host_str().unwrap_or_default() {
            "localhost" => true,
            host => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl FromStr for Address {
    type Err = BadAddress;
    fn from_str(text: &str) -> Result<Address, BadAddress> {
        let bad = || BadAddress::Form(text.chars().take(80).collect());
        let url = Url::parse(text).map_err(|_| bad())?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if text.len() > LONGEST || !plain || url.host_str().is_none() {
            return Err(bad());
        }
        let address = Address(url);
        match address.0.scheme() {
            "https" => Ok(address),
            "http" if address.is_local() => Ok(address),
            "http" => Err(BadAddress::InClear(text.chars().take(80).collect())),
            _ => Err(bad()),
        }
    }
}

/// Why a document did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum PostFailed {
    /// Nobody answers there in time, or not as who they should be.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// It answers, but does not take it.
    #[error("{host} answers {status}")]
    Refused {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// How long it asks not to be sent anything.
        retry_after: Option<Duration>,
    },
}

impl PostFailed {
    /// How long the receiver asks not to be sent anything, if it answered at all.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            PostFailed::Unreachable { .. } => None,
            PostFailed::Refused { retry_after, .. } => *retry_after,
        }
    }
}

impl Coded for PostFailed {
    fn code(&self) -> Code {
        Code::WebhookFailed
    }
}

/// Sends documents to one address.
pub struct Postman {
    client: Client,
    address: Address,
    timeout: Duration,
}

impl Postman {
    /// For this address; `timeout` is for a whole request.
    ///
    /// # Errors
    /// [`ClientError`] if there are no roots to trust.
    pub fn new(address: Address, roots: &Roots, timeout: Duration) -> Result<Postman, ClientError> {
        let local = address.is_local();
        let secure = address.0.scheme() == "https";
        let tls = if secure { https::tls(roots)? } else { no_roots()? };
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(secure)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(timeout)
            .timeout(timeout)
            .user_agent(concat!("lineside/", env!("CARGO_PKG_VERSION")));
        if local {
            builder = builder.no_proxy();
        }
        Ok(Postman { client: builder.build()?, address, timeout })
    }

    /// Sends a JSON document with these further headers; any status of the 200s means that it was taken. `now` is what a
    /// date in the answer is counted from.
    ///
    /// # Errors
    /// See [`PostFailed`].
    pub fn send(
        &self,
        json: String,
        headers: &[(&'static str, String)],
        now: UtcTime,
    ) -> Result<(), PostFailed> {
        let host = || self.address.host().to_owned();
        let mut request = self
            .client
            .post(self.address.0.clone())
            .timeout(self.timeout)
            .header(CONTENT_TYPE, "application/json")
            .body(json);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().map_err(|error| {
            let why = whole(&error.without_url());
            PostFailed::Unreachable { host: host(), why }
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => {
                let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let retry_after = asked.and_then(|value| retry_after::parse(value, now));
                Err(PostFailed::Refused { host: host(), status: status.as_u16(), retry_after })
            }
        }
    }
}

/// For plain HTTP: a client that would trust nobody.
fn no_roots() -> Result<ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// An error with its causes, bounded.
fn whole(error: &dyn Error) -> String {
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        why.push_str(": ");
        why.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    why.chars().filter(|ch| !ch.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine_itself() {
        for good in
            ["https://mes.example/in?a=b", "http://127.0.0.1:9000/x", "http://[::1]/", "http://localhost"]
        {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        for clear in ["http://mes.example/", "http://127.0.0.1.mes.example/", "http://10.0.0.1/"] {
            assert!(matches!(clear.parse::<Address>(), Err(BadAddress::InClear(_))), "{clear}");
        }
        for bad in
            ["", "mes", "file:///etc/passwd", "https://", "https://ada:pw@mes.example/", "https://a/#b"]
        {
            assert!(matches!(bad.parse::<Address>(), Err(BadAddress::Form(_))), "{bad}");
        }
    }
}
