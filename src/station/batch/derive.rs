//! Derives a key from a group key for each row of a table: the output is the input's columns and the key. What leaves
//! is clear keys, so it is on record before the first byte does.

pub mod blocks;
pub mod pipeline;
pub mod rows;

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_json::json;

use self::blocks::Blocks;
use self::pipeline::{Sink, Stopped, Written};
use self::rows::{BadBlock, KEY_COLUMN, Layout};
use super::identity_cells::IdentityRule;
use super::interrupted;
use super::outcome::Outcome;
use super::output_file::{BadOutput, OutputFile};
use super::progress::Progress;
use super::result_file;
use super::table::fault::BadTable;
use super::table::{Column, Table};
use crate::domain::batch::{BatchKind, BatchState};
use crate::domain::code::{Code, Coded};
use crate::domain::name::Name;
use crate::domain::pair::Which;
use crate::domain::product::Product;
use crate::station::authority::{Authority, Engineering};
use crate::station::clock;
use crate::station::folder::{Folder, FolderError};
use crate::store::Store;
use crate::store::batches::{self, Ended, NewBatch};
use crate::store::error::StoreError;
use crate::vault::Vault;
use crate::vault::derive::Deriver;
use crate::vault::error::VaultError;

/// More threads than this gain nothing: reading and writing are one after the other.
const MOST_THREADS: usize = 4;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct DeriveAsk<'a> {
    /// The group whose key it is.
    pub group: &'a Name,
    /// Which of its two keys.
    pub which: Which,
    /// The recipe that forms registration IDs where the table gives none.
    pub product: Option<&'a Product>,
    /// The table.
    pub input: &'a Path,
    /// The table with keys; there must be no such file yet.
    pub output: &'a Path,
}

