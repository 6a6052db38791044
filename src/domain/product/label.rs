//! What a recipe says about the label that is printed when a device passes.

use crate::domain::name::Name;

/// How templates of labels are named: the ending decides how values are escaped.
pub const ENDING: &str = ".zpl";
/// The most labels one PASS may print.
pub const MOST_COPIES: u32 = 10;

/// The label of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelPlan {
    /// Name of its template, which ends in [`ENDING`].
    pub template: String,
    /// How many are printed at once, 1 to [`MOST_COPIES`].
    pub copies: u32,
    /// The printer, by its name in `station.toml`.
    pub printer: Name,
}
