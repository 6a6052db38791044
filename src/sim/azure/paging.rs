//! Query answers in pages, by the service's three headers. The query text itself is not looked at: the real
//! service is reported to ignore it and to list everything (azure-iot-sdk-csharp issue 794).

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::refusal::Refusal;
use super::request::{Reply, Request};

/// However much is asked for, a page has no more (azure-iot-sdk-node issue 813).
const LARGEST: usize = 100;

/// One page of the records that `keep` accepts, in the order of their IDs.
pub(super) fn page<T>(
    records: &BTreeMap<String, T>,
    request: &Request,
    item_type: &str,
    keep: impl Fn(&T) -> bool,
    show: impl Fn(&T) -> Result<Value, Refusal>,
) -> Result<Reply, Refusal> {
    let size = match &request.max_item_count {
        None => LARGEST,
        Some(text) => {
            let bad = || Refusal::BadPage { header: "x-ms-max-item-count", value: text.clone() };
            let asked: usize = text.parse().map_err(|_| bad())?;
            if asked == 0 {
                return Err(bad());
            }
            asked.min(LARGEST)
        }
    };
    let from = match &request.continuation {
        None => Bound::Unbounded,
        Some(text) => {
            let bad = || Refusal::BadPage { header: "x-ms-continuation", value: text.clone() };
            let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
            Bound::Excluded(String::from_utf8(bytes).map_err(|_| bad())?)
        }
    };
    let mut found = records.range((from, Bound::Unbounded)).filter(|(_, record)| keep(record));
    let mut items = Vec::new();
    let mut last = None;
    for (id, record) in found.by_ref().take(size) {
        items.push(show(record)?);
        last = Some(id);
    }
    let mut reply = Reply::ok(Value::Array(items)).with("x-ms-item-type", item_type.to_owned());
    if let Some(asked) = &request.max_item_count {
        reply = reply.with("x-ms-max-item-count", asked.clone());
    }
    Ok(match last {
        Some(last) if found.next().is_some() => reply.with("x-ms-continuation", URL_SAFE_NO_PAD.encode(last)),
        Some(_) | None => reply,
    })
}
