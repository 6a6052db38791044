//! Why a request of another system is not served, as RFC 9457 has it: with our own code and what to do next.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::domain::code::{Code, Coded, sentence};

/// A problem, as it is told.
#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "number")]
    status: StatusCode,
    detail: String,
    code: Code,
    next: &'static str,
}

fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// An error of a use case; the status follows from its code.
    pub fn of(error: &impl Coded) -> Problem {
        Problem::new(status_of(error.code()), error.code(), sentence(error))
    }

    /// An error under another status than its code's own.
    pub fn with(status: StatusCode, error: &impl Coded) -> Problem {
        Problem::new(status, error.code(), sentence(error))
    }

    /// The request itself is faulty.
    pub fn invalid(why: &str) -> Problem {
        Problem::plain(StatusCode::BAD_REQUEST, why)
    }

    /// The same under another status.
    pub fn plain(status: StatusCode, why: &str) -> Problem {
        Problem::new(status, Code::ApiRequestInvalid, sentence(&why))
    }

    /// What was asked for is not there.
    pub fn nothing_there(what: &str) -> Problem {
        let detail = sentence(&format!("there is nothing at {what}"));
        Problem::new(StatusCode::NOT_FOUND, Code::ApiNothingThere, detail)
    }

    /// The server's threads are at their end.
    pub fn busy() -> Problem {
        let detail = "The station is busy.".to_owned();
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, Code::Internal, detail)
    }

    fn new(status: StatusCode, code: Code, detail: String) -> Problem {
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(%code, "the API: {detail}");
        }
        let title = status.canonical_reason().unwrap_or("Error");
        Problem { kind: "about:blank", title, status, detail, code, next: code.next_step() }
    }

    /// The answer that tells it.
    pub fn answer(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"lineside\""));
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.insert_header((header::RETRY_AFTER, "60"));
        }
        match serde_json::to_string(self) {
            Ok(text) => response.content_type("application/problem+json").body(text),
            Err(_) => response.finish(),
        }
    }
}

fn status_of(code: Code) -> StatusCode {
    match code {
        Code::NotAllowed => StatusCode::FORBIDDEN,
        Code::ClientTokenRefused => StatusCode::UNAUTHORIZED,
        Code::WorkOrderUnknown => StatusCode::NOT_FOUND,
        Code::WorkOrderExists | Code::WorkOrderState | Code::WorkOrderUnsettled | Code::RecordsConflict => {
            StatusCode::CONFLICT
        }
        Code::Internal | Code::RecordsUnreadable | Code::DiskFull => StatusCode::INTERNAL_SERVER_ERROR,
        Code::RecordsBusy | Code::ReadTooLong => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.answer()
    }
}
