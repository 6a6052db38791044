//! Work orders that were opened for one request each, and that a process which was killed has left open.

use crate::domain::name::Name;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// A work order of one unit whose request came to no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOpen {
    /// The order, as [`Name::for_request`] named it.
    pub work_order: Name,
    /// Its run, unless that has its verdict.
    pub run: Option<u64>,
}

/// All of them. The names end with a time in milliseconds, 13 digits at least; order, run and intent are one commit, so each
/// has a run, and never one of a slot: what people named alike is not among them.
pub fn left_open(reader: &Reader<'_>) -> Result<Vec<LeftOpen>, StoreError> {
    let sql = "SELECT name, (SELECT id FROM run WHERE work_order = name AND verdict IS NULL) AS unfinished
         FROM work_order
         WHERE name GLOB 'request-[0-9]*' AND name NOT GLOB 'request-*[^0-9]*' AND length(name) >= 21
           AND state <> 'closed' AND quantity = 1 AND spare = 0
           AND EXISTS (SELECT 1 FROM run WHERE work_order = name)
           AND NOT EXISTS (SELECT 1 FROM run WHERE work_order = name AND slot IS NOT NULL)
         ORDER BY name";
    reader.rows("work_order", sql, [], |columns| {
        Ok(LeftOpen { work_order: columns.parsed("name")?, run: columns.optional_number("unfinished")? })
    })
}
