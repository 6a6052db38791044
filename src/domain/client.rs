//! Other systems that may ask the station something over its API: what each is allowed. Releasing a work order to
//! the slots is none of it: that stays with a person.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing a client may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Devices, results, work orders and metrics.
    Read,
    /// Work orders in, and closed when they are complete.
    Orders,
}

impl Right {
    /// All rights.
    pub const ALL: [Right; 2] = [Right::Read, Right::Orders];

    /// The word in records and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::Read => "read",
            Right::Orders => "orders",
        }
    }
}

/// What a client is allowed: at least one right, as text `read,orders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rights(BTreeSet<Right>);

/// Why a text names no rights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” names no rights; rights are read and orders, joined by a comma")]
pub struct BadRights(String);

impl Rights {
    /// These rights, if there is any.
    pub fn of(rights: impl IntoIterator<Item = Right>) -> Option<Rights> {
        let rights: BTreeSet<Right> = rights.into_iter().collect();
        (!rights.is_empty()).then_some(Rights(rights))
    }

    /// Whether this one is among them.
    pub fn allow(&self, right: Right) -> bool {
        self.0.contains(&right)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|right| right.as_str()).collect();
        f.write_str(&words.join(","))
    }
}

impl FromStr for Rights {
    type Err = BadRights;
    fn from_str(text: &str) -> Result<Rights, BadRights> {
        let bad = || BadRights(text.chars().take(64).collect());
        let find = |word: &str| Right::ALL.into_iter().find(|right| right.as_str() == word.trim());
        let rights: Option<Vec<Right>> = text.split(',').map(find).collect();
        rights.and_then(Rights::of).ok_or_else(bad)
    }
}

impl TryFrom<String> for Rights {
    type Error = BadRights;
    fn try_from(text: String) -> Result<Rights, BadRights> {
        text.parse()
    }
}

impl From<Rights> for String {
    fn from(rights: Rights) -> String {
        rights.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_a_set_with_one_spelling() {
        let rights: Rights = "orders, read,orders".parse().unwrap();
        assert_eq!(rights.to_string(), "read,orders");
        assert!(rights.allow(Right::Read) && rights.allow(Right::Orders));
        let one: Rights = "orders".parse().unwrap();
        assert!(one.allow(Right::Orders) && !one.allow(Right::Read));
        // to release an order is for a person
        for bad in ["", ",", "read,", "Read", "all", "release", "orders,release"] {
            assert!(bad.parse::<Rights>().is_err(), "{bad}");
        }
    }
}
