//! Whole rows, written from all their columns and digested from the very same values: nothing is read back.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ToSql, params_from_iter};

use crate::domain::digest::Digest;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::row_digest::{self, Table};

/// One value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    Null,
    Number(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl<'a> Cell<'a> {
    pub(super) fn optional(text: Option<&'a str>) -> Cell<'a> {
        text.map_or(Cell::Null, Cell::Text)
    }

    fn value(&self) -> ValueRef<'a> {
        match *self {
            Cell::Null => ValueRef::Null,
            Cell::Number(number) => ValueRef::Integer(number),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.value()))
    }
}

/// Inserts rows of one table, each from the values of [`Table::columns`] in their order; later columns stay empty.
pub(super) struct Insertion<'c> {
    statement: CachedStatement<'c>,
    json: Vec<u8>,
}

impl<'c> Insertion<'c> {
    pub(super) fn into(reader: &'c Reader<'_>, table: Table) -> Result<Insertion<'c>, StoreError> {
        Insertion::of(reader, table, table.columns())
    }

    /// The same with the values of [`Table::later_columns`] behind them, of which the last holds something.
    pub(super) fn into_all(reader: &'c Reader<'_>, table: Table) -> Result<Insertion<'c>, StoreError> {
        Insertion::of(reader, table, &table.all_columns())
    }

    fn of(reader: &'c Reader<'_>, table: Table, columns: &str) -> Result<Insertion<'c>, StoreError> {
        let places: Vec<String> = (1..=columns.split(',').count()).map(|place| format!("?{place}")).collect();
        let sql = format!("INSERT INTO {} ({columns}) VALUES ({})", table.name(), places.join(", "));
        Ok(Insertion { statement: reader.connection().prepare_cached(&sql)?, json: Vec::new() })
    }

    /// Inserts a row; its digest.
    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Result<Digest, StoreError> {
        self.statement.execute(params_from_iter(cells))?;
        row_digest::of_values(cells.iter().map(Cell::value), &mut self.json)
    }
}
