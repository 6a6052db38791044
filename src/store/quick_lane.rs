//! One read-only connection for single rows found by their key, which take microseconds: whoever asks waits for
//! nobody who reads long.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::error::StoreError;
use super::read_pool::connect;
use super::reader::Reader;

/// How long SQLite may wait for another process that holds the whole file, as while it recovers it.
const BUSY: Duration = Duration::from_millis(100);

/// The connection.
pub(super) struct QuickLane(Mutex<Connection>);

impl QuickLane {
    pub(super) fn open(path: &Path) -> Result<QuickLane, StoreError> {
        let connection = connect(path)?;
        connection.busy_timeout(BUSY)?;
        Ok(QuickLane(Mutex::new(connection)))
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // a transaction that a panic left was rolled back when it was dropped
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.unchecked_transaction().map_err(StoreError::from)?;
        work(&Reader::new(&transaction))
    }
}
