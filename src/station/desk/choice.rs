//! Which slot a scan is for: the chosen one, or the only one it could be for; else somebody must choose.

use crate::domain::name::Name;
use crate::domain::verdict::Verdict;
use crate::station::board::{Ending, Tile, Wants};
use crate::station::desk::NotNow;

type Tiles = [(Name, Tile)];

/// The slot of this name; a scanner may change the case.
pub fn named(tiles: &Tiles, name: &str) -> Result<Name, NotNow> {
    let exact = tiles.iter().find(|(slot, _)| slot.as_str() == name);
    let found = exact.or_else(|| tiles.iter().find(|(slot, _)| slot.as_str().eq_ignore_ascii_case(name)));
    let shown = || name.chars().filter(|ch| !ch.is_control()).take(64).collect();
    found.map(|(slot, _)| slot.clone()).ok_or_else(|| NotNow::NoSlot { name: shown() })
}

/// The slot that holds the unit with this folded serial number.
pub fn holding(tiles: &Tiles, folded: &str) -> Option<Name> {
    let holds = |tile: &Tile| match tile {
        Tile::Running { serial, .. } => serial.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(folded)),
        Tile::Verdict(ending) => {
            // of a wrong unit's slot, the label that fits the unit is an order, not a question
            let serial = ending.serial.as_deref();
            !ending.is_wrong_unit()
                && ending.verdict != Verdict::Aborted
                && serial.is_some_and(|s| s.eq_ignore_ascii_case(folded))
        }
        Tile::NotReady { .. } | Tile::Ready | Tile::Waiting { .. } => false,
    };
    tiles.iter().find(|(_, tile)| holds(tile)).map(|(slot, _)| slot.clone())
}

/// How urgently a slot waits for a label; `None` if it can take none.
fn wants_label(tile: &Tile) -> Option<u8> {
    match tile {
        Tile::Waiting { wants: Wants::Label, .. } => Some(3),
        Tile::Verdict(ending) if ending.is_wrong_unit() => Some(3),
        Tile::Waiting { wants: Wants::Both, .. } => Some(2),
        Tile::Ready => Some(1),
        Tile::Verdict(ending) if ending.verdict == Verdict::Aborted => Some(1),
        // it has one; a new one takes its place only where the slot was chosen
        Tile::Waiting { wants: Wants::Unit { .. }, .. } => Some(0),
        Tile::NotReady { .. } | Tile::Running { .. } | Tile::Verdict(_) => None,
    }
}

/// Whether there is a slot that could take a label.
pub fn takes_labels(tiles: &Tiles) -> bool {
    tiles.iter().any(|(_, tile)| wants_label(tile).is_some())
}

/// The slot that a label is for: the chosen one, or the only one of those that wait most urgently.
pub fn for_label(tiles: &Tiles, chosen: Option<&Name>) -> Result<Name, NotNow> {
    if let Some((slot, tile)) = pick(tiles, chosen) {
        return match wants_label(tile) {
            Some(_) => Ok(slot.clone()),
            None => Err(busy(slot, tile)),
        };
    }
    let wanting = tiles.iter().filter_map(|(slot, tile)| Some((wants_label(tile)?, slot)));
    if wanting.clone().next().is_none() {
        return Err(NotNow::NoneFree);
    }
    let urgent: Vec<(u8, &Name)> = wanting.filter(|(urgency, _)| *urgency > 0).collect();
    let most = urgent.iter().map(|(urgency, _)| *urgency).max();
    only(urgent.iter().filter(|(urgency, _)| Some(*urgency) == most).map(|(_, slot)| *slot))
}

