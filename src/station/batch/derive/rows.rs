//! Derives the keys of one block of rows. Rows without quotes, CRs and faults go a fast way; every other one is read
//! as the table reader reads it.

use memchr::{memchr, memchr_iter};
use zeroize::Zeroizing;

use crate::domain::registration_id::RegistrationId;
use crate::station::batch::derive::blocks::Place;
use crate::station::batch::identity_cells::{self, BadIdentity, IdentityRule, is_scientific};
use crate::station::batch::outcome::{NAMED_FAULTS, RowFault};
use crate::station::batch::result_file::{Fate, ResultFile};
use crate::station::batch::table::fault::BadTable;
use crate::station::batch::table::{Column, Header, LONGEST_CELL, Row, Table};
use crate::vault::derive::{BASE64_LENGTH, Deriver};

/// The column of the keys.
pub const KEY_COLUMN: &str = "symmetric_key";

/// How the output's columns follow from the input's.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The input's header.
    pub header: Header,
    /// By what rules its cells are read.
    pub rule: IdentityRule,
    /// Whether a recipe may form IDs.
    pub forms: bool,
}

impl Layout {
    /// Whether the output has a column for the IDs that the input does not have.
    fn adds_id(&self) -> bool {
        self.header.place(Column::RegistrationId).is_none()
    }

    /// The output's first line.
    pub fn first_line(&self) -> Vec<u8> {
        let mut line = Vec::new();
        let added = self.adds_id().then_some("registration_id");
        for name in self.header.names.iter().map(String::as_str).chain(added) {
            self.push_cell(name, &mut line);
        }
        line.extend_from_slice(KEY_COLUMN.as_bytes());
        line.push(b'\n');
        line
    }

    /// Writes a cell and the delimiter behind it, quoted where it must be (RFC 4180).
    fn push_cell(&self, cell: &str, line: &mut Vec<u8>) {
        let delimiter = self.header.delimiter;
        if cell.bytes().any(|byte| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n')) {
            line.push(b'"');
            line.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            line.push(b'"');
        } else {
            line.extend_from_slice(cell.as_bytes());
        }
        line.push(delimiter);
    }
}

/// What came of one block.
#[derive(Default)]
pub struct Made {
    /// The output's rows.
    pub rows: Zeroizing<Vec<u8>>,
    /// The result file's rows: those that were refused.
    pub refused_rows: Vec<u8>,
    /// The first faults.
    pub faults: Vec<RowFault>,
    /// Rows that have their key.
    pub good: u64,
    /// Rows that were refused.
    pub refused: u64,
}

impl Made {
    fn clear(&mut self) {
        self.rows.clear();
        self.refused_rows.clear();
        self.faults.clear();
        (self.good, self.refused) = (0, 0);
    }
}

/// Works on one block after the other.
pub struct Worker<'a> {
    layout: &'a Layout,
    deriver: &'a Deriver,
    id: Option<RegistrationId>,
    row: Row,
    key: Zeroizing<[u8; BASE64_LENGTH]>,
}

