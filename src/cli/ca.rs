//! `lineside ca …`: the list of its commands, one file each.

mod crl;
mod export;
mod prove;
mod revoke;
mod show;

use clap::Subcommand;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::session::Session;

/// The issuing CA.
#[derive(Subcommand)]
pub enum Ca {
    /// Root and issuing CA, and the days they have left
    Show,
    /// The certificate of a device with its chain, PEM
    Export(export::Export),
    /// Revoke a certificate and disable what it enrolled
    Revoke(revoke::Revoke),
    /// Make the next revocation list: `ca/crl.pem`
    Crl,
    /// Prove to Azure that this station holds the key of its issuing CA: a certificate over a verification code, PEM
    Prove(prove::Prove),
}

impl Ca {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        match self {
            Ca::Show => show::run(&session, common),
            Ca::Export(export) => export.run(&session, common),
            Ca::Revoke(revoke) => revoke.run(&session, common),
            Ca::Crl => crl::run(&session, common),
            Ca::Prove(prove) => prove.run(&session, common),
        }
    }
}
