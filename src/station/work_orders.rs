//! Work orders: written down, released to the slots, paused, closed; and the first article a person looks at.
//! What is refused goes on record.

use crate::domain::code::{Code, Coded};
use crate::domain::first_article::{FirstArticleState, WaitingArticle};
use crate::domain::name::{BadName, Name};
use crate::domain::reason::{NoReason, Reason};
use crate::domain::serial_number::{BadSerial, SerialNumber, SerialRule};
use crate::station::authority::{Authority, Engineering, Operating};
use crate::station::clock;
use crate::station::folder::Folder;
use crate::station::products::{self, RecipeError};
use crate::station::refusals;
use crate::station::slots::Floor;
use crate::store::Store;
use crate::store::change::Change;
use crate::store::work_orders::{self, NewWorkOrder, WorkOrderError, closing, first_article};

/// A new work order as a person typed it.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// Its name.
    pub name: &'a str,
    /// The recipe it runs.
    pub product: &'a str,
    /// How many devices are to pass.
    pub quantity: &'a str,
    /// How many more credentials re-work may use; empty means none.
    pub spare: &'a str,
    /// The serial numbers it may hold, one a line; empty allows any.
    pub serials: &'a str,
    /// Whether its first article is to be looked at whatever ran before.
    pub first_article: bool,
}

/// Why a work order cannot be written down as typed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the values the messages name")]
pub enum DraftError {
    #[error(transparent)]
    Name(#[from] BadName),
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error("“{0}” is not a whole number of units")]
    Number(String),
    #[error("serial number in line {line}: {why}")]
    Serial { line: usize, why: BadSerial },
    #[error(transparent)]
    Refused(#[from] WorkOrderError),
}

impl Coded for DraftError {
    fn code(&self) -> Code {
        match self {
            DraftError::Name(error) => error.code(),
            DraftError::Recipe(error) => error.code(),
            DraftError::Number(_) => Code::WorkOrderSize,
            DraftError::Serial { line: _, why } => why.code(),
            DraftError::Refused(error) => error.code(),
        }
    }
}

/// When activation asks for a first article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskFirstArticle {
    /// When the slots ran another product before.
    OnChangeover,
    /// Whatever they ran before.
    Always,
    /// Only if it was asked for when the order was written down, or the last one was rejected.
    OnlyIfOwed,
}

/// Why a work order cannot be closed, or a first article not be rejected.
#[derive(Debug, thiserror::Error)]
pub enum ReasonedError {
    /// The reason.
    #[error(transparent)]
    Reason(#[from] NoReason),
    /// The rest.
    #[error(transparent)]
    Refused(#[from] WorkOrderError),
}

impl Coded for ReasonedError {
    fn code(&self) -> Code {
        match self {
            ReasonedError::Reason(error) => error.code(),
            ReasonedError::Refused(error) => error.code(),
        }
    }
}

/// Writes down what a person typed, under the name they gave it.
///
/// # Errors
/// See [`DraftError`]; nothing is written then.
pub fn add_as_typed(
    store: &Store,
    folder: &Folder,
    right: &Engineering,
    draft: &Draft<'_>,
) -> Result<Name, DraftError> {
    let name: Name = draft.name.trim().parse()?;
    let product: Name = draft.product.trim().parse()?;
    let quantity = units(draft.quantity)?;
    let spare = if draft.spare.trim().is_empty() { 0 } else { units(draft.spare)? };
    let rule = products::find(folder, &product)?.product.identify.serial_rule;
    let serials = serials(draft.serials, &rule)?;
    let order = NewWorkOrder { name: &name, product: &product, quantity, spare, serials: &serials };
    add(store, right, &order, draft.first_article)?;
    Ok(name)
}

fn units(text: &str) -> Result<u32, DraftError> {
    let text = text.trim();
    text.parse().map_err(|_| DraftError::Number(text.chars().take(20).collect()))
}

/// The serial numbers of a text, one a line; empty lines do not count.
///
/// # Errors
/// [`DraftError::Serial`] with the number of the line, counted from 1.
pub fn serials(text: &str, rule: &SerialRule) -> Result<Vec<SerialNumber>, DraftError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| rule.parse(line).map_err(|why| DraftError::Serial { line: at + 1, why })).collect()
}

/// Writes a work order down; with a first article asked for whatever ran before, if so said.
///
/// # Errors
/// See [`WorkOrderError`].
pub fn add(
    store: &Store,
    right: &Engineering,
    order: &NewWorkOrder<'_>,
    first_article: bool,
) -> Result<(), WorkOrderError> {
    change(store, right, &format!("new work order {}", order.name), |change| {
        work_orders::add(change, order)?;
        if first_article {
            first_article::ask(change, order.name)?;
        }
        Ok(())
    })
}

