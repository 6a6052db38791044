//! `lineside user add | list | disable`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::domain::person::Role;
use crate::domain::secret::Secret;
use crate::station::{clock, password};
use crate::store::people;

/// People.
#[derive(Subcommand)]
pub enum User {
    /// Let somebody in
    Add {
        /// Their name
        name: Name,
        /// operator, engineer, administrator or auditor
        #[arg(long)]
        role: Role,
        /// File with their password (else it is asked for)
        #[arg(long, value_name = "F")]
        password_file: Option<PathBuf>,
    },
    /// Everybody
    List,
    /// Let somebody in no longer
    Disable {
        /// Their name
        name: Name,
    },
}

impl User {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let (store, actor, now) = (&session.store, &session.actor, clock::now());
        match self {
            User::Add { name, role, password_file } => {
                let given = match password_file {
                    Some(path) => passphrase::from_file(path)?,
                    None => passphrase::twice(&format!("New password of {name}: "))?,
                };
                let salt = clock::random().map_err(|e| Failure::work(Code::Internal, e))?;
                let hash = Secret::from(password::hash(&given, &salt)?);
                store
                    .change(actor, now, |change| people::add(change, name, *role, &hash))
                    .map_err(|error| session.refused(&format!("new person {name}"), error))?;
                output::report(common.json, &json!({ "name": name, "role": role }), || {
                    format!("{name} may log in as {role}.")
                })
            }
            User::List => {
                let all = store.read(people::list)?;
                let value: Vec<_> = all
                    .iter()
                    .map(|p| json!({ "name": p.name, "role": p.role, "disabled": p.disabled, "created": p.created }))
                    .collect();
                output::report(common.json, &value, || {
                    let rows: Vec<Vec<String>> = all
                        .iter()
                        .map(|p| {
                            let state = if p.disabled { "disabled" } else { "active" };
                            vec![p.name.to_string(), p.role.to_string(), state.to_owned()]
                        })
                        .collect();
                    output::table(&["name", "role", "state"], &rows)
                })
            }
            User::Disable { name } => {
                store
                    .change(actor, now, |change| people::disable(change, name))
                    .map_err(|error| session.refused(&format!("disabling of {name}"), error))?;
                output::report(common.json, &json!({ "disabled": name }), || {
                    format!("{name} is let in no longer.")
                })
            }
        }
    }
}
