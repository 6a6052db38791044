//! The options by which a second administrator confirms.

use std::path::PathBuf;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::passphrase;
use crate::cli::session::Session;
use crate::domain::name::Name;
use crate::station::authority::Administering;
use crate::station::clock;
use crate::station::second_person::{self, Confirmation, Second};

/// Whoever confirms.
#[derive(Args)]
pub struct SecondPerson {
    /// Another administrator, who confirms it; needed where [ceremony] second_administrator is set
    #[arg(long, value_name = "NAME")]
    second: Option<Name>,
    /// File with their password (else it is asked for)
    #[arg(long, value_name = "F", requires = "second")]
    second_password_file: Option<PathBuf>,
}

impl SecondPerson {
    /// Has `what` confirmed, where that is the rule.
    pub fn confirm(
        &self,
        session: &Session,
        who: &Administering,
        what: &str,
    ) -> Result<Confirmation, Failure> {
        let password = match &self.second {
            Some(name) => {
                let file = self.second_password_file.as_deref();
                Some(passphrase::secret(file, &format!("Password of {name}: "))?)
            }
            None => None,
        };
        let second = self.second.as_ref().zip(password.as_ref());
        let second = second.map(|(name, password)| Second { name, password });
        let needed = session.settings.second_administrator;
        Ok(second_person::confirm(&session.store, needed, who, second.as_ref(), what, clock::now())?)
    }
}
