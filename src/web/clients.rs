//! The Clients page: which other systems may ask over the API. A new token is shown once, on the answer itself.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::client::{Right, Rights};
use crate::domain::name::Name;
use crate::station::authority::Administering;
use crate::station::clients;
use crate::station::clock;
use crate::store::clients as records;
use crate::store::paging;
use crate::web::access::{Posted, Visit};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::told::{Told, told};
use crate::web::trouble::Trouble;
use crate::web::words::clients::ClientsWords;
use crate::web::words::fill;

/// So many clients are listed at once.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "clients.html")]
struct ClientsPage {
    frame: Frame,
    t: &'static ClientsWords,
    clients: Vec<ClientView>,
    next: Option<Name>,
    typed: NewClient,
    fault: Option<Told>,
    token: Option<String>,
    token_of: String,
}

struct ClientView {
    name: String,
    rights: String,
    disabled: bool,
    created: String,
    disable: String,
}

/// From where to list.
#[derive(Deserialize)]
pub struct Page {
    after: Option<Name>,
}

/// The form for a new client.
#[derive(Deserialize, Default)]
pub struct NewClient {
    name: String,
    read: Option<String>,
    orders: Option<String>,
}

impl NewClient {
    fn rights(&self) -> Option<Rights> {
        let ticked = [(&self.read, Right::Read), (&self.orders, Right::Orders)];
        Rights::of(ticked.into_iter().filter(|(tick, _)| tick.is_some()).map(|(_, right)| right))
    }
}

/// What the page shows beside the list.
#[derive(Default)]
struct Beside {
    after: Option<Name>,
    typed: NewClient,
    fault: Option<Told>,
    /// A new client's name and token.
    new: Option<(String, String)>,
}

/// Rights in the page's language.
fn words(rights: &Rights, t: &ClientsWords) -> String {
    let word = |right: Right| match right {
        Right::Read => t.read,
        Right::Orders => t.orders,
    };
    let held: Vec<&str> = Right::ALL.into_iter().filter(|right| rights.allow(*right)).map(word).collect();
    held.join("; ")
}

async fn list(visit: &Visit<Administering>, beside: Beside) -> Result<HttpResponse, Trouble> {
    let Beside { after, typed, fault, new } = beside;
    let mut found = visit.read(move |r| records::list(r, PAGE + 1, after.as_ref())).await?;
    let t = ClientsWords::of(visit.language);
    let more = paging::cut(&mut found, PAGE);
    let next = found.last().filter(|_| more).map(|last| last.name.clone());
    let clients = found.iter().map(|client| ClientView {
        name: client.name.to_string(),
        rights: words(&client.rights, t),
        disabled: client.disabled,
        created: visit.zone().date_and_time(client.created),
        disable: fill(t.disable_client, &[("name", client.name.as_str())]),
    });
    let (name, token) = new.unzip();
    Ok(show(&ClientsPage {
        frame: visit.frame(Place::People),
        t,
        clients: clients.collect(),
        next,
        typed,
        fault,
        token,
        token_of: name.map(|name| fill(t.token_of, &[("name", &name)])).unwrap_or_default(),
    }))
}

/// `GET /clients`
pub async fn page(visit: Visit<Administering>, page: web::Query<Page>) -> Result<HttpResponse, Trouble> {
    list(&visit, Beside { after: page.into_inner().after, ..Beside::default() }).await
}

/// `POST /clients`: answers with the page itself, which alone holds the token.
pub async fn add(posted: Posted<Administering, NewClient>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let language = visit.language;
    let again = |typed, fault| list(&visit, Beside { typed, fault: Some(fault), ..Beside::default() });
    let name = match form.name.trim().parse::<Name>() {
        Ok(name) => name,
        Err(error) => return again(form, told(&error, language)).await,
    };
    let Some(rights) = form.rights() else {
        let sentence = ClientsWords::of(language).no_rights.to_owned();
        return again(form, Told { sentence, next: String::new(), code: String::new() }).await;
    };
    let random = clock::random().map_err(|_| Trouble::busy(language))?;
    let client = name.clone();
    let added = visit
        .act(move |floor, authority| {
            clients::add(&floor.store, authority, &client, &rights, random, clock::now())
        })
        .await?;
    match added {
        Ok(token) => {
            let token = String::from_utf8_lossy(token.expose()).into_owned();
            list(&visit, Beside { new: Some((name.to_string(), token)), ..Beside::default() }).await
        }
        Err(error) => again(form, told(&error, language)).await,
    }
}

/// The form that disables a client.
#[derive(Deserialize)]
pub struct Disabled {
    name: Name,
}

/// `POST /clients/disable`
pub async fn disable(posted: Posted<Administering, Disabled>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form: Disabled { name } } = posted;
    let client = name.clone();
    let done =
        visit.act(move |floor, authority| clients::disable(&floor.store, authority, &client, clock::now()));
    Ok(match done.await? {
        Ok(()) => {
            let said = fill(ClientsWords::of(visit.language).was_disabled, &[("name", name.as_str())]);
            visit.done("/clients", said)
        }
        Err(error) => visit.refused("/clients", &error),
    })
}
