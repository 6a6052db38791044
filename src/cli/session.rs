//! What a command works with: the station's folder, settings and records, and who is at the terminal.

use std::os::unix::fs::MetadataExt;

use crate::cli::Common;
use crate::cli::failure::Failure;
use crate::cli::{output, passphrase};
use crate::domain::code::{Code, Coded, sentence};
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::station::folder::{Folder, Lock};
use crate::station::installation::Place;
use crate::station::keys::{self, Unlocked};
use crate::station::settings::Settings;
use crate::station::{checkpoints, clock, refusals};
use crate::store::Store;
use crate::vault::Vault;

/// A station opened for one command.
pub struct Session {
    /// Its folder.
    pub folder: Folder,
    /// Its settings.
    pub settings: Settings,
    /// Its records.
    pub store: Store,
    /// Who is responsible.
    pub actor: Actor,
}

impl Session {
    /// Opens the station the command line names.
    pub fn open(common: &Common) -> Result<Session, Failure> {
        let folder = Folder::at(common.station_folder());
        folder.must_exist()?;
        let settings = Settings::parse(&folder.read(&folder.settings())?, folder.path())?;
        let store = Store::open(&folder.database())?;
        Ok(Session { folder, settings, store, actor: actor(common) })
    }

    /// Opens the vault to read it or to sign, perhaps beside a process that serves the station. The log must
    /// continue its newest checkpoint.
    pub fn unlock(&self, common: &Common) -> Result<Unlocked, Failure> {
        self.check_newest()?;
        let passphrase = passphrase::of_vault(common)?;
        Ok(keys::unlock_beside(&self.folder, &self.store, &passphrase, &self.actor, clock::now())?)
    }

    /// Opens the vault to change it or to issue: no other process may serve the station meanwhile, for it would
    /// write its own copy over ours. The log must continue its newest checkpoint.
    pub fn unlock_alone(&self, common: &Common) -> Result<(Unlocked, Lock), Failure> {
        let lock = self.folder.lock()?;
        self.check_newest()?;
        let passphrase = passphrase::of_vault(common)?;
        let unlocked = keys::unlock(&self.folder, &self.store, &passphrase, &self.actor, clock::now())?;
        Ok((unlocked, lock))
    }

    /// Opens the vault alone, of a station whose issuing CA may have no certificate yet, as [`Session::unlock_alone`] does.
    pub fn vault_alone(&self, passphrase: &Secret) -> Result<(Vault, Lock), Failure> {
        let lock = self.folder.lock()?;
        self.check_newest()?;
        Ok((keys::unlock_vault(&self.folder, &self.store, passphrase, &self.actor, clock::now())?, lock))
    }

    /// Opens the vault alone to read it, as [`Session::unlock`] does.
    pub fn vault_beside(&self, common: &Common) -> Result<Vault, Failure> {
        self.check_newest()?;
        let passphrase = passphrase::of_vault(common)?;
        Ok(keys::unlock_vault_beside(&self.folder, &self.store, &passphrase, &self.actor, clock::now())?)
    }

    /// Where ceremonies are held.
    pub fn place(&self) -> Place<'_> {
        Place { folder: &self.folder, store: &self.store, station: &self.settings.name }
    }

    fn check_newest(&self) -> Result<(), Failure> {
        if let Some(unread) = checkpoints::check_newest(&self.folder, &self.settings, &self.store)? {
            output::note(&format!("{} {}", sentence(&unread), unread.code().next_step()));
        }
        Ok(())
    }

    /// What was asked for is refused: that goes on record before the person is told.
    pub fn refused<E: Coded>(&self, what: &str, error: E) -> Failure {
        refusals::record(&self.store, &self.actor, clock::now(), what, &error);
        Failure::from(error)
    }

    /// The person's name for records that hold one: `--as`, else the operating system's user.
    pub fn person(&self) -> String {
        self.actor.to_string()
    }
}

/// Who is at the terminal.
pub fn actor(common: &Common) -> Actor {
    Actor::CommandLine { os_user: os_user(), name: common.as_name.clone() }
}

/// The operating system's user that runs this process: the owner of `/proc/self`, by name if it has one.
fn os_user() -> String {
    let Ok(uid) = std::fs::metadata("/proc/self").map(|meta| meta.uid()) else {
        return "unknown".to_owned();
    };
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {uid}"))
}

/// Refuses an empty or overlong reason.
pub fn reason(text: &str) -> Result<&str, Failure> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 500 || text.chars().any(char::is_control) {
        return Err(Failure::usage(Code::Usage, "a reason is one line of 1 to 500 characters"));
    }
    Ok(text)
}
