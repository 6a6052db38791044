//! Who asks, and whether they may: handlers take a [`Visit`] or a [`Posted`] form, which exist only for somebody
//! whose role gives the right they name.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::BlockingError;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use crate::domain::code::Coded;
use crate::domain::language::Language;
use crate::station::authority::{Authority, Watching};
use crate::station::ca_material;
use crate::station::clock;
use crate::station::long_reading;
use crate::station::people::Person;
use crate::station::refusals;
use crate::station::slots::Floor;
use crate::station::zone::Zone;
use crate::store;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::web::frame::{Frame, Place};
use crate::web::gate::SESSION;
use crate::web::language;
use crate::web::session::{Note, Sessions, SignedIn};
use crate::web::told::{Told, told};
use crate::web::trouble::{NotAllowed, Trouble, asks_for_a_part};

/// The largest form that is read, in bytes.
const LARGEST_FORM: usize = 256 * 1024;

/// Who holds the session of this request, if anybody; perhaps locked. `active` counts as something they did.
/// Somebody who was disabled meanwhile, or has another password or badge, is logged out.
pub fn holder(
    request: &HttpRequest,
    floor: &Floor,
    sessions: &Sessions,
    active: bool,
) -> Result<Option<SignedIn>, StoreError> {
    match request.cookie(SESSION) {
        Some(cookie) => still(cookie.value(), floor, sessions, active),
        None => Ok(None),
    }
}

/// Who holds the session of this cookie, as [`holder`] has it.
fn still(
    cookie: &str,
    floor: &Floor,
    sessions: &Sessions,
    active: bool,
) -> Result<Option<SignedIn>, StoreError> {
    let Some(holder) = sessions.holder(cookie, clock::now(), active) else { return Ok(None) };
    // asked on a thread that serves everybody
    let known = floor.store.read_quickly(|r| store::people::find(r, &holder.person.name))?;
    if known.is_some_and(|known| !known.disabled && known.stamp == holder.stamp) {
        return Ok(Some(holder));
    }
    sessions.end(cookie);
    Ok(None)
}

/// Somebody who may do what `A` allows asks for a page.
pub struct Visit<A> {
    /// Their right; also says for the records who they are.
    pub authority: Arc<A>,
    /// Who.
    pub person: Person,
    /// The token their forms carry.
    pub csrf: String,
    /// The language of the page.
    pub language: Language,
    /// Nobody did anything for too long: the page is to be seen, but nothing can be done on it.
    pub locked: bool,
    /// The station.
    pub floor: web::Data<Floor>,
    sessions: web::Data<Sessions>,
    cookie: String,
    path: String,
}

impl<A: Authority + Send + Sync> Visit<A> {
    /// What stands around the page; takes the note that was left for it.
    pub fn frame(&self, place: Place) -> Frame {
        let note = self.sessions.take_note(&self.cookie);
        let frame = Frame::new(&self.floor, &self.person, &self.csrf, self.language, place, &self.path, note);
        Frame { idle: self.locked, ..frame }
    }

    /// The zone in which the page tells the time.
    pub fn zone(&self) -> &Zone {
        &self.floor.settings.zone
    }

