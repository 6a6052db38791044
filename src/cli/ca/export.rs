//! `lineside ca export`.

use clap::Args;
use serde_json::json;

use crate::ca::certificate::Certificate;
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::cert_serial::CertSerial;
use crate::domain::code::Code;
use crate::store::certificates;
use crate::store::devices;
use crate::store::error::StoreError;

/// A certificate of a device.
#[derive(Args)]
pub struct Export {
    /// Serial number, MAC, registration ID or device ID of the device, or the certificate's serial number
    device: String,
}

impl Export {
    /// Runs the command.
    pub fn run(&self, session: &Session, common: &Common) -> Result<(), Failure> {
        let device = &self.device;
        let unknown =
            || Failure::work(Code::CertificateUnknown, format!("“{device}” has no certificate here"));
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
}
