//! The serial numbers of a work order as the input of a batch.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ask::IssueAsk;
use super::failed::IssueFailed;
use super::places;
use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::digest::Digest;
use crate::domain::name::Name;
use crate::durable;
use crate::station::batch::import::digest_of;
use crate::store::Store;
use crate::store::batches::{self, Batch};
use crate::store::runs::reserve::ReserveError;
use crate::store::work_orders;

/// Writes the list of a work order beside the output; the same list gives the same file, so that a batch that was cut
/// off finds it again, also if the list has grown meanwhile.
///
/// # Errors
/// [`IssueFailed::OutputTaken`] if something else lies there, or a list that no batch over this work order read.
pub fn write(store: &Store, ask: &IssueAsk, order: &Name, output: &Path) -> Result<PathBuf, IssueFailed> {
    let path = output.with_extension("serials.csv");
    places::must_be_apart(ask, &path, output)?;
    let found = store.read(|r| work_orders::head(r, order))?;
    if found.is_none() {
        return Err(ReserveError::WorkOrderUnknown(order.clone()).into());
    }
    let serials = store.read(|r| work_orders::listed_serials(r, order))?;
    if serials.is_empty() {
        return Err(IssueFailed::NoList(order.clone()));
    }
    let mut text = String::from("serial\n");
    for serial in serials {
        text.push_str(&serial);
        text.push('\n');
    }
    match lying(store, order, &path)? {
        Lying::Nothing | Lying::Ended => {}
        Lying::Unfinished => return Ok(path),
        Lying::Unknown(digest) if digest == Some(Digest::of(text.as_bytes())) => return Ok(path),
        Lying::Unknown(_) => return Err(IssueFailed::OutputTaken(path)),
    }
    durable::replace(&path, text.as_bytes(), durable::PRIVATE)
        .map_err(|cause| IssueFailed::Write { path: path.clone(), cause })?;
    Ok(path)
}

/// What lies where the list belongs.
enum Lying {
    Nothing,
    /// The input of a batch over this work order that has ended.
    Ended,
    /// The input of one that has not: it goes on with the list it began with.
    Unfinished,
    /// Something no such batch read; its digest if it is a file.
    Unknown(Option<Digest>),
}

fn lying(store: &Store, order: &Name, path: &Path) -> Result<Lying, IssueFailed> {
    let fault = |cause| IssueFailed::Read { path: path.to_owned(), cause };
    match path.symlink_metadata() {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Ok(Lying::Unknown(None)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Lying::Nothing),
        Err(cause) => return Err(fault(cause)),
    }
    let digest = digest_of(path).map_err(fault)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let read_it = |batch: &Batch| batch.input == name && batch.work_order.as_ref() == Some(order);
    let batches = store.read(|r| batches::over(r, BatchKind::Issue, &digest))?;
    let states: Vec<BatchState> = batches.iter().filter(|batch| read_it(batch)).map(|b| b.state).collect();
    Ok(match states.contains(&BatchState::Running) {
        true => Lying::Unfinished,
        false if states.is_empty() => Lying::Unknown(Some(digest)),
        false => Lying::Ended,
    })
}