/// The slot that START is for.
pub fn for_start(tiles: &Tiles, chosen: Option<&Name>) -> Result<Name, NotNow> {
    let startable = |tile: &Tile| matches!(tile, Tile::Ready | Tile::Waiting { or_start: true, .. });
    if let Some((slot, tile)) = pick(tiles, chosen) {
        return match tile {
            tile if startable(tile) => Ok(slot.clone()),
            Tile::Ready | Tile::Waiting { .. } => Err(NotNow::NothingToStart { slot: slot.clone() }),
            Tile::NotReady { .. } | Tile::Running { .. } | Tile::Verdict(_) => Err(busy(slot, tile)),
        };
    }
    let all = tiles.iter().filter(|(_, tile)| startable(tile));
    if all.clone().next().is_none() {
        let waits = |tile: &Tile| matches!(tile, Tile::Waiting { .. });
        let waiting = tiles.iter().find(|(_, tile)| waits(tile));
        return Err(
            waiting.map_or(NotNow::NoneFree, |(slot, _)| NotNow::NothingToStart { slot: slot.clone() })
        );
    }
    let sure = |tile: &Tile| matches!(tile, Tile::Waiting { wants: Wants::Label, .. });
    only(all.clone().filter(|(_, tile)| sure(tile)).map(|(slot, _)| slot))
        .or_else(|_| only(all.map(|(slot, _)| slot)))
}

/// The slot whose verdict a command is about, and that verdict.
pub fn with_verdict(
    tiles: &Tiles,
    chosen: Option<&Name>,
    fits: fn(&Ending) -> bool,
    none: fn(Name) -> NotNow,
) -> Result<(Name, Ending), NotNow> {
    if let Some((slot, tile)) = pick(tiles, chosen) {
        return match tile {
            Tile::Verdict(ending) if fits(ending) => Ok((slot.clone(), ending.clone())),
            Tile::Verdict(_) | Tile::Ready | Tile::Waiting { .. } => Err(none(slot.clone())),
            Tile::NotReady { .. } | Tile::Running { .. } => Err(busy(slot, tile)),
        };
    }
    let fitting = tiles.iter().filter_map(|(slot, tile)| match tile {
        Tile::Verdict(ending) if fits(ending) => Some((slot, ending)),
        Tile::Verdict(_)
        | Tile::NotReady { .. }
        | Tile::Ready
        | Tile::Waiting { .. }
        | Tile::Running { .. } => None,
    });
    let slot = only(fitting.clone().map(|(slot, _)| slot))?;
    let ending = fitting.map(|(_, ending)| ending.clone()).next();
    ending.map(|ending| (slot, ending)).ok_or(NotNow::ChooseSlot)
}

/// Whether a unit may be destroyed by a command: it has a verdict, and it did not pass. A unit of which nobody knows
/// whose it is ([`Verdict::Skipped`]) is not ours to destroy.
pub fn may_scrap(ending: &Ending) -> bool {
    match ending.verdict {
        Verdict::Fail | Verdict::Error | Verdict::Aborted | Verdict::Quarantine => ending.run.is_some(),
        Verdict::Pass | Verdict::Skipped | Verdict::Scrap => false,
    }
}

/// The chosen slot; the only one there is needs no choice.
fn pick<'t>(tiles: &'t Tiles, chosen: Option<&Name>) -> Option<&'t (Name, Tile)> {
    match (tiles, chosen) {
        ([only], _) => Some(only),
        (_, Some(chosen)) => tiles.iter().find(|(slot, _)| slot == chosen),
        (_, None) => None,
    }
}

fn only<'t>(mut slots: impl Iterator<Item = &'t Name>) -> Result<Name, NotNow> {
    match (slots.next(), slots.next()) {
        (Some(slot), None) => Ok(slot.clone()),
        _ => Err(NotNow::ChooseSlot),
    }
}

