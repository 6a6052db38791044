//! Reading a table: the delimiter is detected, columns are found by name in any order, unknown ones are kept, cells
//! are text (leading zeros and long digits stay), and whatever cannot be a table of UTF-8 is refused by name.

pub mod fault;
pub mod rows;
pub mod sniff;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use self::fault::{BadRow, BadTable};
use self::rows::Rows;
use super::outcome::RowFault;

/// The most columns a table may have.
pub const MOST_COLUMNS: usize = 500;
/// The longest a cell may be, in bytes.
pub const LONGEST_CELL: usize = 65_536;
/// The longest a row may be, in bytes.
pub const LONGEST_ROW: usize = 1_048_576;
/// What may separate cells, the usual one first.
pub const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// A column that means something to a batch; every other one is kept as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// The serial number.
    Serial,
    /// The MAC address.
    Mac,
    /// The registration ID.
    RegistrationId,
    /// A certificate request: PEM, or base64 of its DER.
    Csr,
    /// The public part of a TPM's endorsement key, base64 (TPM2B_PUBLIC).
    EndorsementKey,
    /// The name of a work order.
    WorkOrder,
    /// The name of a recipe.
    Product,
    /// How many devices are to pass.
    Quantity,
    /// How many issues beyond that re-work may use.
    Spare,
}

impl Column {
    /// All of them.
    pub const ALL: [Column; 9] = [
        Column::Serial,
        Column::Mac,
        Column::RegistrationId,
        Column::Csr,
        Column::EndorsementKey,
        Column::WorkOrder,
        Column::Product,
        Column::Quantity,
        Column::Spare,
    ];

    /// Its names in a header, whatever their case; the first is ours.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Column::Serial => &["serial", "serial_number", "sn"],
            Column::Mac => &["mac", "mac_address", "eth_mac"],
            Column::RegistrationId => &["registration_id", "device_id", "cn", "node_id"],
            Column::Csr => &["csr"],
            Column::EndorsementKey => &["ek", "endorsement_key", "ek_pub"],
            Column::WorkOrder => &["work_order", "order"],
            Column::Product => &["product"],
            Column::Quantity => &["quantity"],
            Column::Spare => &["spare"],
        }
    }

    /// The column with this name, if it means something.
    pub fn named(name: &str) -> Option<Column> {
        let is = |column: &Column| column.names().iter().any(|known| known.eq_ignore_ascii_case(name));
        Column::ALL.into_iter().find(is)
    }

    fn index(self) -> usize {
        Column::ALL.into_iter().position(|column| column == self).unwrap_or_default()
    }
}

/// The first line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The names as they stand there.
    pub names: Vec<String>,
    /// What separates cells: a comma, a semicolon or a tab.
    pub delimiter: u8,
    known: [Option<usize>; Column::ALL.len()],
}

impl Header {
    fn parse<'a>(cells: impl ExactSizeIterator<Item = &'a str>, delimiter: u8) -> Result<Header, BadTable> {
        let mut names: Vec<String> = Vec::new();
        let mut known = [None; Column::ALL.len()];
        if cells.len() > MOST_COLUMNS {
            return Err(BadTable::TooManyColumns { found: cells.len() });
        }
        for (place, cell) in cells.enumerate() {
            let name = cell.trim();
            if name.is_empty() {
                return Err(BadTable::NamelessColumn { place: place + 1 });
            }
            let folded = name.to_lowercase();
            let meant = Column::named(&folded);
            let same = names.iter().position(|other| other.to_lowercase() == folded);
            if let Some(other) = same.or_else(|| meant.and_then(|column| known[column.index()])) {
                return Err(BadTable::DuplicateColumn { name: name.to_owned(), other: names[other].clone() });
            }
            if let Some(column) = meant {
                known[column.index()] = Some(place);
            }
            names.push(name.to_owned());
        }
        Ok(Header { names, delimiter, known })
    }

    /// Where a column stands, counted from 0.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.known[column.index()]
    }

    /// Where the column with this very name stands, whatever its case: for one that means something to one kind of
    /// batch only.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|found| found.eq_ignore_ascii_case(name))
    }

    /// The columns that mean nothing to us: place and name.
    pub fn unknown(&self) -> impl Iterator<Item = (usize, &str)> {
        let kept = self.names.iter().enumerate().filter(|(place, _)| !self.known.contains(&Some(*place)));
        kept.map(|(place, name)| (place, name.as_str()))
    }

    /// Demands columns.
    ///
    /// # Errors
    /// The first one that is missing, with the names it may have.
    pub fn require(&self, columns: &[Column]) -> Result<(), BadTable> {
        let Some(missing) = columns.iter().find(|column| self.place(**column).is_none()) else {
            return Ok(());
        };
        let (name, others) =
            missing.names().split_first().map_or(("", &[][..]), |(name, rest)| (*name, rest));
        let others = match others {
            [] => String::new(),
            others => format!(", which may also be called {}", others.join(" or ")),
        };
        Err(BadTable::MissingColumn { name, others })
    }
}

