//! Reading much of the records at once, within bounds: one such reading at a time, and none without an end.

use std::time::{Duration, Instant};

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// The longest that one reading may take.
pub const LONGEST: Duration = Duration::from_secs(30);

/// Reads for at most [`LONGEST`], after having waited at most `patience` for another such reading to end.
///
/// # Errors
/// Those of `work`; [`StoreError::LongReadUnderWay`], [`StoreError::ReadTooLong`].
pub fn read<T>(
    store: &Store,
    patience: Duration,
    work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut end = None;
    // the time runs from the first step, not from when it was asked for
    let over = move || Instant::now() >= *end.get_or_insert_with(|| Instant::now() + LONGEST);
    store.read_long(patience, over, work)
}
