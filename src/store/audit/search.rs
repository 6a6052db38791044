//! Looking for entries without an index: newest first, a bounded number of entries a time, to go on from where the
//! last look ended.

use serde::Deserialize;

use super::log;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::row_digest::readable;

/// At most this many entries are looked at before an answer is given.
pub const LOOKED_AT: u32 = 20_000;
/// A clock that was set back by less than this misplaces no entry.
const SLACK_MILLIS: i64 = 3_600_000;

/// Which entries are looked for; what is empty or none asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these events.
    pub events: Vec<String>,
    /// Somebody whose name holds this, whatever the case.
    pub actor: String,
    /// An entry that holds this text, whatever the case of ASCII letters.
    pub text: String,
    /// Not before.
    pub from: Option<UtcTime>,
    /// Before.
    pub until: Option<UtcTime>,
}

impl Filter {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Number and text of each entry, newest first.
    pub entries: Vec<(u64, String)>,
    /// How many entries were looked at.
    pub looked_at: u64,
    /// Look further before this number; none if there is nothing further.
    pub further: Option<u64>,
}

#[derive(Deserialize)]
struct Head {
    at: UtcTime,
    actor: Actor,
}

/// Up to `limit` entries that match, before this number or from the newest on, looking at no more than
/// [`LOOKED_AT`]. Times rise with numbers but for a clock that was set back, which is allowed for by an hour.
pub fn search(
    reader: &Reader<'_>,
    filter: &Filter,
    before: Option<u64>,
    limit: usize,
) -> Result<Found, StoreError> {
    let start = match (before, filter.until) {
        (Some(before), _) => before,
        (None, Some(until)) => first_from(reader, until.millis().saturating_add(SLACK_MILLIS))?,
        (None, None) => u64::MAX,
    };
    let wanted: Vec<String> = filter.events.iter().map(|event| format!("\"event\":\"{event}\"")).collect();
    let (text, actor) = (filter.text.to_ascii_lowercase(), filter.actor.to_lowercase());
    let earliest = filter.from.map(|from| from.millis().saturating_sub(SLACK_MILLIS));
    let connection = reader.connection();
    let mut statement = connection
        .prepare_cached("SELECT seq, entry FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2")?;
    let mut rows = statement.query((sql_id(start), LOOKED_AT))?;
    let mut found = Found { entries: Vec::new(), looked_at: 0, further: None };
    while let Some(row) = rows.next()? {
        let seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        let entry = readable(row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?);
        found.looked_at += 1;
        found.further = Some(seq).filter(|seq| *seq > 1);
        let speaks = wanted.is_empty() || wanted.iter().any(|event| entry.contains(event.as_str()));
        let timed = filter.from.is_some() || filter.until.is_some();
        if !timed && (!speaks || !holds(&entry, &text)) {
            continue;
        }
        if timed || !actor.is_empty() {
            // an entry that cannot be read matches nothing: verification tells what is wrong with it
            let Ok(head) = serde_json::from_str::<Head>(&entry) else { continue };
            if earliest.is_some_and(|earliest| head.at.millis() < earliest) {
                found.further = None;
                break;
            }
            let outside = filter.from.is_some_and(|from| head.at < from)
                || filter.until.is_some_and(|until| head.at >= until);
            if outside || !speaks || !holds(&entry, &text) {
                continue;
            }
            if !head.actor.to_string().to_lowercase().contains(&actor) {
                continue;
            }
        }
        found.entries.push((seq, entry.into_owned()));
        if found.entries.len() >= limit {
            break;
        }
    }
    Ok(found)
}

fn holds(entry: &str, text: &str) -> bool {
    text.is_empty() || entry.to_ascii_lowercase().contains(text)
}

/// The number of the first entry at or after this time, found by halving; one behind the last if there is none.
fn first_from(reader: &Reader<'_>, millis: i64) -> Result<u64, StoreError> {
    let (mut low, mut high) = (1, log::size(reader)? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let at = log::entry(reader, middle)?.and_then(|text| serde_json::from_str::<Head>(&text).ok());
        // an entry that is gone or cannot be read tells nothing; look at the newer ones, so that none is missed
        match at {
            Some(head) if head.at.millis() >= millis => high = middle,
            Some(_) | None => low = middle + 1,
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests;