/// One row, reused from row to row.
#[derive(Debug, Default, Clone)]
pub struct Row {
    text: String,
    /// Where in the text each cell begins and ends.
    places: Vec<(usize, usize)>,
    /// The line it begins in, counted from 1.
    pub line: u64,
    /// The byte of the input after it.
    pub end: u64,
}

impl Row {
    /// A cell by its place; empty where the row is too short.
    pub fn cell(&self, place: usize) -> &str {
        self.places.get(place).and_then(|&(begin, end)| self.text.get(begin..end)).unwrap_or_default()
    }

    /// A known column's cell without surrounding white space; none if the table has no such column or it is empty.
    pub fn get(&self, header: &Header, column: Column) -> Option<&str> {
        header.place(column).map(|place| self.cell(place).trim()).filter(|cell| !cell.is_empty())
    }

    /// All cells as they stand in the file.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|place| self.cell(place))
    }

    /// How many cells it has; a row of another length than the header is for the caller to refuse.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What is wrong with the row's shape, if anything: more or fewer cells than the header, a cell too long.
    pub fn fault(&self, header: &Header) -> Option<RowFault> {
        let (found, wanted) = (self.len(), header.names.len());
        if found != wanted {
            return Some(RowFault::new(self.line, &BadRow::Ragged { found, wanted }));
        }
        if self.text.len() <= LONGEST_CELL {
            return None;
        }
        let mut lengths = self.cells().map(str::len).zip(1..);
        let (found, place) = lengths.find(|(length, _)| *length > LONGEST_CELL)?;
        Some(RowFault::new(self.line, &BadRow::LongCell { place, found }))
    }

    /// Becomes the row that this text is, which begins in this line; its [`Row::end`] is not known.
    pub fn cut(&mut self, text: &str, delimiter: u8, line: u64) {
        (self.line, self.end) = (line, 0);
        rows::split(text, delimiter, &mut self.text, &mut self.places);
    }

    /// Whether no cell has anything but white space; [`Table::next`] passes over such rows.
    pub fn is_blank(&self) -> bool {
        self.cells().all(|cell| cell.trim().is_empty())
    }
}

/// A table that is read from its begin to its end.
pub struct Table<R> {
    rows: Rows<R>,
    header: Header,
}

impl Table<File> {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Table<File>, BadTable> {
        Table::read(File::open(path)?)
    }
}

impl<R: Read + Seek> Table<R> {
    /// Goes on with the row that begins at this byte (a [`Row::end`] of an earlier reading).
    pub fn go_to(&mut self, byte: u64) -> Result<(), BadTable> {
        let input = self.rows.input();
        input.seek(SeekFrom::Start(0))?;
        let line = rows::lines_before(&mut *input, byte)? + 1;
        input.seek(SeekFrom::Start(byte))?;
        self.rows.restart(byte, line);
        Ok(())
    }
}

impl<R: Read> Table<R> {
    /// Reads the header of a table.
    pub fn read(input: R) -> Result<Table<R>, BadTable> {
        let mut rows = Rows::new(input, 0, 1);
        let sniffed = sniff::sniff(rows.peek(sniff::HEAD)?)?;
        rows.begin(sniffed.begin, sniffed.delimiter);
        let mut first = Row::default();
        if !fill(&mut rows, &mut first)? {
            return Err(BadTable::Empty);
        }
        let header = Header::parse(first.cells(), sniffed.delimiter)?;
        Ok(Table { rows, header })
    }

    /// Rows of a table whose header was read already: a part that begins with a row, in this line.
    pub fn part(input: R, header: Header, line: u64) -> Table<R> {
        let mut rows = Rows::new(input, 0, line);
        rows.begin(0, header.delimiter);
        Table { rows, header }
    }

    /// How many bytes have been read, and the line that begins there.
    pub fn position(&self) -> (u64, u64) {
        self.rows.position()
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next row; false after the last one. Rows in which no cell holds anything are passed over.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, BadTable> {
        while fill(&mut self.rows, row)? {
            if !row.is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn fill<R: Read>(rows: &mut Rows<R>, row: &mut Row) -> Result<bool, BadTable> {
    let delimiter = rows.delimiter();
    let Some(raw) = rows.next_row()? else {
        return Ok(false);
    };
    (row.line, row.end) = (raw.line, raw.end);
    rows::split(raw.text, delimiter, &mut row.text, &mut row.places);
    Ok(true)
}

#[cfg(test)]
mod tests;
