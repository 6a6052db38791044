//! `[ceremony]` of `station.toml`.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CeremonyPart {
    pub(super) second_administrator: bool,
}

/// Its explanation in the generated file.
pub(super) const EXPLAINED: &str = r#"
# The rule of two people: use of the root's key and installation of an issuing CA are confirmed by another
# administrator (--second NAME, with their own password).
# [ceremony]
# second_administrator = true
"#;