fn busy(slot: &Name, tile: &Tile) -> NotNow {
    let slot = slot.clone();
    match tile {
        Tile::NotReady { .. } => NotNow::NotReady { slot },
        Tile::Running { .. } => NotNow::Running { slot },
        Tile::Verdict(_) | Tile::Ready | Tile::Waiting { .. } => NotNow::Held { slot },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stage::Stage;
    use crate::domain::utc_time::UtcTime;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn tiles(all: &[(&str, Tile)]) -> Vec<(Name, Tile)> {
        all.iter().map(|(slot, tile)| (name(slot), tile.clone())).collect()
    }

    fn wants(wants: Wants) -> Tile {
        Tile::Waiting { wants, or_start: false }
    }

    fn verdict(verdict: Verdict, serial: &str) -> Tile {
        Tile::Verdict(Ending {
            verdict,
            run: Some(1),
            serial: Some(serial.to_owned()),
            message: String::new(),
            next: String::new(),
            code: None,
            at: UtcTime::from_seconds(0),
        })
    }

    fn running(serial: &str) -> Tile {
        Tile::Running { stage: Stage::Prove, serial: Some(serial.to_owned()), sent: None }
    }

    #[test]
    fn a_label_goes_to_the_slot_that_waits_for_it_most() {
        let all = tiles(&[("a", wants(Wants::Both)), ("b", wants(Wants::Label)), ("c", wants(Wants::Both))]);
        assert_eq!(for_label(&all, None).unwrap(), name("b"));
        assert_eq!(for_label(&all, Some(&name("c"))).unwrap(), name("c"), "the chosen one goes first");
        let two = tiles(&[("a", wants(Wants::Label)), ("b", wants(Wants::Label))]);
        assert!(matches!(for_label(&two, None), Err(NotNow::ChooseSlot)));
        let taken = tiles(&[("a", wants(Wants::Unit { label: "X".to_owned() })), ("b", running("Y"))]);
        assert!(matches!(for_label(&taken, None), Err(NotNow::ChooseSlot)));
        assert_eq!(for_label(&taken, Some(&name("a"))).unwrap(), name("a"));
        assert!(matches!(for_label(&taken, Some(&name("b"))), Err(NotNow::Running { .. })));
    }

    #[test]
    fn where_no_slot_is_free_nobody_is_asked_which_one() {
        let taken = tiles(&[("a", running("X")), ("b", verdict(Verdict::Pass, "Y"))]);
        assert!(matches!(for_label(&taken, None), Err(NotNow::NoneFree)));
        assert!(matches!(for_start(&taken, None), Err(NotNow::NoneFree)));
        assert!(matches!(for_label(&taken, Some(&name("a"))), Err(NotNow::Running { .. })));
        let both = tiles(&[("a", running("X")), ("b", wants(Wants::Both)), ("c", wants(Wants::Label))]);
        assert!(matches!(for_start(&both, None), Err(NotNow::NothingToStart { .. })), "a label is wanted");
        let free = tiles(&[("a", Tile::Ready), ("b", Tile::Ready)]);
        assert!(matches!(for_label(&free, None), Err(NotNow::ChooseSlot)));
        assert!(matches!(for_start(&free, None), Err(NotNow::ChooseSlot)));
    }

    #[test]
    fn the_only_slot_needs_no_choice() {
        assert_eq!(for_label(&tiles(&[("a", Tile::Ready)]), None).unwrap(), name("a"));
        let held = tiles(&[("a", verdict(Verdict::Pass, "X"))]);
        assert!(matches!(for_label(&held, None), Err(NotNow::Held { .. })));
        assert!(matches!(
            for_start(&tiles(&[("a", wants(Wants::Label))]), None),
            Err(NotNow::NothingToStart { .. })
        ));
    }

    #[test]
    fn a_command_about_a_verdict_never_guesses_between_two() {
        let one = tiles(&[("a", verdict(Verdict::Fail, "X")), ("b", verdict(Verdict::Pass, "Y"))]);
        let retry = |all: &[(Name, Tile)], chosen: Option<&Name>| {
            with_verdict(all, chosen, Ending::may_retry, |slot| NotNow::NothingToRetry { slot })
                .map(|(slot, _)| slot)
        };
        assert_eq!(retry(&one, None).unwrap(), name("a"));
        assert!(matches!(retry(&one, Some(&name("b"))), Err(NotNow::NothingToRetry { .. })));
        let two = tiles(&[("a", verdict(Verdict::Fail, "X")), ("b", verdict(Verdict::Error, "Y"))]);
        assert!(matches!(retry(&two, None), Err(NotNow::ChooseSlot)));
    }

    #[test]
    fn a_unit_is_found_by_its_label_and_a_slot_by_its_name() {
        let all = tiles(&[("slot-1", verdict(Verdict::Fail, "GW1")), ("slot-2", running("gw2"))]);
        assert_eq!(holding(&all, "gw1"), Some(name("slot-1")));
        assert_eq!(holding(&all, "gw2"), Some(name("slot-2")));
        assert_eq!(holding(&all, "gw3"), None);
        assert_eq!(named(&all, "SLOT-2").unwrap(), name("slot-2"));
        assert!(matches!(named(&all, "slot-9"), Err(NotNow::NoSlot { .. })));
    }
}
