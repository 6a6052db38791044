//! Units of a work order by the thousand: taken with the intent, given back where nothing was signed that counts.

use super::super::change::Change;
use super::super::columns::sql_id;
use super::super::error::StoreError;
use super::super::row_digest::Table;
use super::super::runs::reserve::ReserveError;
use super::super::work_orders;
use crate::domain::first_article::FirstArticle;
use crate::domain::name::Name;
use crate::domain::pair::Pair;
use crate::domain::work_order::{IssuePermit, PermitHolder, WorkOrderState};

/// Takes up to `wanted` units of a released work order for rows of a batch, as many as are left, and mints the permits
/// of each: two where a unit has two certificates.
///
/// # Errors
/// [`ReserveError`] if the order is unknown, not released, for another product, or waits for its first article.
pub fn take(
    change: &mut Change<'_>,
    name: &Name,
    product: &Name,
    batch: u64,
    wanted: usize,
    two: bool,
) -> Result<Vec<Pair<IssuePermit>>, ReserveError> {
    let progress =
        work_orders::head(change, name)?.ok_or_else(|| ReserveError::WorkOrderUnknown(name.clone()))?;
    let order = &progress.order;
    match order.state {
        WorkOrderState::Active | WorkOrderState::Paused => {}
        WorkOrderState::Planned | WorkOrderState::Closed => {
            let state = order.state.as_str();
            return Err(ReserveError::WorkOrderNotActive { name: name.clone(), state });
        }
    }
    if let Some(run) = progress.first_article.as_ref().and_then(FirstArticle::waiting) {
        return Err(ReserveError::FirstArticleWaits { work_order: name.clone(), run });
    }
    if order.product != *product {
        let (wanted, found) = (order.product.clone(), product.clone());
        return Err(ReserveError::OtherProduct { work_order: name.clone(), wanted, found });
    }
    let left = usize::try_from(order.quota().saturating_sub(progress.issued)).unwrap_or(usize::MAX);
    let units = wanted.min(left);
    if units > 0 {
        change.update_one(
            Table::WorkOrder,
            name.as_str(),
            "has not so many units left",
            "UPDATE work_order SET issued = issued + ?2 WHERE name = ?1 AND issued + ?2 <= quantity + spare",
            (name.as_str(), i64::try_from(units).unwrap_or(i64::MAX)),
        )?;
        change.touch_text(Table::WorkOrder, name.as_str());
    }
    let permit = || IssuePermit::mint(name.clone(), PermitHolder::Batch(batch));
    Ok((0..units).map(|_| Pair { primary: permit(), secondary: two.then(permit) }).collect())
}

/// Gives units back: their numbers are void, and no certificate of them can count.
pub(super) fn give_back(change: &mut Change<'_>, name: &Name, units: u64) -> Result<(), StoreError> {
    change.update_one(
        Table::WorkOrder,
        name.as_str(),
        "has not issued so many",
        "UPDATE work_order SET issued = issued - ?2 WHERE name = ?1 AND issued >= ?2",
        (name.as_str(), sql_id(units)),
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}
