//! The way in and out: log-in by name or badge, change of shift, log-out.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::domain::code::Coded;
use crate::domain::language::Language;
use crate::domain::name::Name;
use crate::domain::secret::Secret;
use crate::station::clock;
use crate::station::desk::badge;
use crate::station::people::{self, Knock, LoggedIn, LoginDoor, LoginError};
use crate::station::slots::Floor;
use crate::web::access::{go_to, holder};
use crate::web::language::{self, Choice};
use crate::web::peer;
use crate::web::served::Served;
use crate::web::session::{Note, Sessions};
use crate::web::told::{Told, told};
use crate::web::words::common::FrameWords;
use crate::web::words::fill;
use crate::web::words::gate::GateWords;

/// The cookie that holds a session's token.
pub const SESSION: &str = "lineside-session";
/// The cookie that ties a form to the page it came from before anybody is logged in.
const GATE: &str = "lineside-gate";

/// A page, or the sentence that it could not be made.
pub fn page(template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(text) => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(text),
        Err(error) => {
            tracing::error!("a page could not be made: {error}");
            HttpResponse::InternalServerError().body("This page could not be made.")
        }
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    language: Language,
    languages: Vec<Choice>,
    t: &'static GateWords,
    place: &'static str,
    station: &'a str,
    csrf: &'a str,
    /// Who is logged in but did nothing for too long.
    idle: Option<String>,
    fault: Option<String>,
}

/// A form's token before anybody is logged in: the same random value in the form and in a cookie that other
/// sites can neither read nor have sent along (SameSite=Strict).
pub fn with_gate(served: &Served, make: impl FnOnce(&str) -> HttpResponse) -> HttpResponse {
    let Ok(random) = clock::random::<16>() else {
        return HttpResponse::ServiceUnavailable().body("No random numbers.");
    };
    let token = hex::encode(random);
    let mut response = make(&token);
    if response.add_cookie(&served.cookie(GATE, token)).is_err() {
        return HttpResponse::InternalServerError().finish();
    }
    response
}

/// Whether a form of somebody not logged in came from one of our own pages.
pub fn came_through_gate(request: &HttpRequest, csrf: &str) -> bool {
    request.cookie(GATE).is_some_and(|gate| gate.value().as_bytes().ct_eq(csrf.as_bytes()).into())
}

/// What a request at the gate works with.
struct Gate {
    floor: web::Data<Floor>,
    sessions: web::Data<Sessions>,
    door: web::Data<LoginDoor>,
    served: web::Data<Served>,
    language: Language,
}

impl Gate {
    /// Everything was put there when the pages were started.
    fn of(request: &HttpRequest) -> Option<Gate> {
        Some(Gate {
            floor: request.app_data::<web::Data<Floor>>()?.clone(),
            sessions: request.app_data::<web::Data<Sessions>>()?.clone(),
            door: request.app_data::<web::Data<LoginDoor>>()?.clone(),
            served: request.app_data::<web::Data<Served>>()?.clone(),
            language: language::of(request),
        })
    }

    /// The log-in page, once more if there was a fault.
    fn page(&self, request: &HttpRequest, fault: Option<String>) -> HttpResponse {
        let (language, t) = (self.language, GateWords::of(self.language));
        let idle = holder(request, &self.floor, &self.sessions, false).ok().flatten();
        with_gate(&self.served, |csrf| {
            page(&LoginPage {
                language,
                languages: language::choices(language),
                t,
                place: "/login",
                station: self.floor.settings.name.as_str(),
                csrf,
                idle: idle
                    .filter(|idle| idle.locked)
                    .map(|idle| fill(t.was_idle, &[("name", idle.person.name.as_str())])),
                fault,
            })
        })
    }

    /// Begins a session in the place of the one this browser may have had.
    fn begin(&self, request: &HttpRequest, who: LoggedIn) -> Result<HttpResponse, Told> {
        self.enter(request, None, |old, token, csrf| {
            if let Some(old) = old {
                self.sessions.end(old);
            }
            self.sessions.begin(who, token, csrf, clock::now())
        })
    }

    /// Gives this browser the cookie of the session that `open` makes, told the cookie it had.
    fn enter(
        &self,
        request: &HttpRequest,
        note: Option<Note>,
        open: impl FnOnce(Option<&str>, [u8; 32], [u8; 16]) -> String,
    ) -> Result<HttpResponse, Told> {
        let plain =
            |sentence: &str| Told { sentence: sentence.to_owned(), next: String::new(), code: String::new() };
        let (Ok(token), Ok(csrf)) = (clock::random(), clock::random()) else {
            return Err(plain(GateWords::of(self.language).no_random));
        };
        let old = request.cookie(SESSION);
        let value = open(old.as_ref().map(|old| old.value()), token, csrf);
        if let Some(note) = note {
            self.sessions.leave_note(&value, note);
        }
        let mut response = go_to("/");
        match response.add_cookie(&self.served.cookie(SESSION, value)) {
            Ok(()) => Ok(response),
            Err(_) => Err(plain(FrameWords::of(self.language).busy)),
        }
    }

