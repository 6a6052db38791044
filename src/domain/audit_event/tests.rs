//! No two members of one name, and kinds known by their word.

use super::*;

#[test]
fn no_event_has_a_member_of_a_name_that_the_entry_itself_uses() {
    let (_, events) = include_str!("../audit_event.rs").split_once("pub enum AuditEvent {").unwrap();
    let (events, _) = events.split_once("\n}\n").unwrap();
    assert!(events.contains("\n        count: u64,"), "the members were not found");
    let batches = [include_str!("batch.rs"), include_str!("ceremony.rs")].concat();
    for taken in ["at", "actor", "event", "rows"] {
        assert!(!batches.contains(&format!("\n    pub {taken}: ")), "{taken} would be written twice");
        assert!(!events.contains(&format!("\n        {taken}: ")), "{taken} would be written twice");
    }
}

#[test]
fn kinds_are_known_by_their_word() {
    assert!(AuditEvent::is_kind("run-finished") && AuditEvent::is_kind("vault-unlocked"));
    assert!(!AuditEvent::is_kind("run-finnished") && !AuditEvent::is_kind("RunFinished"));
    assert!(!AuditEvent::is_kind(""));
}
