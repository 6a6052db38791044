//! Batches that a kill cut off and that do not go on: they end as failed before the next of their kind begins.

use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::code::Code;
use crate::station::authority::{Authority as _, Engineering};
use crate::station::clock;
use crate::station::folder::{Folder, FolderError, Lock};
use crate::store::Store;
use crate::store::batches::{self, Ended};
use crate::store::error::StoreError;

/// Says that a batch of this kind runs, for as long as the lock is held. If no other one does, those still on record as
/// running were killed, and are put down as failed.
pub fn join<E: From<FolderError> + From<StoreError>>(
    folder: &Folder,
    store: &Store,
    right: &Engineering,
    kind: BatchKind,
) -> Result<Lock, E> {
    folder.join_batches(kind, || {
        let running = store.read(batches::running)?;
        for batch in running.into_iter().filter(|batch| batch.kind == kind) {
            let ended = Ended {
                state: BatchState::Failed,
                good: 0,
                refused: 0,
                code: Some(Code::Interrupted),
                input_digest: None,
                output_digest: None,
            };
            store.change(right.actor(), clock::now(), |change| batches::end(change, batch.id, &ended))?;
        }
        Ok(())
    })
}
