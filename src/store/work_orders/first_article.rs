//! First articles of work orders: asked for, made by the first PASS, then confirmed or rejected by a person.

use super::{Progress, WorkOrderError, active, find, set_paused, state_of};
use crate::domain::audit_event::AuditEvent;
use crate::domain::first_article::{FirstArticle, FirstArticleState, WaitingArticle};
use crate::domain::name::Name;
use crate::domain::work_order::WorkOrderState;
use crate::store::change::Change;
use crate::store::columns::{Columns, sql_id};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::row_digest::Table;
use crate::store::{devices, runs};

/// The first article of a row.
pub(super) fn parse(columns: &Columns<'_>) -> Result<Option<FirstArticle>, StoreError> {
    let Some(state) = columns.optional("first_article")? else { return Ok(None) };
    Ok(Some(FirstArticle {
        state,
        run: columns.optional_number("first_article_run")?,
        by: columns.raw("first_article_by")?,
        reason: columns.raw("first_article_reason")?,
    }))
}

/// The product the slots run now or ran last; none before the first activation.
pub fn product_before(reader: &Reader<'_>) -> Result<Option<Name>, StoreError> {
    if let Some(now) = active(reader)? {
        return Ok(Some(now.order.product));
    }
    let sql = "SELECT product FROM work_order WHERE activated IS NOT NULL ORDER BY activated DESC LIMIT 1";
    reader.row("work_order", sql, [], |columns| columns.parsed("product"))
}

