//! A founded station in a temporary folder, for the tests of this room.

use super::folder::Folder;
use super::founding::{self, Founded, Founding, FoundingError};
use super::keys::{self, UnlockError, Unlocked};
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::clock;
use crate::station::settings::Settings;
use crate::store::Store;

pub(super) fn now() -> UtcTime {
    clock::now()
}

pub(super) fn found(folder: &Folder) -> Result<Founded, FoundingError> {
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    let founding = Founding {
        company: &"Example".parse().unwrap(),
        station: &"line-1".parse().unwrap(),
        passphrase: &secret("a passphrase"),
        administrator: &"admin".parse().unwrap(),
        password: &secret("a long password"),
    };
    founding::found(folder, &founding, &Actor::Station, now())
}

pub(super) struct Bench {
    pub(super) place: tempfile::TempDir,
    pub(super) folder: Folder,
    pub(super) settings: Settings,
    pub(super) store: Store,
}

impl Bench {
    pub(super) fn new() -> Bench {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path().join("station"));
        found(&folder).unwrap();
        let settings = Settings::parse(&folder.read(&folder.settings()).unwrap(), folder.path()).unwrap();
        let store = Store::open(&folder.database()).unwrap();
        Bench { place, folder, settings, store }
    }

    pub(super) fn unlock(&self) -> Result<Unlocked, UnlockError> {
        let passphrase = Secret::new(b"a passphrase".to_vec());
        keys::unlock(&self.folder, &self.store, &passphrase, &Actor::Station, now())
    }
}
