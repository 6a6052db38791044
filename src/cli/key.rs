//! `lineside key add | list | rotate | derive`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::{output, passphrase};
use crate::domain::audit_event::AuditEvent;
use crate::domain::code::Code;
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::domain::pair::Which;
use crate::domain::registration_id::RegistrationId;
use crate::station::{clock, group_key_rotation, vault_changes};
use crate::store::error::StoreError;
use crate::vault::derive;
use crate::vault::group_key::GroupKey;

/// Group keys and the keys derived from them.
#[derive(Subcommand)]
pub enum Key {
    /// Store the keys of an enrollment group; without files both are made here
    Add {
        /// The group's name
        name: Name,
        #[command(flatten)]
        files: Files,
    },
    /// The names of the group keys
    List,
    /// Put other keys in the place of a group's
    Rotate {
        /// The group's name
        name: Name,
        #[command(flatten)]
        files: Files,
    },
    /// Derive the keys of devices and print them: the key alone for one ID, `id,key` lines for several
    Derive {
        /// The group's name
        name: Name,
        /// From the secondary key
        #[arg(long)]
        secondary: bool,
        /// Registration IDs
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// Where the two keys come from.
#[derive(clap::Args)]
pub struct Files {
    /// File with the primary key, base64; `-` is standard input
    #[arg(long, value_name = "F")]
    primary_file: Option<PathBuf>,
    /// File with the secondary key, base64
    #[arg(long, value_name = "F", requires = "primary_file")]
    secondary_file: Option<PathBuf>,
}

impl Files {
    /// The keys from the files. A secondary key that is not given is made here: DPS accepts either.
    fn keys(&self) -> Result<GroupKey, Failure> {
        let entropy = |e| Failure::work(Code::Internal, e);
        let made = || -> Result<GroupKey, Failure> {
            let primary = Zeroizing::new(clock::random::<64>().map_err(entropy)?);
            let secondary = Zeroizing::new(clock::random::<64>().map_err(entropy)?);
            Ok(GroupKey::from_random(&primary, &secondary))
        };
        match (&self.primary_file, &self.secondary_file) {
            (None, _) => made(),
            (Some(primary), None) => {
                let other = made()?.base64(Which::Secondary);
                Ok(GroupKey::parse(&passphrase::from_file(primary)?, &other)?)
            }
            (Some(primary), Some(secondary)) => {
                Ok(GroupKey::parse(&passphrase::from_file(primary)?, &passphrase::from_file(secondary)?)?)
            }
        }
    }
}

impl Key {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<(), Failure> {
        let session = Session::open(common)?;
        match self {
            Key::Add { name, files } => {
                let keys = files.keys()?;
                // a station that waits for its certificate takes secrets, too
                let (mut vault, _lock) = session.vault_alone(&passphrase::of_vault(common)?)?;
                let (store, vault) = (&session.store, &mut vault);
                vault_changes::add_group_key(store, vault, name, keys, &session.actor, clock::now())?;
                output::report(common.json, &json!({ "group_key": name }), || {
                    format!("{name} is in the vault.")
                })
            }
            Key::Rotate { name, files } => {
                let keys = files.keys()?;
                // a station that waits for its certificate takes secrets, too
                let (mut vault, _lock) = session.vault_alone(&passphrase::of_vault(common)?)?;
                let (store, vault) = (&session.store, &mut vault);
                group_key_rotation::rotate(store, vault, name, keys, &session.actor, clock::now())?;
                output::report(common.json, &json!({ "group_key": name }), || {
                    format!("{name} is another key now; keys derived before are derived from the old one.")
                })
            }
            Key::List => {
                let vault = session.vault_beside(common)?;
                let names: Vec<&Name> = vault.group_key_names().collect();
                output::report(common.json, &names, || lines(&names))
            }
            Key::Derive { name, secondary, ids } => derive_keys(&session, common, name, *secondary, ids),
        }
    }
}

/// Names, one a line.
pub fn lines(names: &[&Name]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn derive_keys(
    session: &Session,
    common: &Common,
    name: &Name,
    secondary: bool,
    ids: &[String],
) -> Result<(), Failure> {
    let ids = ids.iter().map(|id| id.parse::<RegistrationId>()).collect::<Result<Vec<_>, _>>()?;
    let vault = session.vault_beside(common)?;
    let group = vault.group_key(name)?;
    let which = if secondary { Which::Secondary } else { Which::Primary };
    let all: Vec<&str> = ids.iter().map(RegistrationId::as_str).collect();
    // the entry stands before the first key is seen
    session.store.change(&session.actor, clock::now(), |change| {
        change.record(AuditEvent::GroupKeyDerived {
            name: name.clone(),
            count: u64::try_from(ids.len()).unwrap_or(u64::MAX),
            ids: Digest::of(all.join("\n").as_bytes()),
        });
        Ok::<_, StoreError>(())
    })?;
    let derived: Vec<(String, Zeroizing<String>)> = ids
        .iter()
        .map(|id| {
            let key = derive::derive(group, which, id).base64();
            (id.to_string(), Zeroizing::new(String::from_utf8_lossy(key.expose()).into_owned()))
        })
        .collect();
    let value: Vec<_> =
        derived.iter().map(|(id, key)| json!({ "registration_id": id, "key": key.as_str() })).collect();
    output::report(common.json, &value, || match derived.as_slice() {
        [(_, key)] => key.to_string(),
        several => several.iter().map(|(id, key)| format!("{id},{}\n", key.as_str())).collect(),
    })
}
