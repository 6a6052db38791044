//! Sharing work out to the processors there are.

use std::num::NonZero;
use std::thread;

/// More threads than this gain nothing: one thread writes what they make.
const MOST_THREADS: usize = 8;

/// Turns each item into another on as many threads as there are processors, in order. The first fault ends it.
pub fn share<T: Send, U: Send, E: Send>(
    items: Vec<T>,
    work: impl Fn(usize, T) -> Result<U, E> + Sync,
) -> Result<Vec<U>, E> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let each = items.len().div_ceil(threads).max(1);
    let work = &work;
    let mut shares: Vec<(usize, Vec<T>)> = Vec::with_capacity(threads);
    let mut items = items.into_iter();
    let mut begin = 0;
    loop {
        let share: Vec<T> = items.by_ref().take(each).collect();
        if share.is_empty() {
            break;
        }
        let length = share.len();
        shares.push((begin, share));
        begin += length;
    }
    thread::scope(|scope| {
        let run = |(begin, share): (usize, Vec<T>)| {
            move || {
                share
                    .into_iter()
                    .zip(begin..)
                    .map(|(item, place)| work(place, item))
                    .collect::<Result<Vec<U>, E>>()
            }
        };
        let mut shares = shares.into_iter().map(run);
        let first = shares.next();
        let others: Vec<_> = shares.map(|share| scope.spawn(share)).collect();
        let mut done = first.map_or_else(|| Ok(Vec::new()), |share| share())?;
        for other in others {
            match other.join() {
                Ok(share) => done.extend(share?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays_and_the_first_fault_ends_it() {
        for length in [0, 1, 2, 7, 1000] {
            let items: Vec<usize> = (0..length).collect();
            let done = share(items.clone(), |place, item| {
                assert_eq!(place, item);
                Ok::<_, ()>(item * 2)
            });
            assert_eq!(done, Ok(items.iter().map(|item| item * 2).collect()));
        }
        let failed = share((0..100).collect(), |_, item| if item < 60 { Ok(item) } else { Err(item) });
        assert!(failed.unwrap_err() >= 60);
    }
}
