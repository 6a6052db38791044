//! The files under `/static/`: built in, so that one binary is the whole station.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// Name, media type, content.
const FILES: &[(&str, &str, &[u8])] = &[
    ("style.css", CSS, include_bytes!("../../static/style.css")),
    ("devices.css", CSS, include_bytes!("../../static/devices.css")),
    ("labels.css", CSS, include_bytes!("../../static/labels.css")),
    ("line.css", CSS, include_bytes!("../../static/line.css")),
    ("line.js", SCRIPT, include_bytes!("../../static/line.js")),
    ("command-sheet.css", CSS, include_bytes!("../../static/command-sheet.css")),
    ("work_orders.css", CSS, include_bytes!("../../static/work_orders.css")),
    ("reports.css", CSS, include_bytes!("../../static/reports.css")),
    ("badge.css", CSS, include_bytes!("../../static/badge.css")),
    ("records.css", CSS, include_bytes!("../../static/records.css")),
    ("htmx.min.js", SCRIPT, include_bytes!("../../static/htmx.min.js")),
    ("station.js", SCRIPT, include_bytes!("../../static/station.js")),
    ("icon.svg", PICTURE, include_bytes!("../../static/icon.svg")),
];

/// `GET /static/{name}`
pub async fn file(name: web::Path<String>) -> HttpResponse {
    named(&name)
}

/// `GET /favicon.ico`: what browsers ask for beside a file that is no page and so names no icon.
pub async fn icon() -> HttpResponse {
    named("icon.svg")
}

fn named(name: &str) -> HttpResponse {
    match FILES.iter().find(|(known, _, _)| *known == name) {
        Some((_, media, content)) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, *media))
            .insert_header((header::CACHE_CONTROL, "max-age=3600"))
            .body(*content),
        None => HttpResponse::NotFound().finish(),
    }
}
