//! `lineside client add | list | disable`.

use clap::Subcommand;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;
use crate::domain::client::Rights;
use crate::domain::code::Code;
use crate::domain::name::Name;
use crate::station::authority::Administering;
use crate::station::{clients, clock};
use crate::store::clients as records;

/// Other systems that ask over the API.
#[derive(Subcommand)]
pub enum Client {
    /// Give another system a token, which is printed this once
    Add {
        /// Its name
        name: Name,
        /// What it may do: read, orders, or both, joined by a comma
        #[arg(long, value_name = "RIGHTS")]
        may: Rights,
    },
    /// All clients
    List,
    /// Refuse its token from now on
    Disable {
        /// Its name
        name: Name,
    },
}

impl Client {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        let authority = Administering::at_the_terminal(session.actor.clone());
        let (store, now) = (&session.store, clock::now());
        match self {
            Client::Add { name, may } => {
                let random = clock::random().map_err(|e| Failure::work(Code::Internal, e))?;
                let token = clients::add(store, &authority, name, may, random, now)?;
                let token = String::from_utf8_lossy(token.expose());
                output::report(common.json, &json!({ "client": name, "may": may, "token": token }), || {
                    format!("{token}\nThis token of {name} is shown this once.")
                })
            }
            Client::List => {
                let all = store.read(|r| records::list(r, 1000, None))?;
                let value: Vec<_> = all
                    .iter()
                    .map(|c| json!({ "name": c.name, "may": c.rights, "disabled": c.disabled, "created": c.created }))
                    .collect();
                output::report(common.json, &value, || {
                    let rows: Vec<Vec<String>> = all
                        .iter()
                        .map(|c| {
                            let state = if c.disabled { "disabled" } else { "active" };
                            vec![c.name.to_string(), c.rights.to_string(), state.to_owned()]
                        })
                        .collect();
                    output::table(&["name", "may", "state"], &rows)
                })
            }
            Client::Disable { name } => {
                clients::disable(store, &authority, name, now)?;
                output::report(common.json, &json!({ "disabled": name }), || {
                    format!("{name} is refused from now on.")
                })
            }
        }
    }
}
