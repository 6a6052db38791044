//! What an engineer may change of an enrollment before it is sent: where the device is sent and what its twin
//! begins with. Registration ID, device ID and credential are never among it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::code::{Code, Coded};
use crate::domain::product::{Allocation, Enroll, enroll_rules};

/// The most bytes of JSON that tags and desired properties may have together.
const LARGEST_TWIN: usize = 32 * 1024;
/// The most hubs that may be named.
const MOST_HUBS: usize = 50;

/// What takes the place of what the recipe says; all of it at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// The allocation policy in Azure's word.
    allocation: String,
    /// Host names of the hubs it may go to.
    hubs: Vec<String>,
    /// Initial tags of its twin.
    tags: Map<String, Value>,
    /// Initial desired properties of its twin.
    desired: Map<String, Value>,
}

/// What is wrong with an amendment: every fault found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change is not usable: {}", .0.join("; "))]
pub struct BadAmendment(pub Vec<String>);

impl Coded for BadAmendment {
    fn code(&self) -> Code {
        Code::AmendmentInvalid
    }
}

/// An amendment as a person wrote it down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The allocation policy.
    pub allocation: String,
    /// Hubs, separated by white space or commas.
    pub hubs: String,
    /// Tags as a JSON object; nothing stands for an empty one.
    pub tags: String,
    /// Desired properties as a JSON object; nothing stands for an empty one.
    pub desired: String,
}

impl Draft {
    /// What the recipe says, to begin with.
    pub fn of(enroll: &Enroll) -> Draft {
        let pretty = |map: &Map<String, Value>| {
            if map.is_empty() { String::new() } else { format!("{:#}", Value::Object(map.clone())) }
        };
        Draft {
            allocation: enroll.allocation.as_str().to_owned(),
            hubs: enroll.hubs.join("\n"),
            tags: pretty(&enroll.tags),
            desired: pretty(&enroll.desired),
        }
    }

    /// Checks it by the rules that recipes are checked by.
    pub fn check(&self) -> Result<Amendment, BadAmendment> {
        let mut faults = Vec::new();
        let allocation = Allocation::find(self.allocation.trim());
        if allocation.is_none() {
            faults.push(format!("allocation: “{}” is not a policy", self.allocation.trim()));
        }
        let separators = |c: char| c.is_whitespace() || c == ',';
        let hubs: Vec<String> =
            self.hubs.split(separators).filter(|hub| !hub.is_empty()).map(str::to_owned).collect();
        if hubs.len() > MOST_HUBS {
            faults.push(format!("hubs: at most {MOST_HUBS}"));
        }
        faults
            .extend(enroll_rules::hub_faults(allocation, &hubs).iter().map(|fault| format!("hubs: {fault}")));
        let tags = object("tags", &self.tags, &mut faults);
        let desired = object("desired", &self.desired, &mut faults);
        if self.tags.len() + self.desired.len() > LARGEST_TWIN {
            faults.push(format!("the twin has more than {LARGEST_TWIN} bytes"));
        }
        match allocation {
            Some(allocation) if faults.is_empty() => {
                Ok(Amendment { allocation: allocation.as_str().to_owned(), hubs, tags, desired })
            }
            _ => Err(BadAmendment(faults)),
        }
    }
}

impl Amendment {
    /// Puts it in the place of what the recipe says; leaves everything if its policy is none of ours.
    pub fn apply(&self, enroll: &mut Enroll) -> Result<(), BadAmendment> {
        let Amendment { allocation, hubs, tags, desired } = self;
        let Some(allocation) = Allocation::find(allocation) else {
            return Err(BadAmendment(vec![format!("allocation: “{allocation}” is not a policy")]));
        };
        enroll.allocation = allocation;
        enroll.hubs.clone_from(hubs);
        enroll.tags.clone_from(tags);
        enroll.desired.clone_from(desired);
        Ok(())
    }
}

fn object(part: &str, text: &str, faults: &mut Vec<String>) -> Map<String, Value> {
    if text.trim().is_empty() {
        return Map::new();
    }
    let map = match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(map) => map,
        Err(error) => {
            faults.push(format!("{part}: not a JSON object ({error})"));
            return Map::new();
        }
    };
    for name in map.keys().filter(|name| !enroll_rules::is_twin_name(name)) {
        faults.push(format!("{part}: Azure does not allow the name “{name}”"));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            allocation: "static".to_owned(),
            hubs: " hub-b.azure-devices.net ".to_owned(),
            tags: "{\"site\":\"north\"}".to_owned(),
            desired: String::new(),
        }
    }

    #[test]
    fn a_good_draft_takes_the_place_of_what_the_recipe_says() {
        let amendment = draft().check().unwrap();
        assert_eq!(amendment.hubs, ["hub-b.azure-devices.net"]);
        let text = serde_json::to_string(&amendment).unwrap();
        assert_eq!(serde_json::from_str::<Amendment>(&text).unwrap(), amendment);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let bad = Draft {
            allocation: "nearest".to_owned(),
            hubs: "hub a;b".to_owned(),
            tags: "[1]".to_owned(),
            desired: "{\"$version\":1}".to_owned(),
        };
        let BadAmendment(faults) = bad.check().unwrap_err();
        for part in ["nearest", "a;b", "tags: not a JSON object", "$version"] {
            assert!(faults.iter().any(|fault| fault.contains(part)), "{part}: {faults:?}");
        }
        let two = Draft { hubs: "a, b".to_owned(), ..draft() };
        assert_eq!(two.check().unwrap_err().0, ["hubs: static allocation needs exactly one hub"]);
        let large = Draft { desired: format!("{{\"a\":\"{}\"}}", "x".repeat(LARGEST_TWIN)), ..draft() };
        assert!(large.check().is_err());
    }
}
