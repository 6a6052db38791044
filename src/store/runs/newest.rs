//! The newest run of a device, as far as a list of devices shows it: a list asks for fifty of them.

use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::domain::verdict::Verdict;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// The newest run of a device in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its number.
    pub id: u64,
    /// How it ended; none while it has no verdict.
    pub verdict: Option<Verdict>,
    /// Whether an engineer decided that it goes on from where it stands.
    pub resume: bool,
    /// When it ended, or began if it has no verdict.
    pub at: UtcTime,
    /// The work order it ran under.
    pub work_order: Option<Name>,
}

/// The newest run of a device.
pub fn of_device(reader: &Reader<'_>, device: u64) -> Result<Option<Newest>, StoreError> {
    let sql = "SELECT id, verdict, resume, coalesce(finished, started) AS at, work_order FROM run
               WHERE device = ?1 ORDER BY id DESC LIMIT 1";
    reader.row("run", sql, [sql_id(device)], |columns| {
        Ok(Newest {
            id: columns.number("id")?,
            verdict: columns.optional("verdict")?,
            resume: columns.raw("resume")?,
            at: columns.time("at")?,
            work_order: columns.optional("work_order")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::runs;
    use crate::store::testing::{Bench, unit, x509};

    #[test]
    fn it_says_the_same_as_the_whole_run() {
        let bench = Bench::with_order();
        let both = || {
            let read = |r: &Reader<'_>| Ok::<_, StoreError>((of_device(r, 1)?, runs::newest_of(r, 1)?));
            let (short, whole) = bench.store.read(read).unwrap();
            let whole = whole.map(|run| Newest {
                id: run.id,
                verdict: run.ending.as_ref().map(|ending| ending.verdict),
                resume: run.resume,
                at: run.ending.map_or(run.started, |ending| ending.at),
                work_order: run.work_order,
            });
            assert_eq!(short, whole);
            short
        };
        assert_eq!(both(), None);
        let run = bench.reserve(&unit(1), &x509()).unwrap().run;
        assert_eq!(both().unwrap().verdict, None);
        bench.finish(run, Verdict::Fail).unwrap();
        assert_eq!(both().unwrap().verdict, Some(Verdict::Fail));
        let run = bench.intend(1).unwrap().run;
        let newest = both().unwrap();
        assert_eq!((newest.id, newest.verdict), (run, None));
        assert_eq!(newest.work_order, Some("lot-1".parse().unwrap()));
    }
}
