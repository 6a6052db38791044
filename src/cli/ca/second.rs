//! The options by which two administrators show who they are.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::passphrase;
use crate::cli::session::Session;
use crate::domain::name::Name;
use crate::domain::secret::Secret;
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
    /// File with your own password (else it is asked for), which the rule of two administrators needs as well
    #[arg(long, value_name = "F")]
    as_password_file: Option<PathBuf>,
}

impl SecondPerson {
    /// Has `what` confirmed, where that is the rule.
    pub fn confirm(
        &self,
        session: &Session,
        who: &Administering,
        what: &str,
    ) -> Result<Confirmation, Failure> {
        self.confirm_if(session.settings.second_administrator, session, who, what)
    }

    /// The same for what only sometimes needs it.
    pub fn confirm_if(
        &self,
        needed: bool,
        session: &Session,
        who: &Administering,
        what: &str,
    ) -> Result<Confirmation, Failure> {
        let own = match session.actor.person() {
            Some(name) if needed && self.second.is_some() => {
                Some(password(self.as_password_file.as_deref(), name)?)
            }
            Some(_) | None => None,
        };
        let theirs = match &self.second {
            Some(name) => Some(password(self.second_password_file.as_deref(), name)?),
            None => None,
        };
        let second = self.second.as_ref().zip(theirs.as_ref());
        let second = second.map(|(name, password)| Second { name, password });
        let (store, first) = (&session.store, (who, own.as_ref()));
        Ok(second_person::confirm(store, needed, first, second.as_ref(), what, clock::now())?)
    }
}

fn password(file: Option<&Path>, name: &Name) -> Result<Secret, Failure> {
    passphrase::secret(file, &format!("Password of {name}: "))
}
