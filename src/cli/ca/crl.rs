//! `lineside ca crl`.

use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::station::{clock, revocation};

/// Makes the next revocation list.
pub fn run(session: &Session, common: &Common) -> Result<(), Failure> {
    let unlocked = session.unlock(common)?;
    let (number, entries) = revocation::issue_crl(
        &session.folder,
        &session.store,
        &unlocked.issuer,
        &unlocked.past,
        &session.actor,
        clock::now(),
    )?;
    output::report(common.json, &json!({ "number": number, "entries": entries }), || {
        format!("List {number} with {entries} entries: {}", session.folder.ca("crl.pem").display())
    })
}
