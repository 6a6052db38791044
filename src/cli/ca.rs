//! `lineside ca show | export | revoke | crl`.

use clap::Subcommand;
use serde_json::json;

use crate::ca::certificate::Certificate;
use crate::ca::inspect::CertificateFacts;
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::domain::revocation_reason::RevocationReason;
use crate::station::authority::Engineering;
use crate::station::{clock, revocation};
use crate::store::certificates;
use crate::store::devices;
use crate::store::error::StoreError;

/// The issuing CA.
#[derive(Subcommand)]
pub enum Ca {
    /// Root and issuing CA, and the days they have left
    Show,
    /// The certificate of a device with its chain, PEM
    Export {
        /// Serial number, MAC, registration ID or device ID of the device, or the certificate's serial number
        device: String,
    },
    /// Revoke a certificate and disable what it enrolled
    Revoke {
        /// The certificate's serial number
        cert_serial: String,
        /// RFC 5280's word, such as keyCompromise or superseded
        #[arg(long)]
        reason: RevocationReason,
    },
    /// Make the next revocation list: `ca/crl.pem`
    Crl,
}

impl Ca {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        match self {
            Ca::Show => show(&session, common),
            Ca::Export { device } => export(&session, common, device),
            Ca::Revoke { cert_serial, reason } => {
                let serial = cert_serial
                    .parse::<CertSerial>()
                    .map_err(|e| Failure::usage(Code::CertificateUnknown, e))?;
                let engineer = Engineering::at_the_terminal(session.actor.clone());
                revocation::revoke(&session.store, &engineer, clock::now(), &serial, *reason)
                    .map_err(|error| session.refused(&format!("revocation of {serial}"), error))?;
                output::report(common.json, &json!({ "revoked": serial, "reason": reason }), || {
                    format!("{serial} is revoked. `lineside ca crl` makes the list that says so.")
                })
            }
            Ca::Crl => {
                let unlocked = session.unlock(common)?;
                let (number, entries) = revocation::issue_crl(
                    &session.folder,
                    &session.store,
                    &unlocked.issuer,
                    &session.actor,
                    clock::now(),
                )?;
                output::report(common.json, &json!({ "number": number, "entries": entries }), || {
                    format!(
                        "List {number} with {entries} entries: {}",
                        session.folder.ca("crl.pem").display()
                    )
                })
            }
        }
    }
}

fn show(session: &Session, common: &Common) -> Result<(), Failure> {
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

fn export(session: &Session, common: &Common, device: &str) -> Result<(), Failure> {
    let unknown = || Failure::work(Code::CertificateUnknown, format!("“{device}” has no certificate here"));
    let row = session.store.read(|r| {
        if let Ok(serial) = device.parse::<CertSerial>()
            && let Some(row) = certificates::get(r, &serial)?
        {
            return Ok(Some(row));
        }
        match devices::find(r, device)? {
            Some(device) => certificates::live(r, device.id),
            None => Ok::<_, StoreError>(None),
        }
    })?;
    let row = row.ok_or_else(unknown)?;
    let leaf = Certificate::from_der(row.der.ok_or_else(unknown)?)?;
    let issuing = session.folder.read(&session.folder.ca("issuing.pem"))?;
    let chain = format!("{}{issuing}", leaf.pem());
    output::report(common.json, &json!({ "serial": row.serial, "chain_pem": chain }), || chain.clone())
}
