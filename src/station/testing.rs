//! A founded station in a temporary folder, for the tests of this room.

use std::sync::Arc;

use super::board::Board;
use super::desk::Desk;
use super::folder::Folder;
use super::founding::{self, Founded, Founding, FoundingError};
use super::keys::{self, Keys, UnlockError, Unlocked};
use crate::domain::person::Actor;
use crate::domain::secret::Secret;
use crate::domain::utc_time::UtcTime;
use crate::station::clock;
use crate::station::settings::Settings;
use crate::station::shift::Shift;
use crate::station::slots::Floor;
use crate::store::Store;

pub(super) fn now() -> UtcTime {
    clock::now()
}

pub(super) fn found(folder: &Folder) -> Result<Founded, FoundingError> {
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    let founding = Founding {
        company: &"Example".parse().unwrap(),
        station: &"line-1".parse().unwrap(),
        external_root: false,
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

    /// What the slots of an unlocked station share: `slot-1`, whose port is always there. The folder lasts as long as
    /// the second part.
    pub(super) fn floor(self) -> (Floor, tempfile::TempDir) {
        let unlocked = self.unlock().unwrap();
        let Bench { place, folder, settings: _, store } = self;
        let mut text = folder.read(&folder.settings()).unwrap();
        text.push_str("\n[[slot]]\nname = \"slot-1\"\nport = \"/dev/null\"\n");
        let settings = Settings::parse(&text, folder.path()).unwrap();
        let floor = Floor {
            folder,
            board: Arc::new(Board::new([])),
            desk: Arc::new(Desk::new(["slot-1".parse().unwrap()])),
            batches: Arc::default(),
            figures: Arc::default(),
            shift: Arc::new(Shift::new(settings.pages.idle)),
            settings: Arc::new(settings),
            store: Arc::new(store),
            keys: Arc::new(Keys::default()),
            live: Arc::default(),
            tokens: Arc::default(),
            send_now: Arc::default(),
            counts: Arc::default(),
            stop: Arc::default(),
        };
        floor.keys.put(unlocked);
        (floor, place)
    }

    pub(super) fn unlock(&self) -> Result<Unlocked, UnlockError> {
        let passphrase = Secret::new(b"a passphrase".to_vec());
        keys::unlock(&self.folder, &self.store, &passphrase, &Actor::Station, now())
    }
}
