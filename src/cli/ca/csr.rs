//! `lineside ca csr`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::domain::code::Code;
use crate::durable;
use crate::station::authority::Administering;
use crate::station::clock;
use crate::station::installation::requests::{self, Withdrawn};
use crate::station::installation::{self, CannotInstall};

/// A request for a certificate of the issuing CA.
#[derive(Args)]
pub struct Csr {
    /// Write it to this file, which must not exist
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
    /// Give the request up instead: its key is erased, and no certificate for it can be installed any more
    #[arg(long, conflicts_with = "out")]
    withdraw: bool,
}

impl Csr {
    /// Runs the command.
    pub fn run(&self, session: &Session, common: &Common) -> Result<(), Failure> {
        match self.withdraw {
            true => withdraw(session, common),
            false => request(session, common, false, self.out.as_deref()),
        }
    }
}

/// Prints the request for the certificate of the next issuing CA; with `begin` its key is made if none waits.
pub fn request(session: &Session, common: &Common, begin: bool, out: Option<&Path>) -> Result<(), Failure> {
    if let Some(path) = out.filter(|path| path.exists()) {
        return Err(taken(path));
    }
    let who = Administering::at_the_terminal(session.actor.clone());
    let passphrase = passphrase::of_vault(common)?;
    let (mut vault, _lock) = session.vault_alone(&passphrase)?;
    let pem = installation::request(&session.place(), &mut vault, &who, begin, clock::now())
        .map_err(|error| session.refused("request for a certificate of the issuing CA", error))?;
    give(common, out, pem.as_bytes(), || (json!({ "csr": pem }), pem.clone()))
}

fn withdraw(session: &Session, common: &Common) -> Result<(), Failure> {
    let who = Administering::at_the_terminal(session.actor.clone());
    let passphrase = passphrase::of_vault(common)?;
    let (mut vault, _lock) = session.vault_alone(&passphrase)?;
    let withdrawn = requests::withdraw(&session.place(), &mut vault, &who, clock::now());
    let withdrawn = withdrawn.map_err(|error| match error {
        CannotInstall::WithdrawalOnRecord(_) => Failure::from(error),
        refused => session.refused("withdrawal of a request for a certificate of the issuing CA", refused),
    })?;
    let Withdrawn { issuing_key: key, in_vault, entry } = withdrawn;
    let value = json!({ "withdrawn": key, "in_vault": in_vault, "audit_entry": entry });
    output::report(common.json, &value, || {
        let left = match in_vault {
            true => "and its key erased",
            false => "and its key lies in the token still, to be destroyed with the token's own tool",
        };
        format!(
            "The request is withdrawn, {left} (SHA-256 {key}).\n\
             Tell those who keep the root: a certificate for it is not to be issued, and one that is there to be revoked."
        )
    })
}

/// Gives the content to its file, or to standard output as the JSON document or text that `shown` makes of it.
pub fn give(
    common: &Common,
    out: Option<&Path>,
    content: &[u8],
    shown: impl FnOnce() -> (serde_json::Value, String),
) -> Result<(), Failure> {
    let Some(path) = out else {
        let (value, text) = shown();
        return output::report(common.json, &value, || text);
    };
    durable::create(path, content, durable::PUBLIC).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(path),
        _ => Failure::usage(Code::OutputUnwritable, format!("{} cannot be written: {error}", path.display())),
    })?;
    let value = json!({ "file": path.display().to_string() });
    output::report(common.json, &value, || format!("{} is written.", path.display()))
}

fn taken(path: &Path) -> Failure {
    Failure::usage(Code::OutputExists, format!("{} is there already", path.display()))
}
