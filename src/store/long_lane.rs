//! One read-only connection for what may take long: reports, lists of runs, searches of the log. However many ask
//! for such, one is served, a few wait, and slots and pages read on connections that are not taken from them.

use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::error::StoreError;
use super::read_pool::connect;
use super::reader::Reader;

/// How many may wait for it.
const MOST_WAITING: usize = 8;
/// After so many steps of SQLite's machine it is asked whether the work has taken long enough: some milliseconds.
const STEPS: i32 = 20_000;

/// The connection, and the signal that it came back.
pub(super) struct LongLane {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Option<Connection>,
    waiting: usize,
}

/// The connection on loan; it goes back when this is dropped, also when its user panics.
struct Loan<'l> {
    lane: &'l LongLane,
    connection: Option<Connection>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // the next one brings a limit of its own, and whatever it is, it takes this one's place
            let _ = connection.progress_handler(0, None::<fn() -> bool>);
            self.lane.state().idle = Some(connection);
            self.lane.returned.notify_one();
        }
    }
}

impl LongLane {
    pub(super) fn open(path: &Path) -> Result<LongLane, StoreError> {
        let state = State { idle: Some(connect(path)?), waiting: 0 };
        Ok(LongLane { state: Mutex::new(state), returned: Condvar::new() })
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        patience: Duration,
        over: impl FnMut() -> bool + Send + 'static,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut loan = self.lend(patience)?;
        let Some(connection) = &mut loan.connection else {
            return Err(StoreError::LongReadUnderWay.into());
        };
        connection.progress_handler(STEPS, Some(over)).map_err(StoreError::from)?;
        let transaction = connection.unchecked_transaction().map_err(StoreError::from)?;
        work(&Reader::new(&transaction))
    }

    fn lend(&self, patience: Duration) -> Result<Loan<'_>, StoreError> {
        let mut state = self.state();
        if state.idle.is_none() {
            if patience.is_zero() || state.waiting >= MOST_WAITING {
                return Err(StoreError::LongReadUnderWay);
            }
            state.waiting += 1;
            let waited = self.returned.wait_timeout_while(state, patience, |state| state.idle.is_none());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
        let connection = state.idle.take().ok_or(StoreError::LongReadUnderWay)?;
        Ok(Loan { lane: self, connection: Some(connection) })
    }

    /// Each member is changed whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Bench;
    use std::sync::mpsc;
    use std::thread;

    const SOON: Duration = Duration::from_secs(20);
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                           SELECT count(*) FROM n WHERE i < 0";

    fn never() -> bool {
        false
    }

    #[test]
    fn a_second_long_reader_is_refused_at_once_or_waits_its_turn_and_nobody_else_notices() {
        let bench = &Bench::with_order();
        let (begun, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                bench.store.read_long(Duration::ZERO, never, |_| {
                    begun.send(()).unwrap();
                    may_go.recv_timeout(SOON).unwrap();
                    Ok::<_, StoreError>(())
                })
            });
            has_begun.recv_timeout(SOON).unwrap();
            let second = bench.store.read_long(Duration::ZERO, never, |_| Ok::<_, StoreError>(()));
            assert!(matches!(second, Err(StoreError::LongReadUnderWay)));
            let brief = bench.store.read_long(Duration::from_millis(5), never, |_| Ok::<_, StoreError>(()));
            assert!(matches!(brief, Err(StoreError::LongReadUnderWay)));
            let size = crate::store::audit::log::size;
            assert_eq!(bench.store.read(size).unwrap(), bench.store.read_quickly(size).unwrap());
            let turn = scope.spawn(|| bench.store.read_long(SOON, never, |_| Ok::<_, StoreError>(7)));
            while bench.store.long.state().waiting == 0 {
                thread::yield_now();
            }
            go.send(()).unwrap();
            assert_eq!(turn.join().unwrap().unwrap(), 7);
        });
    }

    #[test]
    fn no_more_wait_than_may() {
        let bench = Bench::new();
        bench.store.long.state().waiting = MOST_WAITING;
        bench.store.read_long(SOON, never, |_| Ok::<_, StoreError>(())).unwrap();
        bench
            .store
            .read_long(Duration::ZERO, never, |_| {
                let one_more = bench.store.read_long(SOON, never, |_| Ok::<_, StoreError>(()));
                assert!(matches!(one_more, Err(StoreError::LongReadUnderWay)));
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn a_reading_that_takes_too_long_is_ended_and_the_next_one_has_its_own_time() {
        let bench = Bench::new();
        let mut asked = 0;
        let over = move || {
            asked += 1;
            asked > 3
        };
        let ended = bench.store.read_long(Duration::ZERO, over, |r| r.count(ENDLESS, []));
        assert!(matches!(ended, Err(StoreError::ReadTooLong(_))), "{ended:?}");
        let longer = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
                      SELECT count(*) FROM n";
        let next = bench.store.read_long(Duration::ZERO, never, |r| r.count(longer, []));
        assert_eq!(next.unwrap(), 100_000);
    }
}
