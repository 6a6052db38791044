//! What the keys of a file have in common with each other and with announced devices: one walk over them in order.

use super::fault::ImportFailed;
use super::scan::{Source, candidate, of_place};
use super::sorter::{Record, Sorted, Sorter};
use crate::station::batch::progress::Progress;
use crate::store::Store;
use crate::store::announced::known;

/// How many keys are looked for at once.
const AT_ONCE: usize = 16_384;

/// What was found.
pub struct Paired {
    /// By line.
    pub candidates: Sorted,
    /// How many keys stand in more than one line.
    pub inside: u64,
}

/// Walks over the keys.
pub fn pair(
    store: &Store,
    keys: &Sorted,
    mut candidates: Sorter,
    progress: &Progress,
) -> Result<Paired, ImportFailed> {
    let nothing_announced = store.read(known::nothing_announced)?;
    let mut merge = keys.read()?;
    let mut group: Vec<Record> = Vec::with_capacity(4);
    let mut wanted: Vec<Record> = Vec::with_capacity(AT_ONCE);
    let mut inside = 0;
    loop {
        let next = merge.take()?;
        let same = matches!((next, group.first()), (Some(next), Some(first)) if next.0 == first.0 && next.1 == first.1);
        if !same {
            inside += twice(&group, &mut candidates)?;
            group.clear();
        }
        let Some(record) = next else { break };
        // of a key in a million lines, two say enough
        if group.len() < 2 {
            group.push(record);
        } else if let (Some(first), Some((line, kind))) = (line_of(&group), of_place(record.2)) {
            candidates.push(candidate(line, Source::File, kind, first))?;
        }
        if !nothing_announced {
            wanted.push(record);
            if wanted.len() == AT_ONCE {
                if progress.is_cancelled() {
                    return Err(ImportFailed::Cancelled);
                }
                look(store, &mut wanted, &mut candidates)?;
            }
        }
    }
    look(store, &mut wanted, &mut candidates)?;
    Ok(Paired { candidates: candidates.finish()?, inside })
}

fn line_of(group: &[Record]) -> Option<u64> {
    of_place(group.first()?.2).map(|(line, _)| line)
}

/// Lines that share a key: nobody can say which one is right, so each is a candidate.
fn twice(group: &[Record], candidates: &mut Sorter) -> Result<u64, ImportFailed> {
    let [first, second] = group else { return Ok(0) };
    let (Some((first, kind)), Some((second, _))) = (of_place(first.2), of_place(second.2)) else {
        return Ok(0);
    };
    candidates.push(candidate(first, Source::File, kind, second))?;
    candidates.push(candidate(second, Source::File, kind, first))?;
    Ok(1)
}

fn look(store: &Store, wanted: &mut Vec<Record>, candidates: &mut Sorter) -> Result<(), ImportFailed> {
    if wanted.is_empty() {
        return Ok(());
    }
    let starts: Vec<i64> = wanted.iter().map(|record| record.0).collect();
    let mut found = Vec::new();
    store.read(|reader| known::announced(reader, &starts, |place, id| found.push((place, id))))?;
    for (place, id) in found {
        let at = wanted.get(place).and_then(|record| of_place(record.2));
        if let Some((line, kind)) = at {
            candidates.push(candidate(line, Source::Announced, kind, id))?;
        }
    }
    wanted.clear();
    Ok(())
}
