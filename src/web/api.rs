//! `/api/v1`: what other systems ask. JSON in and out; who asks shows a client's token, and a session of the pages
//! is worth nothing here. No answer carries a cross-origin header.

pub mod access;
pub mod devices;
pub mod problem;
pub mod results;
pub mod status;
pub mod work_orders;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Resource, web};

use crate::web::api::problem::Problem;

/// The largest body of a request, in bytes: a work order with a long list of serial numbers.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// The document that describes all this, for people and programs.
const DESCRIPTION: &str = include_str!("../../static/openapi.json");

/// The route table, nothing else.
pub fn routes(config: &mut web::ServiceConfig) {
    let api = web::scope("/api/v1")
        .app_data(web::PayloadConfig::new(LARGEST_BODY))
        .app_data(
            web::PathConfig::default().error_handler(|fault, _| Problem::invalid(&fault.to_string()).into()),
        )
        .app_data(
            web::QueryConfig::default().error_handler(|fault, _| Problem::invalid(&fault.to_string()).into()),
        )
        .service(get("/openapi.json").route(web::get().to(description)))
        .service(get("/check").route(web::get().to(work_orders::check)))
        .service(get("/devices/{device}").route(web::get().to(devices::one)))
        .service(get("/results").route(web::get().to(results::list)))
        .service(get("/status").route(web::get().to(status::now)))
        .service(
            only("/work-orders", "GET, POST")
                .route(web::get().to(work_orders::list))
                .route(web::post().to(work_orders::add)),
        )
        .service(get("/work-orders/{name}").route(web::get().to(work_orders::one)))
        .service(post("/work-orders/{name}/close").route(web::post().to(work_orders::close)))
        .default_service(web::to(nothing));
    config.service(api);
}

fn get(path: &str) -> Resource {
    only(path, "GET")
}

fn post(path: &str) -> Resource {
    only(path, "POST")
}

/// A resource that tells which methods it has when it is asked with another one.
fn only(path: &str, methods: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move {
        let mut response =
            Problem::plain(StatusCode::METHOD_NOT_ALLOWED, "this address has other methods").answer();
        response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(methods));
        response
    }))
}

/// What no other route serves.
async fn nothing() -> Result<HttpResponse, Problem> {
    Err(Problem::nothing_there("this address"))
}

/// `GET /api/v1/openapi.json`: holds nothing of this station, so anybody may read it.
async fn description(_: HttpRequest) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DESCRIPTION)
}
