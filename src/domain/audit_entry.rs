//! An entry of the audit log: an event with its time, its actor and the digests of the rows it changed, as
//! canonical JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::audit_event::AuditEvent;
use super::digest::Digest;
use super::person::Actor;
use super::utc_time::UtcTime;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, by the station's clock.
    pub at: UtcTime,
    /// Who is responsible.
    pub actor: Actor,
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
    /// Digest of each row as this change left it; the key is `table/key`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<String, Digest>,
}

impl AuditEntry {
    /// The entry as canonical JSON: members sorted by name, no white space, no floating point (in the
    /// manner of RFC 8785). These bytes are the leaf of the Merkle tree.
    pub fn canonical(&self) -> Result<String, serde_json::Error> {
        // `serde_json::Value` keeps its members in a BTreeMap, which sorts them
        serde_json::to_value(self).map(|value| value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_canonical_and_read_back() {
        let entry = AuditEntry {
            at: UtcTime::from_seconds(1_795_000_000),
            actor: Actor::CommandLine { os_user: "line".into(), name: Some("ada".parse().unwrap()) },
            event: AuditEvent::WorkOrderAdded {
                name: "lot-1".parse().unwrap(),
                product: "gateway-7".parse().unwrap(),
                quantity: 6,
                spare: 1,
            },
            rows: BTreeMap::from([("work_order/lot-1".to_owned(), Digest::of(b"row"))]),
        };
        let text = entry.canonical().unwrap();
        assert!(
            text.starts_with(
                r#"{"actor":{"by":"command-line","name":"ada","os_user":"line"},"at":"2026-11-18T"#
            ),
            "{text}"
        );
        let members: Vec<usize> =
            ["\"event\":", "\"name\":\"lot-1\"", "\"product\":", "\"rows\":", "\"spare\":"]
                .iter()
                .map(|m| text.find(m).unwrap())
                .collect();
        assert!(members.is_sorted(), "{text}");
        assert_eq!(serde_json::from_str::<AuditEntry>(&text).unwrap(), entry);
    }
}
