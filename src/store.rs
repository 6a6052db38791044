//! The records of a station: the only SQL there is. Every change goes through one door, [`Store::change`],
//! in which the rows and the audit entry that vouches for them are committed together or not at all; every
//! look goes through [`Store::read`], which sees one unmoving state. A table's rules stand in its own file
//! as plain functions over a [`change::Change`] or a [`reader::Reader`].
//!
//! Who records: a table's function records the audit event of what it does; callers record only events
//! that change no row (`audit` says what an entry holds).

pub mod announced;
pub mod audit;
pub mod batches;
pub mod bulk;
pub mod catalogue;
pub mod certificates;
pub mod change;
pub mod clients;
mod columns;
pub mod crl;
pub mod devices;
pub mod error;
pub mod export;
pub mod labels;
mod long_lane;
pub mod meta;
pub mod outbox;
pub mod paging;
pub mod people;
mod quick_lane;
mod read_pool;
pub mod reader;
pub mod recipes;
pub mod reports;
mod row_digest;
pub mod runs;
mod schema;
pub mod secret_checks;
#[cfg(test)]
mod testing;
pub mod webhooks;
pub mod work_orders;

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use self::change::Change;
use self::error::StoreError;
use self::long_lane::LongLane;
use self::quick_lane::QuickLane;
use self::read_pool::ReadPool;
use self::reader::Reader;
use crate::domain::audit_event::AuditEvent;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::durable;

/// How long a change waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

/// The records of one station, shared by all its threads.
pub struct Store {
    /// Guards the only connection that writes.
    writer: Mutex<Connection>,
    readers: ReadPool,
    long: LongLane,
    quick: QuickLane,
}

impl Store {
    /// With the connections that read beside the one that writes.
    fn over(writer: Connection, path: &Path) -> Result<Store, StoreError> {
        Ok(Store {
            writer: Mutex::new(writer),
            readers: ReadPool::open(path)?,
            long: LongLane::open(path)?,
            quick: QuickLane::open(path)?,
        })
    }

    /// Makes the database of a new station, with the first entry of its audit log. `origin` is the name of
    /// the log in its checkpoints (C2SP tlog-checkpoint), 1 to 128 characters without white space or `+`.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is a file at `path`; [`StoreError::OriginInvalid`].
    pub fn create(
        path: &Path,
        origin: &str,
        company: &str,
        now: UtcTime,
        actor: &Actor,
    ) -> Result<Store, StoreError> {
        meta::check_origin(origin)?;
        durable::create(path, b"", durable::PRIVATE).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists(path.to_owned()),
            _ => StoreError::File { path: path.to_owned(), source },
        })?;
        let made = Store::fill(path, origin, company, now, actor);
        if made.is_err() {
            // what failed is what the caller must hear; half a database would only be in the way
            let _ = std::fs::remove_file(path);
        }
        made
    }

    fn fill(
        path: &Path,
        origin: &str,
        company: &str,
        now: UtcTime,
        actor: &Actor,
    ) -> Result<Store, StoreError> {
        let mut writer = connect_writer(path)?;
        tune(&writer)?;
        schema::migrate(&mut writer, 0)?;
        let store = Store::over(writer, path)?;
        store.change(actor, now, |change| {
            meta::set_up(change, origin)?;
            change.record(AuditEvent::StationCreated {
                origin: origin.to_owned(),
                company: company.to_owned(),
            });
            Ok::<(), StoreError>(())
        })?;
        Ok(store)
    }

    /// Opens the database of a station and brings it to this program's version. A missing file is never
    /// made: a wrong path must not begin an empty station.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::NotOurs`], [`StoreError::TooNew`].
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let mut writer = connect_writer(path)?;
        let version = schema::version(&writer)?.ok_or_else(|| StoreError::NotOurs(path.to_owned()))?;
        tune(&writer)?;
        schema::migrate(&mut writer, version)?;
        Store::over(writer, path)
    }

    /// Runs `work` in one transaction and commits what it did together with the audit entries it recorded.
    /// When this returns, both are durable; if anything fails, `work` included, neither was written.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::NothingRecorded`] if it recorded no event.
    pub fn change<T, E: From<StoreError>>(
        &self,
        actor: &Actor,
        now: UtcTime,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.writer.lock().map_err(|_| StoreError::Poisoned)?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let mut change = Change::begin(&transaction, actor, now);
        let done = work(&mut change)?;
        change.seal()?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(done)
    }

    /// Runs `work` over one unmoving state of the records.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::ReadersBusy`] if all read connections stay taken.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.read(work)
    }

    /// Like [`Store::read`], for what may take long at a million runs: on the one connection there is for that, so
    /// that slots and pages never wait for it. Whoever comes second waits this long. `over` is asked every few
    /// milliseconds whether the work has taken long enough, and ends it.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::LongReadUnderWay`], [`StoreError::ReadTooLong`].
    pub fn read_long<T, E: From<StoreError>>(
        &self,
        patience: Duration,
        over: impl FnMut() -> bool + Send + 'static,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.long.read(patience, over, work)
    }

    /// Like [`Store::read`], for single rows found by their key: it waits for nobody but others who do the same, so
    /// that a thread that serves many may ask.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn read_quickly<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.quick.read(work)
    }

    /// Writes what needs no audit entry: the books of retries, and checkpoints, which sign the log and
    /// must not lengthen it.
    fn keep_books<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.writer.lock().map_err(|_| StoreError::Poisoned)?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let done = work(&Reader::new(&transaction))?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(done)
    }
}

/// Reads a database that nobody need be serving, such as a copy kept as evidence, without changing it. On
/// a read-only medium it must have been closed properly (no `-wal` file beside it).
///
/// # Errors
/// Those of `work`; [`StoreError::Missing`], [`StoreError::NotOurs`], [`StoreError::TooNew`].
pub fn inspect<T, E: From<StoreError>>(
    path: &Path,
    work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let connection = read_pool::connect(path)?;
    schema::version(&connection)?.ok_or_else(|| StoreError::NotOurs(path.to_owned()))?;
    let transaction = connection.unchecked_transaction().map_err(StoreError::from)?;
    work(&Reader::new(&transaction))
}

/// Ends what a connection reads, from another thread.
pub struct Stopper(rusqlite::InterruptHandle);

impl Stopper {
    /// Ends the statement that runs now; one that begins later runs on, so whoever waits calls this again.
    pub fn stop(&self) {
        self.0.interrupt();
    }
}

/// Like [`inspect`], for long work that somebody may want to end: `ready` is given the means to.
pub fn inspect_until_stopped<T, E: From<StoreError>>(
    path: &Path,
    ready: impl FnOnce(Stopper),
    work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let connection = read_pool::connect(path)?;
    ready(Stopper(connection.get_interrupt_handle()));
    let transaction = connection.unchecked_transaction().map_err(StoreError::from)?;
    work(&Reader::new(&transaction))
}

fn connect_writer(path: &Path) -> Result<Connection, StoreError> {
    // without CREATE
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !path.is_file() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Settings of a connection that writes to a database known to be ours; WAL stays with the file.
fn tune(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // kibibytes: random keys at a million rows want more than SQLite's own 2 MiB
    connection.pragma_update(None, "cache_size", -32_768)?;
    // pages: in bulk the same pages of an index change in commit after commit, and are carried over once
    connection.pragma_update(None, "wal_autocheckpoint", 8_192)?;
    Ok(())
}

#[cfg(test)]
mod tests;
