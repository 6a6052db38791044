//! A small fixed set of read-only connections: pages, the outbox and a long verification read beside the
//! one writer and beside each other.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::reader::Reader;

/// How many may read at once.
const READERS: usize = 3;
/// How long a reader waits for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The idle connections and the signal that one came back.
pub(super) struct ReadPool {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

/// A connection on loan; it goes back when this is dropped, also when its user panics.
struct Loan<'p> {
    pool: &'p ReadPool,
    connection: Option<Connection>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.idle().push(connection);
            self.pool.returned.notify_one();
        }
    }
}

impl ReadPool {
    pub(super) fn open(path: &Path) -> Result<ReadPool, StoreError> {
        let idle = (0..READERS).map(|_| connect(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(ReadPool { idle: Mutex::new(idle), returned: Condvar::new() })
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let loan = self.lend()?;
        let Some(connection) = &loan.connection else { return Err(StoreError::ReadersBusy.into()) };
        let transaction = connection.unchecked_transaction().map_err(StoreError::from)?;
        work(&Reader::new(&transaction))
    }

    fn lend(&self) -> Result<Loan<'_>, StoreError> {
        let (mut idle, _) = self
            .returned
            .wait_timeout_while(self.idle(), PATIENCE, |idle| idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let connection = idle.pop().ok_or(StoreError::ReadersBusy)?;
        Ok(Loan { pool: self, connection: Some(connection) })
    }

    /// A list of connections is whole whatever its holder did.
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a database for reading only.
pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    if !path.is_file() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // a database in WAL mode needs its shared memory file; where none can be made, the medium is
    // read-only and nobody writes
    let readable = connection.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0));
    let connection = match readable {
        Ok(_) => connection,
        Err(error) if beside(path, "-wal").exists() => return Err(error.into()),
        Err(_) => Connection::open_with_flags(unmoving(path), flags | OpenFlags::SQLITE_OPEN_URI)?,
    };
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    Ok(connection)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The path as SQLite's URI for a file that does not change.
fn unmoving(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_smuggle_options_into_the_uri() {
        assert_eq!(
            unmoving(Path::new("/a b/x?mode=rw#1.db")),
            "file:/a%20b/x%3Fmode%3Drw%231.db?immutable=1"
        );
    }

    #[test]
    fn a_file_on_a_medium_that_cannot_be_written_is_read_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b?c#%.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (7)")
            .unwrap();
        drop(made);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(unmoving(&path), flags).unwrap();
        let seven: i64 = connection.query_row("SELECT x FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(seven, 7);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_reader_that_panics_gives_its_connection_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("station.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        let pool = ReadPool::open(&path).unwrap();
        for _ in 0..READERS {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                pool.read::<(), StoreError>(|_| panic!("on purpose"))
            }));
            assert!(outcome.is_err());
        }
        let count = pool.read::<_, StoreError>(|reader| reader.count("SELECT count(*) FROM t", [])).unwrap();
        assert_eq!(count, 0);
    }
}
