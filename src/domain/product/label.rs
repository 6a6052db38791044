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

/// The paper and the printer's resolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    /// Dots per inch: 203, 300 or 600.
    pub dpi: u16,
    /// Width of a label in millimetres.
    pub width_mm: f64,
    /// Height of a label in millimetres.
    pub height_mm: f64,
}

impl Default for Sheet {
    /// The smallest common label on the most common printer.
    fn default() -> Sheet {
        Sheet { dpi: 203, width_mm: 50.0, height_mm: 25.0 }
    }
}
