//! The reports: which there are, those of a shift or of any span, those of a work order, and all of it as CSV.

mod choose;
mod download;
mod show;
pub mod view;

use actix_web::web;

/// The addresses of these pages.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/reports", web::get().to(choose::page))
        .route("/reports/shift", web::get().to(show::shift))
        .route("/reports/shift/figures.csv", web::get().to(download::shift_figures))
        .route("/reports/shift/runs.csv", web::get().to(download::shift_runs))
        .route("/reports/work-order/{name}", web::get().to(show::work_order))
        .route("/reports/work-order/{name}/figures.csv", web::get().to(download::order_figures))
        .route("/reports/work-order/{name}/runs.csv", web::get().to(download::order_runs));
}
