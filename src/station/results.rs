//! What came out, in the order in which the verdicts were put on record. The place in the audit log is the cursor:
//! unlike run numbers, it never lets a verdict appear behind what was read already.

use crate::domain::audit_entry::AuditEntry;
use crate::domain::audit_event::AuditEvent;
use crate::station::clients::Querying;
use crate::store::Store;
use crate::store::audit::log;
use crate::store::devices::{self, Device};
use crate::store::error::StoreError;
use crate::store::runs::{self, Run};

/// At most this many results at once.
pub const MOST: u32 = 500;

/// One verdict.
#[derive(Debug)]
pub struct Verdict {
    /// The entry of the audit log that tells it; the cursor.
    pub seq: u64,
    /// The run.
    pub run: Run,
    /// Its device; none if the run ended before the device was known.
    pub device: Option<Device>,
    /// What such a device said its serial number is.
    pub said: Option<String>,
}

/// Up to `limit` verdicts after this entry of the log, oldest first.
pub fn after(store: &Store, _: &Querying, seq: u64, limit: u32) -> Result<Vec<Verdict>, StoreError> {
    store.read(|r| {
        let mut found = Vec::new();
        for (seq, text) in log::verdicts_after(r, seq, limit.min(MOST))? {
            let unreadable = |why: &dyn std::fmt::Display| StoreError::Row {
                table: "audit",
                column: "entry",
                why: why.to_string(),
            };
            let entry: AuditEntry = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
            let AuditEvent::RunFinished { run, serial, .. } = entry.event else {
                return Err(unreadable(&"it tells no verdict"));
            };
            let run = runs::get(r, run)?.ok_or_else(|| unreadable(&format!("there is no run {run}")))?;
            let device = run.device.map(|id| devices::get(r, id)).transpose()?.flatten();
            found.push(Verdict { seq, run, device, said: serial });
        }
        Ok(found)
    })
}
