//! `batch export`: devices out of the records into a file, as a table of our own or in the form of a cloud or maker.
//! Nothing leaves before the records say so; private and derived keys never do.

pub mod azure;
pub mod cells;
pub mod clouds;
pub mod column;
pub mod failed;
pub mod files;
pub mod format;
pub mod issuing;
pub mod manifest;
pub mod pump;
pub mod scribe;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;

use self::clouds::ESP_CONFIG;
use self::column::Column;
use self::failed::ExportFailed;
use self::files::{Shelf, To};
use self::format::Format;
use self::issuing::IssuingCas;
use self::manifest::ManifestKey;
use self::pump::Pumped;
use self::scribe::Plan;
use super::interrupted;
use super::outcome::Outcome;
use super::progress::Progress;
use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::code::Coded as _;
use crate::domain::digest::Digest;
use crate::durable;
use crate::station::authority::{Authority as _, Engineering};
use crate::station::clock;
use crate::station::folder::Folder;
use crate::station::keys::Unlocked;
use crate::store::Store;
use crate::store::batches::{self, Ended, NewBatch};
use crate::store::export::query::Query;
use crate::store::export::{self, Selection};

/// The most threads that read.
const READERS: usize = 2;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct ExportAsk {
    /// The form.
    pub format: Format,
    /// The columns of a table; the usual ones if none is named.
    pub columns: Vec<Column>,
    /// The columns that become tags, where the form has such.
    pub tags: Vec<Column>,
    /// Which devices.
    pub selection: Selection,
    /// Whether outside text is written as it is, even where a spreadsheet would take it for a formula.
    pub raw: bool,
}

impl ExportAsk {
    /// What cannot be meant is refused before anything is on record.
    fn check(&self, to: &To<'_>) -> Result<(), ExportFailed> {
        let ExportAsk { format, columns, tags, selection, raw: _ } = self;
        if !columns.is_empty() && !format.has_columns() {
            return Err(ExportFailed::NoColumns(*format));
        }
        if !tags.is_empty() && !format.has_tags() {
            return Err(ExportFailed::NoTags(*format));
        }
        if let Some(long) = tags.iter().find(|column| column.is_long()) {
            return Err(ExportFailed::BadTag(long.as_str().to_owned()));
        }
        if selection.announced {
            self.check_announced()?;
        }
        if let (Some(from), Some(until)) = (selection.from, selection.until)
            && from >= until
        {
            return Err(ExportFailed::Span);
        }
        match to {
            To::Stream(_) if !format.may_stream() => Err(ExportFailed::OutputNeeded(*format)),
            To::Stream(_) => Ok(()),
            To::Path(path) => {
                let beside = companion(*format, path);
                let there =
                    [Some((*path).to_owned()), beside].into_iter().flatten().find(|path| path.exists());
                there.map_or(Ok(()), |path| Err(ExportFailed::OutputExists(path)))
            }
        }
    }

    /// Of announced devices only what files said is known.
    fn check_announced(&self) -> Result<(), ExportFailed> {
        let Selection { announced: _, work_order: _, verdict, state, from, until } = &self.selection;
        if !self.format.has_columns() && self.format != Format::AzureDps {
            return Err(ExportFailed::NotOfAnnounced(self.format));
        }
        if verdict.is_some() || state.is_some() || from.is_some() || until.is_some() {
            return Err(ExportFailed::AnnouncedHaveNoRun);
        }
        let known =
            |column: &&Column| !matches!(column, Column::Kept(_)) && !Column::ANNOUNCED.contains(column);
        match self.columns.iter().find(known) {
            Some(column) => Err(ExportFailed::NotAnnounced(column.as_str().to_owned())),
            None => Ok(()),
        }
    }

