//! From the records to the way out: threads that read and write rows, each over ranges of numbers in turn, and one
//! that puts their texts in order. Whatever the number of devices, a few ranges are in memory.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::failed::ExportFailed;
use super::files::Shelf;
use super::scribe::{Plan, Scribe, Written};
use crate::station::batch::outcome::{NAMED_FAULTS, RowFault};
use crate::station::batch::progress::Progress;
use crate::store::export::Lane;
use crate::store::export::query::Query;

/// Numbers of devices in one range.
const RANGE: u64 = 1024;
/// Ranges that wait for the way out, for each reading thread.
const WAITING: usize = 2;
/// How long the records may be held still: what is changed meanwhile lies in the log of the database, which grows.
const LONGEST: Duration = Duration::from_secs(600);
/// How often a thread that waits for the way out looks whether it still may.
const LOOK: Duration = Duration::from_millis(2);

/// One range of devices, written.
#[derive(Default)]
struct Text {
    text: Vec<u8>,
    ends: Vec<usize>,
    faults: Vec<RowFault>,
    refused: u64,
}

/// What came out.
#[derive(Default)]
pub struct Pumped {
    /// Rows that were written.
    pub good: u64,
    /// Devices that could not be.
    pub refused: u64,
    /// Why, of the first.
    pub faults: Vec<RowFault>,
    /// Whether somebody ended it.
    pub cancelled: bool,
}

/// Writes every device of the query.
pub fn pump(
    lanes: Vec<Lane>,
    query: &Query,
    plan: &Plan<'_>,
    shelf: &mut Shelf<'_>,
    progress: &Progress,
) -> Result<Pumped, ExportFailed> {
    let mut done = Pumped::default();
    let bounds = lanes.first().map(|lane| lane.bounds(query)).transpose()?.flatten();
    let Some(bounds) = bounds else { return Ok(done) };
    let (first, last) = (*bounds.start(), *bounds.end());
    progress.expect(last - first + 1);
    let deadline = Instant::now() + LONGEST;
    let count = u64::try_from(lanes.len()).unwrap_or(1);
    thread::scope(|scope| {
        let mut readers: Vec<Receiver<Result<Text, ExportFailed>>> = Vec::new();
        for (place, lane) in (0_u64..).zip(lanes) {
            let (tell, hear) = sync_channel(WAITING);
            readers.push(hear);
            scope.spawn(move || {
                let mut scribe = Scribe::new(plan);
                let mut from = first + place * RANGE;
                while from <= last && !progress.is_cancelled() {
                    let to = (from + RANGE - 1).min(last);
                    let text = read(&lane, query, &mut scribe, from, to);
                    let ended = text.is_err();
                    if !give(&tell, text, deadline, progress) || ended {
                        return;
                    }
                    from += RANGE * count;
                }
            });
        }
        let mut from = first;
        for reader in (0..readers.len()).cycle() {
            if from > last {
                break;
            }
            let heard = readers.get(reader).map(Receiver::recv);
            if progress.is_cancelled() {
                done.cancelled = true;
                break;
            }
            let Some(Ok(text)) = heard else {
                return Err(if Instant::now() >= deadline {
                    ExportFailed::TooSlow
                } else {
                    ExportFailed::BrokeOff
                });
            };
            let Text { text, ends, faults, refused } = text?;
            shelf.rows(&text, &ends)?;
            done.good += u64::try_from(ends.len()).unwrap_or(0);
            done.refused += refused;
            done.faults.extend(faults.into_iter().take(NAMED_FAULTS - done.faults.len()));
            from += RANGE;
            progress.reached(from.min(last + 1) - first, done.good, done.refused);
        }
        Ok(done)
    })
}

fn read(
    lane: &Lane,
    query: &Query,
    scribe: &mut Scribe<'_>,
    from: u64,
    to: u64,
) -> Result<Text, ExportFailed> {
    let mut range = Text::default();
    lane.read(query, from..=to, |found| {
        match scribe.row(lane, found, &mut range.text)? {
            Written::Row => range.ends.push(range.text.len()),
            Written::PassedOver => {}
            Written::Not(why) => {
                range.refused += 1;
                if range.faults.len() < NAMED_FAULTS {
                    // there is no line in any file: the device's number in the records stands for it
                    range.faults.push(RowFault::new(found.id()?.unwrap_or(0), &why));
                }
            }
        }
        Ok::<(), ExportFailed>(())
    })?;
    Ok(range)
}

/// Hands a text on as soon as there is room; false if nobody takes it any more, or not in time.
fn give(
    tell: &SyncSender<Result<Text, ExportFailed>>,
    text: Result<Text, ExportFailed>,
    deadline: Instant,
    progress: &Progress,
) -> bool {
    let mut text = text;
    loop {
        match tell.try_send(text) {
            Ok(()) => return true,
            Err(TrySendError::Disconnected(_)) => return false,
            Err(TrySendError::Full(back)) => text = back,
        }
        if progress.is_cancelled() || Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK);
    }
}
