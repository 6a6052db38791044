//! The way in: Host allow-list, log-in, log-out, unlocking.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::domain::code::Coded;
use crate::domain::language::Language;
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::station::doorkeeper::Doorkeeper;
use crate::station::people::{self, LoginError};
use crate::station::slots::Floor;
use crate::station::{clock, keys};
use crate::store;
use crate::web::access::go_to;
use crate::web::language::{self, Choice};
use crate::web::session::{Sessions, SignedIn};
use crate::web::told::{Told, told};
use crate::web::words::common::FrameWords;
use crate::web::words::fill;
use crate::web::words::gate::GateWords;

/// The cookie that holds a session's token.
pub const SESSION: &str = "lineside-session";
/// The cookie that ties a form to the page it came from before anybody is logged in.
const GATE: &str = "lineside-gate";

/// Refuses requests that name a host other than a loopback one: a page elsewhere that had its name point
/// here (DNS rebinding) gets nothing.
pub async fn only_our_host(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let ours = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(is_ours);
    if ours {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    Ok(request.into_response(HttpResponse::MisdirectedRequest().body("This host name is not served here.")))
}

fn is_ours(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

/// Who is logged in, if anybody. `active` counts as something a person did. Somebody who was disabled meanwhile
/// is logged out.
pub fn signed_in(
    request: &HttpRequest,
    floor: &Floor,
    sessions: &Sessions,
    active: bool,
) -> Option<SignedIn> {
    let cookie = request.cookie(SESSION)?;
    let holder = sessions.holder(cookie.value(), clock::now(), active)?;
    match floor.store.read(|r| store::people::find(r, &holder.person.name)) {
        Ok(Some(person)) if !person.disabled => Some(holder),
        Ok(_) => {
            sessions.end(cookie.value());
            None
        }
        Err(_) => None,
    }
}

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
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "unlock.html")]
struct UnlockPage<'a> {
    language: Language,
    languages: Vec<Choice>,
    t: &'static GateWords,
    place: &'static str,
    station: &'a str,
    heading: String,
    csrf: &'a str,
    fault: Option<String>,
}

/// A form's token before anybody is logged in: the same random value in the form and in a cookie that other
/// sites can neither read nor have sent along (SameSite=Strict).
fn with_gate(make: impl FnOnce(&str) -> HttpResponse) -> HttpResponse {
    let Ok(random) = clock::random::<16>() else {
        return HttpResponse::ServiceUnavailable().body("No random numbers.");
    };
    let token = hex::encode(random);
    let mut response = make(&token);
    if response.add_cookie(&cookie(GATE, token)).is_err() {
        return HttpResponse::InternalServerError().finish();
    }
    response
}

fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value).path("/").http_only(true).same_site(SameSite::Strict).finish()
}

fn came_through_gate(request: &HttpRequest, csrf: &str) -> bool {
    request.cookie(GATE).is_some_and(|gate| gate.value().as_bytes().ct_eq(csrf.as_bytes()).into())
}

/// `GET /login`
pub async fn login_page(request: HttpRequest, floor: web::Data<Floor>) -> HttpResponse {
    login_again(&floor, language::of(&request), None)
}

fn login_again(floor: &Floor, language: Language, fault: Option<String>) -> HttpResponse {
    let (t, station) = (GateWords::of(language), floor.settings.name.as_str());
    with_gate(|csrf| {
        page(&LoginPage {
            language,
            languages: language::choices(language),
            t,
            place: "/login",
            station,
            csrf,
            fault,
        })
    })
}

/// The log-in form.
#[derive(Deserialize)]
pub struct LoginForm {
    csrf: String,
    name: String,
    password: String,
}

/// `POST /login`
pub async fn login(
    request: HttpRequest,
    form: web::Form<LoginForm>,
    floor: web::Data<Floor>,
    keeper: web::Data<Doorkeeper>,
    sessions: web::Data<Sessions>,
) -> HttpResponse {
    let LoginForm { csrf, name, password } = form.into_inner();
    let password = Secret::from(password);
    let language = language::of(&request);
    let again = |fault: String| login_again(&floor, language, Some(fault));
    if !came_through_gate(&request, &csrf) {
        return again(FrameWords::of(language).too_old.to_owned());
    }
    let store = floor.store.clone();
    let done = web::block(move || people::login(&store, &keeper, &name, &password, clock::now())).await;
    match done {
        Ok(Ok(person)) => {
            let (Ok(token), Ok(csrf)) = (clock::random(), clock::random()) else {
                return again(GateWords::of(language).no_random.to_owned());
            };
            let value = sessions.begin(person, token, csrf, clock::now());
            let mut response = go_to("/");
            match response.add_cookie(&cookie(SESSION, value)) {
                Ok(()) => response,
                Err(_) => HttpResponse::InternalServerError().finish(),
            }
        }
        Ok(Err(error)) => {
            if let LoginError::Store(error) = &error {
                tracing::error!(code = %error.code(), "log-in: {error}");
            }
            again(in_one_line(&told(&error, language)))
        }
        Err(_) => again(FrameWords::of(language).busy.to_owned()),
    }
}

