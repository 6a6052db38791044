//! The files under `/static/`: built in, so that one binary is the whole station. A browser keeps them and asks each time
//! whether they are still the same, for the next program may bring others under the same names.

use std::sync::LazyLock;

use actix_web::http::header::{self, ETag, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::digest::Digest;

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
    ("batches.css", CSS, include_bytes!("../../static/batches.css")),
    ("batches.js", SCRIPT, include_bytes!("../../static/batches.js")),
    ("records.css", CSS, include_bytes!("../../static/records.css")),
    ("htmx.min.js", SCRIPT, include_bytes!("../../static/htmx.min.js")),
    ("station.js", SCRIPT, include_bytes!("../../static/station.js")),
    ("icon.svg", PICTURE, include_bytes!("../../static/icon.svg")),
];

/// What each of [`FILES`] is known by, in their order: a digest of its content.
static TAGS: LazyLock<Vec<EntityTag>> = LazyLock::new(|| {
    FILES.iter().map(|(_, _, content)| EntityTag::new_strong(Digest::of(content).to_string())).collect()
});

/// `GET /static/{name}`
pub async fn file(name: web::Path<String>, request: HttpRequest) -> HttpResponse {
    named(&name, &request)
}

/// `GET /favicon.ico`: what browsers ask for beside a file that is no page and so names no icon.
pub async fn icon(request: HttpRequest) -> HttpResponse {
    named("icon.svg", &request)
}

fn named(name: &str, request: &HttpRequest) -> HttpResponse {
    let found = FILES.iter().zip(TAGS.iter()).find(|((known, _, _), _)| *known == name);
    let Some(((_, media, content), tag)) = found else { return HttpResponse::NotFound().finish() };
    let is_kept = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        // whoever asks strangely is given the file
        Err(_) => false,
    };
    let mut answer = if is_kept { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::CACHE_CONTROL, "no-cache")).insert_header(ETag(tag.clone()));
    if is_kept {
        return answer.finish();
    }
    answer.insert_header((header::CONTENT_TYPE, *media)).body(*content)
}
