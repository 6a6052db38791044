//! Orders from the page to the slots' threads: one bounded box a slot.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::domain::label::Label;
use crate::domain::name::Name;
use crate::domain::person::Actor;

/// Orders that wait for one slot; more are refused.
const MOST: usize = 8;

/// What a slot is told, and by whom: the run that follows is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// This label was scanned for it.
    Label(Label, Actor),
    /// Run the device that is there now.
    Start(Actor),
    /// Run the same device again.
    Retry(Actor),
}

/// The boxes of all slots.
#[derive(Default)]
pub struct Mailboxes(BTreeMap<Name, Mutex<VecDeque<Order>>>);

impl Mailboxes {
    /// An empty box for each slot.
    pub fn new(slots: impl IntoIterator<Item = Name>) -> Mailboxes {
        Mailboxes(slots.into_iter().map(|slot| (slot, Mutex::default())).collect())
    }

    /// Puts an order into a slot's box. Whether there was room, and such a slot.
    pub fn put(&self, slot: &Name, order: Order) -> bool {
        let Some(letters) = self.0.get(slot) else {
            return false;
        };
        let mut letters = letters.lock().unwrap_or_else(PoisonError::into_inner);
        let room = letters.len() < MOST;
        if room {
            letters.push_back(order);
        }
        room
    }

    /// Takes all orders of a slot, oldest first.
    pub fn take(&self, slot: &Name) -> VecDeque<Order> {
        let letters = self.0.get(slot);
        letters
            .map(|letters| std::mem::take(&mut *letters.lock().unwrap_or_else(PoisonError::into_inner)))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_bounded_and_emptied_in_order() {
        let slot: Name = "a".parse().unwrap();
        let boxes = Mailboxes::new([slot.clone()]);
        assert!(boxes.put(&slot, Order::Start(Actor::Station)));
        for _ in 1..MOST {
            assert!(boxes.put(&slot, Order::Retry(Actor::Station)));
        }
        assert!(!boxes.put(&slot, Order::Retry(Actor::Station)), "the box is full");
        assert!(!boxes.put(&"b".parse().unwrap(), Order::Start(Actor::Station)), "no such slot");
        let taken = boxes.take(&slot);
        assert_eq!((taken.len(), taken.front()), (MOST, Some(&Order::Start(Actor::Station))));
        assert!(boxes.take(&slot).is_empty());
    }
}
