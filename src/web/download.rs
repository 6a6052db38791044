//! Files that a page hands out.

use actix_web::HttpResponse;
use actix_web::http::header;

/// PEM of certificates and revocation lists.
pub const PEM: &str = "application/x-pem-file";
/// Text without any mark-up.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// A file for the browser to keep. The name is ours: letters, digits, dots and dashes.
pub fn file(name: &str, media: &'static str, content: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(content.into())
}
