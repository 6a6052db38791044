//! One change of the records, from its first row to the audit entry that vouches for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use rusqlite::{Params, Transaction};

use super::audit::about::{self, About};
use super::audit::log::Appender;
use super::columns::sql_id;
use super::error::StoreError;
use super::reader::Reader;
use super::row_digest::{self, Key, RowKey, Table};
use crate::domain::audit_entry::AuditEntry;
use crate::domain::audit_event::AuditEvent;
use crate::domain::digest::Digest;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;

/// A transaction under way. It reads like a [`Reader`] (and sees its own rows), and commits only if at
/// least one event was recorded.
pub struct Change<'t> {
    reader: Reader<'t>,
    actor: &'t Actor,
    now: UtcTime,
    events: Vec<AuditEvent>,
    /// The rows changed so far, each with the place of the entry that is to name it.
    touched: BTreeMap<RowKey, usize>,
    /// Entries written in bulk, which follow the others: canonical text, and whom it is about.
    ready: Vec<(String, About)>,
}

impl<'t> Deref for Change<'t> {
    type Target = Reader<'t>;
    fn deref(&self) -> &Reader<'t> {
        &self.reader
    }
}

impl<'t> Change<'t> {
    pub(super) fn begin(transaction: &'t Transaction<'_>, actor: &'t Actor, now: UtcTime) -> Change<'t> {
        Change {
            reader: Reader::new(transaction),
            actor,
            now,
            events: Vec::new(),
            touched: BTreeMap::new(),
            ready: Vec::new(),
        }
    }

    /// The time of this change; that of its audit entries.
    pub fn now(&self) -> UtcTime {
        self.now
    }

    /// Who is responsible for it.
    pub fn actor(&self) -> &Actor {
        self.actor
    }

    /// Writes an event into the audit log when the change commits. It names, with their digests at the
    /// commit, the rows changed since the event before it; the last event also those changed after it. A row
    /// changed again later is named by the later entry only.
    pub fn record(&mut self, event: AuditEvent) {
        self.events.push(event);
    }

    /// Takes an entry that is canonical text already and vouches for rows by itself. It is written behind those of
    /// [`Change::record`], of which there must be one.
    pub(super) fn record_text(&mut self, text: String, about: About) {
        self.ready.push((text, about));
    }

    /// Notes that a row was changed, so that an entry vouches for it.
    pub(super) fn touch(&mut self, table: Table, key: Key) {
        self.touched.insert(RowKey { table, key }, self.events.len());
    }

    pub(super) fn touch_number(&mut self, table: Table, id: u64) {
        self.touch(table, Key::Number(sql_id(id)));
    }

    pub(super) fn touch_text(&mut self, table: Table, key: &str) {
        self.touch(table, Key::Text(key.to_owned()));
    }

    /// Runs a statement; the number of rows it changed.
    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.connection().prepare_cached(sql)?.execute(params)?)
    }

    /// Runs an insertion into a table with row numbers; the new row's.
    pub(super) fn insert(&self, sql: &str, params: impl Params) -> Result<u64, StoreError> {
        let id = self.connection().prepare_cached(sql)?.insert(params)?;
        Ok(u64::try_from(id).unwrap_or(0))
    }

    /// Runs an update of one row that must be in a certain state; no such row is a conflict.
    pub(super) fn update_one(
        &self,
        table: Table,
        key: &str,
        why: &'static str,
        sql: &str,
        params: impl Params,
    ) -> Result<(), StoreError> {
        match self.execute(sql, params)? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table: table.name(), key: key.to_owned(), why }),
        }
    }

    /// Writes the audit entries; the caller commits.
    pub(super) fn seal(self) -> Result<(), StoreError> {
        let Change { reader, actor, now, events, touched, ready } = self;
        let last = events.len().checked_sub(1).ok_or(StoreError::NothingRecorded)?;
        let mut rows: Vec<BTreeMap<String, Digest>> = vec![BTreeMap::new(); events.len()];
        let mut about: Vec<BTreeSet<About>> = events.iter().map(About::of_event).collect();
        for (row, place) in touched {
            let Some((digest, whom)) = row_digest::of_row(&reader, &row)? else {
                let (table, key) = (row.table.name(), row.to_string());
                return Err(StoreError::Conflict { table, key, why: "is not there any more" });
            };
            if let Some(named) = rows.get_mut(place.min(last)) {
                named.insert(row.to_string(), digest);
            }
            if let Some(known) = about.get_mut(place.min(last)) {
                known.insert(whom);
            }
        }
        let mut appender = Appender::new(&reader)?;
        for ((event, rows), about) in events.into_iter().zip(rows).zip(about) {
            let seq = appender.append(&AuditEntry { at: now, actor: actor.clone(), event, rows })?;
            about::note(&reader, seq, &about)?;
        }
        for (text, about) in ready {
            let seq = appender.append_text(&text)?;
            about::note(&reader, seq, [&about])?;
        }
        Ok(())
    }
}
