//! Files of batches leave the station with whoever may take them: keys only on record, and before the first byte.

use std::io;

use crate::domain::audit_event::{self, AuditEvent};
use crate::domain::batch::BatchKind;
use crate::domain::code::{Code, Coded};
use crate::station::authority::{Authority, Engineering};
use crate::station::batch::shelf::{self, Taken};
use crate::station::clock;
use crate::station::slots::Floor;
use crate::store::batches::{self, Batch};
use crate::store::error::StoreError;

/// Why a file is not handed out or not taken away.
#[derive(Debug, thiserror::Error)]
pub enum CannotTake {
    /// The records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files cannot be used.
    #[error("the files of the batch cannot be used: {0}")]
    Io(#[from] io::Error),
    /// It works on them.
    #[error("the batch has not ended")]
    Unfinished,
}

impl Coded for CannotTake {
    fn code(&self) -> Code {
        match self {
            CannotTake::Store(error) => error.code(),
            CannotTake::Io(_) => Code::FileUnreadable,
            CannotTake::Unfinished => Code::BatchUnderWay,
        }
    }
}

/// A file that this batch wrote, if it wrote one of this name.
pub fn file(floor: &Floor, right: &Engineering, batch: u64, name: &str) -> Result<Option<Taken>, CannotTake> {
    let Some(record) = floor.store.read(|r| batches::get(r, batch))? else { return Ok(None) };
    let Some(taken) = shelf::take(&floor.folder, batch, &record.input, name)? else { return Ok(None) };
    if holds_keys(&record, name) {
        let event =
            AuditEvent::BatchFileTaken(audit_event::batch::FileTaken { batch, file: name.to_owned() });
        floor.store.change(right.actor(), clock::now(), |change| {
            change.record(event);
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(Some(taken))
}

/// Whether a file of a batch may hold keys, sealed or in clear. What a batch came to, row by row, never does.
fn holds_keys(batch: &Batch, name: &str) -> bool {
    match batch.kind {
        BatchKind::Derive | BatchKind::Issue => !name.ends_with(".result.csv"),
        BatchKind::Export | BatchKind::Import => false,
    }
}

/// Takes the files of a batch off the station, its input too; that goes on record first.
pub fn clear(floor: &Floor, right: &Engineering, batch: u64) -> Result<(), CannotTake> {
    let record = floor.store.read(|r| batches::get(r, batch))?;
    if record.is_some_and(|record| record.finished.is_none()) {
        return Err(CannotTake::Unfinished);
    }
    floor.store.change(right.actor(), clock::now(), |change| {
        change.record(AuditEvent::BatchFilesCleared(audit_event::batch::FilesCleared { batch }));
        Ok::<_, StoreError>(())
    })?;
    shelf::clear(&floor.folder, batch)?;
    Ok(())
}
