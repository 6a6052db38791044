//! What a request gets when it cannot be served: the way to the log-in, or one sentence with what to do next.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use crate::domain::code::{Code, Coded};
use crate::domain::language::Language;
use crate::web::told::{Told, told};
use crate::web::words::common::FrameWords;

/// Somebody's role does not give the right.
#[derive(Debug, thiserror::Error)]
#[error("your role does not allow this")]
pub struct NotAllowed;

impl Coded for NotAllowed {
    fn code(&self) -> Code {
        Code::NotAllowed
    }
}

/// Why a request is not served.
#[derive(Debug)]
pub enum Trouble {
    /// Nobody is logged in.
    NotSignedIn {
        /// Whether htmx asked for a part of a page: it must be told to load a whole one.
        part: bool,
        /// Where to go instead: a locked station is to be unlocked first.
        place: &'static str,
    },
    /// Something is to be told.
    Told {
        /// The answer's status.
        status: StatusCode,
        /// What is told.
        told: Told,
        /// In which language.
        language: Language,
    },
}

impl Trouble {
    /// An error of a use case; the status follows from its code.
    pub fn of(error: &impl Coded, language: Language) -> Trouble {
        let status = match error.code() {
            Code::NotAllowed => StatusCode::FORBIDDEN,
            Code::Internal | Code::RecordsUnreadable | Code::DiskFull => StatusCode::INTERNAL_SERVER_ERROR,
            Code::RecordsBusy | Code::ReadTooLong => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(code = %error.code(), "a page: {error}");
        }
        Trouble::Told { status, told: told(error, language), language }
    }

    /// Somebody's role does not allow it.
    pub fn not_allowed(language: Language) -> Trouble {
        Trouble::of(&NotAllowed, language)
    }

    /// A form of an older session, or one that did not come from here.
    pub fn too_old(language: Language) -> Trouble {
        Trouble::plain(StatusCode::CONFLICT, FrameWords::of(language).too_old, language)
    }

    /// There is no such page, device, run…
    pub fn not_found(language: Language) -> Trouble {
        Trouble::plain(StatusCode::NOT_FOUND, FrameWords::of(language).not_found, language)
    }

    /// The server's threads are at their end.
    pub fn busy(language: Language) -> Trouble {
        Trouble::plain(StatusCode::SERVICE_UNAVAILABLE, FrameWords::of(language).busy, language)
    }

    /// A sentence in the page's language, without a code.
    pub fn plain(status: StatusCode, sentence: &str, language: Language) -> Trouble {
        let told = Told { sentence: sentence.to_owned(), next: String::new(), code: String::new() };
        Trouble::Told { status, told, language }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::NotSignedIn { .. } => f.write_str("nobody is logged in"),
            Trouble::Told { told, .. } => f.write_str(&told.sentence),
        }
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    language: Language,
    t: &'static FrameWords,
    told: &'a Told,
}

impl ResponseError for Trouble {
    fn status_code(&self) -> StatusCode {
        match self {
            Trouble::NotSignedIn { part: true, .. } => StatusCode::UNAUTHORIZED,
            Trouble::NotSignedIn { part: false, .. } => StatusCode::SEE_OTHER,
            Trouble::Told { status, .. } => *status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Trouble::NotSignedIn { part: true, place } => {
                response.insert_header(("HX-Redirect", *place)).finish()
            }
            Trouble::NotSignedIn { part: false, place } => {
                response.insert_header((header::LOCATION, *place)).finish()
            }
            Trouble::Told { told, language, .. } => {
                let page = TroublePage { language: *language, t: FrameWords::of(*language), told };
                let text = page.render().unwrap_or_else(|_| told.sentence.clone());
                response.content_type("text/html; charset=utf-8").body(text)
            }
        }
    }
}

/// Whether htmx asks for a part of a page.
pub fn asks_for_a_part(request: &HttpRequest) -> bool {
    request.headers().contains_key("HX-Request")
}
