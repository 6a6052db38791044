//! What a killed `ca sign` has left: a run that got as far as its intent, under a work order that was opened for it alone.
//! Nothing of it was handed over, for that happens once the certificate is on record.

use super::{ENDED, OPENED_FOR_ONE};
use crate::domain::code::Code;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::store::Store;
use crate::store::runs::finish::{self, Finish};
use crate::store::work_orders::WorkOrderError;
use crate::store::work_orders::closing;
use crate::store::work_orders::for_requests::{self, LeftOpen};

/// Voids the certificates' numbers, ends the runs and closes the orders. Only for the process that holds the station's
/// lock, as whoever signs does: any other one could mistake a request under way for one that was cut off.
pub fn settle(store: &Store, actor: &Actor, now: UtcTime) -> Result<(), WorkOrderError> {
    for LeftOpen { work_order, run } in store.read(for_requests::left_open)? {
        store.change(actor, now, |change| {
            if let Some(run) = run {
                let message =
                    "the program was ended before the certificate was on record; ask for another one";
                let finish = Finish { code: Some(Code::Interrupted), message, ..ENDED };
                finish::finish(change, run, &finish)?;
            }
            closing::close_despite(change, &work_order, OPENED_FOR_ONE)
        })?;
    }
    Ok(())
}
