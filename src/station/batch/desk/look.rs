//! Looking through a table before anything is done with it: which columns are understood, how many rows there are,
//! which of them cannot be taken and why.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::Path;

use crate::domain::code::Code;
use crate::station::batch::identity_cells::{Identity, IdentityRule};
use crate::station::batch::import::Preview;
use crate::station::batch::import::judge::Tally;
use crate::station::batch::outcome::{NAMED_FAULTS, RowFault};
use crate::station::batch::progress::Progress;
use crate::station::batch::table::fault::BadTable;
use crate::station::batch::table::{Column, Header, Row, Table};

/// Progress is told, and somebody's word to end it heard, every so many rows.
const TELL_EVERY: u64 = 1024;
/// Duplicates are counted among so many rows; larger tables are left to the batch itself. 8 bytes a row and the
/// set's own room: some 40 MiB.
const COUNTED: usize = 2_000_000;

/// What is in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Rows there are.
    pub rows: u64,
    /// Rows that can be taken.
    pub good: u64,
    /// Of those, rows that the records have already.
    pub unchanged: u64,
    /// Rows that cannot be taken.
    pub refused: u64,
    /// Rows whose device came before in this file or in the records; none if that was not looked for.
    pub duplicates: Option<u64>,
    /// Of those refused, rows with a maker's placeholder.
    pub placeholders: u64,
    /// Names of the columns that are understood.
    pub understood: Vec<String>,
    /// Names of the columns that are kept as they are.
    pub kept: Vec<String>,
    /// The first faulty rows.
    pub faults: Vec<RowFault>,
}

impl Look {
    /// What the header of a table tells.
    pub fn at(header: &Header) -> Look {
        let kept: Vec<String> = header.unknown().map(|(_, name)| name.to_owned()).collect();
        let understood = header.names.iter().filter(|name| !kept.contains(name)).cloned().collect();
        Look { understood, kept, ..Look::default() }
    }

    /// The same where a column of this name means something, too.
    pub fn understanding(mut self, name: &str) -> Look {
        let is = |found: &String| found.eq_ignore_ascii_case(name);
        if let Some(place) = self.kept.iter().position(is) {
            self.understood.push(self.kept.remove(place));
        }
        self
    }

    fn refuse(&mut self, fault: RowFault) {
        self.refused += 1;
        self.placeholders += u64::from(fault.code == Code::Placeholder);
        if self.faults.len() < NAMED_FAULTS {
            self.faults.push(fault);
        }
    }
}

impl From<Preview> for Look {
    fn from(preview: Preview) -> Look {
        let Preview { kind: _, understood, kept, tally } = preview;
        let Tally { rows, new, unchanged, refused, duplicates, contradictions: _, placeholders, faults } =
            tally;
        Look {
            rows,
            good: new + unchanged,
            unchanged,
            refused,
            duplicates: Some(duplicates),
            placeholders,
            understood: understood.into_iter().map(|column| column.name).collect(),
            kept,
            faults,
        }
    }
}

/// Looks through a table of devices, one a row, under these rules; it must have one of these columns.
///
/// # Errors
/// The file as a whole is no such table. Cancelled, it is what was seen until then.
pub fn devices(
    path: &Path,
    rule: &IdentityRule,
    one_of: &[Column],
    progress: &Progress,
) -> Result<Look, BadTable> {
    progress.expect(std::fs::metadata(path)?.len());
    let mut table = Table::open(path)?;
    let header = table.header().clone();
    if !one_of.iter().any(|column| header.place(*column).is_some()) {
        header.require(one_of.get(..1).unwrap_or_default())?;
    }
    let mut look = Look::at(&header);
    let (hasher, mut seen, mut doubles) = (RandomState::new(), HashSet::new(), 0);
    let mut row = Row::default();
    while table.next(&mut row)? {
        look.rows += 1;
        let read = match row.fault(&header) {
            Some(fault) => Err(fault),
            None => rule.read(&header, &row),
        };
        match read {
            Ok(identity) => {
                look.good += 1;
                let is_new = seen.len() >= COUNTED || seen.insert(hasher.hash_one(name_of(&identity)));
                doubles += u64::from(!is_new);
            }
            Err(fault) => look.refuse(fault),
        }
        if look.rows.is_multiple_of(TELL_EVERY) {
            progress.reached(row.end, look.good, look.refused);
            if progress.is_cancelled() {
                break;
            }
        }
    }
    look.duplicates = (seen.len() < COUNTED).then_some(doubles);
    Ok(look)
}

/// What a device is known by in a table, whatever the case.
fn name_of(identity: &Identity) -> String {
    match (&identity.registration_id, &identity.serial) {
        (Some(id), _) => id.to_string(),
        (None, Some(serial)) => serial.as_str().to_lowercase(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_counted_and_nothing_else_happens_to_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("in.csv");
        let text = "serial;note;mac\nSN-1;a;\nsn-1;b;\n0001;c;\nSN-2\nSN-3;=1+1;02:4c:53:01:00:03\n";
        std::fs::write(&path, text).unwrap();
        let progress = Progress::default();
        let look = devices(&path, &IdentityRule::default(), &[Column::Serial], &progress).unwrap();
        assert_eq!((look.rows, look.good, look.refused), (5, 3, 2));
        assert_eq!((look.duplicates, look.placeholders), (Some(1), 1));
        assert_eq!(look.understood, ["serial", "mac"]);
        assert_eq!(look.kept, ["note"]);
        let look = look.understanding("NOTE").understanding("other");
        assert_eq!((look.understood.len(), look.kept.len()), (3, 0));
        assert_eq!(look.faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [4, 5]);
        let missing = devices(&path, &IdentityRule::default(), &[Column::Csr], &progress).unwrap_err();
        assert!(matches!(missing, BadTable::MissingColumn { .. }), "{missing}");
    }
}
