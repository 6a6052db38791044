//! The scan box's other end: what a scanned text means here and now, and what is done about it. Nothing destructive
//! happens by one stray scan.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::audit_event::AuditEvent;
use crate::domain::code::{Code, Coded};
use crate::domain::label::BadLabel;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::verdict::Verdict;
use crate::station::authority::{Authority, Operating};
use crate::station::board::{Ending, Tile, WhyNot};
use crate::station::labels::{self, LabelError};
use crate::station::scan::{self, Command, NotUnderstood, Scan};
use crate::station::slots::Floor;
use crate::station::slots::mailbox::{Mailboxes, Order};
use crate::station::slots::readiness::{self, NotAgain};
use crate::station::{clock, decisions, work_orders};
use crate::store::error::StoreError;
use crate::store::runs;
use crate::store::runs::decide::DecideError;
use crate::store::work_orders::WorkOrderError;

pub mod badge;
pub mod choice;

/// How soon SCRAP must be scanned again.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(10);
/// A second SCRAP that comes sooner is the same scan, read twice by a scanner that bounces.
pub const BOUNCE: Duration = Duration::from_secs(1);

/// What the page tells the slots.
pub struct Desk {
    /// Orders for the slots' threads.
    pub mailboxes: Mailboxes,
    asked: Mutex<Option<Asked>>,
}

/// A unit that is to be destroyed if its scrapping is confirmed.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    run: u64,
    by: Actor,
    at: Instant,
}

impl Asked {
    /// Whether SCRAP now says yes to this.
    fn is_confirmed(&self, run: u64, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at);
        self.run == run && since >= BOUNCE && since < CONFIRM_WITHIN
    }
}

/// What was understood and done. `slot` is the one it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the slot and the words of the label")]
pub enum Heard {
    /// What follows is for this slot.
    Chosen { slot: Name },
    /// The label is the slot's next unit's.
    Label { slot: Name, label: String },
    /// The label is that of the unit in this slot, which is chosen now.
    Found { slot: Name, label: String },
    /// The slot looks for its unit and runs it.
    Starting { slot: Name },
    /// The slot runs its unit again.
    Retrying { slot: Name },
    /// A second SCRAP destroys the unit.
    ConfirmScrap { slot: Name, serial: String },
    /// The unit is scrapped.
    Scrapped { slot: Name, serial: String },
    /// The label is printed once more.
    Reprinting { serial: String, copy: u32 },
    /// The first article is confirmed.
    Confirmed { serial: String },
    /// An engineer is called.
    Called { slot: Option<Name> },
    /// The call is over.
    CallEnded { slot: Option<Name> },
    /// The person leaves: whoever holds the session ends it.
    LogOut,
}

