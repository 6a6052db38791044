//! `lineside ca crl`.

use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::code::{Coded, sentence};
use crate::station::revocation::{self, on_file};

/// Makes the next revocation list.
pub fn run(session: &Session, common: &Common) -> Result<(), Failure> {
    let unlocked = session.unlock(common)?;
    let issued = revocation::issue_crl(
        &session.folder,
        &session.store,
        &unlocked.issuer,
        &unlocked.past,
        &session.actor,
    )?;
    for one in &issued.ended {
        output::note(&format!("{} {}", sentence(one), one.code().next_step()));
    }
    for one in &issued.forgotten {
        output::note(&sentence(one));
    }
    let (number, entries) = issued.present?;
    let ended: Vec<&str> = issued.ended.iter().map(|one| &*one.subject).collect();
    let publish = session.folder.ca(&on_file::published_name(&unlocked.issuer)).display().to_string();
    let value = json!({ "number": number, "entries": entries, "ended": ended, "publish": publish });
    output::report(common.json, &value, || {
        let file = session.folder.ca("crl.pem");
        format!("List {number} with {entries} entries: {}\nTo be published (DER): {publish}", file.display())
    })
}
