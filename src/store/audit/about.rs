//! Whom an entry of the log is about, so that a device's entries are found without reading all of it. A way to
//! find entries, no evidence: each entry found speaks for itself, and `proof::entries_of_device` reads them all.

use std::collections::BTreeSet;

use rusqlite::Row;

use crate::domain::audit_event::AuditEvent;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::row_digest::Table;

/// Whom a row or an event is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum About {
    /// No device in particular.
    Nobody,
    /// The device with this number.
    Device(i64),
    /// The run with this number, which ended before its device was known.
    Run(i64),
    /// The device with this registration ID.
    Registration(String),
}

impl About {
    /// Whom a row is about; its columns stand in the order of [`Table::columns`].
    pub(in crate::store) fn of(table: Table, row: &Row<'_>) -> Result<About, StoreError> {
        Ok(match table {
            Table::Device => About::Device(row.get(0)?),
            Table::Run => match row.get::<_, Option<i64>>(1)? {
                Some(device) => About::Device(device),
                None => About::Run(row.get(0)?),
            },
            Table::Certificate => About::Device(row.get(2)?),
            Table::Outbox => About::Registration(row.get(1)?),
            Table::Label => About::Device(row.get(2)?),
            Table::Announcement
            | Table::Batch
            | Table::BatchChunk
            | Table::Client
            | Table::Crl
            | Table::Person
            | Table::SecretCheck
            | Table::WorkOrder => About::Nobody,
        })
    }

    /// Whom an event is about beside the rows it changed.
    pub(in crate::store) fn of_event(event: &AuditEvent) -> BTreeSet<About> {
        if let AuditEvent::DuplicateAlarm { known_device, kind: _, value: _ } = event {
            return BTreeSet::from([About::Device(sql_id(*known_device))]);
        }
        BTreeSet::new()
    }

    /// Whom an entry is about, told from its text alone: older entries.
    pub(in crate::store) fn of_entry(
        reader: &Reader<'_>,
        entry: &str,
    ) -> Result<BTreeSet<About>, StoreError> {
        let mut about = BTreeSet::new();
        // an entry that cannot be read is for `verify` to complain of
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(entry) else { return Ok(about) };
        if let Some(device) = entry["known-device"].as_i64() {
            about.insert(About::Device(device));
        }
        for name in entry["rows"].as_object().into_iter().flat_map(|rows| rows.keys()) {
            let sql = match name.split_once('/') {
                Some(("device", _)) => "SELECT id AS device, NULL AS run FROM device WHERE id = ?1",
                Some(("run", _)) => "SELECT device, id AS run FROM run WHERE id = ?1",
                Some(("certificate", _)) => "SELECT device, run FROM certificate WHERE serial = ?1",
                Some(("label", _)) => "SELECT device, run FROM label WHERE id = ?1",
                Some(("outbox", _)) => {
                    "SELECT device.id AS device, NULL AS run FROM outbox
                     JOIN device USING (registration_id) WHERE outbox.id = ?1"
                }
                _ => continue,
            };
            let key = name.split_once('/').map_or("", |(_, key)| key);
            let found = reader.row("audit", sql, [key], |columns| {
                Ok((columns.raw::<Option<i64>>("device")?, columns.raw::<Option<i64>>("run")?))
            })?;
            match found {
                Some((Some(device), _)) => about.insert(About::Device(device)),
                Some((None, Some(run))) => about.insert(About::Run(run)),
                Some((None, None)) | None => false,
            };
        }
        Ok(about)
    }

    /// The number it has in `audit_about`.
    fn number(&self, reader: &Reader<'_>) -> Result<Option<i64>, StoreError> {
        match self {
            About::Nobody => Ok(None),
            About::Device(device) => Ok(Some(*device)),
            About::Run(run) => Ok(Some(-*run)),
            About::Registration(id) => {
                let sql = "SELECT id FROM device WHERE registration_id = ?1";
                reader.row("device", sql, [id], |columns| columns.raw("id"))
            }
        }
    }
}

