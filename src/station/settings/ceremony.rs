//! `[ceremony]` of `station.toml`.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CeremonyPart {
    pub(super) second_administrator: bool,
}

/// Its explanation in the generated file.
pub(super) const EXPLAINED: &str = r#"
# The rule of two people: for use of the root's key, installation of an issuing CA and a new administrator two
# administrators give their passwords at the command line (--as NAME --second NAME).
# [ceremony]
# second_administrator = true
"#;
