//! `lineside ca forget`.

use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::cli::ca::second::SecondPerson;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::station::authority::Administering;
use crate::station::past_key::{self, CannotForget};
use crate::station::{ceremony_record, clock};

/// The private key of an issuing CA before the present one is erased.
#[derive(Args)]
pub struct Forget {
    /// Which CA: as `ca show` names it (issuing-1), or its certificate's serial number or SHA-256
    ca: String,
    /// Even though certificates it signed are in use, of which none can be revoked on a list any more
    #[arg(long)]
    before_its_end: bool,
    #[command(flatten)]
    second: SecondPerson,
}

impl Forget {
    /// Runs the command.
    pub fn run(&self, session: &Session, common: &Common) -> Result<(), Failure> {
        let what = "erasure of the key of a past issuing CA";
        let who = Administering::at_the_terminal(session.actor.clone());
        let confirmation = self.second.confirm(session, &who, what)?;
        let passphrase = passphrase::of_vault(common)?;
        let (mut vault, _lock) = session.vault_alone(&passphrase)?;
        let (place, asked) = (session.place(), (&*self.ca, self.before_its_end));
        let forgotten = past_key::forget(&place, &mut vault, &who, &confirmation, asked, clock::now());
        let forgotten = forgotten.map_err(|error| match error {
            CannotForget::OnRecord(_) => Failure::from(error),
            refused => session.refused(what, refused),
        })?;
        let past_key::Forgotten { name, facts, in_vault, last_list, erased } = forgotten;
        if let Some(error) = &erased.unprinted {
            output::note(&format!("Warning: it is on record, and its sheet could not be written: {error}."));
        }
        output::note(match in_vault {
            true => "Warning: copies of vault.age made before hold the key still; destroy them.",
            false => "Warning: the key itself lies in the token still; destroy it with the token's own tool.",
        });
        let sheet = ceremony_record::sheet_path(&session.folder, erased.entry).display().to_string();
        let value = json!({
            "erased": name, "in_vault": in_vault, "subject": facts.subject, "last_list_until": last_list,
            "audit_entry": erased.entry, "record": sheet,
        });
        output::report(common.json, &value, || {
            let list = last_list.map_or_else(String::new, |until| {
                format!(
                    "\nIts last list counts until {until}: ca/crl{}.pem",
                    name.trim_start_matches("issuing")
                )
            });
            let from = if in_vault { "erased" } else { "not used by this station any more" };
            format!("The key of {name} ({}) is {from}.{list}\nThe record to print: {sheet}", facts.subject)
        })
    }
}
