//! The serial numbers of a work order as the input of a batch.

use std::path::{Path, PathBuf};

use super::failed::IssueFailed;
use crate::domain::name::Name;
use crate::durable;
use crate::store::Store;
use crate::store::runs::reserve::ReserveError;
use crate::store::work_orders;

/// Writes the list of a work order beside the output; the same list gives the same file, so that a batch that was cut
/// off finds it again.
pub fn write(store: &Store, order: &Name, output: &Path) -> Result<PathBuf, IssueFailed> {
    let found = store.read(|r| work_orders::head(r, order))?;
    if found.is_none() {
        return Err(ReserveError::WorkOrderUnknown(order.clone()).into());
    }
    let serials = store.read(|r| work_orders::listed_serials(r, order))?;
    if serials.is_empty() {
        return Err(IssueFailed::NoList(order.clone()));
    }
    let mut text = String::from("serial\n");
    for serial in serials {
        text.push_str(&serial);
        text.push('\n');
    }
    let path = output.with_extension("serials.csv");
    durable::replace(&path, text.as_bytes(), durable::PRIVATE)
        .map_err(|cause| IssueFailed::Write { path: path.clone(), cause })?;
    Ok(path)
}
