//! The board: what every slot shows right now. Slot threads write it, pages read it; nothing here is a
//! record.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::domain::code::{Coded, sentence};
use crate::domain::name::Name;
use crate::domain::stage::Stage;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;

/// What one slot shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Tile {
    /// Nothing can run.
    NotReady {
        /// What is missing.
        why: WhyNot,
    },
    /// Waiting for a device.
    Ready,
    /// A device is being provisioned.
    Running {
        /// The step of the spine.
        stage: Stage,
        /// Its serial number as soon as it is known.
        serial: Option<String>,
        /// Bytes sent of those to send, while files are written.
        sent: Option<(u64, u64)>,
    },
    /// The verdict, held until the device is removed.
    Verdict(Ending),
}

/// Why no device may be touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum WhyNot {
    /// The vault is closed.
    Locked,
    /// No work order is active.
    NoWorkOrder,
    /// Something the work order needs cannot be used.
    Faulty {
        /// What is wrong with it, one sentence.
        sentence: String,
        /// The stable code.
        code: &'static str,
    },
}

impl WhyNot {
    /// Because of this error.
    pub fn because(error: &impl Coded) -> WhyNot {
        WhyNot::Faulty { sentence: sentence(error), code: error.code().as_str() }
    }
}

/// How a run ended, as the tile shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ending {
    /// The verdict.
    pub verdict: Verdict,
    /// The run it belongs to, if one was recorded.
    pub run: Option<u64>,
    /// The serial number, if the device gave one.
    pub serial: Option<String>,
    /// What happened, one sentence.
    pub message: String,
    /// What to do, one sentence.
    pub next: String,
    /// The stable code.
    pub code: Option<String>,
    /// Since when.
    pub at: UtcTime,
}

/// What the station itself is worried about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worry {
    /// The copies of the checkpoints off the station.
    CheckpointCopies,
    /// The webhook with this place in the settings.
    Webhook(u8),
}

/// The tiles of all slots, and what else everybody should see.
#[derive(Default)]
pub struct Board {
    tiles: Mutex<BTreeMap<Name, Tile>>,
    worries: Mutex<BTreeMap<Worry, String>>,
}

impl Board {
    /// A board on which every slot is ready.
    pub fn new(slots: impl IntoIterator<Item = Name>) -> Board {
        let tiles = slots.into_iter().map(|slot| (slot, Tile::Ready)).collect();
        Board { tiles: Mutex::new(tiles), worries: Mutex::default() }
    }

    /// Shows this tile from now on.
    pub fn show(&self, slot: &Name, tile: Tile) {
        self.tiles().insert(slot.clone(), tile);
    }

    /// All tiles in the order of their names.
    pub fn all(&self) -> Vec<(Name, Tile)> {
        self.tiles().iter().map(|(slot, tile)| (slot.clone(), tile.clone())).collect()
    }

    /// Shows this sentence about a worry from now on, or nothing about it any more. Whether that is news.
    pub fn warn(&self, about: Worry, sentence: Option<String>) -> bool {
        let mut worries = self.worries.lock().unwrap_or_else(PoisonError::into_inner);
        match sentence {
            Some(sentence) => worries.insert(about, sentence.clone()) != Some(sentence),
            None => worries.remove(&about).is_some(),
        }
    }

    /// All worries, each one sentence.
    pub fn warnings(&self) -> Vec<String> {
        self.worries.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn tiles(&self) -> MutexGuard<'_, BTreeMap<Name, Tile>> {
        // a tile is replaced whole, so a thread that died in between left nothing half-written
        self.tiles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
