//! What a profile makes certificates for: devices, or proofs that we hold a CA's key. Each has a form of its own, and
//! neither is ever taken for the other.

use std::fmt;

use serde::Deserialize;
use toml::Spanned;

use super::at::At;
use super::{BadProfile, Fault};

/// The two uses of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeFor {
    /// Identities of devices: what a profile is for that does not say otherwise.
    Devices,
    /// Proofs of possession of a CA's key.
    Proof,
}

impl fmt::Display for MadeFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MadeFor::Devices => "devices",
            MadeFor::Proof => "proofs of possession of a CA",
        })
    }
}

/// The part of the file that says it; the rest is read by those who know the form.
#[derive(Deserialize)]
struct UseFile {
    #[serde(rename = "use")]
    made_for: Option<Spanned<String>>,
}

/// What the profile of this text is for.
pub(super) fn of(text: &str) -> Result<MadeFor, BadProfile> {
    let at = At { text };
    let file: UseFile = at.read()?;
    let Some(word) = file.made_for else { return Ok(MadeFor::Devices) };
    match word.get_ref().as_str() {
        "devices" => Ok(MadeFor::Devices),
        "proof-of-possession" => Ok(MadeFor::Proof),
        other => {
            let fault = Fault::Word { found: other.to_owned(), known: "devices, proof-of-possession" };
            Err(at.fault("use", word.span(), fault))
        }
    }
}

/// Refuses a profile that is for something else.
pub(super) fn must_be(wanted: MadeFor, text: &str) -> Result<(), BadProfile> {
    let found = of(text)?;
    if found == wanted { Ok(()) } else { Err(BadProfile::Use { found, wanted }) }
}