/// Asks for a first article of a work order that is not closed. The entry that vouches for it is the one of the
/// change it belongs to.
///
/// # Errors
/// [`WorkOrderError::State`] if it is closed.
pub fn ask(change: &mut Change<'_>, name: &Name) -> Result<(), WorkOrderError> {
    let state = state_of(change, name)?;
    if state == WorkOrderState::Closed {
        return Err(WorkOrderError::State { name: name.clone(), state });
    }
    change.execute(
        "UPDATE work_order SET first_article = 'asked', first_article_run = NULL, first_article_by = NULL,
                               first_article_reason = NULL
         WHERE name = ?1",
        [name.as_str()],
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}

/// Whether one is asked for and not confirmed.
pub(super) fn is_open(reader: &Reader<'_>, name: &Name) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM work_order WHERE name = ?1 AND first_article = 'asked'";
    Ok(reader.count(sql, [name.as_str()])? > 0)
}

/// A device passed under this work order: if a first article is to be made, this is it.
pub(in crate::store) fn passed(change: &mut Change<'_>, name: &Name, run: u64) -> Result<(), StoreError> {
    change.execute(
        "UPDATE work_order SET first_article_run = ?2
         WHERE name = ?1 AND first_article = 'asked' AND first_article_run IS NULL",
        (name.as_str(), sql_id(run)),
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}

/// A PASS stands no longer: if its device was the first article that waits, the next one to pass is.
pub(in crate::store) fn withdrawn(change: &mut Change<'_>, name: &Name, run: u64) -> Result<(), StoreError> {
    change.execute(
        "UPDATE work_order SET first_article_run = NULL
         WHERE name = ?1 AND first_article = 'asked' AND first_article_run = ?2",
        (name.as_str(), sql_id(run)),
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}

/// The first article of a work order that waits for somebody to look at it.
pub fn waiting(reader: &Reader<'_>, progress: &Progress) -> Result<Option<WaitingArticle>, StoreError> {
    let Some(run) = progress.first_article.as_ref().and_then(FirstArticle::waiting) else { return Ok(None) };
    let device = runs::get(reader, run)?.and_then(|run| run.device);
    let device = device.map(|device| devices::get(reader, device)).transpose()?.flatten();
    let serial = device.map(|device| device.serial.to_string()).unwrap_or_default();
    Ok(Some(WaitingArticle { work_order: progress.order.name.clone(), run, serial }))
}

/// The first article waits no longer: it is good. Records it.
///
/// # Errors
/// [`WorkOrderError::NoFirstArticle`] if none waits, [`WorkOrderError::OtherFirstArticle`] if it is another run's.
pub fn confirm(change: &mut Change<'_>, name: &Name, run: u64, by: &str) -> Result<(), WorkOrderError> {
    settle(change, name, run, by, FirstArticleState::Confirmed, None)?;
    change.record(AuditEvent::FirstArticleConfirmed { work_order: name.clone(), run });
    Ok(())
}

/// The first article is not good: the work order pauses. Records it with the reason.
///
/// # Errors
/// As [`confirm`].
pub fn reject(
    change: &mut Change<'_>,
    name: &Name,
    run: u64,
    by: &str,
    reason: &str,
) -> Result<(), WorkOrderError> {
    settle(change, name, run, by, FirstArticleState::Rejected, Some(reason))?;
    if state_of(change, name)? == WorkOrderState::Active {
        set_paused(change, name)?;
    }
    let (work_order, reason) = (name.clone(), reason.to_owned());
    change.record(AuditEvent::FirstArticleRejected { work_order, run, reason });
    Ok(())
}

fn settle(
    change: &mut Change<'_>,
    name: &Name,
    run: u64,
    by: &str,
    state: FirstArticleState,
    reason: Option<&str>,
) -> Result<(), WorkOrderError> {
    let row = find(change, name)?.ok_or_else(|| WorkOrderError::Unknown(name.clone()))?;
    let waits = row.first_article.as_ref().and_then(FirstArticle::waiting);
    match waits {
        None => return Err(WorkOrderError::NoFirstArticle),
        Some(other) if other != run => return Err(WorkOrderError::OtherFirstArticle { run }),
        Some(_) => {}
    }
    change.update_one(
        Table::WorkOrder,
        name.as_str(),
        "was changed in between",
        "UPDATE work_order SET first_article = ?2, first_article_by = ?3, first_article_reason = ?4
         WHERE name = ?1 AND first_article = 'asked'",
        (name.as_str(), state.as_str(), by, reason),
    )?;
    change.touch_text(Table::WorkOrder, name.as_str());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verdict::Verdict;
    use crate::store::runs::decide::{self, DecideError, Decision};
    use crate::store::runs::reserve::ReserveError;
    use crate::store::testing::{Bench, Failed, actor, at, cert_serial};
    use crate::store::work_orders;

    fn article(bench: &Bench) -> FirstArticle {
        bench.store.read(active).unwrap().unwrap().first_article.unwrap()
    }

    #[test]
    fn the_first_pass_is_the_first_article_and_the_next_one_is_if_that_is_withdrawn() {
        let bench = Bench::new();
        let lot: Name = "lot-1".parse().unwrap();
        bench.order("lot-1", 5, 2, &[]).unwrap();
        assert_eq!(bench.store.read(product_before).unwrap().unwrap().as_str(), "gateway-7");
        bench
            .store
            .change(&actor(), at(1), |change| {
                ask(change, &lot)?;
                work_orders::pause(change, &lot)?;
                work_orders::activate(change, &lot, "ada")
            })
            .unwrap();
        let none = bench.store.change(&actor(), at(1), |change| confirm(change, &lot, 1, "bob"));
        assert!(matches!(none, Err(WorkOrderError::NoFirstArticle)));
        // the second unit is under way already when the first one passes; a third one may not begin
        let second = bench.intend(2).unwrap().run;
        let first = bench.pass(1);
        bench.issued(cert_serial(2)).unwrap();
        bench.finish(second, Verdict::Pass).unwrap();
        assert_eq!(article(&bench).waiting(), Some(first));
        let third = bench.intend(3);
        assert!(
            matches!(&third, Err(Failed::Reserve(ReserveError::FirstArticleWaits { run, .. })) if *run == first),
            "{third:?}"
        );
        bench
            .store
            .change(&actor(), at(5), |change| {
                decide::decide(change, first, Decision::Scrap, "broken")?;
                Ok::<_, DecideError>(())
            })
            .unwrap();
        assert_eq!(article(&bench).waiting(), None);
        let third = bench.pass(3);
        let other = bench.store.change(&actor(), at(6), |change| confirm(change, &lot, second, "bob"));
        assert!(matches!(other, Err(WorkOrderError::OtherFirstArticle { .. })));
        bench.store.change(&actor(), at(6), |change| confirm(change, &lot, third, "bob")).unwrap();
        let confirmed = article(&bench);
        assert_eq!((confirmed.state, confirmed.by.as_deref()), (FirstArticleState::Confirmed, Some("bob")));
        assert_eq!(confirmed.waiting(), None);
    }

    #[test]
    fn a_rejected_first_article_pauses_its_order() {
        let bench = Bench::with_order();
        let lot: Name = "lot-1".parse().unwrap();
        bench
            .store
            .change(&actor(), at(1), |change| {
                ask(change, &lot)?;
                work_orders::pause(change, &lot)?;
                work_orders::activate(change, &lot, "ada")
            })
            .unwrap();
        let run = bench.pass(1);
        bench
            .store
            .change(&actor(), at(6), |change| reject(change, &lot, run, "ada", "wrong label"))
            .unwrap();
        assert!(bench.store.read(active).unwrap().is_none());
        assert_eq!(bench.store.read(product_before).unwrap().unwrap().as_str(), "gateway-7");
        let row = bench.store.read(|r| find(r, &lot)).unwrap().unwrap();
        assert_eq!(row.order.state, WorkOrderState::Paused);
        assert_eq!(row.first_article.unwrap().reason.as_deref(), Some("wrong label"));
    }
}
