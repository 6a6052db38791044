//! Bulk operations on enrollments: at most ten items, and an answer of 200 that names those which failed.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::enrollment::{BadEnrollment, Document, Kind};
use super::records::{Precondition, Records};
use super::refusal::Refusal;
use crate::domain::utc_time::UtcTime;

/// `BulkEnrollmentOperation` takes no more items.
const MOST: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    mode: Mode,
    enrollments: Option<Vec<Document>>,
    enrollment_groups: Option<Vec<Document>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum Mode {
    Create,
    Update,
    #[serde(rename = "updateIfMatchETag")]
    UpdateIfMatchEtag,
    Delete,
}

/// Carries the operation out, item by item; what succeeded stays even if others fail.
pub(super) fn run(records: &mut Records, kind: Kind, body: &[u8], now: UtcTime) -> Result<Value, Refusal> {
    let Operation { mode, enrollments, enrollment_groups } = serde_json::from_slice(body)?;
    let items = match kind {
        Kind::Individual => enrollments,
        Kind::Group => enrollment_groups,
    }
    .unwrap_or_default();
    if items.is_empty() || items.len() > MOST {
        return Err(Refusal::ItemCount { count: items.len(), most: MOST });
    }
    let mut seen = HashSet::new();
    for item in &items {
        let id = item.id(kind)?;
        if !seen.insert(id.to_ascii_lowercase()) {
            return Err(Refusal::RepeatedId(id.to_owned()));
        }
    }
    let mut errors = Vec::new();
    for item in items {
        let id = item.id(kind)?.to_owned();
        if let Err(refusal) = one(records, kind, mode, item, now) {
            errors.push(json!({
                kind.id_field(): id,
                "errorCode": refusal.error_code(),
                "errorStatus": refusal.to_string(),
            }));
        }
    }
    Ok(json!({ "isSuccessful": errors.is_empty(), "errors": errors }))
}

fn one(records: &mut Records, kind: Kind, mode: Mode, item: Document, now: UtcTime) -> Result<(), Refusal> {
    let id = item.id(kind)?.to_owned();
    let precondition = match mode {
        Mode::Delete => return records.remove(kind, &id, None),
        Mode::Create => Precondition::New,
        Mode::Update => {
            records.find(kind, &id)?;
            Precondition::Any
        }
        Mode::UpdateIfMatchEtag => {
            records.find(kind, &id)?;
            Precondition::Version(item.etag.clone().ok_or(BadEnrollment::NoId("etag"))?)
        }
    };
    records.put(kind, item, &precondition, now).map(|_| ())
}
