//! Cuts a stream of bytes into rows and rows into cells, the way RFC 4180 and spreadsheets quote: lines end with LF,
//! CRLF or CR, empty ones are skipped, a quote counts at the beginning of a cell only. What is held is one row of
//! bounded length; lines are counted as an editor counts them.

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr2_iter, memchr3};

use super::LONGEST_ROW;
use super::fault::BadTable;

const CHUNK: usize = 65_536;

/// Where a row of some bytes ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowEnd {
    /// Before the byte at this place, which ends a line.
    At(usize),
    /// Beyond these bytes; if a quote is open there, it was opened at this place.
    Beyond(Option<usize>),
}

/// Finds the end of the row that begins with these bytes.
pub fn row_end(bytes: &[u8], delimiter: u8) -> RowEnd {
    match memchr3(b'\n', b'\r', b'"', bytes) {
        None => RowEnd::Beyond(None),
        Some(at) if bytes[at] != b'"' => RowEnd::At(at),
        Some(_) => quoted_row_end(bytes, delimiter),
    }
}

fn quoted_row_end(bytes: &[u8], delimiter: u8) -> RowEnd {
    let mut at = 0;
    let mut cell_begins = true;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\n' || byte == b'\r' {
            return RowEnd::At(at);
        }
        if byte == b'"' && cell_begins {
            match closing_quote(&bytes[at + 1..]) {
                Some(length) => at += length + 2,
                None => return RowEnd::Beyond(Some(at)),
            }
            cell_begins = false;
            continue;
        }
        cell_begins = byte == delimiter;
        at += 1;
    }
    RowEnd::Beyond(None)
}

/// How many bytes stand before the quote that closes a cell; two of them are one of its text.
fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// How many lines end within these bytes; the LF behind a CR is of the same end.
pub fn line_ends(bytes: &[u8]) -> u64 {
    let ends = memchr_iter(b'\n', bytes).count();
    let lone = memchr_iter(b'\r', bytes).filter(|at| bytes.get(at + 1) != Some(&b'\n')).count();
    u64::try_from(ends + lone).unwrap_or(u64::MAX)
}