    /// Asks the records beside the server's threads. `present` is whose session this browser has.
    async fn ask<T: Send + 'static>(
        &self,
        request: &HttpRequest,
        present: Option<Name>,
        work: impl FnOnce(&Floor, &LoginDoor, &Knock) -> Result<T, LoginError> + Send + 'static,
    ) -> Result<T, Told> {
        let (floor, door) = (self.floor.clone(), self.door.clone());
        let knock = Knock { from: peer::of(request), instead_of: present, now: clock::now() };
        match web::block(move || work(&floor, &door, &knock)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error @ LoginError::Wait)) => Err(Told {
                sentence: GateWords::of(self.language).wait.to_owned(),
                next: String::new(),
                code: error.code().to_string(),
            }),
            Ok(Err(error)) => {
                if let LoginError::Store(error) = &error {
                    tracing::error!(code = %error.code(), "log-in: {error}");
                }
                Err(told(&error, self.language))
            }
            Err(_) => Err(Told {
                sentence: FrameWords::of(self.language).busy.to_owned(),
                next: String::new(),
                code: String::new(),
            }),
        }
    }
}

fn not_started() -> HttpResponse {
    HttpResponse::ServiceUnavailable().finish()
}

/// A sentence, what to do, the code.
pub fn in_one_line(told: &Told) -> String {
    let words = [&told.sentence, &told.next].map(String::as_str);
    let line = words.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if told.code.is_empty() { line } else { format!("{line} ({})", told.code) }
}

/// `GET /login`
pub async fn login_page(request: HttpRequest) -> HttpResponse {
    Gate::of(&request).map_or_else(not_started, |gate| gate.page(&request, None))
}

/// The log-in form.
#[derive(Deserialize)]
pub struct LoginForm {
    csrf: String,
    name: String,
    password: String,
}

/// `POST /login`
pub async fn login(request: HttpRequest, form: web::Form<LoginForm>) -> HttpResponse {
    let Some(gate) = Gate::of(&request) else { return not_started() };
    let LoginForm { csrf, name, password } = form.into_inner();
    let password = Secret::from(password);
    if !came_through_gate(&request, &csrf) {
        return gate.page(&request, Some(FrameWords::of(gate.language).too_old.to_owned()));
    }
    let present = holder(&request, &gate.floor, &gate.sessions, false).ok().flatten();
    let asked = gate.ask(&request, present.map(|present| present.person.name), move |floor, door, knock| {
        people::login(&floor.store, door, knock, &name, &password)
    });
    match asked.await.and_then(|who| gate.begin(&request, who)) {
        Ok(response) => response,
        Err(told) => gate.page(&request, Some(in_one_line(&told))),
    }
}

/// A scanned badge.
#[derive(Deserialize)]
pub struct BadgeForm {
    csrf: String,
    badge: String,
}

/// `POST /badge`: log-in at the log-in page, change of shift for somebody who is logged in, or was until the screen
/// was locked.
pub async fn badge(request: HttpRequest, form: web::Form<BadgeForm>) -> HttpResponse {
    let Some(gate) = Gate::of(&request) else { return not_started() };
    let BadgeForm { csrf, badge } = form.into_inner();
    let badge = Secret::from(badge);
    let present = holder(&request, &gate.floor, &gate.sessions, false).ok().flatten();
    let from_inside = present.as_ref().is_some_and(|present| present.sent(&csrf));
    if !from_inside && !came_through_gate(&request, &csrf) {
        return gate.page(&request, Some(FrameWords::of(gate.language).too_old.to_owned()));
    }
    let name = present.as_ref().map(|present| present.person.name.clone());
    let asked = gate.ask(&request, name, move |floor, door, knock| {
        people::login_by_badge(&floor.store, door, knock, &badge)
    });
    match asked.await.and_then(|who| gate.begin(&request, who)) {
        Ok(response) => response,
        Err(told) => match (present, request.cookie(SESSION)) {
            // whoever was on the line stays there
            (Some(present), Some(cookie)) if from_inside && !present.locked => {
                gate.sessions.leave_note(cookie.value(), Note::Refused(told));
                go_to("/")
            }
            _ => gate.page(&request, Some(in_one_line(&told))),
        },
    }
}

/// Changes the shift if a text that `present` scanned on a page is a badge: the session of this browser ends, that of
/// the badge's owner begins, and the answer leads to the Line page. `None`: it is no badge, but something else.
///
/// To be called by a handler that has checked the form's token.
pub async fn change_over(
    request: &HttpRequest,
    present: &Name,
    scanned: &str,
) -> Result<Option<HttpResponse>, Told> {
    let Some(gate) = Gate::of(request) else { return Ok(None) };
    let text = Secret::from(scanned.to_owned());
    let who = gate.ask(request, Some(present.clone()), move |floor, door, knock| {
        badge::owner(floor, door, knock, &text)
    });
    who.await?.map(|who| gate.begin(request, who)).transpose()
}

/// Begins a new session for somebody who is logged in and whose old one is over, as after a new password.
pub fn renew(request: &HttpRequest, who: LoggedIn, said: &str) -> Result<HttpResponse, Told> {
    let Some(gate) = Gate::of(request) else { return Ok(not_started()) };
    gate.enter(request, Some(Note::Done(said.to_owned())), |old, token, csrf| {
        gate.sessions.renew(old, who, token, csrf, clock::now())
    })
}

/// A form that carries nothing but its token.
#[derive(Deserialize)]
pub struct BareForm {
    csrf: String,
}

/// `POST /logout`
pub async fn logout(request: HttpRequest, form: web::Form<BareForm>) -> HttpResponse {
    let Some(gate) = Gate::of(&request) else { return not_started() };
    let holder = holder(&request, &gate.floor, &gate.sessions, false).ok().flatten();
    if holder.is_some_and(|holder| holder.sent(&form.csrf))
        && let Some(cookie) = request.cookie(SESSION)
    {
        gate.sessions.end(cookie.value());
    }
    go_to("/login")
}
