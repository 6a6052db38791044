//! The language of a page: what the person chose, else what their browser asks for, else the station's.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::domain::language::Language;
use crate::station::slots::Floor;
use crate::web::access::go_to;

const COOKIE: &str = "lineside-language";

/// The language for whoever sent this request.
pub fn of(request: &HttpRequest) -> Language {
    let chosen = request.cookie(COOKIE).and_then(|cookie| Language::find(cookie.value()));
    let station = || request.app_data::<web::Data<Floor>>().map(|floor| floor.settings.language);
    // a station set to another language than English stands where people speak it, whatever the browser says
    let station = station().filter(|language| *language != Language::English);
    let asked = || {
        let header = request.headers().get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        Language::accepted(header)
    };
    chosen.or(station).or_else(asked).unwrap_or(Language::English)
}

/// A language to choose, as pages show it.
pub struct Choice {
    /// The form's value.
    pub short: &'static str,
    /// For the `lang` attribute.
    pub tag: &'static str,
    /// What its speakers call it.
    pub own_name: &'static str,
    /// Whether it is the page's.
    pub current: bool,
}

/// All languages, for a page in this one.
pub fn choices(current: Language) -> Vec<Choice> {
    let choice = |language: Language| Choice {
        short: language.short(),
        tag: language.tag(),
        own_name: language.own_name(),
        current: language == current,
    };
    Language::ALL.into_iter().map(choice).collect()
}

/// A choice that was made, and the page it was made on.
#[derive(Deserialize)]
pub struct Chosen {
    language: String,
    place: String,
}

/// Whether a place is a path of our own: not `//elsewhere`, nor `/\elsewhere`, which browsers read alike, not a
/// header of two lines.
fn is_own(place: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    place.starts_with('/') && !place.starts_with("//") && place.bytes().all(plain)
}

/// `POST /language`: needs no log-in and changes nothing but a cookie of the one who asks.
pub async fn choose(form: web::Form<Chosen>) -> HttpResponse {
    let Chosen { language, place } = form.into_inner();
    let mut response = go_to(if is_own(&place) { &place } else { "/" });
    if let Some(language) = Language::find(&language) {
        let cookie = Cookie::build(COOKIE, language.short())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .max_age(Duration::days(365))
            .finish();
        if response.add_cookie(&cookie).is_err() {
            return HttpResponse::InternalServerError().finish();
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_only_to_our_own() {
        for own in ["/", "/runs/7", "/devices?find=a%20b&after=3", "/?slot=slot-1"] {
            assert!(is_own(own), "{own}");
        }
        let elsewhere = [
            "",
            "login",
            "//evil.example/",
            "/\\evil.example/",
            "/a\\b",
            "\\/evil.example",
            "/a b",
            "/a\r\nb",
        ];
        for place in elsewhere.into_iter().chain(["https://evil.example/", "/\t/evil.example/", "/é"]) {
            assert!(!is_own(place), "{place}");
        }
    }
}
