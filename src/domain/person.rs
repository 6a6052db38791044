//! People, what they may do, and who stands behind a change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::Name;

/// What a person is trusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs a released work order.
    Operator,
    /// Products, work orders, batches, re-work.
    Engineer,
    /// People, secrets, CA.
    Administrator,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Role::Operator, Role::Engineer, Role::Administrator, Role::Auditor];

    /// The word in records and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Operator => "operator",
            Role::Engineer => "engineer",
            Role::Administrator => "administrator",
            Role::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no role.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a role; roles are operator, engineer, administrator and auditor")]
pub struct BadRole(String);

impl FromStr for Role {
    type Err = BadRole;
    fn from_str(text: &str) -> Result<Role, BadRole> {
        Role::ALL.into_iter().find(|r| r.as_str() == text).ok_or_else(|| BadRole(text.to_owned()))
    }
}

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginWay {
    /// Name and password, or PIN.
    #[default]
    Password,
    /// A scanned badge.
    Badge,
}

/// Who is responsible for a change; part of every audit entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Actor {
    /// A logged-in person on the pages.
    Person {
        /// Who.
        name: Name,
    },
    /// Somebody at the command line: the operating system's user, and the name they gave with `--as`.
    CommandLine {
        /// Operating-system user.
        os_user: String,
        /// The name given with `--as`.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Name>,
    },
    /// A slot, on behalf of whoever scanned for it or is on the line, or else of the person who released its work
    /// order.
    Slot {
        /// The slot.
        slot: Name,
        /// Who released the work order.
        released_by: String,
        /// Who scanned for it, or was on the line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operator: Option<Name>,
    },
    /// Another system, over the API.
    Client {
        /// Its name.
        name: Name,
    },
    /// The station itself: the outbox sender, start-up.
    Station,
}

impl Actor {
    /// The person who acts, if it is one whose name is known.
    pub fn person(&self) -> Option<&Name> {
        match self {
            Actor::Person { name } => Some(name),
            Actor::CommandLine { name, .. } => name.as_ref(),
            Actor::Slot { operator, .. } => operator.as_ref(),
            Actor::Client { .. } | Actor::Station => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Person { name } => write!(f, "{name}"),
            Actor::CommandLine { os_user, name: Some(name) } => write!(f, "{name} ({os_user})"),
            Actor::CommandLine { os_user, name: None } => write!(f, "{os_user}"),
            Actor::Client { name } => write!(f, "{name} (client)"),
            Actor::Slot { slot, operator: Some(operator), .. } => write!(f, "{operator} (slot {slot})"),
            Actor::Slot { slot, released_by, operator: None } => write!(f, "{released_by} (slot {slot})"),
            Actor::Station => f.write_str("station"),
        }
    }
}
