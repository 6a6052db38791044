//! `lineside ca revoke`.

use clap::Args;
use serde_json::json;

use crate::ca::certificate::Certificate;
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::domain::revocation_reason::RevocationReason;
use crate::station::authority::Engineering;
use crate::station::{clock, past_key, revocation};
use crate::store::certificates;

/// One certificate is not to be believed any more.
#[derive(Args)]
pub struct Revoke {
    /// The certificate's serial number
    cert_serial: String,
    /// RFC 5280's word, such as keyCompromise or superseded
    #[arg(long)]
    reason: RevocationReason,
}

impl Revoke {
    /// Runs the command.
    pub fn run(&self, session: &Session, common: &Common) -> Result<(), Failure> {
        let Revoke { cert_serial, reason } = self;
        let serial =
            cert_serial.parse::<CertSerial>().map_err(|e| Failure::usage(Code::CertificateUnknown, e))?;
        let engineer = Engineering::at_the_terminal(session.actor.clone());
        revocation::revoke(&session.store, &engineer, clock::now(), &serial, *reason)
            .map_err(|error| session.refused(&format!("revocation of {serial}"), error))?;
        let keyless = session.store.read(|reader| {
            let der = certificates::get(reader, &serial)?.and_then(|row| row.der);
            let Some(leaf) = der.and_then(|der| Certificate::from_der(der).ok()) else { return Ok(None) };
            past_key::signer_without_key(&session.folder, reader, &leaf)
        })?;
        let value = json!({ "revoked": serial, "reason": reason, "unlisted": keyless.is_some() });
        output::report(common.json, &value, || match keyless {
            None => format!("{serial} is revoked. `lineside ca crl` makes the list that says so."),
            Some(ca) => format!(
                "{serial} is revoked here, and what it enrolled is disabled. No list will say so, for the key of {ca}, which signed it, is erased."
            ),
        })
    }
}