    /// As the records have it.
    fn to_json(&self, columns: &[Column], jwks: Option<&Digest>) -> serde_json::Value {
        let names =
            |columns: &[Column]| columns.iter().map(|column| column.as_str().to_owned()).collect::<Vec<_>>();
        let Selection { announced, work_order, verdict, state, from, until } = &self.selection;
        let mut asked = serde_json::json!({ "format": self.format.as_str() });
        let mut also = |name: &str, value: Option<serde_json::Value>| {
            if let (Some(object), Some(value)) = (asked.as_object_mut(), value) {
                object.insert(name.to_owned(), value);
            }
        };
        also("columns", self.format.has_columns().then(|| names(columns).into()));
        also("tags", (!self.tags.is_empty()).then(|| names(&self.tags).into()));
        also("raw", self.raw.then_some(true.into()));
        also("announced", announced.then_some(true.into()));
        also("work_order", work_order.as_ref().map(|name| name.as_str().into()));
        also("verdict", verdict.map(|verdict| verdict.to_string().into()));
        also("state", state.map(|state| state.as_str().into()));
        also("from", from.map(|at| at.to_string().into()));
        also("until", until.map(|at| at.to_string().into()));
        also("jwks_sha256", jwks.map(|digest| digest.to_string().into()));
        asked
    }
}

/// The file that goes with the main one: the key that verifies a manifest, the configuration of ESP's values.
fn companion(format: Format, place: &Path) -> Option<PathBuf> {
    match format {
        Format::Manifest => Some(files::beside(place, "jwks.json")),
        Format::EspMassMfg => Some(files::beside(place, "config.csv")),
        Format::Csv
        | Format::JsonLines
        | Format::AzureDps
        | Format::AzureHub
        | Format::NrfCloud
        | Format::RainMaker
        | Format::Aws => None,
    }
}

