//! Work orders and the permit they give: nothing is issued without one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::Name;

/// The most units one work order may hold, spare included.
pub const LARGEST_WORK_ORDER: u32 = 10_000_000;

/// A lot to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkOrder {
    /// Its name, unique for ever.
    pub name: Name,
    /// The recipe it runs.
    pub product: Name,
    /// How many devices are to pass.
    pub quantity: u32,
    /// How many issues beyond that re-work may use.
    pub spare: u32,
    /// The serial numbers it may hold, folded; empty if it may hold any, or where the list was not asked for.
    pub serials: Vec<String>,
    /// Where it stands.
    pub state: WorkOrderState,
    /// Who released it; empty until then.
    pub released_by: String,
}

/// Where a work order stands. Only one is active at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkOrderState {
    /// Written down; nobody has released it.
    Planned,
    /// Released by a person; slots run it.
    Active,
    /// Released, but the slots do not run it: another one took its place, or it is for the terminal alone.
    Paused,
    /// Done; never active again.
    Closed,
}

impl WorkOrderState {
    /// All states.
    pub const ALL: [WorkOrderState; 4] =
        [WorkOrderState::Planned, WorkOrderState::Active, WorkOrderState::Paused, WorkOrderState::Closed];

    /// The word in records and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkOrderState::Planned => "planned",
            WorkOrderState::Active => "active",
            WorkOrderState::Paused => "paused",
            WorkOrderState::Closed => "closed",
        }
    }
}

impl fmt::Display for WorkOrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no state.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a state of a work order")]
pub struct BadState(String);

impl FromStr for WorkOrderState {
    type Err = BadState;
    fn from_str(text: &str) -> Result<WorkOrderState, BadState> {
        WorkOrderState::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| BadState(text.to_owned()))
    }
}

impl WorkOrder {
    /// How many credentials may be issued under it in all.
    pub fn quota(&self) -> u32 {
        self.quantity.saturating_add(self.spare)
    }
}

/// The right to issue one credential, taken from a work order's quota in the transaction that records
/// the intent. It is not `Clone`: `ca::prepare` consumes it. Only `store` mints it (`tests/house_rules.rs`).
#[derive(Debug)]
#[must_use = "a permit that is not spent is a unit of the quota lost"]
pub struct IssuePermit {
    work_order: Name,
    holder: PermitHolder,
}

/// Whom a permit was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermitHolder {
    /// The run with this number.
    Run(u64),
    /// A row of the batch with this number.
    Batch(u64),
}

impl IssuePermit {
    /// Made by `store` when it has taken one unit from the quota.
    pub fn mint(work_order: Name, holder: PermitHolder) -> IssuePermit {
        IssuePermit { work_order, holder }
    }

    /// The work order the unit was taken from.
    pub fn work_order(&self) -> &Name {
        &self.work_order
    }

    /// Whom it was given to.
    pub fn holder(&self) -> PermitHolder {
        self.holder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_read_back() {
        for state in WorkOrderState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("open".parse::<WorkOrderState>().is_err());
    }
}
