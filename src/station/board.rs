//! The board: what every slot shows right now. Slot threads write it, pages read it; nothing here is a
//! record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::domain::code::{Code, Coded, sentence};
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
    /// Waiting for a device, its label or both.
    Waiting {
        /// What is missing.
        wants: Wants,
        /// Whether the command START does instead of the label.
        or_start: bool,
    },
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

/// What a slot waits for whose product is started by its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "wants", rename_all = "kebab-case")]
pub enum Wants {
    /// A unit and its label, in either order.
    Both,
    /// The label of the unit that is there.
    Label,
    /// The unit whose label was scanned.
    Unit {
        /// What the label says.
        label: String,
    },
}

/// Why no device may be touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum WhyNot {
    /// The vault is closed.
    #[error("the station is locked")]
    Locked,
    /// No work order is active.
    #[error("no work order is active")]
    NoWorkOrder,
    /// The station wants somebody to be on the line, and nobody is.
    #[error("nobody is on the line")]
    NobodyOnTheLine,
    /// The first article of the work order waits until somebody has looked at it.
    #[error("first article {serial} of work order {order} waits to be confirmed")]
    FirstArticle {
        /// The work order.
        order: Name,
        /// The device to look at.
        serial: String,
    },
    /// Something the work order needs cannot be used.
    #[error("{sentence}")]
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

impl Coded for WhyNot {
    fn code(&self) -> Code {
        match self {
            WhyNot::Locked => Code::VaultLocked,
            WhyNot::NoWorkOrder => Code::NoActiveWorkOrder,
            WhyNot::NobodyOnTheLine => Code::NobodyOnTheLine,
            WhyNot::FirstArticle { .. } => Code::FirstArticle,
            WhyNot::Faulty { sentence: _, code } => Code::find(code).unwrap_or(Code::ScanNotNow),
        }
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

impl Ending {
    /// Whether the unit carries another label than the one that was scanned for the slot.
    pub fn is_wrong_unit(&self) -> bool {
        self.code.as_deref() == Some(Code::LabelDisagrees.as_str())
    }

    /// Whether the same unit may simply be run again.
    pub fn may_retry(&self) -> bool {
        match self.verdict {
            Verdict::Fail | Verdict::Error | Verdict::Aborted => true,
            Verdict::Pass | Verdict::Skipped | Verdict::Quarantine | Verdict::Scrap => false,
        }
    }
}

/// What the station itself is worried about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worry {
    /// The copies of the checkpoints off the station.
    CheckpointCopies,
    /// The printer with this place in the settings.
    Printer(usize),
    /// The webhook with this place in the settings.
    Webhook(usize),
    /// The token that the issuing CA's key lies in.
    Token,
}

/// What is wrong where the station is worried; pages tell it in their language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable code.
    pub code: Code,
    /// What happened, one sentence in English.
    pub sentence: String,
    /// Since when, where that is known.
    pub since: Option<UtcTime>,
}

impl Fault {
    /// What this error says.
    pub fn of(error: &impl Coded) -> Fault {
        Fault { code: error.code(), sentence: sentence(error), since: None }
    }
}

/// The tiles of all slots, and what else everybody should see.
#[derive(Default)]
pub struct Board {
    tiles: Mutex<BTreeMap<Name, Tile>>,
    worries: Mutex<BTreeMap<Worry, Fault>>,
    state: Mutex<State>,
    version: AtomicU64,
}

/// What concerns the whole line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Where an engineer was called to; `None` is the line as a whole.
    pub calls: BTreeSet<Option<Name>>,
    /// What the station watches and finds amiss.
    pub concerns: Vec<Concern>,
    /// Why nothing reaches the cloud.
    pub cloud: Option<Code>,
}

/// What is amiss with the machine the station runs on, or with its CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The disk is nearly full.
    Disk {
        /// Free space in MiB.
        free: u64,
    },
    /// The clock stands before the last entry of the audit log, or before this program was built.
    Clock,
    /// The issuing CA ends soon.
    Ca {
        /// Whole days left.
        days: u64,
    },
}

impl Board {
    /// A board on which every slot is ready.
    pub fn new(slots: impl IntoIterator<Item = Name>) -> Board {
        let tiles = slots.into_iter().map(|slot| (slot, Tile::Ready)).collect();
        Board { tiles: Mutex::new(tiles), ..Board::default() }
    }

    /// Shows this tile from now on.
    pub fn show(&self, slot: &Name, tile: Tile) {
        let mut tiles = self.tiles();
        if tiles.get(slot) != Some(&tile) {
            tiles.insert(slot.clone(), tile);
            self.changed();
        }
    }

    /// What this slot shows.
    pub fn of(&self, slot: &Name) -> Option<Tile> {
        self.tiles().get(slot).cloned()
    }

    /// Shows that the unit of this run was scrapped, if the slot still shows that run.
    pub fn scrapped(&self, slot: &Name, run: u64) {
        if let Some(Tile::Verdict(ending)) = self.tiles().get_mut(slot)
            && ending.run == Some(run)
        {
            ending.verdict = Verdict::Scrap;
            self.changed();
        }
    }

    /// Shows that an engineer was called to a slot (or the line), or that the call is over.
    pub fn call(&self, place: Option<&Name>, called: bool) {
        let mut state = self.state_mut();
        match called {
            true => state.calls.insert(place.cloned()),
            false => state.calls.remove(&place.cloned()),
        };
        self.changed();
    }

    /// What concerns the whole line.
    pub fn state(&self) -> State {
        self.state_mut().clone()
    }

    /// Shows what the station watches and finds amiss from now on.
    pub fn concerns(&self, concerns: Vec<Concern>) {
        let mut state = self.state_mut();
        if state.concerns != concerns {
            state.concerns = concerns;
            self.changed();
        }
    }

    /// Shows why nothing reaches the cloud, or that it does.
    pub fn cloud(&self, away: Option<Code>) {
        let mut state = self.state_mut();
        if state.cloud != away {
            state.cloud = away;
            self.changed();
        }
    }

    /// Grows whenever something changes that the board shows.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    fn state_mut(&self) -> MutexGuard<'_, State> {
        // each member is replaced whole
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All tiles in the order of their names.
    pub fn all(&self) -> Vec<(Name, Tile)> {
        self.tiles().iter().map(|(slot, tile)| (slot.clone(), tile.clone())).collect()
    }

    /// Shows what is wrong about a worry from now on, or nothing about it any more. Whether that is news.
    pub fn warn(&self, about: Worry, fault: Option<Fault>) -> bool {
        let mut worries = self.worries.lock().unwrap_or_else(PoisonError::into_inner);
        let news = match fault {
            Some(fault) => worries.insert(about, fault.clone()) != Some(fault),
            None => worries.remove(&about).is_some(),
        };
        if news {
            self.changed();
        }
        news
    }

    /// What is wrong about a worry.
    pub fn warning(&self, about: Worry) -> Option<Fault> {
        self.worries.lock().unwrap_or_else(PoisonError::into_inner).get(&about).cloned()
    }

    /// All worries and what is wrong about each.
    pub fn warnings(&self) -> Vec<(Worry, Fault)> {
        let worries = self.worries.lock().unwrap_or_else(PoisonError::into_inner);
        worries.iter().map(|(about, fault)| (*about, fault.clone())).collect()
    }

    fn tiles(&self) -> MutexGuard<'_, BTreeMap<Name, Tile>> {
        // a tile is replaced whole, so a thread that died in between left nothing half-written
        self.tiles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