fn in_one_line(told: &Told) -> String {
    format!("{} {} ({})", told.sentence, told.next, told.code)
}

/// A form that carries nothing but its token.
#[derive(Deserialize)]
pub struct BareForm {
    csrf: String,
}

/// `POST /logout`
pub async fn logout(
    request: HttpRequest,
    form: web::Form<BareForm>,
    floor: web::Data<Floor>,
    sessions: web::Data<Sessions>,
) -> HttpResponse {
    let holder = signed_in(&request, &floor, &sessions, true);
    if holder.is_some_and(|holder| holder.sent(&form.csrf))
        && let Some(cookie) = request.cookie(SESSION)
    {
        sessions.end(cookie.value());
    }
    go_to("/login")
}

/// `GET /unlock`
pub async fn unlock_page(request: HttpRequest, floor: web::Data<Floor>) -> HttpResponse {
    if floor.keys.current().is_some() {
        return go_to("/");
    }
    unlock_again(&floor, language::of(&request), None)
}

fn unlock_again(floor: &Floor, language: Language, fault: Option<String>) -> HttpResponse {
    let (t, station) = (GateWords::of(language), floor.settings.name.as_str());
    let heading = fill(t.is_locked, &[("station", station)]);
    with_gate(|csrf| {
        page(&UnlockPage {
            language,
            languages: language::choices(language),
            t,
            place: "/unlock",
            station,
            heading,
            csrf,
            fault,
        })
    })
}

/// The unlock form.
#[derive(Deserialize)]
pub struct UnlockForm {
    csrf: String,
    passphrase: String,
}

/// Slows down guessing of the passphrase. Each failure is in the log by itself, so none is told from here.
#[derive(Default)]
pub struct VaultDoor(Doorkeeper);

/// There is one passphrase, whoever gives it.
const PASSPHRASE: &str = "passphrase";

/// `POST /unlock`: whoever knows the vault's passphrase may open it.
pub async fn unlock(
    request: HttpRequest,
    form: web::Form<UnlockForm>,
    floor: web::Data<Floor>,
    door: web::Data<VaultDoor>,
    sessions: web::Data<Sessions>,
) -> HttpResponse {
    let UnlockForm { csrf, passphrase } = form.into_inner();
    let passphrase = Secret::from(passphrase);
    let language = language::of(&request);
    let again = |fault: String| unlock_again(&floor, language, Some(fault));
    if !came_through_gate(&request, &csrf) {
        return again(FrameWords::of(language).too_old.to_owned());
    }
    if floor.keys.current().is_some() {
        return go_to("/");
    }
    let actor = match signed_in(&request, &floor, &sessions, true) {
        Some(holder) => Actor::Person { name: holder.person.name },
        None => Actor::Station,
    };
    let inside = floor.clone();
    let opened = web::block(move || {
        let _turn = door.0.turn();
        let now = clock::now();
        if inside.keys.current().is_some() {
            return Ok(());
        }
        if !door.0.admits(PASSPHRASE, now) {
            return Err(GateWords::of(language).too_many.to_owned());
        }
        match keys::unlock(&inside.folder, &inside.store, &passphrase, &actor, now) {
            Ok(unlocked) => {
                inside.keys.put(unlocked);
                Ok(())
            }
            Err(error) => {
                door.0.failed(PASSPHRASE, now);
                Err(in_one_line(&told(&error, language)))
            }
        }
    })
    .await;
    match opened {
        Ok(Ok(())) => go_to("/"),
        Ok(Err(why)) => again(why),
        Err(_) => again(FrameWords::of(language).busy.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_served() {
        for host in ["127.0.0.1:8470", "localhost", "[::1]:80", "localhost:1"] {
            assert!(is_ours(host), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example:80", "192.168.0.7", "", "localhost:80:80x"] {
            assert!(!is_ours(host), "{host}");
        }
    }
}