/// Why a scan leads to nothing.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum NotNow {
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    #[error("there is no slot “{name}”")]
    NoSlot { name: String },
    #[error("this is a badge; who is logged in leaves first with the LOGOUT bar code")]
    Badge,
    #[error("more than one slot could be meant")]
    ChooseSlot,
    #[error("no slot is free")]
    NoneFree,
    #[error(transparent)]
    MayNotRun(#[from] WhyNot),
    #[error("work order {order} is active by now; slot {slot} ran its unit under another one")]
    OtherOrder { slot: Name, order: Name },
    #[error("slot {slot} is not ready")]
    NotReady { slot: Name },
    #[error("slot {slot} is running a unit")]
    Running { slot: Name },
    #[error("slot {slot} still holds a verdict; its unit must come out first")]
    Held { slot: Name },
    #[error("slot {slot} waits for a unit and its label; a command does not start it")]
    NothingToStart { slot: Name },
    #[error("slot {slot} holds no unit that could be run again")]
    NothingToRetry { slot: Name },
    #[error("slot {slot} holds no unit that could be scrapped")]
    NothingToScrap { slot: Name },
    #[error("slot {slot} holds no unit that passed")]
    NothingToReprint { slot: Name },
    #[error("slot {slot} has more orders than it can take; wait a moment")]
    Full { slot: Name },
    #[error(transparent)]
    Label(#[from] BadLabel),
    #[error(transparent)]
    PrintLabel(#[from] LabelError),
    #[error(transparent)]
    Decision(#[from] DecideError),
    #[error(transparent)]
    WorkOrder(#[from] WorkOrderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for NotNow {
    fn code(&self) -> Code {
        match self {
            NotNow::NotUnderstood(_) | NotNow::NoSlot { .. } | NotNow::Badge => Code::ScanUnknown,
            NotNow::ChooseSlot => Code::SlotNotChosen,
            NotNow::MayNotRun(why) => why.code(),
            NotNow::NoneFree
            | NotNow::OtherOrder { .. }
            | NotNow::NotReady { .. }
            | NotNow::Running { .. }
            | NotNow::Held { .. }
            | NotNow::NothingToStart { .. }
            | NotNow::NothingToRetry { .. }
            | NotNow::NothingToScrap { .. }
            | NotNow::NothingToReprint { .. }
            | NotNow::Full { .. } => Code::ScanNotNow,
            NotNow::Label(error) => error.code(),
            NotNow::PrintLabel(error) => error.code(),
            NotNow::Decision(error) => error.code(),
            NotNow::WorkOrder(error) => error.code(),
            NotNow::Store(error) => error.code(),
        }
    }
}

impl Desk {
    /// A desk for these slots.
    pub fn new(slots: impl IntoIterator<Item = Name>) -> Desk {
        Desk { mailboxes: Mailboxes::new(slots), asked: Mutex::default() }
    }

    fn asked(&self) -> MutexGuard<'_, Option<Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what a scanned text says. `chosen` is the slot that was chosen before, if one was.
///
/// # Errors
/// See [`NotNow`]; nothing was done then.
pub fn hear(floor: &Floor, who: &Operating, chosen: Option<&Name>, text: &str) -> Result<Heard, NotNow> {
    let scan = scan::parse(text);
    // whatever else the same person scans takes the question back
    let asked = {
        let mut asked = floor.desk.asked();
        if asked.as_ref().is_some_and(|asked| asked.by == *who.actor()) { asked.take() } else { None }
    };
    let tiles = floor.board.all();
    let chosen = chosen.filter(|slot| tiles.iter().any(|(name, _)| name == *slot));
    match scan? {
        Scan::Slot(name) => choice::named(&tiles, &name).map(|slot| Heard::Chosen { slot }),
        Scan::Badge(_) => Err(NotNow::Badge),
        Scan::Label(label) => take_label(floor, &tiles, who, chosen, &label),
        Scan::Command(Command::Start) => start(floor, &tiles, who, chosen),
        Scan::Command(Command::Retry) => retry(floor, &tiles, who, chosen),
        Scan::Command(Command::Scrap) => scrap(floor, &tiles, who, chosen, asked),
        Scan::Command(Command::Reprint) => reprint(floor, &tiles, who, chosen),
        Scan::Command(Command::Confirm) => confirm(floor, who),
        Scan::Command(Command::Call) => call(floor, who, chosen),
        Scan::Command(Command::LogOut) => Ok(Heard::LogOut),
    }
}

type Tiles = [(Name, Tile)];

fn tell(floor: &Floor, slot: &Name, order: Order) -> Result<(), NotNow> {
    let taken = floor.desk.mailboxes.put(slot, order);
    if taken { Ok(()) } else { Err(NotNow::Full { slot: slot.clone() }) }
}

fn take_label(
    floor: &Floor,
    tiles: &Tiles,
    who: &Operating,
    chosen: Option<&Name>,
    text: &str,
) -> Result<Heard, NotNow> {
    // without a work order nobody knows how labels look, and every tile says so
    let task = readiness::ready(floor)?;
    let identify = &task.recipe.product.identify;
    let label = identify.label.read(&identify.serial_rule, text)?;
    let shown = label.to_string();
    let held = label.serial.as_ref().and_then(|serial| choice::holding(tiles, &serial.folded()));
    if let Some(slot) = held
        && chosen.is_none_or(|chosen| *chosen == slot)
    {
        return Ok(Heard::Found { slot, label: shown });
    }
    let slot = choice::for_label(tiles, chosen)?;
    if let Some((_, Tile::Verdict(ending))) = tiles.iter().find(|(name, _)| *name == slot)
        && ending.is_wrong_unit()
    {
        may_run_again(floor, &slot, ending)?;
    }
    tell(floor, &slot, Order::Label(label, who.actor().clone()))?;
    Ok(Heard::Label { slot, label: shown })
}

fn start(floor: &Floor, tiles: &Tiles, who: &Operating, chosen: Option<&Name>) -> Result<Heard, NotNow> {
    readiness::ready(floor)?;
    let slot = choice::for_start(tiles, chosen)?;
    tell(floor, &slot, Order::Start(who.actor().clone()))?;
    Ok(Heard::Starting { slot })
}

fn retry(floor: &Floor, tiles: &Tiles, who: &Operating, chosen: Option<&Name>) -> Result<Heard, NotNow> {
    let (slot, ending) =
        choice::with_verdict(tiles, chosen, Ending::may_retry, |slot| NotNow::NothingToRetry { slot })?;
    may_run_again(floor, &slot, &ending)?;
    tell(floor, &slot, Order::Retry(who.actor().clone()))?;
    Ok(Heard::Retrying { slot })
}

/// Whether the unit that a slot holds may run again where it is: nothing holds the line, and the work order is the
/// one it ran under. The slot asks once more.
fn may_run_again(floor: &Floor, slot: &Name, ending: &Ending) -> Result<(), NotNow> {
    let ran_under = match ending.run {
        Some(run) => floor.store.read(|r| runs::get(r, run))?.and_then(|run| run.work_order),
        None => None,
    };
    let again = match ran_under {
        Some(order) => readiness::ready_again(floor, &order),
        None => readiness::ready(floor).map_err(NotAgain::NotReady),
    };
    match again {
        Ok(_) => Ok(()),
        Err(NotAgain::NotReady(why)) => Err(why.into()),
        Err(NotAgain::OtherOrder { order }) => Err(NotNow::OtherOrder { slot: slot.clone(), order }),
    }
}

fn scrap(
    floor: &Floor,
    tiles: &Tiles,
    who: &Operating,
    chosen: Option<&Name>,
    asked: Option<Asked>,
) -> Result<Heard, NotNow> {
    let (slot, ending) =
        choice::with_verdict(tiles, chosen, choice::may_scrap, |slot| NotNow::NothingToScrap { slot })?;
    let Some(run) = ending.run else {
        return Err(NotNow::NothingToScrap { slot });
    };
    let serial = ending.serial.unwrap_or_default();
    let now = Instant::now();
    if !asked.is_some_and(|asked| asked.is_confirmed(run, now)) {
        *floor.desk.asked() = Some(Asked { run, by: who.actor().clone(), at: now });
        return Ok(Heard::ConfirmScrap { slot, serial });
    }
    decisions::scrap_at_the_line(&floor.store, who, clock::now(), run)?;
    floor.board.scrapped(&slot, run);
    Ok(Heard::Scrapped { slot, serial })
}

/// Prints the label of the unit that passed once more, counted.
fn reprint(floor: &Floor, tiles: &Tiles, who: &Operating, chosen: Option<&Name>) -> Result<Heard, NotNow> {
    let passed = |ending: &Ending| ending.verdict == Verdict::Pass && ending.run.is_some();
    let (slot, ending) =
        choice::with_verdict(tiles, chosen, passed, |slot| NotNow::NothingToReprint { slot })?;
    let Some(run) = ending.run else {
        return Err(NotNow::NothingToReprint { slot });
    };
    let copy = labels::reprint(floor, who, run, "asked for at the line")?;
    Ok(Heard::Reprinting { serial: ending.serial.unwrap_or_default(), copy })
}

/// Confirms the first article that holds the line.
fn confirm(floor: &Floor, who: &Operating) -> Result<Heard, NotNow> {
    let article = work_orders::confirm_first_article(floor, who)?;
    Ok(Heard::Confirmed { serial: article.serial })
}

/// Calls an engineer, or ends the call. Both are on record.
fn call(floor: &Floor, who: &Operating, chosen: Option<&Name>) -> Result<Heard, NotNow> {
    let calls = floor.board.state().calls;
    // without a slot, the only call there is ends
    let only = calls.first().filter(|_| chosen.is_none() && calls.len() == 1);
    let slot = only.cloned().unwrap_or_else(|| chosen.cloned());
    let ends = calls.contains(&slot);
    floor.store.change(who.actor(), clock::now(), |change| {
        let slot = slot.clone();
        change.record(match ends {
            true => AuditEvent::EngineerCallEnded { slot },
            false => AuditEvent::EngineerCalled { slot },
        });
        Ok::<_, StoreError>(())
    })?;
    floor.board.call(slot.as_ref(), !ends);
    Ok(if ends { Heard::CallEnded { slot } } else { Heard::Called { slot } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bouncing_scanner_confirms_nothing_and_neither_does_a_late_scan() {
        let at = Instant::now();
        let asked = Asked { run: 7, by: Actor::Station, at };
        let confirmed = |run, millis| asked.is_confirmed(run, at + Duration::from_millis(millis));
        assert!(!confirmed(7, 0) && !confirmed(7, 999), "one scan, read twice");
        assert!(confirmed(7, 1_000) && confirmed(7, 9_999));
        assert!(!confirmed(7, 10_000), "too late");
        assert!(!confirmed(8, 2_000), "another unit");
    }
}
