//! What DPS can answer other than yes, sorted by what the outbox does next.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::code::{Code, Coded};
use crate::domain::registration_id::RegistrationId;

/// Why DPS did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DpsError {
    /// No answer: name, network, TLS, or out of time. It may have been done all the same.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// Whom we asked.
        host: String,
        /// What the network says.
        why: String,
    },
    /// It answers, but nobody we trust vouches for it: wrong roots, or somebody in between.
    #[error("{host} does not show a certificate that the trusted roots vouch for: {why}")]
    Untrusted {
        /// Whom we asked.
        host: String,
        /// What TLS says.
        why: String,
    },
    /// 429: too many requests.
    #[error("Azure asks us to slow down{}", wait(.retry_after))]
    Throttled {
        /// How long the server asks to wait, at most a day.
        retry_after: Option<Duration>,
    },
    /// 5xx or 408: the service's own trouble.
    #[error("Azure has trouble of its own (status {status}){}", wait(.retry_after))]
    Server {
        /// The HTTP status.
        status: u16,
        /// How long the server asks to wait, at most a day.
        retry_after: Option<Duration>,
    },
    /// 409: there is a record with this ID.
    #[error("there is an enrollment “{0}” already")]
    Exists(RegistrationId),
    /// 412: the record is no longer the one we read.
    #[error("the enrollment “{0}” was changed by somebody else at the same moment")]
    Changed(RegistrationId),
    /// Any other status: asking again will not help.
    #[error("Azure refuses the request (status {status}{}): {message}", .error_code.map(|code| format!(", error {code}")).unwrap_or_default())]
    Refused {
        /// The HTTP status.
        status: u16,
        /// DPS's own number, such as 401002.
        error_code: Option<i64>,
        /// What it says, at most 300 characters.
        message: String,
    },
    /// A success that is not what was asked for.
    #[error("what answered is not a DPS: {why}")]
    Strange {
        /// What is odd about it.
        why: String,
    },
    /// The request could not be put together.
    #[error("the request for “{id}” cannot be formed: {why}")]
    Request {
        /// Whom it was about.
        id: RegistrationId,
        /// Why not.
        why: String,
    },
}

fn wait(retry_after: &Option<Duration>) -> String {
    retry_after.map(|wait| format!("; it asks for {} s", wait.as_secs())).unwrap_or_default()
}

impl Coded for DpsError {
    fn code(&self) -> Code {
        match self {
            DpsError::Unreachable { .. } | DpsError::Server { retry_after: None, .. } => {
                Code::CloudUnreachable
            }
            DpsError::Untrusted { .. } => Code::CloudRootsInvalid,
            DpsError::Throttled { .. } | DpsError::Server { retry_after: Some(_), .. } => {
                Code::CloudThrottled
            }
            DpsError::Exists(_) | DpsError::Changed(_) => Code::EnrollmentConflict,
            DpsError::Refused { status: 400 | 413 | 415, .. } => Code::EnrollmentInvalid,
            DpsError::Refused { .. } => Code::CloudRefused,
            DpsError::Strange { .. } => Code::CloudAnswerStrange,
            DpsError::Request { .. } => Code::EnrollmentInvalid,
        }
    }
}

impl DpsError {
    /// Whether the same request may do better later, so that the row waits instead of being parked.
    pub fn worth_retrying(&self) -> bool {
        match self {
            DpsError::Unreachable { .. }
            | DpsError::Untrusted { .. }
            | DpsError::Throttled { .. }
            | DpsError::Server { .. }
            | DpsError::Changed(_) => true,
            DpsError::Exists(_)
            | DpsError::Refused { .. }
            | DpsError::Strange { .. }
            | DpsError::Request { .. } => false,
        }
    }

    /// How long the server asks to wait.
    pub fn server_asked(&self) -> Option<Duration> {
        match self {
            DpsError::Throttled { retry_after } | DpsError::Server { retry_after, .. } => *retry_after,
            DpsError::Unreachable { .. }
            | DpsError::Untrusted { .. }
            | DpsError::Exists(_)
            | DpsError::Changed(_)
            | DpsError::Refused { .. }
            | DpsError::Strange { .. }
            | DpsError::Request { .. } => None,
        }
    }

    /// Sorts an answer whose status is no success.
    pub(super) fn from_answer(
        id: &RegistrationId,
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> DpsError {
        match status {
            429 => DpsError::Throttled { retry_after },
            408 | 500..=599 => DpsError::Server { status, retry_after },
            409 => DpsError::Exists(id.clone()),
            412 => DpsError::Changed(id.clone()),
            _ => {
                let details: Details = serde_json::from_slice(body).unwrap_or_default();
                let message = details.message.map(|text| presentable(&text)).unwrap_or_default();
                let message = if message.is_empty() { "it gives no reason".to_owned() } else { message };
                DpsError::Refused { status, error_code: details.error_code, message }
            }
        }
    }
}

/// `ProvisioningServiceErrorDetails`; IoT Hub and gateways write `Message`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    error_code: Option<i64>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// A stranger's text for our records: one line, at most 300 characters, and without long unbroken words,
/// since a service may repeat the key or certificate it complains about.
pub(super) fn presentable(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let long = word.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '='));
        let shown = if long.map(str::len).any(|length| length >= 40) { "[…]" } else { word };
        if line.chars().count() + 1 + shown.chars().count() > 300 {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(shown);
    }
    line
}

#[cfg(test)]
mod tests;
