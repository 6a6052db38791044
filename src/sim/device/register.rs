//! A virtual device registers itself at DPS over HTTPS, with nothing but what was injected into it and the
//! trust anchors of its firmware.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;

use super::SimError;
use crate::azure::sas::{Resource, SasKey, SasToken};
use crate::domain::utc_time::UtcTime;

/// How a registration ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// DPS gave the device a hub.
    Assigned {
        /// Its registration ID.
        registration_id: String,
        /// Its identity at the hub.
        device_id: String,
        /// The hub.
        assigned_hub: String,
    },
    /// It did not.
    Failed {
        /// Why, as one sentence.
        why: String,
    },
}

/// What a device knows of DPS: the content of an injected `dps.json`.
#[derive(Deserialize)]
struct Settings {
    id_scope: String,
    global_endpoint: String,
    registration_id: String,
}

/// How the device shows who it is.
enum Credential {
    /// Its certificate chain and private key, PEM.
    Certificate { chain: Vec<u8>, key: Vec<u8> },
    /// Its symmetric key.
    Key(Vec<u8>),
}

#[derive(Deserialize)]
struct Operation {
    #[serde(rename = "operationId")]
    operation_id: Option<String>,
    status: String,
    #[serde(rename = "registrationState")]
    state: Option<OperationState>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OperationState {
    assigned_hub: Option<String>,
    device_id: Option<String>,
    error_message: Option<String>,
}

const API_VERSION: &str = "2021-06-01";
/// How long a token lives.
const TOKEN_LIFE: Duration = Duration::from_secs(3600);

/// Registers the device whose committed files these are; `own_key` is the key it made itself (PKCS#8 PEM). Tries
/// until `within` has passed, because the enrollment may reach DPS after the device does.
pub fn register(
    files: &BTreeMap<String, Vec<u8>>,
    own_key: Option<&[u8]>,
    anchors: &Path,
    now: fn() -> UtcTime,
    within: Duration,
) -> Result<Registration, SimError> {
    let failed = |why: &str| Ok(Registration::Failed { why: why.to_owned() });
    let settings = files.iter().find(|(path, _)| path.ends_with("dps.json")).map(|(_, file)| file);
    let Some(settings) = settings.and_then(|file| serde_json::from_slice::<Settings>(file).ok()) else {
        return failed("it was given no readable dps.json");
    };
    let Some(credential) = credential(files, own_key) else {
        return failed("it was given neither a certificate for its key nor a device-key");
    };
    let client = client(&credential, anchors)?;
    let until = Instant::now() + within;
    let mut last = "there was no time".to_owned();
    while Instant::now() < until {
        let pause = match attempt(&client, &settings, &credential, now, until) {
            Ok(registration) => return Ok(registration),
            Err((why, pause)) => {
                last = why;
                pause
            }
        };
        thread::sleep(pause.min(until.saturating_duration_since(Instant::now())));
    }
    Ok(Registration::Failed { why: last })
}

/// What to try again after: the reason, and how long to wait.
type Later = (String, Duration);

fn attempt(
    client: &Client,
    settings: &Settings,
    credential: &Credential,
    now: fn() -> UtcTime,
    until: Instant,
) -> Result<Registration, Later> {
    let Settings { id_scope, global_endpoint, registration_id } = settings;
    let base =
        format!("{}/{id_scope}/registrations/{registration_id}", global_endpoint.trim_end_matches('/'));
    let Ok(id) = registration_id.parse() else {
        return Ok(Registration::Failed { why: format!("“{registration_id}” is no registration ID") });
    };
    let resource = Resource::DpsRegistration { id_scope: id_scope.to_owned(), registration_id: id };
    let signed = |request: RequestBuilder| match credential {
        Credential::Certificate { .. } => request,
        Credential::Key(key) => {
            let expires = now().plus(TOKEN_LIFE);
            let token = SasToken::new(&resource, &SasKey::from_bytes(key), Some("registration"), expires);
            request.header("Authorization", token.header().expose())
        }
    };
    let body = serde_json::json!({ "registrationId": registration_id }).to_string();
    let asked = client
        .put(format!("{base}/register?api-version={API_VERSION}"))
        .header("Content-Type", "application/json; charset=utf-8")
        .body(body);
    let (mut operation, mut pause) = answer(signed(asked).send())?;
    while operation.status.eq_ignore_ascii_case("assigning") && Instant::now() < until {
        let Some(id) = operation.operation_id.clone() else {
            return Ok(Registration::Failed { why: "DPS named no operation".to_owned() });
        };
        thread::sleep(pause.min(until.saturating_duration_since(Instant::now())));
        let asked = client.get(format!("{base}/operations/{id}?api-version={API_VERSION}"));
        (operation, pause) = answer(signed(asked).send())?;
        operation.operation_id = operation.operation_id.or(Some(id));
    }
    let state = operation.state;
    match (operation.status.as_str(), state) {
        (
            "assigned",
            Some(OperationState { assigned_hub: Some(assigned_hub), device_id: Some(device_id), .. }),
        ) => Ok(Registration::Assigned { registration_id: registration_id.clone(), device_id, assigned_hub }),
        (status, state) => {
            let told = state.and_then(|state| state.error_message).unwrap_or_default();
            Ok(Registration::Failed {
                why: format!("DPS ended with “{status}” {told}").trim_end().to_owned(),
            })
        }
    }
}

/// A good answer and how long to wait before the next request.
fn answer(sent: reqwest::Result<Response>) -> Result<(Operation, Duration), Later> {
    let second = Duration::from_secs(1);
    let response = sent.map_err(|error| (format!("DPS cannot be reached: {error}"), second))?;
    let pause = response
        .headers()
        .get("Retry-After")
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .map_or(second, |seconds| Duration::from_secs(seconds.min(30)));
    let status = response.status();
    let text = response.text().map_err(|error| (format!("DPS broke off: {error}"), second))?;
    if status != StatusCode::OK && status != StatusCode::ACCEPTED {
        let text: String = text.chars().take(200).collect();
        return Err((format!("DPS answered {status}: {text}"), pause));
    }
    let operation = serde_json::from_str(&text).map_err(|error| (format!("DPS's answer: {error}"), pause))?;
    Ok((operation, pause))
}

fn credential(files: &BTreeMap<String, Vec<u8>>, own_key: Option<&[u8]>) -> Option<Credential> {
    let holds = |file: &[u8], what: &[u8]| file.windows(what.len()).any(|window| window == what);
    // the secondary certificate and its key lie there for the day the primary is changed
    let primary = files.iter().filter(|(path, _)| !path.contains("secondary")).map(|(_, file)| file);
    let chain = primary
        .clone()
        .filter(|file| holds(file, b"-----BEGIN CERTIFICATE-----"))
        .filter(|file| CertificateDer::pem_slice_iter(file).next().is_some_and(|first| first.is_ok()))
        .max_by_key(|file| file.len());
    let key = primary.clone().find(|file| holds(file, b"PRIVATE KEY-----")).map(Vec::as_slice).or(own_key);
    if let (Some(chain), Some(key)) = (chain, key) {
        return Some(Credential::Certificate { chain: chain.clone(), key: key.to_vec() });
    }
    let named = |end: &str| files.iter().find(|(path, _)| path.ends_with(end)).map(|(_, file)| file.clone());
    named("device-key.raw").or_else(|| BASE64.decode(named("device-key")?).ok()).map(Credential::Key)
}

fn client(credential: &Credential, anchors: &Path) -> Result<Client, SimError> {
    let bad = |why: String| SimError::TrustAnchors { file: anchors.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for anchor in CertificateDer::pem_file_iter(anchors).map_err(|error| bad(error.to_string()))? {
        let anchor = anchor.map_err(|error| bad(error.to_string()))?;
        roots.add(anchor).map_err(|error| bad(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?
        .with_root_certificates(roots);
    let tls = match credential {
        Credential::Key(_) => tls.with_no_client_auth(),
        Credential::Certificate { chain, key } => {
            let chain: Vec<_> = CertificateDer::pem_slice_iter(chain).filter_map(Result::ok).collect();
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| bad(error.to_string()))?;
            tls.with_client_auth_cert(chain, key).map_err(|error| bad(error.to_string()))?
        }
    };
    Client::builder()
        .use_preconfigured_tls(tls)
        .no_proxy()
        .timeout(Duration::from_secs(15))
        .build()
        .map_err(|error| bad(error.to_string()))
}
