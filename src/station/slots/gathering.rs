//! What must come together before a slot begins a run: the unit, its label, or both, in either order.

use std::time::{Duration, Instant};

use crate::domain::label::Label;
use crate::domain::person::Actor;
use crate::domain::product::Start;
use crate::station::board::{Tile, Wants};
use crate::station::slots::mailbox::Order;

/// A scanned label waits this long for its unit.
const PATIENCE: Duration = Duration::from_secs(120);

/// What has come together so far.
#[derive(Default)]
pub struct Gathering {
    label: Option<(Label, Actor, Instant)>,
    start: Option<Actor>,
}

/// What begins a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The label that the unit must agree with, if one was scanned.
    pub label: Option<Label>,
    /// Who scanned the label or the command; nobody if the unit was just plugged in.
    pub by: Option<Actor>,
}

/// What a slot does next.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// It runs the unit that is there.
    Run(Begun),
    /// It shows this and goes on looking.
    Show(Tile),
}

impl Gathering {
    /// Takes orders in; a newer label takes an older one's place.
    pub fn take(&mut self, orders: impl IntoIterator<Item = Order>, now: Instant) {
        for order in orders {
            match order {
                Order::Label(label, by) => self.label = Some((label, by, now)),
                Order::Start(by) | Order::Retry(by) => self.start = Some(by),
            }
        }
    }

    /// Whether a label waits for its unit.
    pub fn has_label(&self) -> bool {
        self.label.is_some()
    }

    /// What is to be done now. `there` looks for a unit; told `false` it must not ask a device, for nothing says yet
    /// that one is there.
    pub fn next(&mut self, how: Start, now: Instant, mut there: impl FnMut(bool) -> bool) -> Next {
        let fresh =
            |(_, _, since): &(Label, Actor, Instant)| now.saturating_duration_since(*since) < PATIENCE;
        self.label = self.label.take().filter(fresh);
        // an order to start is for the unit that is there now, not for a later one
        let start = self.start.take();
        let or_start = how == Start::Scan;
        match (how, &self.label) {
            (_, Some((label, by, _))) => {
                let waiting = Wants::Unit { label: label.to_string() };
                let begun = Begun { label: Some(label.clone()), by: Some(by.clone()) };
                if there(true) {
                    self.label = None;
                    return Next::Run(begun);
                }
                Next::Show(Tile::Waiting { wants: waiting, or_start: false })
            }
            (Start::Plug, None) if there(true) => Next::Run(Begun { label: None, by: None }),
            (Start::Plug, None) => Next::Show(Tile::Ready),
            (Start::Scan, None) if start.is_some() => {
                if there(true) {
                    return Next::Run(Begun { label: None, by: start });
                }
                Next::Show(Tile::Waiting { wants: Wants::Both, or_start })
            }
            (Start::Scan | Start::Both, None) => {
                let wants = if there(how == Start::Both) { Wants::Label } else { Wants::Both };
                Next::Show(Tile::Waiting { wants, or_start })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::serial_number::SerialRule;

    fn label() -> Label {
        Label { serial: Some(SerialRule::default().parse("GW00001").unwrap()), mac: None }
    }

    fn ada() -> Actor {
        Actor::Person { name: "ada".parse().unwrap() }
    }

    /// Whoever scanned is on the run.
    fn scanned(label: Option<Label>) -> Next {
        Next::Run(Begun { label, by: Some(ada()) })
    }

    fn plugged() -> Next {
        Next::Run(Begun { label: None, by: None })
    }

    fn wants(next: Next) -> Wants {
        match next {
            Next::Show(Tile::Waiting { wants, .. }) => wants,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn plug_runs_what_appears_and_holds_it_against_a_label_scanned_before() {
        let (mut slot, now) = (Gathering::default(), Instant::now());
        assert_eq!(slot.next(Start::Plug, now, |_| false), Next::Show(Tile::Ready));
        assert_eq!(slot.next(Start::Plug, now, |_| true), plugged());
        slot.take([Order::Label(label(), ada())], now);
        assert!(matches!(wants(slot.next(Start::Plug, now, |_| false)), Wants::Unit { .. }));
        assert_eq!(slot.next(Start::Plug, now, |_| true), scanned(Some(label())));
        assert_eq!(slot.next(Start::Plug, now, |_| true), plugged(), "a label is for one run");
    }

    #[test]
    fn scan_asks_no_device_before_there_is_a_label_or_an_order() {
        let (mut slot, now) = (Gathering::default(), Instant::now());
        assert_eq!(wants(slot.next(Start::Scan, now, |may_ask| may_ask)), Wants::Both);
        assert_eq!(wants(slot.next(Start::Scan, now, |_| true)), Wants::Label);
        slot.take([Order::Start(ada())], now);
        assert_eq!(slot.next(Start::Scan, now, |may_ask| may_ask), scanned(None));
        slot.take([Order::Start(ada())], now);
        assert_eq!(wants(slot.next(Start::Scan, now, |_| false)), Wants::Both);
        assert_eq!(wants(slot.next(Start::Scan, now, |_| true)), Wants::Label, "the order is spent");
        slot.take([Order::Label(label(), ada())], now);
        assert_eq!(slot.next(Start::Scan, now, |may_ask| may_ask), scanned(Some(label())));
    }

    #[test]
    fn both_need_both_in_either_order_and_no_command_stands_in_for_the_label() {
        let (mut slot, now) = (Gathering::default(), Instant::now());
        slot.take([Order::Start(ada())], now);
        assert_eq!(wants(slot.next(Start::Both, now, |_| true)), Wants::Label);
        slot.take([Order::Label(label(), ada())], now);
        assert_eq!(slot.next(Start::Both, now, |_| true), scanned(Some(label())));
        slot.take([Order::Label(label(), ada())], now);
        assert_eq!(
            wants(slot.next(Start::Both, now, |_| false)),
            Wants::Unit { label: "GW00001".to_owned() }
        );
        assert_eq!(wants(slot.next(Start::Both, now + PATIENCE, |_| false)), Wants::Both, "it is forgotten");
    }
}
