//! `lineside secret set | list`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::azure::connection_string::DpsConnectionString;
use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::key::lines;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::domain::name::Name;
use crate::station::{clock, vault_changes};

/// Secrets in the vault.
#[derive(Subcommand)]
pub enum Secrets {
    /// Store a secret: `dps` is the connection string of a DPS access policy, `pkcs11-pin` the PIN of the token with the
    /// issuing CA's key, other names serve recipes
    Set {
        /// Its name
        name: Name,
        /// File that holds it; `-` is standard input (else it is asked for)
        #[arg(long, value_name = "F")]
        file: Option<PathBuf>,
    },
    /// The names of the secrets
    List,
}

impl Secrets {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        match self {
            Secrets::Set { name, file } => {
                let secret = passphrase::secret(file.as_deref(), &format!("Secret {name}: "))?;
                if name.as_str() == "dps" {
                    DpsConnectionString::parse(&secret)?;
                }
                // a station that waits for its certificate takes secrets, too
                let (mut vault, _lock) = session.vault_alone(&passphrase::of_vault(common)?)?;
                let (store, vault) = (&session.store, &mut vault);
                vault_changes::set_secret(store, vault, name, secret, &session.actor, clock::now())?;
                output::report(common.json, &json!({ "secret": name }), || format!("{name} is in the vault."))
            }
            Secrets::List => {
                let vault = session.vault_beside(common)?;
                let names: Vec<&Name> = vault.secret_names().collect();
                output::report(common.json, &names, || lines(&names))
            }
        }
    }
}
