//! The files of each device are made once before anything is spent on it: a template that cannot be filled for one row
//! refuses that row, and one that cannot be filled at all stops the batch.

use std::sync::Arc;

use super::ask::{IssueAsk, Keys};
use super::bundle::BundleError;
use super::bundle::contents::Contents;
use super::failed::IssueFailed;
use super::plan::Planned;
use super::sharing::share;
use crate::ca::key::KeyPair;
use crate::device::render::RenderError;
use crate::domain::mac_address::MacAddress;
use crate::domain::secret::Secret;
use crate::station::batch::outcome::RowFault;
use crate::station::batch::table::Row;

/// A row that may get a certificate as far as it was looked at, or one that may not.
pub type Sorted = Result<Planned, (Row, RowFault)>;

/// A MAC address that no device has: locally administered.
const STAND_IN_MAC: &str = "02:00:00:00:00:01";

/// Makes the files of devices that have no certificate yet.
pub struct Rehearsal {
    contents: Arc<Contents>,
    /// In the place of the key the station will make.
    key: Option<Secret>,
    /// Whether the files of some device could be made.
    held: bool,
}

impl Rehearsal {
    /// With a key of the kind the station will make, if it makes them. `held` says that the files of some device of this
    /// batch were made before.
    pub fn new(ask: &IssueAsk, contents: Arc<Contents>, held: bool) -> Result<Rehearsal, IssueFailed> {
        let key = match ask.keys {
            Keys::FromRequests => None,
            Keys::Sealed(_) | Keys::Clear => Some(KeyPair::generate(ask.key_kind()?)?.pkcs8_pem()?),
        };
        Ok(Rehearsal { contents, key, held })
    }

    /// Refuses the rows whose files cannot be made.
    ///
    /// # Errors
    /// A fault of the recipe or the settings, which no row can mend. A template that fails for every row is such a fault
    /// until the files of some device could be made, unless it only lacks a MAC address.
    pub fn sort(&mut self, rows: Vec<Sorted>) -> Result<Vec<Sorted>, IssueFailed> {
        let tried = share(rows, |_, row: Sorted| {
            let Ok(planned) = row else { return Ok((row, None)) };
            match self.try_with(&planned, planned.mac.as_ref()) {
                Ok(()) => Ok((Ok(planned), None)),
                Err(BundleError::Render(fault)) if may_be_the_rows(&fault) => Ok((Ok(planned), Some(fault))),
                Err(fault) => Err(IssueFailed::from(fault)),
            }
        })?;
        self.held = self.held || tried.iter().any(|(row, fault)| row.is_ok() && fault.is_none());
        let first = tried.iter().find_map(|(row, fault)| row.as_ref().ok().filter(|_| fault.is_some()));
        if let Some(planned) = first.filter(|_| !self.held) {
            let mac = planned.mac.or_else(|| STAND_IN_MAC.parse().ok());
            self.try_with(planned, mac.as_ref())?;
        }
        let refuse = |(row, fault): (Sorted, Option<RenderError>)| match (row, fault) {
            (Ok(planned), Some(fault)) => {
                let fault = RowFault::new(planned.row.line, &fault);
                Err((planned.row, fault))
            }
            (row, _) => row,
        };
        Ok(tried.into_iter().map(refuse).collect())
    }

    fn try_with(&self, planned: &Planned, mac: Option<&MacAddress>) -> Result<(), BundleError> {
        self.contents.rehearse(&planned.identity, &planned.serial, mac, self.key.as_ref())
    }
}

/// Whether another row may fare better.
fn may_be_the_rows(fault: &RenderError) -> bool {
    match fault {
        RenderError::Failed { .. } | RenderError::TooLarge { .. } => true,
        RenderError::Unknown { .. } | RenderError::Unreadable { .. } | RenderError::NotThere { .. } => false,
    }
}
