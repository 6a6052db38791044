//! One person: what is known of them, their badge and password, and their end.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::name::Name;
use crate::domain::person::Role;
use crate::domain::secret::Secret;
use crate::station::authority::{Administering, Authority, Reading};
use crate::station::clock;
use crate::station::slots::Floor;
use crate::station::staff::{self, StaffError};
use crate::store::people;
use crate::web::access::{Posted, Visit};
use crate::web::barcode;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::people::PersonView;
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::people::PeopleWords;

#[derive(Template)]
#[template(path = "people_one.html")]
struct PersonPage {
    frame: Frame,
    t: &'static PeopleWords,
    person: PersonView,
    operator: bool,
    may_change: bool,
    badge_state: String,
    disable_hint: String,
    disable_sure: String,
    is_disabled: String,
}

#[derive(Template)]
#[template(path = "badge.html")]
struct BadgePage {
    frame: Frame,
    t: &'static PeopleWords,
    name: String,
    heading: String,
    once: String,
    svg: String,
    text: String,
}

fn place(name: &Name) -> String {
    format!("/people/who/{name}")
}

/// `GET /people/who/{name}`
pub async fn page(visit: Visit<Reading>, name: web::Path<Name>) -> Result<HttpResponse, Trouble> {
    let name = name.into_inner();
    let found = visit.read(move |r| people::find(r, &name)).await?;
    let person = found.ok_or_else(|| Trouble::not_found(visit.language))?;
    let t = PeopleWords::of(visit.language);
    let about = |text: &str| fill(text, &[("name", person.name.as_str())]);
    Ok(show(&PersonPage {
        frame: visit.frame(Place::People),
        t,
        person: PersonView::of(&person, &visit),
        operator: person.role == Role::Operator,
        may_change: Administering::of(&visit.person).is_some(),
        badge_state: about(if person.badge { t.has_badge } else { t.has_none }),
        disable_hint: about(t.disable_hint),
        disable_sure: about(t.disable_sure),
        is_disabled: about(t.is_disabled),
    }))
}

/// Runs a change of this person and goes back to their page.
async fn change(
    visit: &Visit<Administering>,
    name: &Name,
    said: &str,
    work: impl FnOnce(&Floor, &Administering) -> Result<(), StaffError> + Send + 'static,
) -> Result<HttpResponse, Trouble> {
    Ok(match visit.act(work).await? {
        Ok(()) => visit.done(&place(name), fill(said, &[("name", name.as_str())])),
        Err(error) => visit.refused(&place(name), &error),
    })
}

/// A password, twice.
#[derive(Deserialize)]
pub struct NewPassword {
    password: String,
    again: String,
}

/// `POST /people/who/{name}/password`
pub async fn set_password(
    name: web::Path<Name>,
    posted: Posted<Administering, NewPassword>,
) -> Result<HttpResponse, Trouble> {
    let (name, Posted { visit, form }) = (name.into_inner(), posted);
    let [password, again] = [form.password, form.again].map(Secret::from);
    let t = PeopleWords::of(visit.language);
    if !super::same(&password, &again) {
        return Ok(visit.refused_plainly(&place(&name), t.not_same));
    }
    let whose = name.clone();
    change(&visit, &name, t.password_set, move |floor, authority| {
        let rule = floor.settings.second_administrator;
        staff::set_password(&floor.store, rule, authority, &whose, &password, clock::now())
    })
    .await
}

/// Nothing but the form's token.
#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /people/who/{name}/disable`
pub async fn disable(
    name: web::Path<Name>,
    posted: Posted<Administering, Nothing>,
) -> Result<HttpResponse, Trouble> {
    let (name, visit) = (name.into_inner(), posted.visit);
    let whose = name.clone();
    change(&visit, &name, PeopleWords::of(visit.language).was_disabled, move |floor, authority| {
        staff::disable(&floor.store, authority, &whose, clock::now())
    })
    .await
}

/// `POST /people/who/{name}/badge/make`: answers with the badge itself, which is kept nowhere.
pub async fn make_badge(
    name: web::Path<Name>,
    posted: Posted<Administering, Nothing>,
) -> Result<HttpResponse, Trouble> {
    let (name, visit) = (name.into_inner(), posted.visit);
    let whose = name.clone();
    let made = visit.act(move |floor: &Floor, authority| {
        staff::make_badge(&floor.store, authority, &whose, clock::now())
    });
    let badge = match made.await? {
        Ok(badge) => badge,
        Err(error) => return Ok(visit.refused(&place(&name), &error)),
    };
    let t = PeopleWords::of(visit.language);
    let text = String::from_utf8_lossy(badge.text().expose()).into_owned();
    Ok(show(&BadgePage {
        frame: visit.frame(Place::People),
        t,
        heading: fill(t.badge_of, &[("name", name.as_str())]),
        once: fill(t.badge_once, &[("name", name.as_str())]),
        svg: barcode::svg(&text, t.bar_code).unwrap_or_default(),
        name: name.to_string(),
        text,
    }))
}

/// A scanned card.
#[derive(Deserialize)]
pub struct Card {
    badge: String,
}

/// `POST /people/who/{name}/badge/enrol`
pub async fn enrol_badge(
    name: web::Path<Name>,
    posted: Posted<Administering, Card>,
) -> Result<HttpResponse, Trouble> {
    let (name, Posted { visit, form }) = (name.into_inner(), posted);
    let (whose, card) = (name.clone(), Secret::from(form.badge));
    change(&visit, &name, PeopleWords::of(visit.language).badge_given, move |floor, authority| {
        staff::enrol_badge(&floor.store, authority, &whose, &card, clock::now())
    })
    .await
}

/// `POST /people/who/{name}/badge/remove`
pub async fn remove_badge(
    name: web::Path<Name>,
    posted: Posted<Administering, Nothing>,
) -> Result<HttpResponse, Trouble> {
    let (name, visit) = (name.into_inner(), posted.visit);
    let whose = name.clone();
    change(&visit, &name, PeopleWords::of(visit.language).badge_removed, move |floor, authority| {
        staff::remove_badge(&floor.store, authority, &whose, clock::now())
    })
    .await
}