    /// Reads the records beside the server's threads.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Trouble> {
        let floor = self.floor.clone();
        self.told(web::block(move || floor.store.read(work)).await)
    }

    /// Reads what may take long; somebody else who does is waited for no longer than `patience`.
    pub async fn read_long<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Trouble> {
        let floor = self.floor.clone();
        self.told(web::block(move || long_reading::read(&floor.store, patience, work)).await)
    }

    fn told<T>(&self, read: Result<Result<T, StoreError>, BlockingError>) -> Result<T, Trouble> {
        match read {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(Trouble::of(&error, self.language)),
            Err(_) => Err(Trouble::busy(self.language)),
        }
    }

    /// Runs a use case beside the server's threads, with the right it asks for.
    pub async fn act<T: Send + 'static, E: Send + 'static>(
        &self,
        work: impl FnOnce(&Floor, &A) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Trouble> {
        let (floor, authority) = (self.floor.clone(), Arc::clone(&self.authority));
        web::block(move || work(&floor, &authority)).await.map_err(|_| Trouble::busy(self.language))
    }

    /// To a page that says what was done.
    pub fn done(&self, place: &str, said: impl Into<String>) -> HttpResponse {
        self.sessions.leave_note(&self.cookie, Note::Done(said.into()));
        go_to(place)
    }

    /// To a page that says why something was refused.
    pub fn refused(&self, place: &str, error: &impl Coded) -> HttpResponse {
        self.sessions.leave_note(&self.cookie, Note::Refused(told(error, self.language)));
        go_to(place)
    }

    /// To a page that says this, which was refused elsewhere.
    pub fn refused_with(&self, place: &str, told: Told) -> HttpResponse {
        self.sessions.leave_note(&self.cookie, Note::Refused(told));
        go_to(place)
    }

    /// The person acts at the line: the shift is theirs from now on.
    pub fn take_the_shift(&self) {
        self.sessions.act_at_the_line(&self.cookie, clock::now());
    }

    /// Ends the session.
    pub fn log_out(&self) {
        self.sessions.end(&self.cookie);
    }

    /// Whether whoever opened the page goes on being somebody who may watch it, and whether the page is locked by
    /// now; looking keeps nobody logged in.
    ///
    /// # Errors
    /// The records cannot be read, so that nobody knows.
    pub fn lasts(&self) -> Result<Option<bool>, StoreError> {
        let holder = still(&self.cookie, &self.floor, &self.sessions, false)?;
        Ok(holder.map(|holder| holder.locked))
    }

    /// To a page that says, in its language, what was wrong with a form; nothing was asked of the records.
    pub fn refused_plainly(&self, place: &str, sentence: &str) -> HttpResponse {
        self.refused_with(
            place,
            Told { sentence: sentence.to_owned(), next: String::new(), code: String::new() },
        )
    }

    fn arrive(request: &HttpRequest, active: bool) -> Result<Visit<A>, Trouble> {
        let language = language::of(request);
        let (Some(floor), Some(sessions)) =
            (request.app_data::<web::Data<Floor>>(), request.app_data::<web::Data<Sessions>>())
        else {
            return Err(Trouble::busy(language));
        };
        let may_unlock = floor.keys.current().is_none() && !ca_material::only_waits(&floor.folder);
        let place = if may_unlock { "/unlock" } else { "/login" };
        let not_signed_in = || Trouble::NotSignedIn { part: asks_for_a_part(request), place };
        let cookie = request.cookie(SESSION).ok_or_else(not_signed_in)?.value().to_owned();
        let holder =
            holder(request, floor, sessions, active).map_err(|error| Trouble::of(&error, language))?;
        let holder = holder.ok_or_else(not_signed_in)?;
        // what everybody may see anyway stays on a screen that nobody touches
        if holder.locked && (active || !A::FOR_EVERYBODY) {
            return Err(not_signed_in());
        }
        let Some(authority) = A::of(&holder.person) else {
            return Err(Trouble::not_allowed(language));
        };
        Ok(Visit {
            authority: Arc::new(authority),
            person: holder.person,
            csrf: holder.csrf,
            language,
            locked: holder.locked,
            floor: floor.clone(),
            sessions: sessions.clone(),
            cookie,
            path: request.uri().path_and_query().map_or("/", |place| place.as_str()).to_owned(),
        })
    }
}

impl<A: Authority + Send + Sync> FromRequest for Visit<A> {
    type Error = Trouble;
    type Future = Ready<Result<Visit<A>, Trouble>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Visit::arrive(request, true))
    }
}

/// The same for what a page asks for by itself: it keeps nobody logged in.
pub struct Glance<A>(pub Visit<A>);

impl<A: Authority + Send + Sync> FromRequest for Glance<A> {
    type Error = Trouble;
    type Future = Ready<Result<Glance<A>, Trouble>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Visit::arrive(request, false).map(Glance))
    }
}

/// A form that came from one of our own pages, sent by somebody who may do what `A` allows. Refused ones are
/// on record.
pub struct Posted<A, T> {
    /// Who sent it.
    pub visit: Visit<A>,
    /// What they filled in.
    pub form: T,
}

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

impl<A: Authority + Send + Sync, T: DeserializeOwned + 'static> FromRequest for Posted<A, T> {
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = Result<Posted<A, T>, Trouble>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = web::Bytes::from_request(&request, payload);
        Box::pin(async move {
            let language = language::of(&request);
            let visit = match Visit::<A>::arrive(&request, true) {
                Ok(visit) => visit,
                Err(trouble) => {
                    record_refused(&request, &trouble);
                    return Err(trouble);
                }
            };
            let body = body.await.map_err(|_| Trouble::too_old(language))?;
            let token: Token = serde_urlencoded::from_bytes(&body).map_err(|_| Trouble::too_old(language))?;
            if !bool::from(token.csrf.as_bytes().ct_eq(visit.csrf.as_bytes())) {
                return Err(Trouble::too_old(language));
            }
            let form = serde_urlencoded::from_bytes(&body)
                .map_err(|fault| Trouble::plain(StatusCode::BAD_REQUEST, &fault.to_string(), language))?;
            Ok(Posted { visit, form })
        })
    }
}

/// Somebody whose role does not allow what they sent: that goes on record.
pub fn record_refused(request: &HttpRequest, trouble: &Trouble) {
    if trouble.status_code() == StatusCode::FORBIDDEN
        && let Ok(watching) = Visit::<Watching>::arrive(request, false)
    {
        let what = format!("{} {}", request.method(), request.path());
        let actor = watching.authority.actor();
        refusals::record(&watching.floor.store, actor, clock::now(), &what, &NotAllowed);
    }
}

/// How large a body may be.
pub fn limits() -> web::PayloadConfig {
    web::PayloadConfig::new(LARGEST_FORM)
}

/// To another page, by GET.
pub fn go_to(place: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish()
}
