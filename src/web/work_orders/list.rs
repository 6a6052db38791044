//! `/work-orders`: all of them, newest first, and the form for a new one.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::domain::name::Name;
use crate::station::authority::{Authority, Engineering, Watching};
use crate::station::products;
use crate::station::work_orders::{self, Draft, DraftError};
use crate::store::error::StoreError;
use crate::store::paging;
use crate::store::work_orders::{self as orders, Progress};
use crate::web::access::{Posted, Visit};
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::standing::Standing;
use crate::web::told::{Told, told};
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::work_orders::WorkOrderWords;

/// Work orders on one page.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "work_orders.html")]
struct ListPage {
    frame: Frame,
    t: &'static WorkOrderWords,
    rows: Vec<Row>,
    older: Option<String>,
    newest: bool,
    /// The form, for whoever may fill it in.
    form: Option<FormView>,
}

struct Row {
    name: String,
    product: String,
    state: Standing,
    made: String,
    passed: u32,
    quantity: u32,
    created: String,
    released_by: String,
}

struct FormView {
    typed: OrderForm,
    products: Vec<Choice>,
    fault: Option<Told>,
}

struct Choice {
    name: String,
    chosen: bool,
}

/// Which page of the list.
#[derive(Deserialize)]
pub struct Before {
    before: Option<Name>,
}

/// The form of a new work order.
#[derive(Deserialize, Default)]
pub struct OrderForm {
    name: String,
    product: String,
    quantity: String,
    #[serde(default)]
    spare: String,
    #[serde(default)]
    serials: String,
    #[serde(default)]
    first_article: String,
}

/// `GET /work-orders`
pub async fn page(visit: Visit<Watching>, query: web::Query<Before>) -> Result<HttpResponse, Trouble> {
    list(&visit, query.into_inner().before, OrderForm::default(), None).await
}

/// `POST /work-orders`: what is refused is shown again as it was typed.
pub async fn add(posted: Posted<Engineering, OrderForm>) -> Result<HttpResponse, Trouble> {
    let Posted { visit, form } = posted;
    let t = WorkOrderWords::of(visit.language);
    let (done, form) = visit
        .act(move |floor, right| {
            let draft = Draft {
                name: &form.name,
                product: &form.product,
                quantity: &form.quantity,
                spare: &form.spare,
                serials: &form.serials,
                first_article: !form.first_article.is_empty(),
            };
            let done = work_orders::add_as_typed(&floor.store, &floor.folder, right, &draft);
            Ok::<(Result<Name, DraftError>, OrderForm), StoreError>((done, form))
        })
        .await?
        .map_err(|error| Trouble::of(&error, visit.language))?;
    match done {
        Ok(name) => {
            Ok(visit.done(&format!("/work-orders/{name}"), fill(t.written_down, &[("name", name.as_str())])))
        }
        Err(error) => {
            let fault = told(&error, visit.language);
            list(&visit, None, form, Some(fault)).await
        }
    }
}

async fn list<A: Authority + Send + Sync>(
    visit: &Visit<A>,
    before: Option<Name>,
    typed: OrderForm,
    fault: Option<Told>,
) -> Result<HttpResponse, Trouble> {
    let t = WorkOrderWords::of(visit.language);
    let newest = before.is_some();
    let folder = visit.floor.folder.clone();
    let (mut found, products) = visit
        .read(move |r| Ok((orders::list(r, ROWS + 1, before.as_ref())?, products::names(&folder))))
        .await?;
    let more = paging::cut(&mut found, ROWS);
    let older = found.last().filter(|_| more).map(|last| last.order.name.to_string());
    let zone = visit.zone();
    let row = |progress: Progress| {
        let Progress { order, passed, created, issued: _, first_article: _ } = progress;
        let (made, ordered) = (passed.to_string(), order.quantity.to_string());
        Row {
            name: order.name.to_string(),
            product: order.product.to_string(),
            state: Standing::of_order(order.state, t),
            made: fill(t.made_of, &[("made", &made), ("ordered", &ordered)]),
            passed: passed.min(order.quantity),
            quantity: order.quantity,
            created: zone.date_and_time(created),
            released_by: order.released_by,
        }
    };
    let form = Engineering::of(&visit.person).map(|_| FormView {
        products: products
            .iter()
            .map(|name| Choice { name: name.to_string(), chosen: name.as_str() == typed.product })
            .collect(),
        typed,
        fault,
    });
    let refused = form.as_ref().is_some_and(|form| form.fault.is_some());
    let page = ListPage {
        frame: visit.frame(Place::WorkOrders),
        t,
        rows: found.into_iter().map(row).collect(),
        older,
        newest,
        form,
    };
    let mut answer = show(&page);
    if refused {
        *answer.status_mut() = actix_web::http::StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}
