//! The pages of the work orders: what is made, what is to be made, and what stands in the way of being done with it.

mod act;
mod list;
mod one;

use actix_web::web;

use crate::domain::work_order::WorkOrderState;
use crate::web::words::work_orders::WorkOrderWords;

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

/// A state as pages show it: word, class, sign.
struct StateView {
    word: &'static str,
    class: &'static str,
    sign: &'static str,
}

impl StateView {
    fn of(t: &WorkOrderWords, state: WorkOrderState) -> StateView {
        let (class, sign) = match state {
            WorkOrderState::Planned => ("", "○"),
            WorkOrderState::Active => ("busy", "▶"),
            WorkOrderState::Paused => ("look", "❚❚"),
            WorkOrderState::Closed => ("over", "■"),
        };
        StateView { word: t.of_state(state), class, sign }
    }
}
