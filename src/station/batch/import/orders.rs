//! Tables of work orders: few enough to be held in memory and written down in one change.

use std::collections::HashMap;

use super::fault::{BadRow, ImportFailed};
use super::judge::Tally;
use super::plan::Plan;
use super::take::Writing;
use super::{ImportAsk, Importing};
use crate::domain::batch::BatchState;
use crate::domain::name::Name;
use crate::domain::work_order::LARGEST_WORK_ORDER;
use crate::station::batch::outcome::{Outcome, RowFault};
use crate::station::batch::result_file::{self, Fate};
use crate::station::batch::table::{Column, Row, Table};
use crate::station::clock;
use crate::station::folder::Folder;
use crate::station::products;
use crate::store::Store;
use crate::store::batches::{self, Ended};
use crate::store::error::StoreError;
use crate::store::work_orders::{self, NewWorkOrder};

/// The most work orders one table may hold.
pub const MOST_ORDERS: usize = 10_000;

/// A work order as a row says it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    name: Name,
    product: Name,
    quantity: u32,
    spare: u32,
}

#[derive(Debug)]
enum Judged {
    New(Order),
    Unchanged,
    Refused(RowFault),
}

/// A table of work orders, judged.
pub struct Orders {
    /// What becomes of its rows.
    pub tally: Tally,
    rows: Vec<Judged>,
}

/// Reads and judges a whole table.
///
/// # Errors
/// [`ImportFailed::TooManyOrders`]; a table that cannot be read.
pub fn read(
    store: &Store,
    folder: &Folder,
    ask: &ImportAsk<'_>,
    plan: &Plan,
) -> Result<Orders, ImportFailed> {
    let mut table = Table::open(ask.file)?;
    let mut row = Row::default();
    let mut lines: Vec<(u64, Result<Order, RowFault>)> = Vec::new();
    let mut named: HashMap<Name, Vec<u64>> = HashMap::new();
    let mut recipes: HashMap<Name, Result<(), RowFault>> = HashMap::new();
    while table.next(&mut row)? {
        if lines.len() == MOST_ORDERS {
            return Err(ImportFailed::TooManyOrders(MOST_ORDERS));
        }
        let order = order(plan, &row).and_then(|order| {
            let recipe = recipes.entry(order.product.clone()).or_insert_with(|| {
                products::find(folder, &order.product).map(|_| ()).map_err(|e| RowFault::new(row.line, &e))
            });
            recipe.clone().map_err(|fault| RowFault { line: row.line, ..fault })?;
            Ok(order)
        });
        if let Ok(order) = &order {
            named.entry(order.name.clone()).or_default().push(row.line);
        }
        lines.push((row.line, order));
    }
    let mut tally = Tally::default();
    let rows = store.read(|reader| {
        let mut rows = Vec::with_capacity(lines.len());
        for (line, order) in lines {
            let twin = order.as_ref().ok().and_then(|order| {
                named.get(&order.name).and_then(|same| same.iter().find(|other| **other != line))
            });
            let judged = match (order, twin) {
                (Err(fault), _) => Judged::Refused(fault),
                (Ok(_), Some(other)) => {
                    let what = "work order";
                    Judged::Refused(RowFault::new(line, &BadRow::Twice { what, other: *other }))
                }
                (Ok(order), None) => match work_orders::head(reader, &order.name)?.map(|known| known.order) {
                    None => Judged::New(order),
                    Some(known)
                        if known.product == order.product
                            && known.quantity == order.quantity
                            && known.spare == order.spare =>
                    {
                        Judged::Unchanged
                    }
                    Some(_) => {
                        let bad = BadRow::OrderDiffers(order.name.to_string());
                        Judged::Refused(RowFault::new(line, &bad))
                    }
                },
            };
            tally.rows += 1;
            match &judged {
                Judged::New(_) => tally.new += 1,
                Judged::Unchanged => tally.unchanged += 1,
                Judged::Refused(fault) => tally.refuse(fault),
            }
            rows.push(judged);
        }
        Ok::<_, StoreError>(rows)
    })?;
    Ok(Orders { tally, rows })
}

fn order(plan: &Plan, row: &Row) -> Result<Order, RowFault> {
    if let Some(fault) = row.fault(plan.header()) {
        return Err(fault);
    }
    let refused = |bad: &BadRow| RowFault::new(row.line, bad);
    let name = |column| {
        let text = plan.demanded(row, column).map_err(|bad| refused(&bad))?;
        text.parse::<Name>().map_err(|bad| RowFault::new(row.line, &bad))
    };
    let number = |column: &'static str, text: &str| {
        let found = text.parse::<u32>().ok().filter(|number| *number <= LARGEST_WORK_ORDER);
        found.ok_or_else(|| refused(&BadRow::Number { column, text: text.chars().take(20).collect() }))
    };
    let (order, product) = (name(Column::WorkOrder)?, name(Column::Product)?);
    let text = plan.demanded(row, Column::Quantity).map_err(|bad| refused(&bad))?;
    let quantity = number("quantity", text)?;
    let spare = row.get(plan.header(), Column::Spare).map_or(Ok(0), |text| number("spare", text))?;
    if quantity == 0 || quantity.saturating_add(spare) > LARGEST_WORK_ORDER {
        return Err(refused(&BadRow::Number { column: "quantity", text: text.to_owned() }));
    }
    Ok(Order { name: order, product, quantity, spare })
}

/// Writes the work orders of a table down as planned.
pub fn import(importing: &Importing<'_>) -> Result<Outcome, ImportFailed> {
    let Importing { store, ask, plan, batch, .. } = *importing;
    let Orders { tally, rows } = read(store, importing.folder, ask, plan)?;
    let taken = ask.partial || tally.refused == 0;
    let result = tell(importing, &rows, taken)?;
    if !taken {
        importing.refuse(&tally, result.digest())?;
        let path = result.put_in_place()?;
        return Ok(importing.outcome(BatchState::Failed, tally, path));
    }
    let ended = Ended {
        state: BatchState::Done,
        good: tally.new + tally.unchanged,
        refused: tally.refused,
        code: None,
        input_digest: None,
        output_digest: Some(result.digest()),
    };
    store.change(importing.actor, clock::now(), |change| {
        for judged in &rows {
            if let Judged::New(Order { name, product, quantity, spare }) = judged {
                let (quantity, spare) = (*quantity, *spare);
                work_orders::add(change, &NewWorkOrder { name, product, quantity, spare, serials: &[] })?;
            }
        }
        batches::end(change, batch, &ended)?;
        Ok::<_, ImportFailed>(())
    })?;
    let path = result.put_in_place()?;
    Ok(importing.outcome(BatchState::Done, tally, path))
}

fn tell(
    importing: &Importing<'_>,
    judged: &[Judged],
    taken: bool,
) -> Result<super::take::Written, ImportFailed> {
    let Importing { ask, plan, .. } = *importing;
    let mut result = Writing::begin(&result_file::beside(ask.file), plan.header())?;
    let mut table = Table::open(ask.file)?;
    let mut row = Row::default();
    for judged in judged {
        if !table.next(&mut row)? {
            return Err(ImportFailed::Changed);
        }
        let fate = match judged {
            Judged::New(_) if taken => Fate::Good { registration_id: None },
            Judged::New(_) => Fate::NotTaken,
            Judged::Unchanged => Fate::Unchanged { registration_id: None },
            Judged::Refused(fault) => Fate::Refused(fault),
        };
        result.row(&row, &fate)?;
    }
    result.finish()
}
