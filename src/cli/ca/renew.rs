//! `lineside ca renew`.

use std::path::PathBuf;

use clap::Args;

use crate::ca::issuer::Issuer;
use crate::cli::Common;
use crate::cli::ca::second::SecondPerson;
use crate::cli::ca::{csr, install};
use crate::cli::failure::Failure;
use crate::cli::passphrase;
use crate::cli::session::Session;
use crate::station::authority::Administering;
use crate::station::{clock, installation};
use crate::vault::root_key;

/// Another issuing CA in the place of the present one.
#[derive(Args)]
pub struct Renew {
    /// Make its key and a request for a root elsewhere; `ca install` takes the certificate
    #[arg(long)]
    csr: bool,
    /// Write the request to this file, which must not exist
    #[arg(long, value_name = "F", requires = "csr")]
    out: Option<PathBuf>,
    #[command(flatten)]
    second: SecondPerson,
}

impl Renew {
    /// Runs the command.
    pub fn run(&self, session: &Session, common: &Common) -> Result<(), Failure> {
        if self.csr {
            return csr::request(session, common, true, self.out.as_deref());
        }
        let who = Administering::at_the_terminal(session.actor.clone());
        let confirmation = self.second.confirm(session, &who, "renewal of the issuing CA")?;
        let passphrase = passphrase::of_vault(common)?;
        let (mut vault, lock) = session.vault_alone(&passphrase)?;
        let key = root_key::open_root_key(session.folder.path(), &passphrase)
            .map_err(|error| session.refused("use of the root for a renewal", error))?;
        let root_pem = session.folder.read(&session.folder.ca("root.pem"))?;
        let root = Issuer::load(&root_pem, &key)?;
        drop(key);
        let place = session.place();
        let installed = installation::renew(&place, &mut vault, &who, &confirmation, &root, clock::now())
            .map_err(|error| install::failed(session, "renewal of the issuing CA", error))?;
        install::finish(session, common, &lock, &installed)
    }
}
