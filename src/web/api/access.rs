//! Which system asks, and whether it may: handlers take an [`Asked`] or a [`Given`] body, which exist only for a
//! client whose token gives the right they name.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::secret::Secret;
use crate::station::clients::{Allowed, TokenError};
use crate::station::slots::Floor;
use crate::station::{clock, refusals};
use crate::web::api::problem::Problem;
use crate::web::peer;

/// The longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 200;

/// A client that may do what `R` allows.
pub struct Asked<R> {
    /// Its right; also says for the records who it is.
    pub right: Arc<R>,
    /// The station.
    pub floor: web::Data<Floor>,
}

impl<R: Allowed + Send + Sync> Asked<R> {
    /// Runs a use case beside the server's threads, with the right it asks for.
    pub async fn act<T: Send + 'static, E: Send + 'static>(
        &self,
        work: impl FnOnce(&Floor, &R) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Problem> {
        let (floor, right) = (self.floor.clone(), Arc::clone(&self.right));
        web::block(move || work(&floor, &right)).await.map_err(|_| Problem::busy())
    }

    /// Who sent this request.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub fn of(request: &HttpRequest) -> Result<Asked<R>, Problem> {
        let Some(floor) = request.app_data::<web::Data<Floor>>() else {
            return Err(Problem::busy());
        };
        let token = bearer(request).ok_or_else(|| Problem::of(&TokenError::Refused))?;
        let now = clock::now();
        let from = peer::of(request);
        let caller = floor.tokens.caller(&floor.store, &token, &from, now).map_err(|error| match error {
            TokenError::TooMany => Problem::with(StatusCode::TOO_MANY_REQUESTS, &error),
            TokenError::Refused | TokenError::NotAllowed { .. } | TokenError::Store(_) => Problem::of(&error),
        })?;
        let actor = caller.actor();
        let right = R::of(caller).map_err(|error| {
            let what = format!("{} {}", request.method(), request.path());
            refusals::record(&floor.store, &actor, now, &what, &error);
            Problem::of(&error)
        })?;
        Ok(Asked { right: Arc::new(right), floor: floor.clone() })
    }
}

/// What stands behind `Authorization: Bearer`.
fn bearer(request: &HttpRequest) -> Option<Secret> {
    let header = request.headers().get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = header.split_at_checked(7)?;
    let fits = scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty() && token.len() <= LONGEST_TOKEN;
    fits.then(|| Secret::new(token.to_vec()))
}

impl<R: Allowed + Send + Sync> FromRequest for Asked<R> {
    type Error = Problem;
    type Future = Ready<Result<Asked<R>, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Asked::of(request))
    }
}

/// A JSON document of a client that may do what `R` allows; nobody else's is read.
pub struct Given<R, T> {
    /// Who gives it.
    pub asked: Asked<R>,
    /// What.
    pub body: T,
}

impl<R: Allowed + Send + Sync, T: DeserializeOwned + 'static> FromRequest for Given<R, T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Given<R, T>, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let asked = Asked::<R>::of(request);
        let json = request.headers().get(header::CONTENT_TYPE).is_some_and(|media| {
            let media = media.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            media.trim_ascii().eq_ignore_ascii_case(b"application/json")
        });
        let body = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            let asked = asked?;
            if !json {
                let why = "the body must be application/json";
                return Err(Problem::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
            }
            let body = body.await.map_err(|error| {
                let status = error.as_response_error().status_code();
                Problem::plain(status, "the body is too long or broke off")
            })?;
            let body = serde_json::from_slice(&body).map_err(|fault| Problem::invalid(&fault.to_string()))?;
            Ok(Given { asked, body })
        })
    }
}

/// An answer with this document.
pub fn json(status: StatusCode, value: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).json(value)
}
