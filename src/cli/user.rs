//! `lineside user add | badge | list | disable`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::cli::Common;
use crate::cli::ca::second::SecondPerson;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::domain::name::Name;
use crate::domain::person::Role;
use crate::station::authority::Administering;
use crate::station::{clock, staff};
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
        #[command(flatten)]
        second: SecondPerson,
    },
    /// Make an operator a badge; its text is printed once
    Badge {
        /// Their name
        name: Name,
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
        let (store, now) = (&session.store, clock::now());
        let authority = Administering::at_the_terminal(session.actor.clone());
        match self {
            User::Add { name, role, password_file, second } => {
                let needed = session.settings.second_administrator && *role == Role::Administrator;
                let what = format!("new person {name}");
                let confirmed = second.confirm_if(needed, &session, &authority, &what)?;
                let given = match password_file {
                    Some(path) => passphrase::from_file(path)?,
                    None => passphrase::twice(&format!("New password of {name}: "))?,
                };
                staff::add(store, &authority, &confirmed, (name, *role), &given, now)?;
                output::report(common.json, &json!({ "name": name, "role": role }), || {
                    format!("{name} may log in as {role}.")
                })
            }
            User::Badge { name } => {
                let badge = staff::make_badge(store, &authority, name, now)?;
                let text = String::from_utf8_lossy(badge.text().expose()).into_owned();
                let value = json!({ "name": name, "badge": text });
                output::report(common.json, &value, || {
                    format!("{text}   (the badge of {name} from now on; it is shown only now)")
                })
            }
            User::List => {
                let all = store.read(people::list)?;
                let value: Vec<_> = all
                    .iter()
                    .map(|p| json!({ "name": p.name, "role": p.role, "disabled": p.disabled, "badge": p.badge, "created": p.created }))
                    .collect();
                output::report(common.json, &value, || {
                    let rows: Vec<Vec<String>> = all
                        .iter()
                        .map(|p| {
                            let state = if p.disabled { "disabled" } else { "active" };
                            let badge = if p.badge { "badge" } else { "" };
                            vec![p.name.to_string(), p.role.to_string(), state.to_owned(), badge.to_owned()]
                        })
                        .collect();
                    output::table(&["name", "role", "state", "badge"], &rows)
                })
            }
            User::Disable { name } => {
                staff::disable(store, &authority, name, now)?;
                output::report(common.json, &json!({ "disabled": name }), || {
                    format!("{name} is let in no longer.")
                })
            }
        }
    }
}