/// Cuts a row into its cells: their text goes to `text`, and where each of them begins and ends there to `cells`.
pub fn split(row: &str, delimiter: u8, text: &mut String, cells: &mut Vec<(usize, usize)>) {
    text.clear();
    cells.clear();
    if memchr(b'"', row.as_bytes()).is_none() {
        text.push_str(row);
        let mut begin = 0;
        for at in memchr_iter(delimiter, row.as_bytes()) {
            cells.push((begin, at));
            begin = at + 1;
        }
        cells.push((begin, row.len()));
        return;
    }
    let mut rest = row;
    loop {
        let begin = text.len();
        if let Some(inside) = rest.strip_prefix('"') {
            let length = closing_quote(inside.as_bytes()).unwrap_or(inside.len());
            let (quoted, behind) = inside.split_at(length);
            for (place, piece) in quoted.split("\"\"").enumerate() {
                if place > 0 {
                    text.push('"');
                }
                text.push_str(piece);
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        // what stands behind the closing quote belongs to the cell too
        let length = memchr(delimiter, rest.as_bytes());
        text.push_str(&rest[..length.unwrap_or(rest.len())]);
        cells.push((begin, text.len()));
        match length {
            Some(length) => rest = &rest[length + 1..],
            None => return,
        }
    }
}

/// A stream that is cut into rows.
pub struct Rows<R> {
    input: R,
    buffer: Vec<u8>,
    /// The part of the buffer that is still to be read.
    from: usize,
    to: usize,
    at_end: bool,
    delimiter: u8,
    /// The line that begins at `from`.
    line: u64,
    /// How many bytes of the stream lie before `from`.
    byte: u64,
}

/// One row as it stands in the stream, without the end of its line.
pub struct RawRow<'a> {
    /// Its text.
    pub text: &'a str,
    /// The line it begins in, counted from 1.
    pub line: u64,
    /// How many bytes of the stream lie before what follows it.
    pub end: u64,
}

impl<R: Read> Rows<R> {
    /// Rows of a stream of which so many bytes and lines have passed.
    pub fn new(input: R, byte: u64, line: u64) -> Rows<R> {
        Rows { input, buffer: Vec::new(), from: 0, to: 0, at_end: false, delimiter: b',', line, byte }
    }

    /// The next bytes, at least this many if the stream has them; they stay where they are.
    pub fn peek(&mut self, length: usize) -> Result<&[u8], BadTable> {
        while self.to - self.from < length && self.fill()? {}
        Ok(&self.buffer[self.from..self.to])
    }

    /// Passes over these bytes, which end no line, and cuts cells at this delimiter from now on.
    pub fn begin(&mut self, skipped: usize, delimiter: u8) {
        self.delimiter = delimiter;
        self.pass(skipped);
    }

    /// What separates the cells.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// How many bytes have passed, and the line that begins there.
    pub fn position(&self) -> (u64, u64) {
        (self.byte, self.line)
    }

    /// What is read from.
    pub fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// Goes on with a row that begins where the stream stands now, at this byte and in this line.
    pub fn restart(&mut self, byte: u64, line: u64) {
        (self.from, self.to, self.at_end) = (0, 0, false);
        (self.byte, self.line) = (byte, line);
    }

    fn pass(&mut self, length: usize) {
        self.from += length;
        self.byte += u64::try_from(length).unwrap_or(u64::MAX);
    }

    /// Reads on; false at the end of the stream.
    fn fill(&mut self) -> Result<bool, BadTable> {
        if self.at_end {
            return Ok(false);
        }
        if self.from > 0 {
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
        }
        if self.buffer.len() - self.to < CHUNK {
            self.buffer.resize(self.to + CHUNK, 0);
        }
        let read = loop {
            match self.input.read(&mut self.buffer[self.to..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.to += read;
        self.at_end = read == 0;
        Ok(!self.at_end)
    }

    /// Where the next row ends, counted from `from`, and how long the end of its line is. Nothing at the end.
    fn find_row(&mut self) -> Result<Option<(usize, usize)>, BadTable> {
        loop {
            let window = &self.buffer[self.from..self.to];
            match row_end(window, self.delimiter) {
                // whether a LF follows a CR must be seen first
                RowEnd::At(at) if window[at] == b'\r' && at + 1 == window.len() && !self.at_end => {}
                RowEnd::At(0) => {
                    self.pass(if window.starts_with(b"\r\n") { 2 } else { 1 });
                    self.line += 1;
                    continue;
                }
                RowEnd::At(at) if at <= LONGEST_ROW => {
                    let ending = if window[at..].starts_with(b"\r\n") { 2 } else { 1 };
                    return Ok(Some((at, ending)));
                }
                RowEnd::At(_) => return Err(BadTable::LongRow { line: self.line }),
                RowEnd::Beyond(quote) if window.len() > LONGEST_ROW => {
                    return Err(match quote {
                        Some(at) => BadTable::LongQuote { line: self.line + line_ends(&window[..at]) },
                        None => BadTable::LongRow { line: self.line },
                    });
                }
                RowEnd::Beyond(quote) if self.at_end => {
                    return match quote {
                        Some(at) => Err(BadTable::OpenQuote { line: self.line + line_ends(&window[..at]) }),
                        None if window.is_empty() => Ok(None),
                        None => Ok(Some((window.len(), 0))),
                    };
                }
                RowEnd::Beyond(_) => {}
            }
            self.fill()?;
        }
    }

    /// The next row that is not an empty line; none at the end.
    ///
    /// # Errors
    /// A row that is no UTF-8 text or too long, a quote that is not closed, a stream that cannot be read.
    pub fn next_row(&mut self) -> Result<Option<RawRow<'_>>, BadTable> {
        let Some((length, ending)) = self.find_row()? else {
            return Ok(None);
        };
        let (line, from) = (self.line, self.from);
        self.pass(length + ending);
        let row = &self.buffer[from..from + length];
        self.line += line_ends(row) + u64::from(ending > 0);
        if let Some(at) = memchr(0, row) {
            return Err(BadTable::Nul { line: line + line_ends(&row[..at]) });
        }
        match std::str::from_utf8(row) {
            Ok(text) => Ok(Some(RawRow { text, line, end: self.byte })),
            Err(bad) => {
                let at = line + line_ends(&row[..bad.valid_up_to()]);
                Err(if is_latin1(row) {
                    BadTable::Latin1 { line: at }
                } else {
                    BadTable::NotUtf8 { line: at }
                })
            }
        }
    }
}

/// Whether text that is no UTF-8 looks like a western one of one byte a character: what is beyond ASCII stands
/// alone between letters, mostly.
fn is_latin1(row: &[u8]) -> bool {
    let beyond = |at: usize| row.get(at).is_some_and(|byte| *byte >= 0x80);
    let (mut alone, mut together) = (0, 0);
    for at in (0..row.len()).filter(|&at| beyond(at)) {
        match beyond(at + 1) || at.checked_sub(1).is_some_and(beyond) {
            true => together += 1,
            false => alone += 1,
        }
    }
    alone > together
}

/// How many lines end in the first bytes of a file.
pub fn lines_before(mut input: impl Read, bytes: u64) -> std::io::Result<u64> {
    let mut input = input.by_ref().take(bytes);
    let mut buffer = vec![0; CHUNK];
    let (mut ends, mut after_cr) = (0, false);
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            return Ok(ends);
        }
        for at in memchr2_iter(b'\n', b'\r', &buffer[..read]) {
            let behind_cr = match at.checked_sub(1) {
                Some(before) => buffer[before] == b'\r',
                None => after_cr,
            };
            ends += u64::from(buffer[at] == b'\r' || !behind_cr);
        }
        after_cr = buffer[read - 1] == b'\r';
    }
}