/// Why a block is not worked on to its end.
#[derive(Debug, thiserror::Error)]
pub enum BadBlock {
    /// A fault of the file.
    #[error(transparent)]
    Table(#[from] BadTable),
    /// The rows could not be put into words.
    #[error("a row cannot be written: {0}")]
    Write(#[from] csv::Error),
}

impl<'a> Worker<'a> {
    /// A worker with these keys.
    pub fn new(layout: &'a Layout, deriver: &'a Deriver) -> Worker<'a> {
        let key = Zeroizing::new([0; BASE64_LENGTH]);
        Worker { layout, deriver, id: None, row: Row::default(), key }
    }

    /// Derives the keys of a block's rows.
    pub fn work(&mut self, block: &[u8], place: Place, made: &mut Made) -> Result<(), BadBlock> {
        made.clear();
        let text = if place.plain { std::str::from_utf8(block).ok() } else { plain(block) };
        match (self.layout.header.place(Column::RegistrationId), text) {
            (Some(column), Some(text)) if !self.layout.forms => self.fast(text, column, place.line, made),
            _ => self.thorough(block, place.line, made),
        }
    }

    /// The rows of a text without quotes whose lines end with LF or CRLF.
    fn fast(&mut self, text: &str, column: usize, line: u64, made: &mut Made) -> Result<(), BadBlock> {
        let delimiter = self.layout.header.delimiter;
        let width = self.layout.header.names.len();
        let (mut begin, mut line) = (0, line);
        while begin < text.len() {
            let end = memchr(b'\n', &text.as_bytes()[begin..]).map_or(text.len(), |at| begin + at);
            let whole = &text[begin..end];
            let whole = whole.strip_suffix('\r').unwrap_or(whole);
            if !self.fast_row(whole, column, width, made) {
                let mut row = std::mem::take(&mut self.row);
                row.cut(whole, delimiter, line);
                let taken = if row.is_blank() { Ok(()) } else { self.one_row(&row, made) };
                self.row = row;
                taken?;
            }
            begin = end + 1;
            line += 1;
        }
        Ok(())
    }

    /// Writes a row that is without fault; false if it must be looked at more closely.
    fn fast_row(&mut self, row: &str, column: usize, width: usize, made: &mut Made) -> bool {
        if row.len() > LONGEST_CELL {
            return false;
        }
        let delimiter = self.layout.header.delimiter;
        let (mut cells, mut begin, mut id) = (0, 0, "");
        for end in memchr_iter(delimiter, row.as_bytes()).chain([row.len()]) {
            if cells == column {
                id = &row[begin..end];
            }
            cells += 1;
            begin = end + 1;
        }
        if cells != width {
            return false;
        }
        // a number that a spreadsheet shortened is refused, with the reason
        if id.starts_with(|first: char| first.is_ascii_digit()) && is_scientific(id) {
            return false;
        }
        let Some(id) = self.take_id(id) else {
            return false;
        };
        made.rows.extend_from_slice(row.as_bytes());
        made.rows.push(delimiter);
        self.write_key(&id, made);
        self.id = Some(id);
        true
    }

    /// The ID that this text is, in the memory of the last one.
    fn take_id(&mut self, text: &str) -> Option<RegistrationId> {
        match self.id.take() {
            Some(mut id) => {
                let taken = id.assign(text).is_ok();
                if taken {
                    return Some(id);
                }
                self.id = Some(id);
                None
            }
            None => text.parse().ok(),
        }
    }

    /// The rows of any text.
    fn thorough(&mut self, block: &[u8], line: u64, made: &mut Made) -> Result<(), BadBlock> {
        let mut table = Table::part(block, self.layout.header.clone(), line);
        let mut row = std::mem::take(&mut self.row);
        while table.next(&mut row)? {
            self.one_row(&row, made)?;
        }
        self.row = row;
        Ok(())
    }

    /// Without a recipe, the ID's own cell is all that counts.
    fn id_of(&self, row: &Row) -> Result<RegistrationId, RowFault> {
        let header = &self.layout.header;
        if !self.layout.forms {
            return identity_cells::registration_id(header, row);
        }
        let id = self.layout.rule.read(header, row)?.registration_id;
        id.ok_or_else(|| RowFault::new(row.line, &BadIdentity::NoId))
    }

    fn one_row(&mut self, row: &Row, made: &mut Made) -> Result<(), BadBlock> {
        let header = &self.layout.header;
        let shape = row.fault(header).map_or(Ok(()), Err);
        match shape.and_then(|()| self.id_of(row)) {
            Ok(id) => self.write_row(row, &id, made),
            Err(fault) => {
                let refused_rows = std::mem::take(&mut made.refused_rows);
                let mut result = ResultFile::go_on(refused_rows, header);
                result.row(row, &Fate::Refused(&fault))?;
                made.refused_rows = result.finish().map_err(csv::Error::from)?;
                made.refused += 1;
                if made.faults.len() < NAMED_FAULTS {
                    made.faults.push(fault);
                }
            }
        }
        Ok(())
    }

    fn write_row(&mut self, row: &Row, id: &RegistrationId, made: &mut Made) {
        let column = self.layout.header.place(Column::RegistrationId);
        for (place, cell) in row.cells().enumerate() {
            let formed = column == Some(place) && cell.trim().is_empty();
            self.layout.push_cell(if formed { id.as_str() } else { cell }, &mut made.rows);
        }
        if self.layout.adds_id() {
            self.layout.push_cell(id.as_str(), &mut made.rows);
        }
        self.write_key(id, made);
    }

    fn write_key(&mut self, id: &RegistrationId, made: &mut Made) {
        self.deriver.base64_into(id, &mut self.key);
        made.rows.extend_from_slice(&*self.key);
        made.rows.push(b'\n');
        made.good += 1;
    }
}

/// The block as text, if it has neither quotes nor NULs nor CRs but before LF.
fn plain(block: &[u8]) -> Option<&str> {
    let ends_lines = memchr_iter(b'\r', block).all(|at| block.get(at + 1) == Some(&b'\n'));
    let plain = ends_lines && memchr(b'"', block).is_none() && memchr(0, block).is_none();
    std::str::from_utf8(block).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests;
