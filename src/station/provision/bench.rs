//! What a run is given: the station's things, and what is to be done here and now.

use crate::device::render::template_set::TemplateSet;
use crate::domain::label::Label;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::stage::Stage;
use crate::station::keys::Unlocked;
use crate::station::products::Recipe;
use crate::station::provision::live::LiveRuns;
use crate::station::settings::Settings;
use crate::store::Store;

/// The station's things.
pub struct Bench<'a> {
    /// The records.
    pub store: &'a Store,
    /// The keys.
    pub keys: &'a Unlocked,
    /// The settings.
    pub settings: &'a Settings,
    /// The recipes' templates.
    pub templates: &'a TemplateSet,
    /// The runs under way in this process.
    pub live: &'a LiveRuns,
}

/// What is to be done with the device in the slot.
pub struct Job<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The certificate profile the recipe names, as text (X.509 only).
    pub profile_text: Option<&'a str>,
    /// The released work order.
    pub work_order: &'a Name,
    /// The slot; none at the command line.
    pub slot: Option<&'a Name>,
    /// The person responsible: who released the work order, or who typed the command.
    pub person: &'a str,
    /// For the audit log.
    pub actor: &'a Actor,
    /// The unit's label, if it was scanned.
    pub label: Option<&'a Label>,
}

/// Told what is going on: the step, the serial number once known, bytes sent of those to send.
pub type Progress<'a> = dyn Fn(Stage, Option<&str>, Option<(u64, u64)>) + 'a;
