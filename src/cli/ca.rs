//! `lineside ca …`: the list of its commands, one file each.

mod crl;
mod csr;
mod export;
mod forget;
mod install;
mod prove;
mod renew;
mod revoke;
pub mod second;
mod show;
mod sign;

use clap::Subcommand;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::session::Session;

/// The issuing CA.
#[derive(Subcommand)]
pub enum Ca {
    /// Root and issuing CA, and the days they have left
    Show,
    /// The request (PKCS#10) of an issuing CA that waits for its certificate, for a root elsewhere to sign
    Csr(csr::Csr),
    /// Take a certificate that the root signed into use as that of the issuing CA
    Install(install::Install),
    /// Another issuing CA in the place of the present one, which goes on being verified
    Renew(renew::Renew),
    /// Erase the private key of an issuing CA before the present one, which serves nobody any more
    Forget(forget::Forget),
    /// The certificate of a device with its chain, PEM
    Export(export::Export),
    /// A certificate for one request (PKCS#10) from outside
    Sign(sign::Sign),
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
        if let Ca::Sign(sign) = self {
            return sign.run(common);
        }
        let session = Session::open(common)?;
        match self {
            Ca::Sign(sign) => sign.run(common),
            Ca::Show => show::run(&session, common),
            Ca::Csr(csr) => csr.run(&session, common),
            Ca::Install(install) => install.run(&session, common),
            Ca::Renew(renew) => renew.run(&session, common),
            Ca::Forget(forget) => forget.run(&session, common),
            Ca::Export(export) => export.run(&session, common),
            Ca::Revoke(revoke) => revoke.run(&session, common),
            Ca::Crl => crl::run(&session, common),
            Ca::Prove(prove) => prove.run(&session, common),
        }
    }
}
