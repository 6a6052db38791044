//! The first reading of a table of devices: the keys of every row, sorted, and the devices that the line has seen with
//! the same values. One thread reads and hashes, the other sorts and asks the records.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::ImportAsk;
use super::fault::ImportFailed;
use super::plan::Plan;
use super::sorter::{Record, Sorted, Sorter};
use crate::station::batch::progress::Progress;
use crate::station::batch::table::{Row, Table};
use crate::store::Store;
use crate::store::announced::keys::{Key, KeyKind};
use crate::store::announced::known;
use crate::store::error::StoreError;

/// Rows that are handed over at once.
const PART: usize = 8192;

/// What the first reading found.
pub struct Scanned {
    /// The keys of all rows without fault: start, check, and line and kind in one number.
    pub keys: Sorted,
    /// What the records may have against rows, as [`candidate`] makes it.
    pub candidates: Sorter,
    /// Rows that break a rule.
    pub refused: u64,
}

/// Where a candidate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In another line of the file.
    File,
    /// Among announced devices.
    Announced,
    /// Among the devices that the line has seen.
    Seen,
}

impl Source {
    const ALL: [Source; 3] = [Source::File, Source::Announced, Source::Seen];

    fn number(self) -> u64 {
        match self {
            Source::File => 0,
            Source::Announced => 1,
            Source::Seen => 2,
        }
    }
}

/// Something that a row shares with another line, an announced device or a device of this number.
pub fn candidate(line: u64, source: Source, kind: KeyKind, other: u64) -> Record {
    let line = i64::try_from(line).unwrap_or(i64::MAX);
    (line, source.number() << 3 | u64::from(kind.number()), other)
}

/// Line, source, kind and the other's number of a candidate.
pub fn of_candidate(record: Record) -> Option<(u64, Source, KeyKind, u64)> {
    let (line, what, other) = record;
    let source = Source::ALL.into_iter().find(|source| source.number() == what >> 3)?;
    Some((u64::try_from(line).ok()?, source, kind_of(what)?, other))
}

/// Line and kind of a key in one number.
fn place(line: u64, kind: KeyKind) -> u64 {
    line << 3 | u64::from(kind.number())
}

/// Line and kind of a key.
pub fn of_place(place: u64) -> Option<(u64, KeyKind)> {
    Some((place >> 3, kind_of(place)?))
}

fn kind_of(number: u64) -> Option<KeyKind> {
    KeyKind::of_number(u8::try_from(number & 7).ok()?)
}

/// Some rows.
#[derive(Default)]
struct Part {
    keys: Vec<Record>,
    /// The values to look for among devices that were seen.
    values: Vec<(KeyKind, String, u64)>,
    refused: u64,
}

/// Reads the whole table.
pub fn scan(
    store: &Store,
    folder: &Path,
    ask: &ImportAsk<'_>,
    plan: &Plan,
    progress: &Progress,
) -> Result<Scanned, ImportFailed> {
    let seen = !store.read(known::nothing_seen)?;
    let (send, receive) = sync_channel(2);
    thread::scope(|scope| {
        let reading = scope.spawn(move || read(ask, plan, progress, seen, &send));
        let sorted = sort(store, folder, receive);
        reading.join().map_err(|_| ImportFailed::Broken)??;
        sorted
    })
}

fn sort(store: &Store, folder: &Path, parts: Receiver<Part>) -> Result<Scanned, ImportFailed> {
    let mut keys = Sorter::new(folder);
    let mut candidates = Sorter::new(folder);
    let mut refused = 0;
    for part in parts {
        refused += part.refused;
        for record in part.keys {
            keys.push(record)?;
        }
        let mut values = part.values;
        values.sort_unstable();
        let found = store.read(|reader| {
            let mut found = Vec::new();
            for (kind, value, line) in &values {
                if let Some(device) = known::seen(reader, *kind, value)? {
                    found.push(candidate(*line, Source::Seen, *kind, device));
                }
            }
            Ok::<_, StoreError>(found)
        })?;
        for record in found {
            candidates.push(record)?;
        }
    }
    Ok(Scanned { keys: keys.finish()?, candidates, refused })
}

/// Ends early, without an error of its own, if nobody takes the parts any more.
fn read(
    ask: &ImportAsk<'_>,
    plan: &Plan,
    progress: &Progress,
    seen: bool,
    send: &SyncSender<Part>,
) -> Result<(), ImportFailed> {
    let mut table = Table::open(ask.file)?;
    let mut row = Row::default();
    loop {
        if progress.is_cancelled() {
            return Err(ImportFailed::Cancelled);
        }
        let mut part = Part { keys: Vec::with_capacity(PART * 3), ..Part::default() };
        for _ in 0..PART {
            if !table.next(&mut row)? {
                progress.reached(row.end, 0, 0);
                // if nobody takes what is left, the reason is the taker's to tell
                let _ = send.send(part);
                return Ok(());
            }
            let Ok(new) = plan.device(&row) else {
                part.refused += 1;
                continue;
            };
            let line = new.line;
            Key::each(&new.as_row(), |kind, key| part.keys.push((key.start, key.check, place(line, kind))));
            if seen {
                let serial = new.serial.map(|serial| serial.to_ascii_lowercase());
                let values = [
                    (KeyKind::Serial, serial),
                    (KeyKind::Mac, new.mac),
                    (KeyKind::RegistrationId, new.registration_id),
                    (KeyKind::PublicKey, new.public_key),
                ];
                let values = values.into_iter().filter_map(|(kind, value)| Some((kind, value?, line)));
                part.values.extend(values);
            }
        }
        progress.reached(row.end, 0, 0);
        if send.send(part).is_err() {
            return Ok(());
        }
    }
}
