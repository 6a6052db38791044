//! The simulator from outside: over TLS, with a plain HTTP client and tokens computed here.

mod enrollments;
mod misbehaviour;
mod with_certificate;
mod with_key;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::blocking::Client;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use super::config::Config;
use super::{Running, Simulator};
use crate::domain::utc_time::UtcTime;

const NOW: i64 = 1_795_354_000;

fn now() -> UtcTime {
    UtcTime::from_seconds(NOW)
}

#[derive(Debug)]
struct StandingClock;

impl TimeProvider for StandingClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(NOW.try_into().unwrap())))
    }
}

/// A running simulator and a client that trusts it.
struct Bench {
    running: Running,
    client: Client,
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Answer {
    fn error_code(&self) -> u64 {
        assert_eq!(self.header("x-ms-error-code"), self.body["errorCode"].to_string());
        assert_eq!(self.body["trackingId"].as_str().unwrap().len(), 36);
        self.body["timestampUtc"].as_str().unwrap().parse::<UtcTime>().unwrap();
        self.body["errorCode"].as_u64().unwrap()
    }

    fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    fn etag(&self) -> String {
        self.body["etag"].as_str().unwrap().to_owned()
    }
}

fn bench() -> Bench {
    bench_with(|_| {})
}

fn bench_with(change: impl FnOnce(&mut Config)) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("sim-ca.pem");
    let mut config = Config::new(IpAddr::V4(Ipv4Addr::LOCALHOST), ca_file, [7; 32]);
    change(&mut config);
    let running = Simulator::start(config, now).unwrap();
    let client = client(&running, rustls::ALL_VERSIONS, None);
    Bench { running, client, _folder: folder }
}

/// A client that presents this chain and signs with this key, whether or not they belong together.
fn client_with(running: &Running, chain: Vec<CertificateDer<'static>>, key: &rcgen::KeyPair) -> Client {
    client_speaking(rustls::ALL_VERSIONS, running, chain, key)
}

fn client_speaking(
    versions: &[&'static rustls::SupportedProtocolVersion],
    running: &Running,
    chain: Vec<CertificateDer<'static>>,
    key: &rcgen::KeyPair,
) -> Client {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let presented = SingleCertAndKey::from(CertifiedKey::new(chain, signer));
    client(running, versions, Some(Arc::new(presented)))
}

fn client(
    running: &Running,
    versions: &[&'static rustls::SupportedProtocolVersion],
    identity: Option<Arc<dyn ResolvesClientCert>>,
) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&running.info().ca_file).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_details(provider, Arc::new(StandingClock))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let tls = match identity {
        None => tls.with_no_client_auth(),
        Some(identity) => tls.with_client_cert_resolver(identity),
    };
    Client::builder().tls_backend_preconfigured(tls).timeout(Duration::from_secs(20)).build().unwrap()
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A token over `sr` as it is given here, escaped or not.
fn token(sr: &str, key: &[u8], expires: i64, policy: Option<&str>) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), format!("{sr}\n{expires}").as_bytes());
    let sig = escape(&STANDARD.encode(tag));
    let policy = policy.map(|name| format!("&skn={name}")).unwrap_or_default();
    format!("SharedAccessSignature sr={sr}&sig={sig}&se={expires}{policy}")
}

impl Bench {
    fn policy_key(&self) -> Vec<u8> {
        let text = &self.running.info().dps_connection_string;
        STANDARD.decode(text.split_once("SharedAccessKey=").unwrap().1).unwrap()
    }

    fn service_token(&self) -> String {
        let sr = format!("127.0.0.1%3A{}", self.running.info().https);
        token(&sr, &self.policy_key(), NOW + 60, Some("provisioningserviceowner"))
    }

    fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.running.info().https)
    }

    /// A call of the service's side.
    fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let path = format!("{path}?api-version=2021-10-01");
        let token = self.service_token();
        let mut all = vec![("authorization", token.as_str())];
        all.extend_from_slice(headers);
        self.send(&self.client, method, &path, &all, body).unwrap()
    }

    fn send(
        &self,
        client: &Client,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> reqwest::Result<Answer> {
        let mut request = client.request(method.parse().unwrap(), self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json; charset=utf-8").body(body.to_owned());
        }
        let response = request.send()?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text()?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Ok(Answer { status, headers, body })
    }

    fn device_path(&self, id: &str, rest: &str) -> String {
        format!("/{}/registrations/{id}{rest}?api-version=2019-03-31", self.running.info().id_scope)
    }

    /// Registers as the Node SDK does: PUT, then GET with the body `{}`, with this token or certificate.
    fn register(&self, client: &Client, id: &str, authorization: Option<&str>) -> Answer {
        let headers: Vec<_> = authorization.map(|text| ("authorization", text)).into_iter().collect();
        let body = format!("{{\"registrationId\":\"{id}\"}}");
        let path = self.device_path(id, "/register");
        let accepted = self.send(client, "PUT", &path, &headers, &body).unwrap();
        if accepted.status != 202 {
            return accepted;
        }
        assert_eq!(accepted.header("retry-after"), "1");
        assert_eq!(accepted.body["status"], "assigning");
        let operation = accepted.body["operationId"].as_str().unwrap();
        assert!(accepted.header("location").contains(operation));
        let path = self.device_path(id, &format!("/operations/{operation}"));
        let waiting = self.send(client, "GET", &path, &headers, "{}").unwrap();
        assert_eq!(waiting.status, 202, "{waiting:?}");
        assert_eq!(waiting.body["registrationState"]["registrationId"], id);
        self.send(client, "GET", &path, &headers, "{}").unwrap()
    }
}
