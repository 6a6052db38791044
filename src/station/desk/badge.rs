//! Whether what was scanned on a page is somebody's badge, which comes before everything else it might be. Cards that
//! people carry already look like anything: what is taken for a label was looked up among the badges first, and what
//! is neither counts as a guess.

use crate::domain::secret::Secret;
use crate::station::desk::choice;
use crate::station::people::{self, Knock, LoggedIn, LoginDoor, LoginError};
use crate::station::scan::{self, Scan};
use crate::station::slots::{Floor, readiness};

/// The owner of a scanned badge, let in; nobody if it is something else.
///
/// # Errors
/// [`LoginError`]: it is a badge that opens nothing, or too many were tried. It is then not to be taken for
/// anything else.
pub fn owner(
    floor: &Floor,
    door: &LoginDoor,
    knock: &Knock,
    scanned: &Secret,
) -> Result<Option<LoggedIn>, LoginError> {
    let text = String::from_utf8_lossy(scanned.expose());
    match scan::parse(&text) {
        Ok(Scan::Badge(badge)) => people::login_by_badge(&floor.store, door, knock, &badge).map(Some),
        Ok(Scan::Label(label)) => {
            let may_be = Secret::from(label.clone());
            people::login_if_badge(&floor.store, door, knock, &may_be, || is_label(floor, &label))
        }
        // what only a command can be costs no look
        Ok(Scan::Command(_) | Scan::Slot(_)) | Err(_) => Ok(None),
    }
}

/// Whether a text is the label of a unit that is in a slot, or that a slot could take.
fn is_label(floor: &Floor, text: &str) -> bool {
    let Ok(task) = readiness::ready(floor) else { return false };
    let identify = &task.recipe.product.identify;
    let Ok(label) = identify.label.read(&identify.serial_rule, text) else { return false };
    let tiles = floor.board.all();
    let held = label.serial.is_some_and(|serial| choice::holding(&tiles, &serial.folded()).is_some());
    held || choice::takes_labels(&tiles)
}
