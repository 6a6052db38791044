//! What was asked for and refused is remembered, too: an attempt is as telling as a deed.

use crate::domain::audit_event::AuditEvent;
use crate::domain::code::Coded;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::store::Store;
use crate::store::error::StoreError;

/// The longest reason that is kept, in characters.
const LONGEST: usize = 500;

/// Records that `what` was refused with this error. If even that cannot be written, the log says so: the refusal
/// stands all the same.
pub fn record(store: &Store, actor: &Actor, now: UtcTime, what: &str, error: &dyn Coded) {
    let event = AuditEvent::Refused {
        what: what.to_owned(),
        code: error.code().to_string(),
        why: error.to_string().chars().take(LONGEST).collect(),
    };
    let written = store.change(actor, now, |change| {
        change.record(event);
        Ok::<_, StoreError>(())
    });
    if let Err(failed) = written {
        tracing::error!(code = %failed.code(), "the refusal of {what} could not be recorded: {failed}");
    }
}
