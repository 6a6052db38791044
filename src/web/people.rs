//! The people: everybody, and a form to add somebody.

pub mod one;
pub mod own;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::code::Coded;
use crate::domain::name::Name;
use crate::domain::person::Role;
use crate::domain::secret::Secret;
use crate::station::authority::{Administering, Authority, Reading};
use crate::station::slots::Floor;
use crate::station::{clock, second_person, staff};
use crate::store::{paging, people};
use crate::web::access::{Posted, Visit};
use crate::web::frame::{Frame, Place, role_word};
use crate::web::gate::{in_one_line, page as show};
use crate::web::told::told;
use crate::web::trouble::Trouble;
use crate::web::words::common::FrameWords;
use crate::web::words::fill;
use crate::web::words::people::PeopleWords;

/// People on one page.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    frame: Frame,
    t: &'static PeopleWords,
    people: Vec<PersonView>,
    /// The name the page begins behind.
    before: Option<Name>,
    /// The name the next page begins behind.
    further: Option<Name>,
    may_change: bool,
    roles: Vec<RoleView>,
    typed_name: String,
    fault: Option<String>,
}

struct PersonView {
    name: String,
    role: &'static str,
    badge: bool,
    disabled: bool,
    on_the_line: bool,
    since: String,
}

impl PersonView {
    fn of<A: Authority + Send + Sync>(person: &people::Person, visit: &Visit<A>) -> PersonView {
        PersonView {
            name: person.name.to_string(),
            role: role_word(FrameWords::of(visit.language), person.role),
            badge: person.badge,
            disabled: person.disabled,
            on_the_line: visit.floor.shift.current(clock::now()).as_ref() == Some(&person.name),
            since: visit.zone().date_and_time(person.created),
        }
    }
}

struct RoleView {
    value: &'static str,
    word: &'static str,
    chosen: bool,
}

/// What was typed before it was refused; passwords are typed anew.
struct Typed {
    name: String,
    role: Option<Role>,
    fault: String,
}

/// Where the page begins.
#[derive(Deserialize)]
pub struct From {
    after: Option<String>,
}

/// `GET /people`
pub async fn page(visit: Visit<Reading>, from: web::Query<From>) -> Result<HttpResponse, Trouble> {
    let after = from.into_inner().after.and_then(|name| name.parse().ok());
    list(&visit, after, None).await
}

async fn list<A: Authority + Send + Sync>(
    visit: &Visit<A>,
    before: Option<Name>,
    typed: Option<Typed>,
) -> Result<HttpResponse, Trouble> {
    let after = before.clone();
    let mut found = visit.read(move |r| people::page(r, after.as_ref(), ROWS + 1)).await?;
    let more = paging::cut(&mut found, ROWS);
    let further = found.last().filter(|_| more).map(|person| person.name.clone());
    let words = FrameWords::of(visit.language);
    let chosen = typed.as_ref().and_then(|typed| typed.role).unwrap_or(Role::Operator);
    let role =
        |role: Role| RoleView { value: role.as_str(), word: role_word(words, role), chosen: role == chosen };
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (typed_name, fault) = typed.map_or((String::new(), None), |typed| (typed.name, Some(typed.fault)));
    let mut response = show(&PeoplePage {
        frame: visit.frame(Place::People),
        t: PeopleWords::of(visit.language),
        people: found.iter().map(|person| PersonView::of(person, visit)).collect(),
        before,
        further,
        may_change: Administering::of(&visit.person).is_some(),
        roles: Role::ALL.map(role).into(),
        typed_name,
        fault,
    });
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    Ok(response)
}

/// Somebody to be added.
#[derive(Deserialize)]
pub struct NewPerson {
    name: String,
    role: String,
    password: String,
    again: String,
}

/// `POST /people`
pub async fn add(posted: Posted<Administering, NewPerson>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let NewPerson { name: typed, role, password, again } = form;
    let (password, again) = (Secret::from(password), Secret::from(again));
    let t = PeopleWords::of(visit.language);
    let role = role.parse::<Role>().ok();
    let refused = |fault: String| Some(Typed { name: typed.clone(), role, fault });
    let Some(chosen) = role else {
        return list(&visit, None, refused(t.no_role.to_owned())).await;
    };
    let name = match typed.trim().parse::<Name>() {
        Ok(name) => name,
        Err(error) => return list(&visit, None, refused(one_line(&error, &visit))).await,
    };
    if !same(&password, &again) {
        return list(&visit, None, refused(t.not_same.to_owned())).await;
    }
    let new = name.clone();
    let added = visit.act(move |floor: &Floor, authority| {
        let (store, rule, now) = (&floor.store, floor.settings.second_administrator, clock::now());
        let what = format!("new person {new}");
        let confirmed = second_person::alone(store, rule, authority, chosen, &what, now)?;
        staff::add(store, authority, &confirmed, (&new, chosen), &password, now)
    });
    match added.await? {
        Ok(()) => Ok(visit.done(&format!("/people/who/{name}"), fill(t.added, &[("name", name.as_str())]))),
        Err(error) => list(&visit, None, refused(one_line(&error, &visit))).await,
    }
}

fn one_line<A>(error: &impl Coded, visit: &Visit<A>) -> String {
    in_one_line(&told(error, visit.language))
}

/// Whether a password was typed twice alike; both come from the one who typed them.
fn same(password: &Secret, again: &Secret) -> bool {
    password.expose() == again.expose()
}
