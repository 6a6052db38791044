//! Imports that came to nothing: their rows are removed, bit by bit, and the batch is ended. An import whose process
//! was killed is cleared away when the next one begins, or when the station serves again.

use super::fault::ImportFailed;
use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::code::Code;
use crate::domain::person::Actor;
use crate::station::clock;
use crate::station::folder::Folder;
use crate::store::Store;
use crate::store::announced::writing;
use crate::store::batches::{self, Ended};
use crate::store::error::StoreError;

/// Removes all rows of a batch that is to come to nothing.
pub fn remove(store: &Store, batch: u64) -> Result<(), StoreError> {
    while writing::remove_some(store, batch)? {}
    Ok(())
}

/// Ends imports that nobody works at any more; the caller holds the lock of imports.
pub fn clear(store: &Store, actor: &Actor) -> Result<(), StoreError> {
    let running = store.read(batches::running)?;
    for batch in running.into_iter().filter(|batch| batch.kind == BatchKind::Import) {
        remove(store, batch.id)?;
        let ended = Ended {
            state: BatchState::Failed,
            good: 0,
            refused: 0,
            code: Some(Code::Interrupted),
            input_digest: None,
            output_digest: None,
        };
        store.change(actor, clock::now(), |change| batches::end(change, batch.id, &ended))?;
    }
    Ok(())
}

/// The same, unless an import runs.
pub fn clear_if_idle(folder: &Folder, store: &Store) -> Result<(), ImportFailed> {
    if let Some(_lock) = folder.lock_import()? {
        clear(store, &Actor::Station)?;
    }
    Ok(())
}