/// Exports devices. `keys` is needed for a manifest only. A partial file is taken away when it fails or is cancelled;
/// one that was killed leaves it, cut off, and is put down as failed when the next export begins.
///
/// # Errors
/// [`ExportFailed`]; the batch is on record as failed then, if it had begun.
pub fn run(
    folder: &Folder,
    store: &Store,
    keys: Option<&Unlocked>,
    right: &Engineering,
    ask: &ExportAsk,
    to: To<'_>,
    progress: &Progress,
) -> Result<Outcome, ExportFailed> {
    ask.check(&to)?;
    let columns = &columns(folder, ask)?;
    let key = match ask.format == Format::Manifest {
        true => {
            let keys = keys.ok_or(ExportFailed::Locked)?;
            Some(ManifestKey::load(keys.vault.manifest_key()?)?)
        }
        false => None,
    };
    let jwks = key.as_ref().map(|key| Digest::of(key.jwks().as_bytes()));
    let output = match &to {
        To::Stream(_) => String::new(),
        To::Path(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let actor = right.actor();
    let new = NewBatch {
        kind: BatchKind::Export,
        input: "",
        output: &output,
        input_digest: None,
        asked: &ask.to_json(columns, jwks.as_ref()),
        work_order: None,
        person: &actor.to_string(),
    };
    let _running = interrupted::join::<ExportFailed>(folder, store, right, BatchKind::Export)?;
    let batch = store.change(actor, clock::now(), |change| batches::begin(change, &new))?;
    let done = leave(folder, ask, columns, key, to, progress);
    let (pumped, digest, files, failed) = match done {
        Ok((pumped, digest, files)) => (pumped, digest, files, None),
        Err(error) => (Pumped::default(), None, Vec::new(), Some(error)),
    };
    let state = match (&failed, pumped.cancelled) {
        (Some(_), _) => BatchState::Failed,
        (None, true) => BatchState::Cancelled,
        (None, false) => BatchState::Done,
    };
    let ended = Ended {
        state,
        good: pumped.good,
        refused: pumped.refused,
        code: failed.as_ref().map(ExportFailed::code),
        input_digest: None,
        output_digest: digest.as_ref(),
    };
    store.change(actor, clock::now(), |change| batches::end(change, batch, &ended))?;
    match failed {
        Some(error) => Err(error),
        None => Ok(Outcome {
            batch: Some(batch),
            state,
            good: pumped.good,
            unchanged: 0,
            refused: pumped.refused,
            faults: pumped.faults,
            files,
        }),
    }
}

/// The columns that were chosen, or the usual ones: of announced devices all that files said.
fn columns(folder: &Folder, ask: &ExportAsk) -> Result<Vec<Column>, ExportFailed> {
    match (ask.columns.as_slice(), ask.selection.announced) {
        ([], false) => Ok(Column::USUAL.to_vec()),
        ([], true) => {
            let lanes = export::lanes(&folder.database(), 1)?;
            let kept = lanes.first().map(export::Lane::kept_columns).transpose()?.unwrap_or_default();
            let kept = kept.into_iter().map(|name| Column::Kept(name.into()));
            Ok(Column::ANNOUNCED.into_iter().chain(kept).collect())
        }
        (chosen, _) => Ok(chosen.to_vec()),
    }
}

type Left = (Pumped, Option<Digest>, Vec<PathBuf>);

/// Writes everything, or takes away what was written.
fn leave(
    folder: &Folder,
    ask: &ExportAsk,
    columns: &[Column],
    key: Option<ManifestKey>,
    to: To<'_>,
    progress: &Progress,
) -> Result<Left, ExportFailed> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(READERS);
    let lanes = export::lanes(&folder.database(), threads)?;
    let company = lanes.first().map(export::Lane::company).transpose()?.flatten();
    let of_file = |column: &Column| if let Column::Kept(name) = column { Some(name.clone()) } else { None };
    let plan = Plan {
        format: ask.format,
        columns,
        tags: &ask.tags,
        kept: columns.iter().chain(&ask.tags).filter_map(of_file).collect(),
        announced: ask.selection.announced,
        raw: ask.raw,
        cas: IssuingCas::of(folder)?,
        company,
        key,
    };
    let companion = match &to {
        To::Stream(_) => None,
        To::Path(path) => companion(ask.format, path),
    };
    let frame = ask.format.frame(columns, &ask.tags, ask.raw);
    let mut parts = ask.format.parts(columns);
    parts.run |= ask.tags.iter().any(|column| column.parts().run);
    let query = Query::new(&ask.selection, parts);
    let mut shelf = Shelf::open(to, ask.format, frame)?;
    let pumped = put_beside(companion.as_deref(), &plan)
        .and_then(|()| pump::pump(lanes, &query, &plan, &mut shelf, progress))
        .and_then(|pumped| match pumped.cancelled {
            true => Ok((pumped, None)),
            false => shelf.settle().map(|digest| (pumped, Some(digest))),
        });
    match pumped {
        Ok((pumped, Some(digest))) => {
            let files = shelf.files().into_iter().chain(companion).collect();
            Ok((pumped, Some(digest), files))
        }
        Ok((pumped, None)) => {
            take_away(shelf, companion.as_deref());
            Ok((pumped, None, Vec::new()))
        }
        // whoever read the stream has seen enough
        Err(ExportFailed::Write { cause, .. }) if cause.kind() == ErrorKind::BrokenPipe => {
            Ok((Pumped { cancelled: true, ..Pumped::default() }, None, Vec::new()))
        }
        Err(error) => {
            take_away(shelf, companion.as_deref());
            Err(error)
        }
    }
}

/// Writes the file that goes with the main one.
fn put_beside(companion: Option<&Path>, plan: &Plan<'_>) -> Result<(), ExportFailed> {
    let Some(path) = companion else { return Ok(()) };
    let text = plan.key.as_ref().map_or(ESP_CONFIG, ManifestKey::jwks);
    durable::create(path, text.as_bytes(), durable::PRIVATE).map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => ExportFailed::OutputExists(path.to_owned()),
        _ => ExportFailed::Write { path: path.to_owned(), cause },
    })
}

/// Removes what was written of an export that is not whole.
fn take_away(shelf: Shelf<'_>, companion: Option<&Path>) {
    shelf.remove();
    if let Some(path) = companion {
        // what cannot be removed is a public key or a fixed text
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests;
