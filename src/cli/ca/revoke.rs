//! `lineside ca revoke`.

use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::domain::revocation_reason::RevocationReason;
use crate::station::authority::Engineering;
use crate::station::{clock, revocation};

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
        output::report(common.json, &json!({ "revoked": serial, "reason": reason }), || {
            format!("{serial} is revoked. `lineside ca crl` makes the list that says so.")
        })
    }
}
