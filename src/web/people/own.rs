//! Everybody's own password.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::secret::Secret;
use crate::station::authority::Watching;
use crate::station::people::{Knock, LoginDoor};
use crate::station::slots::Floor;
use crate::station::{clock, staff};
use crate::web::access::{Posted, Visit};
use crate::web::frame::{Frame, Place};
use crate::web::gate::{self, page as show};
use crate::web::peer;
use crate::web::told::Told;
use crate::web::trouble::Trouble;
use crate::web::words::people::PeopleWords;

/// Where it is.
const HERE: &str = "/people/me";

#[derive(Template)]
#[template(path = "people_own.html")]
struct OwnPage {
    frame: Frame,
    t: &'static PeopleWords,
}

/// `GET /people/me`
pub async fn page(visit: Visit<Watching>) -> Result<HttpResponse, Trouble> {
    Ok(show(&OwnPage { frame: visit.frame(Place::People), t: PeopleWords::of(visit.language) }))
}

/// Another password for oneself.
#[derive(Deserialize)]
pub struct OwnPassword {
    present: String,
    password: String,
    again: String,
}

/// `POST /people/me`
pub async fn change(
    request: HttpRequest,
    door: web::Data<LoginDoor>,
    posted: Posted<Watching, OwnPassword>,
) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let [present, new, again] = [form.present, form.password, form.again].map(Secret::from);
    let t = PeopleWords::of(visit.language);
    if !super::same(&new, &again) {
        return Ok(visit.refused_plainly(HERE, t.not_same));
    }
    let person = visit.person.clone();
    let knock = Knock { from: peer::of(&request), instead_of: None, now: clock::now() };
    let changed = visit.act(move |floor: &Floor, watching| {
        staff::set_own_password(&floor.store, &door, &knock, watching, &person, (&present, &new))
    });
    match changed.await? {
        // the session that changed it is over like the others: a new one takes its place
        Ok(who) => gate::renew(&request, who, t.own_changed).map_err(|Told { sentence, .. }| {
            Trouble::plain(actix_web::http::StatusCode::SERVICE_UNAVAILABLE, &sentence, visit.language)
        }),
        Err(error) => Ok(visit.refused(HERE, &error)),
    }
}
