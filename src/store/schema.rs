//! The shape of the database and its versions: `user_version` counts the migrations done, and a file
//! that knows more of them than this program is refused rather than guessed at.

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;

/// `LSDE` in ASCII: tells a station's database from any other SQLite file (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 0x4c53_4445;

/// Each brings the database one version further. Only ever append to this list.
const MIGRATIONS: [&str; 4] = [
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
];

/// How many versions there are.
fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Whether the file is a station's database this program can read; its version if so.
///
/// # Errors
/// [`StoreError::TooNew`]; `None` stands for a database of some other program.
pub(super) fn version(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Ok(None);
    }
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > newest() {
        return Err(StoreError::TooNew { found, known: newest() });
    }
    Ok(Some(found))
}

/// Brings an empty or older database to the newest version, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection, from: i64) -> Result<(), StoreError> {
    let done = usize::try_from(from).unwrap_or(0);
    for (index, step) in MIGRATIONS.iter().enumerate().skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", i64::try_from(index + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_is_recognised_and_a_newer_one_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(version(&connection).unwrap(), None);
        migrate(&mut connection, 0).unwrap();
        assert_eq!(version(&connection).unwrap(), Some(newest()));
        connection.pragma_update(None, "user_version", newest() + 1).unwrap();
        assert!(matches!(version(&connection), Err(StoreError::TooNew { .. })));
    }

    #[test]
    fn every_table_is_strict() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0).unwrap();
        let loose: i64 = connection
            .query_row(
                "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND strict = 0",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(loose, 0);
    }

    #[test]
    fn a_check_of_the_large_tables_builds_no_table_of_its_own() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0).unwrap();
        let insertions = [
            "device (serial, serial_folded, registration_id, device_id, state, created) VALUES ('', '', '', '', '', '')",
            "run (device, person, started, stage, verdict, credential, key_origin) VALUES ('', '', '', '', '', '', '')",
            "certificate (serial, run, device, state) VALUES ('', '', '', '')",
            "audit (entry) VALUES ('')",
        ];
        for insertion in insertions {
            let mut statement = connection.prepare(&format!("EXPLAIN INSERT INTO {insertion}")).unwrap();
            let steps: Vec<String> =
                statement.query_map([], |row| row.get("opcode")).unwrap().map(Result::unwrap).collect();
            assert!(steps.len() > 10, "{insertion}: {steps:?}");
            assert!(!steps.iter().any(|step| step == "OpenEphemeral"), "{insertion}: {steps:?}");
        }
    }
}
