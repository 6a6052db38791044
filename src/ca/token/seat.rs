//! The one place at a token: whoever signs takes it, with the session that is open there, and gives it back. Others
//! wait, but not for ever.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A place for one, with what is kept there.
pub(super) struct Seat<T> {
    state: Mutex<State<T>>,
    freed: Condvar,
}

struct State<T> {
    taken: bool,
    kept: Option<T>,
}

/// Somebody at the place; gives it back when dropped.
pub(super) struct Seated<'a, T> {
    seat: &'a Seat<T>,
    /// What is kept there.
    pub(super) kept: Option<T>,
}

impl<T> Seat<T> {
    /// A free place with nothing on it.
    pub(super) fn new() -> Seat<T> {
        Seat { state: Mutex::new(State { taken: false, kept: None }), freed: Condvar::new() }
    }

    /// Takes the place, or nothing if it is not free within this time.
    pub(super) fn take(&self, patience: Duration) -> Option<Seated<'_, T>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_timeout_while(state, patience, |state| state.taken);
        let (mut state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        if result.timed_out() && state.taken {
            return None;
        }
        state.taken = true;
        Some(Seated { seat: self, kept: state.kept.take() })
    }
}

impl<T> Drop for Seated<'_, T> {
    fn drop(&mut self) {
        let mut state = self.seat.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.taken = false;
        state.kept = self.kept.take();
        self.seat.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn the_place_is_for_one_and_keeps_what_lies_there() {
        let seat = Seat::new();
        let mut first = seat.take(SHORT).unwrap();
        assert_eq!(first.kept, None);
        assert!(seat.take(SHORT).is_none(), "it is taken");
        first.kept = Some(7);
        drop(first);
        assert_eq!(seat.take(SHORT).unwrap().kept, Some(7));
        // whoever waits gets it as soon as it is free
        let first = seat.take(SHORT).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| seat.take(Duration::from_secs(60)).map(|seated| seated.kept));
            std::thread::sleep(SHORT);
            drop(first);
            assert_eq!(second.join().unwrap(), Some(Some(7)));
        });
    }
}
