//! `lineside ca prove`.

use clap::Args;
use serde_json::json;

use crate::ca::certificate::Certificate;
use crate::ca::issuer::Issuer;
use crate::cli::Common;
use crate::cli::ca::second::SecondPerson;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::domain::name::Name;
use crate::station::authority::Administering;
use crate::station::clock;
use crate::station::possession::{self, Ask, CannotProve};
use crate::vault::root_key;

/// A proof that we hold a CA's key.
#[derive(Args)]
pub struct Prove {
    /// The verification code, as Azure shows it beside the uploaded certificate
    code: String,
    /// The certificate profile, one for proofs of possession
    #[arg(long, value_name = "NAME")]
    profile: Option<Name>,
    /// Prove it for the root instead; root-key.age must lie in the station's folder
    #[arg(long)]
    root: bool,
    #[command(flatten)]
    second: SecondPerson,
}

impl Prove {
    /// Runs the command.
    pub fn run(&self, session: &Session, common: &Common) -> Result<(), Failure> {
        let unlocked = session.unlock(common)?;
        let who = Administering::at_the_terminal(session.actor.clone());
        let proof = if self.root {
            let confirmation =
                self.second.confirm(session, &who, "use of the root for a proof of possession")?;
            let passphrase = passphrase::of_vault(common)?;
            let key = root_key::open_root_key(session.folder.path(), &passphrase)
                .map_err(|error| session.refused("use of the root for a proof of possession", error))?;
            let issuer = Issuer::load(&unlocked.root_pem, &key)?;
            self.prove(session, &who, "root", &issuer, confirmation.second())?
        } else {
            self.prove(session, &who, "issuing", &unlocked.issuer, None)?
        };
        let value = json!({ "sha256": proof.sha256(), "not_after": proof.not_after(), "pem": proof.pem() });
        output::report(common.json, &value, || proof.pem())
    }

    fn prove(
        &self,
        session: &Session,
        who: &Administering,
        role: &str,
        issuer: &Issuer,
        second: Option<&Name>,
    ) -> Result<Certificate, CannotProve> {
        let ask = Ask { role, issuer, code: &self.code, profile: self.profile.as_ref(), second };
        possession::prove(&session.folder, &session.store, who, clock::now(), &ask)
    }
}
