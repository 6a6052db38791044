//! What may stand in an enrollment beside the identity, whether a recipe or a person says so.

use super::Allocation;

/// Azure keeps these member names of a twin collection for itself; a tag `version` breaks its clients.
const RESERVED: [&str; 4] = ["version", "count", "metadata", "lastUpdated"];

/// Whether a member of a twin's tags or desired properties may have this name.
pub fn is_twin_name(name: &str) -> bool {
    !(RESERVED.contains(&name) || name.starts_with('$') || name.contains(['.', ' ']))
}

/// What is wrong with these hubs under this allocation policy, each a part of a sentence.
pub fn hub_faults(allocation: Option<Allocation>, hubs: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    if allocation == Some(Allocation::Static) && hubs.len() != 1 {
        faults.push("static allocation needs exactly one hub".to_owned());
    }
    for hub in hubs {
        let host = (1..=253).contains(&hub.len())
            && hub.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        if !host {
            faults.push(format!("“{hub}” is not a host name"));
        }
    }
    faults
}
