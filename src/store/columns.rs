//! From stored values to domain types: everything is parsed on its way out, and what does not parse is an
//! error that names table and column, never a guess.

use std::fmt::Display;
use std::str::FromStr;

use rusqlite::types::FromSql;
use rusqlite::{CachedStatement, Params, Row};

use super::error::StoreError;
use super::reader::Reader;
use crate::domain::utc_time::UtcTime;

/// The columns of one row of a table, by name.
pub(super) struct Columns<'r> {
    table: &'static str,
    row: &'r Row<'r>,
}

impl<'r> Columns<'r> {
    /// The columns of a row that was read from this table.
    pub(super) fn of(table: &'static str, row: &'r Row<'r>) -> Columns<'r> {
        Columns { table, row }
    }

    /// A column as SQLite gives it.
    pub(super) fn raw<T: FromSql>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.get(column).map_err(|error| self.bad(column, &error))
    }

    /// A text column that holds a domain type.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T, StoreError> {
        let text: String = self.raw(column)?;
        text.parse().map_err(|error: T::Err| self.bad(column, &error))
    }

    /// A text column that holds a domain type or nothing.
    pub(super) fn optional<T: FromStr<Err: Display>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        match self.raw::<Option<String>>(column)? {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|error: T::Err| self.bad(column, &error)),
        }
    }

    /// A text column whose type is read from our records rather than from a device (`TryFrom<String>`).
    pub(super) fn recorded<T: TryFrom<String, Error: Display>>(
        &self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        T::try_from(self.raw(column)?).map_err(|error| self.bad(column, &error))
    }

    /// A row number or a count; never negative.
    pub(super) fn number(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.raw::<i64>(column)?).map_err(|error| self.bad(column, &error))
    }

    /// A row number that may be missing.
    pub(super) fn optional_number(&self, column: &'static str) -> Result<Option<u64>, StoreError> {
        self.raw::<Option<i64>>(column)?
            .map(u64::try_from)
            .transpose()
            .map_err(|error| self.bad(column, &error))
    }

    /// A small count.
    pub(super) fn small(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.raw::<i64>(column)?).map_err(|error| self.bad(column, &error))
    }

    /// A point in time.
    pub(super) fn time(&self, column: &'static str) -> Result<UtcTime, StoreError> {
        Ok(UtcTime::from_millis(self.raw(column)?))
    }

    /// A point in time that may be missing.
    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<UtcTime>, StoreError> {
        Ok(self.raw::<Option<i64>>(column)?.map(UtcTime::from_millis))
    }

    /// The error for a column of this row.
    pub(super) fn bad(&self, column: &'static str, why: &dyn Display) -> StoreError {
        StoreError::Row { table: self.table, column, why: why.to_string() }
    }
}

impl Reader<'_> {
    /// All rows of a query over this table, each parsed.
    pub(super) fn rows<T>(
        &self,
        table: &'static str,
        sql: &str,
        params: impl Params,
        mut parse: impl FnMut(&Columns<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement: CachedStatement<'_> = self.connection().prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(parse(&Columns { table, row })?);
        }
        Ok(found)
    }

    /// The first row of a query over this table, parsed; `None` if there is none.
    pub(super) fn row<T>(
        &self,
        table: &'static str,
        sql: &str,
        params: impl Params,
        parse: impl FnOnce(&Columns<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.connection().prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        match rows.next()? {
            None => Ok(None),
            Some(row) => parse(&Columns { table, row }).map(Some),
        }
    }

    /// One number that a query always gives, such as a count.
    pub(super) fn count(&self, sql: &str, params: impl Params) -> Result<u64, StoreError> {
        let number: i64 = self.connection().prepare_cached(sql)?.query_row(params, |row| row.get(0))?;
        Ok(u64::try_from(number).unwrap_or(0))
    }
}

/// A row number for SQLite, whose integers are signed. No row has a number beyond its range.
pub(super) fn sql_id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// The place of a column in a row, for queries that join two tables.
pub(super) fn joined<'r>(table: &'static str, columns: &Columns<'r>) -> Columns<'r> {
    Columns { table, row: columns.row }
}
