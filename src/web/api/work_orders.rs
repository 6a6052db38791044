//! Work orders in, and whether a unit may be built under one.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::code::{Coded, sentence};
use crate::domain::name::Name;
use crate::station::clients::{Allowed, Ordering, Querying};
use crate::station::clock;
use crate::station::mes::{self, Added, MayNot, OrderedLot};
use crate::store::paging;
use crate::store::work_orders::{self, Progress};
use crate::web::api::access::{self, Asked, Given};
use crate::web::api::problem::Problem;

/// So many orders are listed at once.
const PAGE: u32 = 50;

/// Which unit, under which order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    serial: String,
    work_order: Option<Name>,
}

/// `GET /api/v1/check`: may I build this serial number now?
pub async fn check(asked: Asked<Querying>, unit: web::Query<Unit>) -> Result<HttpResponse, Problem> {
    let Unit { serial, work_order } = unit.into_inner();
    let given = serial.clone();
    let answer = asked
        .act(move |floor, right| {
            mes::may_build(&floor.folder, &floor.store, right, &given, work_order.as_ref())
        })
        .await?;
    let told = match &answer {
        Ok(order) => json!({
            "serial": serial, "allowed": true, "work_order": order, "code": null,
            "message": format!("This unit may be built under work order {order}."), "next": null,
        }),
        Err(MayNot::Store(error)) => return Err(Problem::of(error)),
        Err(why) => json!({
            "serial": serial, "allowed": false, "work_order": null, "code": why.code(),
            "message": sentence(why), "next": why.code().next_step(),
        }),
    };
    Ok(access::json(StatusCode::OK, &told))
}

/// From where to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    before: Option<Name>,
}

/// `GET /api/v1/work-orders`: newest first.
pub async fn list(asked: Asked<Querying>, page: web::Query<Page>) -> Result<HttpResponse, Problem> {
    let Page { before } = page.into_inner();
    let mut found = asked
        .act(move |floor, _| floor.store.read(|r| work_orders::list(r, PAGE + 1, before.as_ref())))
        .await?
        .map_err(|error| Problem::of(&error))?;
    let more = paging::cut(&mut found, PAGE);
    let next = found.last().filter(|_| more).map(|last| &last.order.name);
    let told = json!({ "work_orders": found.iter().map(told).collect::<Vec<_>>(), "next": next });
    Ok(access::json(StatusCode::OK, &told))
}

/// `GET /api/v1/work-orders/{name}`
pub async fn one(asked: Asked<Querying>, name: web::Path<Name>) -> Result<HttpResponse, Problem> {
    let found = find(&asked, name.into_inner()).await?;
    Ok(access::json(StatusCode::OK, &found))
}

async fn find<R: Allowed + Send + Sync>(asked: &Asked<R>, name: Name) -> Result<Value, Problem> {
    let found = asked
        .act(move |floor, _| floor.store.read(|r| work_orders::head(r, &name)))
        .await?
        .map_err(|error| Problem::of(&error))?;
    found.as_ref().map(told).ok_or_else(|| Problem::nothing_there("this work order"))
}

fn told(progress: &Progress) -> Value {
    let Progress { order, issued, passed, created, first_article: _ } = progress;
    json!({
        "name": order.name, "product": order.product, "state": order.state.as_str(),
        "quantity": order.quantity, "spare": order.spare, "issued": issued, "passed": passed,
        "released_by": (!order.released_by.is_empty()).then_some(&order.released_by), "created": created,
    })
}

/// A work order to be written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    name: Name,
    product: Name,
    quantity: u32,
    #[serde(default)]
    spare: u32,
    #[serde(default)]
    serials: Vec<String>,
}

/// `POST /api/v1/work-orders`: asking twice is asking once.
pub async fn add(given: Given<Ordering, NewOrder>) -> Result<HttpResponse, Problem> {
    let Given { asked, body: NewOrder { name, product, quantity, spare, serials } } = given;
    let lot = OrderedLot { name: name.clone(), product, quantity, spare, serials };
    let done = asked
        .act(move |floor, right| mes::add_order(&floor.folder, &floor.store, right, &lot, clock::now()))
        .await?;
    let status = match done.map_err(|error| Problem::of(&error))? {
        Added::New => StatusCode::CREATED,
        Added::Same => StatusCode::OK,
    };
    let place = format!("/api/v1/work-orders/{name}");
    let mut response = access::json(status, &find(&asked, name).await?);
    if let Ok(place) = header::HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// `POST /api/v1/work-orders/{name}/close`
pub async fn close(asked: Asked<Ordering>, name: web::Path<Name>) -> Result<HttpResponse, Problem> {
    let order = name.clone();
    let done =
        asked.act(move |floor, right| mes::close_order(&floor.store, right, &order, clock::now())).await?;
    done.map_err(|error| Problem::of(&error))?;
    Ok(access::json(StatusCode::OK, &find(&asked, name.into_inner()).await?))
}