/// Releases a work order to the slots, in the name of whoever acts; whether its first article is to be looked at.
///
/// # Errors
/// [`WorkOrderError::State`] if it is active or closed.
pub fn activate(
    store: &Store,
    right: &Engineering,
    name: &Name,
    ask: AskFirstArticle,
) -> Result<bool, WorkOrderError> {
    let person = right.actor().to_string();
    change(store, right, &format!("activation of work order {name}"), |change| {
        let order = work_orders::find(change, name)?.ok_or_else(|| WorkOrderError::Unknown(name.clone()))?;
        let before = first_article::product_before(change)?;
        let state = order.first_article.map(|article| article.state);
        let owed = match (ask, state) {
            (_, Some(FirstArticleState::Rejected)) | (AskFirstArticle::Always, _) => true,
            (AskFirstArticle::OnChangeover, _) => before.is_some_and(|before| before != order.order.product),
            (AskFirstArticle::OnlyIfOwed, _) => false,
        };
        if owed {
            first_article::ask(change, name)?;
        }
        work_orders::activate(change, name, &person)?;
        Ok(owed || state == Some(FirstArticleState::Asked))
    })
}

/// Takes a work order from the slots; devices under way go on to their verdict.
///
/// # Errors
/// [`WorkOrderError::State`] unless it is active.
pub fn pause(store: &Store, right: &Engineering, name: &Name) -> Result<(), WorkOrderError> {
    change(store, right, &format!("pausing of work order {name}"), |change| work_orders::pause(change, name))
}

/// Closes a work order for ever; `short` allows that fewer devices passed than were ordered.
///
/// # Errors
/// [`WorkOrderError::Short`]; [`WorkOrderError::Unsettled`] if the cloud lacks something of it or a run of it has no
/// verdict.
pub fn close(store: &Store, right: &Engineering, name: &Name, short: bool) -> Result<(), WorkOrderError> {
    change(store, right, &format!("closing of work order {name}"), |change| {
        closing::close(change, name, short)
    })
}

/// Closes a work order for ever whatever stands against it; the reason goes on record.
///
/// # Errors
/// [`ReasonedError`]: the reason, or an order that is closed already.
pub fn close_despite(
    store: &Store,
    right: &Engineering,
    name: &Name,
    reason: &str,
) -> Result<(), ReasonedError> {
    let reason: Reason = reason.parse()?;
    change(store, right, &format!("closing of work order {name}"), |change| {
        closing::close_despite(change, name, reason.as_str())
    })?;
    Ok(())
}

/// Confirms the first article that waits at the slots, whichever it is: for a scanned command.
///
/// # Errors
/// [`WorkOrderError::NoFirstArticle`] if none waits.
pub fn confirm_first_article(floor: &Floor, right: &Operating) -> Result<WaitingArticle, WorkOrderError> {
    change(&floor.store, right, "confirmation of the first article", |change| {
        let active = work_orders::active(change)?.ok_or(WorkOrderError::NoFirstArticle)?;
        let waiting = first_article::waiting(change, &active)?.ok_or(WorkOrderError::NoFirstArticle)?;
        let by = right.actor().to_string();
        first_article::confirm(change, &waiting.work_order, waiting.run, &by)?;
        Ok(waiting)
    })
}

/// Confirms the first article of this run: for a person who has its page before them.
///
/// # Errors
/// [`WorkOrderError::OtherFirstArticle`] if another one waits by now.
pub fn confirm_first_article_of(
    store: &Store,
    right: &Operating,
    name: &Name,
    run: u64,
) -> Result<(), WorkOrderError> {
    change(store, right, &format!("confirmation of the first article of {name}"), |change| {
        first_article::confirm(change, name, run, &right.actor().to_string())
    })
}

/// Rejects the first article of this run: the work order pauses, and the next activation asks for another one.
///
/// # Errors
/// As [`confirm_first_article_of`]; the reason.
pub fn reject_first_article(
    store: &Store,
    right: &Engineering,
    name: &Name,
    run: u64,
    reason: &str,
) -> Result<(), ReasonedError> {
    let reason: Reason = reason.parse()?;
    change(store, right, &format!("rejection of the first article of {name}"), |change| {
        first_article::reject(change, name, run, &right.actor().to_string(), reason.as_str())
    })?;
    Ok(())
}

/// One change in the name of whoever holds the right; a refusal goes on record as well.
fn change<T>(
    store: &Store,
    right: &impl Authority,
    what: &str,
    work: impl FnOnce(&mut Change<'_>) -> Result<T, WorkOrderError>,
) -> Result<T, WorkOrderError> {
    let (actor, now) = (right.actor(), clock::now());
    let done = store.change(actor, now, work);
    match &done {
        // records that cannot be used refuse nobody, and nothing can be put on record there
        Ok(_) | Err(WorkOrderError::Store(_)) => {}
        Err(error) => refusals::record(store, actor, now, what, error),
    }
    done
}
