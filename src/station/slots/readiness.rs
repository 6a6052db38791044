//! Whether a slot may touch a device at all, and what is to be done with the next one.

use std::sync::Arc;

use crate::domain::first_article::WaitingArticle;
use crate::domain::name::Name;
use crate::domain::product::Credential;
use crate::station::board::WhyNot;
use crate::station::clock;
use crate::station::keys::Unlocked;
use crate::station::labels::plan;
use crate::station::products::{self, Recipe};
use crate::station::profiles;
use crate::station::slots::Floor;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::work_orders::{self, Progress, first_article};

/// What is to be done with the next device.
pub struct Task {
    /// The keys.
    pub keys: Arc<Unlocked>,
    /// The recipe of the active work order.
    pub recipe: Recipe,
    /// The certificate profile it names, as text (X.509 only).
    pub profile_text: Option<String>,
    /// The active work order.
    pub work_order: Name,
    /// Who released it.
    pub released_by: String,
}

/// What is needed before a device may be touched; else what is missing.
pub fn ready(floor: &Floor) -> Result<Task, WhyNot> {
    let keys = floor.keys.current().ok_or(WhyNot::Locked)?;
    let (active, article) = floor.store.read(active).map_err(|e| WhyNot::because(&e))?;
    if let Some(WaitingArticle { work_order: order, serial, run: _ }) = article {
        return Err(WhyNot::FirstArticle { order, serial });
    }
    let order = active.ok_or(WhyNot::NoWorkOrder)?.order;
    if floor.settings.pages.operator_required {
        let present = floor.store.read(|r| floor.shift.present(r, clock::now()));
        present.map_err(|e| WhyNot::because(&e))?.ok_or(WhyNot::NobodyOnTheLine)?;
    }
    let recipe = products::find(&floor.folder, &order.product).map_err(|e| WhyNot::because(&e))?;
    let ends = keys.issuer.not_after();
    products::fits_issuer(&floor.folder, &recipe.product, ends).map_err(|e| WhyNot::because(&e))?;
    if let Some(label) = &recipe.product.label {
        plan::printer(&floor.settings, label).map_err(|e| WhyNot::because(&e))?;
    }
    let profile_text = match &recipe.product.credential {
        Credential::X509 { profile, .. } => {
            Some(profiles::text(&floor.folder, profile).map_err(|e| WhyNot::because(&e))?)
        }
        Credential::GroupKey { .. } => None,
    };
    Ok(Task { keys, recipe, profile_text, work_order: order.name, released_by: order.released_by })
}

/// What is to be done with a unit that ran before under this work order and is to run again where it is: the recipe
/// as it is now, under the same work order. Else nothing, for the reason that the error names.
///
/// # Errors
/// See [`NotAgain`].
pub fn ready_again(floor: &Floor, before: &Name) -> Result<Task, NotAgain> {
    let task = ready(floor).map_err(NotAgain::NotReady)?;
    if task.work_order == *before { Ok(task) } else { Err(NotAgain::OtherOrder { order: task.work_order }) }
}

/// Why a unit may not run again where it is.
#[derive(Debug, thiserror::Error)]
pub enum NotAgain {
    /// No device may be touched now.
    #[error("{0}")]
    NotReady(WhyNot),
    /// Another work order is active by now; the unit may not even be of its product.
    #[error("work order {order} is active by now")]
    OtherOrder {
        /// The active one.
        order: Name,
    },
}

/// The active work order, and its first article if that waits for somebody.
fn active(r: &Reader<'_>) -> Result<(Option<Progress>, Option<WaitingArticle>), StoreError> {
    let active = work_orders::active(r)?;
    let article = active.as_ref().map(|active| first_article::waiting(r, active)).transpose()?.flatten();
    Ok((active, article))
}
