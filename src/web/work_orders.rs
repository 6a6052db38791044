//! The pages of the work orders: what is made, what is to be made, and what stands in the way of being done with it.

mod act;
mod list;
mod one;

use actix_web::web;

/// The addresses of these pages.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/work-orders", web::get().to(list::page))
        .route("/work-orders", web::post().to(list::add))
        .route("/work-orders/{name}", web::get().to(one::page))
        .route("/work-orders/{name}/serials", web::get().to(one::serials))
        .route("/work-orders/{name}/activate", web::post().to(act::activate))
        .route("/work-orders/{name}/pause", web::post().to(act::pause))
        .route("/work-orders/{name}/close", web::post().to(act::close))
        .route("/work-orders/{name}/first-article", web::post().to(act::confirm))
        .route("/work-orders/{name}/first-article/reject", web::post().to(act::reject));
}