/// Why no keys were derived, or not all.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each passes on what a part of it says")]
pub enum DeriveFailed {
    #[error(transparent)]
    Table(#[from] BadTable),
    #[error(transparent)]
    Output(#[from] BadOutput),
    #[error("the result file cannot be written: {0}")]
    Result(csv::Error),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl From<Stopped> for DeriveFailed {
    fn from(stopped: Stopped) -> DeriveFailed {
        match stopped {
            Stopped::Block(BadBlock::Table(bad)) => DeriveFailed::Table(bad),
            Stopped::Block(BadBlock::Write(error)) => DeriveFailed::Result(error),
            Stopped::Output(bad) => DeriveFailed::Output(bad),
        }
    }
}

impl Coded for DeriveFailed {
    fn code(&self) -> Code {
        match self {
            DeriveFailed::Table(bad) => bad.code(),
            DeriveFailed::Output(bad) => bad.code(),
            DeriveFailed::Result(_) => Code::OutputUnwritable,
            DeriveFailed::Vault(error) => error.code(),
            DeriveFailed::Store(error) => error.code(),
            DeriveFailed::Folder(error) => error.code(),
        }
    }
}

/// Derives the keys. Rows that are refused stand in the result file beside the input, and nowhere else; there is none if
/// all are good. A batch that fails or is cancelled leaves no output; one that was killed leaves a hidden `.OUT.new`, which
/// the next one takes away, and is put down as failed by it.
///
/// # Errors
/// A faulty table, an output that is there already or cannot be written, a group that is not in the vault, records that
/// refuse.
pub fn run(
    folder: &Folder,
    store: &Store,
    vault: &Vault,
    right: &Engineering,
    ask: &DeriveAsk<'_>,
    progress: &Progress,
) -> Result<Outcome, DeriveFailed> {
    let deriver = Deriver::new(vault.group_key(ask.group)?, ask.which);
    let mut file = File::open(ask.input).map_err(BadTable::from)?;
    let length = file.metadata().map_err(BadTable::from)?.len();
    let table = Table::read(&file)?;
    let (layout, begin) = (layout(&table, ask.product)?, table.position());
    drop(table);
    file.seek(SeekFrom::Start(0)).map_err(BadTable::from)?;
    progress.expect(length);
    let mut blocks = Blocks::new(file, layout.header.delimiter, begin)?;
    let _running = interrupted::join::<DeriveFailed>(folder, store, right, BatchKind::Derive)?;
    let output = OutputFile::unseen(ask.output)?;
    if output.is_at(&result_file::beside(ask.input)) {
        return Err(BadOutput::ResultFile(ask.output.to_owned()).into());
    }

    let batch = begin_batch(store, right, ask)?;
    let poured = pour(&mut blocks, output, &layout, &deriver, ask, progress);
    let input_digest = blocks.digest();
    let ended = |state, good, refused, code, output_digest| {
        let read_all = state == BatchState::Done;
        let input_digest = read_all.then_some(&input_digest);
        let ended = Ended { state, good, refused, code, input_digest, output_digest };
        store.change(right.actor(), clock::now(), |change| batches::end(change, batch, &ended))
    };
    let outcome = |state, good, refused, faults, files| Outcome {
        batch: Some(batch),
        state,
        good,
        unchanged: 0,
        refused,
        faults,
        files,
    };
    match poured {
        Ok(Some(poured)) => {
            let Poured { good, refused, faults, written } = poured;
            let Written { output, digest, result } = written;
            // what the records do not know of is taken away again
            let files = settle(output, result);
            let noted = match &files {
                Ok(_) => ended(BatchState::Done, good, refused, None, Some(&digest)),
                Err(bad) => ended(BatchState::Failed, 0, 0, Some(bad.code()), None),
            };
            let files = files?;
            if let Err(error) = noted {
                files.iter().for_each(|path| drop(std::fs::remove_file(path)));
                return Err(error.into());
            }
            Ok(outcome(BatchState::Done, good, refused, faults, files))
        }
        Ok(None) => {
            ended(BatchState::Cancelled, 0, 0, None, None)?;
            Ok(outcome(BatchState::Cancelled, 0, 0, Vec::new(), Vec::new()))
        }
        Err(failed) => {
            ended(BatchState::Failed, 0, 0, Some(failed.code()), None)?;
            Err(failed)
        }
    }
}

/// Which columns are read and written.
fn layout(table: &Table<&File>, product: Option<&Product>) -> Result<Layout, BadTable> {
    let header = table.header().clone();
    if header.place(Column::RegistrationId).is_none() {
        let needed = if product.is_some() { Column::Serial } else { Column::RegistrationId };
        header.require(&[needed])?;
    }
    if let Some(name) = header.names.iter().find(|name| name.eq_ignore_ascii_case(KEY_COLUMN)) {
        return Err(BadTable::DuplicateColumn { name: KEY_COLUMN.to_owned(), other: name.clone() });
    }
    let rule = product.map_or_else(IdentityRule::default, IdentityRule::of);
    Ok(Layout { header, rule, forms: product.is_some() })
}

fn begin_batch(store: &Store, right: &Engineering, ask: &DeriveAsk<'_>) -> Result<u64, StoreError> {
    let mut asked = json!({ "group": ask.group, "key": ask.which.to_string() });
    if let Some(product) = ask.product {
        asked["product"] = json!(product.name);
    }
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let person = right.actor().to_string();
    let (input, output) = (name(ask.input), name(ask.output));
    let new = NewBatch {
        kind: BatchKind::Derive,
        input: &input,
        output: &output,
        input_digest: None,
        asked: &asked,
        work_order: None,
        person: &person,
    };
    store.change(right.actor(), clock::now(), |change| batches::begin(change, &new))
}

struct Poured {
    good: u64,
    refused: u64,
    faults: Vec<super::outcome::RowFault>,
    written: Written,
}

/// All rows through the threads; none if it was cancelled.
fn pour(
    blocks: &mut Blocks<File>,
    output: OutputFile,
    layout: &Layout,
    deriver: &Deriver,
    ask: &DeriveAsk<'_>,
    progress: &Progress,
) -> Result<Option<Poured>, DeriveFailed> {
    let result_place = result_file::beside(ask.input);
    let mut sink = Sink::begin(output, &layout.first_line(), result_place, layout.header.clone())?;
    // two more than processors: while one waits for its turn to write, another one reads or works
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_THREADS) + 2;
    pipeline::run(blocks, &mut sink, layout, deriver, progress, threads);
    let (good, refused, faults) = (sink.good, sink.refused, std::mem::take(&mut sink.faults));
    let written = sink.finish()?;
    Ok(written.map(|written| Poured { good, refused, faults, written }))
}

/// Puts the files on the disk: the output last, so that it is there only if all is.
fn settle(output: OutputFile, result: Option<OutputFile>) -> Result<Vec<PathBuf>, BadOutput> {
    let result = result.map(OutputFile::finish).transpose()?;
    let mut files = vec![output.finish()?];
    files.extend(result);
    Ok(files)
}
