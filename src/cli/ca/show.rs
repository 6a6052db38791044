//! `lineside ca show`.

use serde_json::json;

use crate::ca::certificate::Certificate;
use crate::ca::inspect::CertificateFacts;
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::station::clock;

/// Shows root and issuing CA.
pub fn run(session: &Session, common: &Common) -> Result<(), Failure> {
    let now = clock::now();
    let mut text = String::new();
    let mut value = serde_json::Map::new();
    for name in ["root", "issuing"] {
        let pem = session.folder.read(&session.folder.ca(&format!("{name}.pem")))?;
        let certificate = Certificate::from_pem(&pem)?;
        let facts = CertificateFacts::read(&certificate)?;
        let days = certificate.not_after().since(now).as_secs() / 86_400;
        text.push_str(&format!("{name} CA, {days} days left\n{facts}\n"));
        value.insert(name.to_owned(), json!({ "facts": facts, "days_left": days }));
    }
    output::report(common.json, &value, || text)
}
