//! Reading a table: the delimiter is detected, columns are found by name in any order, unknown ones are kept, cells
//! are text (leading zeros and long digits stay), and whatever cannot be a table of UTF-8 is refused by name.

pub mod fault;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use self::fault::BadTable;

/// The most columns a table may have.
pub const MOST_COLUMNS: usize = 500;
/// The longest a cell may be, in bytes.
pub const LONGEST_CELL: usize = 65_536;

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
    fn parse(record: &csv::ByteRecord, delimiter: u8) -> Result<Header, BadTable> {
        let mut names: Vec<String> = Vec::new();
        let mut known = [None; Column::ALL.len()];
        if record.len() > MOST_COLUMNS {
            return Err(BadTable::TooManyColumns { found: record.len() });
        }
        for (place, cell) in record.iter().enumerate() {
            let name = std::str::from_utf8(cell).map_err(|_| BadTable::NotUtf8 { line: 1 })?.trim();
            let folded = name.to_lowercase();
            if folded.is_empty() {
                return Err(BadTable::NamelessColumn { place: place + 1 });
            }
            let meant = Column::ALL.into_iter().find(|column| column.names().contains(&folded.as_str()));
            let twice = names.iter().any(|other| other.to_lowercase() == folded);
            let taken = meant.and_then(|column| known[column.index()]);
            if twice || taken.is_some() {
                let other = taken.and_then(|other: usize| names.get(other)).map_or(name, String::as_str);
                return Err(BadTable::DuplicateColumn { name: name.to_owned(), other: other.to_owned() });
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

    /// The columns that mean nothing to us: place and name.
    pub fn unknown(&self) -> impl Iterator<Item = (usize, &str)> {
        let kept = self.names.iter().enumerate().filter(|(place, _)| !self.known.contains(&Some(*place)));
        kept.map(|(place, name)| (place, name.as_str()))
    }
}

/// One row, reused from row to row.
#[derive(Debug, Default, Clone)]
pub struct Row {
    record: csv::StringRecord,
    /// The line it begins in, counted from 1.
    pub line: u64,
    /// The byte of the input after it.
    pub end: u64,
}

impl Row {
    /// A cell by its place; empty where the row is too short.
    pub fn cell(&self, place: usize) -> &str {
        self.record.get(place).unwrap_or_default()
    }

    /// A known column's cell without surrounding white space; none if the table has no such column or it is empty.
    pub fn get(&self, header: &Header, column: Column) -> Option<&str> {
        header.place(column).map(|place| self.cell(place).trim()).filter(|cell| !cell.is_empty())
    }

    /// All cells as they stand in the file.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.record.iter()
    }

    /// How many cells it has; a row of another length than the header is for the caller to refuse.
    pub fn len(&self) -> usize {
        self.record.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.record.is_empty()
    }
}

/// A table that is read from its begin to its end.
pub struct Table<R> {
    reader: csv::Reader<R>,
    header: Header,
    begin: u64,
}

impl Table<File> {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Table<File>, BadTable> {
        Table::read(File::open(path)?)
    }

    /// Goes on with the row that begins at this byte (a [`Row::end`] of an earlier reading).
    pub fn go_to(&mut self, byte: u64) -> Result<(), BadTable> {
        let mut position = csv::Position::new();
        position.set_byte(byte - self.begin);
        self.reader.seek_raw(SeekFrom::Start(byte), position)?;
        Ok(())
    }
}

impl<R: Read + Seek> Table<R> {
    /// Reads the header of a table.
    pub fn read(mut input: R) -> Result<Table<R>, BadTable> {
        let mut head = Vec::new();
        input.by_ref().take(65_536).read_to_end(&mut head)?;
        let begin: u64 = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let first = head.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let count = |byte: u8| first.iter().filter(|&&found| found == byte).count();
        let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(|&byte| count(byte)).unwrap_or(b',');
        input.seek(SeekFrom::Start(begin))?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(input);
        let mut record = csv::ByteRecord::new();
        if !reader.read_byte_record(&mut record)? {
            return Err(BadTable::Empty);
        }
        let header = Header::parse(&record, delimiter)?;
        Ok(Table { reader, header, begin })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next row; false after the last one.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, BadTable> {
        match self.reader.read_record(&mut row.record) {
            Ok(true) => {
                row.line = row.record.position().map_or(0, csv::Position::line);
                row.end = self.reader.position().byte() + self.begin;
                Ok(true)
            }
            Ok(false) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