/// Notes whom an entry is about.
pub(in crate::store) fn note<'a>(
    reader: &Reader<'_>,
    seq: u64,
    about: impl IntoIterator<Item = &'a About>,
) -> Result<(), StoreError> {
    for one in about {
        if let Some(number) = one.number(reader)? {
            reader
                .connection()
                .prepare_cached("INSERT OR IGNORE INTO audit_about (about, seq) VALUES (?1, ?2)")?
                .execute((number, sql_id(seq)))?;
        }
    }
    Ok(())
}

/// Up to `limit` entries that are about a device before this number (or the newest ones), newest first: number
/// and canonical text.
pub fn of_device(
    reader: &Reader<'_>,
    device: u64,
    limit: u32,
    before: Option<u64>,
) -> Result<Vec<(u64, String)>, StoreError> {
    entries(reader, sql_id(device), limit, before)
}

/// Up to `limit` alarms that are about a device, newest first: number and canonical text.
pub fn alarms_of_device(
    reader: &Reader<'_>,
    device: u64,
    limit: u32,
) -> Result<Vec<(u64, String)>, StoreError> {
    reader.rows("audit", ALARMS, (sql_id(device), limit), |columns| {
        Ok((columns.number("seq")?, columns.raw("entry")?))
    })
}

/// Word for word the condition of the index `audit_alarm`, which holds few of the device's entries.
const ALARMS: &str = "SELECT audit.seq, audit.entry FROM audit_about
     CROSS JOIN audit INDEXED BY audit_alarm ON audit.seq = audit_about.seq
     WHERE audit_about.about = ?1 AND instr(audit.entry, '\"event\":\"duplicate-alarm\"') > 0
     ORDER BY audit_about.seq DESC LIMIT ?2";

/// The entries that are about a run that ended before its device was known.
pub fn of_run(reader: &Reader<'_>, run: u64, limit: u32) -> Result<Vec<(u64, String)>, StoreError> {
    entries(reader, -sql_id(run), limit, None)
}

fn entries(
    reader: &Reader<'_>,
    about: i64,
    limit: u32,
    before: Option<u64>,
) -> Result<Vec<(u64, String)>, StoreError> {
    let sql = "SELECT audit.seq, audit.entry FROM audit_about JOIN audit USING (seq)
               WHERE audit_about.about = ?1 AND audit_about.seq < ?2 ORDER BY audit_about.seq DESC LIMIT ?3";
    reader.rows("audit", sql, (about, before.map_or(i64::MAX, sql_id), limit), |columns| {
        Ok((columns.number("seq")?, columns.raw("entry")?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{Bench, actor, at, plan};

    #[test]
    fn an_alarm_is_found_behind_any_number_of_other_entries() {
        let bench = Bench::with_order();
        bench.pass(1);
        let device = 1;
        let alarm = || AuditEvent::DuplicateAlarm {
            kind: "mac".to_owned(),
            value: "\"event\":\"duplicate-alarm\"".to_owned(),
            known_device: device,
        };
        let about_device = |event: AuditEvent| {
            bench
                .store
                .change::<_, StoreError>(&actor(), at(9), |change| {
                    change.touch_number(Table::Device, device);
                    change.record(event);
                    Ok(())
                })
                .unwrap();
        };
        about_device(alarm());
        for _ in 0..60 {
            about_device(AuditEvent::UnlockRefused { code: "\"event\":\"duplicate-alarm\"".to_owned() });
        }
        let newest = bench.store.read(|r| of_device(r, device, 50, None)).unwrap();
        assert!(newest.iter().all(|(_, entry)| !entry.contains("known-device")));
        let alarms = |device, limit| bench.store.read(|r| alarms_of_device(r, device, limit)).unwrap();
        let found = alarms(device, 10);
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("\"known-device\":1"), "{found:?}");
        about_device(alarm());
        assert!(alarms(device, 1)[0].0 > found[0].0, "the newest first");
        assert!(alarms(2, 10).is_empty());
    }

    #[test]
    fn alarms_are_sought_in_their_own_index() {
        let steps = plan(ALARMS);
        assert!(steps[0].contains("SEARCH audit_about USING PRIMARY KEY (about=?)"), "{steps:?}");
        assert!(steps[1].contains("SEARCH audit USING INDEX audit_alarm (seq=? AND rowid=?)"), "{steps:?}");
        assert_eq!(steps.len(), 2, "{steps:?}");
    }
}
