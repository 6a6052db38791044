//! Files that a page hands out.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::http::header;

/// PEM of certificates and revocation lists.
pub const PEM: &str = "application/x-pem-file";
/// DER of certificates.
pub const DER: &str = "application/pkix-cert";
/// JSON.
pub const JSON: &str = "application/json";
/// Tables for spreadsheets.
pub const CSV: &str = "text/csv; charset=utf-8";
/// Text without any mark-up.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// A file for the browser to keep. The name is ours: letters, digits, dots and dashes.
pub fn file(name: &str, media: &'static str, content: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(content)
}
